package main

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/token"
	"go/types"
)

// A key names what a comment is of: the import path of its package, "" for the
// program that gets the file, and its name there.
type key struct{ path, name string }

// A remark is what the source says of a name.
type remark struct {
	text string
	enum []string // the values of a type, as JSON text
}

// collect adds what the comments of a package say.
func (p *source) collect(found map[key]remark) {
	add := func(name string, r remark) {
		if r.text != "" || len(r.enum) > 0 {
			found[key{p.path, name}] = r
		}
	}
	links := p.links()
	passed := p.passed()
	enums := p.enums()
	fields := map[*types.Var]string{}
	for _, f := range p.files {
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if name := functionName(decl); name != "" && (decl.Name.IsExported() || passed[decl.Name.Name]) {
					add(name, remark{text: clean(links, decl.Doc)})
				}
			case *ast.GenDecl:
				for _, t := range typeSpecs(decl) {
					r := remark{text: clean(links, docOf(decl, t)), enum: enums[t.Name.Name]}
					if isOpen(docOf(decl, t)) {
						r.enum = nil
					}
					add(t.Name.Name, r)
					p.fieldTexts(links, t, fields)
				}
			}
		}
	}
	for name, text := range p.membersOf(fields) {
		add(name, remark{text: text})
	}
}

// links is a parser of comments that knows what a link can name.
func (p *source) links() *comment.Parser {
	pkg, err := doc.NewFromFiles(p.fset, p.files, p.object.Path(), doc.AllDecls|doc.PreserveAST)
	if err != nil {
		return new(comment.Parser) // links keep their brackets
	}
	return pkg.Parser()
}

// passed returns the names that are used other than to declare or call what
// they name, as an endpoint is registered.
func (p *source) passed() map[string]bool {
	other := map[*ast.Ident]bool{}
	names := map[string]bool{}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				other[n.Name] = true
			case *ast.CallExpr:
				other[typeName(n.Fun)] = true
			case *ast.Ident:
				if !other[n] {
					names[n.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// functionName is the name of a function, or of a method with its type. It is
// "" for what no endpoint can name.
func functionName(f *ast.FuncDecl) string {
	name := f.Name.Name
	if f.Recv == nil {
		if name == "_" || name == "init" || name == "main" {
			return ""
		}
		return name
	}
	if len(f.Recv.List) == 0 {
		return ""
	}
	owner := typeName(f.Recv.List[0].Type)
	if owner == nil || owner.Name == "_" || name == "_" {
		return ""
	}
	return owner.Name + "." + name
}

// typeName is the identifier of a type or function without its package and
// type arguments.
func typeName(e ast.Expr) *ast.Ident {
	for {
		switch t := e.(type) {
		case *ast.Ident:
			return t
		case *ast.ParenExpr:
			e = t.X
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.SelectorExpr:
			return t.Sel
		default:
			return nil
		}
	}
}

// typeSpecs returns the types that a declaration makes. Another name of a type
// is none: values do not know it.
func typeSpecs(d *ast.GenDecl) []*ast.TypeSpec {
	var list []*ast.TypeSpec
	for _, spec := range d.Specs {
		if t, ok := spec.(*ast.TypeSpec); ok && !t.Assign.IsValid() && t.Name.Name != "_" {
			list = append(list, t)
		}
	}
	return list
}

// docOf is the comment of a type, which stands above "type" if that is alone.
func docOf(d *ast.GenDecl, t *ast.TypeSpec) *ast.CommentGroup {
	if t.Doc == nil && !d.Lparen.IsValid() {
		return d.Doc
	}
	return t.Doc
}

// fieldTexts notes the comments of the fields that a type is written with.
func (p *source) fieldTexts(links *comment.Parser, t *ast.TypeSpec, texts map[*types.Var]string) {
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		group := f.Doc
		if group == nil {
			group = f.Comment
		}
		text := clean(links, group)
		names := f.Names
		if names == nil {
			names = []*ast.Ident{typeName(f.Type)}
		}
		for _, name := range names {
			if v, ok := p.info.Defs[name].(*types.Var); ok && text != "" {
				texts[v] = text
			}
		}
	}
}

// membersOf returns the comments of the exported fields of all types, by type
// and field. A type that is made of another one has its fields, and so their
// comments.
func (p *source) membersOf(texts map[*types.Var]string) map[string]string {
	found := map[string]string{}
	scope := p.object.Scope()
	for _, name := range scope.Names() {
		t, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || t.IsAlias() {
			continue
		}
		s, ok := t.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for f := range s.Fields() {
			if text := texts[f.Origin()]; text != "" && token.IsExported(f.Name()) {
				found[name+"."+f.Name()] = text
			}
		}
	}
	return found
}
