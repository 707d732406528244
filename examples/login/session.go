package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// How long a session lives.
const (
	sessionLifetime = 12 * time.Hour
	sessionIdle     = 30 * time.Minute
	cleanInterval   = 10 * time.Minute
)

// newSessions returns the session manager of the service. The database holds
// hashes of the tokens, so that a copy of it logs nobody in.
func newSessions(db *sql.DB, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = SessionStore{db}
	m.HashTokenInStore = true
	m.Lifetime = sessionLifetime
	m.IdleTimeout = sessionIdle
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	m.Cookie.Name = "login"
	if secure {
		// A browser takes a cookie of this name over TLS alone, and for no other host.
		m.Cookie.Name = "__Host-login"
		m.Cookie.Secure = true
	}
	return m
}

// A SessionStore keeps sessions in the table sessions; it is an [scs.CtxStore].
type SessionStore struct{ db *sql.DB }

// FindCtx returns the data of a session; false if there is none or it is over.
func (s SessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.db.QueryRowContext(ctx, `SELECT data FROM sessions WHERE token = ? AND expiry > ?`,
		token, time.Now().UnixMilli()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx adds a session, or replaces it.
func (s SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO sessions (token, data, expiry) VALUES (?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry`,
		token, data, expiry.UnixMilli())
	return err
}

// DeleteCtx removes a session, if there is one.
func (s SessionStore) DeleteCtx(ctx context.Context, token string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE token = ?`, token)
	return err
}

// Find is FindCtx for callers without a context.
func (s SessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for callers without a context.
func (s SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for callers without a context.
func (s SessionStore) Delete(token string) error {
	return s.DeleteCtx(context.Background(), token)
}

// Clean removes the sessions that are over, every interval until ctx ends.
// They count as gone before they are removed.
func (s SessionStore) Clean(ctx context.Context, interval time.Duration) {
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		_, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE expiry <= ?`, time.Now().UnixMilli())
		if err != nil && ctx.Err() == nil {
			slog.Warn("sessions are not cleaned", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}
