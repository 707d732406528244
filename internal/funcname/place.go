package funcname

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// A Place is a line of source, kept as one program counter and formatted when
// asked for. The zero Place is unknown. Places may be copied and compared, but
// two calls on one line are two places.
type Place struct{ pc uintptr }

// maxFrames is how many callers [Outside] looks at.
const maxFrames = 16

// Here returns the place of a caller: 0 is the caller of Here, 1 the caller of
// that function. Inlined functions count as callers.
func Here(skip int) Place {
	var pcs [1]uintptr
	// Two more: runtime.Callers and Here.
	runtime.Callers(skip+2, pcs[:])
	return Place{pcs[0]}
}

// Outside returns the place of the first caller that is in none of the
// packages, given by their import paths, so that a wrapper in one of them
// reports its user's line. Test files of the packages count as outside. If
// there is no such caller among the first 16, it is the last of them.
func Outside(packages ...string) Place {
	var buf [maxFrames]uintptr
	pcs := buf[:runtime.Callers(2, buf[:])]
	var last Place
	for _, pc := range pcs {
		frame := frameOf(pc)
		if strings.HasPrefix(frame.Function, "runtime.") {
			break
		}
		last = Place{pc}
		if strings.HasSuffix(frame.File, "_test.go") || !within(frame.Function, packages) {
			break
		}
	}
	return last
}

// within reports whether the function with this linker name is in one of the
// packages.
func within(function string, packages []string) bool {
	for _, p := range packages {
		if rest, ok := strings.CutPrefix(function, p); ok && strings.HasPrefix(rest, ".") {
			return true
		}
	}
	return false
}

// String returns "users/get.go:12", as [FileLine] does, or "unknown place".
func (p Place) String() string {
	if p.pc == 0 {
		return "unknown place"
	}
	f := frameOf(p.pc)
	pkg, _ := splitPackage(f.Function)
	return dirOf(pkg, f.File) + "/" + path.Base(f.File) + ":" + strconv.Itoa(f.Line)
}

// frameOf returns the frame of one program counter of [runtime.Callers].
func frameOf(pc uintptr) runtime.Frame {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return frame
}

// dirOf returns the last element of a package path that is no major version.
// The package path is the same wherever the source lies, so messages are too.
// For package main it is the directory of the file.
func dirOf(pkg, file string) string {
	if pkg == "main" {
		return path.Base(path.Dir(file))
	}
	if strings.HasSuffix(file, "_test.go") {
		pkg = strings.TrimSuffix(pkg, "_test")
	}
	base := path.Base(pkg)
	if dir := path.Dir(pkg); dir != "." && isMajor(base) {
		base = path.Base(dir)
	}
	return base
}

// isMajor reports whether a path element is a major version such as v2.
func isMajor(element string) bool {
	digits, ok := strings.CutPrefix(element, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
