package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
)

// TestAnswers checks what the requests of the README do not show.
func TestAnswers(t *testing.T) {
	users := NewUsers("Ada", "Grace")
	api := newAPI(users)
	api.Configure(Greetings{Word: "Good day"}, Webhook{Secret: "other"})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	h := newService(api)
	for _, c := range []struct {
		reason, method, target, body string
		status                       int
		want                         string // part of the answer
	}{
		{"the service's own page", "GET", "/", "", 200, "/api/users"},
		{"the service's own 404", "GET", "/nothing", "", 404, "404 page not found"},
		{"the API's 404 is a problem", "GET", "/api/nothing", "", 404, `"status":404`},
		{"the configured greeting", "GET", "/api/greetings/a%2Fb", "", 200, "Good day, a/b!"},
		{"an address that is taken, in another case", "POST", "/api/users", `{"name":"B","email":"ADA@example.com"}`, 409, "another user"},
		{"an address that is one's own", "PUT", "/api/users/1", `{"name":"B","email":"ADA@example.com"}`, 200, "ADA@"},
		{"a body cannot set the id", "PUT", "/api/users/1", `{"id":2,"name":"C","email":"c@example.com"}`, 200, `"id":1`},
		{"an update of nobody", "PUT", "/api/users/9", `{"name":"B","email":"b@example.com"}`, 404, "no such user"},
		{"a deletion of nobody", "DELETE", "/api/users/9", "", 404, "no such user"},
		{"a list without a match is no null", "GET", "/api/users?name=zzz", "", 200, `{"users":[],"total":0}`},
		{"a limit out of bounds", "GET", "/api/users?limit=101", "", 422, "at most 100"},
		{"the default secret does not hold any more", "POST", "/api/hooks/github", "Hello, World!", 403, "does not sign"},
		{"a method that nobody answers", "PATCH", "/api/users/1", "", 405, `"status":405`},
	} {
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Hub-Signature-256", documented)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d with %q", c.reason, w.Code, w.Body, c.status, c.want)
		}
	}
}

// documented is the signature in GitHub's documentation.
const documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

func TestSigned(t *testing.T) {
	for _, c := range []struct {
		reason, body, secret, signature string
		want                            bool
	}{
		{"the test in GitHub's documentation", "Hello, World!", "It's a Secret to Everybody", documented, true},
		{"hexadecimal has two cases", "Hello, World!", "It's a Secret to Everybody", "sha256=" + strings.ToUpper(documented[7:]), true},
		{"another body", "Hello, World", "It's a Secret to Everybody", documented, false},
		{"another secret", "Hello, World!", "", documented, false},
		{"no signature", "Hello, World!", "It's a Secret to Everybody", "", false},
		{"no prefix", "Hello, World!", "It's a Secret to Everybody", documented[7:], false},
		{"half a signature", "Hello, World!", "It's a Secret to Everybody", documented[:39], false},
		{"no hexadecimal", "Hello, World!", "It's a Secret to Everybody", "sha256=xyz", false},
	} {
		if got := signed([]byte(c.body), c.secret, c.signature); got != c.want {
			t.Errorf("%s: %t", c.reason, got)
		}
	}
}

// TestHandlers calls handlers as the functions they are.
func TestHandlers(t *testing.T) {
	if got := greet("Ada", Greetings{Word: "Hi"}); got != "Hi, Ada!\n" {
		t.Errorf("greet: %q", got)
	}
	users := NewUsers("Ada")
	if _, err := getUser(UserID{2}, users); !errors.Is(err, ErrNoUser) {
		t.Errorf("getUser: %v", err)
	}
}

// TestFeed follows changes that are made while it does.
func TestFeed(t *testing.T) {
	leak.Check(t)
	users := NewUsers("Ada")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for e, err := range followUsers(ctx, FollowUsers{}, users) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.ID+" "+e.Type)
		switch len(got) {
		case 1:
			go func() { _ = users.Delete(1) }() // while the feed waits
		case 2:
			cancel() // the client goes away
		}
	}
	if want := "[1 created 2 deleted]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	users.Close()
	for e := range followUsers(t.Context(), FollowUsers{After: 1}, users) {
		got = append(got, e.ID+" "+e.Type)
	}
	if want := "[1 created 2 deleted 2 deleted]"; fmt.Sprint(got) != want {
		t.Errorf("after Close, got %v, want %s", got, want)
	}
}

// TestFeedForgets checks that late followers get what is kept, in order.
func TestFeedForgets(t *testing.T) {
	users := NewUsers("Ada")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range maxChanges / 2 {
				_ = users.Update(User{ID: 1, Name: "Ada", Email: "ada@example.com"})
			}
		})
	}
	wg.Wait()
	changes, _ := users.Since(0)
	if n := int64(2*maxChanges + 1); len(changes) != maxChanges || changes[len(changes)-1].Number != n || changes[0].Number != n-maxChanges+1 {
		t.Errorf("%d changes from %d to %d", len(changes), changes[0].Number, changes[len(changes)-1].Number)
	}
}

func TestBaseURL(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:80":   "http://127.0.0.1:80",
		"[::1]:80":       "http://[::1]:80",
		"[::]:80":        "http://localhost:80",
		"0.0.0.0:80":     "http://localhost:80",
		"192.0.2.1:8080": "http://192.0.2.1:8080",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := baseURL(tcp); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// TestCompiled checks that nothing of the API is missing.
func TestCompiled(t *testing.T) {
	api := newAPI(NewUsers())
	if err := api.Compile(); err == nil || !strings.Contains(err.Error(), "Greetings") {
		t.Errorf("without a greeting Compile says %v", err)
	}
	api.Configure(Greetings{Word: "Hello"})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
}
