// Keys for those who sit here all day.  None acts while somebody types.
import { openNumber } from "./case.js";
import { write } from "./composer.js";

const GO_MS = 1200;
const VIEWS = { o: "/", u: "/?view=unassigned", m: "/?view=mine", p: "/?view=waiting", d: "/?view=closed" };
const typing = (element) => element.matches?.("input:not([type=radio]), textarea, select, [contenteditable]");
let going = 0;

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: (event) => inList(event) && step(1),
  ArrowUp: (event) => inList(event) && step(-1),
  r: () => (write("answer"), true),
  n: () => (write("note"), true),
  c: () => press("claim"),
  e: () => press("close"),
  "/": () => (focusOn("q"), true),
  "?": () => (help(), true),
  g: () => ((going = Date.now()), true),
  Escape: leave,
};

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      focusRow();
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event)) event.preventDefault();
  });
}

function act(event) {
  if (Date.now() - going < GO_MS) {
    going = 0;
    if (VIEWS[event.key]) return location.assign(VIEWS[event.key]), true;
  }
  return KEYS[event.key]?.(event) ?? categorize(event.key);
}

// A digit says what the open ticket is about; the panel counts.
function categorize(digit) {
  const chosen = document.querySelector(`#category [data-key="${CSS.escape(digit)}"]`);
  if (!chosen) return false;
  chosen.selected = true;
  return press("categorize");
}

const rows = () => [...document.querySelectorAll("#rows .row")];

function currentRow() {
  return document.activeElement?.closest?.(".row") ?? document.querySelector(".row[aria-current]");
}

function step(by) {
  const all = rows();
  if (all.length === 0) return false;
  const at = all.indexOf(currentRow());
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function inList(event) {
  return !event.target.closest?.("#scroller") && (event.target === document.body || event.target.closest?.("#rows"));
}

function press(id) {
  const button = document.getElementById(id);
  button?.click();
  return Boolean(button);
}

function focusOn(id) {
  const field = document.getElementById(id);
  field?.focus();
  field?.select?.();
}

function focusRow() {
  const row = document.querySelector(".row[aria-current]") ?? rows()[0];
  row?.focus({ preventScroll: true });
}

function leave() {
  if (document.documentElement.dataset.panel === "open" && matchMedia("(max-width: 1279px)").matches) {
    document.getElementById("panel-toggle")?.click();
    return true;
  }
  if (!openNumber()) return false;
  if (matchMedia("(max-width: 719px)").matches) document.querySelector(".back").click();
  else focusRow();
  return true;
}

function help() {
  const before = document.activeElement;
  const dialog = document.getElementById("help");
  dialog.showModal();
  dialog.addEventListener("close", () => before?.focus(), { once: true });
}
