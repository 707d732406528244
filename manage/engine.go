package manage

import (
	"context"
	"io"
	"net/http"
)

// An Engine compiles scripts. Package script has two: script.Workers and
// script.InProcess. Its methods may be called concurrently.
//
// The interface names types of the standard library alone, so that an engine
// need not import this package.
type Engine interface {
	// Compile compiles the text of a file and runs nothing of it. An error is
	// told to the owner of the endpoint; it names file, line and column.
	Compile(ctx context.Context, file string, source []byte) (Program, error)
	// Close ends what the engine started. [Manager.Close] calls it.
	Close() error
}

// A Program runs the handler of a compiled script for one request, whose body
// has been read and is limited. What the script prints goes to log. The error
// is for the owner and the log, never for the caller; one that has a method
// Temporary() bool which says true is the engine's trouble and not the
// script's: it is answered 503 with Retry-After, all others 500.
type Program = func(ctx context.Context, r *http.Request, log io.Writer) (*http.Response, error)
