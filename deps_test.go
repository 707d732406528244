package endpoint_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	modulePath = "github.com/seed217079a1/endpoint"
	httprouter = "github.com/julienschmidt/httprouter"
	validator  = "github.com/go-playground/validator/v10"
	jsonLib    = "github.com/go-json-experiment/json"
	goCmp      = "github.com/google/go-cmp"
	rsCORS     = "github.com/rs/cors"
	scsLib     = "github.com/alexedwards/scs/v2"
)

// A layer is the policy for one package.
type layer struct {
	pkg     string
	imports []string
	reason  string
}

// layers is the policy of this module: what each package may import beside the
// standard library, in its code and not in its tests, and why. "..." stands for
// everything below. A package without a line is a fault, so that each new one
// is placed by a decision.
var layers = []layer{
	{"internal/route", nil, "patterns and overlaps are an algorithm, tested exhaustively without a server"},
	{"internal/funcname", nil, "names functions for anyone, also for nested modules"},
	{"internal/golden", nil, "reads test data; must not know what it tests"},
	{"internal/readme", nil, "compares the README with files and requests; any example may ask it"},
	{"internal/documents", []string{modulePath, modulePath + "/openapi", goCmp + "/cmp"}, "keeps documents of examples as files; for tests"},
	{"internal/migration", nil, "runs the examples of the migration guides; a test alone"},
	{"internal/browser", nil, "drives a Chromium for any test, also of nested modules; knows no service"},
	{"internal/everything", []string{modulePath}, "an API of every form, for tests of what describes and calls APIs"},
	{"internal/leak", nil, "judges goroutines; must not start any of ours"},
	{".", []string{
		modulePath + "/internal/route", modulePath + "/internal/funcname",
		httprouter, validator, jsonLib, jsonLib + "/jsontext", rsCORS, scsLib,
	}, "the library: what it imports, every user gets"},
	{"openapi", []string{modulePath, jsonLib, jsonLib + "/jsontext"}, "builds on the description alone; the root must work without it"},
	{"internal/jsonschema", nil, "judges and makes JSON by schemas; must not share a mistake with what writes them"},
	{"endpointtest", []string{
		modulePath, modulePath + "/openapi", modulePath + "/internal/jsonschema", modulePath + "/internal/golden", goCmp + "/cmp", jsonLib,
	}, "for tests of users; the root must work without it. Holds answers to the document, and reads JSON as the server writes it"},
	{"canister", []string{modulePath}, "one system's protocol on the exported API"},
	{"cmd/endpoint-doc", nil, "reads source; the file it writes knows the API"},
	{"examples/...", []string{modulePath, modulePath + "/openapi", modulePath + "/canister"}, "shows what users can write, so it imports what they can"},
}

// testImports is what tests of this module may import beside their own code.
var testImports = []string{
	goCmp + "/cmp", goCmp + "/cmp/cmpopts",
	modulePath, modulePath + "/internal/...", modulePath + "/endpointtest",
	modulePath + "/testdata/shape", // wrong registrations, compiled and shared with other tools
	scsLib, scsLib + "/memstore",   // sessions of a test end with it
	jsonLib, jsonLib + "/jsontext", httprouter, validator, // as references to compare with
}

// onlyIn names the one file that may import a package.
var onlyIn = map[string]struct{ file, reason string }{
	httprouter: {"find.go", "the compiled form of the routes can be changed in one place"},
	scsLib:     {"session.go", "where sessions come from can be changed in one place"},
	rsCORS:     {"cors_preflight.go", "who judges preflights can be changed in one place"},
	validator:  {"validate.go", "rules are compiled in one place, and its panics are caught there"},
}

// banned packages must not be linked by the library, directly or not.
var banned = map[string]string{
	"net/http/pprof": "it registers handlers on http.DefaultServeMux of the user's program",
	"expvar":         "it registers a handler on http.DefaultServeMux of the user's program",
	"testing":        "it adds flags and weight to every program",
	"plugin":         "it loads code at run time",
}

// requirements is every module that go.mod may require directly.
var requirements = map[string]string{
	httprouter: "the radix tree under the routes; no requirements of its own",
	validator:  "the rules of validate tags, as users know them",
	jsonLib:    "JSON that refuses duplicate names and invalid UTF-8; twice as fast at decoding",
	scsLib:     "sessions, with stores for every database; no requirements of its own",
	rsCORS:     "judges preflights, against many headers too; no requirements of its own",
	goCmp:      "differences in tests and in endpointtest, never in the library",
}

