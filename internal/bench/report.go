package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A verdict is one comparison with a target.
type verdict struct {
	caseID, what string
	got, limit   float64
}

func (v verdict) ok() bool { return v.got <= v.limit }

func (v verdict) String() string {
	if v.ok() {
		return "ok"
	}
	return "MISS"
}

// find returns the figure with a role, or nil.
func find(figures []figure, r role) *figure {
	for i := range figures {
		if figures[i].role == r {
			return &figures[i]
		}
	}
	return nil
}

// fastestPeer returns the peer with the lowest median, or nil.
func fastestPeer(figures []figure) *figure {
	var best *figure
	for i := range figures {
		f := &figures[i]
		if f.role == peer && (best == nil || f.ns() < best.ns()) {
			best = f
		}
	}
	return best
}

// judge compares the figures of a case with its target.
func judge(bc *benchCase, figures []figure) []verdict {
	var out []verdict
	add := func(what string, got, limit float64) {
		out = append(out, verdict{bc.id, what, got, limit})
	}
	hand, fastest, typed := find(figures, limit), fastestPeer(figures), find(figures, ours)
	if typed == nil {
		return nil
	}
	if bc.target.peer > 0 && fastest != nil {
		add("endpoint to "+fastest.name, typed.ratio(fastest), bc.target.peer)
	}
	if bc.target.hand > 0 && hand != nil {
		add("endpoint to hand", typed.ratio(hand), bc.target.hand)
	}
	if bc.target.allocs >= 0 {
		add("allocations", float64(typed.allocs), float64(bc.target.allocs))
	}
	for i := range figures {
		if f := &figures[i]; f.role == form && bc.target.shape > 0 {
			add(f.name+" to endpoint", f.ratio(typed), bc.target.shape)
		}
	}
	return out
}

// printer writes tables, as markdown or aligned.
type printer struct {
	out io.Writer
	md  bool
}

func (p printer) table(title string, header []string, rows [][]string) {
	if p.md {
		fmt.Fprintf(p.out, "\n### %s\n\n| %s |\n|---|%s\n", title, strings.Join(header, " | "), strings.Repeat("--:|", len(header)-1))
		for _, row := range rows {
			fmt.Fprintf(p.out, "| %s |\n", strings.Join(row, " | "))
		}
		return
	}
	fmt.Fprintf(p.out, "\n%s\n", title)
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{header}, rows...) {
		fmt.Fprintf(t, "%s\t\n", strings.Join(row, "\t"))
	}
	t.Flush()
}

// figures writes the table of a case. unit divides the times, "ns" by 1.
func (p printer) figures(title string, figures []figure, unit string, divisor float64) {
	hand, fastest := find(figures, limit), fastestPeer(figures)
	header := []string{"contender", unit, "allocs", "bytes", "to hand", "to fastest peer"}
	var rows [][]string
	for i := range figures {
		f := &figures[i]
		row := []string{f.name, fmt.Sprintf("%.0f", f.ns()/divisor), fmt.Sprint(f.allocs), fmt.Sprint(f.bytes), "-", "-"}
		if hand != nil {
			row[4] = fmt.Sprintf("%.2f", f.ratio(hand))
		}
		if fastest != nil {
			row[5] = fmt.Sprintf("%.2f", f.ratio(fastest))
		}
		rows = append(rows, row)
	}
	p.table(title, header, rows)
}

// verdicts writes the table of all targets and returns how many are missed.
func (p printer) verdicts(verdicts []verdict) (missed int) {
	var rows [][]string
	for _, v := range verdicts {
		if !v.ok() {
			missed++
		}
		format := "%.2f"
		if v.what == "allocations" {
			format = "%.0f"
		}
		rows = append(rows, []string{v.caseID, v.what, fmt.Sprintf(format, v.got), fmt.Sprintf(format, v.limit), v.String()})
	}
	p.table("Targets", []string{"case", "figure", "measured", "at most", "verdict"}, rows)
	return missed
}
