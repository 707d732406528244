package endpoint_test

import (
	"fmt"

	"github.com/seed217079a1/endpoint"
)

// Greetings configure the handler greet.
type Greetings struct {
	endpoint.Configuration

	Text string
}

// Default is what holds if nobody configures Greetings.
func (Greetings) Default() Greetings { return Greetings{Text: "Hello"} }

func greet(name string, c Greetings) string { return c.Text + ", " + name }

// A handler takes its configuration as a parameter; a test passes one.
func ExampleConfiguration() {
	api := endpoint.New()
	api.Get("greet/:name", greet)
	exampleGet(api, "/greet/ada")

	api.Configure(Greetings{Text: "Good morning"})
	if err := api.Compile(); err != nil { // takes effect at once, also on a running API
		fmt.Println(err)
	}
	exampleGet(api, "/greet/ada")

	fmt.Println(greet("bob", Greetings{Text: "Hi"}))
	// Output:
	// 200 Hello, ada
	// 200 Good morning, ada
	// Hi, bob
}

// What nobody configured and has no default is a fault of Compile.
func ExampleAPI_Configure() {
	type mailer struct {
		endpoint.Configuration

		Server string
	}
	api := endpoint.New()
	api.Post("mail", func(c mailer) string { return c.Server })
	fmt.Println(api.Compile() != nil)

	api.Configure(mailer{Server: "mail.example.com"})
	fmt.Println(api.Compile())
	// Output:
	// true
	// <nil>
}

// The package-level Configure configures the handlers of [endpoint.Default].
func ExampleConfigure() {
	endpoint.Configure(Greetings{Text: "Welcome"})
	e := endpoint.Get("welcome/:name", greet)
	defer endpoint.Default.Remove(e)
	if err := endpoint.Default.Compile(); err != nil {
		fmt.Println(err)
	}

	exampleGet(endpoint.Default, "/welcome/ada")
	// Output:
	// 200 Welcome, ada
}
