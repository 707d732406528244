package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// generated returns what the command writes with these arguments.
func generated(t *testing.T, args ...string) []byte {
	t.Helper()
	s, err := parse(args, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	home, packages, err := load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	text, err := render(s.variable, home, packages)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := render(s.variable, home, packages); !bytes.Equal(again, text) {
		t.Errorf("twice the same source gives two texts:\n%s", cmp.Diff(string(text), string(again)))
	}
	return text
}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		reason, golden string
		args           []string
	}{
		{"comments of every kind", "shop", []string{"-o", "testdata/shop/endpoint_doc.go", "./testdata/shop"}},
		{"a build tag, two packages and another variable", "tagged", []string{"-o", "testdata/shop/texts.go", "-var", "texts", "-tags", "shop_tag", "./testdata/shop/..."}},
		{"a program, whose types have another path in its tests", "program", []string{"-o", "testdata/program/endpoint_doc.go", "./testdata/program", "./testdata/shop/stock"}},
		{"a file that is broken is made anew", "stale", []string{"-o", "testdata/stale/endpoint_doc.go", "./testdata/stale"}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			got := generated(t, c.args...)
			file := filepath.Join("testdata", c.golden+".golden")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-file +now):\n%s", c.reason, diff)
			}
		})
	}
}

// TestExamples checks that the examples have what the command would write.
func TestExamples(t *testing.T) {
	found, err := filepath.Glob("../../examples/*/endpoint_doc.go")
	if err != nil || len(found) == 0 {
		t.Fatalf("%d files, %v", len(found), err)
	}
	for _, file := range found {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Chdir(filepath.Dir(file))
			if err := run(t.Context(), []string{"-check"}, t.Output()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		reason string
		args   []string
		want   string // part of the message
	}{
		{"every fault of syntax with its line", []string{"-o", "testdata/broken/syntax/endpoint_doc.go", "./testdata/broken/syntax"}, "testdata/broken/syntax/syntax.go:8:6: "},
		{"a type that does not exist", []string{"-o", "testdata/broken/types/endpoint_doc.go", "./testdata/broken/types"}, "testdata/broken/types/types.go:4:18: undefined: Missing"},
		{"a package that does not exist", []string{"-o", "testdata/broken/missing/endpoint_doc.go", "./testdata/broken/missing"}, "testdata/broken/missing/missing.go:3:8: could not import example.com/nowhere"},
		{"nothing to read", []string{"-o", "testdata/broken/empty/endpoint_doc.go", "./testdata/broken/empty"}, "has no Go files beside the one"},
		{"no such directory", []string{"./testdata/nothing"}, "nothing"},
		{"no packages", []string{"./testdata/..."}, "./testdata/... matches no packages"},
		{"no package to write for", []string{"-o", "testdata/endpoint_doc.go", "./testdata/shop"}, "no Go package in testdata"},
		{"a program elsewhere", []string{"-o", "testdata/shop/endpoint_doc.go", "./testdata/program"}, "run endpoint-doc there"},
		{"a name that Go does not have", []string{"-var", "a-b"}, `-var "a-b"`},
		{"an unknown flag", []string{"-x"}, "-x"},
		{"a file of somebody else", []string{"-o", "testdata/shop/shop.go", "./testdata/shop/stock"}, "testdata/shop/shop.go was not written by endpoint-doc"},
		{"a check without a file", []string{"-check", "-o", "testdata/shop/endpoint_doc.go", "./testdata/shop"}, "testdata/shop/endpoint_doc.go is missing"},
		{"a check of another file", []string{"-check", "-o", "testdata/shop/enum.go", "./testdata/shop/stock"}, "testdata/shop/enum.go is out of date"},
	} {
		err := run(t.Context(), c.args, t.Output())
		if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), c.want) {
			t.Errorf("%s: %v, want %q", c.reason, err, c.want)
		}
	}
}

