package manage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/seed217079a1/endpoint"
)

// Options say what [Open] manages. Authenticators is required, and so is
// something that handles: Scripts and Engine, or Handlers.
type Options struct {
	// Store keeps the endpoints; nil means [Memory]. It stays the caller's to
	// close, after the Manager.
	Store Store

	// Scripts is where handler_script_path, without its leading slash, is looked
	// up; nothing outside of it is ever read, links included. Nil, or no
	// Engine, means that there are no scripts. It stays the caller's to close.
	Scripts *os.Root

	// Engine runs the scripts: script.Workers(script.Limits{}), or
	// script.InProcess(script.Limits{}) for scripts that the host trusts as its
	// own code. [Manager.Close] closes it. It needs Scripts.
	Engine Engine

	// OwnScripts lets an account name only files below /<account>/. By default
	// every account may run every script, which is right where one team owns
	// them all; where accounts must not know of each other, set it.
	OwnScripts bool

	// Authenticators say who calls, the triggers too: bearer tokens as a rule,
	// which handlers do not see. A credential in a header of another name than
	// Authorization or Cookie is seen by scripts. There is no way to leave
	// Authenticators out.
	Authenticators []endpoint.Authenticator

	// Account says whose endpoints a user manages and triggers; nil means
	// User.ID. A user whose account is "", longer than 128 bytes, or not
	// printable is refused with 403. It is called concurrently.
	Account func(user *endpoint.User) string

	// Handlers are Go functions that handler_script_path may name instead of a
	// file. A value is whatever API.Handle takes for a path without parameters,
	// and its faults are those of Open. A name is what a path may be, such as
	// "stripe" or "/hooks/stripe"; a slash before it makes no difference. It wins
	// over a file of that name.
	Handlers map[string]any

	// HandlerAPI makes the API around each of Handlers, with guards, providers
	// and mapped errors; nil means endpoint.New(). Authenticators, error format,
	// body limit and log are those of the Manager, whatever the API says.
	HandlerAPI func() *endpoint.API

	// MaxBody is the largest body that a trigger takes, in bytes; 0 means 1 MiB.
	MaxBody int64

	// MaxCalls is how many calls of one account may run at once, those whose
	// bodies still arrive included; further ones are answered 429. 0 means that
	// there is no limit.
	MaxCalls int

	// Observe is told of every call of a handler after it was answered, such as
	// to count it for Prometheus; nil tells nobody. It is called concurrently,
	// must be quick, and keeps nothing that it is given.
	Observe func(c Call)

	// Logger has what goes wrong, never a query, header or body; nil means
	// slog.Default at the time of logging.
	Logger *slog.Logger

	// NoConsole leaves the page at console/ out.
	NoConsole bool
}

// Limits of what is not for the host to choose.
const (
	maxName    = 64       // bytes of an id, a path, and a name of a Go handler
	maxHandler = 512      // bytes of handler_script_path
	maxAccount = 128      // bytes
	maxScript  = 64 << 10 // bytes of a script
	maxAnswer  = 1 << 20  // bytes of a handler's answer
	maxChange  = 64 << 10 // bytes of the JSON that makes or changes an endpoint
)

// check returns all that is wrong with the options, each with what to write.
func (o *Options) check(ctx context.Context) error {
	var faults []error
	fault := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	fault(ctx == nil, "the context is nil; give context.Background()")
	fault(len(o.Authenticators) == 0, "Authenticators is empty, so that everybody could manage endpoints; give one, such as endpoint.BearerAuth")
	fault(slices.Contains(o.Authenticators, nil), "Authenticators has a nil; give an authenticator, such as endpoint.BearerAuth")
	fault(o.Scripts != nil && o.Engine == nil && len(o.Handlers) == 0, "Scripts is given but no Engine that runs them; give script.Workers(script.Limits{})")
	fault(o.Scripts == nil && o.Engine != nil, "Engine is given but no Scripts; give the directory of the scripts, as os.OpenRoot opens it")
	fault(o.Scripts == nil && o.Engine == nil && len(o.Handlers) == 0, "nothing handles requests; give Scripts and Engine, or Handlers")
	fault(o.OwnScripts && o.Scripts == nil, "OwnScripts is set but there are no Scripts; give them, or leave OwnScripts out")
	fault(o.HandlerAPI != nil && len(o.Handlers) == 0, "HandlerAPI is given but no Handlers; give them, or leave HandlerAPI out")
	fault(o.MaxBody < 0, "MaxBody is negative; give a number of bytes, or 0 for 1 MiB")
	fault(o.MaxCalls < 0, "MaxCalls is negative; give a number of calls, or 0 for any number")
	for _, name := range slices.Sorted(maps.Keys(o.Handlers)) {
		if text := checkHandler(name); text != "" {
			fault(true, fmt.Sprintf("Handlers has the name %q, which %s", name, text))
		}
		_, twice := o.Handlers[fileOf(name)]
		fault(twice && name != fileOf(name), fmt.Sprintf("Handlers has the names %q and %q, which are one; keep one", name, fileOf(name)))
		fault(o.Handlers[name] == nil, fmt.Sprintf("Handlers has no function for the name %q; give one", name))
	}
	return errors.Join(faults...)
}

func (o *Options) log() *slog.Logger {
	if o.Logger == nil {
		return slog.Default()
	}
	return o.Logger
}
