// The list: rows change in place, never under the pointer; newcomers gather behind a pill.
import { openNumber } from "./case.js";
import { localize } from "./clocks.js";
import { fetchPart, replace } from "./merge.js";
import { sessionOver } from "./notices.js";

const LONG_PRESS_MS = 450;
const FIRST_PAGE = 50;
let waiting = null;
let asked = 0;

export function startList() {
  const list = document.getElementById("list");
  if (!list) return;
  list.addEventListener("click", (event) => event.target.closest("#pill") && showAll());
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id === "listing") listed();
    else if (event.detail.target.closest?.("#rows")) localize(document.getElementById("rows"));
  });
  startLongPress(list);
  document.querySelector(".row[aria-current]")?.scrollIntoView({ block: "nearest" });
}

// Fetch the list anew; ``changed`` are the tickets that news came about, null when it may be any.
export async function refreshList(changed) {
  const listed = document.querySelector(".listed");
  if (!listed) return;
  const mine = ++asked;
  try {
    const fresh = await fetchPart(`/${listed.dataset.parameters}`);
    if (mine === asked) compare(fresh, changed);
    else waiting = null;
  } catch (error) {
    if (error.status === 401) sessionOver();
  }
}

function compare(fresh, changed) {
  localize(fresh);
  showCounts(fresh.querySelector(".listed").dataset.counts);
  const wanted = new Map([...fresh.querySelectorAll("#rows [data-number]")].map((row) => [row.id, row]));
  const present = [...document.querySelectorAll("#rows [data-number]")];
  present.forEach((row, place) => update(row, wanted.get(row.id), place, changed));
  const known = new Set(present.map((row) => row.id));
  const isNews = (row) => !changed || changed.has(Number(row.dataset.number)) || row.dataset.fresh;
  const news = [...wanted.values()].filter((row) => !known.has(row.id) && (isNews(row) || wasNew(row.id)));
  waiting = { fresh, ids: new Set(news.map((row) => row.id)) };
  if (present.length === 0 && wanted.size > 0) showAll();
  else showPill(news);
}

const wasNew = (id) => waiting?.ids.has(id) ?? false;

function update(row, wanted, place, changed) {
  const number = Number(row.dataset.number);
  if (!wanted) {
    if (place < FIRST_PAGE && (!changed || changed.has(number))) markGone(row);
    return;
  }
  if (row.dataset.v === wanted.dataset.v) return;
  const copy = document.importNode(wanted, true);
  if (number === openNumber()) copy.querySelector(".row").setAttribute("aria-current", "true");
  const focused = row.contains(document.activeElement);
  replace(row, copy);
  if (focused) copy.querySelector(".row").focus({ preventScroll: true });
}

// It belongs to another view now; it stays where it is until the list is fetched anew.
function markGone(row) {
  const wait = row.querySelector(".wait");
  const said = document.createElement("span");
  said.className = "wait";
  said.textContent = "moved on";
  wait.replaceWith(said);
  row.classList.add("gone");
  row.dataset.v = "";
}

function showPill(news) {
  const pill = document.getElementById("pill");
  const urgent = news.filter((row) => "urgent" in row.dataset).length;
  pill.hidden = news.length === 0;
  pill.textContent = urgent ? `${news.length} new, ${urgent} urgent` : `${news.length} new`;
}

function showAll() {
  const listing = document.getElementById("listing");
  const focused = document.activeElement?.closest?.("#rows [data-number]")?.id;
  const first = [...waiting.ids][0];
  listing.replaceChildren(document.importNode(waiting.fresh.querySelector(".listed"), true));
  waiting = null;
  globalThis.htmx.process(listing);
  document.querySelector(`#t${openNumber()} > .row`)?.setAttribute("aria-current", "true");
  listing.scrollTop = 0;
  const target = document.querySelector(`#${focused ?? first} > .row`);
  if (focused || first) target?.focus({ preventScroll: !focused });
}

function showCounts(counts) {
  const [open, unassigned, mine, pending] = counts.split(" ");
  for (const [key, count] of Object.entries({ open, unassigned, mine, waiting: pending })) {
    const shown = document.getElementById(`count-${key}`);
    if (!shown) continue;
    shown.textContent = count === "0" ? "" : count;
    shown.setAttribute("aria-label", `${count} tickets`);
  }
}

// After a search: the address follows the words, without a new entry for each letter.
function listed() {
  waiting = null;
  localize(document.getElementById("listing"));
  const parameters = document.querySelector(".listed").dataset.parameters;
  const path = openNumber() ? `/tickets/${openNumber()}` : "/";
  history.replaceState(history.state, "", path + parameters);
  const back = document.querySelector(".back");
  if (back) back.href = `/${parameters}`;
  document.querySelector(`#t${openNumber()} > .row`)?.setAttribute("aria-current", "true");
}

// On touch, a long press says why a ticket stands where it stands.
function startLongPress(list) {
  let timer = 0;
  let shown = null;
  const end = () => clearTimeout(timer);
  list.addEventListener("touchstart", (event) => {
    shown?.classList.remove("told-why");
    shown = null;
    const row = event.target.closest("[data-number]");
    if (row) timer = setTimeout(() => (shown = row).classList.add("told-why"), LONG_PRESS_MS);
  }, { passive: true });
  list.addEventListener("touchmove", end, { passive: true });
  list.addEventListener("touchcancel", end);
  list.addEventListener("touchend", end);
  list.addEventListener("contextmenu", (event) => shown && event.preventDefault());
  list.addEventListener("click", (event) => shown && event.target.closest("a") && event.preventDefault(), true);
}
