package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sqlitePoll is how often Wait looks at the file for changes of other
// processes; a look reads one row.
const sqlitePoll = 100 * time.Millisecond

// sqliteReaders is how many reads may run at a time.
const sqliteReaders = 4

// SQLite itself does not listen to contexts while it waits for a lock. So a
// writer lets it wait briefly, and often; a reader hardly ever waits.
const (
	writerBusy = 5 * time.Millisecond
	readerBusy = 2 * time.Second
)

// SQLite opens the database in a file, or makes it, readable only for the
// user who runs the program. It is a plain path, on a local disk: networked
// file systems lack the locks that it needs. Several processes may have it
// open; each sees the others' changes within a second.
//
// A change that was acknowledged survives the end of the process at any
// instant, and that of the power. On a full or failing disk changes are
// errors, while reads go on; they work again when the disk does.
//
// Refused are a file that is damaged or not a database, a database of another
// program or of a newer version of this one, and records that contradict
// their audit trail. To find that out the whole file is read.
func SQLite(ctx context.Context, path string) (*Store, error) {
	path, err := sqlitePath(path)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	db, err := openSQLite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: SQLite file %q: %w", path, explain(err))
	}
	return newStore(db, fmt.Sprintf("SQLite file %q", path), sqlitePoll).start(ctx)
}

// A sqliteFile has one connection that writes, and some that only read.
type sqliteFile struct {
	writer, readers *sql.DB
}

func (f *sqliteFile) close() error {
	return errors.Join(f.readers.Close(), f.writer.Close())
}

// read has the snapshot that WAL gives every transaction from its first
// statement.
func (f *sqliteFile) read(ctx context.Context, do work) error {
	transaction, err := f.readers.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer transaction.Rollback()
	return explain(do(ctx, sqliteTx{transaction}))
}

// write obeys ctx until the lock of the file is taken. What follows takes as
// long as the disk does, and is not interrupted, so that its outcome is known.
func (f *sqliteFile) write(ctx context.Context, do work) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errLocked)
	defer cancel()
	var conn *sql.Conn
	err := untilFree(ctx, func() (err error) {
		conn, err = f.writer.Conn(ctx)
		return err
	})
	if err != nil {
		return because(ctx, explain(err))
	}
	defer conn.Close()
	err = writeOn(ctx, conn, do)
	if err != nil && !answers(err) {
		// SQLite may have rolled back by itself or not; a new connection knows.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return because(ctx, explain(err))
}

// errLocked is the error of a writer that did not get its turn.
var errLocked = errors.New("the file stays locked by another writer")

func writeOn(ctx context.Context, conn *sql.Conn, do work) error {
	if err := beginWrite(ctx, conn); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err := do(ctx, sqliteTx{conn})
	if answers(err) {
		if _, failed := conn.ExecContext(ctx, "ROLLBACK"); failed != nil {
			return failed
		}
		return err
	}
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	return err
}

// beginWrite takes the lock of the file, for which it waits until ctx ends.
func beginWrite(ctx context.Context, conn *sql.Conn) error {
	return untilFree(ctx, func() error {
		_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		return err
	})
}

// untilFree repeats do while another connection has the lock.
func untilFree(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !isBusy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func isBusy(err error) bool {
	var fault *sqlite.Error
	return errors.As(err, &fault) && fault.Code()&0xff == lib.SQLITE_BUSY
}

// explain says what to do about errors that SQLite only names.
func explain(err error) error {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Code() & 0xff {
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return fmt.Errorf("the file is damaged or not a database; restore a backup: %w", err)
	case lib.SQLITE_BUSY:
		return fmt.Errorf("%w: %w", errLocked, err)
	}
	return err
}

// A sqliteTx is the statements of a transaction, whoever began it.
type sqliteTx struct {
	conn interface {
		ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

func (t sqliteTx) exec(ctx context.Context, statement string, args ...any) error {
	_, err := t.conn.ExecContext(ctx, statement, args...)
	return err
}

func (t sqliteTx) one(ctx context.Context, query string, args []any, into ...any) error {
	return t.conn.QueryRowContext(ctx, query, args...).Scan(into...)
}

func (t sqliteTx) each(ctx context.Context, query string, args []any, f func(scan) error) error {
	rows, err := t.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
