package endpoint_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// routerBadText cannot be written as a parameter.
type routerBadText struct{}

var errRouterBadText = errors.New("no text today")

func (routerBadText) MarshalText() ([]byte, error) { return nil, errRouterBadText }

func TestURL(t *testing.T) {
	const nothing = ""
	tests := []struct {
		reason, path string
		params       []any
		want, fault  string
	}{
		{"no parameters", "users", nil, "/users", nothing},
		{"exactly the root", "", nil, "/", nothing},
		{"everything", "/", nil, "/", nothing},
		{"a prefix keeps its slash", "files/", nil, "/files/", nothing},
		{"in the order of the path", ":a/x/:b", []any{1, "two"}, "/1/x/two", nothing},
		{"a text of its own", "hosts/:ip", []any{netip.MustParseAddr("::1")}, "/hosts/::1", nothing},
		{"a slash stays inside its segment", "f/:name", []any{"a/b"}, "/f/a%2Fb", nothing},
		{"what means something in a URL", "f/:name", []any{"50% ?#;é"}, "/f/50%25%20%3F%23%3B%C3%A9", nothing},
		{"the rest keeps its slashes", "f/*rest", []any{"a/b c/"}, "/f/a/b%20c/", nothing},
		{"the rest may be empty", "f/*rest", []any{""}, "/f/", nothing},
		{"literals are escaped", "a b/100%25/x%2Fy", nil, "/a%20b/100%25/x%2Fy", nothing},
		{"a false or zero value is a value", ":a/:b", []any{false, 0}, "/false/0", nothing},
		{"too few", ":a/:b", []any{1}, "", "want 2"},
		{"too many", ":a", []any{1, 2}, "", "want 1"},
		{"an empty segment", ":a", []any{""}, "", "empty"},
		{"a segment that means another path", ":a", []any{".."}, "", `".."`},
		{"also between slashes", ":a", []any{"x/../y"}, "", `".."`},
		{"a control character", ":a", []any{"x\ny"}, "", "control"},
		{"a backslash", ":a", []any{`x\y`}, "", "backslash"},
		{"invalid UTF-8", ":a", []any{"\xff"}, "", "UTF-8"},
		{"an empty segment in the rest", "f/*rest", []any{"a//b"}, "", "empty"},
		{"a rest that would lead to another host", "*rest", []any{"/evil.example"}, "", "empty"},
		{"a text that fails", ":a", []any{routerBadText{}}, "", errRouterBadText.Error()},
		{"a path that is none", "a//b", nil, "", "empty segment"},
	}
	for _, test := range tests {
		got, err := endpoint.Define(test.path, func(*endpoint.Request) {}).URL(test.params...)
		switch {
		case got != test.want:
			t.Errorf("%s: %q with %v: got %q, %v; want %q", test.reason, test.path, test.params, got, err, test.want)
		case (err != nil) != (test.fault != nothing), err != nil && !strings.Contains(err.Error(), test.fault):
			t.Errorf("%s: %q with %v: fault %v, want one that says %q", test.reason, test.path, test.params, err, test.fault)
		}
	}
}

// An endpoint that stands in an API with a prefix and in groups has their paths
// in front, wherever it was defined.
func TestURLBelowGroups(t *testing.T) {
	api := endpoint.New(endpoint.Prefix("/api"))
	grouped := api.Group("orgs/:org").Group("repos").Get(":repo", func(org, repo string) {})
	defined := endpoint.Define("status", func() {})
	if got, err := defined.URL(); got != "/status" || err != nil {
		t.Errorf("in no API: %q, %v", got, err)
	}
	api.Add(defined)
	routerCompile(t, api)
	if got, err := grouped.URL("a", "b/c"); got != "/api/orgs/a/repos/b%2Fc" || err != nil {
		t.Errorf("below groups: %q, %v", got, err)
	}
	if got, err := defined.URL(); got != "/api/status" || err != nil {
		t.Errorf("added: %q, %v", got, err)
	}
}
