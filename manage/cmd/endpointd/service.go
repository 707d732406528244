package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/script"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// firstAccount is made by the first start.
const firstAccount = "admin"

// serve runs the service until ctx ends.
func (s *settings) serve(ctx context.Context, stdout, stderr io.Writer) (err error) {
	log := s.logger(stderr)
	slog.SetDefault(log) // the server's own complaints go there
	store, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store)
	scripts, err := s.openScripts()
	if err != nil {
		return err
	}
	defer closing(&err, scripts)
	hidden, err := s.openSecrets()
	if err != nil {
		return err
	}
	if hidden.root != nil {
		defer closing(&err, hidden.root)
	}

	engine, err := s.engine(ctx, hidden, log)
	if err != nil {
		return err
	}
	meters := newMeters()
	m, err := manage.Open(ctx, manage.Options{
		Store:          store,
		Scripts:        scripts,
		Engine:         engine,
		OwnScripts:     !s.shared,
		Authenticators: []endpoint.Authenticator{bearer(store)},
		MaxCalls:       s.calls,
		Logger:         log,
		Observe:        meters.observe,
	})
	if err != nil {
		return err
	}
	defer closing(&err, m)
	api, err := s.newAPI(m, log)
	if err != nil {
		return err
	}
	return s.listen(ctx, api, meters, func(address net.Addr) error {
		return greet(ctx, store, address, stdout)
	})
}

// closing closes c when a function ends, and keeps its error.
func closing(err *error, c io.Closer) { *err = errors.Join(*err, c.Close()) }

// openStore opens the database that the settings name.
func (s *settings) openStore(ctx context.Context) (*sqlstore.Store, error) {
	if s.postgres != "" {
		return sqlstore.Postgres(ctx, s.postgres)
	}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, fmt.Errorf("%w; name a directory that can be written with -data", err)
	}
	return sqlstore.SQLite(ctx, s.database())
}

// database is the file of the SQLite database.
func (s *settings) database() string { return filepath.Join(s.data, "endpoints.db") }

// sample is the script that the first start puts beside the database.
const sample = `# A script answers the requests of an endpoint whose handler_script_path is
# the file's path below the directory of scripts: /admin/hello.star
def handler(request, *args, **kwargs):
    return "Hello, %s!\n" % request.args.get("name", "World")
`

// openScripts opens the directory of scripts. One that is missing is made, with
// a sample in it.
func (s *settings) openScripts() (*os.Root, error) {
	if _, err := os.Stat(s.scripts); errors.Is(err, os.ErrNotExist) {
		dir := filepath.Join(s.scripts, firstAccount)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("%w; name a directory that can be written with -scripts", err)
		}
		if err := os.WriteFile(filepath.Join(dir, "hello.star"), []byte(sample), 0o600); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(s.scripts)
	if err != nil {
		return nil, fmt.Errorf("%w; name the directory of the scripts with -scripts", err)
	}
	return root, nil
}

// openSecrets opens the directory of secrets, if there is one.
func (s *settings) openSecrets() (secrets, error) {
	if s.secrets == "" {
		return secrets{}, nil
	}
	root, err := os.OpenRoot(s.secrets)
	if err != nil {
		return secrets{}, fmt.Errorf("%w; name the directory of the secrets with -secrets", err)
	}
	return secrets{root}, nil
}

// engine runs scripts in worker processes. It tries one, so that what is wrong
// with the settings is told now; other trouble may pass, and is logged.
func (s *settings) engine(ctx context.Context, hidden secrets, log *slog.Logger) (manage.Engine, error) {
	options := []script.Option{
		script.Secrets(func(ctx context.Context, name string) (string, bool) {
			return hidden.get(manage.AccountFrom(ctx), name)
		}),
	}
	if len(s.allowHTTP) > 0 {
		options = append(options, script.AllowHTTP(s.allowHTTP...))
	}
	limits := script.Limits{Time: s.scriptTime, Memory: s.scriptMemory << 20, Processes: s.processes}
	engine := script.Workers(limits, options...)
	_, err := engine.Compile(ctx, "hello.star", []byte(sample))
	trouble, passes := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	_, isScript := errors.AsType[*script.Error](err) // it was too slow, as a rule
	switch {
	case err == nil, ctx.Err() != nil:
	case isScript, passes && trouble.Temporary():
		log.Warn("no script can run at present", "cause", err)
	default:
		return nil, errors.Join(fmt.Errorf("-allow-http: %w", err), engine.Close())
	}
	return engine, nil
}

