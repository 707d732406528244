// Package storetest holds what every [manage.Store] must do.
package storetest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

// Test checks a store against the contract of [manage.Store].
//
// It calls open once for each of its tests, which gives a new and empty store.
// Each call of the function that open returns is another handle on the data of
// that store, as another process would have one; a store that lives in one
// process only returns the same value again. The handles may be closed when t
// ends, not before.
//
// With ENDPOINT_SOAK=1 in the environment the random tests take long: 100,000
// operations.
func Test(t *testing.T, open func(t *testing.T) (handle func() manage.Store)) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Log("the contract:", c.rule)
				}
			}()
			c.run(t, open(t))
		})
	}
}

// cases are the sentences of the contract.
var cases = []struct {
	name string
	rule string
	run  func(t *testing.T, open func() manage.Store)
}{
	{"Empty", "a store without changes has no records, no trail, and sequence 0", testEmpty},
	{"Create", "Create sets Revision and Modified, and returns what is kept", testCreate},
	{"Update", "Update replaces the record, and only at the revision that is given", testUpdate},
	{"Delete", "Delete removes the record, only at the revision that is given, and returns the change", testDelete},
	{"Taken", "id and path are unique in an account, and only there", testTaken},
	{"Refused", "a change that is refused leaves no trace", testRefused},
	{"Trail", "Changes returns what follows a sequence, in order, up to a limit", testTrail},
	{"History", "History returns the changes of one endpoint, the newest first, also after its deletion", testHistory},
	{"Copies", "what a store returned can be changed without changing the store", testCopies},
	{"Literal", "no text has a meaning for the store", testLiteral},
	{"Unstorable", "text with NUL or invalid UTF-8 is refused", testUnstorable},
	{"WaitBehind", "Wait returns at once if there are changes already", testWaitBehind},
	{"WaitWakes", "Wait returns within a second of any change by anyone", testWaitWakes},
	{"WaitEnds", "Wait without a change ends with its context", testWaitEnds},
	{"Cancelled", "a context that has ended allows no change", testCancelled},
	{"CancelledMeanwhile", "a change whose context ends is made whole or not at all", testCancelledMeanwhile},
	{"Creators", "of those who create one id at a time exactly one succeeds", testCreators},
	{"LostUpdate", "an update at a revision is lost to no other", testLostUpdate},
	{"Followers", "who follows Changes misses nothing, whoever writes meanwhile", testFollowers},
	{"Linear", "all calls happen one after another, in an order that everybody agrees on", testLinear},
	{"Many", "Load returns everything", testMany},
}

// within is how soon others must see a change.
const within = time.Second

// soak reports whether the long variants run.
func soak() bool { return os.Getenv("ENDPOINT_SOAK") == "1" }

// size is n, or many if the long variants run.
func size(n, many int) int {
	if soak() {
		return many
	}
	return n
}

// record returns a record that is unlike others with another id.
func record(account, id string) manage.Record {
	return manage.Record{Account: account, ID: id, Path: "p-" + id, Handler: "/scripts/" + id, Enabled: true}
}

// same compares records; the zone of the time counts, too.
func same(a, b manage.Record) bool {
	if !a.Modified.Equal(b.Modified) || a.Modified.Location() != b.Modified.Location() {
		return false
	}
	a.Modified, b.Modified = time.Time{}, time.Time{}
	return a == b
}

func samePointer(a, b *manage.Record) bool {
	if a == nil || b == nil {
		return a == b
	}
	return same(*a, *b)
}

func sameChange(a, b manage.Change) bool {
	return a.Sequence == b.Sequence && a.Time.Equal(b.Time) && a.Time.Location() == b.Time.Location() &&
		a.User == b.User && a.Action == b.Action && a.Account == b.Account && a.ID == b.ID &&
		samePointer(a.Before, b.Before) && samePointer(a.After, b.After)
}

// show prints a change with what its pointers point to.
func show(c manage.Change) string {
	before, after := c.Before, c.After
	c.Before, c.After = nil, nil
	return fmt.Sprintf("%+v\n\tbefore %+v\n\tafter  %+v", c, before, after)
}

func create(t *testing.T, s manage.Store, r manage.Record) manage.Record {
	t.Helper()
	kept, err := s.Create(t.Context(), "alice", r)
	if err != nil {
		t.Fatalf("Create(%+v): %v", r, err)
	}
	return kept
}

func update(t *testing.T, s manage.Store, r manage.Record, revision int64) manage.Record {
	t.Helper()
	kept, err := s.Update(t.Context(), "bob", r, revision)
	if err != nil {
		t.Fatalf("Update(%+v, %d): %v", r, revision, err)
	}
	return kept
}

func remove(t *testing.T, s manage.Store, r manage.Record, revision int64) manage.Change {
	t.Helper()
	c, err := s.Delete(t.Context(), "carol", r.Account, r.ID, revision)
	if err != nil {
		t.Fatalf("Delete(%s, %s, %d): %v", r.Account, r.ID, revision, err)
	}
	return c
}

// loaded checks that the store has these records, in any order, and returns
// the sequence.
func loaded(t *testing.T, s manage.Store, want ...manage.Record) int64 {
	t.Helper()
	got, sequence, err := s.Load(t.Context())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if len(got) != len(want) {
		t.Errorf("Load returned %d records, want %d:\n%+v", len(got), len(want), got)
	}
	byID := map[[2]string]manage.Record{}
	for _, r := range got {
		byID[[2]string{r.Account, r.ID}] = r
	}
	for _, r := range want {
		if found := byID[[2]string{r.Account, r.ID}]; !same(found, r) {
			t.Errorf("Load returned %+v, want %+v", found, r)
		}
	}
	return sequence
}

// trail returns the whole trail, read in pages, and checks its order.
func trail(t *testing.T, s manage.Store) []manage.Change {
	t.Helper()
	const page = 100
	var all []manage.Change
	var after int64
	for {
		part, err := s.Changes(t.Context(), after, page)
		if err != nil {
			t.Fatalf("Changes(%d, %d): %v", after, page, err)
		}
		for _, c := range part {
			if c.Sequence <= after {
				t.Fatalf("Changes returned sequence %d after %d", c.Sequence, after)
			}
			after = c.Sequence
		}
		all = append(all, part...)
		if len(part) < page {
			return all
		}
	}
}

// trailIs checks the whole trail.
func trailIs(t *testing.T, s manage.Store, want ...manage.Change) {
	t.Helper()
	changesAre(t, trail(t, s), want)
}

func changesAre(t *testing.T, got, want []manage.Change) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d changes, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !sameChange(got[i], want[i]) {
			t.Errorf("change %d is\n%s, want\n%s", i, show(got[i]), show(want[i]))
		}
	}
}

// made is the change that led from one record to the other; one of them may be
// nil.
func made(user string, action manage.Action, before, after *manage.Record) manage.Change {
	c := manage.Change{User: user, Action: action, Before: before, After: after}
	if after != nil {
		c.Account, c.ID, c.Sequence, c.Time = after.Account, after.ID, after.Revision, after.Modified
	}
	return c
}
