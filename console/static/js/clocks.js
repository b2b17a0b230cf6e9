// Times in the reader's zone, and waits that tick by the server's clock, however wrong the browser's is.
const started = performance.now();
const serverStart = Date.parse(document.body.dataset.now);
const formats = {
  time: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }),
  exact: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  day: new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  both: new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  full: new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" }),
};

export const now = () => serverStart + performance.now() - started;

export function startClocks() {
  localize(document);
  setInterval(tick, 1000);
}

export function localize(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const at = new Date(element.dateTime);
    element.textContent = formats[element.dataset.local].format(at);
    element.title = formats.full.format(at);
  }
  tickWaits(root);
}

function tick() {
  tickWaits(document);
  tickUndo();
}

function tickWaits(root) {
  for (const element of root.querySelectorAll("time[data-since]")) {
    const minutes = Math.max(0, Math.floor((now() - Date.parse(element.dataset.since)) / 60000));
    const words = waited(minutes);
    if (element.textContent !== words) element.textContent = words;
    element.classList.toggle("warm", minutes >= 15 && minutes < 60);
    element.classList.toggle("hot", minutes >= 60);
    element.title = `waiting since ${formats.full.format(new Date(element.dataset.since))}`;
  }
}

function waited(minutes) {
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(minutes / 1440)} d`;
}

function tickUndo() {
  const undo = document.getElementById("undo");
  if (!undo) return;
  const left = Math.ceil((Date.parse(undo.dataset.until) - now()) / 1000);
  if (left <= 0) undo.remove();
  else document.getElementById("undo-words").textContent = `Leaves in ${left} s`;
}
