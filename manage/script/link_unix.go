//go:build unix

package script

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// linkFD is where a worker finds its connection.
const linkFD = 3

// connect makes the connection to a process that is to be started, and returns
// the engine's end and what to close after the start.
func connect(cmd *exec.Cmd) (io.ReadWriteCloser, []*os.File, error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	_ = unix.SetNonblock(fds[0], true)
	child := os.NewFile(uintptr(fds[1]), "worker")
	cmd.ExtraFiles = []*os.File{child}
	return os.NewFile(uintptr(fds[0]), "worker"), []*os.File{child}, nil
}

// inherited returns the connection that an engine gave this process, if one
// did: a socket that the parent made.
func inherited() (io.ReadWriteCloser, bool) {
	kind, err := unix.GetsockoptInt(linkFD, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM || !fromEngine(linkFD) {
		return nil, false
	}
	unix.CloseOnExec(linkFD)
	return os.NewFile(linkFD, "engine"), true
}
