package endpoint_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// The allocation ceilings of the adapter form. The cases are those of
// internal/bench, which compares times; here only allocations are held, since
// they are the same on every machine.

type (
	allocUser struct {
		ID    int64  `json:"id"`
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	allocUserInput struct {
		ID int64 `path:"id"`
	}
	allocSearch struct {
		Org      string   `path:"org" json:"org"`
		Repo     string   `path:"repo" json:"repo"`
		Page     int      `query:"page" json:"page" default:"1" validate:"min=1,max=1000"`
		Archived bool     `query:"archived" json:"archived"`
		Sort     string   `query:"sort" json:"sort" default:"created" validate:"oneof=created updated pushed full_name"`
		Labels   []string `query:"label" json:"labels" validate:"max=10,dive,min=1,max=50"`
	}
	allocOrder struct {
		Number   string        `json:"number" validate:"required,min=3,max=20"`
		Currency string        `json:"currency" validate:"required,oneof=EUR USD GBP"`
		Customer allocCustomer `json:"customer"`
		Lines    []allocLine   `json:"lines" validate:"required,min=1,max=50,dive"`
		Tags     []string      `json:"tags" validate:"max=10,dive,min=1,max=20"`
	}
	allocCustomer struct {
		Name    string       `json:"name" validate:"required,max=100"`
		Email   string       `json:"email" validate:"required,email"`
		Address allocAddress `json:"address"`
	}
	allocAddress struct {
		Street  string `json:"street" validate:"required,max=100"`
		City    string `json:"city" validate:"required,max=60"`
		Zip     string `json:"zip" validate:"required,min=3,max=10"`
		Country string `json:"country" validate:"required,len=2"`
	}
	allocLine struct {
		SKU      string `json:"sku" validate:"required,min=3,max=20"`
		Title    string `json:"title" validate:"required,max=80"`
		Quantity int    `json:"quantity" validate:"min=1,max=1000"`
		Price    int64  `json:"price" validate:"min=0,max=10000000"`
	}
	allocReceipt struct {
		Number string `json:"number"`
		Email  string `json:"email"`
		Lines  int    `json:"lines"`
	}
	allocItem struct {
		ID       int64  `json:"id" validate:"min=1"`
		SKU      string `json:"sku" validate:"required,min=3,max=20"`
		Title    string `json:"title" validate:"required,max=80"`
		Supplier string `json:"supplier" validate:"required,max=40"`
		Quantity int    `json:"quantity" validate:"min=1,max=1000"`
	}
	allocPriced struct {
		ID  int64  `json:"id"`
		SKU string `json:"sku"`
	}
	allocSignup struct {
		Name       string `form:"name" validate:"required,max=100"`
		Email      string `form:"email" validate:"required,email"`
		Street     string `form:"street" validate:"required,max=100"`
		City       string `form:"city" validate:"required,max=60"`
		Zip        string `form:"zip" validate:"required,min=3,max=10"`
		Country    string `form:"country" validate:"required,len=2"`
		Phone      string `form:"phone" validate:"required,min=5,max=20"`
		Age        int    `form:"age" validate:"min=18,max=130"`
		Newsletter bool   `form:"newsletter"`
		Message    string `form:"message" validate:"required,max=2000"`
	}
	allocPath1 struct {
		A string `path:"a"`
	}
	allocPath2 struct {
		A string `path:"a"`
		B string `path:"b"`
	}
	allocPath3 struct {
		A string `path:"a"`
		B string `path:"b"`
		C string `path:"c"`
	}
)

// allocWriter keeps nothing but the status and the last bytes written, and has
// the deadlines that net/http's writer has.
type allocWriter struct {
	header http.Header
	status int
	body   []byte
}

func (w *allocWriter) Header() http.Header { return w.header }

func (w *allocWriter) WriteHeader(status int) { w.status = status }

func (w *allocWriter) Write(p []byte) (int, error) {
	w.body = append(w.body[:0], p...)
	return len(p), nil
}

func (w *allocWriter) WriteString(s string) (int, error) {
	w.body = append(w.body[:0], s...)
	return len(s), nil
}

func (w *allocWriter) Flush()                           {}
func (w *allocWriter) SetReadDeadline(time.Time) error  { return nil }
func (w *allocWriter) SetWriteDeadline(time.Time) error { return nil }
func (w *allocWriter) EnableFullDuplex() error          { return nil }

// allocCall is one request that can be served again and again.
type allocCall struct {
	handler http.Handler
	writer  allocWriter
	fresh   http.Request // as net/http delivers it
	request http.Request
	reader  strings.Reader
	text    string
}

// newAllocCall reads the request from its wire form, as net/http does.
func newAllocCall(t *testing.T, h http.Handler, method, target, contentType, body string) *allocCall {
	t.Helper()
	wire := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: test.example\r\n", method, target)
	if contentType != "" {
		wire += fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", contentType, len(body))
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire + "\r\n" + body)))
	if err != nil {
		t.Fatal(err)
	}
	// A context that can be cancelled, as a server's.
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r.RemoteAddr = "192.0.2.1:1234"
	c := &allocCall{handler: h, text: body, writer: allocWriter{header: make(http.Header, 8)}}
	c.fresh = *r.WithContext(ctx)
	c.fresh.Body = http.NoBody
	if contentType != "" {
		c.fresh.Body = io.NopCloser(&c.reader)
	}
	return c
}

