package endpoint_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// A seedCase is an exchange with one of the systems that the dialects follow.
type seedCase struct {
	ID, Origin, Fixture, Note string
	Request                   struct {
		Method, Target, Body string
		Header               map[string]string
	}
	Response struct {
		Status       int
		Header       map[string]any
		Body         *string
		BodyContains string          `json:"body_contains"`
		JSON         json.RawMessage `json:"json"`
		HeaderAbsent []string        `json:"header_absent"`
	}
}

// A seedException is a case that a dialect answers in another way, with the
// words by which the documentation of the dialect names it.
type seedException struct{ id, documented string }

// A seedFixture makes the API of cases; it need not compile.
type seedFixture func(t *testing.T) *endpoint.API

// seedQuiet keeps the log of failing handlers out of the tests' output.
func seedQuiet() endpoint.Option { return endpoint.Logger(slog.New(slog.DiscardHandler)) }

// seedCases reads the cases of a dialect.
func seedCases(t *testing.T, file string) []seedCase {
	t.Helper()
	text, err := os.ReadFile("testdata/seed/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []seedCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// seedDialects are the dialects with their fixtures and exceptions.
func seedDialects() []struct {
	name       string
	least      int
	fixtures   map[string]seedFixture
	exceptions []seedException
} {
	return []struct {
		name       string
		least      int
		fixtures   map[string]seedFixture
		exceptions []seedException
	}{
		{"skygear", 60, skygearFixtures(), []seedException{
			{"SK-029", "unclean paths"}, {"SK-030", "unclean paths"}, {"SK-031", "unclean paths"},
			{"SK-032", "unclean paths"}, {"SK-035", "unclean paths"}, {"SK-036", "unclean paths"},
			{"SK-034", "an escaped slash"},
			{"SK-063", "the same method"},
			{"SK-072", "a wrong API key"},
			{"SK-122", "CORS"},
		}},
		{"dara", 37, daraFixtures(), []seedException{
			{"DA-022", "a missing default"},
			{"DA-059", "internal errors"},
			{"DA-062", "repeated scalars"},
			{"DA-065", "rejected values"},
			{"DA-066", "malformed JSON"},
		}},
		{"anvil", 45, anvilFixtures(), []seedException{
			{"AN-023", "paths"},
			{"AN-024", "a parameter"},
			{"AN-025", "an unknown parameter"},
			{"AN-026", "overlapping paths"},
			{"AN-044", "a preflight"},
		}},
	}
}

// TestDialectCases plays every case. Exactly the exceptions differ, and each is
// documented.
func TestDialectCases(t *testing.T) {
	for _, d := range seedDialects() {
		t.Run(d.name, func(t *testing.T) {
			documentation, err := os.ReadFile("dialect_" + d.name + ".go")
			if err != nil {
				t.Fatal(err)
			}
			exceptions := map[string]bool{}
			for _, e := range d.exceptions {
				exceptions[e.id] = true
				if !bytes.Contains(documentation, []byte("\n//\t"+e.documented+" ")) {
					t.Errorf("%s: the documentation has no line %q", e.id, e.documented)
				}
			}
			cases := seedCases(t, d.name+".json")
			if len(cases) < d.least {
				t.Fatalf("%d cases: some are lost", len(cases))
			}
			for _, c := range cases {
				delete(exceptions, c.ID)
				t.Run(c.ID, func(t *testing.T) { seedPlay(t, c, d.fixtures, d.exceptions) })
			}
			if len(exceptions) > 0 {
				t.Errorf("exceptions without a case: %v", exceptions)
			}
		})
	}
}

// seedPlay plays a case.
func seedPlay(t *testing.T, c seedCase, fixtures map[string]seedFixture, exceptions []seedException) {
	t.Helper()
	fixture := fixtures[c.Fixture]
	if fixture == nil {
		t.Fatalf("no fixture %q", c.Fixture)
	}
	differences := seedAnswer(t, fixture(t), c)
	for _, e := range exceptions {
		if e.id != c.ID {
			continue
		}
		if c.Origin == "seed" && c.ID != "DA-022" {
			t.Errorf("%s is of the document itself: it must hold", c.ID)
		}
		if len(differences) == 0 {
			t.Errorf("%s holds, so it is no exception", c.ID)
		}
		return
	}
	for _, d := range differences {
		t.Errorf("%s %s (%s, %s): %s", c.Request.Method, c.Request.Target, c.Origin, c.Note, d)
	}
}

// seedAnswer returns in what the answer of an API differs from a case.
func seedAnswer(t *testing.T, api *endpoint.API, c seedCase) []string {
	t.Helper()
	if err := api.Compile(); err != nil {
		return []string{err.Error()}
	}
	r := httptest.NewRequest(c.Request.Method, c.Request.Target, strings.NewReader(c.Request.Body))
	if c.Request.Body == "" {
		r = httptest.NewRequest(c.Request.Method, c.Request.Target, nil)
	}
	for name, value := range c.Request.Header {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
			r.Header.Del("Host")
		}
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	differences := seedHeader(answer.Header, c)
	if answer.StatusCode != c.Response.Status {
		differences = append(differences, fmt.Sprintf("status %d, want %d: %.300s", answer.StatusCode, c.Response.Status, body))
	}
	if d := seedBody(body, c); d != "" {
		differences = append(differences, d)
	}
	return differences
}

// seedHeader compares the header.
func seedHeader(h http.Header, c seedCase) []string {
	var differences []string
	for name, value := range c.Response.Header {
		want := []string{fmt.Sprint(value)}
		if list, ok := value.([]any); ok {
			want = nil
			for _, v := range list {
				want = append(want, fmt.Sprint(v))
			}
		}
		if d := cmp.Diff(want, h.Values(name)); d != "" {
			differences = append(differences, name+" (-want +got):\n"+d)
		}
	}
	for _, name := range c.Response.HeaderAbsent {
		if v := h.Values(name); len(v) > 0 {
			differences = append(differences, fmt.Sprintf("%s is %q, want none", name, v))
		}
	}
	return differences
}

// seedBody compares the body, as JSON if the case says so.
func seedBody(body []byte, c seedCase) string {
	want := c.Response.JSON
	if strings.Contains(c.Note, "compare as JSON") && c.Response.Body != nil {
		want = json.RawMessage(*c.Response.Body)
	}
	switch {
	case want != nil:
		var a, b any
		if err := json.Unmarshal(body, &b); err != nil {
			return fmt.Sprintf("body %.300q is no JSON", body)
		}
		if err := json.Unmarshal(want, &a); err != nil {
			return err.Error()
		}
		return cmp.Diff(a, b)
	case c.Response.Body != nil:
		return cmp.Diff(*c.Response.Body, string(body))
	case !strings.Contains(string(body), c.Response.BodyContains):
		return fmt.Sprintf("body %.300q lacks %q", body, c.Response.BodyContains)
	}
	return ""
}
