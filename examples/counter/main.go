// Command counter is the counter of the Internet Computer's documents, written
// as the canister it is there: a query that reads, an update that adds one, a
// streamed answer, and bodies that were compressed beforehand.
//
//	go run ./examples/counter                        serve, and print requests to try
//	go run ./examples/counter -state counter.state   keep the counter in a file
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

// settings are what the command line sets.
type settings struct {
	addr  string
	state string
}

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`host:port` to listen on")
	flag.StringVar(&s.state, "state", "", "`file` that keeps the counter; none by default")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on a second Ctrl-C ends the program at once
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "counter:", err)
		os.Exit(1)
	}
}

// run is the program without its process, so that a test can run it: it ends
// when ctx does.
func run(ctx context.Context, s settings, stdout io.Writer) error {
	c := newCounter()
	if s.state != "" {
		if err := c.count.Persist(s.state); err != nil {
			return err
		}
	}
	api := endpoint.New()
	canister.Handle(api, "/", c.service())
	if err := api.Compile(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address, such as -addr 127.0.0.1:8081", err)
	}
	fmt.Fprintf(stdout, "Listening on http://%s, Ctrl-C stops. Try in another terminal:\n", l.Addr())
	fmt.Fprintln(stdout, strings.ReplaceAll(requests, "$URL", "http://"+l.Addr().String()))
	return endpoint.ServeListener(ctx, l, api)
}

// requests are the lines to try.
const requests = `
curl $URL/
curl -X POST $URL/
curl $URL/any/path?is=shown
curl -N $URL/stream
curl --compressed $URL/
curl -i -X OPTIONS $URL/
`
