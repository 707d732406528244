package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	writeScript(t, dir, "a/key", "one\n")
	writeScript(t, dir, "b/key", "two")
	writeScript(t, dir, "a/long", strings.Repeat("x", maxSecret+1))
	writeScript(t, dir, "outer", "none")
	if err := os.Symlink(filepath.Join(dir, "outer"), filepath.Join(dir, "a", "link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, c := range []struct {
		reason, account, name, want string
	}{
		{"the line feed of an editor is no part of it", "a", "key", "one"},
		{"another account has its own", "b", "key", "two"},
		{"nobody's", "c", "key", ""},
		{"without an account", "", "outer", ""},
		{"out of the account", "a", "../b/key", ""},
		{"an account that is a path", "..", "key", ""},
		{"a directory", ".", "a", ""},
		{"a link out of the directory", "a", "link", ""},
		{"too long", "a", "long", ""},
	} {
		got, ok := secrets{root}.get(c.account, c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, %t, want %q", c.reason, got, ok, c.want)
		}
	}
	if _, ok := (secrets{}).get("a", "key"); ok {
		t.Error("a secret without a directory")
	}
}
