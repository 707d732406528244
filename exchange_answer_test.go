package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
)

type exchangeUser struct {
	ID     int      `json:"id"`
	Groups []string `json:"groups"`
}

func exchangeResults(g *endpoint.Group) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	g.Get("text", func() string { return "plain <text>" })
	g.Get("text-json", func() string { return "quoted" }, endpoint.TextAsJSON())
	g.Get("bytes", func() []byte { return []byte{0, 1, 2} })
	g.Get("struct", func() exchangeUser { return exchangeUser{ID: 7} })
	g.Get("map", func() map[string]int { return map[string]int{"b": 2, "a": 1} })
	g.Get("nil-pointer", func() *exchangeUser { return nil })
	g.Get("nil-slice", func() []int { return nil })
	g.Get("nothing", func() {})
	g.Get("no-error", func() error { return nil })
	g.Get("accepted", func() {}, endpoint.Status(http.StatusAccepted))
	g.Get("dynamic", func(in struct {
		Text bool `query:"text"`
	}) any {
		if in.Text {
			return "text"
		}
		return exchangeUser{ID: 8}
	})
	g.Get("response", func() *endpoint.Response {
		return endpoint.Respond(http.StatusTeapot, exchangeUser{ID: 9}).Set("X-One", "1").
			Add("X-Many", "a").Add("X-Many", "b").Cookie(&http.Cookie{Name: "seen", Value: "yes", HttpOnly: true})
	})
	g.Get("typed", func() *endpoint.Response {
		return endpoint.Respond(0, "<p>as it is</p>").Set("Content-Type", "text/html; charset=utf-8")
	})
	g.Get("nil-response", func() *endpoint.Response { return nil })
	g.Get("redirect", func() *endpoint.Response { return endpoint.Redirect(http.StatusSeeOther, "/elsewhere") })
	g.Get("bad-header", func() *endpoint.Response { return endpoint.Respond(200, "x").Set("X-Bad", "a\r\nSet-Cookie: b") })
	g.Get("media", func() endpoint.Media {
		return endpoint.Media{ContentType: "text/csv", Name: "a \"b\".csv", Content: strings.NewReader("0123456789"), Modified: modified}
	})
	g.Get("media-stream", func() *endpoint.Media {
		return &endpoint.Media{Name: "übung.txt", Content: io.MultiReader(strings.NewReader("streamed"))}
	})
	g.Get("reader", func() io.Reader { return strings.NewReader("read") })
	g.Get("handler", func() http.Handler { return http.RedirectHandler("/elsewhere", http.StatusFound) })
	g.Get("silent-handler", func() http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) })
	g.Get("silent-writer", func(http.ResponseWriter) error { return nil })
	g.Handle("a-silent-handler", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	g.Handle("a-handler", http.RedirectHandler("/elsewhere", http.StatusFound))
	g.Get("writer", func(w http.ResponseWriter) error {
		w.Header().Set("Content-Type", "text/x-own")
		_, err := io.WriteString(w, "written")
		return err
	})
	g.Get("writer-error", func(http.ResponseWriter) error { return endpoint.Errorf(http.StatusConflict, "taken") })
	g.Get("unmarshalable", func() any { return map[string]any{"bad": make(chan int)} })
	g.Get("nil-any", func() any { return nil })
	g.Get("any-error", func() any { return errors.New("never told") })
	g.Get("any-stream", func() any { return slices.Values([]int{1, 2}) })
	g.Get("typed-nil-error", func() error {
		var e *endpoint.Error
		return e
	})
	g.Get("created-stream", func() *endpoint.Response {
		return endpoint.Respond(http.StatusCreated, strings.NewReader("streamed")).Set("Content-Type", "text/x-own")
	})
	g.Get("created-media", func() *endpoint.Response {
		return endpoint.Respond(http.StatusCreated, endpoint.Media{ContentType: "text/csv", Content: strings.NewReader("a,b")})
	})
	g.Get("no-content", func() *endpoint.Response { return endpoint.Respond(http.StatusNoContent, "not sent") })
	g.Get("bad-cookie", func() *endpoint.Response {
		return endpoint.Respond(http.StatusOK, "x").Cookie(&http.Cookie{Name: "a b", Value: "c"})
	})
	g.Get("bad-status", func() *endpoint.Response { return endpoint.Respond(42, "x") })
	g.Get("large", func() string { return strings.Repeat("x", 3000) })
}

