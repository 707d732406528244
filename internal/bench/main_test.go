package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each contender must answer each case right, or its times mean nothing.
func TestContendersAgree(t *testing.T) {
	skipped := map[string]string{ // who sits out which case, as README.md says
		"C8 huma":            "no urlencoded forms",
		"C6b huma":           "ServeMux refuses overlaps",
		"C6c fiber":          "linear look-up",
		"C6a endpoint-plain": "same handlers as endpoint",
		"C6b endpoint-plain": "same handlers as endpoint",
		"C6c endpoint-plain": "same handlers as endpoint",
		"C6a endpoint-odd":   "same handlers as endpoint-request",
		"C6b endpoint-odd":   "same handlers as endpoint-request",
		"C6c endpoint-odd":   "same handlers as endpoint-request",
	}
	list := cases()
	for i := range list {
		bc := &list[i]
		for _, c := range contenders() {
			t.Run(bc.id+"/"+c.name, func(t *testing.T) {
				s, err := c.subject(bc)
				reason := skipped[bc.id+" "+c.name]
				if c.api == nil && bc.routes == nil {
					reason = "for the tables only"
				}
				switch {
				case errors.Is(err, errSkipped) && reason == "":
					t.Fatalf("sits out: %v", err)
				case errors.Is(err, errSkipped):
					return
				case err != nil:
					t.Fatal(err)
				case reason != "":
					t.Fatalf("takes part, but should sit out: %s", reason)
				}
				s.run(2 * s.turn) // a reused request is served as the first one was
				if _, err := c.subject(bc); err != nil {
					t.Errorf("second server: %v", err)
				}
			})
		}
	}
}

// A second answer over the same client must equal the first: requests are put back.
func TestClientRewinds(t *testing.T) {
	for _, c := range contenders() {
		if c.api == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			s, err := c.api()
			if err != nil {
				t.Fatal(err)
			}
			e := []exchange{{method: "POST", target: "/orders", contentType: typeJSON, body: orderBody}}
			var p player = newFastClient(s.fast, e)
			if s.http != nil {
				p = newClient(s.http, e)
			}
			first, second := p.answer(0), p.answer(0)
			if diff := cmp.Diff(first.body, second.body); diff != "" || first.status != second.status {
				t.Errorf("answers differ (-first +second), status %d and %d:\n%s", first.status, second.status, diff)
			}
		})
	}
}

func TestCheckFindsWrongAnswers(t *testing.T) {
	tests := []struct {
		id     string
		role   role
		answer answer
		reason string
	}{
		{"C1", ours, answer{200, "text/plain", "Hello"}, "another text"},
		{"C1", ours, answer{200, "application/json", "Hello, World!"}, "another type"},
		{"C2", ours, answer{200, typeJSON, `{"id":43}`}, "another value"},
		{"C2", peer, answer{200, "text/plain", `{"id":42,"name":"Ada Lovelace","email":"ada@example.com"}`}, "JSON as text"},
		{"C2", peer, answer{500, typeJSON, ""}, "a failure"},
		{"C6a", peer, answer{200, "text/plain", ""}, "no text"},
		{"C7q", ours, answer{422, typeJSON, `"page" "sort"`}, "no problem"},
		{"C7q", ours, answer{422, "application/problem+json", `"page"`}, "one fault of two"},
		{"C7q", peer, answer{200, typeJSON, ""}, "a faulty request accepted"},
	}
	for _, test := range tests {
		for _, bc := range cases() {
			if bc.id == test.id && bc.check(test.role, test.answer) == nil {
				t.Errorf("%s: %s is accepted", test.id, test.reason)
			}
		}
	}
}

func TestPayloads(t *testing.T) {
	sizes := []struct {
		name           string
		got, low, high int
	}{
		{"order", len(orderBody), 407, 407},
		{"items", len(itemsBody(itemCount)), 100_000, 115_000},
		{"form", len(signupBody()), 950, 1050},
		{"GitHub routes without overlaps", len(githubRoutes(false)), 203, 203},
		{"GitHub routes", len(githubRoutes(true)), 239, 239},
		{"synthetic routes", len(syntheticRoutes(10000)), 10000, 10000},
	}
	for _, s := range sizes {
		if s.got < s.low || s.got > s.high {
			t.Errorf("%s: %d, want %d to %d", s.name, s.got, s.low, s.high)
		}
	}
	if strings.Count(signupBody(), "&") != 9 {
		t.Errorf("form %q, want ten fields", signupBody())
	}
}

