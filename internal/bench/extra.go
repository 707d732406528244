package main

import "fmt"

// Bounds of the cases below.
const (
	flatLimit     = 1.5 // 10,000 endpoints to 10
	unusedLimit   = 1.1 // unused options to none; the design says 1, the rest is noise
	registerLimit = 0.3 // of huma
	registerCount = 10000
)

// registration measures how long n typed endpoints take from nothing to ready.
func (b *bench) registration() error {
	var subjects []subject
	for _, c := range b.contenders {
		if c.register == nil {
			continue
		}
		if err := c.register(10); err != nil {
			return fmt.Errorf("registering with %s: %w", c.name, err)
		}
		subjects = append(subjects, subject{name: c.name, role: c.role, turn: 1, run: func(int) {
			if err := c.register(registerCount); err != nil {
				panic(fmt.Sprintf("BUG: %s registers 10 endpoints, but not 10,000: %v", c.name, err))
			}
		}})
	}
	figures := once(subjects, max(3, b.rounds/12))
	b.print.figures("REG: registering 10,000 typed endpoints", figures, "µs", 1000)
	var huma, typed *figure
	for i := range figures {
		switch {
		case figures[i].name == "huma":
			huma = &figures[i]
		case figures[i].role == ours:
			typed = &figures[i]
		}
	}
	if huma != nil && typed != nil {
		b.verdicts = append(b.verdicts, verdict{"REG", "endpoint to huma", typed.ratio(huma), registerLimit})
	}
	return nil
}

// pair measures one server against another that should cost the same.
// limit is what second may cost of first.
func (b *bench) pair(id, title string, limit float64, bc *benchCase, first, second contender) error {
	var subjects []subject
	for _, c := range []contender{first, second} {
		s, err := c.subject(bc)
		if err != nil {
			return err
		}
		subjects = append(subjects, s)
	}
	figures := measure(subjects, b.rounds, b.slice)
	b.print.figures(id+": "+title, figures, "ns", 1)
	if first.role != ours {
		return nil // shown to compare with
	}
	b.verdicts = append(b.verdicts,
		verdict{id, second.name + " to " + first.name, figures[1].ratio(&figures[0]), limit})
	return nil
}

// few is the number of routes that the flatness case asks for in both servers.
const few = 10

// flat compares the same ten requests to ten endpoints and to ten thousand.
func (b *bench) flat() error {
	all := syntheticRoutes(registerCount)
	// Ten routes from all over the table.
	var chosen []route
	for i := range few {
		chosen = append(chosen, all[i*len(all)/few+i%5])
	}
	for _, c := range b.contenders {
		if c.role != ours && c.role != limit {
			continue
		}
		small, large := c, c
		small.name, large.name = c.name+", 10", c.name+", 10,000"
		large.table = func(routes []route, hit *int) (server, error) {
			rest := make([]route, 0, len(all))
			for i, rt := range all {
				if i%(len(all)/few) != i/(len(all)/few)%5 {
					rest = append(rest, rt)
				}
			}
			return c.table(append(append([]route(nil), routes...), rest...), hit)
		}
		bc := &benchCase{id: "FLAT", routes: chosen, exchanges: requestsFor(chosen)}
		if err := b.pair("FLAT", c.name+", ten requests among 10 and 10,000 endpoints", flatLimit, bc, small, large); err != nil {
			return err
		}
	}
	return nil
}
