package endpoint

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a multipart body, beside MaxBody.
const (
	maxParts      = 100
	maxPartMemory = 1 << 20 // bytes of all parts kept in memory; files beyond go to temporary files
	maxPartHeader = 8 << 10 // bytes of the header of one part
	maxPreamble   = 8 << 10 // bytes before the first part, where nobody writes any
)

// A File is one uploaded part. Its content is kept in memory or in a temporary
// file, which is removed when the handler has returned and its answer is out.
type File struct {
	Name        string // base name as the client sent it, without control characters
	ContentType string // as the client says; "" if it does not
	Size        int64  // in bytes

	data []byte
	path string // of a temporary file
}

// Open opens the content. Each call gives a reader of its own, to be closed.
func (f *File) Open() (multipart.File, error) {
	if f.path != "" {
		return os.Open(f.path)
	}
	return memoryFile{bytes.NewReader(f.data)}, nil
}

// A memoryFile is a multipart.File of bytes.
type memoryFile struct{ *bytes.Reader }

// Close does nothing.
func (memoryFile) Close() error { return nil }

// errBadName is the fault of a file name that no file can have.
var errBadName = errors.New("file name")

// fileName returns the base name of what the client sent.
func fileName(s string) (string, error) {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	if s == "" || s == "." || s == ".." || !utf8.ValidString(s) || len(s) > 255 ||
		strings.ContainsFunc(s, unicode.IsControl) {
		return "", errBadName
	}
	return s, nil
}

// An upload reads the parts of one multipart body.
type upload struct {
	in     *inputType
	call   *call
	slot   *slot
	memory int64 // bytes left
	parts  int
}

func (in *inputType) bindMultipart(c *call, s *slot) {
	h := c.r.Header
	if e := checkMediaType(h, multipartMedia); e != nil {
		c.refuse(e)
		return
	}
	_, params := mediaType(h)
	boundary := params["boundary"]
	if boundary == "" || len(boundary) > 70 {
		c.refuse(Errorf(http.StatusBadRequest, "the multipart body has no boundary of 1 to 70 characters"))
		return
	}
	u := upload{in: in, call: c, slot: s, memory: maxPartMemory}
	body := c.bodyReader()
	reader := multipart.NewReader(body, boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = u.part(part)
		}
		if err != nil {
			u.refuse(err)
			return
		}
	}
	if u.parts == 0 {
		u.refuse(io.ErrUnexpectedEOF)
		return
	}
	// What follows the last part means nothing, but it has to be there whole.
	if _, err := io.Copy(io.Discard, body); err != nil {
		u.refuse(err)
	}
}

// refuse notes why the body was not read to its end.
func (u *upload) refuse(err error) {
	if e, ok := errors.AsType[*Error](err); ok {
		u.call.refuse(e)
		return
	}
	u.call.refuse(Errorf(http.StatusBadRequest, "the multipart body is malformed or ends early").Wrap(err))
}

// part binds one part; parts that no field names are skipped.
func (u *upload) part(p *multipart.Part) error {
	if u.parts++; u.parts > maxParts {
		return Errorf(http.StatusBadRequest, "the multipart body has more than %d parts", maxParts)
	}
	if err := u.checkHeader(p); err != nil {
		return err
	}
	name := p.FormName()
	if i := u.in.form.find(name); i >= 0 {
		text, err := u.text(p)
		if err == nil {
			u.in.put(u.call, u.slot, i, "", text)
		}
		return err
	}
	for _, i := range u.in.file {
		if u.in.fields[i].name == name {
			return u.file(i, p)
		}
	}
	if u.call.settings.strict {
		u.in.unknownField(u.call)
	}
	_, err := io.Copy(io.Discard, p)
	return err
}

// checkHeader refuses a part with a large header, and a first one with much
// before it.
func (u *upload) checkHeader(p *multipart.Part) error {
	size := 0
	for name, values := range p.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	if size > maxPartHeader {
		return Errorf(http.StatusBadRequest, "the multipart body has a part header of more than %d bytes", maxPartHeader)
	}
	// The reader is ahead by a buffer of less than maxPartHeader.
	if u.parts == 1 && !u.call.input.kept && u.call.input.read > maxPreamble+2*maxPartHeader {
		return Errorf(http.StatusBadRequest, "the multipart body has more than %d bytes before its first part", maxPreamble)
	}
	return nil
}

// text reads a part into memory.
func (u *upload) text(p *multipart.Part) (string, error) {
	b, err := io.ReadAll(io.LimitReader(p, u.memory+1))
	if err != nil {
		return "", err
	}
	if u.memory -= int64(len(b)); u.memory < 0 {
		return "", Errorf(http.StatusRequestEntityTooLarge, "the texts of the form are larger than %d bytes", maxPartMemory)
	}
	return string(b), nil
}

// file reads a part into the field with index i.
func (u *upload) file(i int, p *multipart.Part) error {
	field := &u.in.fields[i]
	s := u.slot
	if s.seen[i] == seenOnce && field.typ == fileType {
		s.seen[i] = seenBad
		u.in.blame(u.call, field, "repeated", "must be sent once")
	}
	if p.FileName() == "" {
		// A browser sends a file input that was left empty this way.
		if n, err := io.Copy(io.Discard, p); err != nil || n == 0 {
			return err
		}
	}
	name, err := fileName(p.FileName())
	if err != nil {
		s.seen[i] = seenBad
		u.in.blame(u.call, field, "filename", "must have a file name without path or control characters")
	}
	if s.seen[i] == seenBad {
		_, err := io.Copy(io.Discard, p)
		return err
	}
	s.seen[i] = seenOnce
	f := &File{Name: name, ContentType: p.Header.Get("Content-Type")}
	if err := u.store(f, p); err != nil {
		return err
	}
	switch dst := s.dst[i].(type) {
	case **File:
		*dst = f
	case *[]*File:
		*dst = append(*dst, f)
	}
	return nil
}

// store keeps the content: in memory as long as there is room, else in a
// temporary file.
func (u *upload) store(f *File, p io.Reader) error {
	head, err := io.ReadAll(io.LimitReader(p, u.memory+1))
	if err != nil {
		return err
	}
	if int64(len(head)) <= u.memory {
		u.memory -= int64(len(head))
		f.data, f.Size = head, int64(len(head))
		return nil
	}
	tmp, err := os.CreateTemp("", "endpoint-upload-")
	if err != nil {
		return &Error{Status: http.StatusInternalServerError, Err: err}
	}
	u.call.temporary = append(u.call.temporary, tmp.Name())
	f.path = tmp.Name()
	f.Size, err = io.Copy(tmp, io.MultiReader(bytes.NewReader(head), p))
	if closeErr := tmp.Close(); closeErr != nil && err == nil {
		err = &Error{Status: http.StatusInternalServerError, Err: closeErr}
	}
	return err
}

// removeTemporary removes the temporary files of uploads.
func (c *call) removeTemporary() {
	for _, name := range c.temporary {
		_ = os.Remove(name) // a file that is gone already was the handler's to move
	}
	c.temporary = nil
}
