package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// settings are what the command line and the environment set.
type settings struct {
	addr        string
	data        string
	postgres    string
	scripts     string
	secrets     string
	metrics     string
	externalURL string
	proxies     list
	allowHTTP   list
	logFormat   string
	shared      bool // every account may run every script
	version     bool

	scriptTime   time.Duration
	scriptMemory int64 // MiB
	processes    int
	calls        int // of an account at once
}

// A list is a flag of values separated by commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	*l = nil
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}

const usage = `endpointd serves managed endpoints: their REST API, what they answer, and a console.

Usage:
  endpointd [flags]                  serve until SIGINT or SIGTERM; a second signal ends at once
  endpointd [flags] token ACCOUNT    print another token of an account, which may be new
  endpointd [flags] revoke ACCOUNT   make all tokens of an account worthless

The first start, and any other that finds no account with a token, makes the
account admin and prints its token once. With ADDR = http://127.0.0.1:8080 that
token opens ADDR/console/, and as "Authorization: Bearer TOKEN" the API at
ADDR/api/v1/http-endpoint. An account names scripts below /ACCOUNT/ alone,
unless there is -shared-scripts.

Every flag but -version has a variable: -script-time is also
ENDPOINTD_SCRIPT_TIME. A flag wins over its variable.

The exit code is 0 after a signal, 1 after a second one or if something failed,
2 for wrong arguments.

Flags:
`

// parse reads the arguments, and the environment for flags that are not given.
// The command is empty to serve, else its name and the account.
func parse(args []string, env func(string) (string, bool), stderr io.Writer) (*settings, []string, error) {
	s := new(settings)
	fs := flag.NewFlagSet("endpointd", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // run prints the error
	s.define(fs)
	fs.Usage = func() {}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stderr, usage)
			fs.SetOutput(stderr)
			fs.PrintDefaults()
			return nil, nil, err
		}
		return nil, nil, fmt.Errorf("%w; -help tells the flags", err)
	}
	if err := fromEnv(fs, env); err != nil {
		return nil, nil, err
	}
	if err := s.check(fs.Args()); err != nil {
		return nil, nil, err
	}
	return s, fs.Args(), nil
}

func (s *settings) define(fs *flag.FlagSet) {
	fs.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`host:port` to listen on; only this machine reaches the default")
	fs.StringVar(&s.data, "data", "endpointd-data", "`directory` of the SQLite database and the scripts, made if it is missing")
	fs.StringVar(&s.postgres, "postgres", "", "`DSN` of a PostgreSQL database to use instead of SQLite, such as postgres://user@host/name; several endpointd may share it. Prefer the variable if it has a password")
	fs.StringVar(&s.scripts, "scripts", "", "`directory` below which handler_script_path is looked up (default scripts in -data)")
	fs.BoolVar(&s.shared, "shared-scripts", false, "let every account run every script; by default an account runs its own alone, those below /ACCOUNT/. A script that runs for another account gets the secrets of that one")
	fs.StringVar(&s.secrets, "secrets", "", "`directory` with a file ACCOUNT/NAME for each secret that scripts of the account may ask for; none by default")
	fs.StringVar(&s.metrics, "metrics", "", "`host:port` to serve metrics for Prometheus on, at /metrics; none by default")
	fs.StringVar(&s.externalURL, "external-url", "", "`URL` under which clients reach the service, if a proxy is before it")
	fs.Var(&s.proxies, "trusted-proxies", "`networks` of proxies whose X-Forwarded fields are believed, such as 10.0.0.0/8,::1/128")
	fs.Var(&s.allowHTTP, "allow-http", "`origins` that scripts may call, such as https://api.example.com; none by default")
	fs.StringVar(&s.logFormat, "log", "text", "`format` of the log on standard error: text or json")
	fs.DurationVar(&s.scriptTime, "script-time", time.Second, "how long one call of a script may take by the clock; it has ten million steps at most")
	fs.Int64Var(&s.scriptMemory, "script-memory", 64, "`MiB` of memory for one worker process")
	fs.IntVar(&s.processes, "workers", 0, "`number` of worker processes, each of which runs one call at a time (default by the number of processors)")
	fs.IntVar(&s.calls, "account-calls", 64, "`number` of calls of one account that may run at once; further ones are told to come again")
	fs.BoolVar(&s.version, "version", false, "print the version and end")
}

// fromEnv sets the flags that are not given from their variables. -version has
// none, as ENDPOINTD_VERSION is something else to those who build images.
func fromEnv(fs *flag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var faults []error
	fs.VisitAll(func(f *flag.Flag) {
		name := "ENDPOINTD_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := env(name)
		if given[f.Name] || !ok || value == "" || f.Name == "version" {
			return
		}
		if err := fs.Set(f.Name, value); err != nil {
			faults = append(faults, fmt.Errorf("variable %s is %q: %w", name, value, err))
		}
	})
	return errors.Join(faults...)
}

// check reports what cannot be meant.
func (s *settings) check(command []string) error {
	if s.scripts == "" {
		s.scripts = filepath.Join(s.data, "scripts")
	}
	switch {
	case len(command) > 0 && command[0] != "token" && command[0] != "revoke":
		return fmt.Errorf("there is no command %q; write token or revoke, or none to serve", command[0])
	case len(command) == 1:
		return fmt.Errorf("%s of which account? write endpointd %s ACCOUNT", command[0], command[0])
	case len(command) > 2:
		return fmt.Errorf("%q is too much; flags stand before the command", command[2:])
	case len(command) == 2 && !accountName(command[1]):
		return fmt.Errorf("account %q is no name; write up to 64 of a-z, A-Z, 0-9, _ and -", command[1])
	case s.logFormat != "text" && s.logFormat != "json":
		return fmt.Errorf("-log is %q; write text or json", s.logFormat)
	case s.externalURL != "" && !isSite(s.externalURL):
		return fmt.Errorf("-external-url is %q; write a URL such as https://endpoints.example.com", s.externalURL)
	case s.scriptTime <= 0:
		return fmt.Errorf("-script-time is %v; write a time above zero, such as 1s", s.scriptTime)
	case s.scriptMemory < 16 || s.scriptMemory > 16<<10:
		return fmt.Errorf("-script-memory is %d; write 16 to %d MiB", s.scriptMemory, 16<<10)
	case s.calls <= 0:
		return fmt.Errorf("-account-calls is %d; write a number above zero", s.calls)
	case s.processes < 0:
		return fmt.Errorf("-workers is %d; write a number above zero", s.processes)
	}
	_, err := s.prefixes()
	return err
}

// accountName reports whether a name can be a directory of scripts and be told
// apart in a log.
func accountName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	return strings.IndexFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
	}) < 0
}

// isSite reports whether a text is the URL of a web site.
func isSite(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// prefixes are the networks of trusted proxies.
func (s *settings) prefixes() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range s.proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("-trusted-proxies has %q; write networks such as 10.0.0.0/8 or ::1/128", text)
		}
		prefixes = append(prefixes, p)
	}
	return prefixes, nil
}

// logger makes the log.
func (s *settings) logger(stderr io.Writer) *slog.Logger {
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(stderr, nil))
	}
	return slog.New(slog.NewTextHandler(stderr, nil))
}

// version is that of the module, or of the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
