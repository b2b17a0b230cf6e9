// Short messages at the foot of the page; and what happens when the sign-in has ended.
const SHOWN_MS = 8000;
let over = false;

export function startNotices() {
  document.body.addEventListener("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    if (status === 401) sessionOver();
    else show(isShort(responseText) ? responseText : "That did not work. Try again.");
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status === 422 && !elt.closest("#composer-slot") && isShort(xhr.responseText)) show(xhr.responseText);
  });
  document.body.addEventListener("htmx:sendError", () => show("No connection. Your text is still here; try again."));
  document.body.addEventListener("htmx:timeout", () => show("No answer. Your text is still here; try again."));
  addEventListener("focus", () => over && comeBack());
  document.addEventListener("visibilitychange", () => over && !document.hidden && comeBack());
}

const isShort = (text) => text && text.length < 400 && !text.includes("<");

export function show(text) {
  const toast = make("said", text);
  setTimeout(() => toast.remove(), SHOWN_MS);
}

export function sessionOver() {
  if (over) return;
  over = true;
  const toast = make("over", "You are signed out. What you typed stays here.");
  const link = document.createElement("a");
  link.href = "/signin";
  link.target = "_blank";
  link.textContent = "Sign in";
  toast.append(link);
}

export function showConnection(up) {
  if (up) document.getElementById("toast-away")?.remove();
  else if (!document.getElementById("toast-away")) make("away", "No connection to Switchboard. Trying again…");
}

// Signed in again in another tab: take over the new token, and go on where we were.
async function comeBack() {
  const response = await fetch("/session", { headers: { "X-Live": "1" } }).catch(() => null);
  if (!response?.ok) return;
  const { csrf } = await response.json();
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": csrf }));
  for (const field of document.querySelectorAll("input[name=csrf]")) field.value = csrf;
  over = false;
  document.getElementById("toast-over")?.remove();
  document.body.dispatchEvent(new CustomEvent("switchboard:back"));
  show("You are signed in again.");
}

function make(kind, text) {
  document.getElementById(`toast-${kind}`)?.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.id = `toast-${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  toast.append(words);
  document.getElementById("notices").append(toast);
  return toast;
}
