// Dialogs: a heading, fields, and buttons; the browser keeps the focus inside and closes them with Escape.

import { build, make, textButton } from "./dom.js";
import { t } from "./words.js";

/**
 * Show a dialog. `done` runs when the form is confirmed; without it there is only "close".
 * Returns the dialog, which is gone once closed.
 */
export function dialog(title, content, done = null, doneLabel = t("save")) {
  const box = make("dialog");
  const heading = make("h2", "", title);
  heading.id = "dialog-title";
  box.setAttribute("aria-labelledby", heading.id);
  const close = textButton(t(done ? "cancel" : "close"), () => box.close());
  const submit = done && make("button", "primary", doneLabel);
  const form = build("form", "", heading, content, build("div", "buttons", close, submit));
  form.method = "dialog";
  form.onsubmit = () => done?.();
  box.append(form);
  box.onclose = () => box.remove();
  document.body.append(box);
  box.showModal();
  return box;
}

/** Ask for a confirmation as a card's component words it. */
export function confirmed(title, text) {
  return new Promise(resolve => {
    const box = dialog(title || t("sure"), make("p", "", text), () => resolve(true), t("yes"));
    box.addEventListener("close", () => resolve(false));
  });
}

/** A field of a dialog below its name. */
export function labelled(label, control) {
  return build("label", "field", make("span", "", label), control);
}

/** A list of check boxes: [{ id, name }]. */
export function checks(label, items, chosen = new Set()) {
  const fieldset = build("fieldset", "checks", make("legend", "", label));
  for (const { id, name } of items) {
    const input = make("input");
    input.type = "checkbox";
    input.value = id;
    input.checked = chosen.has(id);
    fieldset.append(build("label", "", input, " ", name));
  }
  return { element: fieldset, read: () => [...fieldset.querySelectorAll(":checked")].map(input => input.value) };
}
