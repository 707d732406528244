package sqlstore_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// childVariable names what the test binary does instead of tests, when it was
// started by one of them.
const childVariable = "ENDPOINT_SQLSTORE_CHILD"

// children are the programs that tests start. Each gets the path of a database,
// reports on its standard output, and fails with an error.
var children = map[string]func(path string) error{
	"write": writeUntilKilled,
	"count": countUp,
	"full":  fullDisk,
}

func TestMain(m *testing.M) {
	name := os.Getenv(childVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, name, "failed:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A child is a started program. Its lines end with it.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func startChild(t testing.TB, name, path string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, path)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &child{cmd, bufio.NewScanner(io.Reader(out))}
}

// all returns the lines of a child that ends by itself, well.
func (c *child) all(t testing.TB) []string {
	t.Helper()
	var lines []string
	for c.lines.Scan() {
		lines = append(lines, c.lines.Text())
	}
	if err := c.Wait(); err != nil {
		t.Errorf("child: %v", err)
	}
	return lines
}