// serve plays the request once. Nothing that a former call left in the request is seen.
func (c *allocCall) serve() {
	clear(c.writer.header)
	c.writer.status, c.writer.body = http.StatusOK, c.writer.body[:0]
	c.reader.Reset(c.text)
	c.request = c.fresh
	c.handler.ServeHTTP(&c.writer, &c.request)
}

// allocAPI returns the endpoints of all cases but C6.
func allocAPI(t *testing.T) *endpoint.API {
	t.Helper()
	api := endpoint.New()
	api.Get("hello", func() string { return "Hello, World!" })
	api.Get("users/:id", endpoint.Typed(func(_ context.Context, in allocUserInput) (allocUser, error) {
		return allocUser{ID: in.ID, Name: "Ada Lovelace", Email: "ada@example.com"}, nil
	}))
	api.Get("orgs/:org/repos/:repo", endpoint.Typed(func(_ context.Context, in allocSearch) (allocSearch, error) {
		return in, nil
	}))
	api.Post("orders", endpoint.Typed(func(_ context.Context, in allocOrder) (allocReceipt, error) {
		return allocReceipt{in.Number, in.Customer.Email, len(in.Lines)}, nil
	}))
	api.Post("items", endpoint.Typed(func(_ context.Context, in []allocItem) ([]allocPriced, error) {
		out := make([]allocPriced, len(in))
		for i := range in {
			out[i] = allocPriced{in[i].ID, in[i].SKU}
		}
		return out, nil
	}))
	api.Post("signup", endpoint.Typed(func(_ context.Context, in allocSignup) (allocUser, error) {
		return allocUser{int64(in.Age), in.Name, in.Email}, nil
	}))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

const allocOrderBody = `{"number":"A-2026-0042","currency":"EUR","customer":{"name":"Ada Lovelace",` +
	`"email":"ada@example.com","address":{"street":"12 St James Square","city":"London",` +
	`"zip":"SW1Y 4JH","country":"GB"}},"lines":[{"sku":"PUNCH-100","title":"Punched cards",` +
	`"quantity":12,"price":1999},{"sku":"GEAR-7","title":"Brass gear wheel","quantity":3,"price":450}],` +
	`"tags":["handle with care","priority export"]}`

// allocItems returns 1000 items without two equal strings, which a codec could share.
func allocItems() string {
	items := make([]string, 1000)
	for i := range items {
		items[i] = fmt.Sprintf(`{"id":%d,"sku":"SKU-%05d","title":"Item no. %05d","supplier":"Works %05d","quantity":3}`, i+1, i, i, i)
	}
	return "[" + strings.Join(items, ",") + "]"
}

// allocForm returns a form of 1 KB with four values that need unescaping.
func allocForm() string {
	return url.Values{
		"name": {"Ada Lovelace"}, "email": {"ada@example.com"}, "street": {"12 Square"},
		"city": {"London"}, "zip": {"SW1Y4JH"}, "country": {"GB"}, "phone": {"442079460000"},
		"age": {"36"}, "newsletter": {"true"},
		"message": {strings.Repeat("we build an engine that weaves patterns ", 21)},
	}.Encode()
}

func TestAllocations(t *testing.T) {
	const (
		asJSON = "application/json"
		asForm = "application/x-www-form-urlencoded"
		repo   = "/orgs/golang/repos/tools?archived=true&label=bug&label=regression&"
	)
	badOrder := strings.NewReplacer("ada@", "ada.", `"quantity":3,`, `"quantity":3000,`).Replace(allocOrderBody)
	tests := []struct {
		name, method, target, contentType, body string
		status, ceiling                         int
		want                                    string // a part of the answer
		reason                                  string
	}{
		{"C1", "GET", "/hello", "", "", 200, 0, "Hello, World!", "nothing depends on the request"},
		{"C2", "GET", "/users/42", "", "", 200, 3, `"id":42`, "the input, the result and one to spare"},
		{"C3", "GET", repo + "page=3&sort=updated", "", "", 200, 7, `"regression"`, "the list of labels beside C2's"},
		{"C4", "POST", "/orders", asJSON, allocOrderBody, 200, 8, `"lines":2`, "two lists beside C2's"},
		{"C5", "POST", "/items", asJSON, allocItems(), 200, 3100, `"id":1000`, "three strings an item"},
		{"C7q", "GET", repo + "page=3000&sort=size", "", "", 422, 30, "sort", "two faults with their texts"},
		{"C7b", "POST", "/orders", asJSON, badOrder, 422, 60, "/lines/1/quantity", "the validator words both faults"},
		{"C8", "POST", "/signup", asForm, allocForm(), 200, 8, `"id":36`, "the unescaped values beside C2's"},
	}
	api := allocAPI(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			call := newAllocCall(t, api, test.method, test.target, test.contentType, test.body)
			checkAllocations(t, call, test.status, test.ceiling, test.want, test.reason)
		})
	}
}

