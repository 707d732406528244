//go:build unix

// Package ownpostgres starts PostgreSQL servers for single tests, which may do
// with them what they would not do to a server that others use.
package ownpostgres

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A Server belongs to one test, and ends with it.
type Server struct {
	DSN string

	t        testing.TB
	programs string
	dir      string
	options  string
	owner    *syscall.SysProcAttr // nil: this user
}

// Start starts a server on a free port, with its data in a new directory. It
// returns nil if the programs initdb and pg_ctl are neither in PATH nor where
// pg_config says, or if root has no user postgres to run them as.
func Start(t testing.TB) *Server {
	t.Helper()
	programs := programs()
	if programs == "" {
		return nil
	}
	owner, known := unprivileged()
	if !known {
		return nil
	}
	dir, err := os.MkdirTemp("", "ownpostgres-") // a short name, as the socket of the server lies there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // the system clears the rest
	if owner != nil {
		if err := os.Chown(dir, int(owner.Credential.Uid), int(owner.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	s := &Server{
		DSN: "postgres://postgres@127.0.0.1:" + port + "/postgres",
		t:   t, programs: programs, dir: dir, owner: owner,
		options: fmt.Sprintf("-p %s -k '%s' -c listen_addresses=127.0.0.1 -c shared_buffers=16MB", port, dir),
	}
	s.must("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "--no-sync")
	s.Start()
	t.Cleanup(func() { _ = s.run(s.stop()...) }) // it may be stopped
	return s
}

// Start starts the server again after Stop.
func (s *Server) Start() {
	s.t.Helper()
	s.must("pg_ctl", "-D", s.data(), "-w", "-o", s.options, "-l", filepath.Join(s.dir, "log"), "start")
}

// Stop ends the server at once, as a loss of power would.
func (s *Server) Stop() {
	s.t.Helper()
	s.must(s.stop()...)
}

func (s *Server) stop() []string {
	return []string{"pg_ctl", "-D", s.data(), "-w", "-m", "immediate", "stop"}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// must runs a program, which must succeed.
func (s *Server) must(command ...string) {
	s.t.Helper()
	if err := s.run(command...); err != nil {
		s.t.Fatal(err)
	}
}

// run runs a program to its end. Its output goes to a file, because the server
// keeps that open after pg_ctl has ended.
func (s *Server) run(command ...string) error {
	out, err := os.CreateTemp(s.dir, "out-*")
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // whose text was written by others
	cmd := exec.Command(filepath.Join(s.programs, command[0]), command[1:]...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, s.owner, out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w\n%s", command[0], err, text)
	}
	return nil
}

// programs returns the directory of initdb and pg_ctl, "" if they are missing.
func programs() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	out, err := exec.Command("pg_config", "--bindir").Output()
	if err != nil {
		return ""
	}
	dir := strings.TrimSpace(string(out))
	for _, program := range []string{"initdb", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return ""
		}
	}
	return dir
}

// unprivileged returns how to run the server as the user postgres if this one
// is root, under whom it refuses to run.
func unprivileged() (owner *syscall.SysProcAttr, known bool) {
	if os.Getuid() != 0 {
		return nil, true
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, false
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, false
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, false
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, true
}

// freePort returns a port that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only asked for its port
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
