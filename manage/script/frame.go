package script

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// A kind says what a message between an engine and a worker is. Engine and
// worker take turns: the engine begins, and until the worker is done every
// question of its is answered by one message. Numbers are in decimal digits.
type kind byte

// The messages with their fields; "..." is names and values of header fields.
const (
	// from the engine
	kindStart   kind = iota + 1 // limits, in the order of Limits
	kindCompile                 // key, file, text
	kindCall                    // key, method, path, query, body, ...
	kindSecret                  // value: the answer to kindAsk
	kindAnswer                  // status, body, ...: the answer to kindFetch
	kindRefusal                 // reason: the other answer to both
	// from the worker
	kindReady    // it has started
	kindCompiled // the program is in its memory
	kindNeed     // it lacks the program of the call: kindCompile has to follow
	kindPrint    // text; nothing answers
	kindAsk      // name of a secret
	kindFetch    // method, url, body, ...
	kindDone     // tired, status, body, ...
	kindFault    // tired, line, column, function, message, backtrace
)

// What a frame may have. An engine takes less from a worker than a worker
// from an engine: what a script does must not cost the engine memory.
const (
	maxFields       = 1 << 10
	maxEngineFields = 1 << 20
	frameSlack      = 128 << 10 // bytes of a frame beside a body
)

// A frame is a message to be sent: its length in four bytes, most significant
// first, that do not count themselves, its kind, and its fields, each behind
// its own length.
type frame []byte

func newFrame(k kind) frame {
	f := make(frame, 5, 256)
	f[4] = byte(k)
	return f
}

func (f frame) add(fields ...string) frame {
	for _, field := range fields {
		f = binary.AppendUvarint(f, uint64(len(field)))
		f = append(f, field...)
	}
	return f
}

func (f frame) addBytes(field []byte) frame {
	f = binary.AppendUvarint(f, uint64(len(field)))
	return append(f, field...)
}

func (f frame) addInts(numbers ...int64) frame {
	for _, n := range numbers {
		f = f.add(strconv.FormatInt(n, 10))
	}
	return f
}

// A message is a frame that was received. Its fields are parts of one buffer,
// which is not used again.
type message struct {
	kind   kind
	fields [][]byte
	bad    bool // a field was missing or no number
}

// next takes the first field.
func (m *message) next() []byte {
	if len(m.fields) == 0 {
		m.bad = true
		return nil
	}
	field := m.fields[0]
	m.fields = m.fields[1:]
	return field
}

func (m *message) text() string { return string(m.next()) }

func (m *message) int() int64 {
	n, err := strconv.ParseInt(m.text(), 10, 64)
	m.bad = m.bad || err != nil
	return n
}

// rest takes all fields that are left: names and values in turn.
func (m *message) rest() []string {
	texts := make([]string, 0, len(m.fields))
	for _, field := range m.fields {
		texts = append(texts, string(field))
	}
	m.bad = m.bad || len(texts)%2 != 0
	m.fields = nil
	return texts
}

var errFrame = errors.New("a message is malformed")

// end reports whether all fields were there and none is left.
func (m *message) end() error {
	if m.bad || len(m.fields) > 0 {
		return fmt.Errorf("%w: kind %d", errFrame, m.kind)
	}
	return nil
}

// A link is one end of a connection between an engine and a worker.
type link struct {
	r         *bufio.Reader
	rw        io.ReadWriteCloser
	maxFrame  int // bytes it takes
	maxFields int
}

func newLink(rw io.ReadWriteCloser, maxFrame, maxFields int) *link {
	return &link{r: bufio.NewReader(rw), rw: rw, maxFrame: maxFrame, maxFields: maxFields}
}

func (l *link) send(f frame) error {
	binary.BigEndian.PutUint32(f, uint32(len(f)-4))
	_, err := l.rw.Write(f)
	return err
}

// receive reads the next message.
func (l *link) receive() (*message, error) {
	var head [4]byte
	if _, err := io.ReadFull(l.r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || uint64(n) > uint64(l.maxFrame) {
		return nil, fmt.Errorf("%w: it has %d bytes of at most %d", errFrame, n, l.maxFrame)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(l.r, payload); err != nil {
		return nil, err
	}
	return parseMessage(payload, l.maxFields)
}

func parseMessage(payload []byte, maxFields int) (*message, error) {
	m := &message{kind: kind(payload[0])}
	for rest := payload[1:]; len(rest) > 0; {
		length, n := binary.Uvarint(rest)
		if n <= 0 || length > uint64(len(rest)-n) || len(m.fields) == maxFields {
			return nil, errFrame
		}
		end := n + int(length)
		m.fields = append(m.fields, rest[n:end:end])
		rest = rest[end:]
	}
	return m, nil
}
