// Package shop has a comment of every kind.
package shop

import (
	"io"
	"net/http"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/cmd/endpoint-doc/testdata/shop/stock"
)

// An Order is what a customer wants. See [Order.Total], [Page], [io.Reader],
// [endpoint.API] and [stock.Item]; [this] is no link, nor is a[0].
//
// A second paragraph, which
// goes over two lines.
//
//   - a list
//   - of two
//
// And code:
//
//	code := "stays"
//
// TODO(nobody): not for readers.
//
//nolint:revive // a directive
type Order struct {
	// ID names the order.
	ID int64 `json:"id"`

	Items []stock.Item `json:"items"` // what is wanted, at least one

	// From and To are two fields with one comment.
	From, To string

	Bare  string
	State State  // nolint:lll // where it is
	inner string // unexported fields are in no document

	// Base is what every record has.
	Base
	*stock.Place // the embedded type of another package

	// Nested has no name of its own.
	Nested struct {
		// Deep cannot be named.
		Deep int
	}
}

// Base is embedded.
type Base struct {
	// Created is when.
	Created string
}

// A Refund has the fields of an order, and so their comments.
type Refund Order

// A Page is generic.
type Page[T any, K comparable] struct {
	// Items are those of the page.
	Items []T
	Next  K // where the next page begins
}

// Orders is made of a generic type.
type Orders Page[Order, int]

// Alias is another name, which values do not know.
type Alias = Order

type (
	// A Grouped type stands in a group.
	Grouped struct{}

	Plain struct {
		Text string // has no comment of its own
	}
)

// Total is a method.
func (o *Order) Total() int { return len(o.inner) }

// NextPage is a method of a generic type.
func (p Page[T, _]) NextPage() (next Page[T, int]) { return next }

// Register makes endpoints.
func Register(api *endpoint.API) {
	api.Get("orders", listOrders)
	api.Get("pages", listPages[Order])
	helper()
}

// listOrders is registered.
//
//go:noinline
func listOrders(r io.Reader) []Order { return nil }

// listPages is generic.
func listPages[T any]() []T { return nil }

// helper is called alone.
func helper() {}

// #nosec G101
// +marker:of=another
// Text "with quotes", `backquotes` and a \ is kept. lint:this stays.
func Text() {}

func Undocumented() {}

/*
Block comments count too.
*/
func Block() {}

// A Teapot is a status.
type Teapot int

const (
	Short Teapot = http.StatusTeapot // evaluated from another package
	Stout Teapot = Short + 1
)
