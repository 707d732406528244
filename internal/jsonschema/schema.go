// Package jsonschema validates, makes and breaks JSON values by the schemas of
// an OpenAPI document: the part of JSON Schema 2020-12 that the documents of
// this library use. Inside a schema every keyword has a meaning here or is an
// annotation that is known to have none; any other is an error.
//
// Values are those of encoding/json with UseNumber, so that no number loses
// precision: nil, bool, json.Number, string, []any and map[string]any.
package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Document is the JSON in which schemas stand and to which they refer. It is
// not for concurrent use; the schemas that it made are.
type Document struct {
	root    any
	schemas map[string]*Schema // by pointer; those that refer to themselves find themselves here
}

// Parse reads a document.
func Parse(data []byte) (*Document, error) {
	root, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return &Document{root: root, schemas: map[string]*Schema{}}, nil
}

// Decode reads one JSON value as this package wants it.
func Decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the JSON value")
	}
	return v, nil
}

// At returns what stands at a JSON pointer.
func (d *Document) At(pointer string) (any, bool) {
	v := d.root
	for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			return v, true
		}
		key = unescape.Replace(key)
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return nil, false
			}
			v = in[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// Join appends a key to a JSON pointer.
func Join(pointer, key string) string { return pointer + "/" + escape.Replace(key) }

// How the keys of JSON pointers are written.
var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// A Schema is compiled: it does not change.
type Schema struct {
	at     string // JSON pointer in the document
	never  bool   // the schema false
	types  []string
	enum   []any // of const, too; nil for none
	ref    *Schema
	allOf  []*Schema
	anyOf  []*Schema
	oneOf  []*Schema
	not    *Schema
	choose discriminator

	properties   map[string]*Schema
	required     []string
	additional   *Schema
	names        *Schema // propertyNames
	minMembers   int
	maxMembers   int
	prefix       []*Schema
	items        *Schema
	minItems     int
	maxItems     int
	unique       bool
	minLength    int
	maxLength    int
	pattern      *regexp.Regexp
	format       string
	base64       bool
	media        string // contentMediaType, which says nothing of validity
	minimum      *big.Rat
	maximum      *big.Rat
	overMinimum  *big.Rat // exclusiveMinimum
	underMaximum *big.Rat // exclusiveMaximum
	multipleOf   *big.Rat
}

// A discriminator names the member that tells which of oneOf or anyOf holds.
type discriminator struct {
	property string
	mapping  map[string]*Schema
}

// unlimited is a maximum that nobody set.
const unlimited = -1

// annotations say nothing of whether a value is valid.
var annotations = map[string]bool{
	"title": true, "description": true, "default": true, "example": true, "examples": true,
	"deprecated": true, "readOnly": true, "writeOnly": true, "externalDocs": true, "xml": true,
	"$comment": true, "$defs": true,
}

// Schema compiles the schema at a JSON pointer, and all that it refers to. The
// error joins every fault, each with its pointer.
func (d *Document) Schema(pointer string) (*Schema, error) {
	c := &compiler{doc: d}
	s := c.schema(pointer)
	c.circles(s, map[*Schema]state{})
	if len(c.faults) > 0 {
		clear(d.schemas) // what is half compiled must not be found
		return nil, errors.Join(c.faults...)
	}
	return s, nil
}

type compiler struct {
	doc    *Document
	faults []error
}

func (c *compiler) fault(pointer, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("schema %s: %w", pointer, fmt.Errorf(format, args...)))
}

func (c *compiler) schema(pointer string) *Schema {
	if s := c.doc.schemas[pointer]; s != nil {
		return s
	}
	s := &Schema{at: pointer, maxMembers: unlimited, maxItems: unlimited, maxLength: unlimited}
	c.doc.schemas[pointer] = s
	v, ok := c.doc.At(pointer)
	if !ok {
		c.fault(pointer, "there is nothing there")
		return s
	}
	switch v := v.(type) {
	case bool:
		s.never = !v
	case map[string]any:
		for _, key := range sorted(v) {
			c.keyword(s, pointer, key, v[key])
		}
	default:
		c.fault(pointer, "%v is no schema; it must be an object or a boolean", v)
	}
	return s
}

type state uint8

const (
	unseen state = iota
	opened       // being looked at
	done
)

// circles reports a schema that refers to itself for the same value, which
// would say nothing. Members and items may refer back: they are smaller.
func (c *compiler) circles(s *Schema, seen map[*Schema]state) {
	switch {
	case s == nil || seen[s] == done:
		return
	case seen[s] == opened:
		c.fault(s.at, "it refers to itself for the same value")
		return
	}
	seen[s] = opened
	for _, same := range s.same() {
		c.circles(same, seen)
	}
	seen[s] = done
	for _, inner := range s.smaller() {
		if seen[inner] == unseen {
			c.circles(inner, seen)
		}
	}
}

// same returns the schemas that speak of the same value.
func (s *Schema) same() []*Schema {
	list := slices.Concat(s.allOf, s.anyOf, s.oneOf, []*Schema{s.ref, s.not})
	for _, value := range sorted(s.choose.mapping) {
		list = append(list, s.choose.mapping[value])
	}
	return list
}

