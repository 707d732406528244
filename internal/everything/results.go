package everything

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// A Shape is one of Circle and Square.
type Shape interface{ area() float64 }

// A Circle is a shape.
type Circle struct {
	Kind   string  `json:"kind"`
	Radius float64 `json:"radius"`
}

func (c Circle) area() float64 { return 3 * c.Radius * c.Radius }

// A Square is a shape.
type Square struct {
	Kind string  `json:"kind"`
	Side float64 `json:"side"`
}

func (s Square) area() float64 { return s.Side * s.Side }

// A Drawing holds shapes.
type Drawing struct {
	Main   Shape   `json:"main"`
	Others []Shape `json:"others"`
}

// Results has members whose presence and nulls differ.
type Results struct {
	Always    []int             `json:"always"`
	Nil       *int              `json:"nil"`
	OmitZero  *int              `json:"omitZero,omitzero"`
	OmitEmpty map[string]string `json:"omitEmpty,omitempty"`
	Number    int               `json:"number,omitempty"`
	Opt       endpoint.Opt[int] `json:"opt"`
}

var errNothing = errors.New("nothing")

func registerResults(g *endpoint.Group) {
	g.Get("nothing", func() {}, endpoint.Name("nothing"))
	g.Post("accepted", func() {}, endpoint.Name("accepted"), endpoint.Status(http.StatusAccepted))
	g.Get("error", func() error { return nil }, endpoint.Name("error"))
	g.Get("missing/:id", func(id int) (Results, error) {
		if id < 0 {
			return Results{}, errNothing
		}
		return Results{}, nil
	}, endpoint.Name("missing"))
	g.Get("text", func() string { return "text" }, endpoint.Name("text"))
	g.Get("json-text", func() string { return "text" }, endpoint.Name("jsonText"), endpoint.TextAsJSON())
	g.Get("bytes", func() []byte { return []byte{1, 2} }, endpoint.Name("byteResult"))
	g.Get("reader", func() io.Reader { return strings.NewReader("stream") }, endpoint.Name("readerResult"))
	g.Get("media", func() endpoint.Media {
		return endpoint.Media{ContentType: "image/png", Name: "a.png", Content: bytes.NewReader([]byte{137, 80})}
	}, endpoint.Name("media"))
	g.Get("response", func() *endpoint.Response {
		return endpoint.Respond(http.StatusTeapot, map[string]int{"cups": 1}).Set("X-Cups", "1")
	}, endpoint.Name("response"))
	g.Get("value", func() Results { return Results{Number: 1} }, endpoint.Name("value"))
	g.Get("pointer", func() *Results { return &Results{} }, endpoint.Name("pointer"))
	g.Get("list", func() []Results { return nil }, endpoint.Name("listResult"))
	g.Get("map", func() map[string]Results { return nil }, endpoint.Name("mapResult"))
	g.Get("any", func() any { return 1 }, endpoint.Name("any"))
	g.Get("drawing", func() Drawing {
		return Drawing{Circle{"circle", 1}, []Shape{Square{"square", 2}, nil}}
	}, endpoint.Name("drawing"))
	g.Get("seq", func() iter.Seq[Results] {
		return func(yield func(Results) bool) { _ = yield(Results{}) && yield(Results{Number: 2}) }
	}, endpoint.Name("seq"))
	g.Get("seq2", func() iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { _ = yield(1, nil) && yield(2, nil) }
	}, endpoint.Name("seq2"))
	g.Get("events", func() iter.Seq2[endpoint.Event, error] {
		return func(yield func(endpoint.Event, error) bool) {
			_ = yield(endpoint.Event{ID: "1", Type: "tick", Data: "text"}, nil) && yield(endpoint.Event{Data: Results{}}, nil)
		}
	}, endpoint.Name("events"))
	g.Get("writer", func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, "a,b\n")
	}, endpoint.Name("writer"))
	g.Get("handler", func() http.Handler { return http.NotFoundHandler() }, endpoint.Name("handlerResult"))
	g.Get("served", http.NotFoundHandler(), endpoint.Name("served"))
}
