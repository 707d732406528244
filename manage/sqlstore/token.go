package sqlstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// ErrUnknownToken says that a token was never given out, or was removed.
var ErrUnknownToken = errors.New("unknown token")

const (
	tokenBytes = 32
	// tokenAge is how old what is known of the tokens may become.
	tokenAge = time.Second
	// tokenWait is how long a call waits until it is known anew. A database
	// that takes longer is asked on, but not waited for.
	tokenWait = 200 * time.Millisecond
)

const (
	tokenCount    = `SELECT tokens FROM endpoint_state`
	countToken    = `UPDATE endpoint_state SET tokens = tokens + 1 RETURNING tokens`
	allTokens     = `SELECT hash, account FROM endpoint_tokens`
	insertToken   = `INSERT INTO endpoint_tokens (hash, account, created) VALUES ($1, $2, $3)`
	deleteTokens  = `DELETE FROM endpoint_tokens WHERE account = $1`
	tokenAccounts = `SELECT DISTINCT account FROM endpoint_tokens ORDER BY account`
)

// tokens is what the store knows of endpoint_tokens, so that a request needs no
// look into the database.
type tokens struct {
	mu       sync.Mutex
	accounts map[string]string // by hash; replaced, never changed
	count    int64             // of changes to the table that accounts contains
	needed   int64             // count that accounts must have: our own changes are seen at once
	asked    time.Time         // when the database was asked for what is known
	tried    time.Time         // when it was last asked
	failed   error             // of the last time; nil if it went well
	pending  chan struct{}     // closed when the question under way is answered; nil: none is
}

// AddToken gives out a new token of an account: 256 random bits as text. Only
// its hash is kept, so this is the one time that it can be seen.
func (s *Store) AddToken(ctx context.Context, account string) (string, error) {
	if account == "" || !storable(account) {
		return "", s.fault(fmt.Errorf("account %.64q of a token is empty or not text", account))
	}
	random := make([]byte, tokenBytes)
	rand.Read(random) // never fails
	token := base64.RawURLEncoding.EncodeToString(random)
	hash := hashToken(token)
	err := s.changeTokens(ctx, func(accounts map[string]string) { accounts[hash] = account },
		insertToken, hash, account, now().UnixMicro())
	if err != nil {
		return "", err
	}
	return token, nil
}

// RemoveTokens revokes all tokens of an account: here at once, in other
// processes within a second. An account without tokens is no error.
func (s *Store) RemoveTokens(ctx context.Context, account string) error {
	if !storable(account) {
		return nil // AddToken knows no such account
	}
	return s.changeTokens(ctx, func(accounts map[string]string) {
		maps.DeleteFunc(accounts, func(_, owner string) bool { return owner == account })
	}, deleteTokens, account)
}

// changeTokens runs a statement, and does the same to what is known.
func (s *Store) changeTokens(ctx context.Context, do func(map[string]string), statement string, args ...any) error {
	var count int64
	err := s.write(ctx, func(ctx context.Context, t tx) error {
		if err := t.one(ctx, countToken, nil, &count); err != nil {
			return notFound(err, errState)
		}
		return t.exec(ctx, statement, args...)
	})
	if err != nil {
		s.tokens.doubt()
		return err
	}
	s.tokens.change(count, do)
	return nil
}

// Accounts returns the accounts that have tokens, sorted.
func (s *Store) Accounts(ctx context.Context) ([]string, error) {
	var accounts []string
	err := s.read(ctx, func(ctx context.Context, t tx) error {
		return t.each(ctx, tokenAccounts, nil, func(row scan) error {
			var account string
			err := row(&account)
			accounts = append(accounts, account)
			return err
		})
	})
	return accounts, err
}

// Account returns whose token it is, or [ErrUnknownToken]. What it knows is at
// most a second old, and asking costs no look into the database in between.
// While the database does not answer, the tokens last seen go on being valid;
// for a token that is not among them the error is another one, because it may
// have been added since.
func (s *Store) Account(ctx context.Context, token string) (string, error) {
	if s.ctx.Err() != nil {
		return "", s.fault(errClosed)
	}
	accounts, failed := s.currentTokens(ctx)
	account, ok := accounts[hashToken(token)]
	switch {
	case ok:
		return account, nil
	case failed != nil:
		return "", failed
	}
	return "", ErrUnknownToken
}

// currentTokens returns what is known of the tokens, and an error if that may
// be out of date.
func (s *Store) currentTokens(ctx context.Context) (map[string]string, error) {
	var timer <-chan time.Time
	for {
		accounts, pending, err := s.askTokens()
		if pending == nil {
			return accounts, err
		}
		if timer == nil {
			timer = time.After(tokenWait)
		}
		select {
		case <-pending: // it may have begun before our own last change
		case <-timer:
			return accounts, errTokens
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// askTokens returns what is known, and the channel to wait on if that is too
// old. While the database fails nobody waits.
func (s *Store) askTokens() (map[string]string, <-chan struct{}, error) {
	t := &s.tokens
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current() {
		return t.accounts, nil, nil
	}
	if t.pending == nil && (t.failed == nil || time.Since(t.tried) > tokenWait) && s.ctx.Err() == nil {
		t.pending, t.tried = make(chan struct{}), time.Now()
		s.wg.Go(func() {
			_ = s.loadTokens(s.ctx) // kept in t.failed
			t.answered()
		})
	}
	if t.failed != nil || t.pending == nil {
		return t.accounts, nil, errors.Join(errTokens, t.failed)
	}
	return t.accounts, t.pending, nil
}

// errTokens is the error for a token that is not known while the database
// cannot tell.
var errTokens = errors.New("sqlstore: the tokens cannot be read now")

// loadTokens asks the database, and only for the number of changes if there
// were none.
func (s *Store) loadTokens(ctx context.Context) error {
	asked := time.Now()
	known := s.tokens.version()
	var count int64
	var accounts map[string]string
	err := s.read(ctx, func(ctx context.Context, t tx) error {
		if err := t.one(ctx, tokenCount, nil, &count); err != nil || count == known {
			return notFound(err, errState)
		}
		accounts = make(map[string]string)
		return t.each(ctx, allTokens, nil, func(row scan) error {
			var hash, account string
			err := row(&hash, &account)
			accounts[hash] = account
			return err
		})
	})
	s.tokens.loaded(asked, count, accounts, err)
	return err
}

// current reports whether what is known may be used without a question.
func (t *tokens) current() bool {
	return t.failed == nil && t.count >= t.needed && time.Since(t.asked) < tokenAge
}

// version returns the count of what is known, -1 if nothing is.
func (t *tokens) version() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.accounts == nil {
		return -1
	}
	return t.count
}

// loaded takes an answer, unless our own changes are newer. Without accounts
// nothing has changed since count.
func (t *tokens) loaded(asked time.Time, count int64, accounts map[string]string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = err
	if err != nil || count < t.needed || count < t.count {
		return
	}
	if accounts != nil {
		t.accounts, t.count = accounts, count
	}
	if count == t.count {
		t.asked = asked
	}
}

func (t *tokens) answered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.pending)
	t.pending = nil
}

// change does to what is known what was done in the database. If there were
// other changes before it, the next call asks for them.
func (t *tokens) change(count int64, do func(map[string]string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accounts = maps.Clone(t.accounts)
	do(t.accounts)
	if t.count == count-1 {
		t.count = count
	}
	t.needed = max(t.needed, count)
}

// doubt makes the next call ask: a change may have been made, or not.
func (t *tokens) doubt() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = time.Time{}
}

func hashToken(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}
