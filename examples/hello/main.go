// Command hello is the complete program of the README: one function, one line
// of registration, mounted under net/http.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

// Hello is the input: each field says where in the request it comes from.
type Hello struct {
	Name  string `path:"name"`
	Times int    `query:"times" default:"1" validate:"min=1,max=3"`
}

// Greeting is the result; a struct is answered as JSON.
type Greeting struct {
	Lines []string `json:"lines"`
}

func hello(ctx context.Context, in Hello) (Greeting, error) {
	if in.Name == "nobody" {
		return Greeting{}, endpoint.Errorf(http.StatusNotFound, "there is no %s here", in.Name)
	}
	var g Greeting
	for range in.Times {
		g.Lines = append(g.Lines, "Hello, "+in.Name+"!")
	}
	return g, nil
}

// service is a net/http service: the API is one more handler in it.
func service() (http.Handler, error) {
	api := endpoint.New()
	api.Get("hello/:name", hello)
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", api))
	return mux, api.Compile() // reports every fault of registration, before the first request
}

func main() {
	mux, err := service()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(endpoint.Serve(context.Background(), "127.0.0.1:8080", mux)) // or any other http.Server
}
