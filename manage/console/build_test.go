package console_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChecksums holds that the files of the page are those that were built.
func TestChecksums(t *testing.T) {
	if diff := cmp.Diff(sums(t, "dist"), checksums(t, "dist")); diff != "" {
		t.Errorf("dist is not what its SHA256SUMS says (-listed +found); build it again in web:\n%s", diff)
	}
}

// TestWeb holds what npm is needed for, by one installation.
func TestWeb(t *testing.T) {
	npm, err := exec.LookPath("npm")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("npm is not installed; install nodejs and npm")
	}
	if err != nil {
		t.Skip("npm is not installed, so the page is neither built nor judged; install nodejs and npm")
	}
	dir := filepath.Join(t.TempDir(), "web")
	for _, name := range []string{"src", "build.mjs", "package.json", "package-lock.json", ".npmrc"} {
		copyTo(t, filepath.Join("web", name), filepath.Join(dir, name))
	}
	run(t, dir, npm, "ci", "--no-progress")
	t.Run("build", func(t *testing.T) { testBuild(t, dir) })
	t.Run("accessible", func(t *testing.T) { testAccessible(t, filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")) })
}

// testBuild builds the page from its sources and compares, so that what is
// embedded is what can be read. Compression may differ, what is in it may not.
func testBuild(t *testing.T, dir string) {
	out := filepath.Join(t.TempDir(), "dist")
	run(t, dir, "node", "build.mjs", out)
	if diff := cmp.Diff(checksums(t, "dist"), checksums(t, out)); diff != "" {
		t.Errorf("dist is not what web builds (-committed +built); run npm ci and npm run build in web:\n%s", diff)
	}
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sums reads a list of checksums, by name.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		found[name] = sum
	}
	return found
}

// checksums makes the list of what is in the packed files of a directory.
func checksums(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, name := range names {
		found[strings.TrimSuffix(filepath.Base(name), ".gz")] = fmt.Sprintf("%x", sha256.Sum256(unpack(t, name)))
	}
	return found
}
