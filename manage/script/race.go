//go:build race

package script

// memoryFactor is how much more memory the race detector needs.
const memoryFactor = 12
