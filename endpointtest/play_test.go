package endpointtest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
)

var update = flag.Bool("update", false, "rewrite testdata")

func played(t *testing.T) *endpoint.API {
	t.Helper()
	api := endpoint.New(endpoint.Logger(silent()))
	n := 0
	api.Get("hello/:name", func(name string) string { return "Hello, " + name + "!" })
	api.Post("count", func(in struct {
		By int `json:"by"`
	}) int {
		n += in.By
		return n
	})
	api.Post("upload", func(in struct {
		F *endpoint.File `file:"f"`
	}) ([]byte, error) {
		f, err := in.F.Open()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		b := make([]byte, 4)
		k, err := f.Read(b[1:])
		return b[:1+k], err
	})
	api.Get("fails", func() error { return os.ErrClosed })
	return api
}

// TestPlay plays exchanges as a user does.
func TestPlay(t *testing.T) { endpointtest.Play(t, played(t), "testdata/*.txt", *update) }

// TestPlayUpdates checks that an update writes what a comparison accepts.
func TestPlayUpdates(t *testing.T) {
	good, err := os.ReadFile("testdata/exchanges.txt")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "exchanges.txt")
	wrong := strings.NewReplacer("Hello, Ada!", "Hi!", "200 OK", "201 Created").Replace(string(good))
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	endpointtest.Play(t, played(t), file, true)
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(good), string(got)); d != "" {
		t.Errorf("an update writes (-want +got):\n%s", d)
	}
}
