package everything

import (
	"context"
	"time"

	"github.com/seed217079a1/endpoint"
)

func registerPaths(g *endpoint.Group) {
	g.Handle("defaults/:id", func(id string) string { return id })
	g.Get("named/:id", func(id int) int { return id }, endpoint.Name("named"), endpoint.Summary("Shows a thing"), endpoint.Description("Of those that have a **number**."))
	g.Delete("named/:name", func(name string) {}, endpoint.Name("deleteNamed"), endpoint.Deprecated())
	g.Get("files/", func(r *endpoint.Request) string { return r.Rest() }, endpoint.Name("files"))
	g.Get("rest/*path", func(path string) string { return path }, endpoint.Name("rest"))
	g.Get("escaped/:a/x/:b", func(a, b string) string { return a + b }, endpoint.Name("escaped"))
	g.Get("a%2Fb/ü c", func() string { return "literal" }, endpoint.Name("literal"))
	g.Handle("any", func() string { return "any" }, endpoint.Methods("*"), endpoint.Name("anyMethod"))
	g.Handle("query", func(n Node) Node { return n }, endpoint.Methods("QUERY"), endpoint.Name("queryMethod"))
	g.Handle("dav", func() string { return "dav" }, endpoint.Methods("PROPFIND", "GET"), endpoint.Name("dav"))
	g.Get("slow", func(ctx context.Context) error { return ctx.Err() }, endpoint.Name("slow"), endpoint.Timeout(time.Minute))
	g.Get("secret", func() string { return "" }, endpoint.Name("secret"), endpoint.Hidden())
}

func registerAccess(g *endpoint.Group) {
	g.Get("public", func(u *endpoint.User) bool { return u != nil }, endpoint.Name("public"))
	g.Get("user", func(u *endpoint.User) string { return u.Name }, endpoint.Name("user"), endpoint.UserRequired())
	g.Get("both", func(u *endpoint.User) string { return u.Name }, endpoint.Name("bothCredentials"), endpoint.UserRequired(),
		endpoint.Auth(endpoint.AllOf(bearer(), endpoint.APIKeyAuth("X-Api-Key", byKey))))
	g.Get("guarded", func() string { return "in" }, endpoint.Name("guarded"), endpoint.Depends(func(in struct {
		Ticket int `query:"ticket" validate:"required,min=1"`
	}) error {
		return nil
	}))
}
