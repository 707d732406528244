// Package stock is another package.
package stock

// An Item is in stock.
type Item struct {
	// Name says what it is.
	Name string
}

// A Place is where it is.
type Place struct{ Shelf int }
