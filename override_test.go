package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

type overrideWord struct {
	endpoint.Configuration
	Text string
}

type overrideStore struct{ name string }

type overrideUser struct{ id string }

func (u overrideUser) Authenticate(*endpoint.Request) (*endpoint.User, error) {
	return &endpoint.User{ID: u.id}, nil
}

func (overrideUser) Challenge() string { return "" }

// TestOverride checks that an API made from another is its own, but for the
// endpoints, and that its options hold over all others.
func TestOverride(t *testing.T) {
	nobody := overrideUser{"nobody"}
	api := endpoint.New(endpoint.Auth(nobody), endpoint.UserRequired(), endpoint.Prefix("/api"), endpoint.Tags("one"))
	api.Configure(overrideWord{Text: "hello"})
	api.Provide(&overrideStore{"real"})
	group := api.Group("g", endpoint.Auth(nobody))
	first := group.Get("first", func(u *endpoint.User, w overrideWord, s *overrideStore) string {
		return u.ID + " " + w.Text + " " + s.name
	}, endpoint.Auth(nobody), endpoint.Tags("two"))

	other := api.Override(endpoint.Auth(overrideUser{"ada"}), endpoint.Tags("three"))
	other.Configure(overrideWord{Text: "bye"})
	other.Provide(&overrideStore{"fake"})
	other.Get("only", func() string { return "here" })
	api.Get("later", func(u *endpoint.User) string { return u.ID })

	tests := []struct {
		reason, path string
		api          *endpoint.API
		want         string
	}{
		{"options inside a group and an endpoint are overridden too", "/api/g/first", other, "200 ada bye fake"},
		{"the API itself is not", "/api/g/first", api, "200 nobody hello real"},
		{"what is registered with the other is not the API's", "/api/only", api, "404"},
		{"but it is served", "/api/only", other, "200 here"},
		{"what is registered with the API is the other's, for it compiles later", "/api/later", other, "200 ada"},
		{"overrides of overrides add up", "/api/g/first", other.Override(endpoint.Auth(overrideUser{"eve"})), "200 eve bye fake"},
	}
	for _, tt := range tests {
		if got := overrideAsk(tt.api, tt.path); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.reason, got, tt.want)
		}
	}

	list, err := other.Operations()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range list {
		if op.Endpoint == first && strings.Join(op.Tags, " ") != "one two three" {
			t.Errorf("options that add up are %v, want each once", op.Tags)
		}
	}
	first.Disable()
	for _, a := range []*endpoint.API{api, other} {
		if got := overrideAsk(a, "/api/g/first"); got != "404" {
			t.Errorf("a disabled endpoint is answered with %s", got)
		}
	}
}

// TestOverrideFault checks that an override is reported once, and not by each
// endpoint.
func TestOverrideFault(t *testing.T) {
	api := endpoint.New()
	api.Get("a", func() {})
	api.Get("b", func() {})
	err := api.Override(endpoint.MaxBody(-1)).Compile()
	if err == nil || strings.Count(err.Error(), "MaxBody") != 1 {
		t.Errorf("got %v, want one fault", err)
	}
}

func overrideAsk(h http.Handler, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code != http.StatusOK {
		return strconv.Itoa(w.Code)
	}
	return strconv.Itoa(w.Code) + " " + w.Body.String()
}
