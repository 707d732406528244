package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/manage"
)

// literals mean something to a database, a shell or a formatter.
var literals = []string{
	"", " ", "'", `"`, "''", `\`, `\'`, "%", "_", "%s", "$$", "$1", "$$x$$", "?", "?1", ":a", "@a", ";", "--", "/*", "*/",
	"'; DROP TABLE endpoint_records; --", "1 OR 1=1", "' OR '1'='1", "NULL", "null", "true", "0", "00", "1e3", "0x1",
	"E'\\n'", "{}", "{a,b}", "\\N", "a\nb", "a\r\nb", "\t", "\x1b[31m", "\x7f", "\u200b", "\u202e", "ß", "SS", "ǆ", "e\u0301", "é",
	"日本語", "🦊", "\U0010ffff", "\ufffd", "\ufeff", "X", "x",
}

func testLiteral(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	var records []manage.Record
	for i, text := range literals {
		r := manage.Record{Account: text, ID: text, Path: text, Handler: text}
		kept, err := s.Create(t.Context(), text, r)
		if err != nil {
			t.Fatalf("Create with %q: %v", text, err)
		}
		records = append(records, kept)
		create(t, s, record("one account", fmt.Sprint(i)+text)) // unique besides the others
	}
	for i, text := range literals {
		kept, err := other.Update(t.Context(), text, records[i], records[i].Revision)
		if err != nil {
			t.Fatalf("Update with %q: %v", text, err)
		}
		h, err := other.History(t.Context(), text, text, 10)
		if err != nil || len(h) != 2 {
			t.Fatalf("History with %q: %d changes, %v; want 2", text, len(h), err)
		}
		want := made(text, manage.Updated, &records[i], &kept)
		changesAre(t, h[:1], []manage.Change{want})
	}
	for _, text := range literals {
		c, err := s.Delete(t.Context(), text, text, text, 0)
		if err != nil {
			t.Fatalf("Delete with %q: %v", text, err)
		}
		if c.User != text || c.Account != text || c.ID != text || c.Before == nil || c.Before.Handler != text {
			t.Errorf("Delete with %q returned %s", text, show(c))
		}
	}
	if rest, _, err := s.Load(t.Context()); err != nil || len(rest) != len(literals) {
		t.Errorf("%d records are left, %v; want %d", len(rest), err, len(literals))
	}
	long := record("a", strings.Repeat("long", 200))
	kept := create(t, s, long)
	long.Revision, long.Modified = kept.Revision, kept.Modified
	if !same(kept, long) {
		t.Errorf("Create returned %+v, want %+v", kept, long)
	}
}

func testUnstorable(t *testing.T, open func() manage.Store) {
	s := open()
	x := create(t, s, record("a", "x"))
	for _, bad := range []string{"\x00", "a\x00b", "\xff", "a\xc0\x80", "\xed\xa0\x80"} {
		for name, do := range map[string]func() error{
			"account": func() error {
				r := record("b", "y")
				r.Account = bad
				_, err := s.Create(t.Context(), "u", r)
				return err
			},
			"id":      func() error { r := record("b", "y"); r.ID = bad; _, err := s.Create(t.Context(), "u", r); return err },
			"path":    func() error { r := record("b", "y"); r.Path = bad; _, err := s.Create(t.Context(), "u", r); return err },
			"handler": func() error { r := x; r.Handler = bad; _, err := s.Update(t.Context(), "u", r, 0); return err },
			"user":    func() error { _, err := s.Delete(t.Context(), bad, "a", "x", 0); return err },
		} {
			var taken *manage.TakenError
			err := do()
			if err == nil || errors.Is(err, manage.ErrStale) || errors.As(err, &taken) {
				t.Errorf("%s %q: %v, want an error about it", name, bad, err)
				continue
			}
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s %q: error %q does not name it", name, bad, err)
			}
		}
	}
	loaded(t, s, x)
	if n := len(trail(t, s)); n != 1 {
		t.Errorf("the trail has %d lines, want 1", n)
	}
}