func exchangeStreams(g *endpoint.Group) {
	g.Get("lines", func() iter.Seq[exchangeUser] {
		return slices.Values([]exchangeUser{{ID: 1, Groups: []string{"a"}}, {ID: 2}})
	})
	g.Get("empty", func() iter.Seq[int] { return slices.Values[[]int](nil) })
	g.Get("nil", func() iter.Seq[int] { return nil })
	failing := func(after int) func() iter.Seq2[int, error] {
		return func() iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range after {
					if !yield(i, nil) {
						return
					}
				}
				yield(0, endpoint.Errorf(http.StatusBadGateway, "the source is gone"))
			}
		}
	}
	g.Get("fails-first", failing(0))
	g.Get("fails-later", failing(2))
	g.Get("events", func() iter.Seq2[endpoint.Event, error] {
		return func(yield func(endpoint.Event, error) bool) {
			_ = yield(endpoint.Event{ID: "1", Type: "greeting", Data: "two\nlines", Retry: time.Second}, nil) &&
				yield(endpoint.Event{Data: exchangeUser{ID: 3}}, nil)
		}
	})
	g.Get("resume", func(in struct {
		Last string `header:"Last-Event-ID"`
	}) iter.Seq[endpoint.Event] {
		return slices.Values([]endpoint.Event{{Data: "after " + in.Last}})
	})
	g.Get("bad-event", func() iter.Seq[endpoint.Event] {
		return slices.Values([]endpoint.Event{{ID: "1\ndata: forged"}})
	})
	g.Get("reader-fails", func() io.Reader {
		return io.MultiReader(strings.NewReader("half"), iotestErr{})
	})
}

// An iotestErr is a reader that fails.
type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

var (
	errExchangeMissing = errors.New("no row")
	errExchangeSecret  = errors.New("password of the database is hunter2")
)

// An exchangeQuota is an error type that MapErrorAs knows.
type exchangeQuota struct{ Left int }

func (exchangeQuota) Error() string { return "quota" }

func exchangeErrors(g *endpoint.Group) {
	fails := func(err error) func() error { return func() error { return err } }
	g = g.Group("", endpoint.MapError(errExchangeMissing, http.StatusNotFound, "there is no such user"),
		endpoint.MapErrorAs(func(q exchangeQuota) *endpoint.Error {
			return &endpoint.Error{Status: http.StatusTooManyRequests, Extra: map[string]any{"left": q.Left}}
		}))
	g.Get("full", fails(&endpoint.Error{
		Status: http.StatusPaymentRequired, Type: "https://example.com/broke", Title: "No money", Detail: "30 are needed",
		Extra: map[string]any{"balance": 12, "status": "ignored"}, Header: http.Header{"Retry-After": {"60"}}, Err: errExchangeSecret,
	}))
	g.Get("wrapped", fails(fmt.Errorf("while saving: %w", endpoint.Errorf(http.StatusConflict, "the name %q is taken", "al").Wrap(errExchangeSecret))))
	g.Get("mapped", fails(fmt.Errorf("find: %w", errExchangeMissing)))
	g.Get("mapped-as", fails(exchangeQuota{Left: 0}))
	g.Get("inner-mapping", fails(errExchangeMissing), endpoint.MapError(errExchangeMissing, http.StatusGone, "it was deleted"))
	g.Get("internal", fails(errExchangeSecret))
	g.Get("deadline", fails(fmt.Errorf("query: %w", context.DeadlineExceeded)))
	g.Get("panic", func() string { panic(errExchangeSecret) })
	g.Get("panic-late", func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "half of it")
		panic(errExchangeSecret)
	})
	g.Get("abort", func() string { panic(http.ErrAbortHandler) })
	g.Get("status-zero", fails(&endpoint.Error{Detail: "no status was set"}))
	g.Get("timeout", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}, endpoint.Timeout(time.Millisecond))
	g.Get("on-error", fails(errExchangeSecret), endpoint.OnError(func(_ *endpoint.Request, err error) error {
		if errors.Is(err, errExchangeSecret) {
			return endpoint.Errorf(http.StatusServiceUnavailable, "come back later").Wrap(err)
		}
		return nil
	}))
	format := endpoint.ErrorFormat(func(_ *endpoint.Request, e *endpoint.Error) *endpoint.Response {
		return endpoint.Respond(0, map[string]any{"error": e.Detail, "code": e.Status})
	})
	formatted := g.Group("formatted", format)
	formatted.Get("conflict", fails(endpoint.Errorf(http.StatusConflict, "taken")))
	formatted.Get("number/:n", func(n int) int { return n })
}

