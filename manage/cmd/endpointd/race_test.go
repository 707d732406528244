//go:build race

package main

// raceFactor is how much more time and memory the race detector needs, about.
const raceFactor = 8
