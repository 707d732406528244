package script

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// remote is a server that scripts may or may not reach.
func remote(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Header.Get("X-A"))
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprintf(w, `{"method": %q, "body": %q, "agent": %q}`, r.Method, body, r.Header.Get("User-Agent"))
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20+1))
	})
	mux.HandleFunc("/header", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", strings.Repeat("x", 1<<17))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://example.com/", http.StatusFound)
	})
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestFetch(t *testing.T) {
	server := remote(t)
	named := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	tests := []struct{ reason, text, want string }{
		{"get", `a = http.get("URL/echo")
    return "%d %s" % (a.status, a.json()["method"])`, "202 GET"},
		{"post", `a = http.post("URL/echo", body="b", headers={"X-A": "1"})
    return a.json()["method"] + a.json()["body"] + a.headers["x-seen"]`, "POSTb1"},
		{"request", `return str(http.request("DELETE", "URL/echo", body=b"b", headers={"User-Agent": "me"}).body)`, `{"method": "DELETE", "body": "b", "agent": "me"}`},
		{"an answer cannot be changed", `return str(dir(http.get("URL/echo"))) + str(http.get("URL/echo"))`, `["body", "headers", "json", "status"]<answer 202>`},
		{"a redirect to an allowed origin", `return http.post("URL/here", body="b").json()["body"]`, "b"},
		{"a redirect away", `return http.get("URL/away").body`, "requests to http://example.com:80 are not allowed"},
		{"redirects without end", `return http.get("URL/loop").body`, "more than 5 redirects"},
		{"an answer that is too large", `return http.get("URL/large").body`, "the answer has more than 1048576 bytes"},
		{"a header that is too large", `return str(http.get("URL/header").headers)`, "server response headers exceeded"},
		{"too many", `return str([http.get("URL/echo").status for i in range(11)])`, "a call may make at most 10 requests"},
		{"another origin", `return http.get("https://example.com/").body`, "http.get: requests to https://example.com:443 are not allowed; the host allows them with AllowHTTP"},
		{"another port", `return http.get("http://127.0.0.1:1/").body`, "requests to http://127.0.0.1:1 are not allowed"},
		{"another scheme", `return http.get("file:///etc/passwd").body`, "the URL has to begin with http:// or https:// and a host"},
		{"no URL", `return http.get("http://[").body`, "the URL is not valid"},
		{"a name in the URL", `return http.get("URL/".replace("://", "://a:b@")).body`, "the URL has a name or a password"},
		{"a method that is none", `return http.request("GET /", "URL/").body`, `the method "GET /" cannot be used`},
		{"CONNECT", `return http.request("CONNECT", "URL/").body`, `the method "CONNECT" cannot be used`},
		{"a field of the host", `return http.get("URL/", headers={"host": "x"}).body`, "the header field Host is set by the host"},
		{"a line break", `return http.get("URL/", headers={"X": "a\nb"}).body`, "control character"},
		{"a body that is a dict", `return http.post("URL/", body={}).body`, "http.post: body is a dict"},
	}
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		for _, tt := range tests {
			got := run(t.Context(), e, handler(strings.ReplaceAll(tt.text, "URL", server.URL)), get("/"))
			if text := got.body + fmt.Sprint(got.err); !strings.Contains(text, tt.want) {
				t.Errorf("%s: got %q, %v; want %q", tt.reason, got.body, got.err, tt.want)
			}
		}
	}, AllowHTTP(server.URL))
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		got := run(t.Context(), e, handler(`return http.get("`+named+`/echo").body`), get("/"))
		if got.err == nil || !strings.Contains(got.err.Error(), "is not public; the host allows it with AllowHTTP(") {
			t.Errorf("a name of a private address: %q, %v", got.body, got.err)
		}
	}, AllowHTTP(named))
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		if got := run(t.Context(), e, handler(`return http.get("`+named+`/echo").body`), get("/")); got.err != nil {
			t.Errorf("a name of a private address that is allowed: %v", got.err)
		}
	}, AllowHTTP(named, "127.0.0.0/8", "::1/128"))
}

// TestFetchSlow has a server that never answers: the call ends in time.
func TestFetchSlow(t *testing.T) {
	server := remote(t)
	engines(t, Limits{Time: 200 * time.Millisecond}, func(t *testing.T, e *Engine) {
		began := time.Now()
		got := run(t.Context(), e, handler(`return http.get("`+server.URL+`/slow").body`), get("/"))
		if _, ok := got.err.(*Error); !ok {
			t.Errorf("got %v", got.err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	}, AllowHTTP(server.URL))
}

func TestAllowHTTP(t *testing.T) {
	for _, entry := range []string{"", "example.com", "https://", "ftp://example.com", "https://example.com/path", "https://example.com?x", "https://a:b@example.com", "https://[", "10.0.0.1"} {
		_, err := InProcess(Limits{}, AllowHTTP(entry)).Compile(t.Context(), "x", nil)
		if err == nil || !strings.Contains(err.Error(), "is no origin; write one like") {
			t.Errorf("%q: %v", entry, err)
		}
	}
	for _, entry := range []string{"https://example.com", "HTTPS://Example.com/", "http://[::1]:8080", "10.0.0.0/8"} {
		if _, err := InProcess(Limits{}, AllowHTTP(entry)).Compile(t.Context(), "x", nil); err != nil {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

func TestOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"https://Example.COM/x": "https://example.com:443",
		"http://example.com":    "http://example.com:80",
		"http://[::1]:8080":     "http://[::1]:8080",
		"//example.com":         "",
		"mailto:a@b":            "",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := originOf(u); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "1.1.1.1": true,
		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "::": false, "10.1.2.3": false, "172.16.0.1": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false,
		"255.255.255.255": false, "fe80::1": false, "fd00::1": false, "ff02::1": false, "64:ff9b::7f00:1": false,
		"2002:7f00:1::": false, "::127.0.0.1": false, "2001:db8::1": false, "203.0.113.9": false,
	} {
		if got := isPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
