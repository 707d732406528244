package script

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestConfined looks at a worker from outside.
func TestConfined(t *testing.T) {
	t.Setenv("SCRIPT_TEST_SECRET", "s3cret")
	// A file that a program is given by its parent, or opens in C.
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	e := opened(t, Workers(Limits{Processes: 1}))
	compiled(t, e, "x = 1\n")
	proc := fmt.Sprintf("/proc/%d/", e.runner.(*pool).pids()[0])

	environ, err := os.ReadFile(proc + "environ")
	if err != nil {
		t.Fatal(err)
	}
	for variable := range strings.SplitSeq(strings.TrimRight(string(environ), "\x00"), "\x00") {
		if name, _, _ := strings.Cut(variable, "="); !slices.Contains([]string{mark, "GOMAXPROCS", "GOTRACEBACK"}, name) {
			t.Errorf("the environment has %q", variable)
		}
	}
	if command, _ := os.ReadFile(proc + "cmdline"); strings.Contains(string(command), "-test.") {
		t.Errorf("the arguments are %q", command)
	}
	if dir, err := os.Readlink(proc + "cwd"); dir != "/" {
		t.Errorf("the directory is %q, %v", dir, err)
	}
	files, err := filepath.Glob(proc + "fd/*")
	if err != nil {
		t.Fatal(err)
	}
	sockets := 0
	for _, file := range files {
		name, _ := os.Readlink(file)
		switch {
		case strings.HasPrefix(name, "socket:"):
			sockets++
		case name == "/dev/null", strings.HasPrefix(name, "pipe:"), strings.HasPrefix(name, "anon_inode:[event"):
		default:
			t.Errorf("%s is open", name)
		}
	}
	if sockets != 1 {
		t.Errorf("%d sockets are open", sockets)
	}
	if text, _ := os.ReadFile(proc + "status"); !strings.Contains(string(text), "NoNewPrivs:\t1") {
		t.Error("new privileges are possible")
	}
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Max core file size", "Max file size", "Max open files"} {
		if !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), name+" 0 0") {
			t.Errorf("%s is not 0 in\n%s", name, limits)
		}
	}
}

// TestConfinedInside shuts a copy of this program in and lets it try what no
// worker may do.
func TestConfinedInside(t *testing.T) {
	if os.Getenv("SCRIPT_TEST_CONFINE") != "" {
		tryOut(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestConfinedInside$", "-test.count=1")
	cmd.Env = append(os.Environ(), "SCRIPT_TEST_CONFINE=1")
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "all was refused") {
		t.Errorf("%v: %s", err, out)
	}
}

func tryOut(t *testing.T) {
	limits, err := Limits{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if err := confine(limits); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Open("/etc/hosts"); err == nil {
		t.Error("a file can be opened")
	}
	if _, err := net.Dial("tcp", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "too many open files") {
		t.Errorf("a socket can be opened: %v", err)
	}
	if err := exec.Command("/bin/true").Run(); err == nil {
		t.Error("a program can be started")
	}
	if environ := os.Environ(); len(environ) > 0 {
		t.Errorf("the environment has %q", environ)
	}
	if !t.Failed() {
		_, _ = os.Stdout.WriteString("all was refused\n")
	}
}

// TestMarkAlone starts this program with the mark, but not by an engine.
func TestMarkAlone(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	for reason, files := range map[string][]*os.File{"no file": nil, "a file": {file}, "a socket of somebody": {socket}} {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), mark+"=1")
		cmd.ExtraFiles = files
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%s: %v: %s", reason, err, out)
		}
	}
}
