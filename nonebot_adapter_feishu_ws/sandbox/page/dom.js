// Elements made of data that is never trusted: text stays text, and only http links lead anywhere.

import { chinese } from "./words.js";

/** A table looked up by names of outside data, such as `constructor`: only its own entries are found. */
export const table = entries => Object.assign(Object.create(null), entries);

export const $ = id => document.getElementById(id);

/** An array, or an empty one in place of anything else. */
export const list = value => (Array.isArray(value) ? value : []);

/** The object of a JSON text, or an empty one in place of anything else. */
export function parse(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** An element with children; what is null or false is left out. */
export function build(tag, className, ...children) {
  const element = make(tag, className);
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** A button that shows an icon or a sign; screen readers say its name, and a pointer shows it. */
export function action(label, sign, onclick, className = "icon") {
  const button = build("button", className, sign);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.onclick = onclick;
  return button;
}

/** A button whose text is its name. */
export function textButton(label, onclick, className = "") {
  const button = make("button", className, label);
  button.type = "button";
  button.onclick = onclick;
  return button;
}

export const safeUrl = url => (/^(https?:\/\/|mailto:)/i.test(url || "") ? url : "#");

export function link(text, url) {
  const a = make("a", "", text);
  a.href = safeUrl(url);
  a.rel = "noreferrer";
  a.target = "_blank";
  return a;
}

/** The text of a card's text object in the page's language; it may also be a plain string. */
export function textOf(value) {
  if (typeof value === "string") return value;
  const translated = value?.i18n_content?.[chinese ? "zh_cn" : "en_us"];
  if (typeof translated === "string") return translated;
  if (typeof value?.content === "string") return value.content;
  return typeof value?.text === "string" ? value.text : "";
}

/** The square with the first letter of a name; its colour depends on the name alone. */
export function face(name, isBot = false) {
  const element = make("div", "face", [...(name || "?")][0].toUpperCase());
  const sum = [...(name || "")].reduce((total, letter) => total + letter.codePointAt(0), 0);
  element.dataset.tint = isBot ? "bot" : sum % 6;
  element.setAttribute("aria-hidden", "true");
  return element;
}

/** Make a box hold exactly these elements, in this order, and move or replace nothing that is right already. */
export function arrange(box, elements) {
  let next = box.firstChild;
  for (const element of elements) {
    if (element === next) next = next.nextSibling;
    else box.insertBefore(element, next);
  }
  while (next) {
    const rest = next.nextSibling;
    next.remove();
    next = rest;
  }
}
