package openapi_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
	"github.com/seed217079a1/endpoint/internal/everything"
	"github.com/seed217079a1/endpoint/internal/jsonschema"
	"github.com/seed217079a1/endpoint/openapi"
)

// A typeMaker makes types of random shapes, tags and rules.
type typeMaker struct{ *rand.Rand }

// leaves are the types that random types are made of.
func leaves() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](),
		reflect.TypeFor[uint16](), reflect.TypeFor[uint64](), reflect.TypeFor[float64](), reflect.TypeFor[float32](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[[]byte](), reflect.TypeFor[[5]byte](), reflect.TypeFor[any](),
		reflect.TypeFor[everything.Color](), reflect.TypeFor[everything.UUID](),
		reflect.TypeFor[endpoint.Opt[string]](), reflect.TypeFor[endpoint.Opt[int]](),
	}
}

// typ returns a type of JSON, at most so deep.
func (m typeMaker) typ(depth int) reflect.Type {
	if depth > 0 {
		switch m.IntN(7) {
		case 0:
			return reflect.SliceOf(m.typ(depth - 1))
		case 1:
			return reflect.ArrayOf(m.IntN(3), m.typ(depth-1))
		case 2:
			return reflect.MapOf(reflect.TypeFor[string](), m.typ(depth-1))
		case 3:
			return reflect.MapOf(reflect.TypeFor[int8](), m.typ(depth-1))
		case 4:
			return reflect.PointerTo(m.typ(depth - 1))
		case 5:
			return m.structType(depth - 1)
		}
	}
	list := leaves()
	return list[m.IntN(len(list))]
}

// structType returns a struct with JSON members.
func (m typeMaker) structType(depth int) reflect.Type {
	var fields []reflect.StructField
	for i := range 1 + m.IntN(4) {
		t := m.typ(depth)
		name := fmt.Sprintf("F%d", i)
		option := []string{"", "", ",omitempty", ",omitzero"}[m.IntN(4)]
		if k := t.Kind(); m.IntN(4) == 0 && k >= reflect.Int && k <= reflect.Float64 {
			option += ",string"
		}
		tag := fmt.Sprintf(`json:"f%d%s"`, i, option)
		if rules := m.rules(t); rules != "" && !strings.Contains(option, "string") {
			tag += fmt.Sprintf(` validate:%q`, rules)
		}
		fields = append(fields, reflect.StructField{Name: name, Type: t, Tag: reflect.StructTag(tag)})
	}
	return reflect.StructOf(fields)
}

// rules returns rules that fit a type.
func (m typeMaker) rules(t reflect.Type) string {
	var list []string
	if m.IntN(3) == 0 {
		list = append(list, "required")
	} else if m.IntN(4) == 0 {
		list = append(list, "omitempty")
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pick := func(choices ...string) { list = append(list, choices[m.IntN(len(choices))]) }
	switch t.Kind() {
	case reflect.String:
		pick("min=2", "max=5", "len=3", "alpha", "alphanum", "email", "uuid", "oneof=a b 'c d'", "ne=x", "startswith=ab", "numeric", "ipv4", "ip", "max=9,contains=a", "eq=1|eq=2", "url")
	case reflect.Int, reflect.Int8, reflect.Uint16:
		pick("min=2", "max=5", "gt=0", "lt=9", "oneof=1 3 5", "ne=7", "eq=4", "gte=1,lte=3", "min=0x5")
	case reflect.Float64:
		pick("min=0.5", "max=5", "gt=0", "lt=9.25", "gte=-1,lte=3")
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			pick("min=1", "max=2", "len=1", "gt=0,lt=4")
		}
		if t.Elem().Kind() == reflect.String {
			pick("dive,min=1", "unique", "dive,required")
		}
	case reflect.Map:
		pick("max=3", "lt=2")
	}
	return strings.Join(list, ",")
}

// FuzzTypes makes types, and holds the document of an API that reads and writes
// them to what the server does.
func FuzzTypes(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		m := typeMaker{rand.New(rand.NewPCG(seed, 1))}
		typ := m.structType(2)
		echo := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{typ}, []reflect.Type{typ}, false),
			func(args []reflect.Value) []reflect.Value { return args }).Interface()
		api := endpoint.New(endpoint.Logger(slog.New(slog.DiscardHandler)))
		api.Post("echo", echo, endpoint.Name("echo"))
		api.Put("strict", echo, endpoint.Name("strict"), endpoint.Strict())
		if err := api.Compile(); err != nil {
			return // a type that is no body
		}
		endpointtest.New(t, api).Agree(10)
		if t.Failed() {
			t.Logf("type %v", typ)
		}
		checkZero(t, api, typ)
	})
}

// checkZero compares the JSON of a value without anything with the schema of
// what is written: an echo never shows nil where nothing was sent.
func checkZero(t *testing.T, api *endpoint.API, typ reflect.Type) {
	t.Helper()
	zero := reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{typ}, false),
		func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.Zero(typ)} }).Interface()
	api.Get("zero", zero, endpoint.Name("zero"))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	text, err := openapi.Document(api, smallInfo)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := doc.Schema("/paths/~1zero/get/responses/200/content/application~1json/schema")
	if err != nil {
		t.Fatal(err)
	}
	body := get(t, api, "/zero").Body.Bytes()
	value, err := jsonschema.Decode(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, fault := range schema.Validate(value) {
		t.Errorf("the zero value of %v: %s\n%s", typ, fault, body)
	}
}
