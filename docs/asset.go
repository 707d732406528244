package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// An asset is a file whose address changes with its content.
type asset struct {
	file   string // "swagger-ui.js"
	name   string // in addresses: "swagger-ui.0123456789abcdef.js"
	tag    string
	kind   string
	packed []byte                 // as gzip; nil for a small file
	plain  func() ([]byte, error) // unpacked once, if ever
}

// newAsset returns an embedded file, which is compressed if its name says so.
func newAsset(name string) (*asset, error) {
	body, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	a := &asset{tag: entityTag(body), plain: func() ([]byte, error) { return body, nil }}
	var packed bool
	if a.file, packed = strings.CutSuffix(path.Base(name), ".gz"); packed {
		a.packed = body
		a.plain = sync.OnceValues(func() ([]byte, error) { return unpack(body) })
	}
	extension := path.Ext(a.file)
	a.name = strings.TrimSuffix(a.file, extension) + "." + strings.Trim(a.tag, `"`)[:16] + extension
	a.kind = "text/css; charset=utf-8"
	if extension == ".js" {
		a.kind = "text/javascript; charset=utf-8"
	}
	return a, nil
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	body, tag := a.packed, a.tag
	if a.packed != nil {
		header.Set("Vary", "Accept-Encoding")
	}
	if a.packed == nil || !acceptsGzip(r.Header.Values("Accept-Encoding")) {
		var err error
		if body, err = a.plain(); err != nil { // never: the tests unpack every file
			header.Del("Cache-Control")
			http.Error(w, "the file cannot be unpacked", http.StatusInternalServerError)
			return
		}
		tag = strings.TrimSuffix(tag, `"`) + `-plain"`
	} else {
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", tag)
	if matches(r, tag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", a.kind)
	write(w, r, body)
}

// write sends a whole body.
func write(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
}

// entityTag returns the strong ETag of a body.
func entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// matches reports whether the client has what the tag names.
func matches(r *http.Request, tag string) bool {
	for _, line := range r.Header.Values("If-None-Match") {
		for had := range strings.SplitSeq(line, ",") {
			had = strings.TrimSpace(had)
			if had == "*" || strings.TrimPrefix(had, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reports whether a client takes gzip, which is said by its name,
// or by * where its name is not said, and not with q=0.
func acceptsGzip(lines []string) bool {
	accepted := false
	for _, line := range lines {
		for coding := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name != "gzip" && name != "x-gzip" && name != "*" {
				continue
			}
			weight := strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(parameters, " ", "")), "q=")
			q, err := strconv.ParseFloat(weight, 64)
			good := parameters == "" || err == nil && q > 0
			if name != "*" {
				return good
			}
			accepted = good
		}
	}
	return accepted
}
