package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed217079a1/endpoint/manage"
)

// The statements of both databases. Times are microseconds since 1970.
const (
	lastSequence = `SELECT sequence FROM endpoint_state`
	nextSequence = `UPDATE endpoint_state SET sequence = sequence + 1 RETURNING sequence`

	allRecords = `SELECT account, id, path, handler, enabled, revision, modified
		FROM endpoint_records ORDER BY account, id`
	oneRecord = `SELECT path, handler, enabled, revision, modified
		FROM endpoint_records WHERE account = $1 AND id = $2`
	pathOwners = `SELECT count(*) FROM endpoint_records WHERE account = $1 AND path = $2 AND id <> $3`

	insertRecord = `INSERT INTO endpoint_records (account, id, path, handler, enabled, revision, modified)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	updateRecord = `UPDATE endpoint_records SET path = $3, handler = $4, enabled = $5, revision = $6, modified = $7
		WHERE account = $1 AND id = $2`
	deleteRecord = `DELETE FROM endpoint_records WHERE account = $1 AND id = $2`

	// A line of the trail has what the record became, and nulls if it was
	// deleted; what it was before is in the line that it follows.
	insertChange = `INSERT INTO endpoint_changes
		(sequence, time, username, action, account, id, path, handler, enabled, previous)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	selectChange = `SELECT c.sequence, c.time, c.username, c.action, c.account, c.id, c.path, c.handler, c.enabled,
			p.sequence, p.time, p.path, p.handler, p.enabled
		FROM endpoint_changes c LEFT JOIN endpoint_changes p ON p.sequence = c.previous `
	changesAfter = selectChange + `WHERE c.sequence > $1 ORDER BY c.sequence LIMIT $2`
	changesOf    = selectChange + `WHERE c.account = $1 AND c.id = $2 ORDER BY c.sequence DESC LIMIT $3`
)

// errState is the error of a database without its row of state.
var errState = errors.New("table endpoint_state has no row; restore the database from a backup")

func last(ctx context.Context, t tx) (sequence int64, err error) {
	err = t.one(ctx, lastSequence, nil, &sequence)
	return sequence, notFound(err, errState)
}

func load(ctx context.Context, t tx) ([]manage.Record, error) {
	var records []manage.Record
	err := t.each(ctx, allRecords, nil, func(row scan) error {
		var r manage.Record
		var modified int64
		if err := row(&r.Account, &r.ID, &r.Path, &r.Handler, &r.Enabled, &r.Revision, &modified); err != nil {
			return fmt.Errorf("endpoint %q of account %q: %w", r.ID, r.Account, err)
		}
		r.Modified = fromMicro(modified)
		records = append(records, r)
		return nil
	})
	return records, err
}

// apply makes a change. Raising the sequence first keeps other writers out, so
// what is read after it holds until the end.
func apply(ctx context.Context, t tx, c *manage.Change, revision int64) error {
	if err := t.one(ctx, nextSequence, nil, &c.Sequence); err != nil {
		return notFound(err, errState)
	}
	c.Time = now()
	if err := former(ctx, t, c, revision); err != nil {
		return err
	}
	if c.After != nil {
		if err := pathFree(ctx, t, c.After); err != nil {
			return err
		}
		after := *c.After
		after.Revision, after.Modified = c.Sequence, c.Time
		c.After = &after
	}
	if err := appendTrail(ctx, t, c); err != nil {
		return err
	}
	return keep(ctx, t, c)
}

// former sets c.Before, and judges whether the record may be changed.
func former(ctx context.Context, t tx, c *manage.Change, revision int64) error {
	before := manage.Record{Account: c.Account, ID: c.ID}
	var modified int64
	err := t.one(ctx, oneRecord, []any{c.Account, c.ID},
		&before.Path, &before.Handler, &before.Enabled, &before.Revision, &modified)
	none := errors.Is(err, sql.ErrNoRows)
	switch {
	case none && c.Action == manage.Created:
		return nil
	case none:
		return manage.ErrNotFound
	case err != nil:
		return err
	case c.Action == manage.Created:
		return &manage.TakenError{Field: "id", Value: c.ID}
	case revision != 0 && revision != before.Revision:
		return manage.ErrStale
	}
	before.Modified = fromMicro(modified)
	c.Before = &before
	return nil
}

func pathFree(ctx context.Context, t tx, r *manage.Record) error {
	var owners int
	if err := t.one(ctx, pathOwners, []any{r.Account, r.Path, r.ID}, &owners); err != nil {
		return err
	}
	if owners > 0 {
		return &manage.TakenError{Field: "path", Value: r.Path}
	}
	return nil
}

func appendTrail(ctx context.Context, t tx, c *manage.Change) error {
	var path, handler, enabled, previous any
	if c.After != nil {
		path, handler, enabled = c.After.Path, c.After.Handler, c.After.Enabled
	}
	if c.Before != nil {
		previous = c.Before.Revision
	}
	return t.exec(ctx, insertChange, c.Sequence, c.Time.UnixMicro(), c.User, string(c.Action), c.Account, c.ID,
		path, handler, enabled, previous)
}

// keep brings the record to where the change says.
func keep(ctx context.Context, t tx, c *manage.Change) error {
	if c.After == nil {
		return t.exec(ctx, deleteRecord, c.Account, c.ID)
	}
	statement := insertRecord
	if c.Before != nil {
		statement = updateRecord
	}
	r := c.After
	return t.exec(ctx, statement, r.Account, r.ID, r.Path, r.Handler, r.Enabled, r.Revision, r.Modified.UnixMicro())
}

// A state is the half of a change that says what a record was or became; all
// of it is null if there was none.
type state struct {
	sequence, time sql.NullInt64
	path, handler  sql.NullString
	enabled        sql.NullBool
}

func (s state) record(account, id string) *manage.Record {
	if !s.path.Valid {
		return nil
	}
	return &manage.Record{
		Account: account, ID: id, Path: s.path.String, Handler: s.handler.String, Enabled: s.enabled.Bool,
		Revision: s.sequence.Int64, Modified: fromMicro(s.time.Int64),
	}
}

func scanChange(row scan) (manage.Change, error) {
	var c manage.Change
	var after, before state
	err := row(&after.sequence, &after.time, &c.User, &c.Action, &c.Account, &c.ID,
		&after.path, &after.handler, &after.enabled,
		&before.sequence, &before.time, &before.path, &before.handler, &before.enabled)
	c.Sequence = after.sequence.Int64
	if err != nil {
		return c, fmt.Errorf("change %d: %w", c.Sequence, err)
	}
	c.Time = fromMicro(after.time.Int64)
	c.After = after.record(c.Account, c.ID)
	c.Before = before.record(c.Account, c.ID)
	return c, nil
}

// now has the precision that both databases keep.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func fromMicro(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// checkText refuses text that PostgreSQL cannot keep, for SQLite too, so that
// an endpoint can move from one to the other.
func checkText(c manage.Change) error {
	fields := []struct{ name, value string }{{"user", c.User}, {"account", c.Account}, {"id", c.ID}, {"path", ""}, {"handler", ""}}
	if c.After != nil {
		fields[3].value, fields[4].value = c.After.Path, c.After.Handler
	}
	for _, f := range fields {
		if !storable(f.value) {
			return fmt.Errorf("%s %.64q has a NUL or is not UTF-8; write text", f.name, f.value)
		}
	}
	return nil
}

func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
