package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"slices"
	"strings"
)

// clean returns the text of a comment for readers who do not see the source.
func clean(links *comment.Parser, group *ast.CommentGroup) string {
	if group == nil {
		return ""
	}
	text := group.Text() // without directives such as //go:noinline
	lines := slices.DeleteFunc(strings.Split(text, "\n"), isRemark)
	d := links.Parse(strings.Join(lines, "\n"))
	d.Content = slices.DeleteFunc(d.Content, isTask)
	spellOut(d.Content)
	d.Links = nil
	printer := comment.Printer{TextWidth: -1}
	return strings.TrimSpace(string(printer.Text(d)))
}

// spellOut writes links with an address as Markdown has them.
func spellOut(blocks []comment.Block) {
	for _, b := range blocks {
		switch b := b.(type) {
		case *comment.Paragraph:
			for i, text := range b.Text {
				if link, ok := text.(*comment.Link); ok && !link.Auto {
					label := comment.Doc{Content: []comment.Block{&comment.Paragraph{Text: link.Text}}}
					text := new(comment.Printer).Text(&label)
					b.Text[i] = comment.Plain(fmt.Sprintf("[%s](%s)", bytes.TrimSpace(text), link.URL))
				}
			}
		case *comment.List:
			for _, item := range b.Items {
				spellOut(item.Content)
			}
		}
	}
}

// isRemark reports whether a line speaks to a tool.
func isRemark(line string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	tool, _, _ := strings.Cut(word, ":")
	switch tool {
	case "nolint", "#nosec":
		return true
	case "lint", "revive", "exhaustive":
		return tool != word // a directive with a space in front of it
	}
	return len(word) > 1 && word[0] == '+' && 'a' <= word[1] && word[1] <= 'z' // a marker of a generator
}

// isTask reports whether a paragraph speaks to those who write the source.
func isTask(b comment.Block) bool {
	p, ok := b.(*comment.Paragraph)
	if !ok || len(p.Text) == 0 {
		return false
	}
	text, _ := p.Text[0].(comment.Plain)
	rest := strings.TrimLeft(string(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	switch string(text[:len(text)-len(rest)]) {
	case "TODO", "FIXME", "XXX", "BUG":
		return true
	}
	return false
}

// isOpen reports whether a type has other values than its constants.
func isOpen(group *ast.CommentGroup) bool {
	return group != nil && slices.ContainsFunc(group.List, func(c *ast.Comment) bool {
		return strings.TrimSpace(c.Text) == "//endpoint:open"
	})
}
