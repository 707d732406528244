package endpoint_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

func describedHandler(r *endpoint.Request) (http.Handler, error) { return nil, nil }

// TestOperationDetails checks what documents need beside the forms.
func TestOperationDetails(t *testing.T) {
	lost := errors.New("lost")
	api := endpoint.New(endpoint.Annotate("api"), endpoint.MapError(lost, 404, "it is lost"))
	api.Get("files/", describedHandler, endpoint.Annotate(1, 2))
	api.Get("safe", func() string { return "" })
	api.Get("reader", func() *strings.Reader { return nil })
	api.Get("in", func(in struct {
		Page int `query:"page"`
	}, c struct {
		ID string `cookie:"id"`
	}) {
	})
	list, err := api.Operations()
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]endpoint.Operation{}
	for _, op := range list {
		byPath[op.Path] = op
	}
	files := byPath["/files/"]
	if !files.Prefix || !files.Fails || !files.Result.Open || !strings.HasSuffix(files.Symbol, "endpoint_test.describedHandler") {
		t.Errorf("a prefix with an open result: %+v", files)
	}
	if d := cmp.Diff([]any{"api", 1, 2}, files.Annotations); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]endpoint.OperationError{{Status: 404, Reason: "it is lost"}, {Status: 500, Reason: "something failed inside"}}, files.Errors); d != "" {
		t.Error(d)
	}
	safe := byPath["/safe"]
	if safe.Prefix || safe.Fails || safe.Result.Open || safe.Symbol != "" || len(safe.Errors) != 1 {
		t.Errorf("a handler that cannot fail: %+v", safe)
	}
	if safe.ErrorBody.MediaType != "application/problem+json" || safe.ErrorBody.Type.Kind() != reflect.Struct {
		t.Errorf("errors are %+v", safe.ErrorBody)
	}
	if got := byPath["/reader"].Result; got.Open || got.MediaType != "application/octet-stream" {
		t.Errorf("a reader is %+v", got)
	}
	in := byPath["/in"]
	if p := in.Parameters[0]; p.Field != "Page" || p.Owner.Kind() != reflect.Struct {
		t.Errorf("a field of an input is %+v", p)
	}
	if in.Errors[0].Status != 400 { // too many cookies, or a bad query
		t.Errorf("its errors are %v", in.Errors)
	}
}

// TestVersion checks that Version grows with every change of what is served,
// and with nothing else, and that Served follows it.
func TestVersion(t *testing.T) {
	api := endpoint.New()
	a := api.Get("a", func() {})
	foreign := endpoint.Define("b", func() {})
	endpoint.New().Add(foreign)
	api.Add(foreign)
	if v := api.Version(); v != 0 {
		t.Errorf("before it compiles the version is %d", v)
	}
	compile := func() {
		t.Helper()
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
	}
	last := uint64(0)
	for _, c := range []struct {
		reason string
		change func()
		grows  bool
		served int
	}{
		{"Compile", compile, true, 2},
		{"nothing", func() {}, false, 2},
		{"Disable", a.Disable, true, 1},
		{"Disable again", a.Disable, false, 1},
		{"Disable of one that another API owns", foreign.Disable, true, 0},
		{"Enable", a.Enable, true, 1},
		{"registration", func() { api.Get("c", func() {}) }, false, 1},
		{"Compile", compile, true, 2},
		{"removal", func() { api.Remove(foreign) }, false, 2},
		{"Enable of what was removed, until Compile", foreign.Enable, true, 3},
		{"Compile", compile, true, 2},
		{"Disable of what is not served", foreign.Disable, false, 2},
	} {
		c.change()
		v := api.Version()
		if grows := v > last; grows != c.grows || v < last {
			t.Errorf("%s: version %d after %d", c.reason, v, last)
		}
		last = v
		if list, err := api.Served(); err != nil || len(list) != c.served {
			t.Errorf("%s: serves %d, want %d; %v", c.reason, len(list), c.served, err)
		}
	}
}
