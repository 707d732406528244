package canister

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
)

// Stored is a state as [Persist] takes it: a *[State], kept as JSON, or what
// [State.Encoded] makes of one.
type Stored interface {
	stored() section
}

// A keeper is how a state is kept in a file.
type keeper[T any] struct {
	encode func(T) ([]byte, error) // nil: JSON
	decode func([]byte) (T, error) // nil: JSON
	file   *file                   // nil: memory alone
}

// Encoded returns the state for [Persist], kept in a form of the service's own
// instead of JSON. Without an error decode gives back what encode was given;
// nil for either is JSON.
func (s *State[T]) Encoded(encode func(T) ([]byte, error), decode func([]byte) (T, error)) Stored {
	s.kept.encode, s.kept.decode = encode, decode
	return s
}

// Persist keeps the state alone in a file; see the function [Persist].
func (s *State[T]) Persist(path string) error { return Persist(path, s) }

// Persist keeps states in a file: if it exists they take their values from it,
// else it is made. From then on an update that edits one of them writes the
// file before it is answered: to a new file, synced, which then replaces the
// old one. A restart, whatever ended the program, finds every update that was
// answered, and nothing of one that failed. An update whose states cannot be
// written is a 500 and changes nothing.
//
// States that one update edits together belong in one file, because two files
// cannot be replaced at once; such an update fails. The file holds the states
// in the order given: add new ones at the end, where they keep their first
// value. A file that is damaged, or that has more states, is an error, and
// stays as it is.
//
// Call Persist before the states are served, and let no two programs use one
// file. Every update that edits a state costs writing all states of its file;
// queries do not wait for it.
func Persist(path string, states ...Stored) error {
	f := &file{path: path}
	for _, s := range states {
		if s == nil {
			return fmt.Errorf("canister: a state for %q is nil; leave it out", path)
		}
		f.sections = append(f.sections, s.stored())
	}
	for i, s := range f.sections {
		if kept := s.file(); kept != nil {
			return fmt.Errorf("canister: state %d for %q is kept in %q already; give it to Persist once", i+1, path, kept.path)
		}
	}
	if err := f.open(); err != nil {
		return fmt.Errorf("canister: %w", err)
	}
	for _, s := range f.sections {
		s.keep(f)
	}
	return nil
}

// A section is a state as a file sees it.
type section interface {
	cell
	encode(p any) ([]byte, error)
	decode(text []byte) (p any, err error)
	keep(f *file)
}

func (s *State[T]) stored() section { return s }
func (s *State[T]) file() *file     { return s.kept.file }
func (s *State[T]) keep(f *file)    { s.kept.file = f }

func (s *State[T]) encode(p any) ([]byte, error) {
	if s.kept.encode == nil {
		return json.Marshal(p)
	}
	return s.kept.encode(*p.(*T))
}

func (s *State[T]) decode(text []byte) (any, error) {
	var v T
	var err error
	if s.kept.decode == nil {
		err = json.Unmarshal(text, &v)
	} else {
		v, err = s.kept.decode(text)
	}
	return &v, err
}

// A file keeps states.
type file struct {
	path     string
	sections []section

	mu sync.Mutex // held from writing a commit until it is published
}

// commonFile returns the file of states, nil if none of them has one.
func commonFile(states []cell) (*file, error) {
	var common *file
	for _, s := range states {
		switch f := s.file(); {
		case f == nil:
		case common == nil:
			common = f
		case common != f:
			return nil, fmt.Errorf("canister: the update edits states of %q and %q, which cannot be written at once; give the states to one Persist", common.path, f.path)
		}
	}
	return common, nil
}

// open reads the states, or makes the file.
func (f *file) open() error {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return f.save(nil, nil)
	}
	if err != nil {
		return err
	}
	texts, err := parseFile(text)
	if err != nil {
		return fmt.Errorf("%q is damaged: %w; put a copy in its place, or remove it to begin anew", f.path, err)
	}
	if len(texts) > len(f.sections) {
		return fmt.Errorf("%q has %d states but Persist was given %d, so that some would be lost; give all of them", f.path, len(texts), len(f.sections))
	}
	values := make([]any, len(texts))
	for i, text := range texts {
		if values[i], err = f.sections[i].decode(text); err != nil {
			return fmt.Errorf("%q: state %d cannot be decoded: %w; give Persist the states in the order in which they were written", f.path, i+1, err)
		}
	}
	for i, p := range values {
		f.sections[i].store(p)
	}
	return nil
}

// save writes all states, those edited from their copies.
func (f *file) save(copies map[cell]any, edited map[cell]bool) error {
	var payload bytes.Buffer
	for _, s := range f.sections {
		p := s.load()
		if edited[s] {
			p = copies[s]
		}
		text, err := s.encode(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(&payload, "%d\n", len(text))
		payload.Write(text)
		payload.WriteByte('\n')
	}
	sum := sha256.Sum256(payload.Bytes())
	return replaceFile(f.path, fmt.Appendf(nil, "%s%x\n", fileHead, sum), payload.Bytes())
}

// fileHead is what a file begins with; the checksum of all that follows it comes next.
const fileHead = "canister states 1\nsha256 "

// Faults of a file.
var (
	errNoHead   = errors.New("it does not begin as a file of states does")
	errChecksum = errors.New("its checksum is wrong")
	errSections = errors.New("its states do not fill it")
)

// parseFile returns the texts of the states in a file.
func parseFile(text []byte) ([][]byte, error) {
	rest, ok := bytes.CutPrefix(text, []byte(fileHead))
	if !ok {
		return nil, errNoHead
	}
	sum, rest, _ := bytes.Cut(rest, []byte("\n"))
	if string(sum) != fmt.Sprintf("%x", sha256.Sum256(rest)) {
		return nil, errChecksum
	}
	var texts [][]byte
	for len(rest) > 0 {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		n, err := strconv.Atoi(string(line))
		if !found || err != nil || n < 0 || n >= len(after) || after[n] != '\n' {
			return nil, errSections
		}
		texts = append(texts, after[:n])
		rest = after[n+1:]
	}
	return texts, nil
}

// replaceFile writes a file beside path, which then takes its place. When it
// returns nil, the new content is there after any crash; otherwise the old one
// or, if the directory could not be synced, one of the two.
func replaceFile(path string, parts ...[]byte) (err error) {
	next := path + ".new" // one name, so that crashes leave one file at most
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err = f.Write(p); err != nil {
			break
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename last. Windows has no such call, and needs none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
