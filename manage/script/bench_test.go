package script

import (
	"context"
	"os"
	"testing"
)

// BenchmarkCall compares the two engines. What a worker costs more is two
// switches of the process and a copy of request and response.
func BenchmarkCall(b *testing.B) {
	source, err := os.ReadFile("testdata/ib/hello.py")
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name   string
		engine *Engine
	}{{"in-process", InProcess(Limits{})}, {"workers", Workers(Limits{})}} {
		b.Run(bb.name, func(b *testing.B) {
			program := compiled(b, bb.engine, string(source))
			r := get("/u/hello")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := program(context.Background(), r, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		_ = bb.engine.Close()
	}
}

// BenchmarkStart is what it costs to start a worker and to end it.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		e := Workers(Limits{Processes: 1})
		compiled(b, e, "x = 1\n")
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
