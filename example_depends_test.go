package endpoint_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

// A guard rejects before the body is read.
func ExampleDepends() {
	needsKey := func(in struct {
		Key string `header:"X-Key"`
	}) error {
		if in.Key != "open sesame" {
			return endpoint.Errorf(http.StatusForbidden, "the key is wrong")
		}
		return nil
	}
	api := endpoint.New(endpoint.Depends(needsKey))
	api.Post("notes", func(text []byte) string { return string(text) })

	exampleSend(api, "POST", "/notes", "text/plain", "never read")
	// Output:
	// 403 {"title":"Forbidden","status":403,"detail":"the key is wrong"}
}

// A store is shared by all requests, a transaction belongs to one.
type (
	store       struct{ rows []string }
	transaction struct {
		store *store
		added []string
	}
)

// begin makes a transaction, and returns how it is finished: with the error of
// the handler.
func begin(s *store) (*transaction, func(error) error) {
	tx := &transaction{store: s}
	return tx, func(err error) error {
		if err != nil {
			fmt.Println("rolled back")
			return nil
		}
		s.rows = append(s.rows, tx.added...)
		fmt.Println("committed")
		return nil
	}
}

// Dependencies are provided by type, once a request, and only to what needs
// them.
func ExampleAPI_Provide() {
	api := endpoint.New(exampleQuiet())
	api.Provide(&store{}, begin)
	api.Post("rows/:name", func(name string, tx *transaction) error {
		tx.added = append(tx.added, name)
		if name == "bad" {
			return errors.New("it is bad")
		}
		return nil
	})
	api.Get("rows", func(s *store) []string { return s.rows })

	exampleSend(api, "POST", "/rows/good", "", "")
	exampleSend(api, "POST", "/rows/bad", "", "")
	exampleGet(api, "/rows")
	// Output:
	// committed
	// 204
	// rolled back
	// 500 {"title":"Internal Server Error","status":500}
	// 200 ["good"]
}

// A provider has handler parameters, and may fail.
func ExampleProvide() {
	type tenant struct{ name string }
	endpoint.Provide(func(in struct {
		Tenant string `header:"X-Tenant"`
	}) (*tenant, error) {
		if in.Tenant == "" {
			return nil, endpoint.Errorf(http.StatusBadRequest, "name a tenant in X-Tenant")
		}
		return &tenant{in.Tenant}, nil
	})
	e := endpoint.Get("tenant", func(t *tenant) string { return t.name })
	defer endpoint.Default.Remove(e)
	if err := endpoint.Default.Compile(); err != nil {
		fmt.Println(err)
	}

	exampleGet(endpoint.Default, "/tenant")
	// Output:
	// 400 {"title":"Bad Request","status":400,"detail":"name a tenant in X-Tenant"}
}

// Middleware is the plain form of net/http, outermost first.
func ExampleUse() {
	say := func(text string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Println(text)
				next.ServeHTTP(w, r)
			})
		}
	}
	api := endpoint.New(endpoint.Use(say("around routing")))
	g := api.Group("v1", endpoint.Use(say("of the group")))
	g.Get("hello", func() string { return "Hello" }, endpoint.Use(say("of the endpoint")))

	exampleGet(api, "/v1/hello")
	exampleGet(api, "/v1/unknown")
	// Output:
	// around routing
	// of the group
	// of the endpoint
	// 200 Hello
	// around routing
	// 404 {"title":"Not Found","status":404,"detail":"nothing is served at this path"}
}
