//go:build unix && !linux

package script

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

func executable() (string, error) { return os.Executable() }

// setAttributes keeps signals of a terminal from the worker.
func setAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// fromEngine cannot tell more here than that there is a socket.
func fromEngine(int) bool { return true }

// confine takes from the process what it does not need, as far as every Unix
// can. There is no limit on memory that all of them keep: the worker looks
// itself, which a single step can outrun.
func confine(l Limits) error {
	watchMemory(l)
	os.Clearenv()
	for _, resource := range []int{unix.RLIMIT_CORE, unix.RLIMIT_FSIZE, unix.RLIMIT_NOFILE} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{}); err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	return nil
}
