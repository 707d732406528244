package openapi

import (
	"strconv"
	"strings"
	"testing"
)

// readYAML reads the part of YAML that appendYAML writes: lines of block style,
// plain and double-quoted scalars.
type readYAML struct {
	t     *testing.T
	lines []string
}

// value reads the block whose lines are indented by at least so much.
func (r *readYAML) value(indent int) any {
	if strings.HasPrefix(strings.TrimLeft(r.lines[0], " "), "-") && len(r.lines[0])-len(strings.TrimLeft(r.lines[0], " ")) == indent {
		list := []any{}
		for len(r.lines) > 0 && strings.HasPrefix(r.lines[0], strings.Repeat(" ", indent)+"-") {
			rest := r.lines[0][indent+1:]
			if block := strings.TrimPrefix(rest, " "); strings.HasPrefix(block, "-") || isEntry(block) {
				r.lines[0] = strings.Repeat(" ", indent+2) + block
				list = append(list, r.value(indent+2))
				continue
			}
			r.lines = r.lines[1:]
			list = append(list, r.scalar(strings.TrimPrefix(rest, " ")))
		}
		return list
	}
	o := &object{}
	for len(r.lines) > 0 && len(r.lines[0])-len(strings.TrimLeft(r.lines[0], " ")) == indent {
		line := r.lines[0][indent:]
		end := entryEnd(line)
		if end < 0 {
			r.t.Fatalf("no entry: %q", line)
		}
		name, _ := r.scalar(line[:end]).(string)
		rest := strings.TrimPrefix(line[end+1:], " ")
		r.lines = r.lines[1:]
		if rest != "" {
			o.members = append(o.members, objectMember{name, r.scalar(rest)})
			continue
		}
		o.members = append(o.members, objectMember{name, r.value(indent + 2)})
	}
	return o
}

func isEntry(s string) bool { return entryEnd(s) >= 0 }

// entryEnd returns where the name of an entry ends, -1 if s is none.
func entryEnd(s string) int {
	if strings.HasPrefix(s, `"`) {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil || !strings.HasPrefix(s[len(quoted):], ":") {
			return -1
		}
		return len(quoted)
	}
	i := strings.Index(s, ":")
	if i < 0 || i+1 < len(s) && s[i+1] != ' ' {
		return -1
	}
	return i
}

func (r *readYAML) scalar(s string) any {
	switch s {
	case "{}":
		return &object{}
	case "[]":
		return []any{}
	case "true", "false":
		return s == "true"
	case "null":
		return nil
	}
	if strings.HasPrefix(s, `"`) {
		text, err := strconv.Unquote(s)
		if err != nil {
			r.t.Fatalf("%v: %s", err, s)
		}
		return text
	}
	if c := s[0]; c == '-' || '0' <= c && c <= '9' {
		return number(s)
	}
	if strings.ContainsAny(s, "#:,[]&*!|>'\"%@`") {
		r.t.Fatalf("%q needs quotes", s)
	}
	return s
}

// TestYAML writes trees as YAML and reads them again.
func TestYAML(t *testing.T) {
	for _, c := range []struct{ reason, json string }{
		{"scalars", `{"a":"text","b":1,"c":-1.5e300,"d":true,"e":null,"f":""}`},
		{"empty collections", `{"a":{},"b":[],"c":[[],{}],"d":[{"e":{}}]}`},
		{"lists in lists", `{"a":[[1,[2,"3"]],["x",{"y":[{"z":1,"w":2},4]}]]}`},
		{"what looks like something else", `["true","No","on","null","~","1","1e3","0x1","2020-01-01","y","-","- a","a: b","a #b","#","","  ","a ","?","!x","&x","*x","%x","@x","` + "`" + `","[","{","a,b","=","<<",".inf","NaN"]`},
		{"names", `{"200":1,"$ref":"#/a/b","/users/{id}":2,"x-y":3,"a b":4,"*/*":5,"":6,"yes":7,"application/json":8}`},
		{"controls and lines", `["a\nb","\t","\u0000","\u007f\u0085\u00a0\u2028\ufeff","\\\"'","emoji 😀","é"]`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			want, err := parseTree([]byte(c.json))
			if err != nil {
				t.Fatal(err)
			}
			checkYAML(t, want)
		})
	}
}

// FuzzYAML writes any JSON as YAML and reads it again.
func FuzzYAML(f *testing.F) {
	f.Add(`{"a":[{"b":"c: d"},[1,"x\ny"]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		want, err := parseTree([]byte(text))
		if err != nil || !isCollection(want) || isEmpty(want) {
			return
		}
		checkYAML(t, want)
	})
}

func checkYAML(t *testing.T, want any) {
	t.Helper()
	text := string(appendYAML(nil, want, 0))
	r := &readYAML{t: t, lines: strings.Split(text, "\n")}
	got := r.value(0)
	if g, w := string(appendJSON(nil, got, 0)), string(appendJSON(nil, want, 0)); g != w || len(r.lines) > 0 {
		t.Errorf("read again it is\n%s\nnot\n%s\nfrom\n%s", g, w, text)
	}
}
