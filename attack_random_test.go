package endpoint_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Mutated requests: whatever comes, the server answers or hangs up, at once.

const (
	attackRounds = 20_000          // requests, ten times as many with ENDPOINT_SOAK
	attackLanes  = 8               // at a time
	attackHang   = 2 * time.Second // for one request
)

// attackSeeds are the requests that are mutated. None reaches a function that
// panics, so that every 500 is a fault.
func attackSeeds() []string {
	user, form := `{"name":"a","age":1}`, "name=a&age=1"
	return []string{
		attackText("GET /hello", ""),
		attackText("HEAD /hello?x=1&y=%20", ""),
		attackText("OPTIONS /files/", ""),
		attackText("GET /files/a/b%2Fc/", ""),
		attackText("GET /files?a=b", ""),
		attackText("PUT /files/a", "text", "Expect: 100-continue"),
		attackText("GET /users/42", "", "Accept: application/json"),
		attackText("GET /search?a=x&n=12", "", "Cookie: a=b; c=d"),
		attackText("GET http://api.test/hello", ""),
		attackText("POST /users", user, attackJSON),
		attackText("POST /form", form, "Content-Type: application/x-www-form-urlencoded"),
		attackText("POST /raw", "0123456789", "Content-Type: application/octet-stream"),
		attackText("POST /private", user, "X-Api-Key: "+attackKey),
		attackPost("/users", "14\r\n"+user+"\r\n0\r\n\r\n", attackJSON, "Transfer-Encoding: chunked"),
		attackPost("/raw", "5;a=b\r\n01234\r\n5\r\n56789\r\n0\r\nX: y\r\n\r\n", "Transfer-Encoding: chunked", "Trailer: X"),
		attackText("GET /hello", "") + attackText("POST /users", user, attackJSON) + attackText("GET /users/1", ""),
		"GET /hello HTTP/1.0\r\n\r\n",
	}
}

// attackBits are what mutations put in.
var attackBits = []string{
	"\x00", "\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", ";", "/", "//", "\\", ".", "..", "/../", "%", "%2f", "%2F", "%5c", "%00", "%0d%0a", "%2e%2e", "%zz", "%c0%ae", "%ff", "?", "&", "=", "#", "*", "@",
	"\xff", "é", "．", "0", "-1", "9223372036854775808", "1e400", "NaN", "null", "{", "}", "[", "]", `"`, `\u0000`, `\ud800`, ",", "HTTP/1.1", "HTTP/2.0", "GET ", "POST ", "CONNECT ", "OPTIONS ", "HEAD ", "files", "users", "private", "stream",
	"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Content-Type: application/json\r\n", "Host: b\r\n", "Connection: close\r\n", "Connection: Upgrade\r\n", "Expect: 100-continue\r\n", "Content-Encoding: gzip\r\n", "Range: bytes=0-\r\n", "X-Api-Key: " + attackKey + "\r\n",
	strings.Repeat("[", 100), strings.Repeat("x", 3000), strings.Repeat("a=b&", 500), strings.Repeat("/a", 300),
}

// attackMutate changes a request in one to three places, most of them in the
// target or the body, and then corrects its length more often than not.
func attackMutate(r *rand.Rand, seeds []string) string {
	text := []byte(seeds[r.IntN(len(seeds))])
	for range 1 + r.IntN(3) {
		at := r.IntN(len(text) + 1)
		switch r.IntN(4) {
		case 0:
			at = min(4+r.IntN(20), len(text))
		case 1:
			if i := bytes.LastIndex(text, []byte("\r\n\r\n")); i >= 0 {
				at = i + 4 + r.IntN(len(text)-i-3)
			}
		}
		end := min(at+r.IntN(12), len(text))
		bit := attackBits[r.IntN(len(attackBits))]
		switch r.IntN(12) {
		case 0:
			text = slices.Insert(text, at, []byte(bit)...)
		case 1:
			text = slices.Replace(text, at, end, []byte(bit)...)
		case 2:
			text = slices.Delete(text, at, end)
		case 3:
			text = slices.Insert(text, at, text[at:end]...)
		case 4:
			text = text[:at]
		case 5:
			other := seeds[r.IntN(len(seeds))]
			text = append(text[:at], other[r.IntN(len(other)):]...)
		case 6:
			if at < len(text) {
				text[at] ^= 1 << r.IntN(8)
			}
		default: // a change that keeps most requests readable
			const plain = "0123456789aZ-._~%/?&=\"{}[],:"
			text = slices.Insert(text, at, plain[r.IntN(len(plain))])
		}
	}
	if r.IntN(3) == 0 {
		return string(text)
	}
	return attackRelength(string(text))
}

