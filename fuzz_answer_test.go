package endpoint

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A fuzzEvent is an event as a browser dispatches it.
type fuzzEvent struct{ id, kind, data string }

// fuzzReadEvents reads a stream as the HTML standard says, section 9.2.6.
func fuzzReadEvents(stream string) (events []fuzzEvent, retry string) {
	stream = strings.TrimPrefix(stream, "\uFEFF")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var id, kind, data string
	lines := strings.Split(stream, "\n")
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			if data != "" {
				events = append(events, fuzzEvent{id, kind, strings.TrimSuffix(data, "\n")})
			}
			data, kind = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			retry = value
		case "":
		default:
			events = append(events, fuzzEvent{kind: "unknown field " + field})
		}
	}
	return events, retry
}

// fuzzMarked marshals to JSON that is spread over lines.
type fuzzMarked struct{ text string }

func (m fuzzMarked) MarshalJSON() ([]byte, error) {
	b, err := stdjson.Marshal(map[string]string{"a": m.text})
	return append([]byte("{\n\r\n\"data: \":\r"), append(b, "\n}"...)...), err
}

func FuzzEvent(f *testing.F) {
	f.Add("1", "tick", "a\nb", "x", int64(1500))
	f.Add("", "", "", "", int64(0))
	f.Add(" 1", " t", "\r\r\n\n: x\ndata: y\n\n", "\ndata: z", int64(-1))
	f.Add("a\nb", "x\ry", "z", "", int64(1))
	f.Add("\xff", "\uFEFF", "\xff\xfe\n\u2028", "\u2029", int64(1<<40))
	f.Fuzz(func(t *testing.T, id, kind, data, other string, retry int64) {
		var buf bytes.Buffer
		var want []fuzzEvent
		lastID, lastRetry := "", ""
		for _, e := range []Event{
			{ID: id, Type: kind, Data: data, Retry: time.Duration(retry)},
			{ID: other, Data: nil},
			{Type: other, Data: map[string]string{data: other}},
			{ID: data, Data: fuzzMarked{other}},
			{Data: other},
		} {
			before := buf.Len()
			oneLine := !strings.ContainsAny(e.ID+e.Type, "\r\n\x00")
			if err := appendEvent(&buf, &e); err != nil {
				valid := true
				switch data := e.Data.(type) {
				case map[string]string:
					for k, v := range data {
						valid = utf8.ValidString(k) && utf8.ValidString(v)
					}
				}
				if oneLine && valid {
					t.Fatalf("%+v: %v", e, err)
				}
				buf.Truncate(before)
				continue
			}
			if !oneLine {
				t.Fatalf("%+v was written as %q", e, buf.String()[before:])
			}
			if e.ID != "" {
				lastID = fuzzUTF8(e.ID)
			}
			if e.Retry > 0 {
				lastRetry = fmt.Sprint(e.Retry.Milliseconds())
			}
			fuzzExpect(t, &want, e, lastID)
		}
		got, gotRetry := fuzzReadEvents(buf.String())
		if len(got) != len(want) || gotRetry != lastRetry {
			t.Fatalf("%q: events %+q retry %q, want %+q retry %q", buf.String(), got, gotRetry, want, lastRetry)
		}
		for i := range want {
			if got[i] != want[i] && !fuzzSameJSON(got[i], want[i]) {
				t.Fatalf("%q: event %d is %+q, want %+q", buf.String(), i, got[i], want[i])
			}
		}
	})
}

func fuzzUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// fuzzExpect adds what a browser makes of an event.
func fuzzExpect(t *testing.T, want *[]fuzzEvent, e Event, id string) {
	t.Helper()
	switch data := e.Data.(type) {
	case nil:
	case string:
		lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n"), "\n")
		for i := range lines {
			lines[i] = fuzzUTF8(lines[i])
		}
		*want = append(*want, fuzzEvent{id, fuzzUTF8(e.Type), strings.Join(lines, "\n")})
	default:
		text, err := stdjson.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		*want = append(*want, fuzzEvent{id, fuzzUTF8(e.Type), string(text)})
	}
}

// fuzzSameJSON compares two events whose data is JSON.
func fuzzSameJSON(a, b fuzzEvent) bool {
	var x, y any
	return a.id == b.id && a.kind == b.kind && !strings.Contains(a.data, "\n") &&
		stdjson.Unmarshal([]byte(a.data), &x) == nil && stdjson.Unmarshal([]byte(b.data), &y) == nil && reflect.DeepEqual(x, y)
}

