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
// Diagrams are drawn here from their source, which stands there until then and wherever it cannot be drawn.
const diagrams = document.querySelectorAll("pre.kith-diagram");
const drawing = async () => {
  const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--kith-${name}`).trim();
  const [paper, raised, ink, soft, accent] = ["paper", "raised", "ink", "soft", "accent"].map(colour);
  mermaid.initialize({
    startOnLoad: false, securityLevel: "strict", theme: "base", fontFamily: getComputedStyle(document.body).fontFamily,
    themeVariables: {
      darkMode: getComputedStyle(document.body).colorScheme === "dark", background: paper, primaryColor: raised,
      primaryTextColor: ink, primaryBorderColor: accent, secondaryColor: raised, tertiaryColor: paper, lineColor: soft,
      textColor: ink, mainBkg: raised, nodeBorder: accent, noteBkgColor: raised, noteTextColor: ink, noteBorderColor: soft,
      edgeLabelBackground: paper, actorBkg: raised, actorBorder: accent, actorTextColor: ink, labelBoxBkgColor: raised,
      signalColor: soft, signalTextColor: ink, fontSize: "15px",
    },
  });
  for (const [number, diagram] of diagrams.entries()) {
    try {
      const { svg } = await mermaid.render(`kith-diagram-${number}`, diagram.querySelector("code").textContent);
      diagram.querySelector(":scope > svg")?.remove();
      diagram.insertAdjacentHTML("beforeend", svg);
      const drawn = diagram.querySelector(":scope > svg"), words = drawn.cloneNode(true);
      for (const style of words.querySelectorAll("style")) style.remove();
      drawn.setAttribute("role", "img");
      drawn.setAttribute("aria-label", words.textContent.replace(/\s+/g, " ").trim());
    } catch {
      document.getElementById(`dkith-diagram-${number}`)?.remove();
      diagram.classList.add("kith-plain");
    }
  }
};
if (diagrams.length) {
  const script = document.createElement("script");
  script.src = new URL("mermaid.min.js", document.currentScript.src);
  script.onload = () => {
    drawing();
    new MutationObserver(drawing).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawing);
  };
  script.onerror = () => { for (const diagram of diagrams) diagram.classList.add("kith-plain"); };
  document.head.append(script);
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
  if (event.key === "/" && !event.target.closest("input, textarea") && !opened.checked) {
    event.preventDefault();
    document.querySelector("button.kith-search").click();
  }
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.kith-languages[open]")) menu.open = false;
});
if (/\/s\/[a-z2-7]{26}\//.test(location.pathname)) {
  for (const words of document.querySelectorAll(".kith-lost-sealed")) words.hidden = false;
}
