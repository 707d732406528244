// Command count reads the output of go test -json from standard input, prints
// what a reader needs of it, and writes the counts to a file.
//
//	go test -json ./... | go run .ci/count.go -to FILE
//
// It prints packages, and the output of what failed or was skipped. It fails if
// a test failed, if a package did not build, if no test ran, or if a test was
// skipped for a reason that names none of the -allow texts.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// An event is one line of go test -json.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
}

// A counter holds what the events add up to.
type counter struct {
	passed, failed, skipped int
	faults                  []string
	allow                   []string
	output                  map[string]*strings.Builder // by package and test, until it ends
	out                     io.Writer
}

func main() {
	to := flag.String("to", "", "file for the line of counts")
	allow := flag.String("allow", "", "texts, separated by commas, one of which the reason of a skipped test must hold")
	flag.Parse()
	c := &counter{output: make(map[string]*strings.Builder), out: os.Stdout}
	c.allow = strings.FieldsFunc(*allow, func(r rune) bool { return r == ',' })
	if err := c.read(os.Stdin); err != nil {
		c.faults = append(c.faults, err.Error())
	}
	if c.passed+c.failed == 0 {
		c.faults = append(c.faults, "no test ran")
	}
	line := fmt.Sprintf("%d passed, %d failed, %d skipped\n", c.passed, c.failed, c.skipped)
	if err := os.WriteFile(*to, []byte(line), 0o644); err != nil {
		c.faults = append(c.faults, err.Error())
	}
	for _, f := range c.faults {
		fmt.Fprintln(os.Stderr, "fault:", f)
	}
	if c.failed > 0 || len(c.faults) > 0 {
		os.Exit(1)
	}
}

func (c *counter) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case line == "":
		case json.Unmarshal([]byte(line), &e) != nil || e.Action == "":
			fmt.Fprint(c.out, line) // of make or the go command
		default:
			c.take(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *counter) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		if c.output[key] == nil {
			c.output[key] = new(strings.Builder)
		}
		c.output[key].WriteString(e.Output)
		return
	case "build-output":
		fmt.Fprint(c.out, e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	text := ""
	if b := c.output[key]; b != nil {
		text = b.String()
		delete(c.output, key)
	}
	if e.Test == "" {
		c.endPackage(e, text)
		return
	}
	c.endTest(e, text)
}

// endPackage prints the line of a package, and everything it said if it failed,
// which may be a panic or a fault of the build.
func (c *counter) endPackage(e event, text string) {
	if e.Action != "fail" {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		fmt.Fprintln(c.out, lines[len(lines)-1])
		return
	}
	fmt.Fprint(c.out, text)
	c.faults = append(c.faults, "package "+e.Package+" failed")
	// Tests that a panic or a time-out cut off never end.
	for key, b := range c.output {
		if strings.HasPrefix(key, e.Package+" ") {
			fmt.Fprint(c.out, b.String())
			c.failed++
			delete(c.output, key)
		}
	}
}

func (c *counter) endTest(e event, text string) {
	switch e.Action {
	case "pass":
		c.passed++
	case "fail":
		c.failed++
		fmt.Fprint(c.out, text)
	case "skip":
		c.skipped++
		fmt.Fprint(c.out, text)
		if !c.allowed(text) {
			c.faults = append(c.faults, e.Package+" "+e.Test+" was skipped; where CI runs, everything runs")
		}
	}
}

func (c *counter) allowed(text string) bool {
	for _, a := range c.allow {
		if strings.Contains(text, a) {
			return true
		}
	}
	return false
}
