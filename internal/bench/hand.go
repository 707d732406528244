package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/julienschmidt/httprouter"
)

// handContender is the limit: what an engineer writes who knows the endpoints
// and counts allocations, with the JSON library that endpoint uses. It does the
// work that endpoint promises for these requests: nosniff on each answer, a
// body limit, a content type check and every fault in one problem.
func handContender() contender {
	return contender{name: "hand", role: limit, api: handAPI, table: handTable}
}

// maxBody is the largest body that the hand-written service reads.
const maxBody = 1 << 20

// hand holds what requests share: header values and buffers.
type hand struct {
	text, json, problem, nosniff []string
	scratch                      sync.Pool
}

// scratch is a buffer with the reader that fills it.
type scratch struct {
	bytes.Buffer
	limited io.LimitedReader
}

func newHand() *hand {
	return &hand{
		text:    []string{"text/plain; charset=utf-8"},
		json:    []string{typeJSON},
		problem: []string{"application/problem+json"},
		nosniff: []string{"nosniff"},
		scratch: sync.Pool{New: func() any { return new(scratch) }},
	}
}

func handAPI() (server, error) {
	h := newHand()
	r := httprouter.New()
	r.GET("/hello", func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) { h.hello(w) })
	r.GET("/users/:id", func(w http.ResponseWriter, _ *http.Request, p httprouter.Params) { h.user(w, p[0].Value) })
	r.GET("/orgs/:org/repos/:repo", func(w http.ResponseWriter, r *http.Request, p httprouter.Params) {
		h.repository(w, r.URL.RawQuery, p[0].Value, p[1].Value)
	})
	r.POST("/orders", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) { h.order(w, r) })
	r.POST("/items", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) { h.items(w, r) })
	r.POST("/signup", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) { h.signup(w, r) })
	return server{http: r}, nil
}

// handTable uses as many httprouters as the routes' overlaps require, the more
// specific routes in the first, each one the NotFound handler of the one before.
func handTable(routes []route, hit *int) (server, error) {
	layers := handLayers(routes, hit)
	for i := range len(layers) - 1 {
		layers[i].NotFound = layers[i+1]
	}
	return server{http: layers[0]}, nil
}

// handLookupContender is the limit of C6 with parameters that are allocated for
// each request, as httprouter v1.3.0 does.
func handLookupContender() contender {
	return contender{name: "hand-lookup", role: other, table: func(routes []route, hit *int) (server, error) {
		layers := handLayers(routes, hit)
		return server{http: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, layer := range layers {
				if handle, params, _ := layer.Lookup(r.Method, r.URL.Path); handle != nil {
					handle(w, r, params)
					return
				}
			}
			http.NotFound(w, r)
		})}, nil
	}}
}

// handLayers returns the httprouters that hold all routes.
func handLayers(routes []route, hit *int) (layers []*httprouter.Router) {
	h := newHand()
	for _, i := range specificFirst(routes) {
		handle := func(w http.ResponseWriter, _ *http.Request, p httprouter.Params) {
			for _, param := range p {
				if param.Value == "" {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
			}
			*hit = i
			h.write(w, tableText)
		}
		layers = handAdd(layers, routes[i], handle)
	}
	return layers
}

// handAdd puts a route into the first layer that accepts it.
func handAdd(layers []*httprouter.Router, rt route, handle httprouter.Handle) []*httprouter.Router {
	try := func(r *httprouter.Router) (ok bool) {
		defer func() { ok = recover() == nil }()
		r.Handle(rt.method, rt.path(":", "*"), handle)
		return
	}
	for _, r := range layers {
		if try(r) {
			return layers
		}
	}
	r := httprouter.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.HandleMethodNotAllowed, r.HandleOPTIONS = false, false
	if !try(r) {
		panic("BUG: a route is refused by an empty router")
	}
	return append(layers, r)
}

func (h *hand) hello(w http.ResponseWriter) { h.write(w, "Hello, World!") }

// write answers with text.
func (h *hand) write(w http.ResponseWriter, text string) {
	header := w.Header()
	header["Content-Type"] = h.text
	header["X-Content-Type-Options"] = h.nosniff
	io.WriteString(w, text)
}

func (h *hand) user(w http.ResponseWriter, id string) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		h.refuse(w, []handFault{{In: "path", Name: "id", Code: "type", Message: "must be an integer"}})
		return
	}
	u := findUser(n)
	h.answer(w, &u)
}

func (h *hand) repository(w http.ResponseWriter, query, org, repo string) {
	in := repository{Org: org, Repo: repo, Page: 1, Sort: "created"}
	faults := scanRepository(query, &in)
	if faults = checkRepository(&in, faults); faults != nil {
		h.refuse(w, faults)
		return
	}
	h.answer(w, &in)
}

