package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// fullRounds is how often the file may not grow any more.
const fullRounds = 5

// fullDisk lowers the size that files of the process may have, makes changes
// until they fail, reads, and raises it again.
func fullDisk(path string) error {
	ctx := context.Background()
	signal.Ignore(syscall.SIGXFSZ) // let the write fail instead
	s, err := sqlstore.SQLite(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	var kept []manage.Record
	refused := 0
	for round := range fullRounds {
		if err := limitFiles(path, int64(round*20_000)); err != nil {
			return err
		}
		for failures := 0; failures < 3; {
			r, err := s.Create(ctx, "u", fullRecord(len(kept)))
			if err == nil {
				kept = append(kept, r)
				continue
			}
			if answersCaller(err) {
				return fmt.Errorf("create on a full disk: %w", err)
			}
			failures++
			refused++
			if err := loads(ctx, s, kept); err != nil {
				return fmt.Errorf("on a full disk: %w", err)
			}
		}
		if err := setLimit(math.MaxUint64); err != nil {
			return err
		}
		start := time.Now()
		r, err := s.Create(ctx, "u", fullRecord(len(kept)))
		if err != nil || time.Since(start) > time.Second {
			return fmt.Errorf("create after %v, when the disk has room again: %w", time.Since(start), err)
		}
		kept = append(kept, r)
		if err := loads(ctx, s, kept); err != nil {
			return fmt.Errorf("when the disk has room again: %w", err)
		}
	}
	fmt.Println(len(kept), refused)
	return nil
}

func answersCaller(err error) bool {
	var taken *manage.TakenError
	return errors.Is(err, manage.ErrNotFound) || errors.Is(err, manage.ErrStale) || errors.As(err, &taken)
}

func fullRecord(i int) manage.Record {
	id := fmt.Sprintf("%08d", i)
	return manage.Record{Account: "a", ID: id, Path: id, Handler: strings.Repeat("x", 500)}
}

func loads(ctx context.Context, s manage.Store, want []manage.Record) error {
	got, sequence, err := s.Load(ctx)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(want, got); diff != "" || sequence != int64(len(want)) {
		return fmt.Errorf("loaded up to %d (-want +got):\n%s", sequence, diff)
	}
	return nil
}

// limitFiles lets no file grow further than the log of the database, and some
// bytes.
func limitFiles(path string, room int64) error {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return err
	}
	return setLimit(uint64(info.Size() + room))
}

func setLimit(size uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = min(size, limit.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// On a full disk changes fail and reads go on; with room again both work.
func TestSQLiteFull(t *testing.T) {
	leak.Check(t)
	path := filepath.Join(t.TempDir(), "x.db")
	lines := startChild(t, "full", path).all(t)
	if len(lines) != 1 {
		t.Fatalf("the child reported %q", lines)
	}
	t.Log("records kept and changes refused:", lines[0])
	n, err := strconv.Atoi(strings.Fields(lines[0])[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := len(records(t, openSQLite(t, path))); got != n {
		t.Errorf("%d records after a restart, want %d", got, n)
	}
}
