// The open ticket: kept up to date in place, scrolled to its newest message, its panel shown or not.
import { localize } from "./clocks.js";
import { fetchPart, mergeChildren, replace } from "./merge.js";
import { sessionOver } from "./notices.js";

const NEAR = 80;
let asked = 0;
let pinned = true;

export const openNumber = () => Number(document.querySelector(".talk")?.dataset.number ?? 0);

export function startCase() {
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id === "case") arrive();
  });
  document.body.addEventListener("switchboard:changed", refreshCase);
  document.addEventListener("click", onClick);
  if (openNumber()) arrive();
}

export async function refreshCase() {
  const talk = document.querySelector(".talk");
  if (!talk) return;
  const mine = ++asked;
  try {
    const show = talk.dataset.show ? `${talk.dataset.query ? "&" : "?"}show=${talk.dataset.show}` : "";
    const fresh = await fetchPart(`/tickets/${talk.dataset.number}/update${talk.dataset.query}${show}`);
    if (mine === asked && talk.isConnected) bringUpToDate(fresh);
  } catch (error) {
    if (error.status === 401) sessionOver();
  }
}

function bringUpToDate(fresh) {
  const scroller = document.getElementById("scroller");
  const atEnd = pinned;
  const count = document.querySelectorAll(".message").length;
  localize(fresh);
  mergeChildren(document.getElementById("conversation"), fresh.getElementById("conversation"));
  for (const id of ["head", "panel"]) {
    const old = document.getElementById(id);
    const wanted = fresh.getElementById(id);
    if (old.dataset.v !== wanted.dataset.v) replace(old, wanted);
  }
  if (atEnd) toEnd();
  else if (document.querySelectorAll(".message").length > count) document.getElementById("jump").hidden = false;
}

function arrive() {
  const number = openNumber();
  localize(document.getElementById("case"));
  for (const row of document.querySelectorAll(".row[aria-current]")) row.removeAttribute("aria-current");
  document.querySelector(`#t${number} > .row`)?.setAttribute("aria-current", "true");
  const scroller = document.getElementById("scroller");
  scroller?.addEventListener("scroll", onScroll, { passive: true });
  scroller?.addEventListener("load", () => pinned && toEnd(), { capture: true });
  toEnd();
}

function toEnd() {
  const scroller = document.getElementById("scroller");
  pinned = true;
  if (scroller) scroller.scrollTop = scroller.scrollHeight;
}

// Whoever reads further up is not moved; whoever is at the end stays there while pictures load.
function onScroll(event) {
  const scroller = event.target;
  pinned = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
  if (pinned) document.getElementById("jump").hidden = true;
}

async function showEarlier(link) {
  const scroller = document.getElementById("scroller");
  const below = scroller.scrollHeight - scroller.scrollTop;
  document.querySelector(".talk").dataset.show = link.dataset.show;
  await refreshCase();
  scroller.scrollTop = scroller.scrollHeight - below;
}

function onClick(event) {
  const earlier = event.target.closest("[data-show]:not(.talk)");
  if (earlier) {
    event.preventDefault();
    showEarlier(earlier);
  } else if (event.target.closest("#jump")) toEnd();
  else if (event.target.closest("#panel-toggle, .close-panel")) {
    event.preventDefault();
    togglePanel();
  }
}

function togglePanel() {
  const panel = document.getElementById("panel");
  const shown = getComputedStyle(panel).display !== "none";
  document.documentElement.dataset.panel = shown ? "closed" : "open";
  if (location.hash === "#panel") history.replaceState(history.state, "", location.pathname + location.search);
  (shown ? document.getElementById("panel-toggle") : panel.querySelector("a, button, select")).focus();
}
