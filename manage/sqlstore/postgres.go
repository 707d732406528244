package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresPoll is how often Wait looks by itself, in case a notification got
// lost with its connection; a look reads one row.
const postgresPoll = 500 * time.Millisecond

// Postgres opens a database of a PostgreSQL server, version 13 or later. The
// DSN is a URL or a list of key=value, as pgx has it, pool_max_conns included.
// The tables are in the first schema of the search path, which the DSN may set:
// postgres://user@host/db?search_path=endpoints. A pooler in between must keep
// sessions, because of LISTEN.
//
// Several replicas may share the database: each sees the others' changes within
// a second, usually at once. Connections that break are made anew, by the calls
// that need them; no change is lost for a reader. A server that does not answer
// is an error after two seconds. If the connection breaks while a change is
// being committed, its outcome is unknown, and the trail has it or not.
//
// Refused are a schema that is newer than the program, and records that
// contradict their audit trail.
func Postgres(ctx context.Context, dsn string) (*Store, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	at := config.ConnConfig
	name := fmt.Sprintf("PostgreSQL database %q on %s:%d", at.Database, at.Host, at.Port)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %s: %w", name, err)
	}
	db := &postgres{pool: pool}
	if err := db.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("sqlstore: %s: %w", name, err)
	}
	s, err := newStore(db, name, postgresPoll).start(ctx)
	if err != nil {
		return nil, err
	}
	s.wg.Go(func() { listen(s.ctx, at.Copy(), s.wake.wake) })
	return s, nil
}

// postgresConfig reads a DSN, and sets what it left open.
func postgresConfig(dsn string) (*pgxpool.Config, error) {
	if dsn == "" {
		return nil, errors.New("no DSN of a PostgreSQL database; write postgres://user@host/database")
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN
	}
	conn := config.ConnConfig
	if conn.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, errors.New("simple_protocol puts values into statements; leave out default_query_exec_mode")
	}
	conn.DialFunc = dial
	if conn.ConnectTimeout == 0 || conn.ConnectTimeout > patience {
		conn.ConnectTimeout = patience
	}
	// A replica that freezes within a change must not keep the others out.
	for name, value := range map[string]string{
		"lock_timeout":                        fmt.Sprint(patience.Milliseconds()),
		"idle_in_transaction_session_timeout": fmt.Sprint(patience.Milliseconds()),
		"application_name":                    "endpoint",
	} {
		if _, set := conn.RuntimeParams[name]; !set {
			conn.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// errDSN says nothing of what is wrong, because no part of a DSN that is not
// understood is surely not the password.
var errDSN = errors.New("the DSN cannot be read; write postgres://user:password@host:5432/database, " +
	"or host= port= user= password= and dbname=")

// A postgres is a database by way of a pool.
type postgres struct{ pool *pgxpool.Pool }

func (p *postgres) close() error {
	p.pool.Close()
	return nil
}

// read may take long, as long as something comes.
func (p *postgres) read(ctx context.Context, do work) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(patience, func() { cancel(errSilent) })
	defer timer.Stop()
	err := p.transact(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t pgx.Tx) error {
		return do(ctx, postgresTx{t, func() { timer.Reset(patience) }})
	})
	return because(ctx, err)
}

func (p *postgres) write(ctx context.Context, do work) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSilent)
	defer cancel()
	err := p.transact(ctx, pgx.TxOptions{}, func(t pgx.Tx) error {
		if err := do(ctx, postgresTx{t, func() {}}); err != nil {
			return err
		}
		_, err := t.Exec(ctx, "NOTIFY "+channel)
		return err
	})
	return because(ctx, err)
}

// errSilent is the error of a server that does not answer.
var errSilent = errors.New("the server did not answer in time")

func (p *postgres) transact(ctx context.Context, options pgx.TxOptions, do func(pgx.Tx) error) error {
	conn, t, err := p.begin(ctx, options)
	if err != nil {
		return err
	}
	defer conn.Release() // a connection within a transaction is closed
	if err := do(t); err != nil {
		if failed := t.Rollback(ctx); failed != nil && answers(err) {
			return failed
		}
		return err
	}
	if err := t.Commit(ctx); err != nil {
		return fmt.Errorf("commit, whose outcome the trail tells: %w", err)
	}
	return nil
}

// begin tries the pool's connections until one lives: after the server was
// restarted all that were idle are dead, and nothing is lost by another try.
func (p *postgres) begin(ctx context.Context, options pgx.TxOptions) (*pgxpool.Conn, pgx.Tx, error) {
	for try := int32(0); ; try++ {
		conn, err := p.pool.Acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		t, err := conn.BeginTx(ctx, options)
		if err == nil {
			return conn, t, nil
		}
		dead := conn.Conn().IsClosed()
		conn.Release()
		if !dead || ctx.Err() != nil || try > p.pool.Config().MaxConns {
			return nil, nil, err
		}
	}
}

// A postgresTx is a transaction that says when something came.
type postgresTx struct {
	pgx.Tx
	alive func()
}

func (t postgresTx) exec(ctx context.Context, statement string, args ...any) error {
	_, err := t.Exec(ctx, statement, args...)
	t.alive()
	return err
}

func (t postgresTx) one(ctx context.Context, query string, args []any, into ...any) error {
	err := t.QueryRow(ctx, query, args...).Scan(into...)
	t.alive()
	if errors.Is(err, pgx.ErrNoRows) {
		return sql.ErrNoRows
	}
	return err
}

func (t postgresTx) each(ctx context.Context, query string, args []any, f func(scan) error) error {
	rows, err := t.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		t.alive()
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
