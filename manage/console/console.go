// Package console is the web page of package manage: people sign in with a
// token, list and change their endpoints, edit scripts and try requests.
//
// The page is built from the directory web, by "npm ci && npm run build" there;
// what that makes is in dist, compressed, and embedded, so that programs need
// no npm. It asks nothing of any other host, knows no inline script or style,
// and speaks the REST API of package manage, which it finds at
// ../api/v1/http-endpoint/ from its own address.
package console

import (
	"net/http"
	"path"
	"strings"
)

// policy lets the page use its own files and its own host, and nothing else.
// It has no nonce: the editor lives in a shadow root, whose styles are objects
// and no elements. Trusted types hold that no text becomes markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// Handler serves the page to anyone, because signing in is a matter of the page
// and its files hold no secret. The address of the page ends in /console/,
// below any prefix, or is / for one who strips that; without the slash it
// redirects. Files with a hash in their name may be cached for good, the page
// itself is asked for again each time. It answers GET and HEAD.
func Handler() http.Handler {
	files, err := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeader(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the console answers GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		if err != nil {
			http.Error(w, "the files of the console are damaged", http.StatusInternalServerError)
			return
		}
		dir, name := path.Split(r.URL.Path)
		if name == mount && !isMount(dir) {
			w.Header().Set("Location", "./"+mount+"/") // relative, for one who strips a prefix
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		if name == "" {
			name = index
		}
		f, found := files[name]
		if !found || !isMount(dir) {
			http.Error(w, "the console has no such file", http.StatusNotFound)
			return
		}
		f.serve(w, r)
	})
}

// mount is the last segment of the page's address, and index its file.
const (
	mount = "console"
	index = "index.html"
)

// isMount reports whether the page may live at a directory. Elsewhere it would
// not find the API.
func isMount(dir string) bool {
	return dir == "" || dir == "/" || strings.HasSuffix(dir, "/"+mount+"/")
}

// setHeader sets what every answer has.
func setHeader(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
}
