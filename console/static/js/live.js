// One stream of news for this tab: it names the tickets that changed, and the page fetches what it shows of them.
import { openNumber, refreshCase } from "./case.js";
import { refreshList } from "./list.js";
import { sessionOver, showConnection } from "./notices.js";

const REST_MS = 30;
const QUIET_MS = 4000;
let changed = new Set();
let all = false;
let fetching = false;

export function startLive() {
  if (!document.getElementById("list")) return;
  document.body.addEventListener("switchboard:back", connect);
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  connect();
}

function connect() {
  const stream = new EventSource("/live");
  let quiet = 0;
  stream.addEventListener("open", () => {
    clearTimeout(quiet);
    showConnection(true);
    document.body.dataset.live = "on";
  });
  stream.addEventListener("news", (event) => gather(JSON.parse(event.data)));
  stream.addEventListener("ended", () => {
    stream.close();
    sessionOver();
  });
  stream.addEventListener("error", () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => showConnection(false), QUIET_MS);
    if (stream.readyState === EventSource.CLOSED) setTimeout(reconnect, QUIET_MS);
  });
  addEventListener("pagehide", () => stream.close());
}

// The browser gave up: either the sign-in has ended, or the server refused for a moment.
async function reconnect() {
  const response = await fetch("/session", { headers: { "X-Live": "1" } }).catch(() => null);
  if (response?.status === 401) sessionOver();
  else connect();
}

function gather(news) {
  for (const number of news.numbers) changed.add(number);
  all = all || news.all;
  if (!fetching) fetchChanged();
}

// At once; what comes meanwhile is fetched together, after a rest as long as the last fetch took.
async function fetchChanged() {
  fetching = true;
  while (all || changed.size > 0) {
    const numbers = all ? null : changed;
    changed = new Set();
    all = false;
    const began = performance.now();
    const mine = !numbers || numbers.has(openNumber());
    await Promise.allSettled([refreshList(numbers), mine ? refreshCase() : null]);
    await new Promise((rested) => setTimeout(rested, Math.max(REST_MS, performance.now() - began)));
  }
  fetching = false;
}
