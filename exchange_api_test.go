package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
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
	g.Post("shipping", func(in struct {
		To exchangeLine `json:"to"`
	}) string {
		return fmt.Sprintf("%+v", in.To)
	})
	g.Post("confirm", func(list []struct {
		Password string `json:"password"`
		Again    string `json:"again" validate:"eqfield=Password"`
	}) int {
		return len(list)
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
	g.Post("login-strict", func(in struct {
		Name string `form:"name"`
		Age  int    `form:"age"`
	}) string {
		return in.Name
	}, endpoint.Strict())
	g.Post("album-strict", func(in struct {
		Title string         `form:"title"`
		Image *endpoint.File `file:"image"`
	}) string {
		return in.Title
	}, endpoint.Strict())
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
