package endpoint

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// Media is content with a type of its own. Content that is an [io.ReadSeeker]
// gets ranges and, if Modified is set, an ETag, If-None-Match and
// If-Modified-Since; an ETag of your own, in a [Response], counts too.
type Media struct {
	ContentType string    // "" means application/octet-stream
	Name        string    // for Content-Disposition: inline; "" for none
	Content     io.Reader // closed after the answer if it is an io.Closer; nil means 204
	Modified    time.Time // zero means unknown
}

// maxRanges is how many ranges of one resource a request may ask for; with
// more it gets the whole, because each costs a part's header.
const maxRanges = 16

func (c *call) respondMedia(status int, m *Media) error {
	if m.Content == nil || isNothing(m.Content) {
		return c.noContent()
	}
	if closer, ok := m.Content.(io.Closer); ok {
		defer closer.Close()
	}
	if !isFieldValue(m.ContentType) {
		return errors.New("media has a content type that no header can have")
	}
	h := c.out.Header()
	switch {
	case m.ContentType != "":
		c.setType([]string{m.ContentType})
	default:
		c.setType(typeOctets)
	}
	if m.Name != "" {
		if !utf8.ValidString(m.Name) || !isFieldValue(m.Name) {
			return errors.New("media has a name that no header can have")
		}
		h["Content-Disposition"] = []string{disposition(m.Name)}
	}
	seeker, ok := m.Content.(io.ReadSeeker)
	if !ok || status != http.StatusOK {
		return c.stream(status, m.Content, m.Modified)
	}
	if !m.Modified.IsZero() {
		size, err := seeker.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("media: %w", err)
		}
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("media: %w", err)
		}
		if _, ok := h["Etag"]; !ok {
			h["Etag"] = []string{fmt.Sprintf(`"%x-%x"`, m.Modified.UnixNano(), size)}
		}
	}
	r := c.request().Request
	if ranges := r.Header["Range"]; len(ranges) > 0 && strings.Count(ranges[0], ",") >= maxRanges {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	d := deadlines{w: unwrapTo[writeDeadliner](c.out)}
	w := &timedWriter{writer: c.out, d: &d}
	http.ServeContent(w, r, "", m.Modified, seeker)
	d.clear()
	if w.refused != 0 {
		delete(h, "Content-Disposition")
		return Errorf(w.refused, "the content cannot be sent as the request asks for it")
	}
	return nil
}

// A timedWriter gives each write a deadline.
type timedWriter struct {
	*writer

	d       *deadlines
	refused int // status of a refusal, which is answered as any other error
}

// WriteHeader keeps a refusal to itself: its text is net/http's own.
func (w *timedWriter) WriteHeader(status int) {
	if status >= 400 && !w.wrote {
		w.refused = status
		return
	}
	w.writer.WriteHeader(status)
}

func (w *timedWriter) Write(p []byte) (int, error) {
	if w.refused != 0 {
		return len(p), nil
	}
	w.d.extend()
	return w.writer.Write(p)
}

// ReadFrom copies in chunks, each under a deadline of its own.
func (w *timedWriter) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	to := w.readerFrom() // it is the handler's goroutine that copies, so nothing outlives it
	if to == nil {
		to = w.writer
	}
	for {
		w.d.extend()
		n, err := to.ReadFrom(io.LimitReader(r, chunkSize))
		total += n
		if err != nil || n < chunkSize {
			return total, err
		}
	}
}

// disposition returns the value of Content-Disposition for a name, quoted, and
// again in the form of RFC 8187 if it is not ASCII.
func disposition(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	var b strings.Builder
	b.WriteString(`inline; filename="`)
	ascii := true
	for _, r := range name {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= utf8.RuneSelf:
			ascii = false
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	if !ascii {
		b.WriteString(`; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
	}
	return b.String()
}
