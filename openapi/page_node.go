package openapi

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A pageNode is a JSON value as the page reads it: members in their order, and
// no complaint of one that is missing or of another kind, which the page then
// leaves out.
type pageNode struct {
	kind    jsontext.Kind // 0 for one that is missing
	text    string        // of a string, as it is; of other scalars, as JSON
	raw     string        // as JSON
	members []pageMember
	items   []pageNode
}

type pageMember struct {
	name  string
	value pageNode
}

// parsePage reads a document.
func parsePage(doc []byte) (pageNode, error) {
	root, err := readNode(jsontext.NewDecoder(bytes.NewReader(doc)))
	if err != nil {
		return pageNode{}, fmt.Errorf("openapi: the page of the document: %w", err)
	}
	return root, nil
}

func readNode(d *jsontext.Decoder) (pageNode, error) {
	switch d.PeekKind() {
	case '{':
		return readMembers(d)
	case '[':
		return readItems(d)
	}
	raw, err := d.ReadValue()
	if err != nil {
		return pageNode{}, err
	}
	n := pageNode{kind: raw.Kind(), text: string(raw), raw: string(raw)}
	if n.kind == '"' {
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return pageNode{}, err
		}
		n.text = string(text)
	}
	return n, nil
}

func readMembers(d *jsontext.Decoder) (pageNode, error) {
	n := pageNode{kind: '{'}
	if _, err := d.ReadToken(); err != nil {
		return n, err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return n, err
		}
		m := pageMember{name: name.String()}
		if m.value, err = readNode(d); err != nil {
			return n, err
		}
		n.members = append(n.members, m)
	}
	_, err := d.ReadToken()
	return n, err
}

func readItems(d *jsontext.Decoder) (pageNode, error) {
	n := pageNode{kind: '['}
	if _, err := d.ReadToken(); err != nil {
		return n, err
	}
	for d.PeekKind() != ']' {
		item, err := readNode(d)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, item)
	}
	_, err := d.ReadToken()
	return n, err
}

// get returns the value below a path of members.
func (n pageNode) get(path ...string) pageNode {
	for _, name := range path {
		n = n.member(name)
	}
	return n
}

func (n pageNode) member(name string) pageNode {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return pageNode{}
}

// string returns the text of a string, "" for anything else.
func (n pageNode) string(path ...string) string {
	if n = n.get(path...); n.kind == '"' {
		return n.text
	}
	return ""
}

func (n pageNode) true(path ...string) bool { return n.get(path...).kind == 't' }

// json returns a value in one line of JSON, short ones only; longer ones end
// in "…".
func (n pageNode) json() string {
	const limit = 300
	var b strings.Builder
	n.write(&b, limit)
	if text := b.String(); len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return b.String()
}

// write stops soon after the limit.
func (n pageNode) write(b *strings.Builder, limit int) {
	switch n.kind {
	case '{':
		b.WriteByte('{')
		for i, m := range n.members {
			if b.Len() > limit {
				return
			}
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(pageQuote(m.name) + ": ")
			m.value.write(b, limit)
		}
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		for i, item := range n.items {
			if b.Len() > limit {
				return
			}
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b, limit)
		}
		b.WriteByte(']')
	default:
		b.WriteString(n.raw)
	}
}

// pageQuote returns a text as JSON.
func pageQuote(text string) string {
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil { // invalid UTF-8, which no parsed document has
		return `""`
	}
	return string(quoted)
}

// follow returns what a reference within the document leads to, and the value
// itself if it is none. A reference that leads nowhere, or to another one more
// often than a document has reason to, is an empty value.
func (n pageNode) follow(root pageNode) pageNode {
	for range 8 {
		ref := n.string("$ref")
		if ref == "" {
			return n
		}
		pointer, ok := strings.CutPrefix(ref, "#/")
		if !ok {
			return pageNode{}
		}
		n = root
		for name := range strings.SplitSeq(pointer, "/") {
			n = n.member(strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
		}
	}
	return pageNode{}
}
