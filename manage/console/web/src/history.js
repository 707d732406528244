// Who changed an endpoint, what and when.

import { history } from "./api.js";
import { fill, h, time } from "./dom.js";
import { explain } from "./parts.js";

const verbs = { create: "created it", update: "changed it", delete: "deleted it" };
const members = [["path", "Path"], ["handler_script_path", "Handler"], ["state", "State"]];

export async function showHistory(body, { id, signal }) {
  const list = h("div", {});
  fill(body, h("div", { class: "bar" }, h("h2", {}, "History")), list);
  try {
    const changes = await history(id, { signal });
    fill(list, h("ol", { class: "events" }, changes.map(entry)));
  } catch (error) {
    if (!signal.aborted) fill(list, explain(error, "The history can't be shown"));
  }
}

function entry({ user, time: when, action, before, after }) {
  const changed = members.filter(([name]) => before?.[name] !== after?.[name]);
  return h("li", {},
    h("p", { class: "outcome" }, h("strong", {}, user), h("span", {}, verbs[action] ?? action), time(when)),
    changed.length > 0 && h("dl", { class: "changes" }, changed.map(([name, label]) => h("div", {}, h("dt", {}, label),
      h("dd", {}, before && h("del", {}, before[name]), before && after && " → ", after && h("ins", {}, after[name]))))));
}
