package endpoint

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
)

// A resultForm is how the result of a handler is answered.
type resultForm uint8

const (
	resultNone    resultForm = iota // 204
	resultString                    // text/plain
	resultJSON                      // application/json
	resultDynamic                   // what respond says of the value
	resultStream                    // likewise, and it may take its time
)

var (
	errorType       = reflect.TypeFor[error]()
	responseType    = reflect.TypeFor[Response]()
	mediaStructType = reflect.TypeFor[Media]()
	handlerType     = reflect.TypeFor[http.Handler]()
	jsonMarshaler   = reflect.TypeFor[stdjson.Marshaler]()
	jsonMarshalerTo = reflect.TypeFor[json.MarshalerTo]()
	textMarshaler   = reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()
)

// resultOf returns how values of a type are answered, and why they can't be.
func resultOf(t reflect.Type) (resultForm, error) {
	switch {
	case t == nil:
		return resultNone, nil
	case t == reflect.TypeFor[*Error](), t == reflect.TypeFor[Error]():
		return resultNone, errors.New("it would be answered as a success; return it as an error")
	case t == reflect.TypeFor[Event](), t == reflect.TypeFor[*Event]():
		return resultNone, errors.New("an event is an element of a stream; return iter.Seq2[endpoint.Event, error]")
	case t == reflect.TypeFor[string]():
		return resultString, nil
	case t.Kind() == reflect.Interface:
		return resultStream, nil
	case t == bytesType, t == responseType, t == reflect.PointerTo(responseType):
		// A Response may hold a stream.
		if t == bytesType {
			return resultDynamic, nil
		}
		return resultStream, nil
	case t == mediaStructType, t == reflect.PointerTo(mediaStructType),
		t.Implements(readerType), t.Implements(handlerType):
		return resultStream, nil
	case isIterator(t) && t.In(0).In(0) == reflect.TypeFor[Event]():
		return resultStream, nil // its data may be anything
	case isIterator(t):
		return resultStream, marshalFault(t.In(0).In(0), map[reflect.Type]bool{})
	case t.Kind() == reflect.Func && t.CanSeq2():
		return resultStream, errors.New("the second value of an iterator is its error; return iter.Seq[T] or iter.Seq2[T, error]")
	case t.Kind() == reflect.String && !marshalsItself(t):
		return resultDynamic, nil
	}
	return resultJSON, marshalFault(t, map[reflect.Type]bool{})
}

// isIterator reports whether t is an iter.Seq[T] or iter.Seq2[T, error].
func isIterator(t reflect.Type) bool {
	if !t.CanSeq() && !t.CanSeq2() || t.Kind() != reflect.Func {
		return false
	}
	yield := t.In(0)
	return yield.NumIn() == 1 || yield.NumIn() == 2 && yield.In(1) == errorType
}

func marshalsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshalerTo) || p.Implements(jsonMarshaler) || p.Implements(textMarshaler)
}

// marshalFault says why no value of a type can be marshalled, nil if some can.
func marshalFault(t reflect.Type, seen map[reflect.Type]bool) error {
	if t == durationType {
		return errDuration
	}
	if seen[t] || marshalsItself(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("type %s can never be JSON; use a type that can, or tag a field json:\"-\" to leave it out", t)
	case reflect.Map:
		if err := keyFault(t, marshalsItself); err != nil {
			return err
		}
		return marshalFault(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return marshalFault(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if _, ignored, _ := jsonName(f); ignored || !f.IsExported() && !f.Anonymous {
				continue
			}
			if err := marshalFault(f.Type, seen); err != nil {
				return fmt.Errorf("field %s.%s: %w", t.Name(), f.Name, err)
			}
		}
		return structFault(t)
	}
	return nil
}

// errDuration is the fault of a duration in JSON, which the JSON library refuses.
var errDuration = errors.New("a time.Duration has no agreed form in JSON; use a number of a unit that its name tells, or a type with MarshalText and UnmarshalText")

// structFault reports tags of a struct that the JSON library refuses.
func structFault(t reflect.Type) error {
	_, err := json.Marshal(reflect.New(t).Interface())
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.Err != nil &&
		strings.HasPrefix(e.Err.Error(), "Go struct") {
		return fmt.Errorf("type %s: %w; mend the json tags", t, e.Err)
	}
	return nil
}

// keyFault reports a map type whose keys are no names of JSON members, unless
// the key brings its own form.
func keyFault(t reflect.Type, own func(reflect.Type) bool) error {
	key := t.Key()
	for key.Kind() == reflect.Pointer {
		key = key.Elem()
	}
	bad := false
	switch key.Kind() {
	case reflect.Bool, reflect.Struct, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		bad = true
	case reflect.Array:
		bad = key.Elem().Kind() != reflect.Uint8
	}
	if !bad || own(key) {
		return nil
	}
	return fmt.Errorf("type %s has keys that can never be JSON member names; use strings, numbers or an encoding.TextMarshaler", t)
}
