package endpoint_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Rows 34 to 44 of the catalogue: message framing. It is the work of net/http,
// which the library must not undo.

// attackHidden is what a body holds that must never be answered as a request.
const attackHidden = "GET /private HTTP/1.1\r\nHost: api.test\r\nX-Api-Key: " + attackKey + "\r\n\r\n"

func TestAttackFraming(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls, endpoint.BodyTimeout(2*time.Second)))
	attackRun(t, addr, attackLengthCases(), attackChunkCases(), attackFieldLineCases(), attackTailCases(), attackCutCases())
	if n := calls.Load(); n != 0 {
		t.Errorf("a function was called %d times, want 0: all of these requests are broken", n)
	}
}

// attackPost writes a POST with the fields given and no others but Host, so
// that the framing is the caller's.
func attackPost(target, body string, fields ...string) string {
	return "POST " + target + " HTTP/1.1\r\nHost: api.test\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n" + body
}

const attackJSON = "Content-Type: application/json"

// attackLengthCases are row 34: two ideas of where a body ends.
func attackLengthCases() (cases []attackCase) {
	for _, fields := range [][]string{
		{"Content-Length: 6", "Content-Length: 7"},
		{"Content-Length: 6, 7"},
		{"Content-Length: +5"},
		{"Content-Length: -1"},
		{"Content-Length: 0x5"},
		{"Content-Length: 5 5"},
		{"Content-Length: 1_0"},
		{"Content-Length: 99999999999999999999"},
		{"Content-Length: 18446744073709551621"},
		{"Content-Length: "},
		{"Content-Length: 5a"},
		{"Content-Length : 5"},
		{"Content-Length: 5\v"},
		{" Content-Length: 5"},
		{"Content-Length: 5", "Content-Length: +5"},
		{"Transfer-Encoding: xchunked"},
		{"Transfer-Encoding: chunked, identity"},
		{"Transfer-Encoding: identity, chunked"},
		{"Transfer-Encoding: chunked, chunked"},
		{"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"},
		{"Transfer-Encoding: chunked", "Transfer-Encoding: identity"},
		{"Transfer-Encoding: gzip, chunked"},
		{"Transfer-Encoding : chunked"},
		{"Transfer-Encoding: \vchunked"},
		{"Transfer-Encoding: chunked\v"},
		{"Transfer-Encoding: \"chunked\""},
		{"Transfer-Encoding: chunked;a=b"},
		{"Transfer-Encoding: x", " chunked"},
		{"Transfer-Encoding\t: chunked"},
		{"Transfer-Encoding\x00: chunked"},
		{"Transfer-Encoding: chunk\x00ed"},
		{"Transfer_Encoding: chunked", "Content-Length: x"},
	} {
		for _, target := range []string{"/users", "/hello", "/nothing"} {
			cases = append(cases, attackCase{
				name: "34 " + target + " " + attackClip(strings.Join(fields, "|")), reason: "the end of the body is uncertain", want: "4xx|501", more: 1, never: "alice",
				raw: attackPost(target, "0\r\n\r\n"+attackHidden, append(fields, attackJSON)...),
			})
		}
	}
	for _, fields := range [][]string{{"Content-Length: 6", "Transfer-Encoding: chunked"}, {"Transfer-Encoding: chunked", "Content-Length: 6"}, {"Transfer-Encoding: CHUNKED", "Content-Length: 500"}} {
		cases = append(cases, attackCase{
			name: "34 both " + attackClip(strings.Join(fields, "|")), reason: "the length is ignored and the connection ends, or it is refused", want: "4xx", more: 1, never: "alice",
			raw: attackPost("/users", "0\r\n\r\nG"+attackHidden, append(fields, attackJSON)...),
		})
	}
	return append(cases, attackCase{
		// net/http puts a folded line together, as RFC 9112 allows, so that the end of the body is certain.
		name: "34 folded", reason: "one empty body in chunks, and one further request", want: "400", more: 1,
		raw: attackPost("/users", "0\r\n\r\n"+attackHidden, attackJSON, "Transfer-Encoding:\r\n chunked"),
	})
}

