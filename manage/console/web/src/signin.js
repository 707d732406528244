// Signing in: a token is tried on the list, and kept if the server takes it.

import { ask, Problem, useToken } from "./api.js";
import { field, fill, h, mark, notice, say, text } from "./dom.js";

// showSignIn asks for a token instead of a view.
export function showSignIn(main, done) {
  fill(main, h("section", { class: "card sign-in" },
    h("h1", { tabindex: "-1" }, "Sign in"),
    tokenForm("Sign in", done),
    h("p", { class: "hint" }, "The token stays in this browser tab until you sign out or close it. ",
      "It is sent to this host alone.")));
  main.querySelector("input").focus();
}

// askToken asks for another token above the view, and says whether it got one.
export function askToken() {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "again" },
      h("h2", { id: "again" }, "Sign in again"),
      h("p", {}, "The server no longer takes your token. What you wrote is still on the page."),
      tokenForm("Sign in", () => dialog.close("yes")),
      h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Not now"));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    say("Sign in again.", true);
  });
}

function tokenForm(label, done) {
  const input = text({ type: "password", required: true, autocomplete: "off" });
  const show = h("button", {
    type: "button", class: "small", "aria-pressed": "false",
    onclick() {
      const open = input.type === "password";
      input.type = open ? "text" : "password";
      show.setAttribute("aria-pressed", String(open));
    },
  }, "Show");
  const submit = h("button", { type: "submit", class: "primary" }, label);
  const slot = h("div", { class: "problem" });
  const form = h("form", { onsubmit: enter, novalidate: true },
    h("div", { class: "with-button" }, field("token", "Access token", input), show), slot, submit);

  async function enter(event) {
    event.preventDefault();
    const token = input.value.trim();
    slot.replaceChildren();
    mark(input, "");
    const fault = wrong(token);
    if (fault) return refuse(fault);
    submit.disabled = true;
    try {
      await ask("GET", "list", { query: { limit: 1 }, quiet: true, as: token });
      useToken(token);
      done();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return refuse("The server does not know this token.");
      slot.replaceChildren(notice("bad", "Could not sign in", h("p", {}, error.message)));
      say(`Could not sign in. ${error.message}`, true);
    } finally {
      submit.disabled = false;
    }
  }

  function refuse(text) {
    mark(input, text);
    input.focus();
    say(text, true);
  }
  return form;
}

// wrong says what no token can be.
function wrong(token) {
  if (!token) return "Enter the token.";
  if (!/^[\x21-\x7e]+$/.test(token)) return "A token has no spaces and no letters beyond ASCII.";
  return "";
}
