// Package canister serves what was written as a canister of the Internet
// Computer, the two functions http_request and http_request_update, inside an
// ordinary Go service.
//
//	visits := canister.NewState(0, nil)
//	canister.Handle(api, "/", canister.Service{
//		Query:  func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) { ... },
//		Update: func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) { ... },
//	})
//
// # The way of a request
//
// Every request, whatever its method, goes to Query. If the response says
// Upgrade, all else in it is discarded, and the same request goes to Update,
// whose response is the answer; its own Upgrade is ignored. The method decides
// nothing: a GET may be upgraded, and a POST answered by the query.
//
// An error of either function, and a panic, is answered as package endpoint
// answers those of any handler. So is a response that cannot be sent: of a
// status below 200 or above 999, or with a header field that no header can
// have.
//
// # State
//
// A [State] is what queries see and updates change. Queries run concurrently,
// also beside an update. All states that one query asks for are of one moment,
// and stay so while it runs. What a query changes in the copy it was given is
// lost with it, as it is on the Internet Computer.
//
// Updates of a canister run one after another. [State.Edit] gives the update a
// working copy. It is committed, with those of all other states that the update
// edited, if Update returns a response that can be sent, without error or
// panic, while the client still waits for it; the answer is sent after that. A
// Timeout that has passed, like a client that is gone, discards the update.
//
// Several canisters may share a state, such as a service that is registered for
// two paths. An update then holds each state from when it asks for it first,
// until it ends. Two canisters that edit the same states in different orders
// may meet: one of the two updates is then answered with 503 and changes
// nothing.
//
// # What a copy costs
//
// An update that asks for a state calls its clone once, a query that calls Get
// does so too. For a number or a small struct this is nothing; cloning a map of
// 10,000 entries takes about a tenth of a millisecond, one of a million 30 ms,
// and each leaves garbage. BenchmarkState measures it. There are three ways to
// lower it:
//
//   - [State.View] reads without a copy. What it returns is shared by all
//     readers and must not be changed.
//   - A clone may share what nobody changes in place: of a map from id to
//     *Todo it copies the map, if updates replace a *Todo and never write to it.
//   - A persistent structure, which is changed by making a new root that shares
//     most of the old one, needs no copying: its clone returns its argument.
//
// [Persist] keeps states in a file, so that a restart finds them. It writes the
// file for every update that edits one of them, and waits for the disk.
//
// # Streaming
//
// A response with a [StreamingStrategy] is its Body and then what the callback
// brings. Each chunk is flushed before the callback is called again, so that
// one chunk is in memory at a time. Each call is a query of its own: it may see
// what an update changed since the last one. Calling back ends when there is no
// token, when the client is gone, or after 1000 calls, at which the connection
// is cut. An error before the first byte is a 500, after it the connection is
// cut.
//
// Any handler of package endpoint can stream in the same way, with
// [StreamingStrategy].Reader as its result. It is a reader because iterators
// are answered as JSON lines.
//
// # Header
//
// The request has names in lower case. net/http forgets the order of different
// names, so they are sorted; repeats keep theirs.
//
// As behind a gateway, answers may be read by pages of every origin:
// Access-Control-Allow-Origin, Access-Control-Expose-Headers and Vary are added
// where the service did not set them. An OPTIONS request goes to the service
// too; unless it answers with a success, an empty body and a field of CORS, the
// answer is a gateway's preflight. A service that is not for every origin sets
// Access-Control-Allow-Origin itself, or has middleware around it that decides:
// where that set a field of CORS, or Vary: Origin, nothing is added.
//
// # Certification
//
// [Certificate] and [Expression] build and parse the header fields of response
// certification, version 2. Nothing here makes a certificate or verifies one:
// an ordinary service has no subnet that signs for it, and its clients trust
// its TLS certificate instead. The hash trees are left to those who have one.
//
// # Differences
//
// These differ from a canister behind a gateway, each for a reason. The
// numbers are those of the exchanges that the tests play.
//
//   - IC-007: Accept-Encoding: gzip;q=0 refuses gzip. The document's
//     program looks for the text gzip alone; [AcceptsGzip] reads what q says.
//   - IC-024: an upgrade without Update is 501, or reported by Compile
//     if the service says Upgrades. Gateways answer 404, 502 or 503.
//   - IC-032: more than 1000 callbacks cut the connection. Gateways end
//     the body as if it were whole, which no client can tell from success.
//   - IC-034: an error after the first byte cuts the connection. Gateways hold
//     four chunks back and can answer 500 until then; here the first chunk is
//     sent at once.
//   - A 206 to a request without a range is passed on; gateways fetch the other
//     ranges themselves.
//   - X-Request-Id of the request is passed on; gateways replace it with theirs.
//   - Fields that nobody certified are passed on, and redirects too: nothing is
//     verified here.
//   - Errors are answered in the format of the API, problem documents by
//     default, and not in that of a gateway.
package canister
