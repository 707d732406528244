package manage

import (
	"context"
	"fmt"
	"sync"

	"github.com/seed217079a1/endpoint"
)

// A Manager serves endpoints that clients create, change and delete while it
// runs. It is a component: api.Add(m). Its methods may be called concurrently.
type Manager struct {
	options   Options
	store     Store
	table     *table
	scripts   *scripts // nil if there are none
	handlers  map[string]*native
	endpoints []*endpoint.Endpoint

	catching chan struct{} // held while changes are read from the store
	stop     context.CancelFunc
	done     sync.WaitGroup
	close    func() error
}

// Open loads what the store has and follows its changes until Close. It
// returns all faults of the options together; the engine then stays the
// caller's to close. The context is for loading alone.
func Open(ctx context.Context, options Options) (*Manager, error) {
	if err := options.check(ctx); err != nil {
		return nil, fmt.Errorf("manage.Open: %w", err)
	}
	if options.Store == nil {
		options.Store = Memory()
	}
	if options.MaxBody == 0 {
		options.MaxBody = 1 << 20
	}
	handlers, err := compileHandlers(&options)
	if err != nil {
		return nil, fmt.Errorf("manage.Open: %w", err)
	}
	records, sequence, err := options.Store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("manage.Open: load the endpoints: %w", err)
	}
	m := &Manager{options: options, store: options.Store, handlers: handlers, catching: make(chan struct{}, 1)}
	running, stop := context.WithCancel(context.Background())
	m.stop = stop
	if options.Scripts != nil && options.Engine != nil {
		m.scripts = newScripts(running, options.Scripts, options.Engine)
	}
	m.table = newTable(m.resolve, m.release)
	m.load(records, sequence)
	m.endpoints = m.define()
	m.close = sync.OnceValue(m.shut)
	m.done.Go(func() { m.follow(running) })
	if m.scripts != nil {
		m.done.Go(m.scripts.checkNew)
	}
	return m, nil
}

// load fills the table. A record that no request could have made is left out
// and logged, so that one damaged line does not keep the others from serving.
func (m *Manager) load(records []Record, sequence int64) {
	for _, r := range records {
		if err := checkRecord(&r); err != nil {
			m.options.log().Error("managed endpoint is left out", "account", r.Account, "id", r.ID, "cause", err)
			continue
		}
		m.table.load(r)
	}
	m.table.position = sequence
}

// Endpoints returns what an API adds: the management API and the triggers
// below api/v1/http-endpoint, and the console.
func (m *Manager) Endpoints() []*endpoint.Endpoint { return m.endpoints }

// Close stops following the store and closes the engine. Call it when no more
// requests come; it may be called again, with the same result.
func (m *Manager) Close() error { return m.close() }

func (m *Manager) shut() error {
	m.stop()
	m.done.Wait()
	if m.scripts == nil {
		return nil
	}
	m.scripts.running.Wait()
	if err := m.options.Engine.Close(); err != nil {
		return fmt.Errorf("close the engine: %w", err)
	}
	return nil
}

// A handler is what an endpoint runs: a script or a Go function.
type handler interface {
	// run answers a request, whose body is in memory.
	run(c *execution) error
	// fault returns what is wrong with the handler, "" if nothing is known.
	fault() string
}

// resolve returns the handler that a record names.
func (m *Manager) resolve(r *Record) handler {
	if h := m.handlers[fileOf(r.Handler)]; h != nil {
		return h
	}
	if m.scripts == nil {
		return unknownHandler{}
	}
	if err := m.checkOwner(r.Account, r.Handler); err != nil {
		return foreignHandler{err.Error()}
	}
	return m.scripts.acquire(fileOf(r.Handler))
}

// release gives up what resolve returned.
func (m *Manager) release(h handler) {
	if s, ok := h.(*script); ok {
		m.scripts.release(s)
	}
}

// An unknownHandler stands for a Go function that the host no longer has.
type unknownHandler struct{}

func (unknownHandler) run(*execution) error { return errNoHandler }
func (unknownHandler) fault() string        { return errNoHandler.Error() }

// A foreignHandler stands for a script that the account may not run any more.
type foreignHandler struct{ text string }

func (h foreignHandler) run(*execution) error { return errString(h.text) }
func (h foreignHandler) fault() string        { return h.text }

type errString string

func (e errString) Error() string { return string(e) }

const errNoHandler = errString("no Go function has this name any more, and there are no scripts; name another handler")

// accountKey is the key of the account in the context of a handler.
type accountKey struct{}

// AccountFrom returns the account whose endpoint a handler runs for, "" outside
// of one. A host gives secrets by it.
func AccountFrom(ctx context.Context) string {
	account, _ := ctx.Value(accountKey{}).(string)
	return account
}
