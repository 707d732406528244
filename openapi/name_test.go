package openapi_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/everything"
	"github.com/seed217079a1/endpoint/openapi"
)

// decode makes a document and reads it.
func decode(t *testing.T, api *endpoint.API, info openapi.Info) map[string]any {
	t.Helper()
	info.Title, info.Version = "Test", "1"
	doc, err := openapi.Document(api, info)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return m
}

// at returns what stands at names that are separated by spaces.
func at(v any, names string) any {
	for name := range strings.FieldsSeq(names) {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func keys(v any) []string {
	m, _ := v.(map[string]any)
	list := make([]string, 0, len(m))
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// A Node has the name of another type, and a User the name that a document
// would make of UserInput's neighbour.
type Node struct{ Other int }

type pair[A, B any] struct {
	First  A
	Second B
}

// TestNames checks the names of components: they never collide, and hold no
// package.
func TestNames(t *testing.T) {
	type NodeInput struct{ X int }
	api := endpoint.New()
	api.Get("a", func() Node { return Node{} })
	api.Post("b", func(n everything.Node) everything.Node { return n })
	api.Get("c", func() NodeInput { return NodeInput{} })
	api.Get("d", func() pair[[]everything.Node, map[string]*Node] { return pair[[]everything.Node, map[string]*Node]{} })
	api.Get("e", func() everything.Page[pair[int, netip.AddrPort]] { return everything.Page[pair[int, netip.AddrPort]]{} })
	{
		type Node struct{ Local int }
		api.Get("f", func() Node { return Node{} })
	}
	m := decode(t, api, openapi.Info{})
	got := keys(at(m, "components schemas"))
	want := []string{
		"FieldError", "Node", "Node2", "Node3", "NodeInput", "NodeInput2", "PageOfPairOfIntAndAddrPort",
		"PairOfIntAndAddrPort", "PairOfNodeListAndNodeMap", "Problem",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	text, _ := json.Marshal(m)
	for _, leak := range []string{"github.com", "openapi_test", "everything.", "net/netip"} {
		if bytes.Contains(text, []byte(leak)) {
			t.Errorf("%q is in the document", leak)
		}
	}
}

// TestOperationIDs checks the names of operations.
func TestOperationIDs(t *testing.T) {
	api := endpoint.New()
	api.Get("one", named)
	api.Get("two/:id", named)
	api.Handle("three", other)
	api.Get("four", func() {})
	api.Get("five", func() {}, endpoint.Name("named"))
	m := decode(t, api, openapi.Info{})
	got := map[string]string{}
	for _, path := range keys(m["paths"]) {
		for _, method := range keys(at(m["paths"], path)) {
			got[method+" "+path], _ = at(m["paths"], path+" "+method+" operationId").(string)
		}
	}
	want := map[string]string{
		"get /one": "named_one", "get /two/{id}": "named_two_id", "get /five": "named_five",
		"get /three": "other_get", "post /three": "other_post", "put /three": "other_put", "get /four": "get_four",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func named(*endpoint.Request) {}
func other()                  {}

// TestPaths checks how paths are written, and what shares one.
func TestPaths(t *testing.T) {
	api := endpoint.New(endpoint.Prefix("/api"))
	api.Get("users/:id", func(id int) {}, endpoint.Name("get"))
	api.Delete("users/:name", func(name string) {}, endpoint.Name("delete"))
	api.Get("users/", func() {}, endpoint.Name("all"))
	api.Post("users/", func() {}, endpoint.Name("post"))
	api.Get("", func() {}, endpoint.Name("root"))
	api.Get("files/*rest", func(rest string) {}, endpoint.Name("files"))
	api.Get("café/:x", func(x string) {}, endpoint.Name("cafe"))
	m := decode(t, api, openapi.Info{})
	if d := cmp.Diff([]string{"/api", "/api/caf%C3%A9/{x}", "/api/files/{rest}", "/api/users/", "/api/users/{id}"}, keys(m["paths"])); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"delete", "get", "post"}, keys(at(m, "paths /api/users/{id}"))); d != "" {
		t.Error(d)
	}
	for _, method := range []string{"get", "delete", "post"} {
		list, _ := at(m, "paths /api/users/{id} "+method+" parameters").([]any)
		if len(list) != 1 || at(list[0], "name") != "id" || at(list[0], "in") != "path" {
			t.Errorf("%s has the parameters %v", method, list)
		}
	}
	if list, ok := at(m, "paths /api/users/ get parameters").([]any); ok {
		t.Errorf("the prefix alone has the parameters %v", list)
	}
}

// TestInclude makes documents of parts of an API.
func TestInclude(t *testing.T) {
	api := everything.API()
	public := decode(t, api, openapi.Info{Include: func(op endpoint.Operation) bool { return slices.Contains(op.Tags, "access") }})
	if d := cmp.Diff([]string{"/api/access/both", "/api/access/guarded", "/api/access/public", "/api/access/user"}, keys(public["paths"])); d != "" {
		t.Error(d)
	}
	if names := keys(at(public, "components schemas")); !slices.Equal(names, []string{"FieldError", "Problem"}) {
		t.Errorf("schemas of other endpoints are in it: %v", names)
	}
	if at(decode(t, api, openapi.Info{}), "paths /api/paths/secret") != nil {
		t.Error("a hidden endpoint is in the document")
	}
}

// TestComments checks what the texts of the source do.
func TestComments(t *testing.T) {
	pkg := reflect.TypeFor[everything.Form]().PkgPath()
	here := reflect.TypeFor[Node]().PkgPath()
	api := endpoint.New()
	api.Get("named", named)
	api.Post("form", func(in everything.Form) everything.Form { return in }, endpoint.Summary("The form"))
	api.Post("level", func(in struct {
		Level everything.Level `json:"level"`
	}) {
	})
	m := decode(t, api, openapi.Info{Comments: openapi.Comments{
		here + ".named":       {Text: "named does nothing. It is quick."},
		pkg + ".Form":         {Text: "A Form is a form."},
		pkg + ".Form.Name":    {Text: "Who it is."},
		pkg + ".Level":        {Text: "A Level is how much.", Enum: []string{`"low"`, `"high"`}},
		"example.com/x.Other": {Text: "nothing here"},
	}})
	for _, c := range []struct{ reason, at, want string }{
		{"the first sentence is the summary", "paths /named get summary", "named does nothing"},
		{"all of it the description", "paths /named get description", "named does nothing. It is quick."},
		{"an option wins", "paths /form post summary", "The form"},
		{"a field of a form", "paths /form post requestBody content application/x-www-form-urlencoded schema properties name description", "Who it is."},
		{"a type", "components schemas Form description", "A Form is a form."},
		{"a field", "components schemas Form properties Name description", "Who it is."},
		{"an enumeration", "components schemas Level description", "A Level is how much."},
	} {
		if got := at(m, c.at); got != c.want {
			t.Errorf("%s: %v, want %q", c.reason, got, c.want)
		}
	}
	if d := cmp.Diff([]any{"low", "high"}, at(m, "components schemas Level enum")); d != "" {
		t.Error(d)
	}
}

// TestDialects checks what errors look like where another system's form holds.
func TestDialects(t *testing.T) {
	custom := endpoint.ErrorFormat(func(*endpoint.Request, *endpoint.Error) *endpoint.Response { return nil })
	for _, c := range []struct {
		reason string
		option endpoint.Option
		want   []string
	}{
		{"a problem", endpoint.Option{}, []string{"application/problem+json"}},
		{"Skygear", endpoint.Skygear(), []string{"application/json"}},
		{"Dara", endpoint.Dara(), []string{"application/json"}},
		{"Anvil", endpoint.Anvil(), []string{"text/plain"}},
		{"what nobody knows", custom, []string{}},
	} {
		api := endpoint.New(c.option, endpoint.Prefix("/x"), endpoint.Public())
		api.Get("a", func() int { return 1 })
		m := decode(t, api, openapi.Info{})
		if d := cmp.Diff(c.want, keys(at(m, "paths /x/a get responses 500 content"))); d != "" {
			t.Errorf("%s: %s", c.reason, d)
		}
	}
}

// TestAnswers declares responses beside those that types show, and in their place.
func TestAnswers(t *testing.T) {
	api := endpoint.New()
	api.Get("figures/:id", func(id int) (square, error) { return square{}, nil },
		openapi.Answer(200, "The square.", square{}), openapi.Answer(404, "There is none.", nil), openapi.Answer(409, "", "text"))
	responses := at(decode(t, api, openapi.Info{}), "paths /figures/{id} get responses")
	if d := cmp.Diff([]string{"200", "404", "409", "422", "500", "default"}, keys(responses)); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]any{
		"200 description":                                  "The square.",
		"200 content application/json schema $ref":         "#/components/schemas/Square",
		"404 description":                                  "There is none.",
		"404 content application/problem+json schema $ref": "#/components/schemas/Problem",
		"409 content text/plain schema type":               "string",
	} {
		if got := at(responses, path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

// TestDeterministic makes one document many times.
func TestDeterministic(t *testing.T) {
	first, err := openapi.Document(everything.API(), everythingInfo("3.1"))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		again, err := openapi.Document(everything.API(), everythingInfo("3.1"))
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("another document: %v", err)
		}
	}
}
