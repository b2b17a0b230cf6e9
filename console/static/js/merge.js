const PATIENCE_MS = 10000;

// Bring a list of elements up to date by id and version, touching only what changed:
// what is open stays open, focus and selection stay where they are.
export function mergeChildren(present, wanted) {
  const before = new Map([...present.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = present.firstElementChild;
  for (const child of [...wanted.children]) {
    const old = before.get(child.id);
    const kept = old && old.dataset.v === child.dataset.v ? old : child;
    if (old && kept === child) replace(old, child);
    if (old === place && kept === child) place = child;
    if (kept !== place) present.insertBefore(kept, place);
    else place = place.nextElementSibling;
    before.delete(child.id);
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

// Put an element in the place of another; opened details, what was typed and the focus move along.
export function replace(old, fresh) {
  const open = [...old.querySelectorAll("details[open][id]")].map((one) => one.id);
  const typed = [...old.querySelectorAll("input[id], textarea[id]")].filter((one) => one.value !== one.defaultValue);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(fresh);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const { id, value } of typed) {
    const same = document.getElementById(id);
    if (same) same.value = value;
  }
  if (focused) (document.getElementById(focused) ?? fallback(fresh)).focus({ preventScroll: true });
  globalThis.htmx?.process(fresh);
}

function fallback(fresh) {
  const next = fresh.querySelector("button, a, input, select");
  if (next) return next;
  fresh.tabIndex = -1;
  return fresh;
}

// Fetch a page part for the page itself: such a request does not prolong the sign-in.
export async function fetchPart(address) {
  const signal = AbortSignal.timeout(PATIENCE_MS); // a request lost with the network must not hold up all that follow
  const response = await fetch(address, { headers: { "X-Live": "1" }, credentials: "same-origin", signal });
  if (!response.ok) throw Object.assign(new Error("not fetched"), { status: response.status });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