// One route costs at most one allocation.
func TestAllocationsOfRoutes(t *testing.T) {
	none := func() string { return "ok" }
	one := endpoint.Typed(func(_ context.Context, in allocPath1) (string, error) { return in.A, nil })
	two := endpoint.Typed(func(_ context.Context, in allocPath2) (string, error) { return in.B, nil })
	three := endpoint.Typed(func(_ context.Context, in allocPath3) (string, error) { return in.C, nil })
	routes := []struct {
		path, target string
		fn           any
		want         string // the last parameter
	}{
		{"feeds", "/feeds", none, "ok"},
		{"users/:a", "/users/ada", one, "ada"},
		{"users/:a/events", "/users/ada/events", one, "ada"},
		{"users/:a/events/orgs/:b", "/users/ada/events/orgs/acm", two, "acm"},
		{"users/search", "/users/search", none, "ok"},
		{"repos/:a/:b/issues/:c", "/repos/ada/engine/issues/7", three, "7"},
		{"repos/:a/:b/issues/comments", "/repos/ada/engine/issues/comments", two, "engine"},
		{"repos/:a/:b/contents/*c", "/repos/ada/engine/contents/a/b/c", three, "a/b/c"},
	}
	api := endpoint.New()
	for _, r := range routes {
		api.Get(r.path, r.fn)
	}
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		t.Run(r.path, func(t *testing.T) {
			call := newAllocCall(t, api, "GET", r.target, "", "")
			checkAllocations(t, call, 200, 1, r.want, "the context or the input")
		})
	}
}

// checkAllocations serves once to see that the answer is right, then counts.
//
// The race detector allocates by itself and makes sync.Pool drop items at
// random, so with -race only the answers are checked.
func checkAllocations(t *testing.T, call *allocCall, status, ceiling int, want, reason string) {
	t.Helper()
	call.serve()
	if call.writer.status != status || !strings.Contains(string(call.writer.body), want) {
		t.Fatalf("status %d and body %.300q, want %d and %q", call.writer.status, call.writer.body, status, want)
	}
	if raceEnabled() {
		return
	}
	if got := testing.AllocsPerRun(100, call.serve); got > float64(ceiling) {
		t.Errorf("%v allocations, want at most %d: %s", got, ceiling, reason)
	}
}

// raceEnabled tells whether the test was built with -race.
func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
