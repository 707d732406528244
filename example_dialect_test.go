package endpoint_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/seed217079a1/endpoint"
)

// send prints the answer to a request.
func send(api *endpoint.API, method, target string, fields ...string) {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

func ExampleSkygear() {
	api := endpoint.New(endpoint.Skygear())
	api.Handle("chat:join", func() string { return "joined" })

	send(api, "POST", "/chat/join")
	send(api, "DELETE", "/chat/join")
	send(api, "GET", "/nowhere")
	// Output:
	// 200 joined
	// 404 {"error":{"name":"UndefinedOperation","code":117,"message":"route unmatched"}}
	// 200 {"result":{"status":"OK"}}
}

func ExampleDara() {
	tokens := func(_ context.Context, token string) (*endpoint.User, error) {
		if endpoint.SameSecret(token, "secret") {
			return &endpoint.User{ID: "alice"}, nil
		}
		return nil, endpoint.ErrCredentials
	}
	api := endpoint.New(endpoint.Dara(), endpoint.Auth(endpoint.BearerAuth(tokens)))
	api.Get("greeting", func(u *endpoint.User) string { return "Hello " + u.ID })

	send(api, "GET", "/api/greeting", "Authorization", "Bearer secret")
	send(api, "GET", "/api/greeting")
	// Output:
	// 200 "Hello alice"
	// 401 {"detail":{"message":"Session has expired, please log in again","reason":"expired"}}
}

func ExampleAnvil() {
	api := endpoint.New(endpoint.Anvil())
	api.Handle("/users/:id", func(id string) string { return "You requested user " + id })

	send(api, "GET", "/_/api/users/42")
	send(api, "PUT", "/_/api/users/42")
	// Output:
	// 200 You requested user 42
	// 405 Method not supported
}

// Library is a resource that can be listed and read.
type Library struct{ books []string }

// Index returns all books.
func (l Library) Index() []string { return l.books }

// Get returns one book.
func (l Library) Get(id int) (string, error) {
	if id < 0 || id >= len(l.books) {
		return "", endpoint.Errorf(404, "no such book")
	}
	return l.books[id], nil
}

func ExampleResource() {
	api := endpoint.New()
	api.Add(endpoint.Resource("books", Library{[]string{"Emma", "Middlemarch"}}))

	send(api, "GET", "/books")
	send(api, "GET", "/books/1")
	// Output:
	// 200 ["Emma","Middlemarch"]
	// 200 Middlemarch
}
