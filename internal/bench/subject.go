package main

import (
	"errors"
	"fmt"
)

// A subject is a contender in one case, ready to be measured.
type subject struct {
	name string
	role role
	run  func(n int) // n operations
	turn int         // a sample is a multiple of this many operations
}

// player is what client and fastClient have in common.
type player interface {
	run(n int)
	answer(i int) answer
}

// errSkipped marks a case that a contender does not take part in.
var errSkipped = errors.New("not in this case")

// errRefused is why a router that can't hold the routes is skipped.
var errRefused = errors.New("its router refuses the routes")

// subject builds c's server for a case, checks each of its answers and returns it.
// The error is errSkipped, or says which answer is wrong.
func (c contender) subject(bc *benchCase) (subject, error) {
	hit := -1
	s, err := c.server(bc, &hit)
	if err != nil {
		return subject{}, err
	}
	var p player
	if s.http != nil {
		p = newClient(s.http, bc.exchanges)
	} else {
		p = newFastClient(s.fast, bc.exchanges)
	}
	for i, e := range bc.exchanges {
		if err := bc.check(c.role, p.answer(i)); err != nil {
			return subject{}, fmt.Errorf("%s, %s: %s %s: %w", bc.id, c.name, e.method, e.target, err)
		}
		if bc.routes != nil && hit != i {
			return subject{}, fmt.Errorf("%s, %s: %s %s went to route %d, want %d", bc.id, c.name, e.method, e.target, hit, i)
		}
	}
	return subject{name: c.name, role: c.role, run: p.run, turn: len(bc.exchanges)}, nil
}

// server makes the server that the case needs.
func (c contender) server(bc *benchCase, hit *int) (s server, err error) {
	// Routers tell by a panic that they can't hold a route.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %w: %v", errSkipped, errRefused, v)
		}
	}()
	switch {
	case bc.routes != nil && c.table == nil, bc.routes == nil && (c.api == nil || c.skip == bc.id):
		return server{}, errSkipped
	case bc.routes != nil:
		s, err = c.table(bc.routes, hit)
		if errors.Is(err, errLinear) {
			err = fmt.Errorf("%w: %w", errSkipped, err)
		}
		return s, err
	default:
		return c.api()
	}
}
