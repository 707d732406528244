package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed217079a1/endpoint"
)

// endpointContenders returns endpoint in the adapter form and in three other shapes.
func endpointContenders() []contender {
	return []contender{
		{name: "endpoint", role: ours, api: typedAPI, table: typedTable, register: typedRegister},
		{name: "endpoint-plain", role: form, api: plainAPI},
		{name: "endpoint-odd", role: form, api: oddAPI},
		{name: "endpoint-request", role: form, api: requestAPI, table: requestTable},
	}
}

type (
	userInput struct {
		ID int64 `path:"id"`
	}
	repositoryInput struct {
		Org      string   `path:"org"`
		Repo     string   `path:"repo"`
		Page     int      `query:"page" default:"1" validate:"min=1,max=1000"`
		Archived bool     `query:"archived"`
		Sort     string   `query:"sort" default:"created" validate:"oneof=created updated pushed full_name"`
		Labels   []string `query:"label" validate:"max=10,dive,min=1,max=50"`
	}
	signupInput struct {
		Name       string `form:"name" validate:"required,max=100"`
		Email      string `form:"email" validate:"required,email"`
		Street     string `form:"street" validate:"required,max=100"`
		City       string `form:"city" validate:"required,max=60"`
		Zip        string `form:"zip" validate:"required,min=3,max=10"`
		Country    string `form:"country" validate:"required,len=2"`
		Phone      string `form:"phone" validate:"required,min=5,max=20"`
		Age        int    `form:"age" validate:"min=18,max=130"`
		Newsletter bool   `form:"newsletter"`
		Message    string `form:"message" validate:"required,max=2000"`
	}
)

func (in *repositoryInput) answer() repository {
	return repository{in.Org, in.Repo, in.Page, in.Archived, in.Sort, in.Labels}
}

func (in *signupInput) answer() membership {
	s := signup(*in)
	return join(&s)
}

// The functions of the adapter form, which are registered plain as well.
func hello() string { return "Hello, World!" }

func getUser(_ context.Context, in userInput) (user, error) { return findUser(in.ID), nil }

func getRepository(_ context.Context, in repositoryInput) (repository, error) {
	return in.answer(), nil
}

func postOrder(_ context.Context, in order) (receipt, error) { return takeOrder(&in), nil }

func postItems(_ context.Context, in []item) ([]priced, error) { return priceItems(in), nil }

func postSignup(_ context.Context, in signupInput) (membership, error) { return in.answer(), nil }

// service are the handlers of C1 to C8 in one shape.
type service struct{ hello, user, repository, order, items, signup any }

// server compiles the service.
func (s service) server(opts ...endpoint.Option) (server, error) {
	api := endpoint.New(opts...)
	api.Get("hello", s.hello)
	api.Get("users/:id", s.user)
	api.Get("orgs/:org/repos/:repo", s.repository)
	api.Post("orders", s.order)
	api.Post("items", s.items)
	api.Post("signup", s.signup)
	return server{http: api}, api.Compile()
}

func typedService() service {
	return service{
		hello, endpoint.Typed(getUser), endpoint.Typed(getRepository),
		endpoint.Typed(postOrder), endpoint.Typed(postItems), endpoint.Typed(postSignup),
	}
}

func typedAPI() (server, error) { return typedService().server() }

func plainAPI() (server, error) {
	return service{
		func(context.Context) (string, error) { return hello(), nil },
		getUser, getRepository, postOrder, postItems, postSignup,
	}.server()
}

// oddAPI has functions that no reasonable list of common shapes holds.
func oddAPI() (server, error) {
	return service{
		func(_ http.Header, _ context.Context) string { return hello() },
		func(id int64, _ http.Header, _ context.Context) *user { u := findUser(id); return &u },
		func(in *repositoryInput, _ http.Header, _ context.Context) repository { return in.answer() },
		func(in *order, _ http.Header, _ context.Context) receipt { return takeOrder(in) },
		func(in []item, _ http.Header, _ context.Context) []priced { return priceItems(in) },
		func(in *signupInput, _ http.Header, _ context.Context) membership { return in.answer() },
	}.server()
}

