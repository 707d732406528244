// Package endpointtest tests an [http.Handler] in memory, without a socket:
//
//	func TestUsers(t *testing.T) {
//		c := endpointtest.New(t, api)
//		var u User
//		c.Get("/users/42").Status(200).JSON(&u)
//		c.Post("/users").Body(User{Name: ""}).Problem(422, "body /name min")
//	}
//
// A request passes through ServeHTTP, so middleware, limits, credentials and
// error formats are those of the real service. What a check finds wrong is
// reported at the line of the test that made it, with the request and the
// answer as text; a check that fails ends the test.
//
// # What may be replaced
//
// The handler of [New] is usually an [endpoint.API]. Then a test may say who
// the user is ([Client.As]), and give configurations ([Client.Configure]) and
// dependencies ([Client.Provide]) in place of the real ones. Each returns a
// client with an API of its own, made by [endpoint.API.Override], so that tests
// that run in parallel do not see each other; what is shared is what the
// providers share, such as the store of the real service that nobody replaced.
//
// # Agreement with the document
//
// Every answer of an API is compared with its OpenAPI document: a status, a
// media type or a body that the document does not have fails the test, with
// the pointer to the value. [Client.Contract] turns this off, or on for a
// handler in which the API is mounted.
//
// [Client.Agree] and [Client.Fuzz] go further: they make requests from the
// schemas of the document, valid ones and broken ones, and hold the server to
// them.
package endpointtest