// packageVars is every package-level variable of the library that holds
// anything but an error or a reflect.Type, which are never assigned again.
var packageVars = map[string]string{
	"endpoint.Default":              "the API of the package-level functions, for decorator style",
	"endpoint.encodeOptions":        "options of the JSON library, never assigned again",
	"endpoint.strictOptions":        "options of the JSON library, never assigned again",
	"endpoint.buffers":              "a pool of buffers",
	"endpoint.nullFloats":           "options of the JSON library, never assigned again",
	"endpoint.resourceActions":      "a constant list",
	"endpoint.jsonBuffers":          "a pool of buffers with encoders",
	"endpoint.epoch":                "a constant of each run",
	"endpoint.newline":              "a constant",
	"endpoint.calls":                "a pool of calls that user code cannot keep",
	"endpoint.probes":               "a pool of look-ups",
	"endpoint.jsonMedia":            "a constant of struct type",
	"endpoint.formMedia":            "likewise",
	"endpoint.multipartMedia":       "likewise",
	"endpoint.badForm":              "an error for the client, copied before it is changed",
	"endpoint.badQuery":             "likewise",
	"endpoint.sourceNames":          "a constant list",
	"endpoint.builtin":              "a constant map from type to parameter form",
	"endpoint.framePools":           "a cache by reflect.Type, which alone decides what is in it",
	"endpoint.formSyntax":           "a constant table",
	"endpoint.inputTypes":           "a cache by reflect.Type, which alone decides what is in it",
	"endpoint.bodyTypes":            "likewise",
	"endpoint.authorityOf":          "validator/v10 with the rules of each type, which the type alone decides",
	"endpoint.fastPaths":            "turned off by tests, to prove that nothing changes",
	"endpoint.acceptPass":           "likewise",
	"endpoint.writeTimeout":         "shortened by tests",
	"endpoint.keepAlive":            "shortened by tests",
	"endpoint.typeJSON":             "a header value shared by all answers, never written",
	"endpoint.typeProblem":          "likewise",
	"endpoint.typeText":             "likewise",
	"endpoint.typeOctets":           "likewise",
	"endpoint.typeLines":            "likewise",
	"endpoint.typeEvents":           "likewise",
	"endpoint.noSniff":              "likewise",
	"endpoint.noCache":              "likewise",
	"endpoint.closing":              "likewise",
	"endpoint.noStore":              "likewise",
	"endpoint.errSkygearKey":        "an error that wraps another",
	"endpoint.errSkygearToken":      "likewise",
	"endpoint/openapi.pageTemplate": "an embedded file, never written",
	"endpoint/openapi.pageStyle":    "likewise",
	"endpoint/internal/route.stops": "a table by byte, made once and never written",

	"endpoint/endpointtest.partial":               "a constant list",
	"endpoint/endpointtest.refusals":              "likewise",
	"endpoint/internal/jsonschema.annotations":    "a constant set",
	"endpoint/internal/jsonschema.typeNames":      "a constant list",
	"endpoint/internal/jsonschema.escape":         "how JSON pointers are written, never assigned again",
	"endpoint/internal/jsonschema.unescape":       "likewise",
	"endpoint/internal/jsonschema.alphabets":      "a constant list",
	"endpoint/internal/jsonschema.integerFormats": "a constant table",
	"endpoint/internal/jsonschema.textFormats":    "likewise",
	"endpoint/internal/jsonschema.uuidForm":       "an expression, compiled once",
	"endpoint/internal/jsonschema.hostnameForm":   "likewise",
	"endpoint/internal/jsonschema.durationForm":   "likewise",
}

// A listed package is what go list tells of it.
type listed struct {
	ImportPath                         string
	Dir                                string
	Standard                           bool
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

// goList returns what go list -json prints for the arguments.
func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	out := goOutput(t, append([]string{"list", "-json=ImportPath,Dir,Standard,GoFiles,Imports,TestImports,XTestImports"}, args...)...)
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func goOutput(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// TestLayers checks the direct imports of each package.
func TestLayers(t *testing.T) {
	standard := make(map[string]bool)
	for _, p := range goList(t, "std") {
		standard[p.ImportPath] = true
	}
	for _, p := range goList(t, "./...") {
		rel := relative(p.ImportPath)
		i := slices.IndexFunc(layers, func(l layer) bool { return covers(l.pkg, rel) })
		if i < 0 {
			t.Errorf("package %s has no line in layers: add one, with what it may import and why", rel)
			continue
		}
		for _, imp := range p.Imports {
			if !standard[imp] && imp != "C" && !allowed(imp, layers[i].imports) {
				t.Errorf("%s imports %s: %s", rel, imp, layers[i].reason)
			}
		}
		for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
			if !standard[imp] && imp != p.ImportPath && !allowed(imp, testImports) && !allowed(imp, layers[i].imports) {
				t.Errorf("tests of %s import %s: tests use the standard library and go-cmp", rel, imp)
			}
		}
	}
}

// relative returns an import path without the module's, "." for the root.
func relative(importPath string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(importPath, modulePath), "/")
	if rel == "" {
		return "."
	}
	return rel
}

