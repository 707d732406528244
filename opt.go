package endpoint

import (
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Opt tells absent, null and value apart, in JSON bodies and in parameters.
// The zero Opt is absent. In a result, one that is absent or null is written
// as null; tag the field `json:",omitzero"` to leave the absent one out.
type Opt[T any] struct {
	Value T
	Set   bool // it was sent, be it as null
	Null  bool // it was sent as null; parameters never are
}

// UnmarshalJSONFrom reads a value or null.
func (o *Opt[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*o = Opt[T]{Set: true}
	if dec.PeekKind() == 'n' {
		o.Null = true
		return dec.SkipValue()
	}
	return json.UnmarshalDecode(dec, &o.Value)
}

// MarshalJSONTo writes the value, or null.
func (o Opt[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if !o.Set || o.Null {
		return enc.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(enc, o.Value)
}

// IsZero reports whether the value is absent.
func (o Opt[T]) IsZero() bool { return !o.Set }

func (o *Opt[T]) inner() reflect.Type     { return reflect.TypeFor[T]() }
func (o *Opt[T]) value() any              { return &o.Value }
func (o *Opt[T]) mark(null bool)          { o.Set, o.Null = true, null }
func (o *Opt[T]) state() (set, null bool) { return o.Set, o.Null }
