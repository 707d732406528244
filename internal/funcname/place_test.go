package funcname

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

const self = "github.com/seed217079a1/endpoint/internal/funcname"

// here returns the expected place of its caller's line.
func here() string {
	_, _, line, _ := runtime.Caller(1)
	return fmt.Sprintf("funcname/place_test.go:%d", line)
}

// oneUp is small enough to be inlined.
func oneUp() Place { return Here(1) }

//go:noinline
func oneUpCalled() Place { return Here(1) }

func twoUp() Place { return oneDeeper() }

func oneDeeper() Place { return Here(2) }

func TestHere(t *testing.T) {
	tests := []struct {
		got    Place
		want   string
		reason string
	}{
		{Here(0), here(), "zero is the line of the call"},
		{oneUp(), here(), "one is the caller, also if the function between is inlined"},
		{oneUpCalled(), here(), "the same without inlining"},
		{twoUp(), here(), "two, through two inlined functions"},
		{func() Place { return Here(1) }(), here(), "through a closure"},
		{Place{}, "unknown place", "the zero value"},
		{Here(1000), "unknown place", "there are not so many callers"},
	}
	for _, tt := range tests {
		if got := tt.got.String(); got != tt.want {
			t.Errorf("place %q, want %q: %s", got, tt.want, tt.reason)
		}
	}
}

func TestOutside(t *testing.T) {
	if got, want := Outside(self).String(), here(); got != want {
		t.Errorf("place %q, want %q: a test file is outside its package", got, want)
	}
	if got, want := Outside("testing", "other").String(), here(); got != want {
		t.Errorf("place %q, want %q: packages that are not on the way change nothing", got, want)
	}
	// Package reflect stands for a package whose functions call Outside.
	through := func(pkg string) string {
		return reflect.ValueOf(Outside).Call([]reflect.Value{reflect.ValueOf(pkg)})[0].Interface().(Place).String()
	}
	file, _, _ := strings.Cut(through("reflect"), ":")
	if want := "funcname/place_test.go"; file != want {
		t.Errorf("place in %q, want %q: frames of the package are skipped", file, want)
	}
	file, _, _ = strings.Cut(through("other"), ":")
	if want := "reflect/value.go"; file != want {
		t.Errorf("place in %q, want %q: frames of other packages are not", file, want)
	}
	if within(self+"/sub.F", []string{self}) || within(self+"s.F", []string{self}) {
		t.Errorf("within: a package is no prefix of others")
	}
	if !within(self+".F.func1", []string{"x", self}) {
		t.Errorf("within: a closure is in its package")
	}
	var first Place
	runIn(func() { first = Outside(self) })
	if first == (Place{}) {
		t.Errorf("no place in a new goroutine, where the runtime is the only caller")
	}
}

// runIn calls f in a goroutine and waits for it.
func runIn(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func TestDirOf(t *testing.T) {
	tests := []struct{ pkg, file, want, reason string }{
		{"a.b/users", "/any/where/get.go", "users", "the package, not the directory of the checkout"},
		{"main", "/src/quickstart/main.go", "quickstart", "a program is known by its directory"},
		{"a.b/users_test", "/x/get_test.go", "users", "an external test package"},
		{"a.b/users_test", "/x/get.go", "users_test", "a package whose name ends so"},
		{"a.b/users/v2", "/x/get.go", "users", "a major version is no name"},
		{"v2", "/x/get.go", "v2", "unless there is no other"},
	}
	for _, tt := range tests {
		if got := dirOf(tt.pkg, tt.file); got != tt.want {
			t.Errorf("dirOf(%q, %q) = %q, want %q: %s", tt.pkg, tt.file, got, tt.want, tt.reason)
		}
	}
}

func TestPlaceAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { sink = Here(0) }); n > 0 {
		t.Errorf("Here makes %v allocations, want none", n)
	}
	// Two for each frame that is looked at; here there is one.
	if n := testing.AllocsPerRun(100, func() { sink = Outside(self) }); n > 2 {
		t.Errorf("Outside makes %v allocations, want 2", n)
	}
}

var sink Place

func BenchmarkHere(b *testing.B) {
	for b.Loop() {
		sink = Here(0)
	}
}

func BenchmarkOutside(b *testing.B) {
	for b.Loop() {
		sink = Outside(self)
	}
}

// deep calls f below a number of functions.
func deep(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	deep(n-1, f)
}

func BenchmarkOutsideDeep(b *testing.B) {
	for b.Loop() {
		deep(10, func() { sink = Outside(self) })
	}
}

func BenchmarkString(b *testing.B) {
	p := Here(0)
	for b.Loop() {
		_ = p.String()
	}
}
