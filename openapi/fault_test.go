package openapi_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// TestInfoFaults checks that what an Info says wrongly is named.
func TestInfoFaults(t *testing.T) {
	union := func(variants map[string]reflect.Type) []openapi.Union {
		return []openapi.Union{{Type: reflect.TypeFor[figure](), Property: "kind", Variants: variants}}
	}
	good := map[string]reflect.Type{"square": reflect.TypeFor[square]()}
	for _, c := range []struct {
		info openapi.Info
		want string
	}{
		{openapi.Info{Title: "-"}, "Info.Title is empty"},
		{openapi.Info{Version: "-"}, "Info.Version is empty"},
		{openapi.Info{OpenAPI: "2.0"}, `Info.OpenAPI is "2.0"`},
		{openapi.Info{License: openapi.License{URL: "https://example.com"}}, "License has no Name"},
		{openapi.Info{License: openapi.License{Name: "MIT", URL: "u", Identifier: "MIT"}}, "keep one"},
		{openapi.Info{Servers: []string{"/v1", ""}}, "Info.Servers has an empty URL"},
		{openapi.Info{Tags: []openapi.Tag{{}}}, "tag without Name"},
		{openapi.Info{Tags: []openapi.Tag{{Name: "a"}, {Name: "a"}}}, `"a" twice`},
		{openapi.Info{Unions: union(nil)}, "has no variants"},
		{openapi.Info{Unions: append(union(good), union(good)...)}, "two unions of openapi_test.figure"},
		{openapi.Info{Unions: union(map[string]reflect.Type{"none": nil})}, `variant "none", which is <nil>`},
		{openapi.Info{Unions: union(map[string]reflect.Type{"int": reflect.TypeFor[int]()})}, `variant "int", which is int`},
		{openapi.Info{Unions: union(map[string]reflect.Type{"self": reflect.TypeFor[figure]()})}, `variant "self"`},
		{openapi.Info{Schemas: map[reflect.Type]map[string]any{reflect.TypeFor[square](): {"x": func() {}}}}, "the schema of openapi_test.square: a value of type func() is no JSON"},
	} {
		api := endpoint.New()
		api.Get("figure", func() figure { return square{} })
		api.Get("square", func() square { return square{} })
		c.info.Title, c.info.Version = unless(c.info.Title, "Figures"), unless(c.info.Version, "1")
		if _, err := openapi.Document(api, c.info); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %s\ngot  %v", c.want, err)
		}
	}
}

// unless returns a text, or "" where "-" stands.
func unless(s, text string) string {
	if s == "-" {
		return ""
	}
	return text
}

// TestOptionFaults checks that what options say wrongly is named with the
// operation and its place.
func TestOptionFaults(t *testing.T) {
	for _, c := range []struct {
		option endpoint.Option
		want   string
	}{
		{openapi.Answer(99, "", nil), "no answer with status 99"},
		{openapi.Answer(1000, "", nil), "no answer with status 1000"},
		{openapi.Answer(204, "", square{}), "status 204 has no body"},
		{openapi.Example("wrong", nil, func() {}), `example "wrong": a value of type func() is no JSON`},
		{openapi.Amend(func(o map[string]any) { o["x"] = make(chan int) }), "what Amend made of it: a value of type chan int is no JSON"},
	} {
		api := endpoint.New()
		api.Get("square", func() square { return square{} }, c.option)
		_, err := openapi.Document(api, openapi.Info{Title: "Figures", Version: "1"})
		if err == nil || !strings.Contains(err.Error(), "/square registered at ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %s\ngot  %v", c.want, err)
		}
	}
}
