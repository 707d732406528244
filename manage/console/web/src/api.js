// The REST API of the host that serves the page.

// root is where the API lives: beside the page, whatever the prefix of both.
export const root = new URL("../api/v1/http-endpoint/", new URL(".", location.href));

const patience = 15_000; // milliseconds for an answer of the API
const keep = `token for ${root.pathname}`; // of the session storage

// A Problem is an answer that says what is wrong, as RFC 9457 has it.
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `the server answered ${status}`);
    this.status = status;
    this.document = document;
    this.fields = Array.isArray(document.errors) ? document.errors : [];
  }

  // of returns what is wrong with one member of the body, "" for nothing.
  of(name) {
    const about = (f) => f.name === name || f.pointer === `/${name}`;
    return this.fields.filter(about).map((f) => f.message).join("; ");
  }
}

// Unreachable says that there was no answer.
export class Unreachable extends Error {
  constructor(cause) {
    super("The server can't be reached.", { cause });
  }
}

// hooks are what the page does when a token is refused, and when the server
// can or cannot be reached.
export const hooks = { refused: async () => false, reached: () => {} };

let token = stored();

function stored() {
  try {
    return sessionStorage.getItem(keep) ?? "";
  } catch {
    return ""; // the browser keeps nothing for this page
  }
}

export const signedIn = () => token !== "";

// useToken keeps the token for this tab, in memory at least; "" forgets it.
export function useToken(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(keep, value);
    else sessionStorage.removeItem(keep);
  } catch {
    // it is in memory
  }
}

export const authorization = () => `Bearer ${token}`;

// ask sends one request and returns { status, data, etag }; data is what the
// JSON says, or text. Anything but 2xx is thrown as a Problem. A refused token
// can be replaced by the person, and then the request is sent again, unless it
// is quiet. as is another token for this request.
export async function ask(method, path, { query, json, text, match, none, signal, quiet, as } = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== "" && value !== undefined) url.searchParams.set(name, value);
  }
  const headers = { Accept: "application/json, text/plain" };
  if (match) headers["If-Match"] = match;
  if (none) headers["If-None-Match"] = none;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (text !== undefined) headers["Content-Type"] = "text/plain; charset=utf-8";
  const body = json !== undefined ? JSON.stringify(json) : text;
  for (;;) {
    const answer = await send(url, { method, headers: { ...headers, Authorization: as ? `Bearer ${as}` : authorization() }, body }, signal);
    if (answer.status !== 401 || quiet || !(await hooks.refused())) return judge(answer);
  }
}

async function send(url, init, signal) {
  const late = AbortSignal.timeout(patience);
  try {
    const response = await fetch(url, {
      ...init,
      signal: signal ? AbortSignal.any([signal, late]) : late,
      cache: "no-store", referrerPolicy: "no-referrer", redirect: "error",
    });
    const body = await response.text();
    hooks.reached(true);
    return { status: response.status, headers: response.headers, body };
  } catch (cause) {
    if (signal?.aborted) throw cause;
    hooks.reached(false);
    throw new Unreachable(cause);
  }
}

function judge({ status, headers, body }) {
  const data = /^application\/([a-z.]+\+)?json\b/.test(headers.get("Content-Type") ?? "") ? parse(body) : body;
  if (status < 200 || status > 299) {
    throw new Problem(status, data && typeof data === "object" ? data : {});
  }
  return { status, data, etag: headers.get("ETag") };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const at = encodeURIComponent;

// isID reports whether an endpoint may have an id. Another one must not get into
// an address, where it could lead elsewhere.
export const isID = (id) => /^[\w-]{1,64}$/.test(id) && id !== "list" && id !== "u";

// The calls that the page makes.
export const list = (query, options) =>
  ask("GET", "list", { query: { detail: "true", ...query }, ...options }).then((a) => a.data?.endpoints ?? []);
export const get = (id, options) => ask("GET", at(id), options);
export const create = (id, json) => ask("PUT", at(id), { json });
export const change = (id, json, match) => ask("PATCH", at(id), { json, match });
export const remove = (id, match) => ask("DELETE", at(id), { match });
export const script = (id, options) => ask("GET", `${at(id)}/script`, options);
export const saveScript = (id, text, condition) => ask("PUT", `${at(id)}/script`, { text, ...condition });
export const calls = (id, options) => ask("GET", `${at(id)}/calls`, options).then((a) => a.data?.calls ?? []);
export const history = (id, options) => ask("GET", `${at(id)}/history`, options).then((a) => a.data?.changes ?? []);

// detail is one endpoint with its numbers, as lists have them.
export const detail = (id, options) => ask("GET", at(id), { query: { detail: "true" }, ...options }).then((a) => a.data);

// trigger is where an endpoint answers.
export const trigger = (path) => new URL(`u/${at(path)}`, root);
