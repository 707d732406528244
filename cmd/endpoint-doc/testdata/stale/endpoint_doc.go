<<<<<<< ours
package stale
=======
