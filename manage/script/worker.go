package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// startTime is how long a process may take until it is a worker: packages of
// the program are initialised in it too.
const startTime = 10 * time.Second

// A worker is a process that runs scripts, as the engine sees it. It belongs
// to one call at a time; ended and kill may be called at any time.
type worker struct {
	limits Limits
	link   *link
	cmd    *exec.Cmd
	stderr *head
	done   chan struct{} // closed when the process is gone
	broken bool          // it must not be used again
	tired  bool          // it has little memory left for the next call
	late   alarm
	until  time.Time // when its call had to begin
}

// launchWorker starts a process. The function it returns waits until the
// process is a worker.
func launchWorker(limits Limits) (func() (*worker, error), error) {
	path, err := executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	cmd.Args = []string{filepath.Base(os.Args[0]) + ": script worker"}
	cmd.Env = []string{mark + "=1", "GOMAXPROCS=1", "GOTRACEBACK=none"}
	cmd.Dir = string(filepath.Separator)
	cmd.WaitDelay = time.Second
	w := &worker{limits: limits, cmd: cmd, stderr: &head{}, done: make(chan struct{}), late: alarm{after: limits.Time + grace}}
	cmd.Stderr = w.stderr
	rw, child, err := connect(cmd)
	if err != nil {
		return nil, err
	}
	setAttributes(cmd)
	err = cmd.Start()
	for _, f := range child {
		_ = f.Close()
	}
	if err != nil {
		_ = rw.Close()
		return nil, err
	}
	w.link = newLink(rw, limits.Output+frameSlack, maxFields)
	go w.wait()
	return w.greet, nil
}

// wait collects the process when it ends.
func (w *worker) wait() {
	_ = w.cmd.Wait()
	_ = w.link.rw.Close()
	close(w.done)
}

func (w *worker) greet() (*worker, error) {
	late := time.AfterFunc(startTime, w.kill)
	defer late.Stop()
	err := w.link.send(startFrame(w.limits))
	var m *message
	if err == nil {
		m, err = w.link.receive()
	}
	if err == nil && m.kind == kindReady {
		w.stderr.reset()
		return w, nil
	}
	w.kill()
	<-w.done
	return nil, fmt.Errorf("the process is no worker (%v); call script.Worker on the first line of main: %w", w.cmd.ProcessState, errors.Join(err, w.stderr.error()))
}

// kill ends the process at once. It may be called more than once.
func (w *worker) kill() { _ = w.cmd.Process.Kill() }

// ended reports whether the process is gone.
func (w *worker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

func (w *worker) compile(ctx context.Context, s *source) error {
	m, err := w.exchange(ctx, s, newCall(&host{}, nil, nil), compileFrame(s))
	if err != nil {
		return err
	}
	switch m.kind {
	case kindCompiled:
		return w.checked(m.end())
	case kindFault:
		return w.fault(s, m)
	}
	return w.checked(errFrame)
}

func (w *worker) run(ctx context.Context, s *source, c *call) (*response, error) {
	m, err := w.exchange(ctx, s, c, callFrame(s, c.in))
	if err != nil {
		return nil, err
	}
	switch m.kind {
	case kindDone:
		tired, out, err := m.response()
		w.tired = tired
		return out, w.checked(err)
	case kindFault:
		return nil, w.fault(s, m)
	}
	return nil, w.checked(errFrame)
}

// fault returns the error that a worker tells.
func (w *worker) fault(s *source, m *message) error {
	tired, fault, err := m.fault(s.file)
	w.tired = tired
	if err != nil {
		return w.checked(err)
	}
	return fault
}

// checked gives up a worker whose message made no sense.
func (w *worker) checked(err error) error {
	if err == nil {
		return nil
	}
	w.broken = true
	return &trouble{text: "a worker failed", cause: err}
}

// farewell is how long a call goes on whose context has ended. Most end within
// it, and so their callers cannot cost one worker after another.
const farewell = 50 * time.Millisecond

// exchange sends a message and returns the answer. It ends the worker when the
// time is over, or a little after ctx ended, and tells why it ended if it did
// not answer.
func (w *worker) exchange(ctx context.Context, s *source, c *call, f frame) (*message, error) {
	w.broken = true // should a function of the host panic
	c.ctx, c.deadline = ctx, time.Now().Add(w.limits.Time)
	began := time.Now()
	w.late.set(w.kill)
	if lag := began.Sub(w.until); lag > 0 { // it was long in starting
		w.late.hurry(max(w.late.after-lag, w.limits.Time/4))
	}
	hurried := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hurried)
		w.late.hurry(farewell)
	})
	m, err := w.converse(s, c, f)
	late := w.late.clear()
	if !stop() {
		<-hurried
	}
	w.broken = late || err != nil
	if w.broken {
		w.kill()
		<-w.done
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err == nil {
		return m, nil
	}
	if late && time.Since(began) < w.limits.Time {
		return nil, errLate
	}
	if late {
		return nil, w.overtime(s)
	}
	return nil, w.diagnose(s, err)
}

