package endpointtest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFind checks which operation a request is.
func TestFind(t *testing.T) {
	d, err := readDocument([]byte(`{"paths": {
		"/": {"get": {}},
		"/users": {"get": {}, "post": {}},
		"/users/{id}": {"get": {}, "additionalOperations": {"COPY": {}}},
		"/users/me": {"get": {}},
		"/users/{id}/a%20b": {"get": {}},
		"/files/{path}": {"get": {"parameters": [{"$ref": "#/p"}]}, "query": {}},
		"/files/public/{name}": {"get": {}}
	}, "p": {"in": "path", "name": "path", "x-several-segments": true, "schema": {"type": "string"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ reason, method, path, want string }{
		{"the root", "GET", "/", "GET /"},
		{"a literal", "POST", "/users", "POST /users"},
		{"a literal before a parameter", "GET", "/users/me", "GET /users/me"},
		{"a parameter", "GET", "/users/7", "GET /users/{id}"},
		{"a parameter with a slash in it", "GET", "/users/7%2F8", "GET /users/{id}"},
		{"an escaped literal", "GET", "/users/7/a%20b", "GET /users/{id}/a%20b"},
		{"the path is chosen before the method", "COPY", "/users/me", ""},
		{"a method of its own", "COPY", "/users/7", "COPY /users/{id}"},
		{"HEAD follows GET", "HEAD", "/users/7", "GET /users/{id}"},
		{"a method that nobody has", "PUT", "/users", ""},
		{"a segment too many", "GET", "/users/7/8", ""},
		{"an empty parameter", "GET", "/users/", ""},
		{"a rest", "GET", "/files/a/b", "GET /files/{path}"},
		{"an empty rest", "QUERY", "/files/", "QUERY /files/{path}"},
		{"a rest has a slash", "GET", "/files", ""},
		{"more specific than the rest", "GET", "/files/public/a", "GET /files/public/{name}"},
	}
	for _, tt := range tests {
		got := ""
		if op := d.find(tt.method, tt.path); op != nil {
			got = op.method + " " + op.path.template
		}
		if got != tt.want {
			t.Errorf("%s: %s %s is %q, want %q", tt.reason, tt.method, tt.path, got, tt.want)
		}
	}
}

// TestReadFaults checks that a document is not half understood.
func TestReadFaults(t *testing.T) {
	tests := []struct{ doc, fault string }{
		{`{`, "the document is no JSON"},
		{`{"paths": {"/a": {"get": {"parameters": [{"in": "query", "name": "q"}]}}}}`, "/paths/~1a/get/parameters/0: the parameter has no schema"},
		{`{"paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"if": true}}}}}}}}}`, "schema /paths/~1a/get/responses/200/content/application~1json/schema/if: the keyword is not known"},
	}
	for _, tt := range tests {
		if _, err := readDocument([]byte(tt.doc)); err == nil || !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s: %v, want %q", tt.doc, err, tt.fault)
		}
	}
}

// TestMediaFaults checks bodies by their media types.
func TestMediaFaults(t *testing.T) {
	d, err := readDocument([]byte(`{"paths": {"/": {"get": {"responses": {"200": {"content": {
		"application/json": {"schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}},
		"application/jsonl": {"itemSchema": {"type": "integer"}},
		"text/event-stream": {"itemSchema": {"type": "object", "required": ["data"], "properties": {"id": {"type": "string"}, "data": {"type": "string", "maxLength": 3}, "retry": {"type": "integer", "maximum": 9}}}},
		"text/plain": {"schema": {"type": "string", "enum": ["ok"]}},
		"image/*": {}
	}}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	ok := d.find("GET", "/").responses["200"]
	const at = "by the schema at /paths/~1/get/responses/200/content/"
	tests := []struct {
		mediaType, body string
		want            []string
	}{
		{"application/json", `{"a": 1}`, nil},
		{"application/json", `{"a": "x"}`, []string{`body /a: "x" is string, not integer, ` + at + "application~1json"}},
		{"application/json", `{"a": 1`, []string{"body is no JSON: unexpected EOF"}},
		{"application/jsonl", "1\n2\n", nil},
		{"application/jsonl", "1\ntrue\n", []string{"body line 2: true is boolean, not integer, " + at + "application~1jsonl"}},
		{"text/event-stream", ": hello\n\nid: 1\ndata: abc\n\n", nil},
		{"text/event-stream", "data: abcd\n\nretry: 10\n\n", []string{
			`body event 1 /data: "abcd" has 4 characters, more than 3, ` + at + "text~1event-stream",
			`body event 2: member "data" is missing, ` + at + "text~1event-stream", `body event 2 /retry: 10 is more than 9, ` + at + "text~1event-stream"}},
		{"text/plain", "ok", nil},
		{"text/plain", "no", []string{`body: "no" is not one of ["ok"], ` + at + "text~1plain"}},
		{"image/png", "\x89PNG", nil},
		{"text/html", "<p>", []string{`content type "text/html" is not documented; documented are application/json, application/jsonl, image/*, text/event-stream, text/plain`}},
		{"", "", nil},
	}
	for _, tt := range tests {
		var got []string
		m, fault := ok.media(tt.mediaType, tt.body != "")
		if fault != "" {
			got = []string{fault}
		} else if m != nil {
			got = m.faults(tt.mediaType, []byte(tt.body))
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s %q: -want +got:\n%s", tt.mediaType, tt.body, d)
		}
	}
	if _, fault := (&response{}).media("text/plain", true); fault != "it has a body, and the document has none" {
		t.Errorf("a body where there should be none: %q", fault)
	}
}

// FuzzReadRequest checks that no text of a file breaks the reader.
func FuzzReadRequest(f *testing.F) {
	f.Add("GET / HTTP\n")
	f.Add("POST /a?b\nContent-Type: multipart/form-data; boundary=x\n\n--x--\n")
	f.Add("GET /\nHost: a\nX: y")
	f.Fuzz(func(t *testing.T, text string) {
		if r, body, err := readRequest(text); err == nil && (r.URL == nil || int64(len(body)) != r.ContentLength) {
			t.Errorf("%q: %d bytes of %d", text, len(body), r.ContentLength)
		}
	})
}

// FuzzEvents checks that no stream breaks the reader of events.
func FuzzEvents(f *testing.F) {
	f.Add("id: 1\nevent:x\ndata\nretry: y")
	f.Fuzz(func(t *testing.T, block string) {
		e := parseEvent(block)
		if text, ok := e.Data.(string); !ok || len(text) > len(block) {
			t.Errorf("%q has the data %v", block, e.Data)
		}
		eventValue(block)
	})
}
