package manage_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

// A fault is a problem document as a client reads it.
type fault struct {
	Title, Detail string
	Status        int
	Line, Column  int
	Errors        []struct{ In, Name, Pointer, Code, Message string }
}

func TestRefusedChanges(t *testing.T) {
	s := open(t)
	s.put("A", "one", "p1", "hello")
	s.script("broken.py", "no go\n")
	s.script("large.py", "# go: hello\n"+strings.Repeat("#", 64<<10))
	s.script("dir/x.py", "# go: hello\n")
	deep := strings.Repeat(`[`, 50_000)
	for _, test := range []struct {
		reason, method, id, body string
		status                   int
		text                     string // part of the answer
	}{
		{"an id of other characters", "PUT", "a.b", `{"path":"p","handler_script_path":"/h.py"}`, 400, `id has other characters than a-z`},
		{"an escaped slash in an id", "PUT", "a%2Fb", `{"path":"p","handler_script_path":"/h.py"}`, 400, "other characters"},
		{"a long id", "PUT", strings.Repeat("a", 65), `{"path":"p","handler_script_path":"/h.py"}`, 400, "1 to 64"},
		{"a very long id", "GET", strings.Repeat("a", 10_000), ``, 400, "1 to 64"},
		{"the id of the list", "PATCH", "list", `{}`, 400, "reserved"},
		{"the id of the triggers", "GET", "u", ``, 400, "reserved"},
		{"a NUL in an id", "PUT", "a%00b", `{}`, 400, ""},
		{"another id in the body", "PATCH", "one", `{"id":"two"}`, 400, "/id"},
		{"another id in the body of PUT", "PUT", "x", `{"id":"two","path":"p","handler_script_path":"/h.py"}`, 400, "/id"},
		{"an empty path", "PATCH", "one", `{"path":""}`, 400, "/path"},
		{"a long path", "PATCH", "one", `{"path":"` + strings.Repeat("a", 65) + `"}`, 400, "/path"},
		{"a path beyond ASCII", "PATCH", "one", `{"path":"ü"}`, 400, "/path"},
		{"an empty handler", "PATCH", "one", `{"handler_script_path":""}`, 400, "/handler_script_path"},
		{"a handler that climbs", "PATCH", "one", `{"handler_script_path":"/a/../../b"}`, 400, "no path of a file"},
		{"a handler that begins with two slashes", "PATCH", "one", `{"handler_script_path":"//a"}`, 400, "no path of a file"},
		{"a handler that ends in a slash", "PATCH", "one", `{"handler_script_path":"/a/"}`, 400, "no path of a file"},
		{"the root as handler", "PATCH", "one", `{"handler_script_path":"/"}`, 400, "no path of a file"},
		{"a handler with a backslash", "PATCH", "one", `{"handler_script_path":"a\\b"}`, 400, "backslash"},
		{"a handler with a NUL", "PATCH", "one", `{"handler_script_path":"a\u0000b"}`, 400, "NUL"},
		{"a handler with a line feed", "PATCH", "one", `{"handler_script_path":"a\nb"}`, 400, "control"},
		{"a long handler", "PATCH", "one", `{"handler_script_path":"/` + strings.Repeat("a", 512) + `"}`, 400, "512"},
		{"a script that does not compile", "PATCH", "one", `{"handler_script_path":"/broken.py"}`, 400, "broken.py:1:5: got newline"},
		{"a script that does not compile, new", "PUT", "x", `{"path":"x","handler_script_path":"/broken.py"}`, 400, "broken.py:1:5"},
		{"a script that is too large", "PATCH", "one", `{"handler_script_path":"/large.py"}`, 400, "64 KiB"},
		{"a directory as script", "PATCH", "one", `{"handler_script_path":"/dir"}`, 400, "regular"},
		{"a text as enabled", "PATCH", "one", `{"enabled":"true"}`, 400, "/enabled"},
		{"a null", "PATCH", "one", `{"enabled":null}`, 400, "is null"},
		{"a number as path", "PATCH", "one", `{"path":1}`, 400, "/path"},
		{"an unknown member", "PATCH", "one", `{"owner":"B"}`, 400, "/owner"},
		{"a member in another case", "PATCH", "one", `{"Path":"x"}`, 400, "/Path"},
		{"a duplicate member", "PATCH", "one", `{"path":"a","path":"b"}`, 400, ""},
		{"no body", "PATCH", "one", ``, 400, ""},
		{"null", "PATCH", "one", `null`, 400, ""},
		{"an array", "PATCH", "one", `[]`, 400, ""},
		{"more than JSON", "PATCH", "one", `{} {}`, 400, ""},
		{"invalid UTF-8", "PATCH", "one", "{\"path\":\"\xff\"}", 400, ""},
		{"a deep value", "PATCH", "one", deep, 400, ""},
		{"a large body", "PATCH", "one", `{"path":"` + strings.Repeat("a", 70_000) + `"}`, 413, ""},
		{"an unknown parameter", "GET", "list?owner=B", ``, 400, "known are detail, enabled"},
		{"a negative offset", "GET", "list?offset=-1", ``, 400, "offset"},
		{"a limit that is no number", "GET", "list?limit=ten", ``, 400, "limit"},
		{"a limit beyond numbers", "GET", "list?limit=99999999999999999999", ``, 400, "limit"},
		{"an unknown state", "GET", "list?state=enabled", ``, 400, "ENABLED or DISABLED"},
		{"an unknown flag", "GET", "list?enabled=yes", ``, 400, "true or false"},
		{"a filter twice", "GET", "list?id=a&id=b", ``, 400, "id"},
		{"a NUL in a filter", "GET", "list?id=%00", ``, 400, "id"},
		{"a bad escape", "GET", "list?id=%zz", ``, 400, ""},
		{"a taken id", "PUT", "one", `{"path":"p9","handler_script_path":"/h.py"}`, 409, `the id \"one\"`},
		{"a taken path", "PUT", "two", `{"path":"p1","handler_script_path":"/h.py"}`, 409, `the path \"p1\"`},
		{"no such endpoint", "GET", "none", ``, 404, ""},
		{"no such endpoint to change", "PATCH", "none", `{"enabled":true}`, 404, ""},
		{"no such endpoint to delete", "DELETE", "none", ``, 404, ""},
		{"no such history", "GET", "none/history", ``, 404, ""},
		{"no such calls", "GET", "none/calls", ``, 404, ""},
		{"no such script", "GET", "none/script", ``, 404, ""},
		{"a history of a strange length", "GET", "one/history?limit=0", ``, 400, "limit"},
		{"a wrong method", "POST", "one", `{}`, 405, ""},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := s.do("A", test.method, test.id, test.body)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.text) {
				t.Fatalf("status %d, want %d, with %q: %s", w.Code, test.status, test.text, w.Body)
			}
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
			if w.Body.Len() > 2000 {
				t.Errorf("the answer has %d bytes", w.Body.Len())
			}
		})
	}
	got := s.want(200, "A", "GET", "list", "").Body.String()
	want := `{"endpoints":[{"id":"one","path":"p1","handler_script_path":"/A/hello.py","state":"ENABLED"}]}`
	if got != want {
		t.Errorf("afterwards there is %s, want %s", got, want)
	}
}

