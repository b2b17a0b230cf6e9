// A formatted mail is as high as it needs, up to what its style allows; without this it is as high as that.
export function startFrames() {
  document.addEventListener("load", (event) => {
    const frame = event.target;
    if (!(frame instanceof HTMLIFrameElement) || !frame.closest(".formatted")) return;
    const page = frame.contentDocument?.body;
    if (page) frame.height = Math.max(96, Math.ceil(page.getBoundingClientRect().bottom) + 24);
  }, true);
}