// attackChunkCases are rows 35 and 36: broken and wasteful chunks.
func attackChunkCases() (cases []attackCase) {
	const name = `{"name":"a"}` // 12 bytes
	for _, body := range []string{
		"ffffffffffffffff\r\n" + name, "fffffffffffffffff1\r\n" + name, "8000000000000000\r\n" + name, "7fffffffffffffff\r\n" + name,
		"-1\r\n" + name, "0x2\r\n{}\r\n0\r\n\r\n", "+c\r\n" + name + "\r\n0\r\n\r\n", " c\r\n" + name + "\r\n0\r\n\r\n", "c c\r\n" + name + "\r\n0\r\n\r\n",
		"c\n" + name + "\r\n0\r\n\r\n", "c;a\n" + name + "\r\n0\r\n\r\n", "c;a\nb\r\n" + name + "\r\n0\r\n\r\n", "c\r\n" + name + "0\r\n\r\n", "c\r\n" + name + "\n0\r\n\r\n", "c\r\n" + name + "\r0\r\n\r\n",
		"c\r\n" + name + "xx0\r\n\r\n", "\r\n" + name + "\r\n0\r\n\r\n", "g\r\n" + name + "\r\n0\r\n\r\n", "c\r" + name + "\r\n0\r\n\r\n", "c\x00\r\n" + name + "\r\n0\r\n\r\n", "_c\r\n" + name + "\r\n0\r\n\r\n", ";a=b\r\n" + name + "\r\n0\r\n\r\n",
		"d\r\n" + name + "\r\n0\r\n\r\n", "b\r\n" + name + "\r\n0\r\n\r\n", "c\r\n" + name + "\r\n0\r\nBad Field\r\n\r\n", "c\r\n" + name + "\r\n0\r\n: x\r\n\r\n",
	} {
		for _, target := range []string{"/users", "/raw", "/reader"} {
			cases = append(cases, attackCase{
				name: "35 " + target + " " + attackClip(body), reason: "a broken chunk is the client's fault", want: "400", never: "alice",
				raw: attackPost(target, body+attackHidden, attackJSON, "Transfer-Encoding: chunked"),
			})
		}
	}
	wasteful := strings.Repeat("1;"+strings.Repeat("e", 4<<10)+"\r\n \r\n", 1000)
	for _, body := range []string{wasteful + "0\r\n\r\n", "1;" + strings.Repeat("e", 1<<20) + "\r\n \r\n0\r\n\r\n", strings.Repeat("0", 1<<20) + "1\r\n \r\n0\r\n\r\n", "1" + strings.Repeat(" ", 1<<20) + "\r\n \r\n0\r\n\r\n"} {
		cases = append(cases, attackCase{
			name: "36 " + attackClip(body), reason: "chunks must not cost more than they bring", want: "4xx", within: 3 * time.Second,
			raw: attackPost("/raw", body, "Transfer-Encoding: chunked"),
		})
	}
	return cases
}

