package manage

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed217079a1/endpoint"
)

// How scripts are looked at.
const (
	compileLimit = 10 * time.Second
	// settled is how old a file must be until its time says whether it changed:
	// two changes may have one time, as clocks of file systems tick.
	settled = 2 * time.Second
	// glance is how long what was read of a younger file is believed.
	glance = 20 * time.Millisecond
)

// scripts are the files that endpoints name, compiled once each. Methods may be
// called concurrently.
type scripts struct {
	ctx     context.Context // ends with the Manager
	root    *os.Root
	engine  Engine
	running sync.WaitGroup // compilations

	saving sync.Mutex // held while a file is replaced

	mu    sync.Mutex
	files map[string]*script
	fresh []*script     // nobody looked at yet
	wake  chan struct{} // has a place for one: there is something in fresh
}

func newScripts(ctx context.Context, root *os.Root, engine Engine) *scripts {
	return &scripts{ctx: ctx, root: root, engine: engine, files: map[string]*script{}, wake: make(chan struct{}, 1)}
}

// A script is a file that endpoints name.
type script struct {
	all  *scripts
	file string
	refs int // guarded by all.mu

	now atomic.Pointer[version]

	mu        sync.Mutex
	compiling *compilation
}

// A version is what is known of a file; it never changes.
type version struct {
	stamp   fs.FileInfo // nil if there was none
	read    time.Time
	hash    [sha256.Size]byte
	program Program // of this text, or of the last one that compiled
	err     error   // what is wrong with this text
}

// A compilation is under way until done is closed; then err is why nothing
// came of it, for which the script cannot do.
type compilation struct {
	done chan struct{}
	err  error
}

// acquire returns the script of a file, which is kept until it was released as
// often as acquired.
func (s *scripts) acquire(file string) *script {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[file]
	if f == nil {
		f = &script{all: s, file: file}
		s.files[file] = f
		s.fresh = append(s.fresh, f)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	f.refs++
	return f
}

func (s *scripts) release(f *script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.refs--; f.refs == 0 {
		delete(s.files, f.file)
	}
}

// checkNew compiles scripts that nobody has called yet, one after another, so
// that lists show what is wrong with them.
func (s *scripts) checkNew() {
	for s.ctx.Err() == nil {
		f := s.nextNew()
		if f == nil {
			select {
			case <-s.wake:
			case <-s.ctx.Done():
			}
			continue
		}
		_, _ = f.load(s.ctx) // what is wrong is kept
	}
}

// nextNew returns a script that is in use and that nobody looked at, nil if
// there is none.
func (s *scripts) nextNew() *script {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.fresh) > 0 {
		f := s.fresh[0]
		s.fresh = s.fresh[1:]
		if f.refs > 0 && f.now.Load() == nil {
			return f
		}
	}
	s.fresh = nil
	return nil
}

func (f *script) run(c *execution) error {
	program, err := f.load(c.ctx)
	if program == nil {
		return err
	}
	response, err := program(c.ctx, c.r, &c.output)
	if err != nil {
		return err
	}
	c.answer, err = answerOf(response)
	return err
}

// fault returns what is wrong with the newest text, as far as is known.
func (f *script) fault() string {
	v := f.now.Load()
	if v == nil || v.err == nil {
		return ""
	}
	return clip(v.err.Error(), maxCallText)
}

