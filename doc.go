// Package endpoint makes plain functions HTTP endpoints with one line each,
// inside a service that already exists.
//
//	type GetUser struct {
//		ID   int64 `path:"id"`
//		Full bool  `query:"full"`
//	}
//
//	func getUser(ctx context.Context, in GetUser) (User, error) { ... }
//
//	api := endpoint.New()
//	api.Get("users/:id", getUser)
//	if err := api.Compile(); err != nil {
//		log.Fatal(err)
//	}
//	http.Handle("/api/", http.StripPrefix("/api", api))
//
// An [API] is an [http.Handler]. Handlers stay plain functions, which a test
// calls. [API.Compile] checks everything that can be checked before a request
// comes, and reports all faults together, each with the place of the
// registration and what to write instead. [API.Explain] prints what was
// resolved.
//
// # Paths
//
// A leading slash means nothing: users and /users are one path.
//
//	pattern         matches                                 does not match
//	users           /users                                  /users/ /users/7 /Users
//	users/:id       /users/7 /users/a%2Fb /users/%C3%BC     /users /users/ /users/7/ /users/7/x
//	users/{id}      /users/7 /users/a%2Fb                   /users/7/x
//	:kind/:id/edit  /users/7/edit                           /users/edit /users/7/edit/
//	files/          /files/ /files/a /files/a/b/            /filesystem /file
//	files/*name     /files/ /files/a /files/a/b/            /filesystem /file
//	""              /                                       /users
//	/               / /users /users/7/x                     //users /users/../x
//
// A parameter is one whole segment of at least one character. The escaped path
// is split before its segments are unescaped, so a%2Fb arrives as a/b.
//
// A path that ends in a slash is a prefix: it matches itself and everything
// below, which [Request.Rest] returns; *name gives that rest a name. The bare
// form of a prefix, /files, redirects to it with 308, unless it is registered
// itself or the method would not match. All other paths are exact.
//
// Of several patterns that match, the most specific answers, decided segment
// by segment from the left: literal, then parameter, then prefix. What leads
// nowhere falls back to the next. The order of registration never matters.
//
//	request       of users/me, users/:id and users/
//	/users/me     users/me
//	/users/7      users/:id
//	/users/7/x    users/
//
// The path is chosen first, then the method. Endpoints may share a path if
// their methods are disjoint; the same method twice is a fault that Compile
// reports, with both places. HEAD follows GET, OPTIONS is answered with Allow,
// unless they are registered. Another method is 405 with Allow.
//
// Paths are never cleaned, folded or normalised. A path with an empty segment,
// a dot segment, a backslash, a control character, invalid UTF-8, a bad escape
// or more than 256 segments matches nothing: it is 400 where the text itself is
// broken, as by control characters, invalid UTF-8 and bad escapes, else 404.
//
// A group joins its path and those of its endpoints with one slash: in the
// group v1, users is v1/users, "" is v1 itself and "/" is everything below v1.
//
// # Handlers
//
// A handler is a function, an [http.Handler], or what [Typed] makes of a
// function. In its place an error may stand, which Compile reports: a package
// that makes handlers has no other way to say what is wrong with one. A
// function takes any of these parameters, in any order:
//
//	context.Context                     the request's context
//	*Request, *http.Request             the request
//	http.ResponseWriter                 the writer; the handler then returns nothing or an error
//	string, bool, a number,
//	time.Duration, a TextUnmarshaler    path parameters in their order, all of them
//	Params                              path, query and form in one map
//	url.Values, http.Header             the query, the header
//	io.Reader, []byte                   the body as it is
//	a struct with source tags           an input, see below
//	other struct, map, slice            the body from JSON
//	embeds Configuration                that configuration
//	*User                               the user, nil if there is none
//	a type with a provider              that dependency
//
// A struct may be taken by pointer too. A *T body is nil if there is no body.
// A path parameter has to be bound: by a field, by position, or by a function
// that takes a request or Params. One parameter reads the body, guards and
// providers included.
//
// # Inputs
//
// An exported field of an input has exactly one source:
//
//	path:"id"            a path parameter
//	query:"q"            a parameter of the query
//	query:"ids,comma"    a list, values also separated by commas
//	header:"X-Trace"     a header field
//	cookie:"theme"       a cookie
//	form:"name"          a field of a form, urlencoded, or multipart beside a file
//	file:"image"         an uploaded file: *File or []*File
//	body:""              the body: from JSON, or as []byte or io.Reader
//
// Embedded structs compose. A field is a string, bool, integer or float, a
// [time.Duration], a [time.Time] or another TextUnmarshaler; a pointer to one,
// nil when absent; an [Opt], which tells absent from value; a slice of one, for
// values sent several times; or, for a query, a map with string keys, sent as
// filter[key]=value.
//
// What is sent must be of the type to the last character: 1 and 0 are bools,
// yes is not, +1 is no integer, Inf no float. A scalar that is sent twice is a
// fault. Names are exact, case included, but for header fields. Text is UTF-8
// without NUL.
//
// JSON needs the content type application/json or one ending in +json.
// Member names are exact and stand once; null is for pointers, slices, maps,
// interfaces and Opt. Unknown members, form fields and parameters are ignored,
// or faults with [Strict].
//
// # Defaults and validation
//
// The tag default:"..." gives the value of what is not sent; of a slice, values
// separated by commas. The tag validate:"..." has rules of
// github.com/go-playground/validator. Both hold for inputs and for the members
// of JSON bodies, and Compile checks both.
//
// The rule required means sent: an explicit false, 0 or "" passes. All other
// rules apply to what was sent; what is absent breaks none of them, but for
// those that look at other fields, such as required_with. What an object
// requires is missed only if the object was sent.
//
// All faults of a request are answered together with 422, each as a
// [FieldError] that names the input as it is called on the wire, and never
// repeats a value. JSON of a wrong type is one fault beside those of other
// sources. Broken syntax is 400, a body too large 413, of a wrong content type
// or with a content encoding 415, one that comes too slowly 408.
//
// # Results
//
// A handler returns nothing, an error, T, or (T, error):
//
//	nothing                       204; 200 beside an http.ResponseWriter
//	string                        text/plain; JSON with TextAsJSON
//	[]byte                        application/octet-stream
//	Response, *Response           as it says: status, header, cookies, body
//	Media, *Media                 as it says; ranges for an io.ReadSeeker, an ETag if Modified is set
//	io.Reader                     application/octet-stream, as it comes
//	iter.Seq[T],
//	iter.Seq2[T, error]           application/jsonl, each T as it comes; a JSON
//	                              array for a client that accepts only JSON
//	iter.Seq[Event],
//	iter.Seq2[Event, error]       text/event-stream
//	http.Handler                  it answers
//	any other T, also nil         application/json
//
// A result of an interface type is answered by its dynamic type. A nil
// Response, Media, reader, iterator or handler is 204. The status of a success
// is 200 unless [Status] says otherwise. A value that cannot be marshalled is a
// 500, found before the first byte is written. Objects made from maps are in
// the order of their keys; a nil slice is [].
//
// # Errors
//
// An error becomes an answer by the first of these that knows it:
//
//  1. [OnError] may replace the error.
//  2. An [*Error], also wrapped, is answered as it says.
//  3. [MapError] and [MapErrorAs], innermost first.
//  4. [context.DeadlineExceeded] is 503.
//  5. If the client is gone, nothing is written.
//  6. Any other error, and a panic, is a 500 without its text, which is logged.
//
// Answers are problem documents of RFC 9457, application/problem+json, also
// those of 404 and 405; [ErrorFormat] replaces them. After the first byte of an
// answer an error cuts the connection, so that no client takes half an answer
// for a whole one. The log has method, pattern, status, duration, request id
// and cause; never query, header or body.
//
// # The way of a request
//
//  1. Middleware of [New], around all that follows.
//  2. The path is matched, then the method.
//  3. Middleware of groups, then of the endpoint.
//  4. The session is loaded, the user found, and who may not pass refused.
//  5. Guards, given to [Depends], that need no body.
//  6. Parameters are bound and validated; here the body is read.
//  7. Guards that need the body.
//  8. Dependencies are made, then the handler runs.
//  9. Dependencies are finished, in reverse; after the answer if it is a stream.
//  10. The session is saved and the answer written.
//
// # Users
//
// [Auth] says how the user of a request is found: by [BasicAuth], [BearerAuth],
// [APIKeyAuth], [SkygearAuth], [SessionAuth], several together with [AllOf], or
// an [Authenticator] of your own. They are tried in order, before the body is
// read, and the first user wins. Handlers and guards get it as *[User], or from
// [CurrentUser].
//
//	option             without                                        answered with
//	UserRequired       a user                                         401
//	KeyRequired        a right key or a user                          401
//	RequireCredentials HTTP Basic credentials, right or not           401
//	AuthenticateUsers  a session with a user, or right HTTP Basic     401
//	Public             undoes the requirement of what is around
//
// A 401 has the challenge of every authenticator and is the same for every
// wrong credential; 403 is for the handler to answer. The same credential sent
// twice is refused. Where no user is required wrong credentials count as none.
// An authenticator that fails or panics denies in any case: its error is
// logged, with the credentials cut out, and the answer is 500. A requirement
// that nothing can fulfil, and a check that is nil, are faults that Compile
// reports. Answers of endpoints with a requirement, and those given to a user,
// have Cache-Control: no-store unless they set their own.
//
// Nothing is remembered between requests: what a check no longer knows is
// refused with the next request. A stream that has begun goes on until its
// handler ends it.
//
// # Sessions
//
// [Sessions] takes a manager of github.com/alexedwards/scs/v2, whose methods
// work with the request's context. The session is saved before the first byte
// of the answer, and not if the request fails with 5xx. [RememberUser] logs a
// user in who sent right credentials: the token of the session is renewed. A
// handler that logs in by itself calls RenewToken of the manager.
//
// A request that a page of another site caused, GET too, runs in an empty
// session that is thrown away: it has no cookies and can set none. Whether it
// is one is said by Sec-Fetch-Site, Origin and Referer, of which each that is
// sent has to agree; what cannot be read is foreign. A service behind a proxy
// that ends TLS needs [TrustedProxies] or [ExternalURL], or else its own pages
// are foreign. [CrossSiteSession] lifts the rule for an endpoint.
//
// # Where a request comes from
//
// [Request.Origin] and [Request.RemoteAddress] say what the connection says.
// Behind [TrustedProxies] they say what the proxies do: of addresses the first
// from the right that is not a proxy's. What a client writes into Forwarded or
// X-Forwarded-For is never believed.
//
// # Configuration and dependencies
//
// A type that embeds [Configuration] is a parameter that [API.Configure] gives
// a value for, or else its method Default. Other types come from
// [API.Provide]: a value, or a function that makes one for each request that
// needs it and may return how to finish it, with the handler's error. What is
// missing and providers that need each other are reported by Compile.
//
// # Other origins
//
// Pages of other origins may call no endpoint unless [CORS] says so, to [New],
// a group or an endpoint; the inner one replaces. A preflight is answered from
// the table of endpoints: by the one that has the path and the method it asks
// for, with the headers of the option and those that inputs read. It needs no
// credentials, and no handler, guard or middleware of the endpoint sees it.
// Errors have the headers too, 404 those of the option given to New. Vary names
// Origin wherever the answer depends on it. What gives away more than it seems
// to, such as every origin with credentials, is a fault that Compile reports.
//
// # Resources
//
// [Resource] registers the methods Index, Create, Get, Update and Delete of a
// value as GET and POST of a path, and GET, PUT and DELETE of an item below it.
//
// # Coming from Skygear, Dara, Anvil
//
// An option to New makes an API answer as one of these systems did, so that
// clients see no difference; the options beside it override it:
//
//	              Skygear()           Dara()                  Anvil()
//	prefix        none                /api                    /_/api
//	methods       GET, POST, PUT      of the registration     GET, POST
//	path a/       a prefix, 301       exact                   exact
//	wrong method  404                 405, 404 for GET        405, after credentials
//	unknown path  200                 404, 405                404
//	credentials   not required        required                not required
//	string        text/plain          JSON                    text/plain
//	errors        {"error":...}       {"detail":...}          text/plain
//	origins       every one           none                    the application's
//
// What does harm is left out; the comment of each option lists it with the
// reason. docs/migration has a guide for each system, example by example.
//
// # Limits
//
//	request body              1 MiB, see MaxBody
//	pause within a body       10 s, see BodyTimeout; then 1 KiB/s after 20 s
//	handler                   none, see Timeout
//	one write of an answer    20 s for streams and answers beyond 64 KiB
//	segments of a path        256
//	levels of JSON            64
//	cookies                   50
//	a credential              16 KiB; a session token 1 KiB
//	parts of a multipart body 100, with 1 MiB in memory, the rest in files
//	faults in an answer       32, in 16 KiB
//	silence between events    15 s, then a comment is sent
//
// [Serve] runs a server with limits of its own for headers and idling.
//
// # Concurrency
//
// All methods of API, Group and Endpoint may be called concurrently, also while
// the API serves. Registrations, configurations and providers take effect with
// the next Compile, all at once: a request sees the old or the new. If Compile
// fails, what served before goes on. [Endpoint.Enable] and [Endpoint.Disable]
// act at once. A handler is called concurrently; configurations and provided
// values are shared by all requests.
package endpoint
