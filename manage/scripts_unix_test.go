//go:build unix

package manage_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
)

// A pipe that nobody writes to holds no request up.
func TestScriptPipe(t *testing.T) {
	leak.Check(t)
	s := open(t)
	if err := syscall.Mkfifo(filepath.Join(s.dir, "pipe.py"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.want(400, "A", "PUT", "x", `{"path":"p","handler_script_path":"/pipe.py"}`)
}
