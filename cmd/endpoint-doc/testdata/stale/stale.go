// Package stale has a file of comments that is broken, and needs it.
package stale

import "github.com/seed217079a1/endpoint/openapi"

// T is a type.
type T struct{}

var info = openapi.Info{Comments: docComments}
