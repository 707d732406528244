package endpoint

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep the arrays and objects of a JSON body may nest.
const maxDepth = 64

// What JSON means here. Encoding is deterministic; decoding is strict by
// itself: duplicate names, other cases and invalid UTF-8 are refused.
var (
	encodeOptions = json.Deterministic(true)
	strictOptions = json.RejectUnknownMembers(true)
)

// checkJSON refuses what the decoder would take but nobody should send: an
// empty text, more than maxDepth levels, and NUL in a string.
func checkJSON(text []byte) *Error {
	if len(bytes.TrimLeft(text, " \t\r\n")) == 0 {
		return Errorf(http.StatusBadRequest, "the body is empty; it must be JSON")
	}
	opens := bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{"))
	if opens <= maxDepth && bytes.IndexByte(text, '\\') < 0 {
		return nil
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return Errorf(http.StatusBadRequest, "the JSON nests more than %d levels deep", maxDepth)
			}
		case ']', '}':
			depth--
		case '"':
			end, nul := skipString(text, i+1)
			if nul {
				return Errorf(http.StatusBadRequest, "the JSON has the character NUL in a string")
			}
			i = end
		}
	}
	return nil
}

// skipString returns where a JSON string ends that begins before i, and
// whether it holds an escaped NUL.
func skipString(text []byte, i int) (end int, nul bool) {
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i, nul
		case '\\':
			nul = nul || bytes.HasPrefix(text[i:], []byte(`\u0000`))
			i++
		}
	}
	return i, nul
}

// badJSON is the answer to a body that is not JSON. The text of the decoder's
// error would repeat parts of the body.
func badJSON(err error) *Error {
	e := Errorf(http.StatusBadRequest, "the body is not valid JSON")
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e.Detail += " at byte " + strconv.FormatInt(syntax.ByteOffset, 10)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			e.Detail = "the body has the same JSON member twice in one object"
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		e.Detail = "the body ends within the JSON value"
	}
	return e
}

// jsonError turns an error of decoding into one for the client: 400 for a text
// that is not JSON, else 422 with the place.
func jsonError(err error, strict bool) *Error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return badJSON(err)
	}
	f := FieldError{In: "body", Pointer: string(semantic.JSONPointer), Code: "type", Message: jsonWant(semantic.GoType)}
	if errors.Is(err, json.ErrUnknownName) && strict {
		// The name is the client's own: it is not repeated.
		f.Pointer = string(semantic.JSONPointer.Parent())
		f.Code, f.Message = "unknown", "has a member that is not known here"
	}
	return &Error{
		Status: http.StatusUnprocessableEntity,
		Detail: "the request has invalid values",
		Fields: []FieldError{f},
	}
}

// jsonWant says what a JSON value of a Go type must be.
func jsonWant(t reflect.Type) string {
	if t == nil {
		return "has the wrong type"
	}
	if t == timeType {
		return "must be a date and time such as 2006-01-02T15:04:05Z"
	}
	switch t.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integerText("an integer", t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return integerText("a non-negative integer", t.Bits())
	case reflect.Float32, reflect.Float64:
		return "must be a number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "must be a string in base 64"
		}
		return "must be an array"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	}
	return "has the wrong form"
}

// A jsonBuffer is a buffer with an encoder that writes to it: making an encoder
// costs as much as encoding a small value.
type jsonBuffer struct {
	bytes.Buffer

	encoder *jsontext.Encoder
	busy    bool // within encode; a panic leaves it set
}

var jsonBuffers = sync.Pool{New: func() any { return &jsonBuffer{encoder: jsontext.NewEncoder(io.Discard)} }}

// encode appends a value and a line end.
func (b *jsonBuffer) encode(v any) error {
	b.busy = true
	b.encoder.Reset(&b.Buffer, encodeOptions)
	err := json.MarshalEncode(b.encoder, v)
	b.busy = false
	return err
}

// encodeAs is encode, or with nulls the same for an API in which NaN and
// infinities, which JSON has not, are null.
func (b *jsonBuffer) encodeAs(v any, nulls bool) error {
	if !nulls {
		return b.encode(v)
	}
	b.encoder.Reset(&b.Buffer, encodeOptions)
	return json.MarshalEncode(b.encoder, v, nullFloats)
}

// nullFloats writes floats that JSON has no form for as null.
var nullFloats = json.WithMarshalers(json.JoinMarshalers(
	json.MarshalToFunc(func(e *jsontext.Encoder, f float64) error { return nullFloat(e, f) }),
	json.MarshalToFunc(func(e *jsontext.Encoder, f float32) error { return nullFloat(e, float64(f)) }),
))

func nullFloat(e *jsontext.Encoder, f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return e.WriteToken(jsontext.Null)
	}
	return errors.ErrUnsupported // of the usual form
}

// text returns what was encoded, without the line end.
func (b *jsonBuffer) text() []byte { return bytes.TrimSuffix(b.Bytes(), newline) }

// newline is what the encoder ends a value with.
var newline = []byte{'\n'}

// free gives the buffer back to the pool, unless a panic left its encoder within a
// value, where it refuses to be used again.
func (b *jsonBuffer) free() {
	if !b.busy && b.Cap() <= maxPooledBuffer {
		b.Reset()
		jsonBuffers.Put(b)
	}
}
