package endpointtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
)

type user struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

func answers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/user", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-One", "1")
		fmt.Fprint(w, `{"id":42,"name":"Ada","more":true}`)
	})
	mux.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain") })
	mux.HandleFunc("/quoted", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(w, `"plain"`)
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("out of luck") })
	mux.HandleFunc("/abort", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9")
		fmt.Fprint(w, "half")
	})
	api := endpoint.New()
	api.Post("problem", func(struct {
		Limit int `query:"limit" validate:"max=5"`
		User  struct {
			Mail string `json:"mail" validate:"email"`
		} `body:"json"`
	}) {
	})
	mux.Handle("/problem", api)
	return mux
}

// TestAnswer checks what the checks accept.
func TestAnswer(t *testing.T) {
	c := endpointtest.New(t, answers())
	var u user
	a := c.Get("/user").Status(200).Header("X-One", "1").Header("X-None", "").JSON(&u)
	a.Equal(user{42, "Ada"}).Equal(map[string]any{"id": 42.0, "name": "Ada", "more": true})
	a.Equal(user{7, "Ada"}, cmpopts.IgnoreFields(user{}, "ID"))
	a.Equal([]byte(`{"id":42,"name":"Ada","more":true}`))
	if u != (user{42, "Ada"}) {
		t.Errorf("decoded %+v", u)
	}
	c.Get("/text").Status(200).Equal("plain").Equal([]byte("plain"))
	c.Get("/quoted").Status(200).Equal("plain").Equal([]byte(`"plain"`))
	if got := c.Get("/text").Send().Text(); got != "plain" {
		t.Errorf("text %q", got)
	}
	c.Post("/problem?limit=6").Body(map[string]string{"mail": "x"}).Problem(422, "body /mail email", "query limit max")
	c.Post("/problem?limit=6").Body(map[string]string{"mail": "x"}).Problem(422)
	c.Get("/problem").Problem(405)
	r := c.Get("/user").Send().Result()
	if body, err := io.ReadAll(r.Body); err != nil || len(body) != 34 || r.Header.Get("X-One") != "1" || r.StatusCode != 200 {
		t.Errorf("the result is %+v with %q, %v", r, body, err)
	}
}

// TestFailures checks that a check which fails says why, and ends the test.
func TestFailures(t *testing.T) {
	tests := []struct {
		reason string
		check  func(c *endpointtest.Client)
		texts  []string
	}{
		{"status", func(c *endpointtest.Client) { c.Get("/text").Status(201) }, []string{"status 200, want 201", "> GET /text", "< 200 OK", "< plain"}},
		{"header", func(c *endpointtest.Client) { c.Get("/user").Send().Header("X-One", "2") }, []string{`header X-One is ["1"], want "2"`}},
		{"header that should be absent", func(c *endpointtest.Client) { c.Get("/user").Send().Header("X-One", "") }, []string{`header X-One is ["1"], want ""`}},
		{"JSON that is text", func(c *endpointtest.Client) { c.Get("/text").Send().JSON(new(user)) }, []string{`content type "text/plain" is no JSON`}},
		{"JSON that does not fit", func(c *endpointtest.Client) { c.Get("/quoted").Send().JSON(new(user)) }, []string{"does not fit into *endpointtest_test.user"}},
		{"a difference", func(c *endpointtest.Client) { c.Get("/user").Send().Equal(user{42, "Eve"}) }, []string{"the body differs (-want +got)", `"Eve"`, `"Ada"`, "<   \"id\": 42,"}},
		{"what go-cmp does not look into", func(c *endpointtest.Client) {
			c.Get("/user").Send().Equal(struct{ ID, hidden int }{42, 1})
		}, []string{"the body cannot be compared", "unexported field", "< 200 OK"}},
		{"a text that differs", func(c *endpointtest.Client) { c.Get("/text").Send().Equal("other") }, []string{"the body differs"}},
		{"no problem", func(c *endpointtest.Client) { c.Get("/user").Problem(200) }, []string{`content type "application/json" is no application/problem+json`}},
		{"other faults", func(c *endpointtest.Client) {
			c.Post("/problem?limit=6").Body(map[string]string{}).Problem(422, "query limit min")
		}, []string{"the faults differ", "query limit max", "> POST /problem?limit=6", "> {}"}},
		{"a panic", func(c *endpointtest.Client) { c.Get("/panic").Send() }, []string{"the handler panics: out of luck", "answers"}},
		{"half an answer", func(c *endpointtest.Client) { c.Get("/abort").Status(200).Text() }, []string{"the connection was cut", "< half"}},
		{"less than was announced", func(c *endpointtest.Client) { c.Get("/short").Status(200).Text() }, []string{"the connection was cut"}},
	}
	for _, tt := range tests {
		ended := true
		messages := run(func(t testing.TB) {
			tt.check(endpointtest.New(t, answers()))
			ended = false
		})
		if !ended {
			t.Errorf("%s: the test goes on", tt.reason)
		}
		wantMessage(t, tt.reason, messages, tt.texts...)
	}
}

// TestHandlerFails checks that a handler may end the test.
func TestHandlerFails(t *testing.T) {
	messages := run(func(t testing.TB) {
		endpointtest.New(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Fatalf("not this way") })).Get("/").Send()
		t.Errorf("the test goes on")
	})
	if d := cmp.Diff([]string{"not this way"}, messages); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestAsServer checks that answers are those of a net/http server.
func TestAsServer(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"nothing":      func(http.ResponseWriter, *http.Request) {},
		"status":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) },
		"two statuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); fmt.Fprint(w, "a") },
		"early hints":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(202) },
		"text":         func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain") },
		"html":         func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!doctype html>") },
		"own type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "x/y")
			fmt.Fprint(w, "a")
		},
		"no type":  func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil; fmt.Fprint(w, "a") },
		"too late": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); w.Header().Set("X-Late", "1") },
		"no content": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			_, err := fmt.Fprint(w, "a")
			note(err)
		},
		"not modified": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(304)
			_, err := fmt.Fprint(w, "a")
			note(err)
		},
		"more than length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1")
			fmt.Fprint(w, "a")
			fmt.Fprint(w, "b")
		},
		"flushed": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "a")
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "b")
		},
	}
	for name, h := range handlers {
		for _, method := range []string{"GET", "HEAD"} {
			server := httptest.NewServer(h)
			req, _ := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
			want, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			wantBody, _ := io.ReadAll(want.Body)
			want.Body.Close()
			server.Close()
			got := endpointtest.New(t, h).Do(method, "/").Send()
			gotBody := got.Text()
			result := got.Result()
			// What only a server adds.
			for _, added := range []string{"Date", "Content-Length", "Transfer-Encoding"} {
				want.Header.Del(added)
				result.Header.Del(added)
			}
			for n, v := range result.Header {
				if len(v) == 0 {
					delete(result.Header, n)
				}
			}
			if method == "HEAD" {
				want.Header.Del("Content-Type") // a server may look at what it does not send
				result.Header.Del("Content-Type")
			}
			wantText := strconv.Itoa(want.StatusCode) + fmt.Sprint(want.Header) + string(wantBody)
			gotText := strconv.Itoa(result.StatusCode) + fmt.Sprint(result.Header) + gotBody
			if d := cmp.Diff(wantText, gotText); d != "" {
				t.Errorf("%s %s differs from a server (-server +got):\n%s", method, name, d)
			}
		}
	}
}

func note(err error) {
	if err == nil || !strings.Contains(err.Error(), "body") {
		panic("a body is taken where none is allowed")
	}
}
