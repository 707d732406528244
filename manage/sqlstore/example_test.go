package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// A store in a file: two clients change an endpoint, and the second one learns
// that it had an old revision.
func ExampleSQLite() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := sqlstore.SQLite(ctx, filepath.Join(dir, "endpoints.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	hello, err := store.Create(ctx, "alice", manage.Record{Account: "acme", ID: "hello", Path: "hello", Handler: "/acme/hello.star"})
	fmt.Println(hello.Revision, err)
	hello.Enabled = true
	_, err = store.Update(ctx, "bob", hello, hello.Revision)
	fmt.Println(err)
	hello.Handler = "/acme/new.star"
	_, err = store.Update(ctx, "carol", hello, hello.Revision)
	fmt.Println(errors.Is(err, manage.ErrStale), err)

	history, err := store.History(ctx, "acme", "hello", 10)
	for _, c := range history {
		fmt.Println(c.Sequence, c.User, c.Action, c.After.Enabled)
	}
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// <nil>
	// true the endpoint was changed in between
	// 2 bob update true
	// 1 alice create false
	// <nil>
}

// Tokens are given out once; the store keeps their hashes.
func ExampleStore_AddToken() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := sqlstore.SQLite(ctx, filepath.Join(dir, "endpoints.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	token, err := store.AddToken(ctx, "acme")
	fmt.Println(len(token), err)
	fmt.Println(store.Account(ctx, token))
	fmt.Println(store.RemoveTokens(ctx, "acme"))
	_, err = store.Account(ctx, token)
	fmt.Println(errors.Is(err, sqlstore.ErrUnknownToken))
	// Output:
	// 43 <nil>
	// acme <nil>
	// <nil>
	// true
}
