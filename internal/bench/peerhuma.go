package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// humaContender is huma on its leanest adapter, net/http's ServeMux, without the
// hook that adds a $schema link to each answer. It has no urlencoded forms, so C8 is skipped.
func humaContender() contender {
	return contender{name: "huma", role: peer, api: humaAPI, skip: "C8", table: humaTable, register: humaRegister}
}

func newHuma() (*http.ServeMux, huma.API) {
	config := huma.DefaultConfig("bench", "1.0.0")
	config.CreateHooks = nil
	mux := http.NewServeMux()
	return mux, humago.New(mux, config)
}

type (
	humaText struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
	humaAnswer[T any] struct{ Body T }
	humaUserInput     struct {
		ID int64 `path:"id"`
	}
	humaRepositoryInput struct {
		Org      string   `path:"org"`
		Repo     string   `path:"repo"`
		Page     int      `query:"page" minimum:"1" maximum:"1000" default:"1"`
		Archived bool     `query:"archived"`
		Sort     string   `query:"sort" enum:"created,updated,pushed,full_name" default:"created"`
		Labels   []string `query:"label,explode" maxItems:"10" minLength:"1" maxLength:"50"`
	}
	humaOrder struct {
		Number   string       `json:"number" minLength:"3" maxLength:"20"`
		Currency string       `json:"currency" enum:"EUR,USD,GBP"`
		Customer humaCustomer `json:"customer"`
		Lines    []humaLine   `json:"lines" minItems:"1" maxItems:"50"`
		Tags     []string     `json:"tags" maxItems:"10" minLength:"1" maxLength:"20"`
	}
	humaCustomer struct {
		Name    string      `json:"name" minLength:"1" maxLength:"100"`
		Email   string      `json:"email" format:"email"`
		Address humaAddress `json:"address"`
	}
	humaAddress struct {
		Street  string `json:"street" minLength:"1" maxLength:"100"`
		City    string `json:"city" minLength:"1" maxLength:"60"`
		Zip     string `json:"zip" minLength:"3" maxLength:"10"`
		Country string `json:"country" minLength:"2" maxLength:"2"`
	}
	humaLine struct {
		SKU      string `json:"sku" minLength:"3" maxLength:"20"`
		Title    string `json:"title" minLength:"1" maxLength:"80"`
		Quantity int    `json:"quantity" minimum:"1" maximum:"1000"`
		Price    int64  `json:"price" minimum:"0" maximum:"10000000"`
	}
	humaItem struct {
		ID       int64  `json:"id" minimum:"1"`
		SKU      string `json:"sku" minLength:"3" maxLength:"20"`
		Title    string `json:"title" minLength:"1" maxLength:"80"`
		Supplier string `json:"supplier" minLength:"1" maxLength:"40"`
		Quantity int    `json:"quantity" minimum:"1" maximum:"1000"`
		Price    int64  `json:"price" minimum:"0" maximum:"10000000"`
	}
)

func humaOperation(method, path, id string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, DefaultStatus: http.StatusOK}
}

func humaGetUser(_ context.Context, in *humaUserInput) (*humaAnswer[user], error) {
	return &humaAnswer[user]{findUser(in.ID)}, nil
}

func humaAPI() (server, error) {
	mux, api := newHuma()
	huma.Register(api, humaOperation("GET", "/hello", "hello"), func(context.Context, *struct{}) (*humaText, error) {
		return &humaText{"text/plain; charset=utf-8", []byte("Hello, World!")}, nil
	})
	huma.Register(api, humaOperation("GET", "/users/{id}", "user"), humaGetUser)
	huma.Register(api, humaOperation("GET", "/orgs/{org}/repos/{repo}", "repository"),
		func(_ context.Context, in *humaRepositoryInput) (*humaAnswer[repository], error) {
			return &humaAnswer[repository]{repository{in.Org, in.Repo, in.Page, in.Archived, in.Sort, in.Labels}}, nil
		})
	huma.Register(api, humaOperation("POST", "/orders", "order"),
		func(_ context.Context, in *humaAnswer[humaOrder]) (*humaAnswer[receipt], error) {
			return &humaAnswer[receipt]{humaTakeOrder(&in.Body)}, nil
		})
	huma.Register(api, humaOperation("POST", "/items", "items"),
		func(_ context.Context, in *humaAnswer[[]humaItem]) (*humaAnswer[[]priced], error) {
			out := make([]priced, len(in.Body))
			for i := range in.Body {
				it := &in.Body[i]
				out[i] = priced{it.ID, it.SKU, int64(it.Quantity) * it.Price}
			}
			return &humaAnswer[[]priced]{out}, nil
		})
	return server{http: mux}, nil
}

// humaTakeOrder is takeOrder for huma's type.
func humaTakeOrder(o *humaOrder) receipt {
	out := receipt{Number: o.Number, Email: o.Customer.Email, Lines: len(o.Lines)}
	for i := range o.Lines {
		out.Total += int64(o.Lines[i].Quantity) * o.Lines[i].Price
	}
	return out
}

// The inputs of the route tables, by number of parameters. endpoint takes the same.
type (
	path0 struct{}
	path1 struct {
		P1 string `path:"p1"`
	}
	path2 struct {
		P1 string `path:"p1"`
		P2 string `path:"p2"`
	}
	path3 struct {
		P1 string `path:"p1"`
		P2 string `path:"p2"`
		P3 string `path:"p3"`
	}
	path4 struct {
		P1 string `path:"p1"`
		P2 string `path:"p2"`
		P3 string `path:"p3"`
		P4 string `path:"p4"`
	}
)

// bound tells whether each parameter has a value.
type bound interface{ bound() bool }

func (path0) bound() bool   { return true }
func (p path1) bound() bool { return p.P1 != "" }
func (p path2) bound() bool { return p.P1 != "" && p.P2 != "" }
func (p path3) bound() bool { return p.P1 != "" && p.P2 != "" && p.P3 != "" }
func (p path4) bound() bool { return p.P1 != "" && p.P2 != "" && p.P3 != "" && p.P4 != "" }

func humaTable(routes []route, hit *int) (server, error) {
	mux, api := newHuma()
	for i, rt := range routes {
		switch rt.params() {
		case 0:
			humaTableRoute[path0](api, rt, i, hit)
		case 1:
			humaTableRoute[path1](api, rt, i, hit)
		case 2:
			humaTableRoute[path2](api, rt, i, hit)
		case 3:
			humaTableRoute[path3](api, rt, i, hit)
		case 4:
			humaTableRoute[path4](api, rt, i, hit)
		default:
			return server{}, fmt.Errorf("route %q has more than four parameters", rt.path("{", "{"))
		}
	}
	return server{http: mux}, nil
}

func humaTableRoute[In bound](api huma.API, rt route, i int, hit *int) {
	op := humaOperation(rt.method, rt.path("{", "{"), fmt.Sprint("route", i))
	huma.Register(api, op, func(_ context.Context, in *In) (*humaText, error) {
		if !(*in).bound() {
			return nil, huma.Error500InternalServerError("a parameter is missing")
		}
		*hit = i
		return &humaText{"text/plain; charset=utf-8", []byte(tableText)}, nil
	})
}

func humaRegister(n int) error {
	_, api := newHuma()
	for i, path := range typedPaths(n, "{id}") {
		huma.Register(api, humaOperation("GET", path, fmt.Sprint("user", i)), humaGetUser)
	}
	return nil
}
