package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// exchangeHost returns the service that the exchanges talk to: the API, the
// same API mounted below /mounted, and for Host prefixed.example an API that
// lives at /api and leaves the rest to the service around.
func exchangeHost(t *testing.T) http.Handler {
	t.Helper()
	quiet := endpoint.Logger(slog.New(slog.DiscardHandler))
	api := endpoint.New(quiet)
	exchangePaths(api.Group("paths"))
	exchangeMethods(api.Group("methods"))
	exchangeBinding(api.Group("binding"))
	exchangeJSON(api.Group("json"))
	exchangeForms(api.Group("forms"))
	exchangeResults(api.Group("results"))
	exchangeStreams(api.Group("streams"))
	exchangeErrors(api.Group("errors"))
	exchangeConfig(api)
	exchangeDependencies(api)
	exchangeGroups(api)

	prefixed := endpoint.New(quiet, endpoint.Prefix("/api"),
		endpoint.NotFound(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Content-Type-Options", "nosniff")
			fmt.Fprintf(w, "the service around answers %s", r.URL.Path)
		})))
	prefixed.Get("where", func(r *endpoint.Request) string { return r.Path() + " of " + r.FullPath() })
	prefixed.Get("below/", func(r *endpoint.Request) string { return "rest " + r.Rest() })

	for _, a := range []*endpoint.API{api, prefixed} {
		if err := a.Compile(); err != nil {
			t.Fatal(err)
		}
	}
	mounted := http.StripPrefix("/mounted", api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "prefixed.example":
			prefixed.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/mounted/"):
			mounted.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

func exchangePaths(g *endpoint.Group) {
	g.Get("exact", func() string { return "exact" })
	g.Get("users/:id", func(id int) string { return fmt.Sprintf("user %d", id) })
	g.Get("users/me", func() string { return "me" })
	g.Get("files/", func(r *endpoint.Request) string { return fmt.Sprintf("rest %q", r.Rest()) })
	g.Get("files/:name/info", func(name string) string { return "info " + name })
	g.Get("docs/*page", func(page string) string { return fmt.Sprintf("page %q", page) })
	g.Get("text/{name}", func(name string) string { return fmt.Sprintf("text %q", name) })
	g.Get("deep/b/:c", func(c string) string { return "deep b " + c })
	g.Get("deep/:a/x/y", func(a string) string { return "deep x y " + a })
	g.Get("a%2Fb", func() string { return "an escaped slash" })
	g.Get("pair/:a/:b", func(in struct {
		B string `path:"b"`
		A string `path:"a"`
	}) string {
		return in.A + " then " + in.B
	})
	g.Get("pattern/:id", func(r *http.Request) string { return r.Pattern + " id=" + r.PathValue("id") })
}

func exchangeMethods(g *endpoint.Group) {
	echo := func(r *http.Request) string { return "any " + r.Method }
	g.Get("both/:id", func(id string) string { return "get " + id })
	g.Post("both/:name", func(name string) string { return "post " + name })
	g.Handle("three", func(r *http.Request) string { return "three " + r.Method })
	g.Handle("any", echo, endpoint.Methods("*"))
	g.Handle("lower", echo, endpoint.Methods("patch"))
	g.Handle("query", func(q []byte) string { return "queried " + string(q) }, endpoint.Methods("QUERY"))
	g.Handle("own", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Own", r.Method)
		w.WriteHeader(http.StatusOK)
	}, endpoint.Methods("HEAD", "OPTIONS"))
	g.Delete("gone", func() {})
	g.Put("put", func() string { return "put" })
	g.Patch("patch", func() string { return "patch" })
}

// An exchangeSearch is an input of every kind of field that is no body.
type exchangeSearch struct {
	Query  string            `json:"query" query:"q" validate:"required,max=20"`
	Page   int               `default:"1" json:"page" query:"page" validate:"min=1"`
	Tags   []string          `json:"tags" query:"tag" validate:"max=3"`
	IDs    []int8            `json:"ids" query:"ids,comma"`
	Filter map[string]int    `json:"filter" query:"filter"`
	Since  time.Time         `json:"since,omitzero" query:"since"`
	Full   bool              `json:"full" query:"full"`
	Ratio  float64           `json:"ratio" query:"ratio"`
	Max    *uint             `json:"max" query:"max"`
	Near   endpoint.Opt[int] `json:"near" query:"near"`
	Sort   string            `default:"name" json:"sort" query:"sort" validate:"oneof=name date"`
	Trace  string            `header:"X-Trace" json:"trace"`
	Theme  string            `cookie:"theme" default:"light" json:"theme"`
}

