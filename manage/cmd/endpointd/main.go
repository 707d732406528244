// Command endpointd serves managed endpoints: the REST API of package manage,
// the endpoints that accounts make with it, and the console, a web page for all
// of it. Scripts run in worker processes.
//
//	endpointd                    serve on SQLite in ./endpointd-data
//	endpointd token ACCOUNT      print another token of an account, which may be new
//	endpointd revoke ACCOUNT     make all tokens of an account worthless
//	endpointd -help              tell about flags and variables
//
// The first start makes the account admin and prints its token; it is shown
// this once, because only a hash of it is kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed217079a1/endpoint/manage/script"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	script.Worker()

	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals
		os.Exit(exitFailed) // whatever runs still
	}()
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// run is the program without its process, and returns the exit code.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdout, stderr io.Writer) int {
	s, command, err := parse(args, env, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "endpointd:", err)
		return exitUsage
	}
	err = s.execute(ctx, command, stdout, stderr)
	if len(command) == 0 && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return 0 // it was stopped while it started
	}
	if err != nil {
		fmt.Fprintln(stderr, "endpointd:", err)
		return exitFailed
	}
	return 0
}

// execute runs one of the commands.
func (s *settings) execute(ctx context.Context, command []string, stdout, stderr io.Writer) error {
	switch {
	case s.version:
		_, err := fmt.Fprintln(stdout, "endpointd", version())
		return err
	case len(command) == 0:
		return s.serve(ctx, stdout, stderr)
	default:
		return s.tokens(ctx, command[0], command[1], stdout)
	}
}
