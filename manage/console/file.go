package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// built is the page, each file compressed.
//
//go:embed dist/*.gz
var built embed.FS

// mediaType returns the type of a file. The machine's own table is not asked.
func mediaType(name string) (string, error) {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8", nil
	case ".js":
		return "text/javascript; charset=utf-8", nil
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	case ".txt":
		return "text/plain; charset=utf-8", nil
	}
	return "", fmt.Errorf("no media type for %q", name)
}

// A file is one of the page.
type file struct {
	packed []byte // by gzip
	kind   string // its media type
	etag   string // of what is in it, whatever the encoding
	keep   bool   // what has this name never changes
}

// load returns the files by name.
func load() (map[string]file, error) {
	entries, err := built.ReadDir("dist")
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for _, e := range entries {
		packed, err := built.ReadFile("dist/" + e.Name())
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(e.Name(), ".gz")
		kind, err := mediaType(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(packed)
		keep := strings.Contains(name, "-") // the build puts the hash behind it
		files[name] = file{packed, kind, fmt.Sprintf(`W/"%x"`, sum[:12]), keep}
	}
	return files, nil
}

// serve answers with the file, as it is packed if the client can read that.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	if f.keep {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if matches(r.Header.Values("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(f.packed)))
		_, _ = w.Write(f.packed)
		return
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(f.packed))
	if err != nil {
		http.Error(w, "the files of the console are damaged", http.StatusInternalServerError)
		return
	}
	_, _ = io.Copy(w, unpacked)
}

// matches reports whether If-None-Match names an entity tag, weakly.
func matches(fields []string, etag string) bool {
	etag = strings.TrimPrefix(etag, "W/")
	for tag := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether Accept-Encoding allows gzip: by name, else as
// one of any.
func acceptsGzip(fields []string) bool {
	whatever := false
	for part := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, params, err := mime.ParseMediaType("x/" + strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		allowed := err != nil || q > 0
		switch name {
		case "x/gzip":
			return allowed
		case "x/*":
			whatever = allowed
		}
	}
	return whatever
}
