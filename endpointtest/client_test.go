package endpointtest_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// echo answers with what it was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s %s %d %v\n", r.Method, r.RequestURI, r.Host, r.URL.Query().Encode(), r.ContentLength, r.TLS != nil)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "Content-Length" {
			fmt.Fprintf(w, "%s: %s\n", name, strings.Join(r.Header[name], " | "))
		}
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprint(w, r.MultipartForm.Value)
		for _, name := range slices.Sorted(maps.Keys(r.MultipartForm.File)) {
			for _, h := range r.MultipartForm.File[name] {
				f, _ := h.Open()
				text, _ := io.ReadAll(f)
				fmt.Fprintf(w, " %s %s %s", name, h.Filename, text)
			}
		}
		return
	}
	io.Copy(w, r.Body)
}

// TestRequest checks how requests arrive.
func TestRequest(t *testing.T) {
	c := endpointtest.New(t, http.HandlerFunc(echo)).Header("X-Of", "client")
	tests := []struct {
		reason string
		r      *endpointtest.Request
		want   string
	}{
		{"a path", c.Get("/a%2Fb"), "GET /a%2Fb example.com  0 false\nX-Of: client\n"},
		{"without its slash", c.Get("a"), "GET /a example.com  0 false\nX-Of: client\n"},
		{"the root", c.Get(""), "GET / example.com  0 false\nX-Of: client\n"},
		{"of the server", c.Do("OPTIONS", "*"), "OPTIONS * example.com  0 false\nX-Of: client\n"},
		{"another host, with TLS", c.Get("https://api.example.org/a?b=c"), "GET /a?b=c api.example.org b=c 0 true\nX-Of: client\n"},
		{"a URL without a path", c.Get("http://api.example.org?b=c"), "GET /?b=c api.example.org b=c 0 false\nX-Of: client\n"},
		{"query", c.Delete("/a?b=c").Query("d", "é &", "2").Query("d", "3"), "DELETE /a?b=c&d=%C3%A9+%26&d=2&d=3 example.com b=c&d=%C3%A9+%26&d=2&d=3 0 false\nX-Of: client\n"},
		{"header", c.Get("/").Header("x-many", "1", "2").Header("X-Of"), "GET / example.com  0 false\nX-Many: 1 | 2\n"},
		{"cookies", c.Get("/").Cookie("a", "1").Cookie("b", "2"), "GET / example.com  0 false\nCookie: a=1; b=2\nX-Of: client\n"},
		{"JSON as the server writes it", c.Post("/").Body(map[string]any{"b": []int(nil), "a": "<"}), "POST / example.com  16 false\nContent-Type: application/json\nX-Of: client\n" + `{"a":"<","b":[]}`},
		{"another type of JSON", c.Patch("/").Header("Content-Type", "application/merge-patch+json").Body(map[string]any{}), "PATCH / example.com  2 false\nContent-Type: application/merge-patch+json\nX-Of: client\n{}"},
		{"form", c.Put("/").Body(url.Values{"a": {"1 2"}}), "PUT / example.com  5 false\nContent-Type: application/x-www-form-urlencoded\nX-Of: client\na=1+2"},
		{"text", c.Post("/").Body("a"), "POST / example.com  1 false\nX-Of: client\na"},
		{"bytes", c.Post("/").Body([]byte("a")), "POST / example.com  1 false\nX-Of: client\na"},
		{"a reader", c.Post("/").Body(strings.NewReader("a")), "POST / example.com  1 false\nX-Of: client\na"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			for range 2 { // a request may be sent again
				got := tt.r.Send().Text()
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
			}
		})
	}
	r := c.Post("/").Body(url.Values{"a": {"1"}}).File("f", "a.txt", strings.NewReader("one")).File("f", "b.txt", strings.NewReader("two"))
	for range 2 {
		if got := r.Send().Text(); !strings.HasSuffix(got, "map[a:[1]] f a.txt one f b.txt two") {
			t.Errorf("a form with files arrives as %s", got)
		}
	}
}

// TestBadRequest checks what cannot be sent.
func TestBadRequest(t *testing.T) {
	h := http.HandlerFunc(echo)
	tests := []struct {
		reason, text string
		send         func(c *endpointtest.Client)
	}{
		{"a space in a path", `"/a b" has white space; escape it`, func(c *endpointtest.Client) { c.Get("/a b").Send() }},
		{"a line in a method", `the method "GET\nX" has white space`, func(c *endpointtest.Client) { c.Do("GET\nX", "/").Send() }},
		{"a bad escape", `invalid URL escape "%zz"`, func(c *endpointtest.Client) { c.Get("/%zz").Send() }},
		{"a body that is no JSON", "POST /: the body is no JSON", func(c *endpointtest.Client) { c.Post("/").Body(func() {}).Send() }},
		{"JSON beside files", "the body beside files is a map[string]int", func(c *endpointtest.Client) {
			c.Post("/").Body(map[string]int{}).File("f", "f", strings.NewReader("")).Send()
		}},
		{"overrides of a handler that is no API", "As cannot look into a http.HandlerFunc; give New the *endpoint.API itself", func(c *endpointtest.Client) { c.As(nil) }},
		{"agreement without a document", "there is no document to agree with", func(c *endpointtest.Client) { c.Agree(1) }},
	}
	for _, tt := range tests {
		wantMessage(t, tt.reason, run(func(t testing.TB) { tt.send(endpointtest.New(t, h)) }), tt.text)
	}
	wantMessage(t, "no handler", run(func(t testing.TB) { endpointtest.New(t, nil) }), "the handler is nil")
	wantMessage(t, "no API", run(func(t testing.TB) { endpointtest.New(t, (*endpoint.API)(nil)) }), "the handler is nil")
}

