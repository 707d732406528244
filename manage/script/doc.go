// Package script runs HTTP handlers that are written in Starlark, a small
// dialect of Python without files, network and threads:
//
//	def handler(request, *args, **kwargs):
//	    if request.method == "GET":
//	        return "Hello " + request.args.get("name", "World")
//	    return Response(json.dumps({"seen": request.json()}), status=201, mimetype="application/json")
//
// [Workers] runs them in processes of their own, for scripts that nobody has
// looked at; [InProcess] runs scripts that are trusted. Both are engines of
// package manage, which this package does not know, and give the same results.
//
// # What a script has
//
// A script is one file. For each request the whole file is run, then its
// function handler is called with the request. Nothing is kept between calls,
// and what the top level has made is frozen when the handler runs.
//
//	request.method           "GET", as it was sent
//	request.path             decoded
//	request.query_string     as it was sent
//	request.args             the query: get(name, default=None, type=None), getlist(name),
//	                         keys(), values(), items(), args[name], name in args, len, for
//	request.form             the same for an urlencoded body
//	request.headers          the same for header fields, whatever their case
//	request.body             a string of the bytes that were sent
//	request.json(default)    the body decoded; without a default, no JSON is a fault
//
//	Response(body="", status=200, mimetype=None, headers={})
//	                         body is a string or bytes; without mimetype and Content-Type
//	                         a body is text/plain; text gets charset=utf-8; the value of a
//	                         header may be a list; the fields status, body and headers
//
//	json                     decode, encode, indent, encode_indent, loads, dumps(x, indent=None)
//	math, time               the modules of Starlark; time zones but UTC need a program that
//	                         imports time/tzdata
//	hashlib                  md5, sha1, sha256, sha512, new(name): update, digest, hexdigest
//	hmac                     new(key, msg, digestmod="sha256"), compare_digest
//	secret(name)             what the host gives: [Secrets]
//	http                     get(url, headers={}), post(url, body="", headers={}),
//	                         request(method, url, body="", headers={}): status, headers, body,
//	                         json(); only where the host allows it: [AllowHTTP]
//	print                    goes to the log
//
// A handler returns a string, which is text/plain; charset=utf-8, or a
// Response. All else is a fault. Which media types callers may be sent is not
// judged here.
//
// Beyond standard Starlark there are while, recursion, sets, and statements and
// reassignment at the top level. Handlers that were written for Flask often run
// as they are, because two things are blanked out before parsing, so that lines
// and columns stay: annotations of def, and imports at the beginning of a line
// without "as" and "*" from flask, typing, json, math, time, hmac and hashlib.
// Other Python that Starlark lacks (classes, exceptions, f-strings, imports) is
// a syntax error.
//
// # Limits
//
//	what             default            when it is over
//	Steps            10,000,000         fault
//	Time             1 s                fault; a quarter of a second later the worker is killed
//	Memory           64 MiB a worker    fault; the worker is replaced; not in-process
//	Output           1 MiB              fault
//	Source           64 KiB             fault of Compile
//	Recursion        500 calls          fault
//	Queue            64 calls           temporary error; so is a wait of half of Time,
//	                                    or of 3/4 of it if the script is known to be quick
//	request          Memory / 4         fault
//	header fields    100, 32 KiB        fault
//	print            64 KiB a call      the log says so, the script goes on
//	JSON             100 levels         fault
//	JSON made        4 MiB              fault
//	integers in JSON 4300 digits        fault
//	brackets         200 open at once   fault of Compile
//	secrets          100 a call         fault
//	requests         10 a call          fault; bodies have at most 1 MiB
//
// A fault is an [*Error], with file, line, column and function where there are
// any; it is for the owner of the script. An error that has a method
// Temporary() bool which says true is the engine's: no worker was free in time
// or could be started, one was killed from outside or was needed by others, or
// the engine is closed.
// When the request's context ends, its error is returned.
//
// # Workers
//
// A worker is the executable of the host, started again with no arguments, an
// environment that has nothing of the host's, and the root as its directory;
// so the first line of main has to be a call of [Worker]. It compiles and runs
// scripts, one call at a time; the host's process never parses one. Secrets and
// requests of scripts are asked from the host for each call. It ends with the
// host.
//
// On Linux the system confines it: no file and no socket can be opened
// (RLIMIT_NOFILE 0), nothing can be written (RLIMIT_FSIZE 0), no memory beyond
// Memory and 32 MiB for the runtime can be had (RLIMIT_DATA), no privileges can
// be gained, and the kernel kills it when the host dies. Other Unix systems
// lack the limit on memory, which the worker then watches itself every few
// milliseconds, and the kill with the host: an idle worker sees the end of its
// connection, a running one ends a quarter of a second after its call's kill
// was due. On other systems the interpreter is all that keeps a script from
// files and the network.
//
// A worker that ran out of time or memory, or was killed, is replaced at once.
// So is one whose caller went away, unless the script ends soon by itself.
//
// No script can keep all workers from the others. Of eight workers, three at
// most run scripts that were slow of late, or have cost a worker, and three
// compile, and run what is called for the first time. A call that has taken a
// tenth of Time, or a quarter if the script is known to be quick, counts as
// slow; where the three are taken already and others wait for its worker, it is
// ended with a temporary error. With fewer than three workers there is no such
// order.
//
// If workers do not start, the next try waits 100 ms, and twice as long after
// each further failure, up to 5 s.
package script
