// Trying a request: it goes where any client's would, and its answer is shown.

import { authorization, calls, hooks } from "./api.js";
import { bytes, field, fill, h, mark, notice, number, say, text } from "./dom.js";
import { triggerOf } from "./parts.js";
import { placeButton } from "./calls.js";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const patience = 60_000; // milliseconds for an answer
const shown = 256 * 1024; // characters of a body

// remembered are the requests that were typed, by endpoint, as long as the page lives.
const remembered = new Map();

// tryPanel makes the form and room for the answer. go moves the editor to a place.
export function tryPanel({ id, present, refresh, signal }, go) {
  const before = remembered.get(id) ?? {};
  const method = h("select", {}, methods.map((m) => h("option", { selected: m === before.method }, m)));
  const query = text({ placeholder: "name=value&other=value", value: before.query });
  const headers = area(1, "X-Name: value", before.headers);
  const body = area(2, "", before.body);
  const send = h("button", { type: "submit", class: "primary" }, "Send");
  const answer = h("div", { class: "answer", tabindex: "-1" });
  const form = h("form", { onsubmit: submit, novalidate: true },
    h("div", { class: "line" }, field("method", "Method", method), field("query", "Query", query)),
    field("headers", "Headers", headers, "One a line. Your token is added."),
    field("body", "Body", body),
    h("div", { class: "send" }, send, h("p", { class: "hint" }, "The saved version answers.")));
  method.addEventListener("change", bodiless);
  bodiless();
  return h("section", { class: "trying", "aria-labelledby": "try" },
    h("h2", { id: "try" }, "Try a request"), form, answer);

  // bodiless greys out the body where browsers send none.
  function bodiless() {
    body.disabled = method.value === "GET" || method.value === "HEAD";
  }

  async function submit(event) {
    event.preventDefault();
    remembered.set(id, { method: method.value, query: query.value, headers: headers.value, body: body.value });
    mark(headers, "");
    const lines = parse(headers.value);
    if (lines.fault) {
      mark(headers, lines.fault);
      headers.focus();
      return say(lines.fault, true);
    }
    const url = new URL(triggerOf(present()));
    url.search = query.value.replace(/^\?/, "");
    send.disabled = true;
    const own = h("div", {}); // replaced by the next try, whatever still goes into it
    fill(answer, own);
    fill(own, h("p", { class: "hint" }, "Waiting for the answer…"));
    const known = new Set((await calls(id, { signal }).catch(() => [])).map((c) => c.request_id));
    const begin = performance.now();
    try {
      const response = await fetch(url, {
        method: method.value,
        headers: [...lines.list, ["Authorization", authorization()]],
        body: body.disabled || body.value === "" ? undefined : body.value,
        // A script must not get the cookies that a service sets for other uses.
        credentials: "omit", cache: "no-store", redirect: "manual", referrerPolicy: "no-referrer",
        signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      });
      const content = await response.text();
      hooks.reached(true);
      const took = performance.now() - begin;
      if (response.type === "opaqueredirect") {
        fill(own, notice("warn", "A redirect", h("p", {}, "Browsers do not show where it leads.")));
        return say("The answer is a redirect.");
      }
      fill(own, answerOf(response, content, took));
      say(`Status ${response.status}, ${Math.round(took)} milliseconds.`);
      tell(own, id, known, method.value, response, go, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.name !== "TimeoutError") hooks.reached(false);
      fill(own, notice("bad", "No answer", h("p", {}, error.name === "TimeoutError"
        ? "There was none within a minute." : "The connection was cut, or the server can't be reached.")));
      say("No answer.", true);
    } finally {
      send.disabled = false;
      refresh().catch(() => {});
    }
  }
}

function area(rows, placeholder, value) {
  const control = h("textarea", { rows, placeholder, spellcheck: "false", autocomplete: "off", autocapitalize: "none" });
  control.value = value ?? "";
  return control;
}

// parse reads header lines.
function parse(lines) {
  const list = [];
  for (const line of lines.split("\n")) {
    if (!line.trim()) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim();
    const value = line.slice(colon + 1).trim();
    try {
      new Headers([[name, value]]);
    } catch {
      return { fault: `Write "${line.trim().slice(0, 40)}" as Name: value.` };
    }
    list.push([name, value]);
  }
  return { list };
}

function answerOf(response, content, took) {
  const kind = response.ok ? "good" : "bad";
  const rows = [...response.headers].map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
  const cut = content.length > shown;
  return [
    h("p", { class: "outcome" }, h("strong", { class: `status ${kind}` }, `${response.status} ${response.statusText}`.trim()),
      h("span", {}, `${number(Math.round(took))} ms`), h("span", {}, bytes(new Blob([content]).size))),
    h("h3", {}, "Body"),
    content === "" ? h("p", { class: "hint" }, "Empty.")
      : h("pre", { class: "body", tabindex: "0", role: "region", "aria-label": "Body of the answer" },
        cut ? content.slice(0, shown) : pretty(response, content)),
    cut && h("p", { class: "hint" }, `The first ${bytes(shown)} are shown.`),
    h("details", {}, h("summary", {}, "Headers"), h("table", { class: "headers" }, h("tbody", {}, rows))),
  ];
}

// pretty indents JSON whose numbers survive it.
function pretty(response, content) {
  if (!/json/.test(response.headers.get("Content-Type") ?? "") || /\d{16}/.test(content)) return content;
  try {
    return JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    return content;
  }
}

// tell adds what the owner may know of the call: its error, and what it
// printed. The log of calls may come a moment after the answer.
async function tell(own, id, known, method, response, go, signal) {
  const requestID = response.headers.get("X-Request-Id"); // of failures
  const isOurs = (c) => requestID ? c.request_id === requestID
    : !known.has(c.request_id) && c.method === method && c.status === response.status;
  let call;
  for (let pause = 30; !call && pause < 500; pause *= 2) {
    const list = await calls(id, { signal }).catch(() => []);
    call = list.find(isOurs);
    if (!call) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  if (!call || signal.aborted) return;
  if (call.error) {
    own.append(notice("bad", "Error, told to you alone", h("p", { class: "pre" }, call.error), placeButton(call.error, go)));
    say(`Error: ${call.error}`, true);
  }
  if (call.output) own.append(h("h3", {}, "Printed"), h("pre", { tabindex: "0", role: "region", "aria-label": "Printed" }, call.output));
}