func (h *hand) order(w http.ResponseWriter, r *http.Request) {
	var in order
	if !h.decode(w, r, &in) {
		return
	}
	if faults := checkOrder(&in); faults != nil {
		h.refuse(w, faults)
		return
	}
	out := takeOrder(&in)
	h.answer(w, &out)
}

func (h *hand) items(w http.ResponseWriter, r *http.Request) {
	var in []item
	if !h.decode(w, r, &in) {
		return
	}
	if faults := checkItems(in); faults != nil {
		h.refuse(w, faults)
		return
	}
	out := priceItems(in)
	h.answer(w, &out)
}

func (h *hand) signup(w http.ResponseWriter, r *http.Request) {
	s := h.read(w, r, typeForm)
	if s == nil {
		return
	}
	var in signup
	faults := scanSignup(s.Bytes(), &in)
	h.scratch.Put(s)
	if faults = checkSignup(&in, faults); faults != nil {
		h.refuse(w, faults)
		return
	}
	out := join(&in)
	h.answer(w, &out)
}

// read returns the body, or nil after having refused the request.
func (h *hand) read(w http.ResponseWriter, r *http.Request, contentType string) *scratch {
	if got := r.Header.Get("Content-Type"); got != contentType && !strings.HasPrefix(got, contentType+";") {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil
	}
	s := h.scratch.Get().(*scratch)
	s.Reset()
	s.limited = io.LimitedReader{R: r.Body, N: maxBody + 1}
	_, err := s.ReadFrom(&s.limited)
	s.limited.R = nil
	if err != nil || s.Len() > maxBody {
		h.scratch.Put(s)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return nil
	}
	return s
}

// decode reads the body into v, and tells whether the request may go on.
func (h *hand) decode(w http.ResponseWriter, r *http.Request, v any) bool {
	s := h.read(w, r, typeJSON)
	if s == nil {
		return false
	}
	err := json.Unmarshal(s.Bytes(), v)
	h.scratch.Put(s)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	return err == nil
}

// answer sends v as JSON with status 200.
func (h *hand) answer(w http.ResponseWriter, v any) { h.send(w, http.StatusOK, h.json, v) }

// send writes v. Above 2048 bytes it sets Content-Length, which net/http does not do then.
func (h *hand) send(w http.ResponseWriter, status int, contentType []string, v any) {
	s := h.scratch.Get().(*scratch)
	s.Reset()
	defer h.scratch.Put(s)
	if err := json.MarshalWrite(&s.Buffer, v); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header["Content-Type"] = contentType
	header["X-Content-Type-Options"] = h.nosniff
	if s.Len() > 2048 {
		header["Content-Length"] = []string{strconv.Itoa(s.Len())}
	}
	w.WriteHeader(status)
	w.Write(s.Bytes())
}

// handFault is one entry of a problem.
type handFault struct {
	In      string `json:"in"`
	Name    string `json:"name,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// handProblem is the answer to a request with faults.
type handProblem struct {
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Fields []handFault `json:"fields"`
}

// refuse answers 422 with all faults.
func (h *hand) refuse(w http.ResponseWriter, faults []handFault) {
	p := handProblem{Title: "Unprocessable Entity", Status: http.StatusUnprocessableEntity, Fields: faults}
	h.send(w, p.Status, h.problem, &p)
}

// spans are where the keys and values of a form lie.
type spans [32]struct{ key, equal, end int }

// unescapeForm undoes the escapes of a form within text itself, and returns the
// form as one string with the places of its n pairs. It stops at a bad escape
// and at a pair too many.
func unescapeForm(text []byte) (form string, at spans, n int, ok bool) {
	to, equal := 0, -1
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == '&' {
			if n == len(at) {
				return "", at, n, false
			}
			at[n].end = to
			at[n].equal = to
			if equal >= 0 {
				at[n].equal = equal
			}
			n, equal = n+1, -1
			if n < len(at) {
				at[n].key = to
			}
			continue
		}
		b := text[i]
		switch {
		case b == '=' && equal < 0:
			equal = to
			continue
		case b == '+':
			b = ' '
		case b == '%':
			if i+2 >= len(text) {
				return "", at, n, false
			}
			high, low := hexValue(text[i+1]), hexValue(text[i+2])
			if high > 15 || low > 15 {
				return "", at, n, false
			}
			b = high<<4 | low
			i += 2
		}
		text[to] = b
		to++
	}
	return string(text[:to]), at, n, true
}

// hexValue returns the value of a hexadecimal digit, above 15 if b is none.
func hexValue(b byte) byte {
	switch {
	case '0' <= b && b <= '9':
		return b - '0'
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		return b | 0x20 - 'a' + 10
	}
	return 16
}
