// Pieces that several views use.

import { Problem, trigger } from "./api.js";
import { h, mark, notice, say } from "./dom.js";

// to is the address of a view of an endpoint.
export const to = (id, view = "") => `#/endpoints/${encodeURIComponent(id)}${view && `/${view}`}`;

// here goes to an address of the page.
export function here(hash) {
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

export function pill(state) {
  const on = state === "ENABLED";
  return h("span", { class: on ? "pill on" : "pill off" }, on ? "Enabled" : "Disabled");
}

// explain is a notice of an error, with all that the server says about it.
export function explain(error, title) {
  const lines = error instanceof Problem
    ? error.fields.map((f) => `${(f.pointer ?? "").slice(1) || f.name || f.in}: ${f.message}`)
    : [];
  return notice("bad", title, h("p", {}, error.message),
    lines.length > 0 && h("ul", {}, lines.map((line) => h("li", {}, line))));
}

// place shows what is wrong beside the controls of a form that it is about, and
// the rest in the form's notice; the first one gets the focus.
export function place(form, error, title) {
  const slot = form.querySelector(".problem");
  let first;
  const rest = new Set(error instanceof Problem ? error.fields.map((f) => f.message) : []);
  for (const control of form.querySelectorAll("[aria-describedby]")) {
    const text = error instanceof Problem ? about(error, control.name) : "";
    mark(control, /^[a-z]/.test(text) ? `${control.labels[0].textContent} ${text}` : text);
    if (!text) continue;
    first ??= control;
    error.fields.filter((f) => text.includes(f.message)).forEach((f) => rest.delete(f.message));
  }
  const whole = !first || rest.size > 0; // something is about no control
  slot.replaceChildren(...(whole ? [explain(error, title)] : []));
  (first ?? slot).focus();
  say(`${title}. ${error.message}`, true);
}

function about(error, name) {
  if (error.fields.length > 0) return error.of(name);
  const taken = error.status === 409 && / has the (id|path) "/.exec(error.message);
  return taken?.[1] === name ? error.message : "";
}

// clear takes back what place showed.
export function clear(form) {
  form.querySelector(".problem").replaceChildren();
  for (const control of form.querySelectorAll("[aria-invalid]")) mark(control, "");
}

// copyable is a text with a button that copies it.
export function copyable(value, label) {
  const code = h("code", {}, value);
  const copy = async ({ target }) => {
    try {
      await navigator.clipboard.writeText(value);
      target.textContent = "Copied";
      say(`The ${label} is copied.`);
    } catch { // not every host may
      getSelection().selectAllChildren(code);
      say(`The ${label} is selected.`);
    }
  };
  return h("span", { class: "copyable" }, code,
    h("button", { type: "button", class: "small", onclick: copy, "aria-label": `Copy ${label}` }, "Copy"));
}

export const triggerOf = (endpoint) => trigger(endpoint.path).href;

// confirm asks before something that can't be undone; true is yes.
export function confirm(title, text, yes) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      h("form", { method: "dialog" },
        h("h2", { id: "confirm-title" }, title),
        h("p", { id: "confirm-text" }, text),
        h("div", { class: "buttons" },
          h("button", { value: "no", autofocus: true }, "Cancel"),
          h("button", { value: "yes", class: "danger" }, yes))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
