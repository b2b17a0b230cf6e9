// A formatted mail is as high as it needs, up to what its style allows; without this it is as high as that.
export function startFrames() {
  document.addEventListener("load", (event) => {
    const frame = event.target;
    if (!(frame instanceof HTMLIFrameElement) || !frame.closest(".formatted")) return;
    const page = frame.contentDocument?.documentElement;
    if (page) frame.style.height = `${Math.max(96, page.scrollHeight + 4)}px`;
  }, true);
}
