// The list of endpoints, with filters and pages.

import { list } from "./api.js";
import { fill, h, number, say, span, text } from "./dom.js";
import { explain, here, pill, to } from "./parts.js";

const page = 20; // endpoints

const filters = [
  ["id", "ID", text()],
  ["path", "Path", text()],
  ["handler", "Handler", text()],
  ["state", "State", h("select", {}, h("option", { value: "" }, "Any"), h("option", { value: "ENABLED" }, "Enabled"),
    h("option", { value: "DISABLED" }, "Disabled"))],
];

export async function showList(main, { query, signal }) {
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter endpoints", onsubmit: filter });
  for (const [name, label, control] of filters) {
    const own = control.cloneNode(true);
    own.id = `filter-${name}`;
    own.name = name;
    own.value = query.get(name) ?? "";
    form.append(h("div", { class: "field" }, h("label", { for: own.id }, label), own));
  }
  const filtered = filters.some(([name]) => query.get(name));
  form.append(h("div", { class: "buttons" },
    h("button", { type: "submit" }, "Filter"),
    filtered && h("a", { class: "button quiet", href: "#/" }, "Clear")));
  const found = h("div", { class: "found", "aria-busy": "true" });
  fill(main,
    h("div", { class: "title" },
      h("h1", { tabindex: "-1" }, "Endpoints"),
      h("a", { class: "button primary", href: "#/new" }, "New endpoint")),
    form, found);

  function filter(event) {
    event.preventDefault();
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) chosen.set(name, value.trim());
    here(`#/?${chosen}`);
  }

  const offset = Math.max(Number.parseInt(query.get("offset"), 10) || 0, 0);
  const asked = Object.fromEntries(filters.map(([name]) => [name, query.get(name) ?? ""]));
  try {
    const rows = await list({ ...asked, offset, limit: page + 1 }, { signal });
    showRows(found, rows, { offset, query, filtered });
  } catch (error) {
    if (signal.aborted) return;
    fill(found, explain(error, "The list can't be shown"));
  } finally {
    found.removeAttribute("aria-busy");
  }
}

function showRows(found, rows, { offset, query, filtered }) {
  const more = rows.length > page;
  const shown = rows.slice(0, page);
  if (shown.length === 0) {
    fill(found, empty(filtered || offset > 0));
    say(filtered ? "No endpoint matches." : "There are no endpoints.");
    return;
  }
  const range = `${number(offset + 1)}–${number(offset + shown.length)}`;
  fill(found,
    h("table", { role: "table" }, // named, as narrow windows lay it out in another way
      h("caption", { class: "unseen" }, `Endpoints ${range}`),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["ID", "Path", "Handler", "State", "Calls", "Errors", "Mean time"]
        .map((name, i) => h("th", { scope: "col", role: "columnheader", class: i > 3 && "number" }, name)))),
      h("tbody", { role: "rowgroup" }, shown.map(row))),
    h("nav", { class: "pages", "aria-label": "Pages" },
      turn("Previous", offset > 0, query, offset - page),
      h("span", {}, range),
      turn("Next", more, query, offset + page)));
  say(`Endpoints ${range}${more ? ", there are more" : ""}.`);
}

function row(e) {
  const t = e.telemetry ?? {};
  const cell = (label, ...children) => h("td", { role: "cell", "data-label": label }, ...children);
  const figure = (label, value, bad) => h("td", { role: "cell", "data-label": label, class: bad ? "number bad" : "number" }, value);
  return h("tr", { role: "row" },
    h("th", { scope: "row", role: "rowheader", "data-label": "ID" },
      h("a", { href: to(e.id) }, e.id),
      e.error && h("p", { class: "error" }, e.error)),
    cell("Path", h("code", {}, `u/${e.path}`)),
    cell("Handler", h("code", {}, e.handler_script_path)),
    cell("State", pill(e.state)),
    figure("Calls", number(t.calls)),
    figure("Errors", number(t.errors), t.errors > 0),
    figure("Mean time", t.calls ? span(t.mean_ms) : "–"));
}

function turn(label, possible, query, offset) {
  if (!possible) return null;
  const target = new URLSearchParams(query);
  if (offset > 0) target.set("offset", offset);
  else target.delete("offset");
  return h("a", { class: "button", href: `#/?${target}` }, label);
}

function empty(narrowed) {
  if (narrowed) {
    return h("div", { class: "empty" }, h("h2", {}, "Nothing matches"),
      h("p", {}, "No endpoint of your account has these values. Filters compare whole values."),
      h("a", { class: "button", href: "#/" }, "Show all"));
  }
  return h("div", { class: "empty" }, h("h2", {}, "No endpoints yet"),
    h("p", {}, "An endpoint gives a script, or a function of the service, an address of its own."),
    h("a", { class: "button primary", href: "#/new" }, "Create the first"));
}