// attackRelength gives a request the length of its body.
func attackRelength(raw string) string {
	head, body, ok := strings.Cut(raw, "\r\n\r\n")
	before, after, found := strings.Cut(head, "Content-Length: ")
	if !ok || !found {
		return raw
	}
	_, rest, _ := strings.Cut(after, "\r\n")
	if rest != "" {
		rest = "\r\n" + rest
	}
	return fmt.Sprintf("%sContent-Length: %d%s\r\n\r\n%s", before, len(body), rest, body)
}

func TestAttackMutations(t *testing.T) {
	rounds := attackRounds
	if os.Getenv("ENDPOINT_SOAK") != "" {
		rounds *= 10
	}
	var calls atomic.Int64
	api := attackHarmless(&calls)
	addr := attackServe(t, api)
	seeds := attackSeeds()
	var faults atomic.Int64
	var statuses [600]atomic.Int64
	var lanes sync.WaitGroup
	for lane := range attackLanes {
		lanes.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(lane)))
			for i := 0; i < rounds/attackLanes && faults.Load() < 10; i++ {
				raw := attackMutate(r, seeds)
				if err := attackSurvive(api, addr, raw, &statuses); err != nil {
					faults.Add(1)
					t.Errorf("lane %d, request %d, %q: %v", lane, i, raw, err)
				}
			}
		})
	}
	lanes.Wait()
	attackHealthy(t, addr)
	var seen []string
	for status := range statuses {
		if n := statuses[status].Load(); n > 0 {
			seen = append(seen, fmt.Sprintf("%d: %d", status, n))
		}
	}
	t.Logf("answers by status: %s; functions called %d times", strings.Join(seen, ", "), calls.Load())
	for _, status := range []int{200, 308, 400, 401, 404, 405, 413, 415, 422} { // else the mutations are too wild or too tame
		if statuses[status].Load() == 0 && rounds >= attackRounds {
			t.Errorf("no answer had the status %d", status)
		}
	}
}

// attackHarmless is the demo, with a small MaxBody, without what panics.
func attackHarmless(calls *atomic.Int64) *endpoint.API {
	api := attackDemo(calls, endpoint.MaxBody(1000), endpoint.BodyTimeout(time.Second))
	for _, e := range api.Endpoints() {
		if e.Path() == "panic" || e.Path() == "/panic" {
			api.Remove(e)
		}
	}
	return api
}

// attackSurvive sends a mutated request and says what no request may cause.
func attackSurvive(api *endpoint.API, addr, raw string, statuses *[600]atomic.Int64) error {
	answers, took, err := attackExchange(addr, raw, true)
	if took > attackHang {
		return fmt.Errorf("it took %v, want at most %v", took, attackHang)
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return err
	}
	// A client that ended its side gets streams cut, and HEAD behind another request has no body:
	// neither can be told from here, so other errors are left to the tables.
	for _, a := range answers {
		statuses[min(a.status, 599)].Add(1)
		if a.status >= 500 && a.status != 501 && a.status != 505 { // of net/http, for codings and versions
			return fmt.Errorf("status %d: %.200s", a.status, a.body)
		}
		if err := a.sound(""); err != nil {
			return err
		}
	}
	if len(answers) == 0 || answers[0].header.Get("X-Content-Type-Options") == "" {
		return nil // net/http refused it before the library saw it
	}
	return attackSame(api, raw, &answers[0])
}

// attackSame asks the API for the first request itself, without a server or
// connection, and says how its answer differs.
func attackSame(api *endpoint.API, raw string, a *attackAnswer) error {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		return fmt.Errorf("it was answered with %d, but cannot be read: %w", a.status, err)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code != a.status || w.Body.String() != a.body || w.Header().Get("Location") != a.header.Get("Location") {
		return fmt.Errorf("over the wire %d %.200q, without %d %.200q", a.status, a.body, w.Code, w.Body)
	}
	return nil
}