// load returns the program of the file as it is now, or else the last one that
// compiled, and what is wrong with the file as it is.
func (f *script) load(ctx context.Context) (Program, error) {
	for {
		stamp, statErr := f.all.root.Stat(f.file)
		if v := f.now.Load(); v != nil && v.holds(stamp, statErr) {
			return v.program, v.err
		}
		c, started := f.compile()
		select {
		case <-c.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !started && c.err == nil {
			continue // what others started may have read an older text
		}
		v := f.now.Load()
		if c.err != nil && (v == nil || v.program == nil) {
			return nil, c.err
		}
		return v.program, v.err
	}
}

// holds reports whether the file is still what was read.
func (v *version) holds(stamp fs.FileInfo, err error) bool {
	if err != nil || v.stamp == nil {
		return errors.Is(err, fs.ErrNotExist) && errors.Is(v.err, fs.ErrNotExist)
	}
	if !os.SameFile(stamp, v.stamp) || stamp.Size() != v.stamp.Size() || !stamp.ModTime().Equal(v.stamp.ModTime()) {
		return false
	}
	return v.read.Sub(stamp.ModTime()) > settled || time.Since(v.read) < glance
}

// compile starts to look at the file, unless somebody does, and reports whether
// it did.
func (f *script) compile() (c *compilation, started bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.compiling != nil {
		return f.compiling, false
	}
	c = &compilation{done: make(chan struct{})}
	f.compiling = c
	f.all.running.Go(func() {
		ctx, cancel := context.WithTimeout(f.all.ctx, compileLimit)
		defer cancel()
		c.err = f.look(ctx)
		f.mu.Lock()
		f.compiling = nil
		f.mu.Unlock()
		close(c.done)
	})
	return c, true
}

// look reads the file and compiles it if its text is new. Its error is that of
// the engine, after which nothing has changed.
func (f *script) look(ctx context.Context) error {
	old := f.now.Load()
	v := &version{read: time.Now()}
	var source []byte
	source, v.stamp, v.err = f.all.readFile(f.file)
	if v.err != nil {
		if old != nil && !errors.Is(v.err, fs.ErrNotExist) {
			v.program = old.program
		}
		f.now.Store(v)
		return nil
	}
	v.hash = sha256.Sum256(source)
	if old != nil && old.stamp != nil && old.hash == v.hash {
		v.program, v.err = old.program, old.err
		f.now.Store(v)
		return nil
	}
	v.program, v.err = f.all.compile(ctx, f.file, source)
	if isTemporary(v.err) || ctx.Err() != nil {
		return errors.Join(v.err, ctx.Err())
	}
	if v.err != nil && old != nil {
		v.program = old.program
	}
	f.now.Store(v)
	return nil
}

// compile has the engine compile a text; what it panics with is an error.
func (s *scripts) compile(ctx context.Context, file string, source []byte) (p Program, err error) {
	defer func() {
		if v := recover(); v != nil {
			p, err = nil, errString("the engine failed: "+panicText(v))
		}
	}()
	p, err = s.engine.Compile(ctx, file, source)
	if err == nil && p == nil {
		return nil, errString("the engine made no program")
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// A fileError is what is wrong with a file, in words that tell nothing of the
// machine.
type fileError struct {
	text   string
	status int // of a request that wants the file
	cause  error
}

func (e *fileError) Error() string { return e.text }
func (e *fileError) Unwrap() error { return e.cause }

func errMissing(cause error) error {
	return &fileError{"the script is not there yet; save it", http.StatusNotFound, cause}
}

// readFile reads a script: a regular file within the root, links followed, that
// is not too large.
func (s *scripts) readFile(file string) ([]byte, fs.FileInfo, error) {
	f, err := s.root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe without a writer does not block
	if err != nil {
		return nil, nil, asFileError(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, nil, asFileError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, info, &fileError{"the script is no regular file; name one", http.StatusBadRequest, nil}
	}
	source, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err != nil {
		return nil, info, asFileError(err)
	}
	if len(source) > maxScript {
		return nil, info, &fileError{"the script has more than 64 KiB; make it smaller", http.StatusBadRequest, nil}
	}
	return source, info, nil
}

// asFileError puts an error of the file system into words.
func asFileError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errMissing(err)
	case errors.Is(err, syscall.ENOTDIR): // which is how another way of missing looks
		return &fileError{"the script cannot be there, as its path goes through a file; name another path", http.StatusBadRequest, errors.Join(fs.ErrNotExist, err)}
	case errors.Is(err, fs.ErrPermission):
		return &fileError{"the script cannot be read; have its permissions changed", http.StatusBadRequest, err}
	}
	return &fileError{"the script cannot be read; name a regular file that no link leads out of the scripts", http.StatusBadRequest, err}
}

// compileError answers what load found wrong with a script: nothing if it is not
// there yet.
func (s *scripts) compileError(_ Program, err error) error {
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return nil
	case isTemporary(err), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e := endpoint.Errorf(http.StatusServiceUnavailable, "the script could not be compiled now; try again")
		e.Header = http.Header{"Retry-After": {"1"}}
		return e.Wrap(err)
	}
	var f faults
	f.add("body", "handler_script_path", "compile", clip(err.Error(), maxCallText))
	return withPlace(f.problem(), err)
}

// withPlace adds line and column of a fault, if its text has them.
func withPlace(e *endpoint.Error, err error) error {
	place := regexp.MustCompile(`:(\d{1,9}):(\d{1,9})\b`)
	if at := place.FindStringSubmatch(err.Error()); at != nil {
		line, _ := strconv.Atoi(at[1])
		column, _ := strconv.Atoi(at[2])
		e.Extra = map[string]any{"line": line, "column": column}
	}
	return e
}