// An exchangeGreetings has a configured value, an exchangeColours its default.
type exchangeGreetings struct {
	endpoint.Configuration
	Text string
}

type exchangeColours struct {
	endpoint.Configuration
	Name string
}

func (exchangeColours) Default() exchangeColours { return exchangeColours{Name: "blue"} }

func exchangeConfig(api *endpoint.API) {
	api.Configure(exchangeGreetings{Text: "Hi"}, &exchangeGreetings{Text: "Hello"})
	g := api.Group("config")
	g.Get("greet/:name", func(name string, c exchangeGreetings) string { return c.Text + " " + name })
	g.Get("colour", func(c exchangeColours) string { return c.Name })
	g.Get("both", func(c exchangeColours, h exchangeGreetings) string { return c.Name + " " + h.Text },
		endpoint.Depends(func(h exchangeGreetings) error {
			if h.Text != "Hello" {
				return endpoint.Errorf(http.StatusForbidden, "not greeted")
			}
			return nil
		}))
}

// An exchangeStore is a dependency that is a value, an exchangeTx one that is
// made for each request and finished after it, an exchangeWho reads the request.
type exchangeStore struct{ name string }

type exchangeTx struct {
	store *exchangeStore
}

type exchangeWho string

func exchangeDependencies(api *endpoint.API) {
	api.Provide(&exchangeStore{name: "store"},
		func(s *exchangeStore, w exchangeWho) (*exchangeTx, func(error) error, error) {
			if w == "nobody" {
				return nil, nil, endpoint.Errorf(http.StatusForbidden, "nobody may begin")
			}
			tx := &exchangeTx{store: s}
			return tx, func(err error) error {
				if err == nil && w == "unlucky" {
					return endpoint.Errorf(http.StatusConflict, "the commit failed")
				}
				return nil
			}, nil
		},
		func(in struct {
			Who string `default:"somebody" query:"who" validate:"max=10"`
		}) exchangeWho {
			return exchangeWho(in.Who)
		})
	guard := func(r *http.Request) error {
		if r.Header.Get("X-Key") == "" {
			return endpoint.Errorf(http.StatusForbidden, "a key is needed")
		}
		return nil
	}
	g := api.Group("dependencies")
	g.Get("store", func(s *exchangeStore) string { return s.name })
	g.Get("tx", func(tx *exchangeTx, w exchangeWho) string { return string(w) + " in " + tx.store.name })
	g.Get("number/:n", func(n int8, tx *exchangeTx) string { return fmt.Sprint(n, tx.store.name) })
	g.Post("guarded", func(in exchangeLine) string { return in.SKU }, endpoint.Depends(guard))
	g.Post("judged", func(in exchangeLine) string { return in.SKU }, endpoint.Depends(guard, func(w exchangeWho) error {
		if w == "evil" {
			return errors.New("evil")
		}
		return nil
	}))
}

func exchangeGroups(api *endpoint.API) {
	mark := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("X-Through", name)
				next.ServeHTTP(w, r)
			})
		}
	}
	g := api.Group("groups", endpoint.Use(mark("outer")), endpoint.Status(http.StatusAccepted))
	g.Get("", func() string { return "the group itself" })
	inner := g.Group(":tenant", endpoint.Use(mark("inner")), endpoint.MaxBody(8))
	inner.Get("", func(tenant string) string { return "tenant " + tenant })
	inner.Get("/", func(r *endpoint.Request) string { return r.Param("tenant") + " below " + r.Rest() })
	inner.Post("notes", func(tenant string, b []byte) string { return tenant + ": " + string(b) }, endpoint.Use(mark("own")), endpoint.Status(http.StatusCreated))
	inner.Post("large", func(tenant string, b []byte) string { return tenant + ": " + string(b) }, endpoint.MaxBody(64))
	inner.Get("fail", func(string) error { return endpoint.Errorf(http.StatusConflict, "no") }, endpoint.Use(mark("own")))
	g.Get("stop", func() string { return "unreached" }, endpoint.Use(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stopped", http.StatusForbidden) })
	}))
}
