// Cards: their header, and the components below it.

import { click } from "./click.js";
import { link, list, make, table, textOf } from "./dom.js";
import { button, field } from "./fields.js";
import { markdown } from "./markdown.js";
import { picture, video } from "./media.js";
import { nameOf } from "./model.js";
import { moment } from "./time.js";
import { t } from "./words.js";

const TINTS = table({
  blue: "#2b62e3",
  wathet: "#0b7aa8",
  turquoise: "#0f8575",
  green: "#258832",
  yellow: "#946800",
  orange: "#c25705",
  red: "#e22e28",
  carmine: "#cc398c",
  violet: "#bf3dbf",
  purple: "#8d55ed",
  indigo: "#5b65f5",
  grey: "#646a73",
});
const CONTROLS = "button,select,input,textarea,a";

/** Component tag -> (node, message, form) => element. */
const ELEMENTS = table({
  markdown: text,
  lark_md: text,
  plain_text: text,
  text,
  div: division,
  hr: () => make("hr"),
  img: node => (node.img_key ? picture(node.img_key, textOf(node.alt)) : null),
  img_combination: node => boxOf("columns", list(node.img_list), image => picture(image.img_key)),
  column_set: (node, message, form) =>
    boxOf("columns", list(node.columns), column => stack(column.elements, message, form, column)),
  action: (node, message, form) =>
    boxOf("stack horizontal", list(node.actions), each => element(each, message, form) ?? ""),
  note: (node, message, form) => stack(node.elements, message, form),
  form: (node, message) => stack(node.elements, message, { fields: [] }, node),
  collapsible_panel: panel,
  interactive_container: container,
  button,
  table: dataTable,
  person: node => make("span", "at", mention(node.user_id)),
  person_list: node => make("span", "at", list(node.persons).map(person => mention(person.id)).join(" ")),
  chart: node => make("div", "placeholder", t("chart", textOf(node.chart_spec?.title) || node.chart_spec?.type || "")),
  audio: node => make("div", "placeholder", t("voice", textOf(node.text))),
  video: node => video(node),
  icon: () => null,
  standard_icon: () => null,
  custom_icon: node => (node.img_key ? picture(node.img_key) : null),
  select_img: field,
  multi_select_img: field,
  input: field,
  select_static: field,
  multi_select_static: field,
  select_person: field,
  multi_select_person: field,
  overflow: field,
  checker: field,
  date_picker: field,
  picker_time: field,
  picker_datetime: field,
});

/** Show a card in a box. */
export function card(box, content, message) {
  box.classList.add("card");
  if (content.type === "template" || content.type === "card") {
    box.append(reference(content, message));
    return;
  }
  const header = content.header || (content.title ? { title: content.title } : null);
  const elements = content.body?.elements ?? content.elements ?? Object.values(content.i18n_elements || {})[0];
  if (header) box.append(head(header));
  box.append(stack(elements, message, null, content.body));
  if (!header && !list(elements).length) box.append(make("div", "stack", t("emptyCard")));
}

/** A card that is only named: its template or entity. */
function reference({ type, data }, message) {
  const variables = data?.template_variable;
  const nodes = [
    { tag: "markdown", content: `**[${type}] ${data?.template_id || data?.card_id}**` },
    { tag: "text", text: variables ? JSON.stringify(variables, null, 2) : "" },
  ];
  return stack(nodes, message);
}

function head(header) {
  const element = make("header");
  const tint = TINTS[header.template];
  if (tint) {
    element.className = "tinted";
    element.style.background = tint;
  }
  element.append(markdown(make("b"), textOf(header.title), { inline: true }));
  for (const tag of list(header.text_tag_list)) element.append(make("span", "tag", textOf(tag.text)));
  if (textOf(header.subtitle)) element.append(make("small", "", textOf(header.subtitle)));
  return element;
}

function stack(nodes, message, form, parent) {
  const box = make("div", parent?.direction === "horizontal" ? "stack horizontal" : "stack");
  for (const node of list(nodes)) {
    const shown = Array.isArray(node) ? line(node, message) : element(node, message, form);
    if (shown) box.append(shown);
  }
  return box;
}

/** A line of a card as it is received: a list of small elements. */
function line(nodes, message) {
  return boxOf("md", nodes, node => {
    if (node?.tag === "button") return button(node, message);
    if (node?.tag === "a") return link(node.text, node.href);
    return textOf(node) || `[${node?.tag}]`;
  });
}

function element(node, message, form) {
  if (!node || typeof node !== "object") return null;
  try {
    return (ELEMENTS[node.tag] ?? unknown)(node, message, form);
  } catch (error) {
    // One component of an unexpected shape must not hide the rest of the card.
    console.warn(`component ${node.tag} of ${message.message_id}:`, error);
    return unknown(node);
  }
}

const unknown = node => make("div", "placeholder", t("unknown", String(node.tag)));
const mention = openId => "@" + (nameOf(openId) || t("somebody"));

function text(node) {
  if (node.tag !== "plain_text") return markdown(make("div"), textOf(node));
  return make("div", "plain", textOf(node));
}

function boxOf(className, items, show) {
  const box = make("div", className);
  for (const item of items) box.append(show(item));
  return box;
}

function division(node, message, form) {
  const box = make("div", "stack");
  if (node.text) box.append(text(node.text));
  for (const each of list(node.fields)) box.append(text(each.text));
  if (node.extra) box.append(element(node.extra, message, form) ?? "");
  return box;
}

function panel(node, message, form) {
  const box = make("details", "area");
  box.open = !!node.expanded;
  box.append(markdown(make("summary"), textOf(node.header?.title), { inline: true }), stack(node.elements, message, form, node));
  return box;
}

function container(node, message, form) {
  const box = make("div", "area");
  box.append(stack(node.elements, message, form, node));
  if (!node.disabled) {
    box.style.cursor = "pointer";
    box.onclick = event => {
      if (!event.target.closest(CONTROLS)) click(message, node, {});
    };
  }
  return box;
}

function dataTable(node) {
  const box = make("table");
  const columns = list(node.columns);
  const titles = make("tr");
  for (const column of columns) titles.append(make("th", "", column.display_name || ""));
  box.append(titles);
  for (const row of list(node.rows)) {
    const cells = make("tr");
    for (const column of columns) cells.append(markdown(make("td"), cellText(column, row?.[column.name]), { inline: true }));
    box.append(cells);
  }
  return box;
}

function cellText(column, value) {
  if (column.data_type === "date" && value) return moment(value);
  if (Array.isArray(value)) return value.map(each => cellText({}, each)).join(" ");
  return textOf(value) || (value == null || typeof value === "object" ? "" : String(value));
}

/** What a card says in short: its title, or its first text. */
export function cardText(content) {
  const title = textOf((content.header ?? content).title);
  if (title) return title;
  const elements = content.body?.elements ?? content.elements ?? Object.values(content.i18n_elements || {})[0];
  return firstText(list(elements));
}

function firstText(nodes) {
  for (const node of nodes.flat()) {
    const inner = node?.elements ?? node?.columns ?? node?.fields;
    const found = textOf(node) || textOf(node?.text) || (Array.isArray(inner) ? firstText(inner) : "");
    if (found) return found;
  }
  return "";
}
