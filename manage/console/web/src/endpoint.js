// One endpoint: its state and numbers, and the views of it.

import { change, detail, isID, Problem, remove } from "./api.js";
import { showCalls } from "./calls.js";
import { fill, h, notice, number, say, span } from "./dom.js";
import { showHistory } from "./history.js";
import { confirm, copyable, explain, here, pill, to, triggerOf } from "./parts.js";
import { showScript } from "./script.js";
import { showSettings } from "./settings.js";

export { drafts } from "./script.js";

const pause = 5000; // milliseconds between looks at the numbers

const parts = {
  script: ["Script", showScript],
  calls: ["Calls", showCalls],
  history: ["History", showHistory],
  settings: ["Settings", showSettings],
};

export async function showEndpoint(main, { id, part, focus, signal }) {
  const [name, show] = parts[part] ?? parts.script;
  const heading = h("h1", { tabindex: "-1" }, id);
  const state = h("span", {});
  const actions = h("div", { class: "buttons" });
  const facts = figures();
  const body = h("div", { class: `part ${part}` });
  fill(main,
    h("nav", { class: "trail", "aria-label": "Back" }, h("a", { href: "#/" }, "Endpoints")),
    h("div", { class: "title" }, h("div", { class: "name" }, heading, state), actions),
    facts.element,
    h("nav", { class: "parts", "aria-label": "Endpoint" }, Object.entries(parts).map(([key, [label]]) =>
      h("a", { href: to(id, key === "script" ? "" : key), "aria-current": label === name && "page" }, label))),
    body);
  if (focus) heading.focus();

  let present; // the endpoint as it was last seen
  const seen = (endpoint) => {
    const same = present?.state === endpoint.state;
    present = endpoint;
    if (!same) {
      fill(state, pill(endpoint.state));
      fill(actions, toggle(), h("button", { type: "button", class: "danger quiet", onclick: ask }, "Delete"));
    }
    facts.update(endpoint);
  };
  const refresh = async (quiet) => seen(await detail(id, { signal, quiet }));

  function toggle() {
    const on = present.state === "ENABLED";
    const button = h("button", { type: "button", onclick: () => turn(!on, button) }, on ? "Disable" : "Enable");
    return button;
  }

  async function turn(enabled, button) {
    button.disabled = true;
    try {
      await change(id, { enabled });
      await refresh();
      actions.querySelector("button").focus();
      say(enabled ? `${id} is enabled.` : `${id} is disabled. Its address answers 404.`);
    } catch (error) {
      button.disabled = false;
      fault(error, enabled ? "Not enabled" : "Not disabled");
    }
  }

  async function ask() {
    const sure = await confirm(`Delete ${id}?`,
      "Its address stops answering at once, and its numbers are gone. The script file and the history stay.", "Delete");
    if (!sure) return;
    try {
      await remove(id);
      say(`${id} is deleted.`);
      here("#/");
    } catch (error) {
      fault(error, "Not deleted");
    }
  }

  function fault(error, title) {
    if (signal.aborted) return;
    main.querySelector(".title + .notice")?.remove();
    main.querySelector(".title").after(explain(error, title));
    say(`${title}. ${error.message}`, true);
  }

  try {
    if (!isID(id)) throw new Problem(404, {});
    await refresh();
  } catch (error) {
    if (signal.aborted) return;
    const gone = error instanceof Problem && error.status === 404;
    fill(body, gone
      ? h("div", { class: "empty" }, h("h2", {}, "No such endpoint"), h("p", {}, "Your account has none with this ID."),
        h("a", { class: "button", href: "#/" }, "Show all"))
      : explain(error, "The endpoint can't be shown"));
    return;
  }
  const timer = setInterval(() => document.hidden || refresh(true).catch(() => {}), pause);
  signal.addEventListener("abort", () => clearInterval(timer));
  await show(body, { id, present: () => present, refresh, signal });
}

// figures is where the endpoint answers, what it did, and what is wrong with it.
// What has not changed stays as it is, so that no button loses the focus.
function figures() {
  const fault = h("div", {});
  const address = h("dd", {});
  const counts = ["Calls", "Errors", "Mean time", "Longest"].map((label) => [label, h("dd", {})]);
  let last = {};
  const element = h("div", {}, fault, h("dl", { class: "facts" },
    h("div", { class: "wide" }, h("dt", {}, "Address"), address),
    counts.map(([label, value]) => h("div", {}, h("dt", {}, label), value))));
  const update = (endpoint) => {
    if (endpoint.error !== last.error) fill(fault, endpoint.error && faulty(endpoint.error));
    if (endpoint.path !== last.path) fill(address, copyable(triggerOf(endpoint), "address"));
    last = endpoint;
    const { calls, errors, mean_ms: mean, max_ms: max } = endpoint.telemetry;
    const texts = [number(calls), number(errors), calls ? span(mean) : "–", calls ? span(max) : "–"];
    counts.forEach(([, value], i) => (value.textContent = texts[i]));
    counts[1][1].parentElement.classList.toggle("bad", errors > 0);
  };
  return { element, update };
}

function faulty(text) {
  if (/ not there yet/.test(text)) {
    return notice("warn", "There is no script yet", h("p", {}, "The address can't answer until one is saved."));
  }
  return notice("bad", "The script can't serve as it is", h("p", { class: "pre" }, text),
    h("p", {}, "The last version that could goes on serving, if there was one."));
}
