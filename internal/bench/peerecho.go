package main

import (
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v5"
)

// echoContender is echo with its own binder and the validator/v10 adapter of its documentation.
func echoContender() contender {
	return contender{name: "echo", role: peer, api: echoAPI, table: echoTable, register: echoRegister}
}

// echoValidator is the adapter.
type echoValidator struct{ v *validator.Validate }

// Validate implements [echo.Validator]. A slice is validated element by element.
func (a echoValidator) Validate(v any) error {
	var err error
	if items, ok := v.(*[]item); ok {
		err = a.v.Var(*items, "dive")
	} else {
		err = a.v.Struct(v)
	}
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, err.Error())
	}
	return nil
}

func newEcho() *echo.Echo {
	e := echo.New()
	e.Validator = echoValidator{validator.New()}
	return e
}

type echoUser struct {
	ID int64 `param:"id" validate:"required"`
}

type echoRepositoryInput struct {
	Org      string   `param:"org" validate:"required"`
	Repo     string   `param:"repo" validate:"required"`
	Page     int      `query:"page" validate:"min=1,max=1000"`
	Archived bool     `query:"archived"`
	Sort     string   `query:"sort" validate:"oneof=created updated pushed full_name"`
	Labels   []string `query:"label" validate:"max=10,dive,min=1,max=50"`
}

// echoHandler binds and validates an input, then answers with what work makes of it.
func echoHandler[In any](c *echo.Context, in *In, work func(*In) any) error {
	if err := c.Bind(in); err != nil {
		return err
	}
	if err := c.Validate(in); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, work(in))
}

func echoAPI() (server, error) {
	e := newEcho()
	e.GET("/hello", func(c *echo.Context) error { return c.String(http.StatusOK, "Hello, World!") })
	e.GET("/users/:id", func(c *echo.Context) error {
		return echoHandler(c, new(echoUser), func(in *echoUser) any { return findUser(in.ID) })
	})
	e.GET("/orgs/:org/repos/:repo", func(c *echo.Context) error {
		in := &echoRepositoryInput{Page: 1, Sort: "created"}
		return echoHandler(c, in, func(in *echoRepositoryInput) any { return repository(*in) })
	})
	e.POST("/orders", func(c *echo.Context) error {
		return echoHandler(c, new(order), func(in *order) any { return takeOrder(in) })
	})
	e.POST("/items", func(c *echo.Context) error {
		return echoHandler(c, new([]item), func(in *[]item) any { return priceItems(*in) })
	})
	e.POST("/signup", func(c *echo.Context) error {
		return echoHandler(c, new(signup), func(in *signup) any { return join(in) })
	})
	return server{http: e}, nil
}

func echoTable(routes []route, hit *int) (server, error) {
	e := newEcho()
	for i, rt := range routes {
		names := rt.names("*")
		e.Add(rt.method, rt.path(":", "*-"), func(c *echo.Context) error {
			for _, name := range names {
				if c.Param(name) == "" {
					return c.NoContent(http.StatusInternalServerError)
				}
			}
			*hit = i
			return c.String(http.StatusOK, tableText)
		})
	}
	return server{http: e}, nil
}

func echoRegister(n int) error {
	e := newEcho()
	for _, path := range typedPaths(n, ":id") {
		e.GET(path, func(c *echo.Context) error {
			return echoHandler(c, new(echoUser), func(in *echoUser) any { return findUser(in.ID) })
		})
	}
	return nil
}
