package browser

import (
	"bytes"
	"image/png"
	"os"
	"testing"
)

// KeepPicture compares a screenshot with the picture of the documentation that
// it belongs to: the two have the same size, and the picture has at most limit
// bytes. With update the screenshot becomes the picture first.
func KeepPicture(t *testing.T, file string, shot []byte, limit int, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) > limit {
		t.Errorf("%s has %d bytes, more than a README should load", file, len(kept))
	}
	got, err := png.DecodeConfig(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.DecodeConfig(bytes.NewReader(kept))
	if err != nil || got.Width != want.Width || got.Height != want.Height {
		t.Errorf("the page is %dx%d, %s %dx%d, %v; run go test -update", got.Width, got.Height, file, want.Width, want.Height, err)
	}
}
