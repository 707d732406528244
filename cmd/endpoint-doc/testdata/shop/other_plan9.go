package shop

// Other is of another system.
type Other struct{}
