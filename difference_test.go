package endpoint_test

import (
	stdjson "encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// Each test shows one difference from what an engineer knows: what happens
// there, what happens here, and why. Where the other side can be run, it is.

// differencePlay serves a request and returns status, Location and body.
func differencePlay(h http.Handler, method, target, contentType, body string) (status int, location, text string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

// differenceStatus serves a request without a body and compares the status.
func differenceStatus(t *testing.T, side string, h http.Handler, method, target string, want int) {
	t.Helper()
	if got, _, _ := differencePlay(h, method, target, "", ""); got != want {
		t.Errorf("%s: %s %s has status %d, want %d", side, method, target, got, want)
	}
}

// differencePanics reports whether f panics.
func differencePanics(f func()) (panics bool) {
	defer func() { panics = recover() != nil }()
	f()
	return false
}

// differenceOK is a handler for the other side.
func differenceOK(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

// There: ServeMux redirects a path that is not clean to the cleaned one.
// Here: it matches nothing.
// Why: a proxy in front that judged the path saw another one than the handler
// would.
func TestDifferenceCleanPaths(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/a/b", differenceOK)
	if status, location, _ := differencePlay(mux, "GET", "/a//b", "", ""); status/100 != 3 || location != "/a/b" {
		t.Errorf("there: status %d, Location %q", status, location)
	}
	api := endpoint.New()
	api.Get("a/b", func() {})
	differenceStatus(t, "here", api, "GET", "/a//b", http.StatusNotFound)
}

// There: ServeMux panics when two patterns overlap and neither is more
// specific as a whole.
// Here: both are served, and the first literal from the left decides.
// Why: a rule that always decides needs no arrangement between two authors.
func TestDifferenceOverlap(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/a/{x}", differenceOK)
	if !differencePanics(func() { mux.HandleFunc("/{y}/b", differenceOK) }) {
		t.Error("there: no panic")
	}
	api := endpoint.New()
	api.Get(":y/b", func(y string) string { return "y " + y })
	api.Get("a/:x", func(x string) string { return "x " + x })
	if _, _, text := differencePlay(api, "GET", "/a/b", "", ""); text != "x b" {
		t.Errorf("here: %q answers", text)
	}
}

// There: ServeMux chooses by method and path together, so GET of a path that is
// there for POST falls to a wider pattern.
// Here: the path is chosen first, and answers 405.
// Why: a client with the wrong method learns so, instead of being answered by
// something else.
func TestDifferenceMethodAfterPath(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/{id}", differenceOK)
	mux.HandleFunc("/users/", differenceOK)
	differenceStatus(t, "there", mux, "GET", "/users/7", http.StatusOK)
	api := endpoint.New()
	api.Post("users/:id", func(int) {})
	api.Handle("users/", func() {})
	differenceStatus(t, "here", api, "GET", "/users/7", http.StatusMethodNotAllowed)
}

// There: ServeMux answers OPTIONS with 405 unless it is registered.
// Here: with 204 and Allow.
// Why: the answer is known, and a client may ask.
func TestDifferenceOptions(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /a", differenceOK)
	differenceStatus(t, "there", mux, "OPTIONS", "/a", http.StatusMethodNotAllowed)
	api := endpoint.New()
	api.Get("a", func() {})
	differenceStatus(t, "here", api, "OPTIONS", "/a", http.StatusNoContent)
}

// There: the pattern "/" of ServeMux is everything, and "/{$}" the root.
// Here: "/" is everything too, and "" the root.
// Why: a path without a slash at its end is exact, the empty one as any other.
func TestDifferenceRoot(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", differenceOK)
	differenceStatus(t, "there", mux, "GET", "/", http.StatusOK)
	differenceStatus(t, "there", mux, "GET", "/a", http.StatusNotFound)
	api := endpoint.New()
	api.Get("", func() string { return "root" })
	differenceStatus(t, "here", api, "GET", "/", http.StatusOK)
	differenceStatus(t, "here", api, "GET", "/a", http.StatusNotFound)
}

// There: a wrong registration in ServeMux, httprouter and gin panics, one at a
// time.
// Here: Compile returns all faults.
// Why: a test can print them, and a service can go on with what it had.
func TestDifferenceFaults(t *testing.T) {
	mux := http.NewServeMux()
	if !differencePanics(func() { mux.HandleFunc("/{", differenceOK) }) {
		t.Error("there: no panic")
	}
	api := endpoint.New()
	api.Get("users/:", func() {})
	api.Get("a", func(chan int) {})
	err := api.Compile()
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 2 {
		t.Errorf("here: %v", err)
	}
}

// There: a panic in a handler of net/http ends the connection without an answer.
// Here: it is a 500, and logged.
// Why: the client sees that the fault is the server's.
func TestDifferencePanic(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("there") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	if answer, err := server.Client().Get(server.URL); err == nil {
		_ = answer.Body.Close()
		t.Errorf("there: status %d", answer.StatusCode)
	}
	api := endpoint.New(exampleQuiet())
	api.Get("", func() { panic("here") })
	differenceStatus(t, "here", api, "GET", "/", http.StatusInternalServerError)
}

// There: FormValue of net/http and c.ShouldBind of gin take a name from the
// query where the form lacks it.
// Here: a field has one source.
// Why: a value that is meant to be posted cannot be put into a link.
func TestDifferenceSources(t *testing.T) {
	there := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("to")) })
	const form = "application/x-www-form-urlencoded"
	if _, _, text := differencePlay(there, "POST", "/?to=eve", form, "amount=1"); text != "eve" {
		t.Errorf("there: %q", text)
	}
	api := endpoint.New()
	api.Post("", func(in struct {
		To string `form:"to"`
	}) string {
		return in.To
	})
	if _, _, text := differencePlay(api, "POST", "/?to=eve", form, "amount=1"); text != "" {
		t.Errorf("here: %q", text)
	}
}

