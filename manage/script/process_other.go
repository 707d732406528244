//go:build !unix

package script

import (
	"io"
	"os"
	"os/exec"
)

func executable() (string, error) { return os.Executable() }

func setAttributes(*exec.Cmd) {}

// confine can only watch the memory here: files and network stay within reach
// of the process, and the interpreter, which has no functions for them, is all
// that keeps a script from them.
func confine(l Limits) error {
	watchMemory(l)
	os.Clearenv()
	return nil
}

// connect uses the standard input and output of the process.
func connect(cmd *exec.Cmd) (io.ReadWriteCloser, []*os.File, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return pipes{out, in}, nil, nil
}

// inherited takes what connect made; without it the standard input is closed
// or makes no sense, and the process ends as a worker that lost its engine.
func inherited() (io.ReadWriteCloser, bool) {
	return pipes{os.Stdin, os.Stdout}, true
}

// pipes is a connection of two pipes.
type pipes struct {
	io.ReadCloser
	w io.WriteCloser
}

func (p pipes) Write(text []byte) (int, error) { return p.w.Write(text) }

func (p pipes) Close() error {
	_ = p.w.Close()
	return p.ReadCloser.Close()
}