// bearer knows accounts by the tokens that the store keeps hashes of.
func bearer(store *sqlstore.Store) endpoint.Authenticator {
	return endpoint.BearerAuth(func(ctx context.Context, token string) (*endpoint.User, error) {
		account, err := store.Account(ctx, token)
		if errors.Is(err, sqlstore.ErrUnknownToken) {
			return nil, endpoint.ErrCredentials
		}
		if err != nil {
			return nil, endpoint.Errorf(http.StatusServiceUnavailable, "tokens cannot be looked up at present").Wrap(err)
		}
		return &endpoint.User{ID: account, Name: account}, nil
	})
}

// newAPI registers what the service answers.
func (s *settings) newAPI(m *manage.Manager, log *slog.Logger) (*endpoint.API, error) {
	prefixes, err := s.prefixes()
	if err != nil {
		return nil, err
	}
	options := []endpoint.Option{endpoint.Logger(log), endpoint.TrustedProxies(prefixes...)}
	if s.externalURL != "" {
		options = append(options, endpoint.ExternalURL(s.externalURL))
	}
	api := endpoint.New(options...)
	api.Add(m)
	api.Get("", func() *endpoint.Response { return endpoint.Redirect(http.StatusSeeOther, "console/") })
	api.Get("healthz", func() string { return "ok\n" })
	return api, api.Compile()
}

// listen serves the API, and the metrics if they are wanted, until ctx ends or
// one of the two fails.
func (s *settings) listen(ctx context.Context, api http.Handler, meters http.Handler, ready func(net.Addr) error) error {
	l, err := listenOn(s.addr, "-addr")
	if err != nil {
		return err
	}
	servers := []func(context.Context) error{
		func(ctx context.Context) error { return endpoint.ServeListener(ctx, l, api) },
	}
	if s.metrics != "" {
		ml, err := listenOn(s.metrics, "-metrics")
		if err != nil {
			return errors.Join(err, l.Close())
		}
		servers = append(servers, func(ctx context.Context) error { return endpoint.ServeListener(ctx, ml, meters) })
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make([]error, len(servers)+1)
	var wg sync.WaitGroup
	for i, serve := range servers {
		wg.Go(func() {
			defer cancel()
			ended[i] = serve(ctx)
		})
	}
	if err := ready(l.Addr()); err != nil {
		ended[len(servers)] = err
		cancel()
	}
	wg.Wait()
	return errors.Join(ended...)
}

func listenOn(addr, name string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with %s", err, name)
	}
	return l, nil
}

// greet tells where the service is, and makes the first account.
func greet(ctx context.Context, store *sqlstore.Store, address net.Addr, stdout io.Writer) error {
	fmt.Fprintf(stdout, "console: http://%s/console/\nAPI:     http://%s/api/v1/http-endpoint\n", address, address)
	accounts, err := store.Accounts(ctx)
	if err != nil {
		return err
	}
	if len(accounts) > 0 {
		_, err := fmt.Fprintf(stdout, "tokens:  made before; endpointd token ACCOUNT makes another\n")
		return err
	}
	token, err := store.AddToken(ctx, firstAccount)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "token of account %s, shown this once: %s\n", firstAccount, token)
	return err
}

// tokens runs the commands about the tokens of an account. They make no
// database: a token of the wrong one would be a riddle, and a token that was
// not revoked a danger.
func (s *settings) tokens(ctx context.Context, command, account string, stdout io.Writer) (err error) {
	if s.postgres == "" {
		if _, err := os.Stat(s.database()); err != nil {
			return fmt.Errorf("%w; name the directory of a database that endpointd has made with -data", err)
		}
	}
	store, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store)
	if command == "revoke" {
		return revoke(ctx, store, account)
	}
	token, err := store.AddToken(ctx, account)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, token)
	return err
}

func revoke(ctx context.Context, store *sqlstore.Store, account string) error {
	accounts, err := store.Accounts(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(accounts, account) {
		return fmt.Errorf("account %s has no tokens in this database; check its name, and -data or -postgres", account)
	}
	return store.RemoveTokens(ctx, account)
}