// overtime is the error of a script that did not end by itself.
func (w *worker) overtime(s *source) error {
	return &Error{File: s.file, Message: fmt.Sprintf("the time limit of %v is over, within one step of the script", w.limits.Time)}
}

// converse answers the worker's questions until it is done.
func (w *worker) converse(s *source, c *call, f frame) (*message, error) {
	for {
		if err := w.link.send(f); err != nil {
			return nil, err
		}
		m, err := w.printed(c)
		if err != nil {
			return nil, err
		}
		switch m.kind {
		case kindNeed:
			f = compileFrame(s)
		case kindAsk:
			f = c.answerSecret(m.text())
		case kindFetch:
			out, err := m.outgoing()
			if err != nil {
				return nil, err
			}
			f = c.answerFetch(out)
		default:
			return m, nil
		}
	}
}

// printed logs what the script prints and returns the message that follows.
func (w *worker) printed(c *call) (*message, error) {
	for {
		m, err := w.link.receive()
		if err != nil || m.kind != kindPrint {
			return m, err
		}
		c.print(strings.TrimSuffix(m.text(), "\n"))
	}
}

func (c *call) answerSecret(name string) frame {
	value, err := c.secret(name)
	if err != nil {
		return newFrame(kindRefusal).add(err.Error())
	}
	return newFrame(kindSecret).add(value)
}

func (c *call) answerFetch(out *outgoing) frame {
	in, err := c.fetch(out)
	if err != nil {
		return newFrame(kindRefusal).add(err.Error())
	}
	return answerFrame(in)
}

// diagnose tells why a worker ended by itself, or was ended by somebody else.
func (w *worker) diagnose(s *source, err error) error {
	state := w.cmd.ProcessState
	switch state.ExitCode() {
	case exitTime: // it was earlier than the alarm here, on a busy machine
		return w.overtime(s)
	case -1, 0, 1, exitProtocol: // -1: by a signal
		return &trouble{text: fmt.Sprintf("a worker was lost (%v)", state), cause: err}
	}
	switch text := w.stderr.String(); {
	case strings.Contains(text, "stack overflow"), strings.Contains(text, "stack exceeds"):
		return &Error{File: s.file, Message: "the recursion limit is over: an expression or a value is nested too deeply"}
	case strings.HasPrefix(text, "panic:"):
		return &Error{File: s.file, Message: "the script made the interpreter fail"}
	}
	// Of what else ends the runtime, want of memory is all that a script can cause.
	return &Error{File: s.file, Message: fmt.Sprintf("the memory limit of %d bytes is over", w.limits.Memory)}
}

// A head keeps the beginning of what is written to it.
type head struct {
	mu   sync.Mutex
	text []byte
}

const maxHead = 4 << 10

func (h *head) Write(text []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	room := maxHead - len(h.text)
	h.text = append(h.text, text[:min(room, len(text))]...)
	return len(text), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.text)
}

// reset forgets what packages of the program wrote while they were initialised.
func (h *head) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = nil
}

// error returns the text as an error, nil if there is none.
func (h *head) error() error {
	if text := strings.TrimSpace(h.String()); text != "" {
		return errors.New(text)
	}
	return nil
}
