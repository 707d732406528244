package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"

	"github.com/seed217079a1/endpoint"
)

// A program serves until it is interrupted, and finishes what has begun.
func ExampleServe() {
	api := endpoint.New()
	api.Get("hello", func() string { return "Hello" })

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := endpoint.Serve(ctx, "127.0.0.1:8080", api); err != nil {
		log.Fatal(err)
	}
}

// A test serves on a free port.
func ExampleServeListener() {
	api := endpoint.New()
	api.Get("hello", func() string { return "Hello" })

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- endpoint.ServeListener(ctx, l, api) }()

	answer, err := http.Get("http://" + l.Addr().String() + "/hello")
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, string(body), err)
	_ = answer.Body.Close() // it was read to its end

	stop()
	fmt.Println(<-served)
	// Output:
	// 200 Hello <nil>
	// <nil>
}

// Mounted in a service that exists, an API sees the path that is left.
func ExampleAPI_ServeHTTP() {
	api := endpoint.New()
	api.Get("hello", func(r *endpoint.Request) string { return r.Path() + " of " + r.FullPath() })
	api.Get("files/", func() string { return "files" })

	mux := http.NewServeMux()
	mux.Handle("/api/v1/", http.StripPrefix("/api/v1", api))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the home page") })
	exampleGet(mux, "/api/v1/hello")
	exampleGet(mux, "/api/v1/files") // the location has the mount
	exampleGet(mux, "/")
	// Output:
	// 200 /hello of /api/v1/hello
	// 308 /api/v1/files/
	// 200 the home page
}