// attackFieldLineCases are rows 37, 40 to 42.
func attackFieldLineCases() (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	for _, field := range []string{"No colon", ": no name", "Sp ace: x", "Tab\t: x", "Name : x", " Folded: x", "\x00: x", "X: a\x00b", "X: a\x01b", "X\r: a", "X: a\rb", "Ünicode: x", "X\x7f: a", "(X): a", "X: a\x7f", "X\"Y: a", "X@Y: 1", "[X]: 1"} {
		add(attackRaw("37", "a malformed field", "400", "GET /hello HTTP/1.1\r\nHost: api.test\r\n"+field+"\r\n\r\n"))
	}
	add(attackRaw("37", "one Host, and nothing else in it", "400",
		"GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\rb\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\x00b\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: <a>\r\n\r\n", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n"))
	add(attackRaw("37", "the host is no part of the path", "400|200", "GET /hello HTTP/1.1\r\nHost: a/private\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a/../b?c\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: \r\n\r\n"))
	add(attackRaw("37", "another protocol", "400|505|end",
		"GET /hello\r\n", "GET /hello HTTP/0.9\r\n\r\n", "GET /hello HTTP/3.7\r\nHost: a\r\n\r\n", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"[:5], "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 300),
		"\x00\x00\x00\x00\r\n\r\n", strings.Repeat("\xff", 4096)+"\r\n\r\n", "SSH-2.0-x\r\n\r\n", "EHLO x\r\n\r\n", "*1\r\n$4\r\nPING\r\n", "{}\r\n\r\n", "\r", "GET", "GET /hello HTTP/1.1", "GET /hello HTTP/1.1\r\nHost: a", "GET /hello HTTP/1.1\r\nHost: a\r\n"))
	add(attackRaw("40", "nothing is upgraded", "200",
		attackText("GET /hello", "", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
		attackText("GET /hello", "", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), attackText("GET /hello", "", "Connection: Upgrade", "Upgrade: TLS/1.0")))
	add(attackRaw("40", "HTTP/2 in clear text is not spoken", "4xx|505|end", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	trailer := "2\r\n{}\r\n0\r\nX-Api-Key: " + attackKey + "\r\nContent-Length: 5\r\nHost: evil\r\n\r\n"
	for _, fields := range []string{"Trailer: X-Api-Key", "Trailer: X-Api-Key, Host", "TE: trailers"} {
		add(attackRaw("41", "credentials behind the body are none", "400|401", attackPost("/private", trailer, attackJSON, "Transfer-Encoding: chunked", fields)))
	}
	add(attackRaw("42", "more than the header may have", "431",
		attackText("GET /hello", "", "X: "+strings.Repeat("x", 2<<20)), attackText("GET /hello", "", strings.Repeat("A: b\r\n", 30_000)+"A: b"), attackText("GET /hello", "", "Cookie: "+strings.Repeat("a=b; ", 60_000)+"a=b"), attackText("GET /hello", "", strings.Repeat("x", 2<<20)+": y")))
	add(attackRaw("42", "as much as it may have", "200|4xx", attackText("GET /hello", "", strings.Repeat("A:b\r\n", 10_000)+"A: b"), attackText("GET /hello", "", "Cookie: "+strings.Repeat("a=b; ", 12_000)+"a=b"), attackText("GET /hello", "", "Accept: "+strings.Repeat(",", 60_000))))
	for i := range cases {
		cases[i].within, cases[i].never = 2*time.Second, "alice"
	}
	return cases
}

// attackTailCases are row 39: bodies that look like requests behind refusals.
func attackTailCases() (cases []attackCase) {
	for _, line := range []string{"POST /private", "GET /private", "POST /nothing", "DELETE /hello", "POST /files/..%2f", "POST /%00", "POST /users", "POST /form", "GET /hello", "POST /files", "POST /hello/", "CONNECT evil:443", "GET /panic", "GET /users/x"} {
		for _, n := range []int{1, 400<<10/len(attackHidden) + 1, 3000} {
			body := strings.Repeat(attackHidden, n)
			cases = append(cases, attackCase{
				name: fmt.Sprintf("39 %s and %d bytes", line, len(body)), reason: "a body is never answered as a request", want: "200|308|4xx|5xx", never: "alice",
				raw: attackText(line, body), within: 3 * time.Second,
			}, attackCase{
				name: fmt.Sprintf("39 %s and a chunk of %d bytes", line, len(body)), reason: "nor is one in chunks", want: "200|308|4xx|5xx", never: "alice",
				raw: strings.TrimSuffix(attackText(line, "", "Transfer-Encoding: chunked"), "\r\n") + fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body), within: 3 * time.Second,
			})
		}
	}
	return cases
}

// attackCutCases are row 43: bodies that end early.
func attackCutCases() (cases []attackCase) {
	whole := `{"name":"a","age":1}`
	for _, target := range []string{"/users", "/raw", "/reader"} {
		for _, body := range []string{"", "{", whole[:len(whole)-1], whole} {
			cases = append(cases, attackCase{
				name: fmt.Sprintf("43 %s %q of 30 bytes", target, body), reason: "the body is shorter than it says", want: "400",
				raw: attackPost(target, body, attackJSON, "Content-Length: 30"),
			})
		}
		for _, body := range []string{"", "14", "14\r\n", "14\r\n" + whole, "14\r\n" + whole + "\r\n", "14\r\n" + whole + "\r\n0", "14\r\n" + whole + "\r\n0\r\n", "14\r\n" + whole[:10]} {
			cases = append(cases, attackCase{
				name: fmt.Sprintf("43 %s %q without a last chunk", target, body), reason: "the JSON is complete but the body is not", want: "400",
				raw: attackPost(target, body, attackJSON, "Transfer-Encoding: chunked"),
			})
		}
	}
	return append(cases, attackCase{
		name: "43 form", reason: "half a form is none", want: "400",
		raw: attackPost("/form", "name=a&age=1", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 13"),
	})
}

// Row 38: a body that is refused anyway is not asked for.
func TestAttackExpect(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	const large = "Content-Length: 10000000000"
	for _, test := range []struct {
		reason, raw string
		want        int
	}{
		{"larger than MaxBody", attackPost("/users", "", attackJSON, large, "Expect: 100-continue"), 413},
		{"larger than MaxBody, as bytes", attackPost("/raw", "", large, "Expect: 100-continue"), 413},
		{"larger than MaxBody, as a reader", attackPost("/reader", "", large, "Expect: 100-continue"), 413},
		{"larger than MaxBody, without the question", attackPost("/users", "", attackJSON, large), 413},
		{"without credentials", attackPost("/private", "", large, "Expect: 100-continue"), 401},
		{"of another type", attackPost("/users", "", "Content-Type: text/plain", "Content-Length: 5", "Expect: 100-continue"), 415},
		{"to nothing", attackPost("/nothing", "", large, "Expect: 100-continue"), 404},
		{"to another method", attackPost("/hello", "", large, "Expect: 100-continue"), 405},
		{"in chunks, without credentials", attackPost("/private", "", "Transfer-Encoding: chunked", "Expect: 100-continue"), 401},
		{"another expectation", attackPost("/users", "", attackJSON, large, "Expect: 200-ok"), 417},
	} {
		conn, err := attackDial(addr)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, _ = io.WriteString(conn, test.raw) // the body never comes, and the connection stays open
		answers, err := attackReadAll(conn, "POST")
		_ = conn.Close()
		if err != nil || len(answers) != 1 || answers[0].status != test.want || len(answers[0].interim) > 0 || time.Since(start) > time.Second {
			t.Errorf("%s: %v, %v after %v; want %d at once, no 100, and the end of the connection", test.reason, answers, err, time.Since(start), test.want)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("a function was called %d times", n)
	}
}

// Row 38: a body that is wanted is asked for, once.
func TestAttackExpectContinue(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	conn, err := attackDial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, attackPost("/users", "", attackJSON, "Content-Length: 12", "Expect: 100-continue"))
	r := bufio.NewReader(conn)
	var first attackAnswer
	if err := first.head(r); err != nil || first.status != 100 {
		t.Fatalf("%v, %v; want 100 before the body", first, err)
	}
	_, _ = io.WriteString(conn, `{"name":"a"}`)
	if a, err := attackRead(r, "POST"); err != nil || a.status != 200 || len(a.interim) > 0 {
		t.Errorf("%v, %v; want 200", a, err)
	}
}

// Row 39: pipelined requests are answered in their order, whatever is between.
func TestAttackPipeline(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	json := attackText("POST /users", `{"name":"b"}`, attackJSON)
	answers, _, err := attackSend(addr, attackText("GET /users/1", "")+json+attackText("GET /users/2", "")+
		attackText("GET /nothing", "")+attackText("GET /hello", attackHidden)+attackText("GET /panic", "")+attackText("GET /users/3", ""))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range answers {
		got = append(got, fmt.Sprint(a.status, " ", a.body[:min(len(a.body), 21)]))
	}
	want := []string{`200 {"id":1}`, `200 {"name":"b","age":0}`, `200 {"id":2}`, `404 {"title":"Not Found",`, "200 hello", `500 {"title":"Internal Se`, `200 {"id":3}`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("answers %q, want %q", got, want)
	}
}

// Row 44: clients that are odd but right are served.
func TestAttackOddClients(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	user := attackText("POST /users", `{"name":"b"}`, attackJSON)
	attackRun(t, addr,
		attackRaw("44", "a line end before the request, as old clients send", "200|400", "\r\n"+attackText("GET /hello", ""), "\r\n\r\n"+attackText("GET /hello", "")),
		attackRaw("44", "a client that ended its side", "200", user, attackText("GET /hello", ""), attackText("GET /users/1", "")),
		attackRaw("44", "another protocol version", "200", "GET /hello HTTP/1.0\r\n\r\n", "GET /stream HTTP/1.0\r\n"+attackClose+"\r\n\r\n", attackText("GET /stream", "", attackClose)),
		attackRaw("44", "spaces around a value, and none", "200", "GET /hello HTTP/1.1\r\nHost:api.test\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: \t api.test \t\r\n\r\n", "GET /hello HTTP/1.1\r\nhOST: api.test\r\n\r\n"),
		attackRaw("44", "chunks of one byte, and an extension", "200",
			attackPost("/users", "1\r\n"+strings.Join(strings.Split(`{"name":"b"}`, ""), "\r\n1;a=b\r\n")+"\r\n0\r\n\r\n", attackJSON, "Transfer-Encoding: chunked")))
	attackBytewise(t, addr, user)
}

// attackBytewise sends a request byte by byte, each in a packet of its own.
func attackBytewise(t *testing.T, addr, raw string) {
	t.Helper()
	conn, err := attackDial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetNoDelay(true); err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) {
		if _, err := conn.Write([]byte{raw[i]}); err != nil {
			t.Fatalf("after %d bytes: %v", i, err)
		}
	}
	if a, err := attackRead(bufio.NewReader(conn), "POST"); err != nil || a.status != 200 {
		t.Errorf("sent byte by byte: %v, %v; want 200", a, err)
	}
}

// A body of exactly MaxBody is taken, one byte more is not, whether the length
// is said or found.
func TestAttackMaxBody(t *testing.T) {
	const limit = 5000
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls, endpoint.MaxBody(limit)))
	pad := func(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }
	for _, test := range []struct {
		target, kind string
		body         func(n int) string
	}{
		{"/raw", "application/octet-stream", func(n int) string { return strings.Repeat("x", n) }},
		{"/reader", "application/octet-stream", func(n int) string { return strings.Repeat("x", n) }},
		{"/users", "application/json", func(n int) string { return pad(`{"name":"a"}`, n) }},
		{"/form", "application/x-www-form-urlencoded", func(n int) string { return "name=" + strings.Repeat("x", n-5) }},
	} {
		for n, want := range map[int]int{limit - 1: 200, limit: 200, limit + 1: 413, 10 * limit: 413} {
			body, kind := test.body(n), "Content-Type: "+test.kind
			for form, raw := range map[string]string{
				"length":      attackText("POST "+test.target, body, kind),
				"one chunk":   attackPost(test.target, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, body), kind, "Transfer-Encoding: chunked"),
				"more chunks": attackPost(test.target, fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", n-1, body[:n-1], 1, body[n-1:]), kind, "Transfer-Encoding: chunked"),
			} {
				answers, _, err := attackSend(addr, raw)
				if err != nil || len(answers) != 1 || answers[0].status != want {
					t.Errorf("%s, %d bytes by %s: %v, %v; want %d", test.target, n, form, answers, err, want)
				}
			}
		}
	}
}

// A refused client holds nothing, though its body never comes.
func TestAttackRefusedHoldsNothing(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	for _, raw := range []string{
		attackPost("/private", "", "Content-Length: 100"),
		attackPost("/private", "", "Content-Length: 300000"),
		attackPost("/private", "", "Transfer-Encoding: chunked"),
		attackPost("/nothing", "", "Content-Length: 300000"),
		attackPost("/hello", "", "Content-Length: 100"),
		attackPost("/users", "", "Content-Type: text/plain", "Content-Length: 300000"),
		attackPost("/%00", "", "Content-Length: 100"),
		attackPost("/users", "", attackJSON, "Content-Length: 2000000"),
	} {
		conn, err := net.DialTimeout("tcp", addr, attackPatient)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(attackPatient))
		start := time.Now()
		_, _ = io.WriteString(conn, raw)
		answers, err := attackReadAll(conn, "POST")
		_ = conn.Close()
		if took := time.Since(start); err != nil || len(answers) != 1 || answers[0].status < 400 || answers[0].header.Get("Connection") != "close" || took > time.Second {
			t.Errorf("%.60q: %v, %v after %v; want a refusal and the end of the connection within a second", raw, answers, err, took)
		}
	}
}
