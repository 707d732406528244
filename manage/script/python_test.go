package script

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

func TestBlankPython(t *testing.T) {
	tests := []struct{ reason, in, want string }{
		{"nothing to do", "x = 1\n", "x = 1\n"},
		{"an import", "import json\nx = 1\n", "           \nx = 1\n"},
		{"several modules", "import json, hmac ,hashlib\n", "                          \n"},
		{"at the end", "import math", "           "},
		{"with a comment", "import time # now\n", "                 \n"},
		{"with carriage returns", "import time\r\nx\r\n", "           \r\nx\r\n"},
		{"from", "from flask import Request, Response\n", "                                   \n"},
		{"from in parentheses", "from typing import (\n  Any,\n  Dict,\n)\nx\n", "                    \n      \n       \n \nx\n"},
		{"a module that is not known stays", "import os\n", "import os\n"},
		{"one that is not known among others stays", "import json, os\n", "import json, os\n"},
		{"from a module that is not known stays", "from os import path\n", "from os import path\n"},
		{"a submodule stays", "import json.decoder\n", "import json.decoder\n"},
		{"a renaming stays", "import json as j\n", "import json as j\n"},
		{"a renaming of a name stays", "from typing import Any as A\n", "from typing import Any as A\n"},
		{"a star stays", "from math import *\n", "from math import *\n"},
		{"an indented import stays", "if x:\n  import json\n", "if x:\n  import json\n"},
		{"an import in a string stays", "x = '''\nimport json\n'''\n", "x = '''\nimport json\n'''\n"},
		{"an import in brackets stays", "x = (\nimport json\n)", "x = (\nimport json\n)"},
		{"an import that goes on a line stays", "x = \\\nimport json\n", "x = \\\nimport json\n"},
		{"a word that begins alike", "imports = 1\nfromage = 2\n", "imports = 1\nfromage = 2\n"},
		{"annotations", "def f(a: int, *b: Any, **c: Any): pass\n", "def f(a     , *b     , **c     ): pass\n"},
		{"annotations with defaults", "def f(a: int = 1, b=2): pass\n", "def f(a      = 1, b=2): pass\n"},
		{"annotations with brackets", "def f(a: dict[str, int], b): pass\n", "def f(a                , b): pass\n"},
		{"annotations that are strings", "def f(a: 'x, y)', b): pass\n", "def f(a         , b): pass\n"},
		{"a result", "def f(a) -> Response:\n", "def f(a)            :\n"},
		{"a result with brackets", "def f() -> dict[str: int] :\n", "def f()                   :\n"},
		{"lambda defaults stay", "def f(a=lambda x, y: 1, b: int=2): pass\n", "def f(a=lambda x, y: 1, b     =2): pass\n"},
		{"dict defaults stay", "def f(a={1: 2}, b: int=3): pass\n", "def f(a={1: 2}, b     =3): pass\n"},
		{"slices in defaults stay", "def f(a=x[1:2], b: int=3): pass\n", "def f(a=x[1:2], b     =3): pass\n"},
		{"comments stay", "def f(a: int, # b: c\n  d: int):\n", "def f(a     , # b: c\n  d     ):\n"},
		{"a comment in an annotation stays", "def f(a: int # b, c\n  = 1):\n", "def f(a      # b, c\n  = 1):\n"},
		{"an inner def", "def f():\n  def g(a: int): pass\n", "def f():\n  def g(a     ): pass\n"},
		{"a def behind tabs", "if x:\n\tdef g(a: int): pass\n", "if x:\n\tdef g(a     ): pass\n"},
		{"a character takes one column", "def f(a: 'é€', b): pass\n", "def f(a      , b): pass\n"},
		{"a def without brackets", "def f\nx: 1\n", "def f\nx: 1\n"},
		{"a def that does not end", "def f(a: (", "def f(a   "},
		{"a string that does not end", "x = 'a\ndef f(a: int): pass\n", "x = 'a\ndef f(a     ): pass\n"},
		{"escaped quotes", `x = "\"" ; y = '\\'` + "\nimport json\n", `x = "\"" ; y = '\\'` + "\n           \n"},
		{"a backslash at the end", "x = '\\", "x = '\\"},
		{"define is no def", "define(a: int)\n", "define(a: int)\n"},
		{"blanks at the end", "x\n \t", "x\n \t"},
		{"a closing bracket too many", ")\nimport json\n", ")\n           \n"},
	}
	for _, tt := range tests {
		got, err := blankPython("x", []byte(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %q\ngot  %q, %v\nwant %q", tt.reason, tt.in, got, err, tt.want)
		}
	}
}

func TestBlankPythonRefuses(t *testing.T) {
	tests := []struct{ reason, in, want string }{
		{"many brackets", "\n\n  é" + strings.Repeat("[", maxNesting+1), "x:3:204: more than 200 brackets are open here; use variables for parts of it"},
		{"NUL", "x\n y\x00", "x:2:3: the text has a NUL character"},
	}
	for _, tt := range tests {
		_, err := blankPython("x", []byte(tt.in))
		if _, ok := errors.AsType[*Error](err); !ok || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.reason, err, tt.want)
		}
	}
	if _, err := blankPython("x", []byte(strings.Repeat("(", maxNesting)+strings.Repeat(")", maxNesting)+"()")); err != nil {
		t.Errorf("as many as allowed: %v", err)
	}
}

// FuzzBlankPython holds that every character stays in its line and column, and
// that what Starlark can parse means the same as before.
func FuzzBlankPython(f *testing.F) {
	f.Add("from flask import Request\nimport json\ndef f(a: int = 1, *b: Any) -> str:\n  return '''\nimport json'''\n")
	f.Add("def f(a=lambda x, y: {1: 2}, b: 'c' # d\n=3):\\\nimport json")
	f.Add("import json, (\n")
	options := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	predeclared := func(string) bool { return true }
	f.Fuzz(func(t *testing.T, text string) {
		got, err := blankPython("x", []byte(text))
		if err != nil {
			return
		}
		if !utf8.ValidString(text) {
			return
		}
		before, after := []rune(text), []rune(string(got))
		if len(before) != len(after) {
			t.Fatalf("%d characters became %d", len(before), len(after))
		}
		for i := range before {
			if before[i] != after[i] && after[i] != ' ' {
				t.Fatalf("character %d: %q became %q", i, before[i], after[i])
			}
		}
		_, want, err := starlark.SourceProgramOptions(options, "x", text, predeclared)
		if err != nil {
			return
		}
		_, have, err := starlark.SourceProgramOptions(options, "x", got, predeclared)
		if err != nil {
			t.Fatalf("it could be compiled before: %v", err)
		}
		var a, b strings.Builder
		if err := errors.Join(want.Write(&a), have.Write(&b)); err != nil || a.String() != b.String() {
			t.Fatalf("the program is another one: %v", err)
		}
	})
}

func TestSamplePositions(t *testing.T) {
	text, err := os.ReadFile("testdata/ib/hello.py")
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), "Response(status=404)", "Response(status=404) +", 1)
	got := run(t.Context(), opened(t, InProcess(Limits{})), broken, get("/"))
	if got.err == nil || !strings.HasPrefix(got.err.Error(), "/a/test.py:8:38:") {
		t.Errorf("got %v", got.err)
	}
}
