// Parts of a page that change by themselves: <section data-live="/live/overview" id="overview">. The server sends the
// part's new content as an event of that name. Nobody is served who does not look: a hidden page lets go of it.
"use strict";
const sources = new Map();
const sign = document.querySelector(".bar .live");

const tell = () => {
  if (!sign) return;
  const open = [...sources.values()].every((source) => source.readyState === EventSource.OPEN);
  sign.className = `live state ${open ? "ok" : "warn"}`;
  sign.textContent = open ? sign.dataset.on : sign.dataset.off;
  sign.hidden = false;
};

const renew = (part, content) => {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const same = active && (active.id ? `#${CSS.escape(active.id)}`
    : active.getAttribute("href") ? `a[href="${CSS.escape(active.getAttribute("href"))}"]` : null);
  const scrolled = [...part.querySelectorAll(".wide")].map((wide) => wide.scrollLeft);
  part.innerHTML = content;
  part.querySelectorAll(".wide").forEach((wide, at) => { wide.scrollLeft = scrolled[at] ?? 0; });
  if (same) part.querySelector(same)?.focus({ preventScroll: true });
  part.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
};

const open = () => {
  for (const part of document.querySelectorAll("[data-live]")) {
    const source = new EventSource(part.dataset.live);
    source.addEventListener("part", (event) => renew(part, event.data));
    source.addEventListener("open", tell);
    source.addEventListener("error", tell);
    sources.set(part, source);
  }
};

const close = () => {
  sources.forEach((source) => source.close());
  sources.clear();
};

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
if (!document.hidden) open();
