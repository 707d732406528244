package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint"
)

// userKey is the key of the user's id in a session.
const userKey = "user"

// Users is the table of users, with what the API asks of it: who has this
// password, and whose session is this.
type Users struct {
	db       *sql.DB
	sessions *scs.SessionManager
	hasher   *Hasher
}

// Check returns the user with this name and password, or
// [endpoint.ErrCredentials]. A name that nobody has costs a hash as well, so
// that the time of an answer does not tell which names exist.
func (u *Users) Check(ctx context.Context, name, password string) (*endpoint.User, error) {
	user, hash, err := u.find(ctx, `name = ?`, name)
	if err != nil {
		return nil, err
	}
	if user == nil {
		hash = u.hasher.decoy
	}
	right, err := u.hasher.Matches(ctx, hash, password)
	switch {
	case err != nil:
		return nil, fmt.Errorf("check a password: %w", err)
	case !right || user == nil:
		return nil, endpoint.ErrCredentials
	}
	return user, nil
}

// Load returns the user of the session, nil if nobody is logged in. It reads
// the table each time: a user who was removed is out with the next request.
func (u *Users) Load(ctx context.Context) (*endpoint.User, error) {
	id := u.sessions.GetString(ctx, userKey)
	if id == "" {
		return nil, nil
	}
	user, _, err := u.find(ctx, `id = ?`, id)
	return user, err
}

// Remember puts the user into the session, which has a new token by then.
func (u *Users) Remember(ctx context.Context, user *endpoint.User) error {
	u.sessions.Put(ctx, userKey, user.ID)
	return nil
}

// find returns a user and the hash of the password; nil if there is none.
func (u *Users) find(ctx context.Context, where string, arg any) (*endpoint.User, string, error) {
	var id int64
	var hash string
	user := new(endpoint.User)
	err := u.db.QueryRowContext(ctx, `SELECT id, name, email, hash FROM users WHERE `+where, arg).
		Scan(&id, &user.Name, &user.Email, &hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, "", nil
	case err != nil:
		return nil, "", fmt.Errorf("read users: %w", err)
	}
	user.ID = strconv.FormatInt(id, 10)
	return user, hash, nil
}

// Add adds a user with notes.
func (u *Users) Add(ctx context.Context, name, password string, notes ...string) error {
	added, err := u.db.ExecContext(ctx, `INSERT INTO users (name, email, hash) VALUES (?, ?, ?)`,
		name, name+"@example.com", hashPassword(password))
	if err != nil {
		return fmt.Errorf("add user %q: %w", name, err)
	}
	id, err := added.LastInsertId()
	if err != nil {
		return fmt.Errorf("add user %q: %w", name, err)
	}
	for _, text := range notes {
		if _, err := u.db.ExecContext(ctx, `INSERT INTO notes (owner, text) VALUES (?, ?)`, id, text); err != nil {
			return fmt.Errorf("add a note of %q: %w", name, err)
		}
	}
	return nil
}

// A Login is a demo account with its password.
type Login struct{ Name, Password string }

// AddDemo adds two accounts with passwords made for this run, if the database
// has no user yet, and returns them.
func (u *Users) AddDemo(ctx context.Context) ([]Login, error) {
	var count int
	if err := u.db.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&count); err != nil || count > 0 {
		return nil, err
	}
	logins := []Login{{"ada", rand.Text()[:12]}, {"grace", rand.Text()[:12]}}
	notes := map[string][]string{
		"ada":   {"Write down how the engine weaves numbers", "Send Charles the table of Bernoulli numbers"},
		"grace": {"Tape the moth into the log book"},
	}
	for _, l := range logins {
		if err := u.Add(ctx, l.Name, l.Password, notes[l.Name]...); err != nil {
			return nil, err
		}
	}
	return logins, nil
}
