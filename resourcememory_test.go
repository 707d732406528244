//go:build !race

// The race detector's memory is not the library's.

package endpoint_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// resourceChild is set in the process that TestResourceMemory starts.
const resourceChild = "ENDPOINT_RESOURCE_CHILD"

func TestResourceMemory(t *testing.T) {
	// 110: below a memory limit the whole attack table leaves nothing behind.
	if os.Getenv(resourceChild) != "" {
		resourceServeChild(t)
		return
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the memory of another process is read from /proc")
	}
	addr, status := resourceStart(t)
	cases := slices.Concat(bindJSONCases(), bindHeavyCases(), bindMediaCases(), bindFormCases(), bindUploadCases())
	rounds := resourceSize(3, 10)
	var after []int64
	for range rounds {
		for i := range cases {
			if err := bindCheck(addr, &cases[i]); err != nil {
				t.Errorf("%s: %v", cases[i].name, err)
			}
		}
		bindMust(t, addr, bindText("GET", "/free", "", ""))
		after = append(after, status("VmRSS"))
	}
	peak := status("VmHWM")
	t.Logf("%d cases, memory after each round %d, peak %d KiB", len(cases), after, peak)
	// The first round fills pools and caches; 4 MiB is the noise of a runtime.
	if first, last := after[1], after[rounds-1]; last > first+first/10+4<<10 {
		t.Errorf("110: %d KiB after the last round, %d after the second, want at most 10%% more", last, first)
	}
	if peak > 256<<10 {
		t.Errorf("110: at most %d KiB were in use, want at most 256 MiB", peak)
	}
}

// resourceStart runs the server in a process of its own, and returns its
// address and how to read a value of its status, in KiB.
func resourceStart(t *testing.T) (addr string, status func(name string) int64) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), exe, "-test.run=^TestResourceMemory$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), resourceChild+"=1", "GOMEMLIMIT=256MiB", "TMPDIR="+t.TempDir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // the child ends
		if err := cmd.Wait(); err != nil {
			t.Errorf("110: the server ended with %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), func(name string) int64 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), name+":")
		n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// resourceServeChild serves until its input ends.
func resourceServeChild(t *testing.T) {
	api := bindAPI()
	api.Get("free", func() { debug.FreeOSMemory() }, endpoint.Hidden())
	addr := bindServe(t, api)
	fmt.Println(addr)
	_, _ = io.Copy(io.Discard, os.Stdin) // ends when the parent closes it
}
