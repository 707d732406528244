package endpoint_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	playground "github.com/go-playground/validator/v10"
	peer "github.com/julienschmidt/httprouter"
	"github.com/seed217079a1/endpoint"
)

// differenceRoute is a handler for httprouter.
func differenceRoute(w http.ResponseWriter, _ *http.Request, _ peer.Params) {
	_, _ = io.WriteString(w, "ok")
}

// There: httprouter refuses a literal beside a parameter.
// Here: both are served; the literal is more specific.
// Why: users/me beside users/:id is what people write.
func TestDifferenceLiteralBesideParameter(t *testing.T) {
	router := peer.New()
	router.GET("/users/:id", differenceRoute)
	if !differencePanics(func() { router.GET("/users/me", differenceRoute) }) {
		t.Error("there: no panic")
	}
	api := endpoint.New()
	api.Get("users/:id", func(id string) string { return id })
	api.Get("users/me", func() string { return "it is me" })
	if _, _, text := differencePlay(api, "GET", "/users/me", "", ""); text != "it is me" {
		t.Errorf("here: %q", text)
	}
}

// There: httprouter and gin redirect /users/ to /users and, httprouter, also
// /Users.
// Here: only a prefix has a bare form that redirects; all else is not found.
// Why: a link that is wrong is mended where it is written.
func TestDifferenceFixedPaths(t *testing.T) {
	router := peer.New()
	router.GET("/users", differenceRoute)
	differenceStatus(t, "there", router, "GET", "/users/", http.StatusMovedPermanently)
	differenceStatus(t, "there", router, "GET", "/Users", http.StatusMovedPermanently)
	api := endpoint.New()
	api.Get("users", func() {})
	differenceStatus(t, "here", api, "GET", "/users/", http.StatusNotFound)
	differenceStatus(t, "here", api, "GET", "/Users", http.StatusNotFound)
}

// There: httprouter splits the decoded path, so %2F separates.
// Here: the escaped path is split, and a parameter may hold a slash.
// Why: who escapes a slash means text.
func TestDifferenceEscapedSlash(t *testing.T) {
	router := peer.New()
	router.GET("/users/:id", differenceRoute)
	differenceStatus(t, "there", router, "GET", "/users/a%2Fb", http.StatusNotFound)
	api := endpoint.New()
	api.Get("users/:id", func(id string) string { return id })
	if _, _, text := differencePlay(api, "GET", "/users/a%2Fb", "", ""); text != "a/b" {
		t.Errorf("here: %q", text)
	}
}

// There: what *path of httprouter and gin matches begins with a slash.
// Here: it does not.
// Why: it is the path of a file below a directory, and not one from the root.
func TestDifferenceRest(t *testing.T) {
	router := peer.New()
	router.GET("/files/*path", func(w http.ResponseWriter, _ *http.Request, p peer.Params) {
		fmt.Fprint(w, p.ByName("path"))
	})
	if _, _, text := differencePlay(router, "GET", "/files/a/b", "", ""); text != "/a/b" {
		t.Errorf("there: %q", text)
	}
	api := endpoint.New()
	api.Get("files/*path", func(path string) string { return path })
	if _, _, text := differencePlay(api, "GET", "/files/a/b", "", ""); text != "a/b" {
		t.Errorf("here: %q", text)
	}
}

// There: httprouter and gin answer HEAD only where it is registered.
// Here: HEAD follows GET, as in ServeMux.
// Why: RFC 9110 asks every server for both.
func TestDifferenceHead(t *testing.T) {
	router := peer.New()
	router.GET("/a", differenceRoute)
	differenceStatus(t, "there", router, "HEAD", "/a", http.StatusMethodNotAllowed)
	api := endpoint.New()
	api.Get("a", func() string { return "a" })
	differenceStatus(t, "here", api, "HEAD", "/a", http.StatusOK)
}

// There: the rule required of validator/v10, which is gin's binding:"required",
// refuses an explicit 0, false or "".
// Here: required means sent.
// Why: zero is a value, and a pointer to tell it from nothing is a detour.
func TestDifferenceRequired(t *testing.T) {
	type in struct {
		Count int `json:"count" validate:"required"`
	}
	if err := playground.New().Struct(in{Count: 0}); err == nil {
		t.Error("there: no fault")
	}
	api := endpoint.New()
	api.Post("", func(in) {})
	if status, _, text := differencePlay(api, "POST", "/", "application/json", `{"count":0}`); status != http.StatusNoContent {
		t.Errorf("here: status %d %s", status, text)
	}
	if status, _, _ := differencePlay(api, "POST", "/", "application/json", `{}`); status != http.StatusUnprocessableEntity {
		t.Errorf("here: absent has status %d", status)
	}
}

// There: a rule such as min=1 of validator/v10 is broken by what is absent, as
// its zero value is 0.
// Here: rules apply to what was sent.
// Why: whether a value has to be sent is what required says.
func TestDifferenceAbsent(t *testing.T) {
	type in struct {
		Count int `json:"count" validate:"min=1"`
	}
	if err := playground.New().Struct(in{}); err == nil {
		t.Error("there: no fault")
	}
	api := endpoint.New()
	api.Post("", func(in) {})
	if status, _, text := differencePlay(api, "POST", "/", "application/json", `{}`); status != http.StatusNoContent {
		t.Errorf("here: status %d %s", status, text)
	}
}

// There: huma repeats the value that was sent in its faults.
// Here: a fault names the input and the rule, and never has the value.
// Why: what was sent may be a password, or a page's worth of script.
func TestDifferenceEcho(t *testing.T) {
	api := endpoint.New()
	api.Get("", func(in struct {
		Page int `query:"page"`
	}) {
	})
	status, _, text := differencePlay(api, "GET", "/?page=hunter2", "", "")
	if status != http.StatusUnprocessableEntity || strings.Contains(text, "hunter2") {
		t.Errorf("here: %d %s", status, text)
	}
}

// There: huma refuses body members that the input does not have.
// Here: they are ignored and never bound, and Strict refuses them.
// Why: a client that is newer than the server still works.
func TestDifferenceUnknownMembers(t *testing.T) {
	for _, strict := range []bool{false, true} {
		api, want := endpoint.New(), http.StatusNoContent
		if strict {
			api, want = endpoint.New(endpoint.Strict()), http.StatusUnprocessableEntity
		}
		api.Post("", func(struct {
			Name string `json:"name"`
		}) {
		})
		if status, _, _ := differencePlay(api, "POST", "/", "application/json", `{"name":"a","role":"admin"}`); status != want {
			t.Errorf("here: strict %t has status %d, want %d", strict, status, want)
		}
	}
}

// There: a handler of huma takes one input struct, and returns one output
// struct with a field Body; one of gin takes *gin.Context.
// Here: it takes what it needs and returns what it has.
// Why: such a function is called by a test, and by other code, as it is.
func TestDifferencePlainFunctions(t *testing.T) {
	add := func(a, b int) int { return a + b }
	if add(1, 2) != 3 {
		t.Error("a plain function is called as it is")
	}
	api := endpoint.New()
	api.Get("add/:a/:b", add)
	if _, _, text := differencePlay(api, "GET", "/add/1/2", "", ""); text != "3" {
		t.Errorf("here: %q", text)
	}
}
