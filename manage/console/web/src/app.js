// The page: who is signed in, and which view is shown.

import { hooks, root, signedIn, useToken } from "./api.js";
import { drafts, showEndpoint } from "./endpoint.js";
import { h, say } from "./dom.js";
import { showList } from "./list.js";
import { showNew } from "./new.js";
import { confirm, explain } from "./parts.js";
import { askToken, showSignIn } from "./signin.js";

const main = document.querySelector("main");
const away = document.getElementById("away");
const out = document.getElementById("sign-out");

let leave = new AbortController(); // of the view that is shown
let shown = ""; // its address

// show brings the view that the address names.
async function show() {
  leave.abort();
  leave = new AbortController();
  out.hidden = !signedIn();
  const first = shown === "";
  shown = location.hash || "#/";
  if (!signedIn()) {
    title("Sign in");
    return showSignIn(main, entered);
  }
  const [path, search] = shown.slice(1).split("?");
  const [where, id, part] = path.split("/").filter(Boolean).map(decode);
  const view = { query: new URLSearchParams(search), signal: leave.signal };
  try {
    if (where === "endpoints" && id) {
      title(id);
      await showEndpoint(main, { id, part: part ?? "script", focus: !first, ...view });
      return;
    }
    const create = where === "new";
    title(create ? "New endpoint" : "Endpoints");
    if (create) return showNew(main); // it puts the focus into the form
    const ready = showList(main, view);
    if (!first) main.querySelector("h1").focus();
    await ready;
  } catch (error) {
    if (!view.signal.aborted) main.replaceChildren(h("h1", { tabindex: "-1" }, "Something went wrong"), explain(error, ""));
  }
}

const title = (text) => (document.title = `${text} · Endpoint console`);

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

async function entered() {
  say("Signed in.");
  await show();
  main.querySelector("h1")?.focus();
}

async function signOut() {
  const unsaved = drafts.size > 0;
  if (unsaved && !(await confirm("Sign out?", "There are changes that were not saved. They will be lost.", "Sign out"))) return;
  drafts.clear();
  useToken("");
  await show();
  say("Signed out.");
}

// A token may end while somebody works. What they wrote stays on the page
// while they sign in again.
let asking;
hooks.refused = () => {
  asking ??= askToken().finally(() => (asking = undefined));
  return asking;
};

// While the server is away the page says so, and looks for it again and again.
let looking;
hooks.reached = (there) => {
  if (there === away.hidden) return;
  away.hidden = there;
  if (there) {
    say("The server is back.");
    clearInterval(looking);
    return;
  }
  say("The server can't be reached.", true);
  looking = setInterval(look, 3000);
};

async function look() {
  const there = await fetch(location.pathname, { method: "HEAD", cache: "no-store" }).then(() => true, () => false);
  hooks.reached(there);
}

addEventListener("hashchange", show);
addEventListener("beforeunload", (event) => drafts.size > 0 && event.preventDefault());
out.addEventListener("click", signOut);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address belongs to the views
  main.focus();
});
document.getElementById("root").textContent = root.host;
show();
