package manage

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed217079a1/endpoint"
)

// checkName returns what is wrong with an id or path, "" if nothing is.
func checkName(s string) string {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && s[i] != '_' && s[i] != '-' {
			return "has other characters than a-z, A-Z, 0-9, _ and -; leave them out"
		}
	}
	if s == "" || len(s) > maxName {
		return "must have 1 to 64 of the characters a-z, A-Z, 0-9, _ and -"
	}
	return ""
}

// checkID returns what is wrong with an id, "" if nothing is.
func checkID(id string) string {
	if id == "list" || id == "u" {
		return "is reserved, as list and u are paths of this API; choose another id"
	}
	return checkName(id)
}

// checkHandler returns what is wrong with handler_script_path as a text, "" if
// nothing is. Whether such a handler exists is another question.
func checkHandler(path string) string {
	file := fileOf(path)
	switch {
	case path == "":
		return "is empty; write the path of a script, such as /hooks/hello.py, or the name of a handler"
	case len(path) > maxHandler:
		return "is longer than 512 bytes; write a shorter path"
	case !printable(path):
		return "has control characters or is not UTF-8; write a path of printable characters"
	case strings.Contains(path, `\`):
		return `has a backslash; separate directories by /`
	case !fs.ValidPath(file) || file == ".":
		return "is no path of a file; write one without empty, . and .. segments, such as /hooks/hello.py"
	}
	return ""
}

// fileOf returns the file below Scripts that a handler path names.
func fileOf(path string) string { return strings.TrimPrefix(path, "/") }

// printable reports whether a text is UTF-8 without control characters.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// checkRecord returns an error for a record that no request could have made.
func checkRecord(r *Record) error {
	for _, v := range []struct{ name, fault string }{
		{"id", checkID(r.ID)}, {"path", checkName(r.Path)}, {"handler", checkHandler(r.Handler)},
	} {
		if v.fault != "" {
			return fmt.Errorf("%s %s", v.name, v.fault)
		}
	}
	if !isAccount(r.Account) {
		return fmt.Errorf("account %q is none", r.Account)
	}
	return nil
}

// isAccount reports whether a text may name an account.
func isAccount(s string) bool { return s != "" && len(s) <= maxAccount && printable(s) }

// isOwn reports whether a file lies below the directory of an account.
func isOwn(account, file string) bool {
	dir, name, ok := strings.Cut(file, "/")
	return ok && name != "" && dir == account && fs.ValidPath(account) && account != "."
}

// checkOwner returns an error if an account may not run a script.
func (m *Manager) checkOwner(account, path string) error {
	if !m.options.OwnScripts || isOwn(account, fileOf(path)) {
		return nil
	}
	return fmt.Errorf("is not one of your scripts; name one below /%s/", account)
}

// account returns the account of the caller, whom the API has made sure of.
func (m *Manager) account(u *endpoint.User) (string, error) {
	account := u.ID
	if m.options.Account != nil {
		account = m.options.Account(u)
	}
	if !isAccount(account) || !printable(u.ID) { // the trail has the id
		return "", endpoint.Errorf(http.StatusForbidden, "you belong to no account that could have endpoints")
	}
	return account, nil
}

// faults are what is wrong with a request to the management API.
type faults []endpoint.FieldError

// add notes a fault unless it is "".
func (f *faults) add(in, name, code, message string) {
	if message == "" {
		return
	}
	v := endpoint.FieldError{In: in, Code: code, Message: message}
	if in == "body" {
		v.Pointer = "/" + name
	} else {
		v.Name = name
	}
	*f = append(*f, v)
}

// err returns the faults as a 400, nil if there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f.problem()
}

// problem returns the 400 of faults.
func (f faults) problem() *endpoint.Error {
	texts := make([]string, len(f))
	for i, v := range f {
		texts[i] = cmp.Or(v.Name, strings.TrimPrefix(v.Pointer, "/")) + " " + v.Message
	}
	return &endpoint.Error{Status: http.StatusBadRequest, Detail: strings.Join(texts, "; "), Fields: f}
}

// some names up to ten of the Go handlers, for a message.
func (m *Manager) some() string {
	names := slices.Sorted(maps.Keys(m.handlers))
	if len(names) > 10 {
		names = append(names[:10], "...")
	}
	return strings.Join(names, ", ")
}
