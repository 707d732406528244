package main

import (
	"errors"
	"io"
	"os"
	"strings"
)

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 64 << 10

// secrets reads the secrets of accounts, one a file, anew each time, so that
// one can be changed while the program runs.
type secrets struct{ root *os.Root }

// get returns a secret of an account without the line feed at its end.
func (s secrets) get(account, name string) (string, bool) {
	if s.root == nil || !accountName(account) || !accountName(name) {
		return "", false
	}
	f, err := s.root.Open(account + "/" + name)
	if err != nil {
		return "", false
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if errors.Join(err, f.Close()) != nil || len(text) > maxSecret {
		return "", false
	}
	return strings.TrimRight(string(text), "\r\n"), true
}
