package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// An exchange is one request, told independently of the server that takes it.
type exchange struct {
	method, target string // target: path and query
	contentType    string // "" for a request without a body
	body           string
}

// An answer is what a server sent back.
type answer struct {
	status      int
	contentType string
	body        string
}

// writer is a ResponseWriter that allocates nothing once its header map has grown.
// It has the optional methods that net/http's own writer has, so that no
// contender pays for their absence. It is not safe for concurrent use.
type writer struct {
	header http.Header
	status int
	size   int
	keep   bool // whether body is kept
	body   []byte
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.size += len(p)
	if w.keep {
		w.body = append(w.body, p...)
	}
	return len(p), nil
}

func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.size += len(s)
	if w.keep {
		w.body = append(w.body, s...)
	}
	return len(s), nil
}

func (w *writer) Flush()                           { w.WriteHeader(http.StatusOK) }
func (w *writer) SetReadDeadline(time.Time) error  { return nil }
func (w *writer) SetWriteDeadline(time.Time) error { return nil }
func (w *writer) EnableFullDuplex() error          { return nil }
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

// reset makes w ready for the next answer.
func (w *writer) reset() {
	clear(w.header)
	w.status, w.size = 0, 0
	w.body = w.body[:0]
}

// rewinder is a request body that can be read again.
type rewinder struct {
	text string
	at   int
}

func (r *rewinder) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

func (r *rewinder) Close() error { return nil }

// client plays exchanges against an http.Handler, in process.
// Each request is put back into the state in which net/http would deliver it,
// so that nothing a server stores in it is there the next time.
type client struct {
	handler  http.Handler
	writer   writer
	fresh    []http.Request // as delivered
	requests []http.Request // as served
	bodies   []rewinder
	next     int
}

// newClient returns a client of h. It panics if an exchange is not a valid request.
func newClient(h http.Handler, exchanges []exchange) *client {
	c := &client{
		handler:  h,
		writer:   writer{header: make(http.Header, 8)},
		fresh:    make([]http.Request, len(exchanges)),
		requests: make([]http.Request, len(exchanges)),
		bodies:   make([]rewinder, len(exchanges)),
	}
	// net/http's contexts can be cancelled, so this one can.
	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, cancel)
	for i, e := range exchanges {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(e.wire())))
		if err != nil {
			panic(fmt.Sprintf("BUG: %s %q is not a request: %v", e.method, e.target, err))
		}
		r.RemoteAddr = "192.0.2.1:1234"
		c.fresh[i] = *r.WithContext(ctx)
		c.fresh[i].Body = http.NoBody
		if e.body != "" {
			c.bodies[i].text = e.body
			c.fresh[i].Body = &c.bodies[i]
		}
	}
	return c
}

// wire returns e as it goes over a connection.
func (e exchange) wire() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench.example\r\nAccept: */*\r\nUser-Agent: bench\r\n", e.method, e.target)
	if e.body != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", e.contentType, len(e.body))
	}
	b.WriteString("\r\n")
	b.WriteString(e.body)
	return b.String()
}

// serve plays exchange i.
func (c *client) serve(i int) {
	c.writer.reset()
	c.bodies[i].at = 0
	r := &c.requests[i]
	*r = c.fresh[i]
	c.handler.ServeHTTP(&c.writer, r)
}

// run plays n exchanges, one after the other, beginning where it stopped.
func (c *client) run(n int) {
	for range n {
		c.serve(c.next)
		if c.next++; c.next == len(c.requests) {
			c.next = 0
		}
	}
}

// answer plays exchange i and returns what came back.
func (c *client) answer(i int) answer {
	c.writer.keep = true
	c.serve(i)
	c.writer.keep = false
	c.writer.WriteHeader(http.StatusOK) // what net/http does for a handler that writes nothing
	return answer{c.writer.status, c.writer.header.Get("Content-Type"), string(c.writer.body)}
}

// fastClient does for fasthttp what client does for net/http.
// The request is filled anew each time, since fasthttp parses it lazily and
// keeps what it parsed.
type fastClient struct {
	handler   fasthttp.RequestHandler
	exchanges []exchange
	ctx       fasthttp.RequestCtx
	next      int
}

// newFastClient returns a client of h.
func newFastClient(h fasthttp.RequestHandler, exchanges []exchange) *fastClient {
	c := &fastClient{handler: h, exchanges: exchanges}
	c.ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234}, nil)
	return c
}

func (c *fastClient) serve(i int) {
	e := &c.exchanges[i]
	c.ctx.Request.Reset()
	c.ctx.Response.Reset()
	c.ctx.ResetUserValues()
	c.ctx.Request.Header.SetMethod(e.method)
	c.ctx.Request.SetRequestURI(e.target)
	c.ctx.Request.Header.SetHost("bench.example")
	if e.body != "" {
		c.ctx.Request.Header.SetContentType(e.contentType)
		c.ctx.Request.SetBodyString(e.body)
	}
	c.handler(&c.ctx)
}

func (c *fastClient) run(n int) {
	for range n {
		c.serve(c.next)
		if c.next++; c.next == len(c.exchanges) {
			c.next = 0
		}
	}
}

func (c *fastClient) answer(i int) answer {
	c.serve(i)
	r := &c.ctx.Response
	return answer{r.StatusCode(), string(r.Header.ContentType()), string(r.Body())}
}
