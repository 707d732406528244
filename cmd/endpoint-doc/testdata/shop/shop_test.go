package shop

// Test is of a test.
type Test struct{}
