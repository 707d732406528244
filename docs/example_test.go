package docs_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/docs"
	"github.com/seed217079a1/endpoint/openapi"
)

func ExampleHandler() {
	api := endpoint.New(endpoint.Prefix("/api"))
	api.Get("hello", func() string { return "Hello" })
	api.Get("docs/", docs.Handler("openapi.json"), endpoint.Hidden())
	api.Get("docs/openapi.json", openapi.Handler(api, openapi.Info{Title: "Hello", Version: "1.0.0"}), endpoint.Hidden())

	for _, path := range []string{"/api/docs", "/api/docs/", "/api/docs/openapi.json"} {
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, answer.Code, answer.Header().Get("Content-Type")+answer.Header().Get("Location"))
	}
	// Output:
	// /api/docs 308 /api/docs/
	// /api/docs/ 200 text/html; charset=utf-8
	// /api/docs/openapi.json 200 application/json
}
