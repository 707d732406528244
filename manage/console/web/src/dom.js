// Elements, and what is said to people who do not see them.

// h makes an element. Children are elements or text; text is never parsed, so
// data can't become markup. A property that begins with "on" is a listener.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

// fill replaces what is in an element.
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

function present(children) {
  return children.flat(2).filter((c) => c !== undefined && c !== null && c !== false);
}

// say announces a text to screen readers, at once if it is urgent. The text is
// set anew even if it is the same, so that it is said again.
export function say(text, urgent = false) {
  const region = document.getElementById(urgent ? "alert" : "status");
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

// field is a labelled control with room for a hint and for what is wrong with it.
export function field(name, label, control, hint) {
  control.id = `field-${name}`;
  control.name = name;
  const about = [`${control.id}-error`];
  if (hint) about.push(`${control.id}-hint`);
  control.setAttribute("aria-describedby", about.join(" "));
  return h("div", { class: "field" },
    h("label", { for: control.id }, label),
    control,
    h("p", { class: "error", id: `${control.id}-error`, hidden: true }),
    hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint));
}

// mark shows what is wrong with a control, or with "" that nothing is.
export function mark(control, text) {
  const note = document.getElementById(`${control.id}-error`);
  note.textContent = text;
  note.hidden = !text;
  if (text) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

// text makes an input for one line of exact text: no help that would change it.
export function text(properties = {}) {
  return h("input", {
    type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", ...properties,
  });
}

// notice is a box with a heading, for what the reader has to know.
export function notice(kind, title, ...children) {
  return h("div", { class: `notice ${kind}` }, h("p", { class: "notice-title" }, title), ...children);
}

// time shows when something was.
export function time(value) {
  const date = new Date(value);
  if (!value || isNaN(date)) return "";
  return h("time", { datetime: date.toISOString(), title: date.toISOString() }, date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }));
}

// number writes a number as people of the place do.
export function number(n) {
  return (n ?? 0).toLocaleString();
}

// span writes a time of so many milliseconds.
export function span(ms) {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

// bytes writes a size.
export function bytes(n) {
  return n < 1024 ? `${n} B` : `${(n / 1024).toFixed(1)} KiB`;
}
