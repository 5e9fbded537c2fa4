// What people fill in: buttons, selects, checkers, dates, text inputs; alone or inside a form.

import { click } from "./click.js";
import { list, make, table, textOf } from "./dom.js";
import { model, nameOf } from "./model.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const DATES = table({
  date_picker: { type: "date", initial: "initial_date" },
  picker_time: { type: "time", initial: "initial_time" },
  picker_datetime: { type: "datetime-local", initial: "initial_datetime" },
});
const FORM_ACTIONS = table({ form_submit: "submit", form_reset: "reset" });

/** Message id -> field name -> what was typed, so that a card that changes meanwhile loses nothing of it. */
const drafts = {};

/** A button; `form` is what it submits or resets. */
export function button(node, message, form) {
  const element = make("button", String(node.type || "").replaceAll("_", " "), textOf(node.text));
  element.type = "button";
  element.disabled = !!node.disabled;
  element.title = textOf(node.hover_tips);
  const kind = node.form_action_type || FORM_ACTIONS[node.action_type];
  element.onclick = () => {
    if (kind === "submit") return submit(node, message, form?.fields || [], element);
    if (kind !== "reset") return click(message, node, {}, element);
    delete drafts[message.message_id];
    return form?.fields.forEach(field => field.reset());
  };
  return element;
}

function submit(node, message, fields, element) {
  const isEmpty = value => value === undefined || !String(value).length;
  if (fields.some(field => field.node.required && isEmpty(field.read()))) {
    return toast({ type: "warning", content: t("needed") });
  }
  const entries = fields.map(field => [field.node.name, field.read()]).filter(([, value]) => value !== undefined);
  return click(message, node, { form_value: Object.fromEntries(entries) }, element);
}

/** An input of any kind. In a form it is read when the form is submitted, alone every change is an operation. */
export function field(node, message, form) {
  const kept = drafts[message.message_id]?.[node.name];
  const control = makeControl(node, kept);
  const { element, read } = control;
  element.disabled = !!node.disabled;
  element.name = node.name || "";
  const label = textOf(node.tag === "checker" ? node.text : node.label);
  if (!label) element.setAttribute("aria-label", textOf(node.placeholder) || node.name || node.tag);
  if (form) {
    element.oninput = element.onchange = () => {
      (drafts[message.message_id] ??= table())[node.name] = control.draft();
    };
    const reset = () => element.replaceChildren(...makeControl(node).element.childNodes);
    form.fields.push({ node, read, reset: () => restore(element, makeControl(node).element, reset) });
  } else {
    element.onchange = () => operate(node, message, control);
  }
  return labelled(node, element, label);
}

/** Give an element the value of a fresh one; the options of a select are replaced. */
function restore(element, fresh, replaceOptions) {
  if (element.tagName === "SELECT") replaceOptions();
  else if (element.type === "checkbox") element.checked = fresh.checked;
  else element.value = fresh.value;
}

function operate(node, message, { element, action }) {
  if (node.tag !== "overflow") return click(message, node, action(), element);
  const shown = element.selectedOptions?.[0]?.textContent;
  const chosen = list(node.options).find(
    option => option.value === element.value || (option.multi_url && shown === textOf(option.text)),
  );
  click(message, { ...node, multi_url: chosen?.multi_url }, action(), element);
  element.value = "";
}

function labelled(node, element, label) {
  const checker = node.tag === "checker";
  if (!label && !node.required) return element;
  const box = make("label", checker ? "" : "up");
  const name = make("span", "", label + (node.required ? " *" : ""));
  box.append(...(checker ? [element, " ", name] : [name, element]));
  return box;
}

/**
 * The element of a field, with
 * read(): its value for the bot, undefined if there is none;
 * action(): its value as the callback of a single operation has it;
 * draft(): its value as a redraw needs it.
 */
function makeControl(node, kept) {
  if (/select/.test(node.tag) || node.tag === "overflow") return makeSelect(node, kept);
  if (node.tag === "checker") return makeChecker(node, kept);
  return DATES[node.tag] ? makeDate(node, kept) : makeInput(node, kept);
}

function makeSelect(node, kept) {
  const many = /^multi_/.test(node.tag);
  const element = make("select");
  element.multiple = many;
  if (!many) element.append(new Option(textOf(node.placeholder) || (node.tag === "overflow" ? "⋯" : t("none")), ""));
  selectOptions(node).forEach((option, index) => {
    const value = option.value ?? "";
    const label = textOf(option.text) || nameOf(value) || value;
    element.append(new Option(label, value, false, isSelected(node, kept, many, { value, label, index })));
  });
  const read = () => (many ? [...element.selectedOptions].map(option => option.value) : element.value || undefined);
  const action = () => (many ? { options: read() } : { option: read() });
  return { element, read, action, draft: many ? read : () => element.value };
}

function selectOptions(node) {
  const options = list(node.options);
  if (options.length || !/person/.test(node.tag)) return options;
  return model.people.map(person => ({ value: person.open_id, text: person.name }));
}

function isSelected(node, kept, many, { value, label, index }) {
  if (kept) return [].concat(kept).includes(value);
  if (list(node.selected_values).includes(value)) return true;
  return !many && (node.initial_option === label || node.initial_option === value || node.initial_index === index + 1);
}

function makeChecker(node, kept) {
  const element = make("input");
  element.type = "checkbox";
  element.checked = kept ?? !!node.checked;
  const read = () => element.checked;
  return { element, read, action: () => ({ checked: read() }), draft: read };
}

function makeDate(node, kept) {
  const element = make("input");
  const { type, initial } = DATES[node.tag];
  element.type = type;
  element.value = kept ?? String(node[initial] ?? "").replace(" ", "T");
  element.placeholder = textOf(node.placeholder);
  const read = () => (element.value ? `${element.value.replace("T", " ")} +0800` : undefined);
  return { element, read, action: () => ({ option: read() }), draft: () => element.value };
}

function makeInput(node, kept) {
  const multiline = node.input_type === "multiline_text";
  const element = make(multiline ? "textarea" : "input");
  if (!multiline) element.type = node.input_type === "password" ? "password" : "text";
  element.value = kept ?? node.default_value ?? "";
  element.placeholder = textOf(node.placeholder);
  element.maxLength = node.max_length > 0 ? node.max_length : 1000;
  const read = () => element.value;
  return { element, read, action: () => ({ input_value: read() }), draft: read };
}
