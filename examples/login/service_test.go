package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint"
)

// The accounts of the tests.
const (
	ada      = "ada"
	grace    = "grace"
	password = "né: a password"
)

// A service is the program on a port of its own, without its process.
type service struct {
	url      string // http://127.0.0.1:port
	db       *sql.DB
	sessions *scs.SessionManager

	mu   sync.Mutex
	seen []seen
}

// seen is one request that reached the service, and what it answered.
type seen struct {
	Method, Path, Query string
	Site, Origin        string // Sec-Fetch-Site and Origin
	Cookie, Password    bool   // whether the cookie of the session came, and HTTP Basic
	Status              int
	SetCookie           bool
}

// A variant is what a test has otherwise than the program.
type variant struct {
	partners []string
	secure   bool
	cookie   func(*scs.SessionCookie)
	add      func(*endpoint.API)
	around   func(*scs.SessionManager, http.Handler) http.Handler // what an existing service has around its mux
}

// startService starts the service with the accounts of the tests.
func startService(t *testing.T, v variant) *service {
	t.Helper()
	db, err := openDatabase(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := &service{db: db, sessions: newSessions(db, v.secure)}
	if v.cookie != nil {
		v.cookie(&s.sessions.Cookie)
	}
	users := &Users{db: db, sessions: s.sessions, hasher: NewHasher()}
	for _, name := range []string{ada, grace} {
		if err := users.Add(t.Context(), name, password, "first of "+name); err != nil {
			t.Fatal(err)
		}
	}
	api := newAPI(users, &Notes{db}, s.sessions, v.partners)
	if v.add != nil {
		v.add(api)
	}
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	handler, err := newService(api)
	if err != nil {
		t.Fatal(err)
	}
	if v.around != nil {
		handler = v.around(s.sessions, handler)
	}
	server := httptest.NewServer(s.record(handler))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// record notes each request and the answer to it.
func (s *service) record(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie(s.sessions.Cookie.Name)
		_, _, password := r.BasicAuth()
		got := seen{
			Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
			Site: r.Header.Get("Sec-Fetch-Site"), Origin: r.Header.Get("Origin"), Cookie: err == nil, Password: password,
		}
		status := &statusWriter{ResponseWriter: w}
		h.ServeHTTP(status, r)
		got.Status, got.SetCookie = status.status, w.Header().Get("Set-Cookie") != ""
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, got)
	})
}

// requests returns what was seen with this query, oldest first.
func (s *service) requests(query string) []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.seen), func(got seen) bool { return got.Query != query })
}

// await returns the request with this method and query once it was answered.
func (s *service) await(t *testing.T, method, query string) seen {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, got := range s.requests(query) {
			if got.Method == method {
				return got
			}
		}
	}
	t.Fatalf("%s with ?%s never came; seen: %+v", method, query, s.requests(query))
	return seen{}
}

// notes returns the texts of all notes of a user.
func (s *service) notes(t *testing.T, name string) []string {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(),
		`SELECT text FROM notes JOIN users ON users.id = notes.owner WHERE name = ? ORDER BY notes.id`, name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// sessionCount returns how many sessions the database holds.
func (s *service) sessionCount(t *testing.T) int {
	t.Helper()
	var count int
	if err := s.db.QueryRowContext(t.Context(), `SELECT count(*) FROM sessions`).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

// A statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// startOther starts a server of somebody else: an empty page at every path but
// /to, which redirects to the address in its query with 307. It returns its origin on the host of the service, which a browser takes for the
// same site, and on localhost, which is another site.
func startOther(t *testing.T) (sameSite, otherSite string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/to" {
			http.Redirect(w, r, r.URL.Query().Get("target"), http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>other</title><link rel="icon" href="data:,"><body>`)
	}))
	t.Cleanup(server.Close)
	return server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}
