package endpoint_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed217079a1/endpoint"
)

// preflight asks an API whether a page may send a request.
func preflight(api http.Handler, method, path, origin string) http.Header {
	r := httptest.NewRequest(http.MethodOptions, path, nil)
	r.Header.Set("Origin", origin)
	r.Header.Set("Access-Control-Request-Method", method)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w.Result().Header
}

// Pages of one origin may call the API, and the methods of a path are those of
// its endpoints.
func ExampleCORS() {
	api := endpoint.New(endpoint.CORS(endpoint.CORSConfig{
		Origins:     []string{"https://app.example.com", "https://*.example.org"},
		Headers:     []string{"Authorization"},
		Credentials: true,
		MaxAge:      time.Hour,
	}))
	api.Get("users", func() string { return "users" })
	api.Delete("users", func() string { return "gone" }, endpoint.CORS(endpoint.CORSConfig{})) // closed again

	fmt.Println(preflight(api, "GET", "/users", "https://app.example.com").Get("Access-Control-Allow-Methods"))
	fmt.Printf("%q\n", preflight(api, "DELETE", "/users", "https://app.example.com").Get("Access-Control-Allow-Methods"))
	fmt.Printf("%q\n", preflight(api, "GET", "/users", "https://evil.example").Get("Access-Control-Allow-Origin"))
	// Output:
	// GET
	// ""
	// ""
}

// What would let every site act as the user does not compile.
func ExampleCORSConfig() {
	api := endpoint.New()
	api.Get("users", func() string { return "users" }, endpoint.CORS(endpoint.CORSConfig{
		Origins: []string{"*"}, Credentials: true,
	}))
	fmt.Println(api.Compile() != nil)
	// Output:
	// true
}

// Pages of every origin may call the endpoint, without credentials.
func ExampleEnableCORS() {
	api := endpoint.New()
	api.Get("weather", func() string { return "sunny" }, endpoint.EnableCORS())

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest("GET", "/weather", nil))
	fmt.Println(w.Header().Get("Access-Control-Allow-Origin"), w.Body)
	// Output:
	// * sunny
}
