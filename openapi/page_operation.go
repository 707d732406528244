package openapi

import (
	"slices"
	"strings"
)

// A pageOperation is one method of a path.
type pageOperation struct {
	Method, Path, Anchor, ID, Summary, Text string
	Deprecated                              bool
	Security                                [][]pageAnchor // alternatives, each of which asks for all of its parts
	Parameters                              []pageParameter
	Body                                    *pageBody
	Responses                               []pageResponse
}

// A pageAnchor names something that the page may have.
type pageAnchor struct{ Name, Anchor string }

// A pageParameter is a parameter or a header.
type pageParameter struct {
	Name, In, Text       string
	Required, Deprecated bool
	Schema               pageSchema
}

type pageBody struct {
	Text     string
	Required bool
	Contents []pageContent
}

type pageResponse struct {
	Status, Text string
	Headers      []pageParameter
	Contents     []pageContent
}

// A pageContent is a body in one media type. Each says that the schema is that
// of every element of a stream.
type pageContent struct {
	Media  string
	Each   bool
	Schema pageSchema
}

func (r *pageReader) operation(method, path string, item, op pageNode) pageOperation {
	o := pageOperation{
		Method: method, Path: path, ID: op.string("operationId"),
		Summary: op.string("summary"), Text: op.string("description"), Deprecated: op.true("deprecated"),
		Security: r.security(op),
	}
	o.Anchor = r.anchor("op", o.ID)
	if o.ID == "" {
		o.Anchor = r.anchor("op", method+path)
	}
	for _, p := range slices.Concat(item.get("parameters").items, op.get("parameters").items) {
		o.Parameters = append(o.Parameters, r.parameter("", p))
	}
	if body := op.get("requestBody").follow(r.root); body.kind != 0 {
		o.Body = &pageBody{Text: body.string("description"), Required: body.true("required"), Contents: r.contents(body)}
	}
	for _, m := range op.get("responses").members {
		response := m.value.follow(r.root)
		answer := pageResponse{Status: m.name, Text: response.string("description"), Contents: r.contents(response)}
		for _, h := range response.get("headers").members {
			answer.Headers = append(answer.Headers, r.parameter(h.name, h.value))
		}
		o.Responses = append(o.Responses, answer)
	}
	return o
}

// parameter reads a parameter, or a header, whose name stands before it.
func (r *pageReader) parameter(name string, n pageNode) pageParameter {
	n = n.follow(r.root)
	p := pageParameter{
		Name: name, In: n.string("in"), Text: n.string("description"),
		Required: n.true("required"), Deprecated: n.true("deprecated"),
	}
	if name == "" {
		p.Name = n.string("name")
	}
	schema := n.get("schema")
	for _, m := range n.get("content").members {
		schema = m.value.get("schema")
	}
	p.Schema = r.schema(schema)
	if p.Schema.Text == p.Text {
		p.Schema.Text = ""
	}
	if p.Text == "" {
		p.Text = p.Schema.Text
	}
	if example := n.get("example"); example.kind != 0 {
		p.Schema.Rules = append(p.Schema.Rules, pageRule{"example", example.json()})
	}
	return p
}

func (r *pageReader) contents(n pageNode) []pageContent {
	var list []pageContent
	for _, m := range n.get("content").members {
		c := pageContent{Media: m.name}
		schema := m.value.get("schema")
		if item := m.value.get("itemSchema"); item.kind != 0 {
			c.Each, schema = true, item
		}
		c.Schema = r.schema(schema)
		list = append(list, c)
	}
	return list
}

// security returns what an operation asks for. An alternative without parts is
// to be without credentials.
func (r *pageReader) security(op pageNode) [][]pageAnchor {
	list := op.get("security")
	if list.kind == 0 {
		list = r.root.get("security")
	}
	var all [][]pageAnchor
	for _, alternative := range list.items {
		var parts []pageAnchor
		for _, m := range alternative.members {
			name := m.name
			if scopes := pageTexts(m.value); len(scopes) > 0 {
				name += " (" + strings.Join(scopes, ", ") + ")"
			}
			parts = append(parts, pageAnchor{name, r.schemes[m.name]})
		}
		if parts == nil {
			parts = []pageAnchor{{Name: "none"}}
		}
		all = append(all, parts)
	}
	return all
}

// pageTexts returns the texts of a list.
func pageTexts(n pageNode) []string {
	var list []string
	for _, item := range n.items {
		if item.kind == '"' {
			list = append(list, item.text)
		}
	}
	return list
}
