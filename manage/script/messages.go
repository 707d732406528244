package script

import (
	"crypto/sha256"
	"strconv"
	"time"
)

// This file turns what engine and worker tell each other into frames and back.

func startFrame(l Limits) frame {
	return newFrame(kindStart).
		add(strconv.FormatUint(l.Steps, 10)).
		addInts(int64(l.Time), l.Memory, int64(l.Output), int64(l.Source), int64(l.Recursion))
}

func (m *message) limits() (Limits, error) {
	steps, err := strconv.ParseUint(m.text(), 10, 64)
	m.bad = m.bad || err != nil
	l := Limits{
		Steps: steps, Time: time.Duration(m.int()), Memory: m.int(),
		Output: int(m.int()), Source: int(m.int()), Recursion: int(m.int()),
	}
	return l, m.end()
}

func compileFrame(s *source) frame {
	return newFrame(kindCompile).addBytes(s.key[:]).add(s.file).addBytes(s.text)
}

func (m *message) source() (*source, error) {
	s := &source{}
	m.bad = copy(s.key[:], m.next()) != len(s.key)
	s.file, s.text = m.text(), m.next()
	return s, m.end()
}

func callFrame(s *source, in *request) frame {
	return newFrame(kindCall).addBytes(s.key[:]).
		add(in.method, in.path, in.query).addBytes(in.body).add(in.header...)
}

func (m *message) call() (key [sha256.Size]byte, in *request, err error) {
	m.bad = copy(key[:], m.next()) != len(key)
	in = &request{method: m.text(), path: m.text(), query: m.text(), body: m.next(), header: m.rest()}
	return key, in, m.end()
}

func fetchFrame(out *outgoing) frame {
	return newFrame(kindFetch).add(out.method, out.url).addBytes(out.body).add(out.header...)
}

func (m *message) outgoing() (*outgoing, error) {
	out := &outgoing{method: m.text(), url: m.text(), body: m.next(), header: m.rest()}
	return out, m.end()
}

func answerFrame(in *incoming) frame {
	return newFrame(kindAnswer).addInts(int64(in.status)).addBytes(in.body).add(in.header...)
}

func (m *message) incoming() (*incoming, error) {
	in := &incoming{status: int(m.int()), body: m.next(), header: m.rest()}
	return in, m.end()
}

func doneFrame(tired bool, out *response) frame {
	return newFrame(kindDone).add(strconv.FormatBool(tired)).
		addInts(int64(out.status)).addBytes(out.body).add(out.header...)
}

func (m *message) response() (tired bool, out *response, err error) {
	tired = m.text() == "true"
	out = &response{status: int(m.int()), body: m.next(), header: m.rest()}
	return tired, out, m.end()
}

// faultFrame leaves the file out: the engine knows it.
func faultFrame(tired bool, e *Error) frame {
	return newFrame(kindFault).add(strconv.FormatBool(tired)).
		addInts(int64(e.Line), int64(e.Column)).add(e.Function, e.Message, e.Backtrace)
}

func (m *message) fault(file string) (tired bool, e *Error, err error) {
	tired = m.text() == "true"
	e = &Error{
		File: file, Line: int(m.int()), Column: int(m.int()),
		Function: m.text(), Message: cut(m.text()), Backtrace: cut(m.text()),
	}
	return tired, e, m.end()
}
