// The composer: drafts that survive moving about, the count of characters, the voice in words.
const draftName = (form) => `draft:${form.dataset.number}`;
const SHOWN_MS = 4500; // Telegram shows it for five seconds
const PAUSE_MS = 600; // as long as people pause between sentences
const composer = () => document.getElementById("composer");

export function startComposer() {
  document.addEventListener("input", (event) => event.target.id === "text" && typed());
  document.addEventListener("change", (event) => {
    if (event.target.id === "voice") speakAs(event.target);
    if (event.target.closest?.("#composer") && event.target.type !== "file") foresee();
  });
  document.addEventListener("keydown", sendByKey);
  document.addEventListener("click", insertPrepared);
  document.addEventListener("paste", (event) => add(event, event.clipboardData));
  document.addEventListener("drop", (event) => add(event, event.dataTransfer));
  document.addEventListener("dragover", (event) => event.target.closest?.("#composer") && event.preventDefault());
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id === "composer-slot") answered(event);
    else if (event.detail.target.id === "case") restore();
  });
  document.querySelector("[data-signout]")?.addEventListener("submit", () => sessionStorage.clear());
  restore();
}

export function write(kind) {
  const form = composer();
  const choice = form?.querySelector(`[name=kind][value=${kind}]`);
  if (!choice || choice.disabled) return;
  choice.checked = true;
  document.getElementById("text").focus();
}

function typed() {
  const form = composer();
  const text = document.getElementById("text").value;
  if (text) sessionStorage.setItem(draftName(form), text);
  else sessionStorage.removeItem(draftName(form));
  count();
  foresee();
  if (text) showTyping(form);
}

// What it would leave as and cost, once nothing was typed for a moment; the last question's answer counts.
let pausing = 0;
let asked = 0;
function foresee() {
  clearTimeout(pausing);
  pausing = setTimeout(async () => {
    const form = composer();
    if (!form) return;
    const told = new FormData(form);
    told.delete("files");
    const mine = ++asked;
    const answer = await fetch(`/tickets/${form.dataset.number}/preview`, { method: "POST", body: told }).catch(() => null);
    const place = document.getElementById("preview");
    if (mine !== asked || !place) return;
    const shown = answer?.ok ? await answer.text() : "";
    const open = place.querySelector("details")?.open;
    place.replaceChildren(...new DOMParser().parseFromString(shown, "text/html").body.childNodes);
    if (open && place.querySelector("details")) place.querySelector("details").open = true;
  }, PAUSE_MS);
}

// The person sees that somebody writes, as long as somebody does; notes are nobody's business.
let shownAt = -Infinity;
function showTyping(form) {
  const answering = form.querySelector("[name=kind]:checked")?.value !== "note";
  if (!answering || performance.now() - shownAt < SHOWN_MS) return;
  shownAt = performance.now();
  const told = new FormData();
  for (const name of ["csrf", "thread"]) told.set(name, form.elements[name]?.value ?? "");
  fetch(`/tickets/${form.dataset.number}/typing`, { method: "POST", body: told }).catch(() => {});
}

function count() {
  const length = [...document.getElementById("text").value].length;
  document.getElementById("count").textContent = length ? `${length} ${length === 1 ? "character" : "characters"}` : "";
}

function restore() {
  const form = composer();
  if (!form) return;
  const text = document.getElementById("text");
  const draft = sessionStorage.getItem(draftName(form));
  if (draft && !text.value) text.value = draft;
  count();
}

// The server's composer stands in the place of ours: its text counts, the focus stays.
function answered() {
  typed();
  const text = document.getElementById("text");
  (document.querySelector("#step input") ?? text)?.focus({ preventScroll: true });
  text?.setSelectionRange(text.value.length, text.value.length);
}

function speakAs(choice) {
  const voice = choice.selectedOptions[0];
  document.getElementById("box").classList.toggle("public", "public" in voice.dataset);
  document.querySelector("#sentence span").textContent = voice.dataset.barred || voice.dataset.sentence;
  const said = document.querySelector(".in-public");
  document.querySelector(".by-hand").hidden = !("byHand" in voice.dataset);
  document.querySelector(".by-program").hidden = "byHand" in voice.dataset;
  for (const part of document.querySelectorAll(".per-voice")) {
    part.hidden = part.dataset.voice !== voice.value;
    for (const input of part.querySelectorAll("input")) input.disabled = part.hidden;
  }
  const attach = document.querySelector(".attach");
  if (attach) {
    attach.hidden = !voice.dataset.files;
    attach.querySelector("input").disabled = attach.hidden;
    attach.querySelector("input").accept = voice.dataset.files;
  }
  if (said) said.hidden = !("public" in voice.dataset);
}

// What is pasted or dropped, a screenshot above all, joins the files that were chosen.
function add(event, given) {
  const input = document.querySelector(".attach:not([hidden]) input");
  if (!input || !given?.files.length || !event.target.closest?.("#composer")) return;
  event.preventDefault();
  const all = new DataTransfer();
  for (const file of [...input.files, ...given.files]) all.items.add(file);
  input.files = all.files;
}

// A prepared answer comes to where the cursor stands; without this it opens to be copied.
async function insertPrepared(event) {
  const link = event.target.closest?.("[data-prepared]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const thread = composer().elements.thread?.value ?? "";
  const address = `${link.href}?thread=${encodeURIComponent(thread)}`;
  const answer = await fetch(address);
  if (!answer.ok) return void window.open(address, "_blank");
  const text = document.getElementById("text");
  text.setRangeText(await answer.text(), text.selectionStart, text.selectionEnd, "end");
  const list = link.closest("#composer details");
  if (list) list.open = false;
  text.focus();
  typed();
}

function sendByKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.closest?.("#composer")) return;
  event.preventDefault();
  composer().requestSubmit(composer().querySelector(".send"));
}
