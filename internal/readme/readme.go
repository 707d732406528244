// Package readme keeps a README true: tests compare its code blocks with files
// and with what programs really print.
package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Check compares the code block that follows the line "<!-- mark -->" in the
// file with want. Dates in header fields count as equal. With update it
// rewrites a block that differs, instead of failing.
func Check(t *testing.T, file, mark, want string, update bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, got, after, err := cut(string(text), mark)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	want = strings.TrimRight(want, "\n") + "\n"
	diff := difference(undated(got), undated(want))
	switch {
	case diff == "":
	case !update:
		t.Errorf("%s, block %q: %s\nrun go test . -update in this directory", file, mark, diff)
	default:
		if err := os.WriteFile(file, []byte(before+want+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// CheckFile compares a block with a source file; the mark is its path from the
// directory of the README.
func CheckFile(t *testing.T, file, source string, update bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), filepath.FromSlash(source)))
	if err != nil {
		t.Fatal(err)
	}
	Check(t, file, source, string(text), update)
}

// cut finds the content of the fenced block after a mark.
func cut(text, mark string) (before, content, after string, err error) {
	line := "<!-- " + mark + " -->\n```"
	start := strings.Index(text, line)
	if start < 0 {
		return "", "", "", fmt.Errorf("no block is marked %q", mark)
	}
	start += len(line)
	newline := strings.IndexByte(text[start:], '\n')
	if newline < 0 {
		return "", "", "", fmt.Errorf("block %q has no content", mark)
	}
	start += newline + 1
	end := strings.Index("\n"+text[start:], "\n```")
	if end < 0 {
		return "", "", "", fmt.Errorf("block %q does not end", mark)
	}
	return text[:start], text[start : start+end], text[start+end:], nil
}

// undated replaces what is another one every second.
func undated(s string) string {
	lines := strings.SplitAfter(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "Date: ") {
			lines[i] = "Date: now\n"
		}
	}
	return strings.Join(lines, "")
}

// difference tells the first line in which two texts differ, "" if there is none.
func difference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if g, w := line(gotLines, i), line(wantLines, i); g != w {
			return fmt.Sprintf("line %d is\n\t%s\nand in truth\n\t%s", i+1, g, w)
		}
	}
	return ""
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
