package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// within is how soon a change must be served by another replica.
const within = time.Second

// request makes a request below the API's root.
func request(t *testing.T, d *daemon, token, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, d.url+root+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// appears waits until a server triggers an endpoint, and returns how long that
// took. More than a second is a fault.
func appears(t *testing.T, d *daemon, token, path string) time.Duration {
	t.Helper()
	begun := time.Now()
	poll(t, path, func() string {
		a, err := d.ask(token, "GET", "u/"+path, "")
		if err != nil {
			t.Fatal(err)
		}
		if a.status == 200 {
			return "there"
		}
		return ""
	})
	took := time.Since(begun)
	if took > within {
		t.Errorf("%s was served after %v", path, took)
	}
	return took
}

// postgres returns the DSN of a schema of the test's own, through a relay if
// one is given.
func postgres(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("ENDPOINT_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test"
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := pgx.Connect(ctx, dsn)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v; start PostgreSQL, or name one in ENDPOINT_POSTGRES", err)
		}
		t.Skipf("no PostgreSQL answers (%v); start one, or name it in ENDPOINT_POSTGRES", err)
	}
	schema := fmt.Sprintf("endpointd_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := db.Exec(ctx, "create schema "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := db.Exec(ctx, "drop schema "+schema+" cascade"); err != nil {
			t.Error(err)
		}
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestReplicas runs two servers on one PostgreSQL, behind a relay that is cut
// in between, which is what they see of a database that restarts.
func TestReplicas(t *testing.T) {
	dsn := postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	relay := newRelay(t, u.Host)
	u.Host = relay.address()
	scripts := t.TempDir()
	writeScript(t, scripts, "admin/hello.star", sample)
	args := []string{"-postgres", u.String(), "-scripts", scripts}
	one := start(t, args...)
	token := one.token()
	two := start(t, args...)
	two.want(200, token, "GET", "list", "")

	var worst time.Duration
	n := rounds(20, 200)
	for i := range n {
		id := fmt.Sprintf("e%d", i)
		from, to := one, two
		if i%2 == 1 {
			from, to = two, one
		}
		from.want(201, token, "PUT", id, define(id, "/admin/hello.star"))
		from.want(200, token, "GET", "u/"+id, "") // at once where it was made
		worst = max(worst, appears(t, to, token, id))
	}
	t.Logf("%d changes, each served by the other within %v", n, worst)

	relay.cut()
	one.want(200, token, "GET", "u/e0", "") // from memory
	two.want(200, token, "GET", "u/e1", "")
	begun := time.Now()
	a, err := one.ask(token, "PUT", "cut", define("cut", "/admin/hello.star"))
	if err != nil || a.status != 503 {
		t.Errorf("a write without a database: %d %s %v", a.status, a.body, err)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("a write without a database took %v", took)
	}
	relay.mend(t)
	begun = time.Now()
	poll(t, "the recovery", func() string {
		a, err := one.ask(token, "PUT", "mended", define("mended", "/admin/hello.star"))
		if err != nil {
			t.Fatal(err)
		}
		if a.status == 201 || a.status == 409 {
			return "there"
		}
		return ""
	})
	t.Logf("writes came back after %v", time.Since(begun))
	poll(t, "the other's catching up", func() string {
		a, err := two.ask(token, "GET", "u/mended", "")
		if err == nil && a.status == 200 {
			return "there"
		}
		return ""
	})
	two.want(201, token, "PUT", "back", define("back", "/admin/hello.star"))
	appears(t, one, token, "back")
	list := one.want(200, token, "GET", "list", "").body
	if other := two.want(200, token, "GET", "list", "").body; other != list {
		t.Errorf("the lists differ:\n%s\n%s", list, other)
	}
	for i := range n {
		if !strings.Contains(list, fmt.Sprintf(`"e%d"`, i)) {
			t.Errorf("e%d is lost", i)
		}
	}
}
