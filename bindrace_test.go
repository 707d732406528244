//go:build race

package endpoint_test

// bindSlack multiplies limits of time: the race detector slows everything.
const bindSlack = 10
