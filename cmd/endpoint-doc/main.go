// Command endpoint-doc writes the doc comments of functions and types into a
// Go file, so that an OpenAPI document can show them; a running program knows
// nothing of its comments.
//
//	//go:generate go run github.com/seed217079a1/endpoint/cmd/endpoint-doc
//
// in a package writes endpoint_doc.go there, with a variable for
// [github.com/seed217079a1/endpoint/openapi.Info]:
//
//	openapi.Info{Title: "Users", Version: "1.0.0", Comments: docComments}
//
// # Usage
//
//	endpoint-doc [flags] [packages]
//
//	-o file      what to write; default endpoint_doc.go
//	-var name    the variable; default docComments
//	-tags list   build tags, as for go build
//	-check       write nothing, and fail if the file is out of date
//
// Packages are named as for the go command: directories, import paths,
// patterns. The default is that of the current directory. Comments of all of
// them come into the one file, so name the packages whose functions and types
// the API uses. Of a package, the files count that go build takes on this
// machine.
//
// # What is taken
//
// The comment of each function, method, type, and exported field that has one,
// whether an endpoint uses it or not, but for unexported functions that are
// only called, never passed on as an endpoint is. A field without a comment
// above it may have one behind it. Comments are plain text with paragraphs: directives,
// remarks for linters, and paragraphs that begin with TODO, FIXME or BUG are
// left out, and links such as [io.Reader] lose their brackets.
//
// The constants of a type that is a string or a number become the list of its
// values, if there are two or more. They are those that are exported, or all if
// none is. It is no list of values, and left out, if a constant is made by
// shifting, as flags are that add up, and if the comment of the type has the line
//
//	//endpoint:open
//
// which says that there are other values too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"io"
	"os"
	"os/signal"
)

// settings are what the command line says.
type settings struct {
	out      string
	variable string
	tags     string
	check    bool
	patterns []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "endpoint-doc:", err)
		os.Exit(1)
	}
}

// run does all of the command but ending the program. What is asked for with
// -help is written to w.
func run(ctx context.Context, args []string, w io.Writer) error {
	s, err := parse(args, w)
	if err != nil {
		return err
	}
	text, err := generate(ctx, s)
	if err != nil {
		return err
	}
	if s.check {
		return compare(s.out, text)
	}
	return replace(s.out, text)
}

func parse(args []string, w io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("endpoint-doc", flag.ContinueOnError)
	flags.SetOutput(w)
	flags.StringVar(&s.out, "o", "endpoint_doc.go", "the `file` to write")
	flags.StringVar(&s.variable, "var", "docComments", "the `name` of the variable")
	flags.StringVar(&s.tags, "tags", "", "build tags, a `list` with commas")
	flags.BoolVar(&s.check, "check", false, "write nothing, and fail if the file is out of date")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if !token.IsIdentifier(s.variable) || s.variable == "_" {
		return s, fmt.Errorf("-var %q is no name of a variable", s.variable)
	}
	s.patterns = flags.Args()
	if len(s.patterns) == 0 {
		s.patterns = []string{"."}
	}
	return s, nil
}

// generate returns the text of the file.
func generate(ctx context.Context, s settings) ([]byte, error) {
	home, packages, err := load(ctx, s)
	if err != nil {
		return nil, err
	}
	return render(s.variable, home, packages)
}

func render(variable string, home *listing, packages []*source) ([]byte, error) {
	found := map[key]remark{}
	for _, p := range packages {
		p.collect(found)
	}
	return write(variable, home, found)
}
