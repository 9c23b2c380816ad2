// Parts of a page that change by themselves: <section data-live="/live/overview" id="overview">. The server sends the
// part's new content as an event of that name.
"use strict";
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.addEventListener("part", (event) => {
    part.innerHTML = event.data;
    part.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
  });
}
