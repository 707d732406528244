package endpointtest_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/openapi"
)

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

type item struct {
	Name  string   `json:"name" validate:"required,min=1,max=10"`
	Count int8     `json:"count" validate:"min=1"`
	Tags  []string `json:"tags" validate:"max=3,dive,oneof=a b"`
}

// items is an API whose document is true.
func items() *endpoint.API {
	api := endpoint.New(endpoint.Logger(silent()))
	api.Post("items", func(in item) item { return in })
	api.Get("items/:id", func(in struct {
		ID    uint8    `path:"id"`
		Limit int      `query:"limit" default:"5" validate:"min=1,max=9"`
		Tags  []string `query:"tag" validate:"max=2"`
		Key   string   `header:"X-Key" validate:"required,alphanum"`
	}) (item, error) {
		return item{Name: "x", Count: 1}, nil
	})
	return api
}

// TestAgree checks an API whose document is true.
func TestAgree(t *testing.T) {
	leak.Check(t)
	endpointtest.New(t, items()).Agree(100)
}

// changed puts something between the API and its client.
func changed(h http.Handler, change func(w http.ResponseWriter, r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !change(w, r) {
			h.ServeHTTP(w, r)
		}
	})
}

// TestDisagree checks that every way in which a server and its document may
// differ is found.
func TestDisagree(t *testing.T) {
	answer := func(status int, contentType, body string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "GET" {
				return false
			}
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	good := `{"name":"x","count":1,"tags":[]}`
	tests := []struct {
		reason, text string
		change       func(w http.ResponseWriter, r *http.Request) bool
	}{
		{"a valid request is refused", "a valid request is refused by 422", answer(422, "application/problem+json", `{"title":"x","status":422}`)},
		{"a broken request is taken", "a broken request is answered with 200", answer(200, "application/json", good)},
		{"the server fails", "the server fails with 500", answer(500, "application/problem+json", `{"title":"x","status":500}`)},
		{"credentials are needed", "give the client a user by As", answer(401, "application/problem+json", `{"title":"x","status":401}`)},
		{"another status", "status 202 of POST /items is not documented", answer(202, "application/json", good)},
		{"another type", `content type "text/html" is not documented`, answer(200, "text/html", "<p>")},
		{"another body", "body /count: 300 is", answer(200, "application/json", `{"name":"x","count":300,"tags":[]}`)},
		{"a panic", "the handler panics: boom", func(http.ResponseWriter, *http.Request) bool { panic("boom") }},
	}
	for _, tt := range tests {
		api := items()
		messages := run(func(t testing.TB) {
			endpointtest.New(t, changed(api, tt.change)).Contract(api, "").Agree(50)
		})
		if len(messages) == 0 || !strings.Contains(strings.Join(messages, "\n"), tt.text) {
			t.Errorf("%s: want %q:\n%s", tt.reason, tt.text, strings.Join(messages, "\n"))
		}
	}
}

// TestContract checks that each answer is held to the document.
func TestContract(t *testing.T) {
	api := items()
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", changed(api, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Lie") == "" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"name": 7}`)
		return true
	})))
	send := func(c *endpointtest.Client) {
		c.Post("/api/items").Header("X-Lie", "1").Body(item{Name: "x", Count: 1}).Status(200)
		c.Post("/api/items").Body(item{Name: "x", Count: 1}).Status(200)
		c.Get("/elsewhere").Status(404)
		c.Get("/api/items").Status(405)
	}
	wantMessage(t, "with the document", run(func(t testing.TB) { send(endpointtest.New(t, mux).Contract(api, "/api")) }),
		"the document does not have this answer", "body /name: 7 is integer, not string", "> POST /api/items", "\"name\": 7")
	for reason, c := range map[string]func(t testing.TB) *endpointtest.Client{
		"a handler that is no API": func(t testing.TB) *endpointtest.Client { return endpointtest.New(t, mux) },
		"turned off": func(t testing.TB) *endpointtest.Client {
			return endpointtest.New(t, mux).Contract(api, "/api").Contract(nil, "")
		},
		"a mount that is half a segment": func(t testing.TB) *endpointtest.Client { return endpointtest.New(t, mux).Contract(api, "/ap") },
		"an API that is not mounted":     func(t testing.TB) *endpointtest.Client { return endpointtest.New(t, mux).Contract(api, "/other") },
	} {
		if messages := run(func(t testing.TB) { send(c(t)) }); messages != nil {
			t.Errorf("%s: reported %q", reason, messages)
		}
	}
}

// TestContractFollows checks that the document is that of the running API.
func TestContractFollows(t *testing.T) {
	api := items()
	c := endpointtest.New(t, api)
	c.Get("/items/7").Header("X-Key", "a").Status(200)
	later := api.Get("later", func() int { return 7 })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	c.Get("/later").Status(200).Equal(7)
	later.Disable()
	c.Get("/later").Status(404)
}

// TestContractInfo checks that an info says what the API cannot know.
func TestContractInfo(t *testing.T) {
	api := endpoint.New(endpoint.Use(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	}))
	api.Get("tea", func() {})
	info := openapi.Info{Amend: func(_ endpoint.Operation, object map[string]any) {
		object["responses"].(map[string]any)["418"] = map[string]any{"description": "A teapot."}
	}}
	endpointtest.New(t, api).Contract(api, "", info).Get("/tea").Status(http.StatusTeapot)
	wantMessage(t, "without it", run(func(t testing.TB) { endpointtest.New(t, api).Get("/tea").Status(http.StatusTeapot) }),
		"status 418 of GET /tea is not documented")
}

// TestFaultyAPI checks that an API which cannot be compiled is not a pass.
func TestFaultyAPI(t *testing.T) {
	api := endpoint.New(endpoint.Logger(silent()))
	api.Get("a/:b", func() {})
	wantMessage(t, "a fault", run(func(t testing.TB) { endpointtest.New(t, api).Get("/a/1").Status(500) }), "the API has no document")
}

// FuzzAPI lets a fuzzer look for disagreement.
func FuzzAPI(f *testing.F) { endpointtest.New(f, items()).Fuzz(f) }
