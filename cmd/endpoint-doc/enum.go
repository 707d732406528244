package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// enums returns the values of the types whose constants name them all, by type
// and in the order of the source.
func (p *source) enums() map[string][]string {
	constants := map[string][]*types.Const{}
	flags := map[string]bool{} // types whose constants add up
	for _, f := range p.files {
		for _, decl := range f.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				p.group(d, constants, flags)
			}
		}
	}
	enums := map[string][]string{}
	for name, list := range constants {
		if values := values(list); len(values) > 1 && !flags[name] {
			enums[name] = values
		}
	}
	return enums
}

// group adds the constants of a declaration to those of their types.
func (p *source) group(d *ast.GenDecl, constants map[string][]*types.Const, flags map[string]bool) {
	shifts := false
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		if len(s.Values) > 0 { // without values, those above are repeated
			shifts = slices.ContainsFunc(s.Values, hasShift)
		}
		for _, name := range s.Names {
			c, ok := p.info.Defs[name].(*types.Const)
			if !ok || name.Name == "_" {
				continue
			}
			if t, ok := types.Unalias(c.Type()).(*types.Named); ok && t.Obj().Pkg() == p.object {
				of := t.Obj().Name()
				constants[of] = append(constants[of], c)
				flags[of] = flags[of] || shifts
			}
		}
	}
}

func hasShift(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryExpr)
		found = found || ok && b.Op == token.SHL
		return !found
	})
	return found
}

// values returns the values of constants as JSON text, each once. An unexported
// one beside exported ones, such as the number of the others, is no value.
func values(list []*types.Const) []string {
	if slices.ContainsFunc(list, (*types.Const).Exported) {
		list = slices.DeleteFunc(list, func(c *types.Const) bool { return !c.Exported() })
	}
	var texts []string
	for _, c := range list {
		text := jsonText(c.Val())
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// jsonText is "" for what is neither a string nor a number.
func jsonText(v constant.Value) string {
	switch v.Kind() {
	case constant.String:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(constant.StringVal(v)) // a string can be encoded
		return strings.TrimSpace(b.String())
	case constant.Int:
		return v.ExactString()
	case constant.Float:
		f, _ := constant.Float64Val(v)
		text, _ := json.Marshal(f) // a constant is finite
		return string(text)
	}
	return ""
}
