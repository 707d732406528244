package canister_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/canister"
)

// crashEnv names the file of the program that is killed.
const crashEnv = "CANISTER_CRASH_FILE"

// crashStates are two states that every update changes by the same.
func crashStates(path string) (a, b *canister.State[int], err error) {
	a, b = canister.NewState(0, nil), canister.NewState(0, nil)
	return a, b, canister.Persist(path, a, b)
}

// TestCrashChild is the program that is killed: it serves until its input ends.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashEnv)
	if path == "" {
		return // only a child process of the test above has anything to do
	}
	a, b, err := crashStates(path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(flowAPI(t, "/", stateService(nil, func(ctx context.Context) error {
		*a.Edit(ctx)++
		*b.Edit(ctx)++
		return nil
	})))
	fmt.Println(server.URL)
	io.Copy(io.Discard, os.Stdin) // also ends if the parent dies
	server.CloseClientConnections()
}

// TestCrash kills a program with updates under way, 200 times if ENDPOINT_SOAK
// is set. The state after each restart is one that was committed: every update
// that was answered is in it, and at most those under way beside.
func TestCrash(t *testing.T) {
	rounds := 20
	if os.Getenv("ENDPOINT_SOAK") != "" {
		rounds = 200
	}
	if testing.Short() {
		rounds = 3
	}
	path := filepath.Join(t.TempDir(), "state")
	before, answered, half := 0, 0, 0
	for round := range rounds {
		acked := crashRound(t, path, rand.IntN(20))
		if _, err := os.Stat(path + ".new"); err == nil {
			half++
		}
		a, b, err := crashStates(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		n, m := a.Get(t.Context()), b.Get(t.Context())
		if n != m || n < before+acked || n > before+acked+crashWorkers {
			t.Fatalf("round %d: %d and %d after %d and %d answered", round, n, m, before, acked)
		}
		before, answered = n, answered+acked
	}
	t.Logf("%d rounds, %d while a file was written; %d updates answered, %d kept", rounds, half, answered, before)
}

// crashWorkers is how many updates are under way at once.
const crashWorkers = 4

// crashRound starts the program, kills it after a number of answers, and
// returns how many there were.
func crashRound(t *testing.T, path string, after int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the program does not start: %v", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: crashWorkers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var acked atomic.Int64
	var wg sync.WaitGroup
	for range crashWorkers {
		wg.Go(func() {
			for {
				resp, err := client.Post(strings.TrimSpace(url), "", http.NoBody)
				if err != nil {
					return // it was killed
				}
				resp.Body.Close()
				if resp.StatusCode != 200 {
					t.Errorf("status %d", resp.StatusCode)
				}
				if acked.Add(1) == int64(after)+1 {
					<-time.After(rand.N(3 * time.Millisecond)) // about as long as an update takes
					_ = cmd.Process.Kill()                     // SIGKILL; the others are under way
				}
			}
		})
	}
	wg.Wait()
	_ = cmd.Wait() // it says that it was killed
	return int(acked.Load())
}