// Every fault of a body is told, and where it is.
func TestFaultsTogether(t *testing.T) {
	s := open(t)
	w := s.want(400, "A", "PUT", "a.b", `{"path":"/","handler_script_path":""}`)
	f := decode[fault](t, w)
	var got []string
	for _, e := range f.Errors {
		got = append(got, e.In+" "+e.Name+e.Pointer)
	}
	if diff := cmp.Diff([]string{"path id", "body /path", "body /handler_script_path"}, got); diff != "" {
		t.Error(diff)
	}
	var members []string
	for i := range 5000 {
		members = append(members, fmt.Sprintf(`"x%d":0`, i))
	}
	w = s.want(400, "A", "PUT", "a", "{"+strings.Join(members, ",")+"}")
	f = decode[fault](t, w)
	if len(f.Errors) != 12 || w.Body.Len() > 8<<10 || !strings.Contains(f.Detail, "path is missing") {
		t.Errorf("of 5000 unknown members %d bytes are told: %+v", w.Body.Len(), f)
	}
}

// A body is JSON whatever its type is called.
func TestContentTypes(t *testing.T) {
	s := open(t)
	for i, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "nonsense"} {
		s.want(201, "A", "PUT", fmt.Sprint("e", i), fmt.Sprintf(`{"path":"p%d","handler_script_path":"/h.py"}`, i), "Content-Type", kind)
	}
}

