package openapi

import (
	"encoding"
	stdjson "encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/seed217079a1/endpoint"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	valueType    = reflect.TypeFor[jsontext.Value]()
	bigIntType   = reflect.TypeFor[big.Int]()
	addrType     = reflect.TypeFor[netip.Addr]()
	fileType     = reflect.TypeFor[endpoint.File]()

	marshalerType       = reflect.TypeFor[stdjson.Marshaler]()
	marshalerToType     = reflect.TypeFor[json.MarshalerTo]()
	unmarshalerType     = reflect.TypeFor[stdjson.Unmarshaler]()
	unmarshalerFromType = reflect.TypeFor[json.UnmarshalerFrom]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textAppenderType    = reflect.TypeFor[encoding.TextAppender]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// makesJSON reports whether a type brings its own JSON for a use, and whether
// that is a text.
func makesJSON(t reflect.Type, u use) (own, text bool) {
	p := reflect.PointerTo(t)
	if u == output {
		own = p.Implements(marshalerToType) || p.Implements(marshalerType)
		return own, !own && (p.Implements(textAppenderType) || p.Implements(textMarshalerType))
	}
	own = p.Implements(unmarshalerFromType) || p.Implements(unmarshalerType)
	return own, !own && p.Implements(textUnmarshalerType)
}

// optElem returns the type that an endpoint.Opt holds.
func optElem(t reflect.Type) (elem reflect.Type, ok bool) {
	if t.Kind() != reflect.Struct || t.PkgPath() != fileType.PkgPath() || !strings.HasPrefix(t.Name(), "Opt[") {
		return nil, false
	}
	return t.Field(0).Type, true
}

// schema returns the schema of the JSON of a type. It is the caller's to change.
func (b *builder) schema(t reflect.Type, u use) *schema {
	if s := b.described(t, u); s != nil {
		return s
	}
	if elem, ok := optElem(t); ok {
		return b.schema(elem, u).orNull()
	}
	if t.Kind() == reflect.Pointer {
		return b.schema(t.Elem(), u).orNull()
	}
	if s := wellKnown(t); s != nil {
		return s
	}
	own, text := makesJSON(t, u)
	switch {
	case own:
		s := &schema{}
		if k := t.Kind(); u != output && k != reflect.Slice && k != reflect.Map {
			s.notNull() // the server refuses it before the type sees it
		}
		return s
	case text:
		return textSchema(t)
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String:
		return scalarSchema(t)
	case reflect.Interface:
		return &schema{}
	case reflect.Slice, reflect.Array, reflect.Map:
		return b.named(t, u, func() *schema { return b.collection(t, u) })
	case reflect.Struct:
		if t.Name() == "" {
			return b.structSchema(t, u)
		}
		return b.component(t, u, func() *schema { return b.structSchema(t, u) })
	}
	return scalarSchema(t)
}

// described returns what the caller of Document says of a type, nil if nothing.
func (b *builder) described(t reflect.Type, u use) *schema {
	if raw, ok := b.info.Schemas[t]; ok {
		return b.rawSchema(t, raw)
	}
	if union := b.unions[t]; union != nil {
		s := b.component(t, u, func() *schema { return b.unionSchema(union, u) })
		s.nullable = t.Kind() == reflect.Interface
		return s
	}
	if t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer {
		if d, ok := reflect.New(t).Interface().(Describer); ok {
			return b.rawSchema(t, d.OpenAPISchema())
		}
	}
	if list := b.info.Comments[commentKey(t)].Enum; len(list) > 0 {
		own, text := makesJSON(t, u)
		if !own && !text && isPlainKind(t.Kind()) {
			return b.component(t, u, func() *schema { return b.enumSchema(t, list) })
		}
	}
	return nil
}

// rawSchema is a schema in the caller's own words.
func (b *builder) rawSchema(t reflect.Type, raw map[string]any) *schema {
	value, err := tree(raw, nil)
	if err != nil {
		b.fault("the schema of %s: %w", t, err)
	}
	o, _ := value.(*object)
	s := &schema{raw: o}
	if t.Name() == "" || o == nil {
		return s
	}
	return b.component(t, output, func() *schema { return s })
}

// enumSchema is that of a type whose constants are known.
func (b *builder) enumSchema(t reflect.Type, list []string) *schema {
	s := scalarSchema(t)
	s.minimum, s.maximum = "", ""
	for _, text := range list {
		v, err := parseTree([]byte(text))
		if err != nil {
			b.fault("a constant of %s: %w", t, err)
			continue
		}
		s.enum = append(s.enum, v)
	}
	s.description = b.info.Comments[commentKey(t)].Text
	return s
}

// unionSchema is that of a type that holds one of several others.
func (b *builder) unionSchema(union *Union, u use) *schema {
	s := &schema{description: b.info.Comments[commentKey(union.Type)].Text}
	s.tells, s.mapping = union.Property, map[string]*schema{}
	for _, value := range sortedKeys(union.Variants) {
		variant := b.schema(union.Variants[value], u)
		variant.nullable = false
		s.oneOf = append(s.oneOf, variant)
		s.mapping[value] = variant
	}
	return s
}

// addVariantValues says of a variant of a union which value its member has that
// tells it apart.
func (b *builder) addVariantValues(s *schema, t reflect.Type) {
	for i := range b.info.Unions {
		union := &b.info.Unions[i]
		if union.Property == "" {
			continue
		}
		var values []any
		for _, value := range sortedKeys(union.Variants) {
			if v := union.Variants[value]; v == t || v != nil && v.Kind() == reflect.Pointer && v.Elem() == t {
				values = append(values, value)
			}
		}
		if values == nil {
			continue
		}
		p := s.property(union.Property)
		if p == nil {
			p = &schema{}
			s.properties = append(s.properties, property{union.Property, p})
		}
		notes := p.description
		*p = schema{kind: "string", enum: values, description: notes}
		if !slices.Contains(s.required, union.Property) {
			s.required = append(s.required, union.Property)
		}
	}
}

// named returns the schema of a collection: in place, or as a component if the
// type holds itself.
func (b *builder) named(t reflect.Type, u use, make func() *schema) *schema {
	if t.Name() == "" {
		return make()
	}
	at := typeUse{t, u}
	nullable := u != output && t.Kind() != reflect.Array // as collection says
	if _, ok := b.open[at]; ok {
		b.open[at] = true
		s := b.component(t, u, func() *schema { return &schema{} })
		s.nullable = nullable
		return s
	}
	if c := b.components[t]; c != nil && c.uses[u] != nil {
		return &schema{comp: c, use: u, nullable: nullable}
	}
	b.open[at] = false
	s := make()
	recursive := b.open[at]
	delete(b.open, at)
	if !recursive {
		return s
	}
	s.nullable = false
	*b.components[t].uses[u] = *s
	return &schema{comp: b.components[t], use: u, nullable: nullable}
}

// A typeUse is a type in one use.
type typeUse struct {
	typ reflect.Type
	use use
}

// collection is the schema of a slice, array or map.
func (b *builder) collection(t reflect.Type, u use) *schema {
	if t.Kind() == reflect.Map {
		return b.mapSchema(t, u)
	}
	nullable := u != output && t.Kind() == reflect.Slice
	if t.Elem().Kind() == reflect.Uint8 {
		s := &schema{kind: "string", encoding: "base64", nullable: nullable}
		if t.Kind() == reflect.Array {
			s.pattern = base64Pattern(t.Len())
		}
		return s
	}
	s := &schema{kind: "array", items: b.schema(t.Elem(), u), nullable: nullable}
	if t.Kind() == reflect.Array {
		s.minItems = strconv.Itoa(t.Len())
		s.maxItems = s.minItems
	}
	return s
}

// base64Pattern is that of the texts of so many bytes.
func base64Pattern(n int) string {
	const digit = "[A-Za-z0-9+/]"
	tail := ""
	switch n % 3 {
	case 1:
		tail = digit + "[AQgw]=="
	case 2:
		tail = digit + "{2}[AEIMQUYcgkosw048]="
	}
	return "^" + digit + "{" + strconv.Itoa(n/3*4) + "}" + tail + "$"
}

func (b *builder) mapSchema(t reflect.Type, u use) *schema {
	s := &schema{kind: "object", additional: b.schema(t.Elem(), u), nullable: u != output}
	key := t.Key()
	if _, text := makesJSON(key, u); text {
		return s
	}
	switch k := scalarSchema(key); k.kind {
	case "integer":
		s.propertyNames = &schema{pattern: integerPattern(key)}
	case "number":
		s.propertyNames = &schema{pattern: numberPattern}
	}
	return s
}

const numberPattern = `^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`

// integerPattern is that of the texts of an integer. Those of 64 bits are taken
// for unbounded, as their pattern would be ten times as long.
func integerPattern(t reflect.Type) string {
	signed := t.Kind() < reflect.Uint || t.Kind() > reflect.Uintptr
	bits := t.Bits()
	switch {
	case bits == 64 && signed:
		return `^(0|-?[1-9][0-9]*)$`
	case bits == 64:
		return `^(0|[1-9][0-9]*)$`
	case signed:
		high := uint64(1) << (bits - 1)
		return "^(0|" + atMost(high-1) + "|-(" + atMost(high) + "))$"
	}
	return "^(0|" + atMost(uint64(1)<<bits-1) + ")$"
}

// atMost returns an expression for the texts of the integers from 1 to one of
// two digits or more: those with fewer digits, and those that are less at the
// first digit where they differ.
func atMost(highest uint64) string {
	text := strconv.FormatUint(highest, 10)
	list := []string{"[1-9][0-9]{0," + strconv.Itoa(len(text)-2) + "}"}
	for i, digit := range text {
		low := byte('0')
		if i == 0 {
			low = '1'
		}
		if byte(digit) > low {
			list = append(list, fmt.Sprintf("%s[%c-%c][0-9]{%d}", text[:i], low, digit-1, len(text)-i-1))
		}
	}
	return strings.Join(append(list, text), "|")
}

// wellKnown is the schema of types whose JSON everybody knows.
func wellKnown(t reflect.Type) *schema {
	switch t {
	case timeType:
		return &schema{kind: "string", format: "date-time"}
	case valueType:
		return &schema{}
	case bigIntType:
		return &schema{kind: "integer"}
	}
	return nil
}

// textSchema is that of a type that makes its own text.
func textSchema(t reflect.Type) *schema {
	s := &schema{kind: "string"}
	switch {
	case t == timeType:
		s.format = "date-time"
	case t == addrType:
		s.anyOf = []*schema{{kind: "string", maxLength: "0"}, {kind: "string", format: "ipv4"}, {kind: "string", format: "ipv6"}}
	case strings.EqualFold(t.Name(), "uuid"):
		s.format = "uuid"
	}
	return s
}

func isPlainKind(k reflect.Kind) bool {
	return k == reflect.String || k == reflect.Bool || k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}

// scalarSchema is that of a basic type.
func scalarSchema(t reflect.Type) *schema {
	switch k := t.Kind(); k {
	case reflect.String:
		return &schema{kind: "string"}
	case reflect.Bool:
		return &schema{kind: "boolean"}
	case reflect.Float32:
		return &schema{kind: "number", format: "float"}
	case reflect.Float64:
		return &schema{kind: "number", format: "double"}
	case reflect.Int, reflect.Int64:
		return &schema{kind: "integer", format: "int64"}
	case reflect.Int8, reflect.Int16, reflect.Int32:
		high := int64(1)<<(t.Bits()-1) - 1
		return &schema{
			kind: "integer", format: "int32",
			minimum: strconv.FormatInt(-high-1, 10), maximum: strconv.FormatInt(high, 10),
		}
	case reflect.Uint8, reflect.Uint16:
		high := uint64(1)<<t.Bits() - 1
		return &schema{kind: "integer", format: "int32", minimum: "0", maximum: strconv.FormatUint(high, 10)}
	case reflect.Uint32:
		return &schema{kind: "integer", format: "int64", minimum: "0", maximum: strconv.FormatUint(math.MaxUint32, 10)}
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return &schema{kind: "integer", format: "uint64", minimum: "0"}
	}
	return &schema{}
}