func allowed(imp string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, imp) })
}

// covers reports whether a path is the pattern, or below a pattern "a/...".
func covers(pattern, p string) bool {
	if below, ok := strings.CutSuffix(pattern, "..."); ok {
		return strings.HasPrefix(p, below)
	}
	return p == pattern
}

// TestLinked checks everything that a user's program gets from the root.
func TestLinked(t *testing.T) {
	for _, p := range goList(t, "-deps", ".") {
		if reason, ok := banned[p.ImportPath]; ok {
			t.Errorf("the library links %s: %s", p.ImportPath, reason)
		}
		if strings.HasPrefix(p.ImportPath, modulePath) && slices.Contains(p.Imports, "unsafe") {
			t.Errorf("%s imports unsafe: a fault of ours must not break memory", p.ImportPath)
		}
		if strings.HasPrefix(p.ImportPath, goCmp) {
			t.Errorf("the library links %s: %s", p.ImportPath, requirements[goCmp])
		}
	}
}

// TestOneImporter checks that a library is imported by one file alone.
func TestOneImporter(t *testing.T) {
	for _, p := range libraryPackages(t) {
		for _, f := range p.files {
			file := filepath.ToSlash(p.fset.Position(f.Package).Filename)
			for _, spec := range f.Imports {
				imp := strings.Trim(spec.Path.Value, `"`)
				if only, ok := onlyIn[imp]; ok && file != only.file {
					t.Errorf("%s imports %s, which only %s may: %s", file, imp, only.file, only.reason)
				}
			}
		}
	}
}

// TestRequirements checks the direct requirements in go.mod.
func TestRequirements(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace, Tool []any
	}
	if err := json.Unmarshal(goOutput(t, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	direct := make(map[string]bool)
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct[r.Path] = true
		if requirements[r.Path] == "" {
			t.Errorf("go.mod requires %s: every user gets it; use what is there, make a nested module, or add it here with the reason", r.Path)
		}
	}
	for path, reason := range requirements {
		if !direct[path] {
			t.Errorf("go.mod does not require %s directly (%s): run go mod tidy, or remove it here", path, reason)
		}
	}
	if len(mod.Replace) > 0 || len(mod.Tool) > 0 {
		t.Errorf("go.mod has %d replace and %d tool lines: users do not get the first and do get the second", len(mod.Replace), len(mod.Tool))
	}
}

// TestPackageState checks that importing the library does nothing and that
// nothing is shared between two APIs.
func TestPackageState(t *testing.T) {
	used := make(map[string]bool)
	for _, p := range libraryPackages(t) {
		for _, f := range p.files {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: an init function: importing the library must do nothing", p.fset.Position(fn.Pos()))
				}
				for _, name := range stateNames(d) {
					used[p.name+"."+name.Name] = true
					if packageVars[p.name+"."+name.Name] == "" {
						t.Errorf("%s: variable %s: state hangs from an API; or add %q to packageVars with the reason",
							p.fset.Position(name.Pos()), name.Name, p.name+"."+name.Name)
					}
				}
			}
		}
	}
	for name := range packageVars {
		if !used[name] {
			t.Errorf("packageVars names %s, which does not exist: remove it", name)
		}
	}
}

// stateNames returns the variables of a declaration, without errors, types of
// package reflect and interface assertions.
func stateNames(d ast.Decl) []*ast.Ident {
	gen, ok := d.(*ast.GenDecl)
	if !ok || gen.Tok != token.VAR {
		return nil
	}
	var names []*ast.Ident
	for _, spec := range gen.Specs {
		s := spec.(*ast.ValueSpec)
		for i, name := range s.Names {
			if name.Name == "_" || i < len(s.Values) && constantCall(s.Values[i]) {
				continue
			}
			names = append(names, name)
		}
	}
	return names
}

// constantCall reports whether an expression makes an error or a reflect.Type.
func constantCall(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	fun := call.Fun
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && slices.Contains([]string{"errors.New", "reflect.TypeFor", "reflect.TypeOf"}, pkg.Name+"."+sel.Sel.Name)
}
