package manage

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"syscall"
	"unicode/utf8"

	"github.com/seed217079a1/endpoint"
)

// readScript shows the text of a script.
func (m *Manager) readScript(u *endpoint.User, in target) (*endpoint.Response, error) {
	s, err := m.ownScript(u, &in)
	if err != nil {
		return nil, err
	}
	source, _, err := s.all.readFile(s.file)
	if f, ok := errors.AsType[*fileError](err); ok {
		return nil, endpoint.Errorf(f.status, "%s", f.text).Wrap(err)
	}
	tag := sourceTag(source)
	r := (&endpoint.Response{Body: source}).Set("ETag", tag).Set("Content-Type", "text/plain; charset=utf-8")
	switch {
	case len(in.IfMatch) > 0 && !matchTag(in.IfMatch, tag):
		return nil, errPrecondition()
	case len(in.IfNoneMatch) > 0 && matchTag(in.IfNoneMatch, tag):
		r.Status, r.Body = http.StatusNotModified, nil
	}
	return r, nil
}

// ownScript returns the script of an endpoint if the account may see and change
// its text.
func (m *Manager) ownScript(u *endpoint.User, in *target) (*script, error) {
	e, err := m.find(u, in)
	if err != nil {
		return nil, err
	}
	s, ok := e.handler.(*script)
	if !ok {
		return nil, endpoint.Errorf(http.StatusNotFound, "the handler of this endpoint is no script of yours; it has no text here")
	}
	if !isOwn(e.Account, s.file) {
		return nil, endpoint.Errorf(http.StatusForbidden, "only scripts below /%s/ can be seen and saved here; name such a file as handler_script_path", e.Account)
	}
	return s, nil
}

// saveScript replaces the text of a script if the new one compiles.
func (m *Manager) saveScript(ctx context.Context, u *endpoint.User, in target, source []byte) (*endpoint.Response, error) {
	s, err := m.ownScript(u, &in)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(source) || bytes.IndexByte(source, 0) >= 0 {
		return nil, endpoint.Errorf(http.StatusBadRequest, "the script is not UTF-8 or has a NUL; send text")
	}
	if err := s.all.judge(ctx, s.file, source); err != nil {
		return nil, err
	}
	if err := s.all.save(s.file, source, &in); err != nil {
		return nil, err
	}
	account, _ := m.account(u) // it has one, as ownScript found
	m.options.log().Info("script saved", "account", account, "id", in.ID, "user", u.ID, "handler", s.file)
	_, _ = s.load(ctx) // it compiled a moment ago
	return (&endpoint.Response{Body: named{in.ID}}).Set("ETag", sourceTag(source)), nil
}

// judge returns the fault of a text that does not compile, as a 400.
func (s *scripts) judge(ctx context.Context, file string, source []byte) error {
	_, err := s.compile(ctx, file, source)
	if err == nil || isTemporary(err) || ctx.Err() != nil {
		return s.compileError(nil, err)
	}
	return withPlace(endpoint.Errorf(http.StatusBadRequest, "%s", clip(err.Error(), maxCallText)), err)
}

// sourceTag returns the entity tag of a text.
func sourceTag(source []byte) string {
	sum := sha256.Sum256(source)
	return fmt.Sprintf(`"%x"`, sum[:16])
}

// save replaces a file, whole or not at all, if the condition holds. Processes
// that share the directory do not see each other's condition.
func (s *scripts) save(file string, source []byte, t *target) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	old, _, err := s.readFile(file)
	exists := err == nil
	if len(t.IfMatch) > 0 && !(exists && matchTag(t.IfMatch, sourceTag(old))) ||
		len(t.IfNoneMatch) > 0 && exists && matchTag(t.IfNoneMatch, sourceTag(old)) {
		return errPrecondition()
	}
	err = s.replace(file, source)
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, fs.ErrExist) {
		return endpoint.Errorf(http.StatusBadRequest, "the script cannot be there, as its path is a directory or goes through a file; name another path").Wrap(err)
	}
	e := endpoint.Errorf(http.StatusServiceUnavailable, "the script could not be saved, the old one is there still; try again, or name another file")
	return e.Wrap(err)
}

// replace writes a new file and puts it in the place of the old one.
func (s *scripts) replace(file string, source []byte) (err error) {
	dir := path.Dir(file)
	if err := s.root.MkdirAll(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	draft := path.Join(dir, ".draft-"+rand.Text())
	f, err := s.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = s.root.Remove(draft) // the error that is told is the first one
		}
	}()
	_, err = f.Write(source)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = s.root.Rename(draft, file); err != nil {
		return err
	}
	return s.syncDir(dir)
}

// syncDir keeps the new name of a file through a loss of power, where the
// system can.
func (s *scripts) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // not every system syncs directories
	return d.Close()
}
