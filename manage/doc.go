// Package manage serves endpoints that clients create, change, script and
// delete over HTTP while the service runs. It is written with package endpoint,
// and a component of an API:
//
//	m, err := manage.Open(ctx, manage.Options{
//		Store:          store,                            // sqlstore.SQLite, sqlstore.Postgres; nil is memory
//		Scripts:        root,                             // os.OpenRoot("scripts")
//		Engine:         script.Workers(script.Limits{}),
//		Authenticators: []endpoint.Authenticator{endpoint.BearerAuth(check)},
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer m.Close()
//	api.Add(m)
//
// A program that uses script.Workers calls script.Worker in the first line of
// main. Command endpointd, in cmd/endpointd, is such a program.
//
// # The life of an endpoint
//
//	PUT    api/v1/http-endpoint/hello    {"path":"helloworld","handler_script_path":"/jaydoe/hello.py"}
//	GET    api/v1/http-endpoint/u/helloworld
//	PATCH  api/v1/http-endpoint/hello    {"enabled":false}
//	DELETE api/v1/http-endpoint/hello
//
// An endpoint has an id, by which it is managed, and a path, by which it is
// called: 1 to 64 of the characters a-z, A-Z, 0-9, _ and - each. The ids list
// and u are reserved. It belongs to an account, which [Options.Account] tells
// from the user; id and path are unique in it, and the endpoints of another
// account do not exist for anybody else: whatever is done to them is a 404.
//
// Its handler is a file below [Options.Scripts], or a function of
// [Options.Handlers]. A file that does not compile is refused with file, line
// and column, and nothing is stored; one that is not there yet is accepted, and
// the endpoint shows an error until it is. A file that changes is used by the
// next call. If the new text is faulty, the last one that compiled goes on
// serving, and the endpoint shows the error; if the file is removed, calls fail.
//
// # The API
//
// All of it needs a user, whom [Options.Authenticators] find. Paths are below
// api/v1/http-endpoint/.
//
//	PUT    <id>          creates an endpoint of path and handler_script_path: 201 {"id"}
//	GET    <id>          shows id, path, handler_script_path, state, and error if there is one
//	PATCH  <id>          changes path, handler_script_path, enabled, any of them: {"id"}
//	DELETE <id>          deletes it: {"id"}
//	GET    list          shows all endpoints, ordered by id: {"endpoints"}
//	GET    <id>/history  shows who changed it when, also after its deletion
//	GET    <id>/calls    shows the last 20 calls that this process answered, what they printed and why they failed
//	GET    <id>/script   the text of its script, as text/plain
//	PUT    <id>/script   saves the text if it compiles, at most 64 KiB
//	any    u/<path>      calls the handler, if the endpoint is enabled
//
// The list has the filters id, path, handler or handler_script_path, state
// (ENABLED or DISABLED) or enabled (true or false), which are compared
// literally, and offset and limit. If it is asked for an id, the answer has that
// id too. With detail=true, endpoints have revision, modified and telemetry.
//
// Bodies are JSON whatever their content type. Errors are problem documents:
//
//	400  whatever is wrong with the request: members, by name, filters, a script that does not compile
//	401  no right credentials
//	403  a user without an account; a script whose text is not the account's
//	404  no such endpoint in this account; a trigger that is disabled
//	409  another endpoint of the account has the id or path
//	412  If-Match or If-None-Match does not hold
//	413  a body that is too large: 64 KiB here, [Options.MaxBody] for triggers
//	429  more calls of the account at once than [Options.MaxCalls]
//	503  the store or the engine does not answer now; Retry-After says when to try again
//
// Answers about one endpoint have an ETag, the revision, which If-Match and
// If-None-Match take; that of a script is of its text. With If-Match a change
// that somebody else made in between is a 412 and not lost. Without it, a change
// of some members keeps what others changed of the rest.
//
// The text of a script is shown and saved only below /<account>/, so that
// accounts neither read nor change each other's. By default they may run every
// script; [Options.OwnScripts] ends that too.
//
// # Handlers
//
// A handler gets the request as it came, with the body in memory, but without
// Authorization and Cookie: these are the caller's. HEAD is GET to it, whose
// body is left out. [AccountFrom] tells the account.
//
// What it answers is restricted, as the host's own pages live on the same
// origin:
//
//   - The content type is text/plain or application/json, with the charset
//     utf-8 or none. An answer without a body may have any, which is left out.
//   - The status is a registered one from 200 to 599.
//   - The body has at most 1 MiB.
//   - Header fields are those about the content and its caching, Retry-After and
//     Allow, and names that begin with X-, but for those that browsers and
//     proxies obey. All others, such as Set-Cookie, Location and those of CORS,
//     are left out, and the owner is told.
//   - Cache-Control gets private, and loses what it says to caches that people
//     share: the same address is another endpoint for another account.
//   - Every answer has X-Content-Type-Options: nosniff.
//
// An answer that breaks these rules, and a handler that fails, is a 500 of
// text/plain whose text says nothing. The log has the cause with account, id,
// handler and request id, which is in X-Request-Id of the answer; the owner finds
// it in the calls of the endpoint. Trouble of the engine that will pass is a 503
// with Retry-After.
//
// Functions of [Options.Handlers] are any that API.Handle takes for a path
// without parameters, with typed inputs, users, guards and providers, see
// [Options.HandlerAPI]. Their errors are problem documents of the type
// application/json.
//
// # Stores
//
// The Manager has all endpoints in memory, so that a call asks no database, and
// costs the same whatever their number. It follows what is changed, by itself or
// by others on the same store: own changes are served as soon as they are
// answered, those of others within a second. While the store is away,
// everything that is known is served; changes are 503 within three seconds, and
// the outcome of one is unknown if the store failed in the middle of it.
//
// # Telemetry
//
// [Options.Observe] is told of each call. What the API shows is of this process,
// since it started, and ends with the endpoint. Of each endpoint the last 20
// calls are kept, of each account the texts of the last 200 that had one.
package manage
