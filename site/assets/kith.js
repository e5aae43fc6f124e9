// Nothing here is needed to read: it brings the copy buttons to life and tidies up after Material's script.
"use strict";
addEventListener("load", () => {
  for (const link of document.querySelectorAll('link[rel="alternate kith"]')) link.rel = "alternate";
});
for (const button of document.querySelectorAll(".kith-copy[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}
const opened = document.getElementById("__search");
for (const button of document.querySelectorAll(".kith-search")) {
  button.addEventListener("click", () => {
    opened.click();
    document.querySelector("[data-md-component=search-query]").focus();
    opened.addEventListener("change", () => button.focus(), { once: true });
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.kith-languages[open]")) menu.open = false;
});