// TestCookies checks that a client keeps cookies as a browser does.
func TestCookies(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.URL.Query().Get("v"); v != "" {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: v, Path: "/in"})
		}
		http.SetCookie(w, &http.Cookie{Name: "safe", Value: "1", Secure: true})
		fmt.Fprint(w, r.Header.Get("Cookie"))
	})
	c := endpointtest.New(t, h)
	c.Get("/in/a?v=1").Status(200).Equal("")
	c.Get("/in/b?v=2").Status(200).Equal("seen=1")
	c.Get("/out").Status(200).Equal("")
	c.Get("https://example.com/out").Status(200).Equal("safe=1")
	c.Get("http://other.example/in/").Status(200).Equal("")
	c.With(t).Header("X-A", "b").Get("/in/").Status(200).Equal("seen=2")
	endpointtest.New(t, h).Get("/in/").Status(200).Equal("")
}

type word struct {
	endpoint.Configuration
	Text string
}

type store struct{ name string }

func overridden() *endpoint.API {
	nobody := endpoint.BearerAuth(func(context.Context, string) (*endpoint.User, error) { return nil, endpoint.ErrCredentials })
	api := endpoint.New(endpoint.Auth(nobody))
	api.Configure(word{Text: "hello"})
	api.Provide(&store{"real"})
	answer := func(u *endpoint.User, w word, s *store) string {
		if u == nil {
			u = &endpoint.User{ID: "-"}
		}
		return w.Text + " " + u.ID + " " + s.name
	}
	api.Get("public", answer)
	api.Get("private", answer, endpoint.UserRequired())
	return api
}

// TestOverrides checks that what a client replaces is replaced for it alone.
func TestOverrides(t *testing.T) {
	api := overridden()
	c := endpointtest.New(t, api)
	ada := c.As(&endpoint.User{ID: "ada"})
	bye := ada.Configure(word{Text: "bye"}).Provide(&store{"fake"})
	tests := []struct {
		reason string
		c      *endpointtest.Client
		public string
		status int
	}{
		{"nothing replaced", c, "hello - real", 401},
		{"a user", ada, "hello ada real", 200},
		{"a user, whatever the credentials", ada.Header("Authorization", "Bearer wrong"), "hello ada real", 200},
		{"all of it", bye, "bye ada fake", 200},
		{"another user beside what was replaced before", bye.As(&endpoint.User{ID: "eve"}), "bye eve fake", 200},
		{"nobody", ada.As(nil), "hello - real", 401},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			c := tt.c.With(t)
			c.Get("/public").Status(200).Equal(tt.public)
			c.Get("/private").Status(tt.status)
		})
	}
	wantMessage(t, "a value that is no configuration", run(func(t testing.TB) {
		endpointtest.New(t, api).Configure(7)
	}), "type int does not embed endpoint.Configuration")
	wantMessage(t, "a dependency that nobody can make", run(func(t testing.TB) {
		endpointtest.New(t, api).Provide(func(struct{ N chan int }) *store { return nil })
	}), "endpoint: ")
}

// TestStream reads a feed while the test goes on, and leaves it.
func TestStream(t *testing.T) {
	leak.Check(t)
	news := make(chan string)
	ended := make(chan struct{})
	c := endpointtest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\n\nid: 1\nevent: first\nretry: 1500\ndata: a\ndata: b\n\n")
		http.NewResponseController(w).Flush()
		for {
			select {
			case text := <-news:
				fmt.Fprintf(w, ":\n\ndata:%s\n\n", text)
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	feed := c.Get("/").Status(200)
	first := feed.Events(1)[0]
	if first.ID != "1" || first.Type != "first" || first.Data != "a\nb" || first.Retry.String() != "1.5s" {
		t.Errorf("the first event is %+v", first)
	}
	go func() { news <- "later"; news <- "last" }()
	if list := feed.Events(2); list[0].Data != "later" || list[1].Data != "last" {
		t.Errorf("then come %+v", list)
	}
	feed.Close()
	<-ended
}

// TestLines reads a stream to its end.
func TestLines(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "1\n2\n3\n") })
	a := endpointtest.New(t, h).Get("/").Status(200)
	got := [][]string{a.Lines(1), a.Lines(0), a.Lines(0)}
	if d := cmp.Diff([][]string{{"1"}, {"2", "3"}, nil}, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	wantMessage(t, "too few", run(func(t testing.TB) { endpointtest.New(t, h).Get("/").Send().Lines(4) }), "the stream ended after 3 lines, want 4")
	wantMessage(t, "no events", run(func(t testing.TB) { endpointtest.New(t, h).Get("/").Send().Events(1) }), `content type "text/plain" is no text/event-stream`)
}

// TestFeedEnds checks that the end of a test ends its streams.
func TestFeedEnds(t *testing.T) {
	leak.Check(t)
	ended := make(chan struct{})
	messages := run(func(t testing.TB) {
		endpointtest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})).Get("/").Status(200)
	})
	<-ended
	if messages != nil {
		t.Errorf("reported %q", messages)
	}
}