// smaller returns the schemas that speak of a part of the value.
func (s *Schema) smaller() []*Schema {
	list := append(slices.Clone(s.prefix), s.items, s.additional, s.names)
	for _, name := range sorted(s.properties) {
		list = append(list, s.properties[name])
	}
	return list
}

// keyword compiles one member of a schema.
func (c *compiler) keyword(s *Schema, pointer, key string, v any) {
	at := Join(pointer, key)
	switch key {
	case "type":
		s.types = c.types(at, v)
	case "enum":
		list, ok := v.([]any)
		c.want(ok && len(list) > 0, at, v, "a list of values")
		s.enum = list
	case "const":
		s.enum = []any{v}
	case "$ref":
		s.ref = c.reference(at, v)
	case "allOf":
		s.allOf = c.list(at, v)
	case "anyOf":
		s.anyOf = c.list(at, v)
	case "oneOf":
		s.oneOf = c.list(at, v)
	case "not":
		s.not = c.schema(at)
	case "discriminator":
		s.choose = c.discriminator(at, v)
	case "properties":
		members, ok := v.(map[string]any)
		c.want(ok, at, v, "an object of schemas")
		s.properties = map[string]*Schema{}
		for _, name := range sorted(members) {
			s.properties[name] = c.schema(Join(at, name))
		}
	case "required":
		s.required = c.texts(at, v)
	case "additionalProperties":
		s.additional = c.schema(at)
	case "propertyNames":
		s.names = c.schema(at)
	case "items":
		s.items = c.schema(at)
	case "prefixItems":
		s.prefix = c.list(at, v)
	case "uniqueItems":
		unique, ok := v.(bool)
		c.want(ok, at, v, "true or false")
		s.unique = unique
	case "format":
		text, ok := v.(string)
		c.want(ok && knownFormat(text), at, v, "a format that this package knows")
		s.format = text
	case "contentEncoding":
		c.want(v == "base64", at, v, "base64")
		s.base64 = true
	case "contentMediaType":
		text, ok := v.(string)
		c.want(ok, at, v, "a media type")
		s.media = text
	case "pattern":
		text, _ := v.(string)
		re, err := regexp.Compile(text)
		if err != nil {
			c.fault(at, "%w", err)
		}
		s.pattern = re
	default:
		if !c.limit(s, at, key, v) && !annotations[key] && !strings.HasPrefix(key, "x-") {
			c.fault(at, "the keyword is not known; teach it to internal/jsonschema")
		}
	}
}

// limit compiles a keyword whose value is a number.
func (c *compiler) limit(s *Schema, at, key string, v any) bool {
	counts := map[string]*int{
		"minLength": &s.minLength, "maxLength": &s.maxLength, "minItems": &s.minItems, "maxItems": &s.maxItems,
		"minProperties": &s.minMembers, "maxProperties": &s.maxMembers,
	}
	bounds := map[string]**big.Rat{
		"minimum": &s.minimum, "maximum": &s.maximum, "exclusiveMinimum": &s.overMinimum,
		"exclusiveMaximum": &s.underMaximum, "multipleOf": &s.multipleOf,
	}
	n, isNumber := v.(json.Number)
	switch {
	case counts[key] != nil:
		count, err := strconv.Atoi(n.String())
		c.want(isNumber && err == nil && count >= 0, at, v, "a number of things")
		*counts[key] = count
	case bounds[key] != nil:
		r, ok := rational(n)
		c.want(isNumber && ok && (key != "multipleOf" || r.Sign() > 0), at, v, "a number")
		*bounds[key] = r
	default:
		return false
	}
	return true
}

func (c *compiler) want(ok bool, at string, v any, what string) {
	if !ok {
		c.fault(at, "%v is not %s", v, what)
	}
}

func (c *compiler) types(at string, v any) []string {
	if name, ok := v.(string); ok {
		v = []any{name}
	}
	list := c.texts(at, v)
	for _, name := range list {
		c.want(isType(name), at, name, "a type")
	}
	return list
}

func (c *compiler) texts(at string, v any) []string {
	list, ok := v.([]any)
	c.want(ok, at, v, "a list of texts")
	var texts []string
	for _, item := range list {
		text, ok := item.(string)
		c.want(ok, at, item, "a text")
		texts = append(texts, text)
	}
	return texts
}

func (c *compiler) list(at string, v any) []*Schema {
	items, ok := v.([]any)
	c.want(ok && len(items) > 0, at, v, "a list of schemas")
	var list []*Schema
	for i := range items {
		list = append(list, c.schema(at+"/"+strconv.Itoa(i)))
	}
	return list
}

// reference resolves a reference into the document.
func (c *compiler) reference(at string, v any) *Schema {
	text, _ := v.(string)
	pointer, ok := strings.CutPrefix(text, "#")
	if !ok || pointer != "" && pointer[0] != '/' {
		c.fault(at, "%v does not refer into this document", v)
		return &Schema{}
	}
	return c.schema(pointer)
}

func (c *compiler) discriminator(at string, v any) discriminator {
	object, _ := v.(map[string]any)
	name, ok := object["propertyName"].(string)
	c.want(ok, at, v, "a discriminator")
	d := discriminator{name, map[string]*Schema{}}
	mapping, _ := object["mapping"].(map[string]any)
	for _, value := range sorted(mapping) {
		d.mapping[value] = c.reference(Join(at+"/mapping", value), mapping[value])
	}
	return d
}
