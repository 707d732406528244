//go:build !race

package script

// memoryFactor is 1 but for the race detector.
const memoryFactor = 1
