// The script of an endpoint, in the editor, with a request to try beside it.

import { Problem, saveScript, script } from "./api.js";
import { fill, h, notice, say } from "./dom.js";
import { explain, to } from "./parts.js";
import { tryPanel } from "./try.js";

// drafts are the texts that were changed and not saved, by endpoint, each
// { text, etag } with the version that it began from. They outlive the view.
export const drafts = new Map();

const starter = `# A handler returns a string, or a Response with body, status, mimetype, headers.

def handler(request, *args, **kwargs):
    name = request.args.get("name", "world")
    return "Hello, " + name + "!\\n"
`;

export async function showScript(body, view) {
  const { id, present, signal } = view;
  const left = h("section", { class: "editing", "aria-label": "Script" });
  const right = tryPanel(view, (line, column) => go?.(line, column));
  let go;
  fill(body, left, right);

  let code, server; // the editor's module, and { text, etag } as last seen
  try {
    [code, server] = await Promise.all([import("./editor.js"), read(id, signal)]);
  } catch (error) {
    if (!signal.aborted) fill(left, refused(error, view));
    return;
  }
  if (signal.aborted) return;

  let current = server; // the version that the text in the editor began from
  const file = present().handler_script_path;
  const state = h("span", { class: "state" });
  const save = h("button", { type: "button", class: "primary", onclick: () => send(), "aria-keyshortcuts": "Control+S" }, "Save");
  const revert = h("button", { type: "button", class: "quiet", onclick: back }, "Revert");
  const problems = h("div", { class: "problems", tabindex: "-1" });
  const host = h("div", { class: "editor" });
  const clash = h("div", {});
  fill(left,
    h("div", { class: "bar" }, h("h2", {}, h("code", {}, file)), state, h("div", { class: "buttons" }, revert, save)),
    clash, problems, host,
    h("p", { class: "hint" }, h("kbd", {}, "Tab"), " indents. To leave the editor press ",
      h("kbd", {}, "Escape"), " and then ", h("kbd", {}, "Tab"), ". ", h("kbd", {}, "Ctrl"), "+", h("kbd", {}, "S"),
      " saves, ", h("kbd", {}, "Ctrl"), "+", h("kbd", {}, "F"), " searches."));

  const draft = drafts.get(id);
  const editor = code.open(host, {
    label: `Script ${file}. Escape and then Tab leaves the editor.`,
    text: draft?.text ?? current.text ?? starter,
    changed, save: () => send(),
  });
  signal.addEventListener("abort", () => editor.close());
  go = (line, column) => editor.go(line, column);
  if (draft) {
    current = { ...current, etag: draft.etag }; // a save judges by the version it began from
    say("Changes that were not saved are back.");
  }
  status();

  function changed() {
    const text = editor.text();
    if (text === current.text) drafts.delete(id);
    else drafts.set(id, { text, etag: current.etag });
    status();
  }

  function status() {
    const unsaved = drafts.has(id);
    state.textContent = unsaved ? "Not saved" : current.text === undefined ? "New file" : "Saved";
    state.classList.toggle("unsaved", unsaved);
    revert.hidden = !unsaved;
  }

  function back() {
    current = server;
    editor.replace(current.text ?? starter);
    clean();
    drafts.delete(id);
    status();
    editor.focus();
    say("Back to the saved version.");
  }

  function clean() {
    fill(problems);
    fill(clash);
    editor.faults([]);
  }

  // send saves the text in the place of a version, or as a new file.
  async function send(match = current.etag) {
    if (save.disabled) return; // one is under way
    const text = editor.text();
    save.disabled = true;
    try {
      const { etag } = await saveScript(id, text, match ? { match } : { none: "*" });
      current = server = { text, etag };
      drafts.delete(id);
      clean();
      changed(); // it may have been edited meanwhile
      say("Saved.");
      view.refresh().catch(() => {});
    } catch (error) {
      if (!signal.aborted) await unsaved(error, text);
    } finally {
      save.disabled = false;
    }
  }

  async function unsaved(error, mine) {
    if (error instanceof Problem && error.status === 412) return conflict(mine);
    const found = faults(error);
    editor.faults(found);
    fill(problems, explain(error, found.length ? "Not saved: the script does not compile" : "Not saved"),
      found.map(({ line, column }) => h("button", { type: "button", class: "small", onclick: () => go(line, column) },
        `Go to line ${line}`)));
    say(`Not saved. ${error.message}`, true);
  }

  // conflict shows what the server has beside what is in the editor.
  async function conflict(mine) {
    let theirs;
    try {
      theirs = await read(id, signal);
    } catch (error) {
      if (!signal.aborted) await unsaved(error, mine);
      return;
    }
    server = theirs;
    if (theirs.text === mine) { // the other one saved the same
      current = theirs;
      clean();
      changed();
      return say("Saved, as somebody else did already.");
    }
    clean();
    const other = h("div", { class: "editor" });
    const own = h("div", { class: "editor" });
    const overwrite = h("button", { type: "button", class: "primary", onclick: () => send(theirs.etag) }, "Save mine instead");
    const take = h("button", { type: "button", onclick: accept }, "Take theirs");
    fill(clash, notice("warn", "Somebody else saved this script meanwhile",
      h("p", {}, "Nothing is lost: theirs is on the server, yours is in the editor below, where you can go on editing. ",
        "Lines that differ are marked."),
      h("div", { class: "versions" },
        h("section", {}, h("h3", {}, "Theirs"), other),
        h("section", {}, h("h3", {}, "Yours"), own)),
      h("div", { class: "buttons" }, overwrite, take)));
    code.compare(other, { label: "Their version", text: theirs.text ?? "", other: mine });
    code.compare(own, { label: "Your version", text: mine, other: theirs.text ?? "" });
    overwrite.focus();
    say("Not saved: somebody else saved this script meanwhile. Both versions are shown.", true);

    function accept() {
      current = theirs;
      editor.replace(theirs.text ?? ""); // undo brings mine back
      clean();
      changed();
      editor.focus();
      say("The editor has their version. Undo brings yours back.");
    }
  }
}

// read returns the text and its version; a file that is not there has neither.
async function read(id, signal) {
  try {
    const { data, etag } = await script(id, { signal });
    return { text: data.replace(/\r\n?/g, "\n"), etag }; // as the editor has it
  } catch (error) {
    if (error instanceof Problem && error.status === 404 && / not there yet/.test(error.message)) return {};
    throw error;
  }
}

// faults are the places that a problem names.
function faults(error) {
  const document = error.document ?? {};
  const list = [document, ...(error.fields ?? [])].filter((f) => f.line > 0);
  return list.map((f) => ({ line: f.line, column: f.column || 1, message: f.message ?? f.detail ?? error.message }));
}

// refused stands where the editor would be.
function refused(error, { id }) {
  if (!(error instanceof Problem)) return explain(error, "The script can't be shown");
  return h("div", { class: "empty" }, h("h2", {}, "There is no script to edit here"), h("p", {}, error.message),
    h("a", { class: "button", href: to(id, "settings") }, "Settings"));
}
