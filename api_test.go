package endpoint_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// update makes the tests that compare with files of testdata rewrite them.
var update = flag.Bool("update", false, "rewrite the files of testdata that tests compare with")

const apiFile = "testdata/api.txt"

// TestAPI compares the exported declarations with a file that is read in
// review: a line that goes or changes there breaks somebody's program.
func TestAPI(t *testing.T) {
	var lines []string
	for _, p := range publicPackages(t) {
		for _, decl := range p.decls() {
			lines = append(lines, p.name+": "+decl.text)
		}
	}
	slices.Sort(lines)
	got := strings.Join(slices.Compact(lines), "\n") + "\n"
	if *update {
		if err := os.WriteFile(apiFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatalf("%v: run go test -run TestAPI -update", err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("the exported API differs from %s (-file +code); if that is meant, run make api:\n%s", apiFile, d)
	}
}

// TestDocumented asks for a comment on every exported function, method, type,
// constant and variable, and on every public package.
func TestDocumented(t *testing.T) {
	for _, p := range publicPackages(t) {
		if !slices.ContainsFunc(p.files, func(f *ast.File) bool { return f.Doc != nil }) {
			t.Errorf("package %s has no comment", p.name)
		}
		for _, decl := range p.decls() {
			if !decl.documented {
				t.Errorf("%s: %s: %s has no comment", p.fset.Position(decl.pos), p.name, decl.text)
			}
		}
	}
}

// A sourcePackage is the parsed source of a package.
type sourcePackage struct {
	name  string // "endpoint", "endpoint/openapi"
	fset  *token.FileSet
	files []*ast.File
}

// publicPackages parses the packages that users can import from this module.
func publicPackages(t *testing.T) []sourcePackage {
	t.Helper()
	return slices.DeleteFunc(libraryPackages(t), func(p sourcePackage) bool {
		return slices.Contains(strings.Split(p.name, "/"), "internal")
	})
}

// libraryPackages parses the packages of this module, without tests, programs
// and nested modules.
func libraryPackages(t *testing.T) []sourcePackage {
	t.Helper()
	byDir := make(map[string]*sourcePackage)
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(file)
		case !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		p := byDir[dir]
		if p == nil {
			p = &sourcePackage{name: path.Join("endpoint", dir), fset: token.NewFileSet()}
			byDir[dir] = p
		}
		f, err := parser.ParseFile(p.fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.files = append(p.files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var packages []sourcePackage
	for _, p := range byDir {
		if p.files[0].Name.Name != "main" {
			packages = append(packages, *p)
		}
	}
	slices.SortFunc(packages, func(a, b sourcePackage) int { return strings.Compare(a.name, b.name) })
	return packages
}

// skipDir leaves out directories that hold no package of this module.
func skipDir(dir string) error {
	base := filepath.Base(dir)
	switch {
	case dir == ".":
		return nil
	case base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"):
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

// A declaration is one line of the API.
type declaration struct {
	text       string
	pos        token.Pos
	documented bool
}

// decls returns the exported declarations. A struct field or interface method
// is a line of its own; it is documented by its type.
func (p sourcePackage) decls() []declaration {
	var decls []declaration
	for _, f := range p.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if text, ok := p.funcText(d); ok {
					decls = append(decls, declaration{text, d.Pos(), d.Doc != nil})
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					decls = append(decls, p.specDecls(d, spec)...)
				}
			}
		}
	}
	return decls
}

// funcText returns "func F(...)" or "method (*T) M(...)", and false for what is
// not exported.
func (p sourcePackage) funcText(d *ast.FuncDecl) (string, bool) {
	if !d.Name.IsExported() {
		return "", false
	}
	signature := d.Name.Name + strings.TrimPrefix(p.text(d.Type), "func")
	if d.Recv == nil {
		return "func " + signature, true
	}
	receiver := p.text(d.Recv.List[0].Type)
	if name := strings.TrimPrefix(receiver, "*"); !token.IsExported(name) {
		return "", false
	}
	return fmt.Sprintf("method (%s) %s", receiver, signature), true
}

func (p sourcePackage) specDecls(d *ast.GenDecl, spec ast.Spec) []declaration {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return p.typeDecls(s, d.Doc != nil || s.Doc != nil || s.Comment != nil)
	case *ast.ValueSpec:
		return p.valueDecls(d.Tok.String(), s, d.Doc != nil || s.Doc != nil || s.Comment != nil)
	}
	return nil
}

// valueDecls returns constants and variables with their type, or with their
// value where the type is not written.
func (p sourcePackage) valueDecls(token string, s *ast.ValueSpec, documented bool) []declaration {
	var decls []declaration
	for i, name := range s.Names {
		if !name.IsExported() {
			continue
		}
		text := token + " " + name.Name
		if s.Type != nil {
			text += " " + p.text(s.Type)
		}
		if i < len(s.Values) && (s.Type == nil || token == "const") {
			text += " = " + p.text(s.Values[i])
		}
		decls = append(decls, declaration{text, name.Pos(), documented})
	}
	return decls
}

// typeDecls returns a type, and a line for each exported field or method of a
// struct or interface.
func (p sourcePackage) typeDecls(s *ast.TypeSpec, documented bool) []declaration {
	if !s.Name.IsExported() {
		return nil
	}
	head := "type " + s.Name.Name
	if s.TypeParams != nil {
		params := p.text(&ast.FuncType{Func: token.NoPos, TypeParams: s.TypeParams, Params: &ast.FieldList{}})
		head += strings.TrimSuffix(strings.TrimPrefix(params, "func"), "()")
	}
	if s.Assign.IsValid() {
		return []declaration{{head + " = " + p.text(s.Type), s.Pos(), documented}}
	}
	var members []string
	switch typ := s.Type.(type) {
	case *ast.StructType:
		head, members = head+" struct", p.members(typ.Fields, " ")
	case *ast.InterfaceType:
		head, members = head+" interface", p.members(typ.Methods, "")
	default:
		return []declaration{{head + " " + p.text(s.Type), s.Pos(), documented}}
	}
	decls := []declaration{{head, s.Pos(), documented}}
	for _, text := range members {
		decls = append(decls, declaration{head + ", " + text, s.Pos(), true})
	}
	return decls
}

// members returns the exported fields or methods, with the tags of fields. An
// unexported one is told once, since nobody else can make such a value or type.
// The separator stands between name and type: fields have one, methods none.
func (p sourcePackage) members(list *ast.FieldList, separator string) []string {
	var texts []string
	for _, f := range list.List {
		text := p.text(f.Type)
		if separator == "" {
			text = strings.TrimPrefix(text, "func")
		}
		if f.Tag != nil {
			text += " " + f.Tag.Value
		}
		if len(f.Names) == 0 {
			texts = append(texts, "embedded "+text)
		}
		for _, name := range f.Names {
			if name.IsExported() {
				texts = append(texts, name.Name+separator+text)
			} else {
				texts = append(texts, "unexported members")
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// text prints a node on one line.
func (p sourcePackage) text(node any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, p.fset, node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
