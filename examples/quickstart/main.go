// Command quickstart is a small service that mounts an API: users kept in
// memory, a greeting, a download, a feed of server-sent events and a webhook.
//
//	go run ./examples/quickstart            serve, and print requests to try
//	go run ./examples/quickstart -routes    print what was resolved, and end
//
// Read the files in this order: main.go is the service, api.go the
// registrations, and each other file one feature as plain functions.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed217079a1/endpoint"
)

// settings are what the command line sets.
type settings struct {
	addr     string
	greeting string
	routes   bool
}

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`host:port` to listen on")
	flag.StringVar(&s.greeting, "greeting", "Hello", "the `word` that greetings begin with")
	flag.BoolVar(&s.routes, "routes", false, "print the route table and end")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on a second Ctrl-C ends the program at once
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the program without its process, so that a test can run it: it ends
// when ctx does.
func run(ctx context.Context, s settings, stdout io.Writer) error {
	users := NewUsers("Ada", "Grace")
	api := newAPI(users)
	api.Configure(Greetings{Word: s.greeting})
	if secret := os.Getenv("WEBHOOK_SECRET"); secret != "" {
		api.Configure(Webhook{Secret: secret})
	}
	// Whatever is wrong with a registration is reported here, all of it at
	// once, and not by a request.
	if err := api.Compile(); err != nil {
		return err
	}
	if s.routes {
		return api.Explain(stdout)
	}

	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address, such as -addr 127.0.0.1:8081", err)
	}
	printHelp(stdout, baseURL(l.Addr()))
	// A feed has no end of its own, so it is told when the service stops.
	context.AfterFunc(ctx, users.Close)
	// ServeListener has the timeouts that net/http leaves open. When ctx ends
	// it lets requests finish.
	return endpoint.ServeListener(ctx, l, newService(api))
}

// newService is the service that was there before the API: its own mux, with
// handlers of its own. The API is one more http.Handler in it.
func newService(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>quickstart</title><p>The API is at <a href="/api/users">/api/users</a> and described at <a href="/api/docs/">/api/docs/</a>.`)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.Handle("/api/", api) // the API knows its prefix, so nothing is stripped
	return mux
}
