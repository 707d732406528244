package manage_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/manage"
)

// request sends a request as the user of a token and prints the answer.
func request(h http.Handler, token, method, path, body string) {
	r := httptest.NewRequest(method, "/api/v1/http-endpoint/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// tokens knows the users of the examples.
func tokens(_ context.Context, token string) (*endpoint.User, error) {
	if !endpoint.SameSecret(token, "s3cret") {
		return nil, endpoint.ErrCredentials
	}
	return &endpoint.User{ID: "jaydoe"}, nil
}

// A host offers functions, and clients make endpoints of them.
func Example() {
	type order struct {
		Item  string `json:"item" validate:"required"`
		Count int    `json:"count" default:"1" validate:"min=1"`
	}
	m, err := manage.Open(context.Background(), manage.Options{
		Authenticators: []endpoint.Authenticator{endpoint.BearerAuth(tokens)},
		Handlers: map[string]any{
			"order": func(in order, u *endpoint.User) string {
				return fmt.Sprintf("%d %s for %s", in.Count, in.Item, u.ID)
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	api := endpoint.New()
	api.Add(m)

	request(api, "s3cret", "PUT", "shop", `{"path":"orders","handler_script_path":"order"}`)
	request(api, "s3cret", "GET", "shop", "")
	request(api, "s3cret", "PATCH", "shop", `{"enabled":false}`)
	request(api, "s3cret", "POST", "u/orders", `{"item":"tea"}`)
	request(api, "wrong", "GET", "shop", "")
	// Output:
	// 201 {"id":"shop"}
	// 200 {"id":"shop","path":"orders","handler_script_path":"order","state":"ENABLED"}
	// 200 {"id":"shop"}
	// 404 {"title":"Not Found","status":404,"detail":"you have no enabled endpoint with this path"}
	// 401 {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
}

// upper is an engine whose scripts are texts, which are answered in capitals.
type upper struct{}

func (upper) Compile(_ context.Context, _ string, source []byte) (manage.Program, error) {
	text := strings.ToUpper(string(source))
	return func(context.Context, *http.Request, io.Writer) (*http.Response, error) {
		h := http.Header{"Content-Type": {"text/plain"}}
		return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(text))}, nil
	}, nil
}

func (upper) Close() error { return nil }

// Scripts are files below a directory; package script has engines that run
// them. A file that changes is seen by the next call.
func ExampleOptions_scripts() {
	dir, err := os.MkdirTemp("", "scripts")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	m, err := manage.Open(context.Background(), manage.Options{
		Scripts:        root,
		Engine:         upper{}, // script.Workers(script.Limits{}) in a program
		Authenticators: []endpoint.Authenticator{endpoint.BearerAuth(tokens)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	api := endpoint.New()
	api.Add(m)

	request(api, "s3cret", "PUT", "hi", `{"path":"hi","handler_script_path":"/jaydoe/hi.txt"}`)
	request(api, "s3cret", "GET", "hi", "")
	request(api, "s3cret", "PUT", "hi/script", "hello world")
	request(api, "s3cret", "GET", "u/hi", "")
	// Output:
	// 201 {"id":"hi"}
	// 200 {"id":"hi","path":"hi","handler_script_path":"/jaydoe/hi.txt","state":"ENABLED","error":"the script is not there yet; save it"}
	// 200 {"id":"hi"}
	// 200 HELLO WORLD
}

// Observe is told of every call, such as to count it for Prometheus.
func ExampleOptions_observe() {
	m, err := manage.Open(context.Background(), manage.Options{
		Authenticators: []endpoint.Authenticator{endpoint.BearerAuth(tokens)},
		Handlers:       map[string]any{"hello": func() string { return "hello" }},
		Observe: func(c manage.Call) {
			// calls.WithLabelValues(c.Account, c.ID, strconv.Itoa(c.Status)).Inc()
			// seconds.WithLabelValues(c.Account, c.ID).Observe(c.Duration.Seconds())
			fmt.Println(c.Account, c.ID, c.Method, c.Status)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	api := endpoint.New()
	api.Add(m)

	request(api, "s3cret", "PUT", "hi", `{"path":"hi","handler_script_path":"hello"}`)
	request(api, "s3cret", "GET", "u/hi", "")
	// Output:
	// 201 {"id":"hi"}
	// jaydoe hi GET 200
	// 200 hello
}
