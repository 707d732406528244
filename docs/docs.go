// Package docs serves a page that shows an OpenAPI document and tries its
// operations out: Swagger UI, embedded, so that no request ever leaves the
// host.
//
//	api.Get("docs/", docs.Handler("openapi.json"), endpoint.Hidden())
//	api.Get("docs/openapi.json", openapi.Handler(api, info), endpoint.Hidden())
//
// The page is right under any mount and behind any authentication that a
// browser takes part in, a session or HTTP Basic: it asks with the credentials
// of its own origin. Whoever may not see the page gets the answer of the
// service, not ours.
package docs

import (
	"bytes"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

//go:embed assets page
var files embed.FS

// Handler serves the page for the document at specURL: a path of the same host,
// relative to the page ("openapi.json", "../openapi.json?group=a") or absolute
// ("/api/openapi.json"). The page cannot load or call any other host, whatever
// the document says: where its servers are elsewhere, trying out fails.
//
// Handler belongs to a path with everything below it, as "/docs/" in a
// [http.ServeMux], with or without [http.StripPrefix]. Asked for a path that
// does not end in a slash, and names no file, it redirects to the one that does.
// It answers GET and HEAD, and may serve concurrently.
//
// With a specURL that is none of these, Compile of an API that it is registered
// with reports what to write instead; elsewhere every request is answered with
// 500, and [slog.Default] gets the reason.
func Handler(specURL string) http.Handler {
	h, err := newHandler(specURL)
	if err != nil {
		return &broken{err}
	}
	return h
}

// handler serves the page. It is not changed once it is made.
type handler struct {
	spec   string
	page   *template.Template
	tag    string            // of the page
	assets map[string]*asset // by the name in addresses
	names  map[string]string // the name in addresses, by that of the file
}

func newHandler(specURL string) (*handler, error) {
	if err := checkSpec(specURL); err != nil {
		return nil, err
	}
	h := &handler{spec: specURL, assets: map[string]*asset{}, names: map[string]string{}}
	for _, name := range []string{"assets/swagger-ui.js.gz", "assets/swagger-ui.css.gz", "page/page.js", "page/page.css"} {
		a, err := newAsset(name)
		if err != nil {
			return nil, err
		}
		h.assets[a.name], h.names[a.file] = a, a.name
	}
	var err error
	if h.page, err = template.ParseFS(files, "page/index.html"); err != nil {
		return nil, err
	}
	body, err := h.render("")
	if err != nil {
		return nil, err
	}
	h.tag = "W/" + entityTag(body) // weak: its nonce differs each time
	return h, nil
}

// checkSpec reports a URL that is not a path of the same host.
func checkSpec(specURL string) error {
	const write = `; write a path of the same host, such as "openapi.json" or "/api/openapi.json"`
	if specURL == "" {
		return errors.New("docs: the URL of the document is empty" + write)
	}
	if strings.ContainsFunc(specURL, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '\\' }) {
		return fmt.Errorf("docs: the URL of the document, %q, has a space, a control character or a backslash%s", specURL, write)
	}
	u, err := url.Parse(specURL)
	switch {
	case err != nil:
		return fmt.Errorf("docs: the URL of the document, %q, cannot be parsed%s", specURL, write)
	case u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(specURL, "//"):
		return fmt.Errorf("docs: the URL of the document, %q, may be that of another host%s", specURL, write)
	case u.Path == "" || u.Fragment != "":
		return fmt.Errorf("docs: the URL of the document, %q, has no path, or has a fragment%s", specURL, write)
	}
	return nil
}

// ServeHTTP decides by the last segment of the path alone, which no prefix
// changes.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	a := h.assets[name]
	index := name == "index.html" || strings.HasSuffix(r.URL.Path, "/")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case a != nil:
		a.serve(w, r)
	case index:
		h.serveIndex(w, r)
	case strings.Contains(name, "."):
		http.NotFound(w, r)
	default:
		h.addSlash(w, r)
	}
}

// addSlash redirects to the path with a slash. The address is relative to the
// one that the client asked for, of which we may see a part alone.
func (h *handler) addSlash(w http.ResponseWriter, r *http.Request) {
	asked := r.URL
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		asked = u
	}
	path := asked.EscapedPath()
	if strings.HasSuffix(path, "/") { // the mount took the slash away
		h.serveIndex(w, r)
		return
	}
	to := "./" + path[strings.LastIndexByte(path, '/')+1:] + "/"
	if asked.RawQuery != "" {
		to += "?" + asked.RawQuery
	}
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// serveIndex serves the page with a nonce of its own. A browser that has it may
// go on using it with the nonce it had, which nobody else knows: no other cache
// may keep the page.
func (h *handler) serveIndex(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "private, no-cache")
	header.Set("ETag", h.tag)
	if matches(r, h.tag) {
		header.Del("Content-Security-Policy") // that of a service would replace the one that was kept
		w.WriteHeader(http.StatusNotModified)
		return
	}
	nonce := rand.Text()
	body, err := h.render(nonce)
	if err != nil { // never: it was rendered when the handler was made
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	header.Set("Content-Security-Policy", policy(nonce))
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Type", "text/html; charset=utf-8")
	write(w, r, body)
}

// policy lets in our scripts and styles, the pictures within them and those that
// an operation answered with, and requests to the own host.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'; " +
		"img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// render returns the page.
func (h *handler) render(nonce string) ([]byte, error) {
	var b bytes.Buffer
	err := h.page.Execute(&b, view{nonce, h.spec, h.names})
	return b.Bytes(), err
}

// A view is what the template of the page shows.
type view struct {
	Nonce, Spec string
	names       map[string]string
}

// File returns the address of a file.
func (v view) File(name string) string { return v.names[name] }

// broken answers when there is nothing to show. It is an error, which package
// endpoint reports when it compiles.
type broken struct{ err error }

func (b *broken) Error() string { return b.err.Error() }

func (b *broken) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	slog.Default().Error("the documentation page cannot be served", slog.String("cause", b.err.Error()))
	http.Error(w, "the documentation page is set up wrongly; the log says why", http.StatusInternalServerError)
}
