package main

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// A figure is what was measured of one subject.
type figure struct {
	name    string
	role    role
	samples []float64 // ns an operation, one a round
	allocs  int       // an operation, rounded down
	bytes   int
}

// ns returns the median of the samples.
func (f *figure) ns() float64 { return median(f.samples) }

// ratio returns the median, over the rounds, of f's time as a share of to's:
// what disturbs a whole round disturbs both.
func (f *figure) ratio(to *figure) float64 {
	shares := make([]float64, len(f.samples))
	for i := range shares {
		shares[i] = f.samples[i] / to.samples[i]
	}
	return median(shares)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// measure runs all subjects in turn, rounds times, each in slices of about
// slice of CPU time. The order within a round is shuffled, and the garbage of
// one slice is collected before the next begins.
func measure(subjects []subject, rounds int, slice time.Duration) []figure {
	figures := make([]figure, len(subjects))
	counts := make([]int, len(subjects))
	for i, s := range subjects {
		counts[i] = calibrate(s, slice)
		figures[i] = figure{name: s.name, role: s.role}
		figures[i].allocs, figures[i].bytes = allocations(s)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		for _, i := range random.Perm(len(subjects)) {
			runtime.GC()
			begin := cpuTime()
			subjects[i].run(counts[i])
			took := cpuTime() - begin
			figures[i].samples = append(figures[i].samples, float64(took)/float64(counts[i]))
		}
	}
	return figures
}

// calibrate returns how many operations take about slice. It also warms s up.
func calibrate(s subject, slice time.Duration) int {
	n := s.turn
	for {
		begin := cpuTime()
		s.run(n)
		took := cpuTime() - begin
		if took >= slice/4 {
			wanted := float64(n) * float64(slice) / float64(took)
			return max(1, int(wanted)/s.turn) * s.turn
		}
		n *= 4
	}
}

// allocations counts what one operation allocates, all goroutines included.
func allocations(s subject) (allocs, bytes int) {
	n := max(1, 200/s.turn) * s.turn
	var before, after runtime.MemStats
	s.run(s.turn)
	runtime.ReadMemStats(&before)
	s.run(n)
	runtime.ReadMemStats(&after)
	return int(after.Mallocs-before.Mallocs) / n, int(after.TotalAlloc-before.TotalAlloc) / n
}

// once measures a thing that is done once a round and leaves nothing behind.
func once(subjects []subject, rounds int) []figure {
	figures := make([]figure, len(subjects))
	for i, s := range subjects {
		figures[i] = figure{name: s.name, role: s.role}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range rounds {
		for _, i := range random.Perm(len(subjects)) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := cpuTime()
			subjects[i].run(1)
			took := cpuTime() - begin
			runtime.ReadMemStats(&after)
			f := &figures[i]
			f.samples = append(f.samples, float64(took))
			f.allocs, f.bytes = int(after.Mallocs-before.Mallocs), int(after.TotalAlloc-before.TotalAlloc)
		}
	}
	return figures
}
