package manage

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Call is one call of a handler, for [Options.Observe]. Neither query nor
// header nor body is in it; Error and Output are what the handler says, for
// its owner.
type Call struct {
	Account   string
	ID        string // of the endpoint
	Method    string // as requested
	Status    int    // of the answer; 499 if the client went away or the host's Timeout passed
	Time      time.Time
	Duration  time.Duration
	RequestID string
	Error     string // why it failed, "" if it did not; at most 2 KiB
	Output    string // what the handler printed; at most 4 KiB
}

// How much of the calls is kept in memory.
const (
	maxCallText   = 2 << 10 // bytes of an error
	maxCallOutput = 4 << 10 // bytes of what was printed
	maxCalls      = 20      // of an endpoint
	maxTexts      = 200     // calls of an account that keep their texts
)

// stats counts the calls of an endpoint in this process. The zero value is
// ready; methods may be called concurrently.
type stats struct {
	calls, errors, sum, max atomic.Int64 // sum and max in nanoseconds

	// Guarded by the mutex of the account's callLog.
	recent []keptCall // a ring once it is full
	oldest int        // of the ring
}

// A keptCall is a call as it is remembered. It has as few pointers as may be,
// as there are many.
type keptCall struct {
	at       time.Time
	duration time.Duration
	method   string
	status   int
	id       [26]byte
	longID   string // in place of id if it has another length, as that of a proxy may
	text     *callText
}

// A callText is what a handler said.
type callText struct{ err, output string }

func (s *stats) add(c *Call) {
	s.calls.Add(1)
	if c.Error != "" || c.Status >= 500 {
		s.errors.Add(1)
	}
	d := int64(c.Duration)
	s.sum.Add(d)
	for old := s.max.Load(); d > old && !s.max.CompareAndSwap(old, d); old = s.max.Load() {
	}
}

// telemetry is what the API shows of stats.
type telemetry struct {
	Calls  int64   `json:"calls"`
	Errors int64   `json:"errors"`
	Mean   float64 `json:"mean_ms"`
	Max    float64 `json:"max_ms"`
}

func (s *stats) telemetry() telemetry {
	t := telemetry{Calls: s.calls.Load(), Errors: s.errors.Load(), Max: milliseconds(time.Duration(s.max.Load()))}
	if t.Calls > 0 {
		t.Mean = milliseconds(time.Duration(s.sum.Load() / t.Calls))
	}
	return t
}

// milliseconds returns a duration to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// A callLog keeps the last calls of an account's endpoints.
type callLog struct {
	mu    sync.Mutex
	texts []*callText // that are kept, the oldest first
}

// add keeps a call. Beyond maxTexts, the oldest call of the account loses what
// it said, so that no account takes all memory.
func (l *callLog) add(s *stats, c *Call) {
	k := keptCall{at: c.Time, duration: c.Duration, method: methodName(c.Method), status: c.Status}
	if copy(k.id[:], c.RequestID) != len(k.id) || len(c.RequestID) != len(k.id) {
		k.longID = c.RequestID
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Error != "" || c.Output != "" {
		k.text = l.keep(&callText{c.Error, c.Output})
	}
	if len(s.recent) < maxCalls {
		s.recent = append(s.recent, k)
		return
	}
	s.recent[s.oldest] = k
	s.oldest = (s.oldest + 1) % maxCalls
}

// methodName returns a method without the line of the request that it is a part
// of in memory.
func methodName(method string) string {
	for _, known := range []string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions,
	} {
		if method == known {
			return known
		}
	}
	return strings.Clone(method[:min(len(method), 32)])
}

// keep notes a text, for which the oldest one may be forgotten.
func (l *callLog) keep(t *callText) *callText {
	if len(l.texts) == maxTexts {
		l.texts[0].err, l.texts[0].output = forgotten(l.texts[0].err), forgotten(l.texts[0].output)
		l.texts = slices.Delete(l.texts, 0, 1)
	}
	l.texts = append(l.texts, t)
	return t
}

func forgotten(text string) string {
	if text == "" {
		return ""
	}
	return "(no longer kept)"
}

// A callView is a call as the API shows it.
type callView struct {
	Time      time.Time `json:"time"`
	Method    string    `json:"method"`
	Status    int       `json:"status"`
	Duration  float64   `json:"duration_ms"`
	RequestID string    `json:"request_id"`
	Error     string    `json:"error,omitempty"`
	Output    string    `json:"output,omitempty"`
}

// last returns the calls of an endpoint, the newest first.
func (l *callLog) last(s *stats) []callView {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]callView, 0, len(s.recent))
	for i := range s.recent {
		k := &s.recent[(s.oldest+len(s.recent)-1-i)%len(s.recent)]
		v := callView{Time: k.at, Method: k.method, Status: k.status, Duration: milliseconds(k.duration), RequestID: k.longID}
		if v.RequestID == "" {
			v.RequestID = string(k.id[:])
		}
		if k.text != nil {
			v.Error, v.Output = k.text.err, k.text.output
		}
		list = append(list, v)
	}
	return list
}

// printed takes what a handler prints, up to maxCallOutput. It may be written
// concurrently.
type printed struct {
	mu     sync.Mutex
	text   bytes.Buffer
	tooBig bool
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := maxCallOutput - p.text.Len()
	p.text.Write(b[:min(len(b), room)])
	p.tooBig = p.tooBig || len(b) > room
	return len(b), nil
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := strings.ToValidUTF8(p.text.String(), "\uFFFD")
	if p.tooBig {
		text += "... (more was printed)\n"
	}
	return text
}

// clip shortens a text to a number of bytes, and makes it UTF-8.
func clip(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
