// Elements made of data that is never trusted: text stays text, and only http links lead anywhere.

export const $ = id => document.getElementById(id);

/** An array, or an empty one in place of anything else. */
export const list = value => (Array.isArray(value) ? value : []);

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export const safeUrl = url => (/^https?:\/\//i.test(url || "") ? url : "#");

export function link(text, url) {
  const a = make("a", "", text);
  a.href = safeUrl(url);
  a.rel = "noreferrer";
  a.target = "_blank";
  return a;
}

/** An image that was uploaded to the sandbox. */
export function picture(key, alt = key) {
  const image = make("img");
  image.src = "/page/image/" + encodeURIComponent(key);
  image.alt = alt;
  return image;
}

/** The text of a card's text object, which may also be a plain string. */
export function textOf(value) {
  if (typeof value === "string") return value;
  if (typeof value?.content === "string") return value.content;
  return typeof value?.text === "string" ? value.text : "";
}
