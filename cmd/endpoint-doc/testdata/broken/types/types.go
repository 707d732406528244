package types

// T is broken.
type T struct{ A Missing }