// requestAPI has functions that take the request beside the input.
func requestAPI() (server, error) {
	type request = *endpoint.Request
	return service{
		func(request) (string, error) { return hello(), nil },
		func(_ context.Context, _ request, in userInput) (user, error) { return findUser(in.ID), nil },
		func(_ context.Context, _ request, in repositoryInput) (repository, error) { return in.answer(), nil },
		func(_ context.Context, _ request, in order) (receipt, error) { return takeOrder(&in), nil },
		func(_ context.Context, _ request, in []item) ([]priced, error) { return priceItems(in), nil },
		func(_ context.Context, _ request, in signupInput) (membership, error) { return in.answer(), nil },
	}.server()
}

// errUnbound is what the functions of the tables return if a parameter is missing.
var errUnbound = errors.New("a parameter is missing")

func typedTable(routes []route, hit *int) (server, error) {
	api := endpoint.New()
	for i, rt := range routes {
		fn := [...]func(int, *int) any{rootHandler, typedHandler[path1], typedHandler[path2], typedHandler[path3], typedHandler[path4]}[rt.params()]
		api.Handle(rt.path(":", "*"), fn(i, hit), endpoint.Methods(rt.method))
	}
	return server{http: api}, api.Compile()
}

// rootHandler is for routes without parameters: there is no input to bind.
func rootHandler(i int, hit *int) any {
	return func(context.Context) (string, error) {
		*hit = i
		return tableText, nil
	}
}

// typedHandler is for routes with parameters.
func typedHandler[In bound](i int, hit *int) any {
	return endpoint.Typed(func(_ context.Context, in In) (string, error) {
		if !in.bound() {
			return "", errUnbound
		}
		*hit = i
		return tableText, nil
	})
}

func requestTable(routes []route, hit *int) (server, error) {
	api := endpoint.New()
	for i, rt := range routes {
		names := rt.names("")
		api.Handle(rt.path(":", "*"), func(r *endpoint.Request) (string, error) {
			for _, name := range names {
				if r.Param(name) == "" {
					return "", errUnbound
				}
			}
			*hit = i
			return tableText, nil
		}, endpoint.Methods(rt.method))
	}
	return server{http: api}, api.Compile()
}

func typedRegister(n int) error {
	api := endpoint.New()
	for _, path := range typedPaths(n, ":id") {
		api.Get(path, endpoint.Typed(getUser))
	}
	return api.Compile()
}

// errNever is an error that no handler returns.
type errNever struct{}

func (errNever) Error() string { return "never" }

// unused compares the service without options to one with options of which C2 uses none.
func (b *bench) unused() error {
	opts := []endpoint.Option{
		endpoint.Tags("a", "b", "c"), endpoint.Deprecated(), endpoint.Hidden(), endpoint.MaxBody(1 << 16), endpoint.BodyTimeout(time.Second),
		endpoint.Logger(slog.New(slog.DiscardHandler)), endpoint.NotFound(http.NotFoundHandler()),
		endpoint.MapError(errUnbound, 404, "not here"),
		endpoint.MapErrorAs(func(errNever) *endpoint.Error { return endpoint.Errorf(409, "never") }),
		endpoint.OnError(func(_ *endpoint.Request, err error) error { return err }),
		endpoint.ErrorFormat(func(_ *endpoint.Request, e *endpoint.Error) *endpoint.Response {
			return endpoint.Respond(e.Status, e.Detail)
		}),
	}
	bare := contender{name: "no options", role: ours, api: typedAPI}
	full := contender{name: "unused options", role: ours, api: func() (server, error) {
		return typedService().server(opts...)
	}}
	list := cases()
	for i := range list {
		if bc := &list[i]; bc.id == "C2" {
			return b.pair("OPT", "C2 with options that it does not use", unusedLimit, bc, bare, full)
		}
	}
	return nil
}