func FuzzProblem(f *testing.F) {
	f.Add(0, "", "", "", "", "", "", uint16(0))
	f.Add(404, "https://example.test/gone", "Gone", "it is", "name", "/a~1b", "key", uint16(3))
	f.Add(99, "\xff", "\"\\\n", strings.Repeat("x", 20_000), strings.Repeat("é", 200), strings.Repeat("\x01", 300), "status", uint16(40))
	f.Add(100, "t", "", "", "\x7f", "/", "detail", uint16(1))
	f.Add(422, strings.Repeat("t", 20_000), strings.Repeat("u", 20_000), "", "", "", "\u2028", uint16(100))
	f.Fuzz(func(t *testing.T, status int, kind, title, detail, name, pointer, key string, n uint16) {
		e := &Error{Status: status, Type: kind, Title: title, Detail: detail, Extra: map[string]any{key: []string{detail}, "x": n}}
		for range n % 200 {
			e.Fields = append(e.Fields, FieldError{In: "body", Name: name, Pointer: pointer, Code: key, Message: title})
		}
		api := New(fuzzSilent())
		api.Get("p", func() error { return e })
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest("GET", "/p", nil))
		want := status
		if status < 200 || status > 999 {
			want = http.StatusInternalServerError
		}
		if w.Code != want && !(w.Code == http.StatusInternalServerError && fuzzBadExtra(detail)) {
			t.Fatalf("status %d answered as %d", status, w.Code)
		}
		if fuzzBadExtra(detail) {
			if w.Code >= 500 && w.Body.Len() == 0 {
				return // a logged 500: the extension cannot be marshalled
			}
		}
		if !bodyAllowed(w.Code) {
			return
		}
		body := w.Body.Bytes()
		if len(body) > 16<<10 || !stdjson.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("problem of %d bytes is bad: %.300s", len(body), body)
		}
		var p struct {
			Type, Title, Detail string
			Status              int
			Errors              []FieldError
		}
		if err := stdjson.Unmarshal(body, &p); err != nil {
			t.Fatal(err)
		}
		if p.Status != w.Code || len(p.Errors) > 32 {
			t.Fatalf("status %d: %s", w.Code, body)
		}
		if small := len(kind)+len(title)+len(detail)+len(name)+len(pointer)+len(key) < 50; small && utf8.ValidString(strings.Join([]string{kind, title, detail, name, pointer, key}, "|")) {
			if p.Type != kind || title != "" && p.Title != title || p.Detail != detail || len(p.Errors) != min(32, int(n%200)) {
				t.Fatalf("%+v became %s", e, body)
			}
			if len(p.Errors) > 0 && p.Errors[0] != e.Fields[0] {
				t.Fatalf("%+v became %+v", e.Fields[0], p.Errors[0])
			}
		}
	})
}

// fuzzBadExtra reports whether a text cannot be marshalled in an extension.
func fuzzBadExtra(s string) bool { return !utf8.ValidString(s) }

func FuzzDisposition(f *testing.F) {
	for _, s := range []string{"a.txt", `a"b.txt`, `a\b`, "../../x", "é.txt", "a;b=c", "a%41", "a\tb", "/", "x/", "…\"", "'a'", "a\u0085b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || !utf8.ValidString(name) || !isFieldValue(name) {
			return // refused before
		}
		value := disposition(name)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }) {
			t.Fatalf("%q gives %q", name, value)
		}
		kind, params, err := mime.ParseMediaType(value)
		if err != nil || kind != "inline" || len(params) != 1 {
			t.Fatalf("%q gives %q: %s %v %v", name, value, kind, params, err)
		}
		if want := path.Base(strings.ReplaceAll(name, `\`, "/")); params["filename"] != want {
			t.Fatalf("%q gives %q: %q, want %q", name, value, params["filename"], want)
		}
	})
}

func FuzzAccept(f *testing.F) {
	kinds := []string{"application/json", "application/jsonl", "application/*", "*/*", "text/html", "APPLICATION/JSON"}
	qs := []string{"", ";q=0", ";q=0.5", ";q=1", "; q=0.000", ";charset=utf-8"}
	f.Add([]byte{0}, "x")
	f.Add([]byte{3, 6, 9}, "")
	f.Add([]byte{1, 2, 3, 4, 5, 6}, ",,;q=")
	f.Fuzz(func(t *testing.T, choice []byte, raw string) {
		_ = accepts([]string{raw, raw}, "application/json") // any text: no panic, bounded
		choice = choice[:min(len(choice), 20)]
		var parts []string
		best, ok := -1, false
		for _, b := range choice {
			k, q := int(b)%len(kinds), int(b)/len(kinds)%len(qs)
			parts = append(parts, kinds[k]+qs[q])
			if rank := []int{2, -1, 1, 0, -1, 2}[k]; rank > best {
				best, ok = rank, q != 1 && q != 4
			}
		}
		if len(parts) == 0 {
			return
		}
		if got := accepts([]string{strings.Join(parts, " , ")}, "application/json"); got != ok {
			t.Fatalf("%q: %v, want %v", parts, got, ok)
		}
	})
}

// TestFuzzOneLine has JSON that its type spreads over lines: an event and a
// line of a stream are one line each all the same.
func TestFuzzOneLine(t *testing.T) {
	api := New(fuzzSilent())
	api.Get("lines", func() func(func(fuzzMarked) bool) {
		return func(yield func(fuzzMarked) bool) { _ = yield(fuzzMarked{"1"}) && yield(fuzzMarked{"2"}) }
	})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	w := fuzzServe(t, api, httptest.NewRequest("GET", "/lines", nil))
	if lines := strings.Split(strings.TrimSuffix(w.Body.String(), "\n"), "\n"); len(lines) != 2 || w.Code != http.StatusOK {
		t.Errorf("two elements are the lines %q", lines)
	}
}
