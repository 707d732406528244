package main

import (
	"errors"
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v3"
)

// fiberContender is fiber with its own binder and the validator/v10 adapter of
// its documentation. It runs on fasthttp, so it is shown but not a peer.
func fiberContender() contender {
	return contender{name: "fiber", role: other, api: fiberAPI, table: fiberTable}
}

// fiberValidator is the adapter.
type fiberValidator struct{ v *validator.Validate }

// Validate implements [fiber.StructValidator].
func (a fiberValidator) Validate(v any) error { return a.v.Struct(v) }

type fiberUser struct {
	ID int64 `uri:"id" validate:"required"`
}

type fiberRepositoryPath struct {
	Org  string `uri:"org" validate:"required"`
	Repo string `uri:"repo" validate:"required"`
}

type fiberRepositoryQuery struct {
	Page     int      `query:"page" validate:"min=1,max=1000"`
	Archived bool     `query:"archived"`
	Sort     string   `query:"sort" validate:"oneof=created updated pushed full_name"`
	Labels   []string `query:"label" validate:"max=10,dive,min=1,max=50"`
}

func fiberRefuse(c fiber.Ctx, err error) error {
	return c.Status(http.StatusBadRequest).JSON(fiber.Map{"error": err.Error()})
}

func fiberAPI() (server, error) {
	v := validator.New()
	app := fiber.New(fiber.Config{StructValidator: fiberValidator{v}})
	app.Get("/hello", func(c fiber.Ctx) error { return c.SendString("Hello, World!") })
	app.Get("/users/:id", func(c fiber.Ctx) error {
		var in fiberUser
		if err := c.Bind().URI(&in); err != nil {
			return fiberRefuse(c, err)
		}
		return c.JSON(findUser(in.ID))
	})
	app.Get("/orgs/:org/repos/:repo", fiberRepository)
	app.Post("/orders", func(c fiber.Ctx) error {
		var in order
		if err := c.Bind().Body(&in); err != nil {
			return fiberRefuse(c, err)
		}
		return c.JSON(takeOrder(&in))
	})
	app.Post("/items", func(c fiber.Ctx) error {
		var in []item
		if err := c.Bind().SkipValidation(true).Body(&in); err != nil {
			return fiberRefuse(c, err)
		}
		if err := v.Var(in, "dive"); err != nil {
			return fiberRefuse(c, err)
		}
		return c.JSON(priceItems(in))
	})
	app.Post("/signup", func(c fiber.Ctx) error {
		var in signup
		if err := c.Bind().Form(&in); err != nil {
			return fiberRefuse(c, err)
		}
		return c.JSON(join(&in))
	})
	return server{fast: app.Handler()}, nil
}

func fiberRepository(c fiber.Ctx) error {
	var path fiberRepositoryPath
	if err := c.Bind().URI(&path); err != nil {
		return fiberRefuse(c, err)
	}
	query := fiberRepositoryQuery{Page: 1, Sort: "created"}
	if err := c.Bind().Query(&query); err != nil {
		return fiberRefuse(c, err)
	}
	return c.JSON(repository{path.Org, path.Repo, query.Page, query.Archived, query.Sort, query.Labels})
}

// errLinear is why fiber has no large table.
var errLinear = errors.New("fiber tries the routes of a method one by one below a prefix of three bytes")

func fiberTable(routes []route, hit *int) (server, error) {
	if len(routes) > 1000 {
		return server{}, errLinear
	}
	app := fiber.New()
	for _, i := range specificFirst(routes) { // the first match wins
		rt := routes[i]
		names := rt.names("+1")
		app.Add([]string{rt.method}, rt.path(":", "+-"), func(c fiber.Ctx) error {
			for _, name := range names {
				if c.Params(name) == "" {
					c.Status(http.StatusInternalServerError)
					return nil
				}
			}
			*hit = i
			return c.SendString(tableText)
		})
	}
	return server{fast: app.Handler()}, nil
}
