package manage

import (
	"context"
	"errors"
	"time"
)

// How the store is followed.
const (
	changesAtOnce = 512             // read in one go
	quietest      = 2 * time.Second // without a look at the store, whatever Wait says
	catchUpLimit  = 2 * time.Second // for one go
	firstPause    = 20 * time.Millisecond
	longestPause  = time.Second
)

// follow keeps the table as the store has it, until ctx ends. While the store
// fails, the table serves as it is.
func (m *Manager) follow(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		err := m.followOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && pause > 0:
			m.options.log().Info("the store of managed endpoints answers again")
			pause = 0
		case err == nil:
		default:
			if pause == 0 {
				m.options.log().Error("the store of managed endpoints fails; what it had is served", "cause", err)
			}
			pause = min(max(2*pause, firstPause), longestPause)
			sleep(ctx, pause)
		}
	}
}

// followOnce applies what has changed and waits for more.
func (m *Manager) followOnce(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, catchUpLimit)
	err := m.catchUp(limited)
	cancel()
	if err != nil {
		return err
	}
	limited, cancel = context.WithTimeout(ctx, quietest)
	defer cancel()
	err = m.store.Wait(limited, m.table.last())
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return nil
	}
	return err
}

// catchUp applies every change that the store had when it was called.
func (m *Manager) catchUp(ctx context.Context) error {
	select {
	case m.catching <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.catching }()
	for {
		changes, err := m.store.Changes(ctx, m.table.last(), changesAtOnce)
		if err != nil {
			return err
		}
		m.table.follow(changes)
		if len(changes) < changesAtOnce {
			return nil
		}
	}
}

// sleep waits for a time or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
