//go:build ignore

// Command compress writes a text file as gzip, without the comment that names
// a source map, which is not served: "go run compress.go FROM TO". The same
// release of Go gives the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"regexp"
)

// sourceMap is the comment that names a source map, at the end of a file.
var sourceMap = regexp.MustCompile(`\n?(//|/\*)# sourceMappingURL=\S*\s*$`)

func main() {
	if len(os.Args) != 3 {
		fail("give two names: go run compress.go FROM TO")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	text = sourceMap.ReplaceAll(text, []byte("\n/* The name of the source map was taken out here. */\n"))
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		fail(err)
	}
	if _, err := z.Write(text); err != nil {
		fail(err)
	}
	if err := z.Close(); err != nil {
		fail(err)
	}
	if err := os.WriteFile(os.Args[2], b.Bytes(), 0o644); err != nil {
		fail(err)
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "compress:", reason)
	os.Exit(1)
}
