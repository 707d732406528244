package sqlstore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// eachStore runs a test on both databases. open gives another handle on one
// store.
func eachStore(t *testing.T, f func(t *testing.T, open func() *sqlstore.Store)) {
	t.Run("SQLite", func(t *testing.T) {
		leak.Check(t)
		path := filepath.Join(t.TempDir(), "x.db")
		f(t, func() *sqlstore.Store { return openSQLite(t, path) })
	})
	t.Run("Postgres", func(t *testing.T) {
		leak.Check(t)
		dsn := newSchema(t)
		f(t, func() *sqlstore.Store { return openPostgres(t, dsn) })
	})
}

func addToken(t testing.TB, s *sqlstore.Store, account string) string {
	t.Helper()
	token, err := s.AddToken(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// accountIs checks whose token it is, "" for nobody's.
func accountIs(t testing.TB, s *sqlstore.Store, token, want string) {
	t.Helper()
	account, err := s.Account(t.Context(), token)
	if account != want || (want == "") != errors.Is(err, sqlstore.ErrUnknownToken) || want != "" && err != nil {
		t.Errorf("the token is of %q, %v; want %q", account, err, want)
	}
}

func TestTokens(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() *sqlstore.Store) {
		s := open()
		accountIs(t, s, "", "")
		first, second, other := addToken(t, s, "b"), addToken(t, s, "b"), addToken(t, s, "'; DROP TABLE endpoint_tokens; --")
		if first == second || len(first) < 43 {
			t.Errorf("tokens %q and %q", first, second)
		}
		accountIs(t, s, first, "b")
		accountIs(t, s, second, "b")
		for _, unknown := range []string{"", "b", first[1:], first + "A", strings.ToLower(first), " " + first, "\x00", strings.Repeat("x", 1<<20)} {
			accountIs(t, s, unknown, "")
		}
		if err := s.RemoveTokens(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		accountIs(t, s, first, "") // at once
		accountIs(t, s, second, "")
		accountIs(t, s, other, "'; DROP TABLE endpoint_tokens; --")
		for _, nobody := range []string{"b", "", "nobody", "a\x00"} {
			if err := s.RemoveTokens(t.Context(), nobody); err != nil {
				t.Errorf("RemoveTokens(%q): %v", nobody, err)
			}
		}
		for _, bad := range []string{"", "a\x00", "\xff"} {
			if token, err := s.AddToken(t.Context(), bad); err == nil || token != "" {
				t.Errorf("AddToken(%q) returned %q, %v", bad, token, err)
			}
		}
		addToken(t, s, "a")
		accounts, err := s.Accounts(t.Context())
		if diff := cmp.Diff([]string{"'; DROP TABLE endpoint_tokens; --", "a"}, accounts); err != nil || diff != "" {
			t.Errorf("Accounts: %v (-want +got):\n%s", err, diff)
		}
		accountIs(t, open(), other, "'; DROP TABLE endpoint_tokens; --") // after a restart
	})
}

// Other processes see within a second that a token was added or removed.
func TestTokensElsewhere(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() *sqlstore.Store) {
		s, other := open(), open()
		token := addToken(t, s, "a")
		within(t, "added", func() bool { account, err := other.Account(t.Context(), token); return account == "a" && err == nil })
		if err := s.RemoveTokens(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		within(t, "removed", func() bool {
			_, err := other.Account(t.Context(), token)
			return errors.Is(err, sqlstore.ErrUnknownToken)
		})
	})
}

// within checks that something becomes true in little more than a second.
func within(t *testing.T, what string, true func() bool) {
	t.Helper()
	start := time.Now()
	for !true() {
		if time.Since(start) > 1500*time.Millisecond {
			t.Fatalf("not seen to be %s after %v", what, time.Since(start))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A revoked token is not remembered because nobody used it for long.
func TestTokensIdle(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() *sqlstore.Store) {
		s, other := open(), open()
		token := addToken(t, s, "a")
		within(t, "added", func() bool { _, err := other.Account(t.Context(), token); return err == nil })
		if err := s.RemoveTokens(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // what other knows is now too old
		accountIs(t, other, token, "")
	})
}

// Tokens are used, given out and removed at the same time.
func TestTokensTogether(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() *sqlstore.Store) {
		stores := []*sqlstore.Store{open(), open()}
		stays := addToken(t, stores[0], "stays")
		within(t, "added", func() bool { _, err := stores[1].Account(t.Context(), stays); return err == nil })
		var wg sync.WaitGroup
		for w := range 8 {
			s, account := stores[w%2], string(rune('a'+w))
			wg.Go(func() {
				for range 5 {
					token, err := s.AddToken(t.Context(), account)
					if err != nil {
						t.Error(err)
						return
					}
					accountIs(t, s, token, account)
					accountIs(t, s, stays, "stays")
					if err := s.RemoveTokens(t.Context(), account); err != nil {
						t.Error(err)
					}
					accountIs(t, s, token, "")
				}
			})
		}
		wg.Wait()
		if accounts, err := stores[1].Accounts(t.Context()); err != nil || len(accounts) != 1 {
			t.Errorf("Accounts: %q, %v; want one", accounts, err)
		}
	})
}

// The database never has a token.
func TestTokensHashed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := openSQLite(t, path)
	token := addToken(t, s, "account")
	accountIs(t, s, token, "account")
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(token)) {
			t.Errorf("%s contains the token", file)
		}
	}
}

// A request does not reach the database.
func TestTokensNoLook(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	p, through := startProxy(t, dsn)
	s := openPostgres(t, through)
	token := addToken(t, s, "a")
	accountIs(t, s, token, "a")
	p.watch(nil, nil)
	start := time.Now()
	const calls = 10_000
	for range calls {
		accountIs(t, s, token, "a")
		accountIs(t, s, "unknown", "")
	}
	sent, _ := p.counts()
	t.Logf("%d calls in %v sent %d bytes", 2*calls, time.Since(start), sent)
	if sent > 1000*(1+int(time.Since(start)/time.Second)) {
		t.Errorf("%d calls sent %d bytes", 2*calls, sent)
	}
}