func exchangeBinding(g *endpoint.Group) {
	g.Get("search", func(in exchangeSearch) exchangeSearch { return in })
	g.Get("wait", func(in struct {
		For time.Duration `query:"for"`
	}) string {
		return in.For.String()
	})
	g.Get("strict", func(in struct {
		Q string `query:"q"`
	}) string {
		return in.Q
	}, endpoint.Strict())
	g.Get("explicit", func(in struct {
		Count int  `query:"count" validate:"required"`
		On    bool `query:"on" validate:"required"`
	}) string {
		return fmt.Sprint(in.Count, in.On)
	})
	g.Get("contact", func(in struct {
		Email string `query:"email" validate:"email"`
		Again string `query:"again" validate:"eqfield=Email"`
	}) string {
		return in.Email
	})
	g.Get("values", func(q url.Values) url.Values { return q })
	g.Get("headers", func(h http.Header) string { return h.Get("X-Trace") })
	g.Post("params/:id", func(p endpoint.Params) endpoint.Params { return p })
	g.Get("many/:id", func(in struct {
		ID    int8   `path:"id"`
		Count uint8  `query:"count"`
		Trace int    `header:"X-Trace" validate:"required"`
		Sort  string `query:"sort" validate:"oneof=up down"`
	}) string {
		return "unreached"
	})
	g.Get("positions/:name/:n", func(ctx context.Context, name string, n int) string { return fmt.Sprint(name, n) })
}

// An exchangeOrder is a body with members of every kind.
type exchangeOrder struct {
	Name  string               `json:"name" validate:"required,max=10"`
	Count int                  `default:"1" json:"count" validate:"min=1"`
	Paid  bool                 `json:"paid" validate:"required"`
	Lines []exchangeLine       `json:"lines" validate:"max=2"`
	Note  *string              `json:"note"`
	Tag   endpoint.Opt[string] `json:"tag,omitzero"`
}

type exchangeLine struct {
	SKU   string `json:"sku" validate:"required,alphanum"`
	Count int8   `default:"1" json:"count"`
}

func exchangeJSON(g *endpoint.Group) {
	echo := func(in exchangeOrder) exchangeOrder { return in }
	g.Post("orders", echo, endpoint.Status(http.StatusCreated))
	g.Post("strict", echo, endpoint.Strict())
	g.Post("small", func(b map[string]any) int { return len(b) }, endpoint.MaxBody(16))
	g.Post("optional", func(in *exchangeLine) string {
		if in == nil {
			return "no body"
		}
		return in.SKU
	})
	g.Post("list", func(list []int) int { return len(list) })
	g.Post("bytes", func(b []byte) string { return fmt.Sprintf("%q", b) })
	g.Post("reader", func(r io.Reader) (string, error) {
		b, err := io.ReadAll(r)
		return string(b), err
	})
	g.Put("orders/:id", func(in struct {
		ID   int          `path:"id"`
		Dry  bool         `query:"dry"`
		Body exchangeLine `body:""`
	}) string {
		return fmt.Sprint(in.ID, in.Dry, in.Body.SKU)
	})
	g.Patch("orders", func(in struct {
		Name endpoint.Opt[string] `json:"name"`
	}) string {
		return fmt.Sprintf("set=%t null=%t value=%q", in.Name.Set, in.Name.Null, in.Name.Value)
	})
	g.Post("twice", func(r *endpoint.Request, in exchangeLine) (string, error) {
		b, err := r.BodyBytes()
		return in.SKU + " of " + string(b), err
	})
}

func exchangeForms(g *endpoint.Group) {
	g.Post("login", func(in struct {
		Name  string   `form:"name" validate:"required"`
		Age   int      `default:"18" form:"age"`
		Roles []string `form:"role"`
	}) string {
		return fmt.Sprintf("%q %d %q", in.Name, in.Age, in.Roles)
	})
	g.Post("avatar", func(in struct {
		Title string         `form:"title"`
		Image *endpoint.File `file:"image" validate:"required"`
	}) (string, error) {
		f, err := in.Image.Open()
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return fmt.Sprintf("%s: %s %s %d %q", in.Title, in.Image.Name, in.Image.ContentType, in.Image.Size, b), err
	})
	g.Post("album", func(in struct {
		Images []*endpoint.File `file:"image"`
	}) string {
		var names []string
		for _, f := range in.Images {
			names = append(names, f.Name)
		}
		return strings.Join(names, " and ")
	})
}

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
	g.Handle("a-handler", http.RedirectHandler("/elsewhere", http.StatusFound))
	g.Get("writer", func(w http.ResponseWriter) error {
		w.Header().Set("Content-Type", "text/x-own")
		_, err := io.WriteString(w, "written")
		return err
	})
	g.Get("writer-error", func(http.ResponseWriter) error { return endpoint.Errorf(http.StatusConflict, "taken") })
	g.Get("unmarshalable", func() any { return map[string]any{"bad": make(chan int)} })
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
	log   []string
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
	inner.Post("notes", func(b []byte) string { return string(b) }, endpoint.Use(mark("own")), endpoint.Status(http.StatusCreated))
	inner.Post("large", func(b []byte) string { return string(b) }, endpoint.MaxBody(64))
	inner.Get("fail", func() error { return endpoint.Errorf(http.StatusConflict, "no") }, endpoint.Use(mark("own")))
	g.Get("stop", func() string { return "unreached" }, endpoint.Use(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stopped", http.StatusForbidden) })
	}))
}
