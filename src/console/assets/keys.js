// Keys: ? shows them, / goes to the search field, g and a letter goes to a page of the navigation.
"use strict";
const help = document.getElementById("keys");
let going = false;

const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  if (going) {
    going = false;
    const link = document.querySelector(`.side a[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      location.href = link.href;
    }
    return;
  }
  if (event.key === "g") {
    going = true;
    setTimeout(() => { going = false; }, 1500);
  } else if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
  } else if (event.key === "/") {
    const field = document.querySelector("main input:not([type=hidden], [type=checkbox], [type=radio])")
      ?? document.querySelector(".bar [type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
});
document.querySelector(".bar .keys")?.addEventListener("click", () => help?.showModal());
