// Elements made and replaced; text from the server stays text.

export const $ = id => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children.filter(child => child !== null));
  return element;
}

/** A box of lines; null if there is none. */
export const linesBox = lines => (lines.length ? make("div", { className: "why" }, ...lines) : null);

/**
 * Make the children of an element equal to the wanted ones, and those of a child that stays the same one.
 * Only what has changed is replaced, so that a button keeps its focus and its click while a clock beside it runs.
 */
export function patch(parent, wanted, inside = true) {
  wanted.forEach((element, index) => {
    const old = parent.children[index];
    if (!old) parent.append(element);
    else if (old.outerHTML === element.outerHTML) return;
    else if (inside && isSame(old, element)) patch(old, [...element.children], false);
    else old.replaceWith(element);
  });
  while (parent.children.length > wanted.length) parent.lastElementChild.remove();
}

const isSame = (old, element) => old.className === element.className && old.dataset.bot === element.dataset.bot;
