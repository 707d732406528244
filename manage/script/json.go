package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// jsonModule is encode, decode and indent of Starlark's own module, and loads
// and dumps as Python has them, all with limits on depth and size.
func jsonModule() *starlarkstruct.Module {
	return module("json", map[string]builtin{
		"encode":        jsonEncode,
		"encode_indent": jsonEncodeIndent,
		"decode":        jsonDecode,
		"indent":        jsonIndent,
		"loads":         jsonDecode,
		"dumps":         jsonDumps,
	})
}

func jsonDecode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, fallback starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &text, "default?", &fallback); err != nil {
		return nil, err
	}
	s, ok := textOf(text)
	if !ok {
		return nil, fmt.Errorf("%s: got %s; give a string or bytes", b.Name(), text.Type())
	}
	value, err := decodeJSON([]byte(s))
	if err != nil && fallback != nil {
		return fallback, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return value, nil
}

func jsonEncode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &value); err != nil {
		return nil, err
	}
	return encodeJSON(b.Name(), value)
}

func jsonEncodeIndent(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	prefix, unit := "", "\t"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &value, "prefix?", &prefix, "indent?", &unit); err != nil {
		return nil, err
	}
	text, err := encodeJSON(b.Name(), value)
	if err != nil {
		return nil, err
	}
	return indentJSON(b.Name(), string(text), prefix, unit)
}

func jsonIndent(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	prefix, unit := "", "\t"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "str", &text, "prefix?", &prefix, "indent?", &unit); err != nil {
		return nil, err
	}
	return indentJSON(b.Name(), text, prefix, unit)
}

// jsonDumps is encode, with Python's indent: a number of spaces, or a string.
func jsonDumps(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	var indent starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &value, "indent?", &indent); err != nil {
		return nil, err
	}
	text, err := encodeJSON(b.Name(), value)
	if err != nil || indent == starlark.None {
		return text, err
	}
	if n, err := starlark.AsInt32(indent); err == nil {
		return indentJSON(b.Name(), string(text), "", strings.Repeat(" ", min(max(n, 0), maxIndent+1)))
	}
	unit, ok := starlark.AsString(indent)
	if !ok {
		return nil, fmt.Errorf("%s: indent is a %s; give a number of spaces or a string", b.Name(), indent.Type())
	}
	return indentJSON(b.Name(), string(text), "", unit)
}

// maxIndent is how many bytes the prefix and the unit of indentation may have.
const maxIndent = 16

func indentJSON(name, text, prefix, unit string) (starlark.Value, error) {
	if len(prefix) > maxIndent || len(unit) > maxIndent {
		return nil, fmt.Errorf("%s: prefix and indent may have at most %d bytes", name, maxIndent)
	}
	if len(text) > maxEncoded/4 {
		return nil, fmt.Errorf("%s: the text has more than %d bytes", name, maxEncoded/4)
	}
	if levels(text) > maxValue {
		return nil, fmt.Errorf("%s: %w", name, errDepth)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), prefix, unit); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return starlark.String(out.String()), nil
}

// levels returns how deep the brackets of a text are nested, or more, since
// those in strings count too.
func levels(text string) int {
	depth, deepest := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return deepest
}

var (
	errDepth  = fmt.Errorf("more than %d levels of lists and dicts, or a value that contains itself", maxValue)
	errDigits = fmt.Errorf("an integer has more than %d digits", maxDigits)
	errSize   = fmt.Errorf("the JSON has more than %d bytes", maxEncoded)
)

// decodeJSON decodes one value. Numbers without fraction and exponent are
// integers. A name that is given twice is a fault.
func decodeJSON(text []byte) (starlark.Value, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := decodeValue(d, 0)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("the JSON ends too early")
	}
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the JSON, at byte %d", d.InputOffset())
	}
	return value, nil
}

func decodeValue(d *json.Decoder, depth int) (starlark.Value, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case nil:
		return starlark.None, nil
	case bool:
		return starlark.Bool(token), nil
	case string:
		return starlark.String(token), nil
	case json.Number:
		return decodeNumber(string(token))
	}
	if depth++; depth > maxValue {
		return nil, errDepth
	}
	if token == json.Delim('[') {
		return decodeArray(d, depth)
	}
	return decodeObject(d, depth)
}