func TestRoutePath(t *testing.T) {
	rt := parseRoute("GET", "/a/:b/*c")
	tests := []struct{ param, rest, want, reason string }{
		{":", "*", "/a/:p1/*p2", "httprouter, gin and endpoint"},
		{"{", "{", "/a/{p1}/{p2...}", "ServeMux"},
		{"{", "*-", "/a/{p1}/*", "chi"},
		{":", "*-", "/a/:p1/*", "echo"},
		{":", "+-", "/a/:p1/+", "fiber"},
	}
	for _, test := range tests {
		if got := rt.path(test.param, test.rest); got != test.want {
			t.Errorf("%s: %q, want %q", test.reason, got, test.want)
		}
	}
	if diff := cmp.Diff([]string{"p1", "*"}, rt.names("*")); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestUnescapeForm(t *testing.T) {
	tests := []struct {
		in, want string
		n        int
		ok       bool
		reason   string
	}{
		{"a=1&b=2", "a1b2", 2, true, "plain pairs"},
		{"a=x+y%26%3D", "ax y&=", 1, true, "escapes"},
		{"a&b=", "ab", 2, true, "no value"},
		{"a=b=c", "ab=c", 1, true, "the first = divides"},
		{"a=%4", "", 0, false, "an escape cut off"},
		{"a=%zz", "", 0, false, "no hexadecimal digits"},
	}
	for _, test := range tests {
		form, _, n, ok := unescapeForm([]byte(test.in))
		if form != test.want || ok != test.ok || (ok && n != test.n) {
			t.Errorf("%s: unescapeForm(%q) = %q, %d, %t", test.reason, test.in, form, n, ok)
		}
	}
}

func TestIsEmail(t *testing.T) {
	for address, want := range map[string]bool{
		"ada@example.com": true, "a.b+c@x-y.example": true,
		"ada": false, "ada.example.com": false, "@example.com": false, "a@localhost": false,
		"a..b@example.com": false, "a@b@example.com": false, "a b@example.com": false,
	} {
		if isEmail(address) != want {
			t.Errorf("isEmail(%q) = %t", address, !want)
		}
	}
}

// The median of the rounds' ratios is not the ratio of the medians.
func TestFigures(t *testing.T) {
	a := figure{name: "a", role: peer, samples: []float64{10, 20, 400}}
	b := figure{name: "b", role: ours, samples: []float64{5, 10, 200}}
	if got := b.ratio(&a); got != 0.5 {
		t.Errorf("ratio %v, want 0.5", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median %v, want 2.5", got)
	}
	bc := &benchCase{id: "X", target: target{peer: 0.4, allocs: -1}}
	want := []verdict{{"X", "endpoint to a", 0.5, 0.4}}
	got := judge(bc, []figure{a, b})
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(verdict{})); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if got[0].ok() {
		t.Error("0.5 passes for 0.4")
	}
}

func TestMeasureCountsAllocations(t *testing.T) {
	var sink []byte
	s := subject{name: "one", turn: 1, run: func(n int) {
		for range n {
			sink = make([]byte, 1000)
		}
	}}
	got := measure([]subject{s}, 1, time.Millisecond)[0]
	if got.allocs != 1 || got.bytes < 1000 || len(got.samples) != 1 || len(sink) == 0 {
		t.Errorf("%d allocations of %d bytes in %d rounds, want 1 of 1000 in 1", got.allocs, got.bytes, len(got.samples))
	}
}

// The load generator must refuse what is not a whole answer of status 200.
func TestLoad(t *testing.T) {
	good := httptest.NewServer(plainMux())
	defer good.Close()
	bad := httptest.NewServer(http.NotFoundHandler())
	defer bad.Close()
	until := time.Now().Add(50 * time.Millisecond)
	times, err := sendAll(good.Listener.Addr().String(), until)
	if err != nil || len(times) < connections {
		t.Errorf("%d answers and error %v, want at least %d and none", len(times), err, connections)
	}
	if _, err := sendAll(bad.Listener.Addr().String(), time.Now().Add(50*time.Millisecond)); err == nil {
		t.Error("404 passes for an answer")
	}
}
