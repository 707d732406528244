package canister_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// An icCase is an exchange with a canister.
type icCase struct {
	ID      string
	Fixture string
	Request struct {
		Method, Target, Body string
		Header               map[string]string
	}
	Response struct {
		Status       int
		Header       map[string]any // a string, or a list of strings
		Body         *string        // "hex:..." is bytes
		BodyContains string         `json:"body_contains"`
		JSON         any
	}
	Note string
}

// icDiffers is the cases that do not hold as they are written, with what holds
// instead. The package comment lists the same ones, with reasons.
var icDiffers = map[string]func(c *icCase){
	// The naive contains() of the seed: q=0 refuses gzip.
	"IC-007": func(c *icCase) {
		c.Response.Header = map[string]any{"Content-Type": "text/plain"}
		body := "Counter is 0\n/\n"
		c.Response.Body = &body
	},
	// No public material decides the status of a missing update half.
	"IC-024": func(c *icCase) { c.Response.Status = http.StatusNotImplemented },
}

// icCut is the cases in which the connection is cut within the body.
var icCut = []string{"IC-032", "IC-034"}

func icCases(t *testing.T) []icCase {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []icCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 32 {
		t.Fatalf("%d cases, want 32", len(cases))
	}
	return cases
}

// TestCases plays every exchange against a service that is new for each.
func TestCases(t *testing.T) {
	leak.Check(t)
	for _, c := range icCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			make1 := icFixtures[strings.TrimPrefix(c.Fixture, "ic.")]
			if make1 == nil {
				t.Fatalf("fixture %s does not exist", c.Fixture)
			}
			before := c
			if change := icDiffers[c.ID]; change != nil {
				change(&c)
				if reflect.DeepEqual(before, c) {
					t.Fatal("nothing differs: remove the case from icDiffers")
				}
			}
			resp, body, err := icExchange(t, make1(), c.Request.Method, c.Request.Target, c.Request.Header, c.Request.Body)
			if cut := slices.Contains(icCut, c.ID); (err != nil) != cut {
				t.Errorf("reading the body: %v; cut should be %t", err, cut)
			}
			c.check(t, resp, body)
			if icDiffers[c.ID] != nil && before.holds(resp, body) {
				t.Error("the case holds as it is written: remove it from icDiffers")
			}
		})
	}
}

// check compares an answer with the case.
func (c *icCase) check(t *testing.T, resp *http.Response, body []byte) {
	t.Helper()
	want := c.Response
	if resp.StatusCode != want.Status {
		t.Errorf("status %d, want %d: %s", resp.StatusCode, want.Status, body)
	}
	for name, v := range want.Header {
		values := []string{}
		switch v := v.(type) {
		case string:
			values = append(values, v)
		case []any:
			for _, e := range v {
				values = append(values, e.(string))
			}
		}
		if d := cmp.Diff(values, resp.Header.Values(name)); d != "" {
			t.Errorf("header %s (-want +got):\n%s", name, d)
		}
	}
	if want.Body != nil {
		text := []byte(*want.Body)
		if digits, ok := strings.CutPrefix(*want.Body, "hex:"); ok {
			text, _ = hex.DecodeString(digits)
		}
		if d := cmp.Diff(string(text), string(body)); d != "" {
			t.Errorf("body (-want +got):\n%s", d)
		}
	}
	if !strings.Contains(string(body), want.BodyContains) {
		t.Errorf("body %q does not contain %q", body, want.BodyContains)
	}
	if want.JSON != nil {
		var got any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.JSON, got); d != "" {
			t.Errorf("body (-want +got):\n%s", d)
		}
	}
}

// holds reports whether an answer has the status and the encoding of the case.
func (c *icCase) holds(resp *http.Response, body []byte) bool {
	encoding, _ := c.Response.Header["Content-Encoding"].(string)
	return resp.StatusCode == c.Response.Status && resp.Header.Get("Content-Encoding") == encoding
}

// TestDifferences compares the list in the package comment with the cases that
// differ, so that none goes untold and none is told that does not.
func TestDifferences(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(f.Doc.Text(), "# Differences")
	if !found {
		t.Fatal("the package comment has no section Differences")
	}
	got := regexp.MustCompile(`IC-\d+`).FindAllString(section, -1)
	want := slices.Clone(icCut)
	for id := range icDiffers {
		want = append(want, id)
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("cases named in the package comment (-want +got):\n%s", d)
	}
}

// icServe runs a service below / and answers its address.
func icServe(t testing.TB, s canister.Service, opts ...endpoint.Option) string {
	t.Helper()
	api := endpoint.New(icQuiet())
	canister.Handle(api, "/", s, opts...)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// icExchange sends one request over a connection of its own, the target as it
// is given, and reads the answer to its end.
func icExchange(t testing.TB, s canister.Service, method, target string, header map[string]string, body string) (*http.Response, []byte, error) {
	t.Helper()
	conn, err := net.Dial("tcp", icServe(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n", method, target)
	for name, value := range header {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(conn, b.String()+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	return resp, got, err
}
