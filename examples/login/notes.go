package main

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

// Notes is the table of notes. Its methods are the handlers; each gets the
// user as a parameter, so that none can forget whose notes it is about.
type Notes struct{ db *sql.DB }

// A Note is one line of a user.
type Note struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// NewNote is the body of a request that adds a note.
type NewNote struct {
	Text string `json:"text" validate:"required,max=200"`
}

// List returns the user's notes, oldest first.
func (n *Notes) List(ctx context.Context, user *endpoint.User) ([]Note, error) {
	rows, err := n.db.QueryContext(ctx, `SELECT id, text FROM notes WHERE owner = ? ORDER BY id`, user.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Note
	for rows.Next() {
		var note Note
		if err := rows.Scan(&note.ID, &note.Text); err != nil {
			return nil, err
		}
		list = append(list, note)
	}
	return list, rows.Err()
}

// Create adds a note to the user's.
func (n *Notes) Create(ctx context.Context, user *endpoint.User, in NewNote) (Note, error) {
	note := Note{Text: in.Text}
	err := n.db.QueryRowContext(ctx, `INSERT INTO notes (owner, text) VALUES (?, ?) RETURNING id`,
		user.ID, in.Text).Scan(&note.ID)
	return note, err
}

// Delete removes a note of the user. Another user's note is not found, like
// one that does not exist.
func (n *Notes) Delete(ctx context.Context, user *endpoint.User, id int64) error {
	done, err := n.db.ExecContext(ctx, `DELETE FROM notes WHERE id = ? AND owner = ?`, id, user.ID)
	if err != nil {
		return err
	}
	if count, err := done.RowsAffected(); err != nil || count == 0 {
		return endpoint.Errorf(http.StatusNotFound, "you have no note %d", id).Wrap(err)
	}
	return nil
}

// Statistics is what anyone may know.
type Statistics struct {
	Notes int `json:"notes"`
}

// Count tells how many notes there are, whoever they belong to.
func (n *Notes) Count(ctx context.Context) (Statistics, error) {
	var s Statistics
	err := n.db.QueryRowContext(ctx, `SELECT count(*) FROM notes`).Scan(&s.Notes)
	return s, err
}
