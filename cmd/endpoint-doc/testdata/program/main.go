// Command program prints its document.
package main

import (
	"fmt"
	"os"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// A Color is one of three.
type Color string

// The colors.
const (
	Red   Color = "red"
	Green Color = "green"
	Blue  Color = "blue"
)

// A Car is what is for sale.
type Car struct {
	// Color is that of the roof.
	Color Color `json:"color"`
	Doors Doors `json:"doors"` // without the hatch
}

// Doors is how many there are.
type Doors int

const (
	Two  Doors = 2
	Four Doors = 4
)

// A Box holds one thing.
type Box[T any] struct {
	// Held is what is in it.
	Held T `json:"held"`
}

type shop struct{}

// Newest returns the last car that came in. It is in a box.
func (*shop) Newest() Box[Car] { return Box[Car]{} }

// listCars returns all cars.
func listCars(in struct {
	Color Color `query:"color"`
}) []Car {
	return nil
}

// document is what the program prints.
func document() ([]byte, error) {
	api := endpoint.New()
	api.Get("cars", listCars)
	api.Get("cars/newest", (&shop{}).Newest)
	return openapi.Document(api, openapi.Info{Title: "Cars", Version: "1", Comments: docComments})
}

func main() {
	text, err := document()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(text)
}
