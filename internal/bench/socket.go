package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The socket mode: servers in processes of their own, one load generator here.
const (
	connections  = 64
	socketRounds = 5
	socketRound  = 2 * time.Second
)

// socketNames are the contenders of the socket mode; plain comes first.
var socketNames = [...]string{"plain", "endpoint", "echo", "gin", "huma"}

// plainMux is C4 by hand on net/http's own mux.
func plainMux() http.Handler {
	h := newHand()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", h.order)
	return mux
}

// socketHandler returns the handler of a contender.
func socketHandler(name string) (http.Handler, error) {
	if name == "plain" {
		return plainMux(), nil
	}
	for _, c := range contenders() {
		if c.name == name {
			s, err := c.api()
			return s.http, err
		}
	}
	return nil, fmt.Errorf("no contender is called %q", name)
}

// serveChild is the child process: it prints its address, then one line with the
// CPU time used so far for each line that it reads, and ends when its input does.
func serveChild(name string) error {
	// One core for the server, one for the load. An interrupt goes to the parent, which closes the input.
	runtime.GOMAXPROCS(1)
	signal.Ignore(os.Interrupt)
	h, err := socketHandler(name)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l)
	fmt.Println(l.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(int64(cpuTime()))
	}
	return s.Close()
}

// child is a server process as the parent sees it.
type child struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	addr string
}

// startChild starts this program again as the server of a contender.
func startChild(name string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-serve", name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{name: name, cmd: cmd, in: in, out: bufio.NewReader(out)}
	if c.addr, err = c.line(); err != nil {
		return nil, errors.Join(fmt.Errorf("server %s gave no address: %w", name, err), c.stop())
	}
	return c, nil
}

func (c *child) line() (string, error) {
	text, err := c.out.ReadString('\n')
	return strings.TrimSpace(text), err
}

// cpu asks the child for the CPU time that it has used.
func (c *child) cpu() (time.Duration, error) {
	if _, err := io.WriteString(c.in, "cpu\n"); err != nil {
		return 0, err
	}
	text, err := c.line()
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(ns), err
}

// stop ends the child by closing its input, or by its process if that does not help.
func (c *child) stop() error {
	c.in.Close()
	timer := time.AfterFunc(5*time.Second, func() { c.cmd.Process.Kill() })
	defer timer.Stop()
	return c.cmd.Wait()
}

// socket runs the rounds and prints the table.
func (b *bench) socket(quick bool) (err error) {
	// The load generator keeps to one core, as each server does.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rounds, duration := socketRounds, socketRound
	if quick {
		rounds, duration = 3, time.Second
	}
	var children []*child
	defer func() {
		for _, c := range children {
			err = errors.Join(err, c.stop())
		}
	}()
	for _, name := range socketNames {
		known := func(c contender) bool { return c.name == name }
		if name != "plain" && !slices.ContainsFunc(b.contenders, known) {
			continue
		}
		c, err := startChild(name)
		if err != nil {
			return err
		}
		children = append(children, c)
	}
	runs := make([][]load, len(children))
	for round := range rounds + 1 {
		for i, c := range children {
			l, err := measureLoad(c, duration)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 { // the first one warms up
				runs[i] = append(runs[i], l)
			}
		}
	}
	b.socketTable(children, runs)
	return nil
}

// socketLimit is what endpoint has to reach of the plain handler's requests a second.
const socketLimit = 0.95

// socketTable prints medians, and the medians of the rounds' ratios to the plain handler.
func (b *bench) socketTable(children []*child, runs [][]load) {
	var rows [][]string
	for i, c := range children {
		var rate, share, cpu, cpuShare, p99 []float64
		for round, l := range runs[i] {
			plain := runs[0][round]
			rate = append(rate, l.rate)
			share = append(share, l.rate/plain.rate)
			cpu = append(cpu, l.cpu)
			cpuShare = append(cpuShare, l.cpu/plain.cpu)
			p99 = append(p99, float64(l.p99)/float64(time.Millisecond))
		}
		rows = append(rows, []string{
			c.name, fmt.Sprintf("%.0f", median(rate)), fmt.Sprintf("%.2f", median(share)),
			fmt.Sprintf("%.1f", median(cpu)/1000), fmt.Sprintf("%.2f", median(cpuShare)), fmt.Sprintf("%.1f", median(p99)),
		})
		if c.name == "endpoint" {
			// verdict knows ceilings only, so the share is turned round.
			b.verdicts = append(b.verdicts, verdict{"SOCKET C4", "plain to endpoint, requests a second", 1 / median(share), 1 / socketLimit})
		}
	}
	b.print.table(fmt.Sprintf("C4 over %d loopback connections", connections),
		[]string{"server", "requests/s", "to plain", "server CPU µs", "to plain", "p99 ms"}, rows)
	b.print.verdicts(b.verdicts)
}
