package syntax

// T is broken.
type T struct {
	A int,
}

func {
