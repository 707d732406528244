// Command bench measures endpoint against hand-written code and other
// libraries, side by side in one process. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	contenders []contender
	chosen     []string // cases; none means all
	rounds     int
	slice      time.Duration
	print      printer
	verdicts   []verdict
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	var (
		quick   = flag.Bool("quick", false, "about 40 s instead of 4 min: fewer and shorter rounds")
		which   = flag.String("case", "", "cases, such as C2,C4,REG,FLAT,OPT; all by default")
		only    = flag.String("only", "", "contenders, such as hand,endpoint; all by default")
		rounds  = flag.Int("rounds", 0, "rounds a case; 0 means the default")
		md      = flag.Bool("md", false, "write markdown tables")
		profile = flag.String("cpuprofile", "", "write a CPU profile of the measured rounds to this `file`")
		socket  = flag.Bool("socket", false, "measure C4 over loopback connections instead")
		serve   = flag.String("serve", "", "serve this contender for -socket; used by the parent process only")
	)
	flag.Parse()
	if *serve != "" {
		return serveChild(*serve)
	}
	b := &bench{contenders: contenders(), rounds: 101, slice: 15 * time.Millisecond, print: printer{os.Stdout, *md}}
	if *quick {
		b.rounds, b.slice = 15, 10*time.Millisecond
	}
	if *rounds > 0 {
		b.rounds = *rounds
	}
	if *only != "" {
		names := strings.Split(*only, ",")
		b.contenders = slices.DeleteFunc(b.contenders, func(c contender) bool { return !slices.Contains(names, c.name) })
	}
	if *which != "" {
		b.chosen = strings.Split(*which, ",")
	}
	fmt.Printf("%s %s/%s, GOMAXPROCS %d\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	if *socket {
		return b.socket(*quick)
	}
	return b.profiled(*profile)
}

// profiled runs all cases, within a CPU profile if file is not "".
func (b *bench) profiled(file string) error {
	if file == "" {
		return b.all()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = b.all()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

// wants tells whether a case was chosen.
func (b *bench) wants(id string) bool { return len(b.chosen) == 0 || slices.Contains(b.chosen, id) }

// all runs the chosen cases and prints the verdicts. A missed target is no error.
func (b *bench) all() error {
	list := cases()
	for i := range list {
		if b.wants(list[i].id) {
			if err := b.one(&list[i]); err != nil {
				return err
			}
		}
	}
	extras := []struct {
		id  string
		run func() error
	}{{"REG", b.registration}, {"FLAT", b.flat}, {"OPT", b.unused}}
	for _, extra := range extras {
		if b.wants(extra.id) {
			if err := extra.run(); err != nil {
				return err
			}
		}
	}
	missed := b.print.verdicts(b.verdicts)
	fmt.Fprintf(b.print.out, "\n%d of %d targets reached\n", len(b.verdicts)-missed, len(b.verdicts))
	return nil
}

// one runs a case. A contender that answers wrong is an error, one that can't take part is named.
func (b *bench) one(bc *benchCase) error {
	var subjects []subject
	for _, c := range b.contenders {
		s, err := c.subject(bc)
		switch {
		case errors.Is(err, errRefused):
			fmt.Fprintf(b.print.out, "\n%s without %s: %v\n", bc.id, c.name, errRefused)
		case errors.Is(err, errSkipped): // README.md says why
		case err != nil:
			return err
		default:
			subjects = append(subjects, s)
		}
	}
	rounds := b.rounds
	if len(bc.exchanges) > 1000 {
		rounds = max(3, rounds/4) // a sample is one pass over all routes, and each is long
	}
	figures := measure(subjects, rounds, b.slice)
	b.print.figures(bc.id+": "+bc.title, figures, "ns", 1)
	b.verdicts = append(b.verdicts, judge(bc, figures)...)
	return nil
}