func decodeNumber(text string) (starlark.Value, error) {
	if !strings.ContainsAny(text, ".eE") {
		if len(text) > maxDigits {
			return nil, errDigits
		}
		n, _ := new(big.Int).SetString(text, 10)
		return starlark.MakeBigInt(n), nil
	}
	f, err := json.Number(text).Float64()
	if err != nil {
		return nil, fmt.Errorf("the number %.40s does not fit", text)
	}
	return starlark.Float(f), nil
}

func decodeArray(d *json.Decoder, depth int) (starlark.Value, error) {
	var list []starlark.Value
	for d.More() {
		value, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return starlark.NewList(list), err
}

func decodeObject(d *json.Decoder, depth int) (starlark.Value, error) {
	dict := new(starlark.Dict)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		key := starlark.String(name.(string)) // Decoder lets nothing else through
		if _, twice, _ := dict.Get(key); twice {
			return nil, fmt.Errorf("the name %s is given twice", shorten(key))
		}
		if err := dict.SetKey(key, value); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return dict, err
}

func encodeJSON(name string, v starlark.Value) (starlark.String, error) {
	var e encoder
	if err := e.encode(v, 0); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return starlark.String(e.out.String()), nil
}

// An encoder writes JSON of at most maxEncoded bytes. Every list and dict adds
// bytes, so that this also bounds the time for a value that is shared by many.
type encoder struct{ out bytes.Buffer }

func (e *encoder) encode(v starlark.Value, depth int) error {
	if e.out.Len() > maxEncoded {
		return errSize
	}
	switch v := v.(type) {
	case starlark.NoneType:
		e.out.WriteString("null")
	case starlark.Bool:
		fmt.Fprint(&e.out, bool(v))
	case starlark.Int:
		return e.int(v)
	case starlark.Float:
		return e.float(float64(v))
	case starlark.String:
		return e.string(string(v))
	case starlark.IterableMapping:
		return e.object(v, depth+1)
	case starlark.Iterable:
		return e.array(v, depth+1)
	default:
		return fmt.Errorf("a %s has no form in JSON", v.Type())
	}
	return nil
}

func (e *encoder) int(v starlark.Int) error {
	n := v.BigInt()
	if n.BitLen() > maxDigits*10/3 {
		return errDigits
	}
	e.out.WriteString(n.String())
	return nil
}

func (e *encoder) float(f float64) error {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Errorf("%v has no form in JSON", f)
	}
	text, err := json.Marshal(f)
	e.out.Write(text)
	return err
}

func (e *encoder) string(s string) error {
	if len(s) > maxEncoded {
		return errSize
	}
	text := json.NewEncoder(&e.out)
	text.SetEscapeHTML(false)
	if err := text.Encode(s); err != nil {
		return err
	}
	e.out.Truncate(e.out.Len() - 1) // the line break that Encode adds
	return nil
}

// object writes the names in order.
func (e *encoder) object(v starlark.IterableMapping, depth int) error {
	if depth > maxValue {
		return errDepth
	}
	items := v.Items()
	for _, item := range items {
		if _, ok := starlark.AsString(item[0]); !ok {
			return fmt.Errorf("a %s has a %s among its keys; JSON has strings only", v.Type(), item[0].Type())
		}
	}
	slices.SortFunc(items, func(a, b starlark.Tuple) int {
		return strings.Compare(string(a[0].(starlark.String)), string(b[0].(starlark.String)))
	})
	e.out.WriteByte('{')
	for i, item := range items {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.string(string(item[0].(starlark.String))); err != nil {
			return err
		}
		e.out.WriteByte(':')
		if err := e.encode(item[1], depth); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return nil
}

func (e *encoder) array(v starlark.Iterable, depth int) error {
	if depth > maxValue {
		return errDepth
	}
	e.out.WriteByte('[')
	items := v.Iterate()
	defer items.Done()
	var item starlark.Value
	for i := 0; items.Next(&item); i++ {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.encode(item, depth); err != nil {
			return err
		}
	}
	e.out.WriteByte(']')
	return nil
}
