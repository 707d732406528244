// Command login is a service with accounts: a table of users in SQLite,
// sessions in the same database, and a page that logs in and calls the API.
//
//	go run .                    serve from memory; prints the address and two accounts
//	go run . -db login.db       keep users, notes and sessions in a file
//	go run . -routes            print what was resolved, and end
//
// Read the files in this order: main.go is the program, service.go what was
// there before the API, api.go the registrations, users.go and notes.go plain
// functions, session.go, database.go and password.go what they stand on.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed217079a1/endpoint"
)

// settings are what the command line sets.
type settings struct {
	addr     string
	database string
	secure   bool
	routes   bool
	partners []string
}

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`host:port` to listen on")
	flag.StringVar(&s.database, "db", "", "SQLite `file`; none keeps everything in memory")
	flag.BoolVar(&s.secure, "secure", false, "browsers reach the service over TLS, so cookies are for TLS alone")
	flag.BoolVar(&s.routes, "routes", false, "print the route table and end")
	flag.Func("partner", "`origin` whose pages may act for the user, such as https://partner.example; may be repeated",
		func(origin string) error { s.partners = append(s.partners, origin); return nil })
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on a second Ctrl-C ends the program at once
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "login:", err)
		os.Exit(1)
	}
}

// run is the program without its process, so that a test can run it: it ends
// when ctx does.
func run(ctx context.Context, s settings, stdout io.Writer) error {
	db, err := openDatabase(ctx, s.database)
	if err != nil {
		return err
	}
	defer db.Close()
	sessions := newSessions(db, s.secure)
	users := &Users{db: db, sessions: sessions, hasher: NewHasher()}
	api := newAPI(users, &Notes{db}, sessions, s.partners)
	// Whatever is wrong with a registration is reported here, all of it at
	// once, and not by a request.
	if err := api.Compile(); err != nil {
		return err
	}
	if s.routes {
		return api.Explain(stdout)
	}
	logins, err := users.AddDemo(ctx)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address, such as -addr 127.0.0.1:8081", err)
	}
	service, err := newService(api)
	if err != nil {
		return err
	}
	go SessionStore{db}.Clean(ctx, cleanInterval)
	printHelp(stdout, "http://"+l.Addr().String(), logins)
	return endpoint.ServeListener(ctx, l, service)
}

// printHelp prints where the service is and who can log in.
func printHelp(w io.Writer, base string, logins []Login) {
	fmt.Fprintf(w, "listening on %s\n\n", base)
	for _, l := range logins {
		fmt.Fprintf(w, "account %s, password %s\n", l.Name, l.Password)
	}
	if len(logins) == 0 {
		fmt.Fprintln(w, "accounts are those of the database; their passwords were printed when it was made")
		return
	}
	fmt.Fprintf(w, "\ncurl -u %s:%s %s/api/notes\n", logins[0].Name, logins[0].Password, base)
}
