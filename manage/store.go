package manage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Record is a managed endpoint as a [Store] keeps it.
type Record struct {
	Account  string // whose endpoint it is
	ID       string // unique in the account
	Path     string // the segment below u/, unique in the account
	Handler  string // handler_script_path: a file, or the name of a Go function
	Enabled  bool
	Revision int64     // Sequence of the change that made it so
	Modified time.Time // when that was, in UTC
}

// An Action is a kind of change.
type Action string

// The kinds of changes.
const (
	Created Action = "create"
	Updated Action = "update"
	Deleted Action = "delete"
)

// A Change is one line of the audit trail: who changed what, and when.
type Change struct {
	Sequence int64 // grows with each change of the store, whatever the account
	Time     time.Time
	User     string // User.ID of who asked for it
	Action   Action
	Account  string
	ID       string
	Before   *Record // nil if it was created
	After    *Record // nil if it was deleted
}

// A Store keeps the records and the trail of their changes. Package storetest
// holds what every store must do. Methods may be called concurrently; they obey
// their context, and return [ErrNotFound], [ErrStale], a *[TakenError] or, for
// everything that is not the caller's fault, another error. Text with NUL or
// invalid UTF-8 is refused with an error that names the field. Of several faults
// a stale revision comes first, then an id that is taken, then a path.
//
// A change is kept for good, with its line of the trail, when the method that
// made it returns without an error; otherwise either nothing changed, or the
// outcome is unknown and Changes tells it.
type Store interface {
	// Load returns every record of every account, and the sequence of the last
	// change that they contain, 0 if there was none.
	Load(ctx context.Context) ([]Record, int64, error)

	// Create keeps a new record. Revision and Modified are set by the store;
	// the record is returned as it is kept.
	Create(ctx context.Context, user string, r Record) (Record, error)

	// Update replaces the record of r.Account and r.ID. Unless revision is 0,
	// it must be the present revision, else the error is ErrStale.
	Update(ctx context.Context, user string, r Record, revision int64) (Record, error)

	// Delete removes a record, judging revision as Update does, and returns the
	// change.
	Delete(ctx context.Context, user, account, id string, revision int64) (Change, error)

	// Changes returns up to limit changes after a sequence, in their order; a
	// limit below 1 gives none. It
	// is complete: no later call returns a change before one that was returned.
	Changes(ctx context.Context, after int64, limit int) ([]Change, error)

	// Wait returns nil when there may be changes after a sequence, made by
	// anyone, within a second; the end of ctx is an error.
	Wait(ctx context.Context, after int64) error

	// History returns up to limit changes of one endpoint, the newest first,
	// also after its deletion.
	History(ctx context.Context, account, id string, limit int) ([]Change, error)
}

// Errors of a [Store].
var (
	ErrNotFound = errors.New("no such endpoint")
	ErrStale    = errors.New("the endpoint was changed in between")
)

// A TakenError says that another endpoint of the account has the id or path.
type TakenError struct {
	Field string // "id" or "path"
	Value string
}

func (e *TakenError) Error() string { return fmt.Sprintf("%s %q is taken", e.Field, e.Value) }