// There: of a parameter that is sent twice, Query().Get of net/http and
// c.Query of gin take the first.
// Here: it is a fault.
// Why: two programs that take different ones disagree on what was asked.
func TestDifferenceRepeated(t *testing.T) {
	there := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Query().Get("id")) })
	if _, _, text := differencePlay(there, "GET", "/?id=1&id=2", "", ""); text != "1" {
		t.Errorf("there: %q", text)
	}
	api := endpoint.New()
	api.Get("", func(in struct {
		ID int `query:"id"`
	}) int {
		return in.ID
	})
	differenceStatus(t, "here", api, "GET", "/?id=1&id=2", http.StatusUnprocessableEntity)
}

// There: Query of net/http drops what has a semicolon or a bad escape.
// Here: the request is malformed.
// Why: the rest of a query that is half understood is a guess.
func TestDifferenceMalformedQuery(t *testing.T) {
	there := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Query()) })
	if status, _, text := differencePlay(there, "GET", "/?a=1&b=%zz", "", ""); status != http.StatusOK || text != "map[a:[1]]" {
		t.Errorf("there: %d %q", status, text)
	}
	api := endpoint.New()
	api.Get("", func(in struct {
		A int `query:"a"`
	}) int {
		return in.A
	})
	differenceStatus(t, "here", api, "GET", "/?a=1&b=%zz", http.StatusBadRequest)
}

// There: encoding/json takes a name in any case, and the last of two.
// Here: names are exact and stand once.
// Why: what another parser checked may be another value than the one that is
// used.
func TestDifferenceJSONNames(t *testing.T) {
	const body = `{"admin":false,"ADMIN":true}`
	var there struct {
		Admin bool `json:"admin"`
	}
	if err := stdjson.Unmarshal([]byte(body), &there); err != nil || !there.Admin {
		t.Errorf("there: %v %v", there, err)
	}
	api := endpoint.New()
	api.Post("", func(in struct {
		Admin bool `json:"admin"`
	}) bool {
		return in.Admin
	})
	if _, _, text := differencePlay(api, "POST", "/", "application/json", body); text != "false" {
		t.Errorf("here: %q", text)
	}
	if status, _, _ := differencePlay(api, "POST", "/", "application/json", `{"admin":false,"admin":true}`); status != http.StatusBadRequest {
		t.Errorf("here: a name twice has status %d", status)
	}
}

// There: net/http reads a body of any size.
// Here: more than 1 MiB is 413 unless MaxBody says otherwise.
// Why: the limit that nobody thought of should not be the memory.
func TestDifferenceBodyLimit(t *testing.T) {
	large := strings.Repeat("x", 1<<20+1)
	there := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	if status, _, _ := differencePlay(there, "POST", "/", "", large); status != http.StatusOK {
		t.Errorf("there: status %d", status)
	}
	api := endpoint.New()
	api.Post("", func(b []byte) int { return len(b) })
	if status, _, _ := differencePlay(api, "POST", "/", "", large); status != http.StatusRequestEntityTooLarge {
		t.Errorf("here: status %d", status)
	}
}
