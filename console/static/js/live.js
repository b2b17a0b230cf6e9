// One stream of news for this tab: it names the tickets that changed, and the page fetches what it shows of them.
import { openNumber, refreshCase } from "./case.js";
import { refreshList } from "./list.js";
import { sessionOver, showConnection } from "./notices.js";

const GATHER_MS = 120;
const QUIET_MS = 4000;
let changed = new Set();
let all = false;
let timer = 0;

export function startLive() {
  if (!document.getElementById("list")) return;
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
    if (stream.readyState === EventSource.CLOSED) setTimeout(startLive, QUIET_MS);
  });
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function gather(news) {
  for (const number of news.numbers) changed.add(number);
  all = all || news.all;
  if (!all && changed.size === 0) return;
  clearTimeout(timer);
  timer = setTimeout(fetchChanged, GATHER_MS);
}

function fetchChanged() {
  const numbers = all ? null : changed;
  changed = new Set();
  all = false;
  refreshList(numbers);
  if (!numbers || numbers.has(openNumber())) refreshCase();
}
