// Package sqlstore keeps managed endpoints in a database: a [manage.Store] in
// one SQLite file, which is all that a single service needs, or in PostgreSQL,
// which several replicas share.
//
// Both hold the same four tables. endpoint_records has the endpoints,
// endpoint_changes the audit trail, to which lines are only ever added,
// endpoint_tokens the hashes of bearer tokens, and endpoint_state one row: the
// sequence of the last change. A change first raises that sequence, which lets
// writers through one at a time; so the trail has no gaps, and who has read it
// up to a sequence never finds an earlier change later.
//
// The schema is made and brought up to date when a store is opened. A schema
// that is newer than the program, and records that contradict their trail, are
// refused.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

// patience is how long a write waits for the database before it gives up, and
// how long a read waits for the next sign of life.
const patience = 2 * time.Second

// errClosed is the error of a store that was closed.
var errClosed = errors.New("the store is closed")

// A Store keeps managed endpoints, and the tokens of accounts, in a database.
// It is made by [SQLite] or [Postgres], and its methods may be called
// concurrently. A database that does not answer is an error within three
// seconds; the next call tries again, so nothing needs to be opened anew.
type Store struct {
	db     database
	name   string        // for errors; never has a password
	poll   time.Duration // how often Wait looks by itself
	wake   signal
	tokens tokens

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

var _ manage.Store = (*Store)(nil)

// A database runs transactions.
type database interface {
	// read does work on one snapshot.
	read(ctx context.Context, do work) error
	// write does work alone; it is kept for good if the error is nil.
	write(ctx context.Context, do work) error
	close() error
}

// A work is what a transaction does. Its context is that of the transaction,
// which may end earlier or later than the caller's.
type work func(ctx context.Context, t tx) error

// A tx is a transaction. Arguments are $1, $2 and so on, and never part of the
// statement.
type tx interface {
	exec(ctx context.Context, statement string, args ...any) error
	// one scans the only row; without one the error is sql.ErrNoRows.
	one(ctx context.Context, query string, args []any, into ...any) error
	// each calls f for each row.
	each(ctx context.Context, query string, args []any, f func(scan) error) error
}

// A scan copies the columns of a row.
type scan func(into ...any) error

func newStore(db database, name string, poll time.Duration) *Store {
	s := &Store{db: db, name: name, poll: poll}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// start looks at what is in the database, and closes the store if that is not
// right.
func (s *Store) start(ctx context.Context) (*Store, error) {
	err := s.read(ctx, verify)
	if err == nil {
		err = s.loadTokens(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends calls of Wait and closes the database. It waits for calls that
// use it.
func (s *Store) Close() error {
	s.tokens.mu.Lock() // no goroutine starts any more
	s.cancel()
	s.tokens.mu.Unlock()
	s.wg.Wait()
	return s.db.close()
}

func (s *Store) read(ctx context.Context, do work) error {
	if s.ctx.Err() != nil {
		return s.fault(errClosed)
	}
	err := s.db.read(ctx, do)
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", ctx.Err(), err) // drivers have other names for it
	}
	return s.fault(err)
}

func (s *Store) write(ctx context.Context, do work) error {
	if s.ctx.Err() != nil {
		return s.fault(errClosed)
	}
	if err := ctx.Err(); err != nil {
		return s.fault(err)
	}
	err := s.db.write(ctx, do)
	if err == nil {
		s.wake.wake()
	}
	return s.fault(err)
}

// fault says which database failed, and leaves the caller's own faults alone.
func (s *Store) fault(err error) error {
	if err == nil || answers(err) {
		return err
	}
	return fmt.Errorf("sqlstore: %s: %w", s.name, err)
}

// answers reports whether an error says that a change may not be made, rather
// than that the database failed.
func answers(err error) bool {
	var taken *manage.TakenError
	return errors.Is(err, manage.ErrNotFound) || errors.Is(err, manage.ErrStale) || errors.As(err, &taken)
}

// Load implements [manage.Store]. The records are sorted by account and id.
func (s *Store) Load(ctx context.Context) ([]manage.Record, int64, error) {
	var records []manage.Record
	var sequence int64
	err := s.read(ctx, func(ctx context.Context, t tx) (err error) {
		if sequence, err = last(ctx, t); err != nil {
			return err
		}
		records, err = load(ctx, t)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return records, sequence, nil
}

// Create implements [manage.Store].
func (s *Store) Create(ctx context.Context, user string, r manage.Record) (manage.Record, error) {
	c, err := s.change(ctx, manage.Change{User: user, Action: manage.Created, Account: r.Account, ID: r.ID, After: &r}, 0)
	if err != nil {
		return manage.Record{}, err
	}
	return *c.After, nil
}

// Update implements [manage.Store].
func (s *Store) Update(ctx context.Context, user string, r manage.Record, revision int64) (manage.Record, error) {
	c, err := s.change(ctx, manage.Change{User: user, Action: manage.Updated, Account: r.Account, ID: r.ID, After: &r}, revision)
	if err != nil {
		return manage.Record{}, err
	}
	return *c.After, nil
}

// Delete implements [manage.Store].
func (s *Store) Delete(ctx context.Context, user, account, id string, revision int64) (manage.Change, error) {
	return s.change(ctx, manage.Change{User: user, Action: manage.Deleted, Account: account, ID: id}, revision)
}

// change makes c, whose sequence, time and former record are still open.
func (s *Store) change(ctx context.Context, c manage.Change, revision int64) (manage.Change, error) {
	if err := checkText(c); err != nil {
		return manage.Change{}, s.fault(err)
	}
	err := s.write(ctx, func(ctx context.Context, t tx) error { return apply(ctx, t, &c, revision) })
	if err != nil {
		return manage.Change{}, err
	}
	return c, nil
}

// Changes implements [manage.Store]. A limit below 1 gives none.
func (s *Store) Changes(ctx context.Context, after int64, limit int) ([]manage.Change, error) {
	return s.trail(ctx, changesAfter, after, max(limit, 0))
}

// History implements [manage.Store]. A limit below 1 gives none.
func (s *Store) History(ctx context.Context, account, id string, limit int) ([]manage.Change, error) {
	if !storable(account) || !storable(id) {
		return nil, nil // no endpoint is called so
	}
	return s.trail(ctx, changesOf, account, id, max(limit, 0))
}

func (s *Store) trail(ctx context.Context, query string, args ...any) ([]manage.Change, error) {
	var changes []manage.Change
	err := s.read(ctx, func(ctx context.Context, t tx) error {
		return t.each(ctx, query, args, func(row scan) error {
			c, err := scanChange(row)
			changes = append(changes, c)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// Wait implements [manage.Store]. It also ends, with an error, when the
// database cannot be asked and when the store is closed.
func (s *Store) Wait(ctx context.Context, after int64) error {
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for {
		woken := s.wake.next() // before the look, so that nothing slips between
		sequence, err := s.sequence(ctx)
		if err != nil {
			return err
		}
		if sequence > after {
			return nil
		}
		select {
		case <-woken:
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return s.fault(errClosed)
		}
	}
}

func (s *Store) sequence(ctx context.Context) (sequence int64, err error) {
	err = s.read(ctx, func(ctx context.Context, t tx) error {
		sequence, err = last(ctx, t)
		return err
	})
	return sequence, err
}

// because adds why a context ended, if it was not the caller who ended it.
func because(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err == nil || cause == nil || errors.Is(ctx.Err(), cause) || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// notFound turns the lack of a row into another error.
func notFound(err, instead error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return instead
	}
	return err
}
