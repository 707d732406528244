// Creating an endpoint.

import { create } from "./api.js";
import { field, fill, h, mark, say, text } from "./dom.js";
import { clear, here, place, to } from "./parts.js";

export function showNew(main) {
  const id = text({ required: true, maxlength: 64 });
  const path = text({ required: true, maxlength: 64 });
  const handler = text({ required: true });
  let own = false; // the path is the person's, and no longer the id
  id.addEventListener("input", () => own || (path.value = id.value));
  path.addEventListener("input", () => (own = path.value !== ""));
  const submit = h("button", { type: "submit", class: "primary" }, "Create");
  const form = h("form", { class: "card", novalidate: true, onsubmit: send },
    h("div", { class: "problem", tabindex: "-1" }),
    field("id", "ID", id, "Letters, digits, - and _. It can't be changed later."),
    field("path", "Path", path, "What follows u/ in the address."),
    field("handler_script_path", "Handler", handler,
      "A script, such as /my-account/hello.star, or the name of a function of the service. The script need not exist yet."),
    h("div", { class: "buttons" }, submit, h("a", { class: "button quiet", href: "#/" }, "Cancel")));
  fill(main, h("h1", { tabindex: "-1" }, "New endpoint"), form);
  id.focus();

  async function send(event) {
    event.preventDefault();
    clear(form);
    const wanted = id.value.trim();
    if (/^\.{0,2}$/.test(wanted)) { // it would lead elsewhere
      mark(id, "Enter an ID of letters, digits, - and _.");
      id.focus();
      return say("Enter an ID.", true);
    }
    submit.disabled = true;
    try {
      await create(wanted, { path: path.value.trim(), handler_script_path: handler.value.trim() });
      say(`${wanted} created.`);
      here(to(wanted));
    } catch (error) {
      place(form, error, "Not created");
    } finally {
      submit.disabled = false;
    }
  }
}
