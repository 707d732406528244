package script

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A buffer is a connection to oneself.
type buffer struct{ bytes.Buffer }

func (*buffer) Close() error { return nil }

func TestMessages(t *testing.T) {
	var rw buffer
	l := newLink(&rw, 1<<20, maxFields)
	passed := func(f frame) *message {
		t.Helper()
		if err := l.send(f); err != nil {
			t.Fatal(err)
		}
		m, err := l.receive()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	checkSame := func(want, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(request{}, response{}, outgoing{}, incoming{})); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	limits := Limits{Steps: 1 << 63, Time: time.Second, Memory: 2, Output: 3, Source: 4, Recursion: 5}
	gotLimits, err := passed(startFrame(limits)).limits()
	checkSame(limits, gotLimits, err)

	s := newSource("/a/b.py", []byte("x = 1\n"))
	gotSource, err := passed(compileFrame(s)).source()
	checkSame(s.file+string(s.text)+string(s.key[:]), gotSource.file+string(gotSource.text)+string(gotSource.key[:]), err)

	in := &request{method: "GET", path: "/x", query: "a=b", header: []string{"A", "1", "A", ""}, body: []byte("body")}
	key, gotRequest, err := passed(callFrame(s, in)).call()
	checkSame(in, gotRequest, err)
	checkSame(s.key, key, nil)

	out := &outgoing{method: "POST", url: "http://x/", header: []string{"A", "1"}, body: []byte("body")}
	gotOutgoing, err := passed(fetchFrame(out)).outgoing()
	checkSame(out, gotOutgoing, err)

	answer := &incoming{status: 200, header: []string{"A", "1"}, body: []byte{0}}
	gotIncoming, err := passed(answerFrame(answer)).incoming()
	checkSame(answer, gotIncoming, err)

	done := &response{status: 404, header: []string{"A", "1"}, body: []byte("x")}
	tired, gotResponse, err := passed(doneFrame(true, done)).response()
	checkSame(done, gotResponse, err)
	checkSame(true, tired, nil)

	fault := &Error{File: "f", Line: 1, Column: -2, Function: "g", Message: "m", Backtrace: "b"}
	tired, gotFault, err := passed(faultFrame(false, fault)).fault("f")
	checkSame(fault, gotFault, err)
	checkSame(false, tired, nil)
}

func TestMalformed(t *testing.T) {
	tests := []struct {
		reason string
		text   []byte
		want   error
	}{
		{"nothing", nil, io.EOF},
		{"a part of a length", []byte{0, 0}, io.ErrUnexpectedEOF},
		{"an empty frame", []byte{0, 0, 0, 0}, errFrame},
		{"a frame that is too long", []byte{0, 0, 0, 101, 1}, errFrame},
		{"a length of gigabytes", []byte{0xff, 0xff, 0xff, 0xff, 1}, errFrame},
		{"a frame that ends too early", []byte{0, 0, 0, 9, 1}, io.ErrUnexpectedEOF},
		{"a field that ends too early", []byte{0, 0, 0, 3, 1, 5, 'a'}, errFrame},
		{"a length that ends too early", []byte{0, 0, 0, 2, 1, 0x80}, errFrame},
		{"a length that overflows", append([]byte{0, 0, 0, 12, 1}, bytes.Repeat([]byte{0xff}, 11)...), errFrame},
		{"too many fields", append([]byte{0, 0, 0, 6, 1}, 0, 0, 0, 0, 0), errFrame},
	}
	for _, tt := range tests {
		rw := &buffer{}
		rw.Write(tt.text)
		if _, err := newLink(rw, 100, 4).receive(); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.reason, err, tt.want)
		}
	}
}

func TestWrongFields(t *testing.T) {
	tests := []struct {
		reason string
		read   func(*message) error
		frame  frame
	}{
		{"too few", func(m *message) error { _, err := m.incoming(); return err }, newFrame(kindAnswer).add("200")},
		{"a number that is none", func(m *message) error { _, err := m.incoming(); return err }, newFrame(kindAnswer).add("x", "")},
		{"a name without a value", func(m *message) error { _, err := m.incoming(); return err }, newFrame(kindAnswer).add("200", "", "A")},
		{"too many", func(m *message) error { _, _, err := m.fault(""); return err }, newFrame(kindFault).add("true", "1", "1", "", "", "", "")},
		{"a short key", func(m *message) error { _, _, err := m.call(); return err }, newFrame(kindCall).add("k", "", "", "", "")},
		{"a short key of a source", func(m *message) error { _, err := m.source(); return err }, newFrame(kindCompile).add("k", "", "")},
		{"a number of steps that is none", func(m *message) error { _, err := m.limits(); return err }, newFrame(kindStart).add("-1", "1", "1", "1", "1", "1")},
	}
	for _, tt := range tests {
		m, err := parseMessage(tt.frame[4:], maxFields)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.read(m); !errors.Is(err, errFrame) {
			t.Errorf("%s: got %v", tt.reason, err)
		}
	}
}

// FuzzFrame reads any bytes as frames: none may panic or make the reader take
// more memory than it allows, and what is read can be written again.
func FuzzFrame(f *testing.F) {
	for _, frame := range []frame{newFrame(kindDone).add("true", "200", "body", "A", "1"), startFrame(Limits{}), faultFrame(true, &Error{})} {
		binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
		f.Add([]byte(frame))
	}
	f.Add([]byte{0, 0, 0, 3, 1, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, text []byte) {
		rw := &buffer{}
		rw.Write(text)
		l := newLink(rw, 1<<10, 16)
		for {
			m, err := l.receive()
			if err != nil {
				return
			}
			if len(m.fields) > 16 {
				t.Fatalf("%d fields", len(m.fields))
			}
			again := newFrame(m.kind)
			for _, field := range m.fields {
				again = again.addBytes(field)
			}
			same, err := parseMessage(again[4:], 16)
			if err != nil || !cmp.Equal(m.fields, same.fields) {
				t.Fatalf("%q became %q, %v", m.fields, same.fields, err)
			}
			for _, read := range []func(message){
				func(m message) { _, _ = m.limits() },
				func(m message) { _, _ = m.source() },
				func(m message) { _, _, _ = m.call() },
				func(m message) { _, _ = m.outgoing() },
				func(m message) { _, _ = m.incoming() },
				func(m message) { _, _, _ = m.response() },
				func(m message) { _, _, _ = m.fault("") },
			} {
				read(*m)
			}
		}
	})
}
