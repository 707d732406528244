package openapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Handler serves the document of an API: openapi.json and openapi.yaml below
// where it is mounted, and at its root a page without scripts that shows it. It
// looks at the last segment of the path alone, so that it is right below any
// prefix, stripped or not:
//
//	api.Get("docs/", openapi.Handler(api, info), endpoint.Hidden())
//	mux.Handle("/docs/", openapi.Handler(api, info))
//
// The document is that of what the API serves, see [endpoint.API.Served]. It is
// made when it is asked for, once for each change, and kept; a client that has
// it gets 304. While it cannot be made the last one goes on being served, and
// without one the answer is 500; the reason is logged to [slog.Default]. What is
// wrong with the Info is also reported by Compile of an API that the handler is
// registered with. Who may read it is decided where it is mounted.
func Handler(api *endpoint.API, info Info) http.Handler {
	h := &handler{api: api, info: info}
	if err := info.check(); err != nil {
		return &broken{h, err}
	}
	return h
}

// broken is a handler whose Info is wrong. It is an error, which package endpoint
// reports when it compiles.
type broken struct {
	*handler
	err error
}

func (b *broken) Error() string { return b.err.Error() }

type handler struct {
	api    *endpoint.API
	info   Info
	latest atomic.Pointer[edition]
	making sync.Mutex // so that many requests make it once
}

// An edition is the document of one version of the API.
type edition struct {
	version uint64
	files   map[string]func() (file, error) // by the last segment of the path; nil if there never was a document
}

// A file is what is served under one name.
type file struct {
	kind   string
	policy string // Content-Security-Policy, "" for none
	etag   string
	body   []byte
}

func newFile(kind, policy string, body []byte) file {
	sum := sha256.Sum256(body)
	return file{kind, policy, `"` + hex.EncodeToString(sum[:16]) + `"`, body}
}

// ServeHTTP answers GET and HEAD.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch name {
	case "", "index.html", "openapi.json", "openapi.yaml":
	default:
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "" && addSlash(w, r) {
		return
	}
	make := h.edition().files[name]
	if make == nil {
		failed(w)
		return
	}
	f, err := make()
	if err != nil {
		failed(w)
		return
	}
	f.serve(w, r)
}

func failed(w http.ResponseWriter) {
	http.Error(w, "the document cannot be made; the log says why", http.StatusInternalServerError)
}

// addSlash sends a client that asked for the page without the slash at its end
// there, as the links of the page need it. What is before is told by the
// request alone, so that the location is relative.
func addSlash(w http.ResponseWriter, r *http.Request) bool {
	asked, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		return false
	}
	path := asked.EscapedPath()
	last := path[strings.LastIndexByte(path, '/')+1:]
	if last == "" {
		return false
	}
	w.Header().Set("Location", "./"+last+"/")
	w.WriteHeader(http.StatusPermanentRedirect)
	return true
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("ETag", f.etag)
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	if f.policy != "" {
		header.Set("Content-Security-Policy", f.policy)
		header.Set("Referrer-Policy", "no-referrer")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// edition returns the document of what the API serves now, or the last one that
// could be made. Version is asked before what it is the version of.
func (h *handler) edition() *edition {
	e := h.latest.Load()
	if e != nil && e.version == h.api.Version() {
		return e
	}
	h.making.Lock()
	defer h.making.Unlock()
	e = h.latest.Load()
	version := h.version()
	if e != nil && e.version == version {
		return e
	}
	next := &edition{version: version}
	doc, err := h.document()
	switch {
	case err == nil:
		next.files = editionFiles(doc)
	case e != nil:
		next.files = e.files
	}
	if err != nil {
		slog.Default().Error("openapi: the document cannot be made", slog.String("cause", err.Error()))
	}
	h.latest.Store(next)
	return next
}

// version returns the version of the API, which is compiled if nobody did.
func (h *handler) version() uint64 {
	if v := h.api.Version(); v != 0 {
		return v
	}
	_, _ = h.api.Served() // document asks again, and tells what is wrong
	return h.api.Version()
}

// document makes the tree of the document.
func (h *handler) document() (*object, error) {
	if err := h.info.check(); err != nil {
		return nil, err
	}
	list, err := h.api.Served()
	if err != nil {
		return nil, err
	}
	return document(list, h.info)
}

// editionFiles returns the files of a document, each of which is made when
// it is asked for the first time.
func editionFiles(doc *object) map[string]func() (file, error) {
	text := sync.OnceValue(func() []byte { return append(appendJSON(nil, doc, 0), '\n') })
	root := sync.OnceValues(func() (file, error) {
		html, err := page(text(), "openapi.json")
		if err != nil {
			slog.Default().Error("openapi: the page cannot be made", slog.String("cause", err.Error()))
			return file{}, err
		}
		return newFile("text/html; charset=utf-8", pagePolicy(), html), nil
	})
	return map[string]func() (file, error){
		"openapi.json": sync.OnceValues(func() (file, error) {
			return newFile("application/json", "", text()), nil
		}),
		"openapi.yaml": sync.OnceValues(func() (file, error) {
			return newFile("application/yaml", "", append(appendYAML(nil, doc, 0), '\n')), nil
		}),
		"":           root,
		"index.html": root,
	}
}
