// Opens a sealed page. The key stands behind the # of the address, which is part of no request: no server ever sees it.
"use strict";
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const [said, article, only] = ["section", "article", ".kith-sealed-only"].map((name) => document.querySelector(`main ${name}`));
const locked = document.querySelector("template");
const shown = new Map();
let opened = "";

/** Bytes of a base32 text (RFC 4648). */
function bytesOf(text) {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let held = 0, bits = 0, at = 0;
  for (const letter of text) {
    held = ((held << 5) | LETTERS.indexOf(letter)) & 0x1fff;
    bits += 5;
    if (bits >= 8) bytes[at++] = (held >> (bits -= 8)) & 0xff;
  }
  return bytes;
}

/** What was locked for an address; throws when key, address or a byte is another. */
async function unlock(key, address, data) {
  const known = await crypto.subtle.importKey("raw", bytesOf(key), "AES-GCM", false, ["decrypt"]);
  const bound = new TextEncoder().encode(`kith sealed 1 ${address}`);
  const how = { name: "AES-GCM", iv: data.subarray(0, 12), additionalData: bound };
  const plain = await crypto.subtle.decrypt(how, known, data.subarray(12));
  return new Uint8Array(plain, 4, new DataView(plain).getUint32(0));
}

function say(state) {
  for (const line of said.querySelectorAll("[data-state]")) line.hidden = line.dataset.state !== state;
  said.hidden = !state;
  article.hidden = only.hidden = Boolean(state);
}

async function sound(data) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return bytesOf(locked.dataset.check).every((byte, place) => byte === sum[place]);
}

async function unseal() {
  const [, key, place] = location.hash.toLowerCase().match(/^#([a-z2-7]{52})(?![a-z2-7])(?:\/([^/]*))?/) ?? [];
  if (key && key === opened) return go(place);
  opened = "";
  article.replaceChildren();
  if (location.hash.length < 2) return say("no-key");
  if (!globalThis.crypto?.subtle) return say("insecure");
  say("opening");
  const data = bytesOf(locked.content.textContent.trim());
  if (!(await sound(data))) return say("damaged");
  const address = location.pathname.match(/\/s\/([a-z2-7]{26})(?:\/|$)/)?.[1];
  let page;
  try {
    page = JSON.parse(new TextDecoder().decode(await unlock(key ?? "", address, data)));
  } catch {
    return say("wrong-key");
  }
  lay(page, key);
  opened = key;
  say("");
  go(place);
}

/** Puts the article on the page. A parsed document's scripts never run, and the page's policy lets no other run. */
function lay(page, key) {
  const parsed = new DOMParser().parseFromString(page.html, "text/html");
  article.replaceChildren(...parsed.body.childNodes);
  document.title = page.title;
  for (const part of [document.documentElement, article]) [part.lang, part.dir] = [page.lang, page.dir];
  for (const link of article.querySelectorAll('a[href^="#"]')) link.setAttribute("href", `#${key}/${link.hash.slice(1)}`);
  for (const part of article.querySelectorAll("[data-file]")) show(part, page.files[part.dataset.file]);
}

/** The address, on this device only, of a file that was fetched and unlocked. */
function unlocked([where, address, key, type]) {
  if (!shown.has(where)) shown.set(where, (async () => {
    const reply = await fetch(where, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!reply.ok) throw new Error(reply.status);
    const plain = await unlock(key, address, new Uint8Array(await reply.arrayBuffer()));
    return URL.createObjectURL(new Blob([plain], { type }));
  })());
  return shown.get(where);
}

async function show(part, file) {
  if (part.tagName === "A") {
    part.setAttribute("href", location.hash);
    part.addEventListener("click", (event) => (event.preventDefault(), save(part, file)));
    return;
  }
  try {
    const address = await unlocked(file);
    part.loading = "eager";
    part.src = address;
  } catch {
    gone(part, part.alt);
  }
}

async function save(part, file) {
  const link = document.createElement("a");
  link.download = part.dataset.name;
  try {
    link.href = await unlocked(file);
    link.click();
  } catch {
    gone(part, part.textContent);
  }
}

function gone(part, words) {
  const note = document.createElement("span");
  note.className = "kith-sealed-gone";
  note.textContent = [words, article.dataset.gone].filter(Boolean).join(" · ");
  part.replaceWith(note);
}

function go(place) {
  if (!place) return;
  let name = location.hash.slice(location.hash.indexOf("/") + 1);
  try {
    name = decodeURIComponent(name);
  } catch {
    // a stray % is part of the name
  }
  document.getElementById(name)?.scrollIntoView();
}

addEventListener("hashchange", unseal);
unseal();
