package script

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable names the file of this program, also after another one took its
// place.
func executable() (string, error) { return "/proc/self/exe", nil }

// setAttributes keeps signals of a terminal from the worker, and lets the
// system end it with the engine.
func setAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// fromEngine reports whether the process that made a socket is the parent.
func fromEngine(fd int) bool {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && int(peer.Pid) == os.Getppid()
}

// confine takes from the process everything it does not need.
func confine(l Limits) error {
	if err := closeOthers(); err != nil {
		return err
	}
	data, err := dataSize()
	if err != nil {
		return err
	}
	os.Clearenv()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	return setLimits(map[int]uint64{
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_NOFILE: 0, // no other file and no socket can be opened
		unix.RLIMIT_DATA:   data + memoryFactor*uint64(l.Memory) + memorySlack,
	})
}

// memorySlack is memory for what the runtime needs beside the script's values.
const memorySlack = 32 << 20

func setLimits(limits map[int]uint64) error {
	for resource, value := range limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	return nil
}

// dataSize returns how much private memory the process has, in bytes.
func dataSize() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 6 {
		return 0, fmt.Errorf("statm has %d fields", len(fields))
	}
	pages, err := strconv.ParseUint(fields[5], 10, 64)
	return pages * uint64(os.Getpagesize()), err
}

// closeOthers closes what was inherited beside the connection: files that the
// engine's process was started with, or opened without close-on-exec. Those of
// the runtime itself stay.
func closeOthers() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= linkFD {
			continue
		}
		name, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(name, "anon_inode:[event") {
			_ = unix.Close(fd)
		}
	}
	return nil
}
