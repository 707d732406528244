package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// openapiPath is the package that the generated file imports.
const openapiPath = "github.com/seed217079a1/endpoint/openapi"

// A listing is what the go command says of a package.
type listing struct {
	Dir, ImportPath, Name             string
	GoFiles, CgoFiles, InvalidGoFiles []string
	Imports                           []string
	Export                            string
	Module                            *struct{ GoVersion string }
	Error                             *struct{ Pos, Err string }
}

// fault is what the go command found wrong with the package.
func (l *listing) fault() error {
	if l.Error.Pos == "" {
		return errors.New(l.Error.Err)
	}
	return fmt.Errorf("%s: %s", l.Error.Pos, l.Error.Err)
}

// A source is a package, parsed and checked but for the bodies of functions.
type source struct {
	path   string // "" for the program that gets the file
	fset   *token.FileSet
	files  []*ast.File
	object *types.Package
	info   *types.Info
}

// load reads the packages that are asked for. home is the one that gets the
// file.
func load(ctx context.Context, s settings) (home *listing, packages []*source, err error) {
	const fields = "Dir,ImportPath,Name,GoFiles,CgoFiles,InvalidGoFiles,Imports,Module,Error"
	list, err := goList(ctx, s.tags, fields, s.patterns...)
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, fmt.Errorf("%s matches no packages", strings.Join(s.patterns, " "))
	}
	out, err := filepath.Abs(s.out)
	if err != nil {
		return nil, nil, err
	}
	if home, err = homeOf(ctx, s.tags, fields, list, filepath.Dir(out)); err != nil {
		return nil, nil, err
	}
	imports := []string{openapiPath}
	for _, l := range list {
		if l.Error != nil && len(l.GoFiles)+len(l.CgoFiles)+len(l.InvalidGoFiles) == 0 {
			return nil, nil, l.fault()
		}
		if l.Name == "main" && l.ImportPath != home.ImportPath {
			return nil, nil, fmt.Errorf("%s is a program, whose comments only a file in its own directory can use; run endpoint-doc there", l.ImportPath)
		}
		imports = append(imports, l.Imports...)
	}
	imported, err := exports(ctx, s.tags, imports)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range list {
		p, err := read(l, s, out, imported)
		if err != nil {
			return nil, nil, err
		}
		packages = append(packages, p)
	}
	return home, packages, nil
}

// homeOf returns the package of a directory.
func homeOf(ctx context.Context, tags, fields string, list []*listing, dir string) (*listing, error) {
	for _, l := range list {
		if sameDir(l.Dir, dir) {
			return l, nil
		}
	}
	found, err := goList(ctx, tags, fields, dir)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0].Name == "" {
		return nil, fmt.Errorf("there is no Go package in %s to write a file for", relative(dir))
	}
	return found[0], nil
}

// exports compiles packages and what they import, and returns what they export
// by import path.
func exports(ctx context.Context, tags string, paths []string) (map[string]*listing, error) {
	slices.Sort(paths)
	paths = slices.DeleteFunc(slices.Compact(paths), func(path string) bool { return path == "C" || path == "unsafe" })
	list, err := goList(ctx, tags, "ImportPath,Export,Error", append([]string{"-deps", "-export", "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	byPath := map[string]*listing{}
	for _, l := range list {
		byPath[l.ImportPath] = l
	}
	return byPath, nil
}

// goList asks the go command about packages, also about broken ones.
func goList(ctx context.Context, tags, fields string, args ...string) ([]*listing, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-e", "-tags=" + tags, "-json=" + fields}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	var list []*listing
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		l := new(listing)
		switch err := d.Decode(l); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		list = append(list, l)
	}
}

// read parses and checks a package. The file out counts as what it is going to
// declare, not as what it has: it may be missing, stale or broken.
func read(l *listing, s settings, out string, imported map[string]*listing) (*source, error) {
	parsed := parsing{fset: token.NewFileSet()}
	isOut := func(file string) bool {
		return filepath.Base(file) == filepath.Base(out) && sameDir(l.Dir, filepath.Dir(out))
	}
	for _, name := range slices.Concat(l.GoFiles, l.CgoFiles, l.InvalidGoFiles) {
		if file := filepath.Join(l.Dir, name); !isOut(file) {
			parsed.add(file, nil)
		}
	}
	if len(parsed.files) == 0 {
		return nil, fmt.Errorf("%s has no Go files beside the one that is to be written", l.ImportPath)
	}
	if sameDir(l.Dir, filepath.Dir(out)) {
		parsed.add(out, fmt.Sprintf("package %s\nimport %q\nvar %s openapi.Comments", l.Name, openapiPath, s.variable))
	}
	if err := first(parsed.faults); err != nil {
		return nil, err
	}
	config := types.Config{FakeImportC: true, Importer: importer.ForCompiler(parsed.fset, "gc", opener(imported))}
	if l.Module != nil && l.Module.GoVersion != "" {
		config.GoVersion = "go" + l.Module.GoVersion
	}
	return parsed.check(l, config)
}

// A parsing is the files of a package and what is wrong with them.
type parsing struct {
	fset   *token.FileSet
	files  []*ast.File
	faults []error
}

// add parses a file, or the text that is to stand for it.
func (p *parsing) add(file string, text any) {
	f, err := parser.ParseFile(p.fset, relative(file), text, parser.ParseComments|parser.SkipObjectResolution)
	p.faults = append(p.faults, err)
	p.files = append(p.files, f)
}

// check finds the types and constants of the package.
func (p *parsing) check(l *listing, config types.Config) (*source, error) {
	s := &source{path: l.ImportPath, fset: p.fset, files: p.files}
	if l.Name == "main" {
		s.path = ""
	}
	s.info = &types.Info{Defs: map[*ast.Ident]types.Object{}}
	config.IgnoreFuncBodies = true // the compiler reads them
	config.Error = func(err error) { p.faults = append(p.faults, err) }
	s.object, _ = config.Check(l.ImportPath, s.fset, s.files, s.info) // the error is the first of faults
	return s, first(p.faults)
}

// first returns the first error, and of a list of syntax errors all.
func first(faults []error) error {
	for _, err := range faults {
		var list scanner.ErrorList
		if errors.As(err, &list) {
			var all []error
			for _, e := range list {
				all = append(all, e)
			}
			return errors.Join(all...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// opener reads what packages export.
func opener(imported map[string]*listing) importer.Lookup {
	return func(path string) (io.ReadCloser, error) {
		switch l := imported[path]; {
		case l == nil:
			return nil, errors.New("the go command does not know it")
		case l.Export != "":
			return os.Open(l.Export)
		case l.Error != nil:
			return nil, l.fault()
		}
		return nil, errors.New("it does not compile; run go build " + path)
	}
}

// sameDir compares two directories, which may have several names.
func sameDir(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// relative shortens a path for messages.
func relative(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	short, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(short, ".."+string(filepath.Separator)+"..") {
		return path
	}
	return short
}