func TestListFilters(t *testing.T) {
	s := open(t)
	for _, id := range []string{"c", "a", "b"} {
		s.want(201, "A", "PUT", id, `{"path":"p`+id+`","handler_script_path":"/`+id+`.py"}`)
	}
	s.want(201, "B", "PUT", "a", `{"path":"pa","handler_script_path":"/b.py"}`)
	s.want(200, "A", "PATCH", "b", `{"enabled":false}`)
	for query, want := range map[string]string{
		"":                                "a b c",
		"?limit=2":                        "a b",
		"?offset=1":                       "b c",
		"?offset=1&limit=1":               "b",
		"?offset=3":                       "",
		"?limit=0":                        "",
		"?id=b":                           "b",
		"?id=":                            "",
		"?path=pc":                        "c",
		"?handler=%2Fa.py":                "a",
		"?handler_script_path=%2Fa.py":    "a",
		"?handler=%2Fa.py&id=b":           "",
		"?state=ENABLED":                  "a c",
		"?enabled=False":                  "b",
		"?enabled=true&state=DISABLED":    "",
		"?id=%25":                         "",
		"?id=_":                           "",
		"?path='%3B+DROP+TABLE+endpoints": "",
	} {
		w := s.want(200, "A", "GET", "list"+query, "")
		l := decode[struct {
			ID        *string
			Endpoints []struct{ ID string }
		}](t, w)
		var ids []string
		for _, e := range l.Endpoints {
			ids = append(ids, e.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		if (l.ID != nil) != strings.Contains(query, "id=") {
			t.Errorf("%s: the id is told where it was not asked for, or the other way round: %s", query, w.Body)
		}
	}
}

func TestConditions(t *testing.T) {
	leak.Check(t)
	s := open(t)
	body := `{"path":"p","handler_script_path":"/h.py"}`
	first := s.want(201, "A", "PUT", "x", body, "If-None-Match", "*").Header().Get("ETag")
	if got := s.want(200, "A", "GET", "x", "").Header().Get("ETag"); !strings.HasPrefix(got, strings.TrimSuffix(first, `"`)+".") {
		t.Errorf("the tag is %s after %s, want one that also tells of the missing script", got, first)
	}
	s.script("h.py", "# go: hello\n")
	if got := s.want(200, "A", "GET", "x", "").Header().Get("ETag"); got != first {
		t.Errorf("the tag is %s, want %s", got, first)
	}
	if w := s.want(304, "A", "GET", "x", "", "If-None-Match", first); w.Body.Len() > 0 {
		t.Error("304 with a body")
	}
	s.want(200, "A", "GET", "x", "", "If-None-Match", `"0"`)
	s.want(412, "A", "GET", "x", "", "If-Match", `"0"`)
	s.want(412, "A", "PUT", "x", body, "If-None-Match", "*")
	s.want(412, "A", "PUT", "new", body, "If-Match", first)
	s.want(409, "A", "PUT", "x", body, "If-Match", first)
	second := s.want(200, "A", "PATCH", "x", `{"enabled":false}`, "If-Match", first).Header().Get("ETag")
	if second == first {
		t.Error("a change left the tag as it was")
	}
	s.want(412, "A", "PATCH", "x", `{"enabled":true}`, "If-Match", first)
	s.want(412, "A", "DELETE", "x", "", "If-Match", first)
	s.want(412, "A", "PATCH", "x", `{"enabled":true}`, "If-Match", "nonsense")
	s.want(412, "A", "PATCH", "x", `{"enabled":true}`, "If-None-Match", second)
	s.want(200, "A", "PATCH", "x", `{"enabled":false}`, "If-Match", first+", "+second)
	s.want(200, "A", "PATCH", "x", `{}`, "If-Match", "*")
	s.want(200, "A", "DELETE", "x", "", "If-Match", "*")
	s.want(404, "A", "DELETE", "x", "", "If-Match", "*")
}

func TestHistory(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "hello")
	s.want(200, "A", "PATCH", "x", `{"path":"q"}`)
	s.want(200, "A", "DELETE", "x", "")
	type state struct{ ID, Path, State string }
	type line struct {
		User, Action  string
		Before, After *state
	}
	type trail struct {
		ID      string
		Changes []line
	}
	got := decode[trail](t, s.want(200, "A", "GET", "x/history", ""))
	p, q := &state{"x", "p", "ENABLED"}, &state{"x", "q", "ENABLED"}
	want := trail{"x", []line{{"A", "delete", q, nil}, {"A", "update", p, q}, {"A", "create", nil, p}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := decode[trail](t, s.want(200, "A", "GET", "x/history?limit=1", "")); len(got.Changes) != 1 {
		t.Errorf("limit=1 gave %d changes", len(got.Changes))
	}
	s.want(404, "B", "GET", "x/history", "")
}

// A script that fails can be switched off, and mended later.
func TestBrokenScript(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "hello")
	s.want(200, "A", "GET", "u/p", "")
	s.script("A/hello.py", "broken\n")
	s.want(200, "A", "GET", "u/p", "") // by the last version that compiled
	v := decode[struct{ Error string }](t, s.want(200, "A", "GET", "x", ""))
	if v.Error != "A/hello.py:1:5: got newline, want go" {
		t.Errorf("error %q", v.Error)
	}
	if w := s.want(200, "A", "GET", "list", ""); !strings.Contains(w.Body.String(), "1:5") {
		t.Errorf("the list does not tell: %s", w.Body)
	}
	f := decode[fault](t, s.want(400, "A", "PATCH", "x", `{"handler_script_path":"/A/hello.py"}`))
	if f.Line != 1 || f.Column != 5 || len(f.Errors) != 1 || f.Errors[0].Pointer != "/handler_script_path" {
		t.Errorf("problem %+v", f)
	}
	s.want(200, "A", "PATCH", "x", `{"enabled":false}`)
	s.want(404, "A", "GET", "u/p", "")
	s.script("A/hello.py", "# go: echo\n")
	s.want(200, "A", "PATCH", "x", `{"enabled":true}`)
	if w := s.want(200, "A", "GET", "u/p?a=b", ""); w.Body.String() != "GET a=b" {
		t.Errorf("body %q", w.Body)
	}
	if w := s.want(200, "A", "GET", "x", ""); strings.Contains(w.Body.String(), "error") {
		t.Errorf("the fault stays: %s", w.Body)
	}
}

// Users whose account is none are refused, everywhere.
func TestNoAccount(t *testing.T) {
	for _, account := range []string{"", "a\nb", "\xff", strings.Repeat("a", 129)} {
		s := open(t, func(o *manage.Options) { o.Account = func(*endpoint.User) string { return account } })
		for _, request := range []string{"GET list", "GET x", "GET u/p", "DELETE x", "GET x/history", "GET x/calls", "GET x/script"} {
			method, path, _ := strings.Cut(request, " ")
			s.want(http.StatusForbidden, "A", method, path, "")
		}
		s.want(http.StatusForbidden, "A", "PUT", "x", `{"path":"p","handler_script_path":"/h.py"}`)
	}
}

func TestDetail(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "raise")
	s.want(500, "A", "GET", "u/p", "")
	type view struct {
		Revision  int
		Modified  string
		Telemetry struct {
			Calls, Errors int
			Mean          float64 `json:"mean_ms"`
			Max           float64 `json:"max_ms"`
		}
	}
	v := decode[struct{ Endpoints []view }](t, s.want(200, "A", "GET", "list?detail=true", "")).Endpoints[0]
	if v.Revision != 1 || v.Modified == "" || v.Telemetry.Calls != 1 || v.Telemetry.Errors != 1 || v.Telemetry.Mean > v.Telemetry.Max {
		t.Errorf("details %+v", v)
	}
	if one := decode[view](t, s.want(200, "A", "GET", "x?detail=true", "")); one != v {
		t.Errorf("alone %+v, in the list %+v", one, v)
	}
}
