package script

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// mark is the variable that the engine sets for the processes it starts. It
// alone makes no worker: the connection to the engine has to be there too.
const mark = "ENDPOINT_SCRIPT_WORKER"

// How a worker ends itself. One that the runtime ends, for want of memory or
// stack, exits with 2, and with another number if the race detector is on.
const (
	exitMemory   = 2
	exitProtocol = 3
	exitTime     = 4
)

const (
	maxPrograms = 64       // programs that a worker keeps
	maxStack    = 16 << 20 // bytes of its stack
)

// Worker makes a worker of a process that an engine of [Workers] started, and
// then never returns. In every other process it returns at once. Call it on
// the first line of main, before flags are read: a worker has no arguments,
// no environment and no open files, and what package variables and init
// functions do is done in every worker too.
func Worker() {
	if os.Getenv(mark) == "" {
		return
	}
	rw, ok := inherited()
	if !ok {
		return
	}
	os.Exit(serve(rw))
}

// A server is the inside of a worker.
type server struct {
	link        *link
	interpreter *interpreter
	programs    *cache
	mapped      uint64 // bytes of memory at the start
	late, lost  alarm  // a call should have ended; it should have been ended
}

// serve answers messages until the engine closes the connection.
func serve(rw io.ReadWriteCloser) int {
	s := &server{link: newLink(rw, 1<<20, maxEngineFields), programs: newCache(maxPrograms)}
	if err := s.start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitProtocol
	}
	for {
		m, err := s.link.receive()
		if errors.Is(err, io.EOF) {
			return 0
		}
		if err == nil {
			err = s.answer(m)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitProtocol
		}
	}
}

// start takes the limits and then shuts the process in.
func (s *server) start() error {
	m, err := s.link.receive()
	if err != nil {
		return err
	}
	if m.kind != kindStart {
		return errFrame
	}
	limits, err := m.limits()
	if err != nil {
		return err
	}
	s.link.maxFrame = int(limits.maxBody()) + limits.Output + limits.Source + 2<<20
	s.interpreter = newInterpreter(limits)
	s.late.after, s.lost.after = limits.Time, limits.Time+2*grace
	s.interpreter.after = func(f func()) func() {
		s.late.set(f)
		return func() { s.late.clear() }
	}
	s.mapped = mapped()
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(int64(s.mapped) + limits.Memory)
	time.Sleep(time.Microsecond) // opens what the runtime needs for timers, while files can be opened
	if err := confine(limits); err != nil {
		return err
	}
	return s.link.send(newFrame(kindReady))
}

func (s *server) answer(m *message) error {
	switch m.kind {
	case kindCompile:
		_, fault, err := s.compile(m)
		if err != nil || fault != nil {
			return errors.Join(err, s.fault(fault))
		}
		return s.link.send(newFrame(kindCompiled))
	case kindCall:
		return s.call(m)
	}
	return errFrame
}

// compile compiles a program and keeps it.
func (s *server) compile(m *message) (*program, *Error, error) {
	src, err := m.source()
	if err != nil {
		return nil, nil, err
	}
	defer s.watch()()
	p, err := s.interpreter.program(src.file, src.text)
	if err != nil {
		return nil, asFault(err), nil
	}
	s.programs.put(src.key, p)
	return p, nil, nil
}

func (s *server) call(m *message) error {
	key, in, err := m.call()
	if err != nil {
		return err
	}
	p := s.programs.get(key)
	if p == nil {
		var fault *Error
		if p, fault, err = s.need(); err != nil || fault != nil {
			return errors.Join(err, s.fault(fault))
		}
	}
	defer s.watch()()
	out, err := s.interpreter.exec(context.Background(), p, &call{in: in, log: s, outside: s})
	if err != nil {
		return s.fault(asFault(err))
	}
	return s.link.send(doneFrame(s.tired(), out))
}

// need asks for the program of a call.
func (s *server) need() (*program, *Error, error) {
	m, err := s.ask(newFrame(kindNeed), kindCompile)
	if err != nil {
		return nil, nil, err
	}
	return s.compile(m)
}

// fault tells what is wrong with a script; nil tells nothing.
func (s *server) fault(e *Error) error {
	if e == nil {
		return nil
	}
	return s.link.send(faultFrame(s.tired(), e))
}

func asFault(err error) *Error {
	if fault, ok := errors.AsType[*Error](err); ok {
		return fault
	}
	return &Error{Message: cut(err.Error())}
}

// watch ends the process should a call outlive its time by far: when the
// engine is stopped or gone, and the system does not end its workers.
func (s *server) watch() (stop func() bool) {
	s.lost.set(func() { os.Exit(exitTime) })
	return s.lost.clear
}

// tired reports whether so much memory was taken from the system that the next
// script would have little left. The engine then starts another worker.
func (s *server) tired() bool {
	return mapped() > s.mapped+uint64(s.interpreter.limits.Memory)*3/4
}

// mapped returns how much memory the process has from the system.
func mapped() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Write sends what the script prints.
func (s *server) Write(text []byte) (int, error) {
	return len(text), s.link.send(newFrame(kindPrint).addBytes(text))
}

func (s *server) secret(_ context.Context, name string) (string, error) {
	m, err := s.ask(newFrame(kindAsk).add(name), kindSecret)
	if err != nil {
		return "", err
	}
	return m.text(), m.end()
}

func (s *server) fetch(_ context.Context, out *outgoing) (*incoming, error) {
	m, err := s.ask(fetchFrame(out), kindAnswer)
	if err != nil {
		return nil, err
	}
	return m.incoming()
}

// ask sends a question and returns the answer, or the reason for a refusal.
func (s *server) ask(f frame, want kind) (*message, error) {
	if err := s.link.send(f); err != nil {
		return nil, err
	}
	m, err := s.link.receive()
	if err != nil {
		return nil, err
	}
	if m.kind == kindRefusal {
		return nil, errors.New(m.text())
	}
	if m.kind != want {
		return nil, errFrame
	}
	return m, nil
}

// A cache keeps the programs that were used last.
type cache struct {
	most  int
	order *list.List // of *entry, the last used one first
	byKey map[[sha256.Size]byte]*list.Element
}

type entry struct {
	key     [sha256.Size]byte
	program *program
}

func newCache(most int) *cache {
	return &cache{most: most, order: list.New(), byKey: make(map[[sha256.Size]byte]*list.Element)}
}

// get returns nil if the program is not there.
func (c *cache) get(key [sha256.Size]byte) *program {
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).program
}

func (c *cache) put(key [sha256.Size]byte, p *program) {
	if e := c.byKey[key]; e != nil {
		c.order.Remove(e)
	}
	c.byKey[key] = c.order.PushFront(&entry{key, p})
	if c.order.Len() > c.most {
		delete(c.byKey, c.order.Remove(c.order.Back()).(*entry).key)
	}
}
