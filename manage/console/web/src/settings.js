// The path and the handler of an endpoint.

import { change, get, Problem } from "./api.js";
import { field, fill, h, notice, say, text } from "./dom.js";
import { clear, explain, place } from "./parts.js";

const members = [["path", "Path"], ["handler_script_path", "Handler"]];

export async function showSettings(body, view) {
  const { id, signal } = view;
  let base, etag; // what the form began from, and its version
  try {
    ({ data: base, etag } = await get(id, { signal }));
  } catch (error) {
    if (!signal.aborted) fill(body, explain(error, "The settings can't be shown"));
    return;
  }
  const path = text({ required: true, maxlength: 64, value: base.path });
  const handler = text({ required: true, value: base.handler_script_path });
  const submit = h("button", { type: "submit", class: "primary" }, "Save");
  const form = h("form", { class: "card", novalidate: true, onsubmit: send },
    h("div", { class: "problem", tabindex: "-1" }),
    field("path", "Path", path, "What follows u/ in the address. The old address answers 404 at once."),
    field("handler_script_path", "Handler", handler, "A script, or the name of a function of the service."),
    submit);
  fill(body, h("h2", {}, "Settings"), form);

  async function send(event) {
    event.preventDefault();
    clear(form);
    submit.disabled = true;
    try {
      ({ etag } = await change(id, { path: path.value.trim(), handler_script_path: handler.value.trim() }, etag));
      say("Saved.");
      view.refresh().catch(() => {});
    } catch (error) {
      if (error instanceof Problem && error.status === 412) await conflict();
      else place(form, error, "Not saved");
    } finally {
      submit.disabled = false;
    }
  }

  // conflict shows what is kept now beside what was typed; saving again means it.
  async function conflict() {
    let theirs;
    try {
      ({ data: theirs, etag } = await get(id, { signal }));
    } catch (error) {
      return place(form, error, "Not saved");
    }
    const slot = form.querySelector(".problem");
    const take = () => {
      [path.value, handler.value] = [theirs.path, theirs.handler_script_path];
      clear(form);
      path.focus();
    };
    fill(slot, notice("warn", "Somebody else changed this endpoint meanwhile",
      h("dl", { class: "changes" }, members.map(([name, label]) => h("div", {}, h("dt", {}, label),
        h("dd", {}, h("code", {}, theirs[name]))))),
      h("p", {}, "These are its present values; yours are still in the form. Save again to put yours in their place."),
      h("button", { type: "button", onclick: take }, "Take the present values")));
    slot.focus();
    say("Not saved: somebody else changed this endpoint meanwhile.", true);
  }
}
