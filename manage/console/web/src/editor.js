// The code editor. It lives in a shadow root, where styles of its own need no
// exception from the policy of the page.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { diff } from "@codemirror/merge";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "14px", color: "var(--text)", backgroundColor: "var(--field)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", scrollbarWidth: "thin", scrollbarColor: "var(--edge) transparent" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--field)", borderRight: "1px solid var(--line)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 12px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--active)" },
  ".cm-cursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  "& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    { background: "var(--selection)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)", color: "inherit" },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--match)" },
  ".cm-panels": { color: "var(--text)", backgroundColor: "var(--surface)", borderColor: "var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 28px 8px 10px" },
  ".cm-panel.cm-search label": { fontSize: "13px" },
  ".cm-textfield, .cm-button": {
    color: "var(--text)", background: "var(--field)", border: "1px solid var(--edge)", borderRadius: "6px",
    fontSize: "13px", padding: "3px 8px",
  },
  ".cm-panel.cm-search [name=close]": { color: "var(--text)", fontSize: "18px" },
  ".cm-tooltip": { color: "var(--text)", backgroundColor: "var(--surface)", border: "1px solid var(--line)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  // In place of pictures at data: addresses, which the policy does not let in.
  ".cm-lint-marker-error": { content: "normal", width: "9px", height: "9px", margin: "5px 2px", borderRadius: "50%", background: "var(--bad)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-different": { backgroundColor: "var(--different)", boxShadow: "inset 3px 0 var(--accent)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))], color: "var(--code-name)" },
  { tag: [tags.function(tags.propertyName)], color: "var(--code-name)" },
]);

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const base = [
  drawSelection({ cursorBlinkRate: still ? 0 : 1200 }),
  lineNumbers(), highlightSpecialChars(), bracketMatching(), highlightSelectionMatches(),
  EditorState.tabSize.of(4), indentUnit.of("    "), pythonLanguage, syntaxHighlighting(colours), theme,
];

// leaving keeps what Escape started, Tab leaves the editor, until another key
// is pressed; of itself it ends after two seconds, too soon for some.
const leaving = EditorView.domEventHandlers({
  keyup(event, view) {
    if (event.key === "Escape") view.setTabFocusMode(3_600_000);
  },
});

// named says what a text is. It can have the focus in any case, and says so too.
const named = (label) => EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" });

// open puts an editor into a host element. Label names it to screen readers;
// changed is called after each change of the text, save by Ctrl-S or Cmd-S.
export function open(host, { label, text, changed, save, readOnly = false }) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const own = readOnly
    ? [EditorState.readOnly.of(true)]
    : [
      history(), indentOnInput(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter(), leaving,
      EditorView.updateListener.of((update) => update.docChanged && changed?.()),
      keymap.of([{ key: "Mod-s", run: () => (save?.(), true), preventDefault: true }, indentWithTab]),
    ];
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        base, own, named(label),
        keymap.of([...searchKeymap, ...historyKeymap, ...defaultKeymap]),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    close: () => view.destroy(),
    // replace sets the whole text; it can be undone.
    replace(value) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
    },
    // faults marks places in the text, each { line, column, message }.
    faults(list) {
      const marks = list.map(({ line, column, message }) => {
        const { from, to } = place(view.state.doc, line, column);
        return { from, to, severity: "error", message };
      });
      view.dispatch(setDiagnostics(view.state, marks));
    },
    // go puts the cursor at a place.
    go(line, column) {
      view.dispatch({ selection: { anchor: place(view.state.doc, line, column).from }, scrollIntoView: true });
      view.focus();
    },
  };
}

// place finds a line and column, both from 1, or what is nearest to them.
function place(doc, line, column = 1) {
  const l = doc.line(Math.min(Math.max(line || 1, 1), doc.lines));
  const from = Math.min(l.from + Math.max(column - 1, 0), l.to);
  return from < l.to ? { from, to: l.to } : { from: l.from, to: l.to };
}

// compare shows a text, and marks the lines that another does not have.
export function compare(host, { label, text, other }) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const state = EditorState.create({ doc: text });
  const builder = new RangeSetBuilder();
  for (const { fromA, toA } of diff(...asLines(text, other))) {
    for (let n = fromA + 1; n <= toA; n++) {
      const { from } = state.doc.line(n);
      builder.add(from, from, Decoration.line({ class: "cm-different" }));
    }
  }
  new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        base, EditorState.readOnly.of(true), EditorView.decorations.of(builder.finish()),
        named(label), keymap.of(defaultKeymap),
      ],
    }),
  });
}

// asLines writes each line of two texts as one character, the same for the same
// line, so that they are compared by line.
function asLines(...texts) {
  const known = new Map();
  const letter = (line) => {
    if (!known.has(line)) known.set(line, known.size);
    const n = known.get(line);
    return String.fromCharCode(n < 0xd800 ? n : n + 0x800); // no halves of pairs
  };
  return texts.map((text) => text.split("\n").map(letter).join(""));
}
