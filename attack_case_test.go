package endpoint_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// An attackCase is one raw request and what may come back.
type attackCase struct {
	name   string // begins with the row of the catalogue
	reason string
	raw    string
	want   string        // statuses and classes such as "200|4xx"; "end" is no answer at all
	body   string        // of a 2xx answer, exactly; "" for any
	within time.Duration // one second, if it is 0
	more   int           // how many further answers are allowed
	field  string        // "Name: value" that the answer must have
	never  string        // a text that no answer may hold, in a field or the body
}

// attackTargets makes GET cases of one row that differ in their target alone.
func attackTargets(row, reason, want, body string, targets ...string) []attackCase {
	var cases []attackCase
	for _, target := range targets {
		cases = append(cases, attackCase{
			name: row + " " + attackClip(target), reason: reason, want: want, body: body,
			raw: attackText("GET "+target, ""),
		})
	}
	return cases
}

// attackRaw makes cases of one row from whole requests.
func attackRaw(row, reason, want string, requests ...string) []attackCase {
	var cases []attackCase
	for _, raw := range requests {
		cases = append(cases, attackCase{name: row + " " + attackClip(raw), reason: reason, want: want, raw: raw})
	}
	return cases
}

// attackClip makes a request fit into a name.
func attackClip(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%q and %d bytes", s[:60], len(s)-60)
	}
	return fmt.Sprintf("%q", s)
}

// attackRun sends the cases one after the other; in the end the server must be
// well.
func attackRun(t *testing.T, addr string, groups ...[]attackCase) {
	t.Helper()
	attackRedirectRun(t, addr, groups...)
	attackHealthy(t, addr)
}

// attackHealthy asks for /hello.
func attackHealthy(t testing.TB, addr string) {
	t.Helper()
	answers, _, err := attackSend(addr, attackText("GET /hello", ""))
	if err != nil || len(answers) != 1 || answers[0].status != 200 || answers[0].body != "hello" {
		t.Errorf("GET /hello is answered with %v, %v; want 200 hello", answers, err)
	}
}

// check sends the request and says what is wrong with the answers.
func (c *attackCase) check(addr string) error {
	answers, took, err := attackSend(addr, c.raw)
	if err != nil {
		return fmt.Errorf("after %d answers: %w", len(answers), err)
	}
	limit := c.within
	if limit == 0 {
		limit = time.Second
	}
	if raceEnabled() {
		limit *= 3
	}
	if took > limit {
		return fmt.Errorf("it took %v, want at most %v", took, limit)
	}
	if len(answers) == 0 {
		if slices.Contains(strings.Split(c.want, "|"), "end") {
			return nil
		}
		return fmt.Errorf("no answer, want %s", c.want)
	}
	if len(answers) > 1+c.more {
		return fmt.Errorf("%d answers, want at most %d: %v", len(answers), 1+c.more, answers)
	}
	for i := range answers {
		if err := answers[i].sound(c.never); err != nil {
			return err
		}
	}
	return c.first(&answers[0])
}

// first says what is wrong with the first answer.
func (c *attackCase) first(a *attackAnswer) error {
	if !attackMatches(c.want, a.status) {
		return fmt.Errorf("status %d, want %s: %.200q", a.status, c.want, a.body)
	}
	if a.status < 300 && c.body != "" && a.body != c.body {
		return fmt.Errorf("body %.200q, want %.200q", a.body, c.body)
	}
	if name, value, ok := strings.Cut(c.field, ": "); ok && a.header.Get(name) != value {
		return fmt.Errorf("%s is %q, want %q", name, a.header[name], value)
	}
	return nil
}

// sound says what no answer may have, whatever was asked.
func (a *attackAnswer) sound(never string) error {
	text := fmt.Sprint(a.header) + a.body
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("not UTF-8: %q", text)
	case never != "" && strings.Contains(text, never):
		return fmt.Errorf("it holds %q: %.300q", never, text)
	case a.header.Get("Server") != "" || a.header.Get("X-Powered-By") != "":
		return fmt.Errorf("it names what it is made of: %v", a.header)
	case a.status == 101:
		return fmt.Errorf("status 101: nothing here is upgraded")
	case a.status >= 400 && !attackRefusal(a):
		return fmt.Errorf("a refusal %v %.200q", a.header, a.body)
	}
	if location, ok := a.header["Location"]; ok {
		return attackLocation(location)
	}
	return nil
}

// attackRefusal reports whether an error is a problem of the library, or an
// answer of net/http: of its handlers, or to what it cannot parse.
func attackRefusal(a *attackAnswer) bool {
	if a.header.Get("Content-Type") == "application/problem+json" {
		return a.header.Get("X-Content-Type-Options") == "nosniff"
	}
	kind := a.header.Get("Content-Type")
	if a.body == "404 page not found\n" {
		return true // the StripPrefix or ServeMux around the library has nothing there
	}
	return a.header.Get("Connection") == "close" && (kind == "" && a.body == "" || kind == "text/plain; charset=utf-8")
}

// attackLocation says how a Location could lead to another host.
func attackLocation(values []string) error {
	if len(values) != 1 {
		return fmt.Errorf("%d Locations: %q", len(values), values)
	}
	location := values[0]
	u, err := url.Parse(location)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(location, "/") {
		return fmt.Errorf("the Location %q is not a path", location)
	}
	path, _, _ := strings.Cut(location, "?")
	plain, err := url.PathUnescape(path)
	if err != nil {
		return fmt.Errorf("the Location %q: %w", location, err)
	}
	second := plain[1:min(len(plain), 2)]
	if strings.ContainsAny(second, `/\`) || second != "" && second[0] < ' ' || strings.Contains(plain, `\`) {
		return fmt.Errorf("the Location %q begins like a host", location)
	}
	for s := range strings.SplitSeq(plain, "/") {
		if s == "." || s == ".." {
			return fmt.Errorf("the Location %q has a dot segment", location)
		}
	}
	if strings.ContainsFunc(location, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"<>`, c) }) {
		return fmt.Errorf("the Location %q has bytes that belong escaped", location)
	}
	return nil
}

// attackMatches reports whether a status is in a list such as "200|4xx".
func attackMatches(want string, status int) bool {
	for w := range strings.SplitSeq(want, "|") {
		if w == fmt.Sprint(status) || w == fmt.Sprintf("%dxx", status/100) {
			return true
		}
	}
	return false
}
