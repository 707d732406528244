//go:build !race

package main

// raceFactor is 1 but for the race detector.
const raceFactor = 1