// TestProgram compiles a program with the file that is made for it, and finds
// the comments in its document: as a program and as a test, where its types
// have another import path.
func TestProgram(t *testing.T) {
	const file = "testdata/program/endpoint_doc.go"
	dir := t.TempDir()
	made := filepath.Join(dir, "endpoint_doc.go")
	if err := os.WriteFile(made, generated(t, "-o", file, "./testdata/program"), 0o644); err != nil {
		t.Fatal(err)
	}
	place, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{place: made}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		t.Fatal(err)
	}
	program := goOutput(t, "", "run", "-overlay", overlay, "./testdata/program")

	document := filepath.Join(dir, "document.json")
	goOutput(t, document, "test", "-count=1", "-overlay", overlay, "./testdata/program")
	tested, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(tested, program) {
		t.Errorf("the document in a test is another one:\n%s", cmp.Diff(string(program), string(tested)))
	}
	var short bytes.Buffer
	if err := json.Compact(&short, program); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"A Car is what is for sale."`, `"Color is that of the roof."`, `"without the hatch"`,
		`"A Color is one of three."`, `["red","green","blue"]`, `[2,4]`,
		`"Held is what is in it."`, `"listCars returns all cars"`, `"Newest returns the last car that came in`,
	} {
		if !strings.Contains(short.String(), want) {
			t.Errorf("the document does not say %s:\n%s", want, program)
		}
	}
}

// goOutput runs the go command.
func goOutput(t *testing.T, document string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "DOCUMENT="+document)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return out
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "endpoint_doc.go")
	for _, text := range []string{header + "package a\n", header + "package a\n", header + "package b\n"} {
		if err := replace(file, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := compare(file, []byte(text)); err != nil {
			t.Error(err)
		}
	}
}

// FuzzSource reads source of any kind. What can be read at all must give a Go
// file, the same each time.
func FuzzSource(f *testing.F) {
	for _, file := range []string{"testdata/shop/enum.go", "testdata/shop/stock/stock.go", "testdata/broken/syntax/syntax.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("package a\n// T [T] * _x_ `\ntype T[P any] struct { U; *V; _ int // x\n}\ntype U = int\nconst _, a T = 1, 2\nfunc (T) _() {}\nfunc () m() {}\nfunc (a, b T) n() {}")
	f.Add("package a\ntype T string\nconst ( A T = \"\\xff\"\nB T = \"\\u2028\"\nC T = A + B )\ntype F float64\nconst X F, Y F = 1e400, 1e-400")
	f.Fuzz(func(t *testing.T, text string) {
		first, ok := fuzzed(t, text)
		if !ok {
			return
		}
		if _, err := parser.ParseFile(token.NewFileSet(), "x.go", first, 0); err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		if again, _ := fuzzed(t, text); !bytes.Equal(first, again) {
			t.Errorf("two texts:\n%s\n%s", first, again)
		}
	})
}

// fuzzed generates a file from one of source.
func fuzzed(t *testing.T, text string) ([]byte, bool) {
	p := parsing{fset: token.NewFileSet()}
	p.add("a.go", text)
	if first(p.faults) != nil {
		return nil, false
	}
	s, err := p.check(&listing{ImportPath: "example.com/a", Name: p.files[0].Name.Name}, types.Config{})
	if err != nil {
		return nil, false
	}
	found := map[key]remark{}
	s.collect(found)
	out, err := write("docComments", &listing{Name: "a"}, found)
	if err != nil {
		t.Fatal(err)
	}
	return out, true
}

// TestClean checks comments that no golden file shows well.
func TestClean(t *testing.T) {
	for _, c := range []struct{ reason, comment, want string }{
		{"nothing", "//", ""},
		{"a directive alone", "//go:noinline", ""},
		{"a suppression with a space", "// nolint: errcheck", ""},
		{"a suppression in the middle", "// One\n// #nosec G1 -- why\n// two.", "One two."},
		{"a task alone", "// TODO: all", ""},
		{"a word that begins like a task", "// TODOS are kept.", "TODOS are kept."},
		{"a number with a sign", "// +1 is the offset.", "+1 is the offset."},
		{"a heading", "// # Title\n//\n// Text.", "# Title\n\nText."},
		{"a link with its address", "// See [the page].\n//\n// [the page]: https://example.com/", "See [the page](https://example.com/)."},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\n"+c.comment+"\nvar X int", parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		s := &source{fset: token.NewFileSet(), files: []*ast.File{f}, object: types.NewPackage("a", "a")}
		got := clean(s.links(), f.Decls[0].(*ast.GenDecl).Doc)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.reason, got, c.want)
		}
	}
}
