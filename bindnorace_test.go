//go:build !race

package endpoint_test

// bindSlack multiplies limits of time, for builds that are slow.
const bindSlack = 1
