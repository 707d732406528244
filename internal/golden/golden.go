// Package golden reads and writes the sectioned text files of testdata.
//
// A file is a list of cases. Text before the first case is a comment that is
// kept. Each case has a name, a reason and sections:
//
//	# case: unknown member
//	# reason: a member that no field names is ignored
//	-- request --
//	POST /users
//
//	{"nick":"al"}
//	-- response --
//	201 Created
//
// A section ends at the next marker; blank lines at its end belong to the
// layout of the file, not to the section, so every text is read with one line
// feed at its end, or as "" if it holds blank lines only. CRLF is read as LF. A line of a text that
// would read as a marker is written with a backslash before it.
package golden

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// A Case is one example of a file.
type Case struct {
	Name     string // unique in its file, one line
	Reason   string // why the case exists, one line, never empty
	Line     int    // of "# case:" in the file; 0 for a case that was not read
	Sections []Section
}

// A Section is a named text of a case.
type Section struct {
	Name string // unique in its case, one line
	Text string
}

// Get returns the text of a section, or "" if the case has none of that name.
func (c *Case) Get(name string) string {
	for _, s := range c.Sections {
		if s.Name == name {
			return s.Text
		}
	}
	return ""
}

// Set replaces the text of a section, or adds the section at the end.
func (c *Case) Set(name, text string) {
	for i := range c.Sections {
		if c.Sections[i].Name == name {
			c.Sections[i].Text = text
			return
		}
	}
	c.Sections = append(c.Sections, Section{name, text})
}

const (
	caseMark   = "# case: "
	reasonMark = "# reason: "
)

// Read reads a file of cases. The error joins all faults of the file, each
// with file and line.
func Read(path string) ([]Case, error) {
	_, cases, err := read(path)
	return cases, err
}

// Write replaces the cases of a file, keeping the text before the first case,
// and makes the file if it is missing. It writes nothing if the present file is
// faulty, or if the cases could not be read again as they are.
func Write(path string, cases []Case) error {
	head, _, err := read(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data := format(head, cases)
	_, again, err := parse(path, data)
	if err != nil {
		return fmt.Errorf("not written: %w", err)
	}
	if len(again) != len(cases) || !bytes.Equal(format(head, again), data) {
		return fmt.Errorf("not written: %s: a name or reason of a case is more than one line", path)
	}
	return os.WriteFile(path, data, 0o644)
}

func read(path string) (head string, cases []Case, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	return parse(path, data)
}

// A parser holds the state between two lines.
type parser struct {
	path  string
	line  int
	head  strings.Builder
	text  strings.Builder // of the open section
	open  bool
	cases []Case
	errs  []error
}

// parse returns the text before the first case, and the cases.
func parse(path string, data []byte) (string, []Case, error) {
	p := parser{path: path}
	for line := range strings.Lines(strings.ReplaceAll(string(data), "\r\n", "\n")) {
		p.line++
		p.take(strings.TrimSuffix(line, "\n"))
	}
	p.finish()
	return trim(p.head.String()), p.cases, errors.Join(p.errs...)
}

func (p *parser) fault(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %w", p.path, p.line, fmt.Errorf(format, args...)))
}

// take reads one line without its line feed.
func (p *parser) take(line string) {
	name, isCase := strings.CutPrefix(line, caseMark)
	section, isSection := sectionName(line)
	switch {
	case isCase:
		p.finish()
		p.startCase(strings.TrimSpace(name))
	case len(p.cases) == 0:
		p.head.WriteString(line + "\n")
	case isSection:
		p.closeSection()
		p.startSection(section)
	case p.open:
		if isMark(strings.TrimLeft(line, `\`)) {
			line = strings.TrimPrefix(line, `\`)
		}
		p.text.WriteString(line + "\n")
	case strings.HasPrefix(line, reasonMark):
		p.last().Reason = strings.TrimSpace(line[len(reasonMark):])
	case strings.TrimSpace(line) != "":
		p.fault("text outside a section: %q: begin a section with %q", line, "-- name --")
	}
}

func (p *parser) last() *Case { return &p.cases[len(p.cases)-1] }

func (p *parser) startCase(name string) {
	for _, c := range p.cases {
		if c.Name == name {
			p.fault("case %q is also at line %d: give it a name of its own", name, c.Line)
		}
	}
	p.cases = append(p.cases, Case{Name: name, Line: p.line})
}

func (p *parser) startSection(name string) {
	for _, s := range p.last().Sections {
		if s.Name == name {
			p.fault("section %q stands twice in case %q: remove one", name, p.last().Name)
		}
	}
	p.last().Sections = append(p.last().Sections, Section{Name: name})
	p.open = true
}

func (p *parser) closeSection() {
	if p.open {
		sections := p.last().Sections
		sections[len(sections)-1].Text = trim(p.text.String())
	}
	p.text.Reset()
	p.open = false
}

// finish closes the last case and judges it.
func (p *parser) finish() {
	p.closeSection()
	if len(p.cases) == 0 {
		return
	}
	c := p.last()
	if c.Name == "" {
		p.fault("case at line %d has no name: write %q", c.Line, caseMark+"name")
	}
	if c.Reason == "" {
		p.fault("case %q has no reason: write %q below its name", c.Name, reasonMark+"why")
	}
	if len(c.Sections) == 0 {
		p.fault("case %q has no section: write %q", c.Name, "-- request --")
	}
}

// format writes cases with one blank line between them.
func format(head string, cases []Case) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for i, c := range cases {
		if i > 0 || head != "" {
			b.WriteByte('\n')
		}
		b.WriteString(caseMark + c.Name + "\n" + reasonMark + c.Reason + "\n")
		for _, s := range c.Sections {
			b.WriteString("-- " + s.Name + " --\n")
			for line := range strings.Lines(trim(s.Text)) {
				if isMark(strings.TrimLeft(line, `\`)) {
					b.WriteByte('\\')
				}
				b.WriteString(line)
			}
		}
	}
	return b.Bytes()
}

// isMark reports whether a line begins a case or a section.
func isMark(line string) bool {
	_, isSection := sectionName(strings.TrimSuffix(line, "\n"))
	return isSection || strings.HasPrefix(line, caseMark)
}

// sectionName returns the name in a line of the form "-- name --".
func sectionName(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	name, ok := strings.CutSuffix(rest, " --")
	return strings.TrimSpace(name), ok && strings.TrimSpace(name) != ""
}

// trim removes blank lines at the end and ensures one line feed.
func trim(text string) string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return ""
	}
	return text + "\n"
}
