package main

import (
	"embed"
	"io"
	"io/fs"
	"net/http"
)

// files are the page and what belongs to it.
//
//go:embed page
var files embed.FS

// policy lets the page load and ask its own origin alone, and keeps it out of
// frames.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// newService is the service that was there before the API: its own mux, a page
// and a health check. The API is one more http.Handler in it.
func newService(api http.Handler) (http.Handler, error) {
	page, err := fs.Sub(files, "page")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/{$}", "/style.css", "/login.js"} {
		mux.Handle("GET "+path, protect(http.FileServerFS(page)))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.Handle("/api/", api)
	return mux, nil
}

// protect sets the header that the page needs. The page itself is the same for
// everybody; who the user is, it asks the API.
func protect(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		h.ServeHTTP(w, r)
	})
}
