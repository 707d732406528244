package script

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Limits bounds what one call of a script may use, and what the engine may
// use for all of them. A zero field means its default; a negative one is
// reported by the first Compile.
type Limits struct {
	// Steps is how many steps of the interpreter a call may take, the top
	// level of the file included. Default 10,000,000, about half a second.
	Steps uint64
	// Time is how long a call may take by the clock, requests that the script
	// makes included. Default 1 s. A call that does not end by itself is ended
	// a quarter of a second later, together with its worker.
	Time time.Duration
	// Memory is how many bytes a script may use, in each worker. Default
	// 64 MiB. In-process engines do not enforce it. A request of more than a
	// quarter of it is refused.
	Memory int64
	// Output is how many bytes a response may have, header included, and a
	// response that the script gets for a request of its own. Default 1 MiB.
	Output int
	// Source is how many bytes the text of a script may have. Default 64 KiB.
	Source int
	// Recursion is how many calls may be nested. Default 500.
	Recursion int
	// Processes is the number of workers, each of which runs one call at a
	// time. They are started when they are first needed. Default twice
	// GOMAXPROCS, at least 8; with less than 3, scripts that are slow can keep
	// all of them from the others. In-process engines have no such limit.
	Processes int
	// Queue is how many calls may wait for a worker: as many of scripts known to
	// be quick, for at most 3/4 of Time, and of slow ones and new ones each, for
	// at most half of Time. Default 64.
	Queue int
}

// Limits that nobody needed to change yet.
const (
	maxPrint   = 64 << 10 // bytes that one call may print
	maxHeader  = 32 << 10 // bytes of the header of a response
	maxHeaders = 100      // fields of that header
	maxMessage = 4 << 10  // bytes of the message of an error, and of its backtrace
	maxNesting = 200      // brackets that may be open at once in a script
	maxValue   = 100      // levels of JSON, in both directions
	maxDigits  = 4300     // digits of an integer in JSON, as in Python
	maxEncoded = 4 << 20  // bytes of JSON that a script may make at once
	maxAsks    = 100      // secrets that one call may ask for
	maxFetches = 10       // requests that one call may make
	grace      = time.Second / 4
)

// withDefaults returns the limits to work with, and what is wrong with them.
func (l Limits) withDefaults() (Limits, error) {
	var faults []error
	l.Steps = orDefault(l.Steps, 10_000_000)
	l.Time = limit(&faults, "Time", l.Time, time.Second)
	l.Memory = limit(&faults, "Memory", l.Memory, 64<<20)
	l.Output = limit(&faults, "Output", l.Output, 1<<20)
	l.Source = limit(&faults, "Source", l.Source, 64<<10)
	l.Recursion = limit(&faults, "Recursion", l.Recursion, 500)
	l.Processes = limit(&faults, "Processes", l.Processes, max(8, 2*runtime.GOMAXPROCS(0)))
	l.Queue = limit(&faults, "Queue", l.Queue, 64)
	return l, errors.Join(faults...)
}

func limit[T int | int64 | time.Duration](faults *[]error, name string, v, usual T) T {
	if v < 0 {
		*faults = append(*faults, fmt.Errorf("script: Limits.%s is negative; give a positive number, or 0 for %v", name, usual))
	}
	return orDefault(v, usual)
}

func orDefault[T comparable](v, usual T) T {
	var zero T
	if v == zero {
		return usual
	}
	return v
}

// maxBody is how many bytes the body of a request may have.
func (l Limits) maxBody() int64 { return l.Memory / 4 }
