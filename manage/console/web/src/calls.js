// The last calls of an endpoint.

import { calls } from "./api.js";
import { fill, h, say, span, time } from "./dom.js";
import { explain } from "./parts.js";

export async function showCalls(body, { id, signal }) {
  const list = h("div", {});
  const again = h("button", { type: "button", onclick: () => load(true) }, "Refresh");
  fill(body, h("div", { class: "bar" }, h("h2", {}, "Last calls"), h("div", { class: "buttons" }, again)), list);
  await load(false);

  async function load(aloud) {
    try {
      const found = await calls(id, { signal });
      fill(list, found.length ? h("ol", { class: "events" }, found.map(entry)) : h("div", { class: "empty" },
        h("h3", {}, "No calls yet"),
        h("p", {}, "The last ones are kept in memory, with their errors and what they printed.")));
      if (aloud) say(`${found.length} calls.`);
    } catch (error) {
      if (!signal.aborted) fill(list, explain(error, "The calls can't be shown"));
    }
  }
}

function entry(call) {
  return h("li", {},
    h("p", { class: "outcome" },
      h("strong", { class: `status ${call.error || call.status >= 500 ? "bad" : "good"}` }, String(call.status)),
      call.method && h("span", {}, call.method),
      h("span", {}, span(call.duration_ms)), time(call.time)),
    call.error && h("p", { class: "error pre" }, call.error),
    call.output && h("pre", { tabindex: "0", role: "region", "aria-label": "Printed" }, call.output));
}

// placeButton leads from a fault to its line in the editor, if it names one.
export function placeButton(error, go) {
  const found = /:(\d+):(\d+)\b/.exec(error);
  if (!found) return null;
  return h("button", { type: "button", class: "small", onclick: () => go(Number(found[1]), Number(found[2])) },
    `Go to line ${found[1]}`);
}
