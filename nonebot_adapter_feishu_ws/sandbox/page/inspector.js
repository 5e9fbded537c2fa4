// The inspector: events, API calls, frames, what the plugins did, and faults; a list, and below it one entry in full.

import { $, action, build, list, make } from "./dom.js";
import { detail, title } from "./entry.js";
import { faultsPanel } from "./faults.js";
import { icon } from "./icons.js";
import { find, loadJournal, startJournal } from "./journal.js";
import { message as findMessage, on } from "./model.js";
import { t } from "./words.js";

const TABS = ["plugin", "event", "rest", "click", "frame", "faults"];
const SHOWN = 200;
const WIDE = "(min-width: 1001px)";
let tab = "plugin";
let chosen = null;
let parts;

export function startInspector() {
  startJournal();
  parts = {
    tabs: build("div", "tabs", TABS.map(tabButton)),
    filter: make("input"),
    list: make("div", "entries"),
    detail: make("div", "detail"),
  };
  parts.tabs.setAttribute("role", "tablist");
  parts.filter.type = "search";
  parts.filter.placeholder = t("filter");
  parts.filter.setAttribute("aria-label", t("filter"));
  parts.filter.oninput = draw;
  const close = action(t("close"), icon("close"), () => show(false));
  $("inspector").append(build("header", "", make("h2", "", t("inspector")), close), parts.tabs, parts.filter, parts.list, parts.detail);
  $("inspect").onclick = () => show($("inspector").hidden);
  on("journal", draw);
  on("faults", draw);
  if (matchMedia(WIDE).matches) show(true);
  // Also while it is closed: which message nobody answered stands in the chat.
  loadJournal();
}

function show(open) {
  $("inspector").hidden = !open;
  $("inspect").setAttribute("aria-expanded", open);
  if (open) draw();
}

function tabButton(name) {
  const button = make("button", "tab", t(name));
  button.type = "button";
  button.setAttribute("role", "tab");
  button.onclick = () => openTab(name);
  return button;
}

function openTab(name, text = "") {
  tab = name;
  chosen = null;
  parts.filter.value = text;
  draw();
}

/** Show what became of a message: how a person's was handled, or the call that sent a bot's. */
export function inspectMessage(messageId) {
  show(true);
  openTab(findMessage(messageId)?.sender.type === "app" ? "rest" : "event", messageId);
  chosen = find(tab, messageId).at(-1)?.number ?? null;
  draw();
}

function draw() {
  if ($("inspector").hidden) return;
  [...parts.tabs.children].forEach((button, index) => button.setAttribute("aria-selected", TABS[index] === tab));
  parts.filter.hidden = tab === "faults";
  if (tab === "faults") {
    parts.list.replaceChildren(faultsPanel());
    parts.detail.replaceChildren();
    return;
  }
  const found = find(tab, parts.filter.value).filter(isTold).slice(0, SHOWN);
  parts.list.replaceChildren(...(found.length ? found.map(row) : [make("p", "empty", t("nothingYet"))]));
  const entry = list(found).find(each => each.number === chosen);
  // What is being edited there stays until another entry is chosen.
  if (!entry) parts.detail.replaceChildren();
  else if (parts.detail.dataset.shows !== JSON.stringify(entry)) {
    if (parts.detail.querySelector("textarea") && parts.detail.dataset.number === String(entry.number)) return;
    parts.detail.dataset.shows = JSON.stringify(entry);
    parts.detail.dataset.number = entry.number;
    parts.detail.replaceChildren(detail(entry));
  }
}

/** Of what the plugins did, events that concern none of them are left out, such as that somebody has read. */
const isTold = entry => entry.kind !== "plugin" || entry.ran.length > 0 || entry.silence.length > 0;

function row(entry) {
  const button = build("button", "entry", title(entry));
  button.type = "button";
  button.setAttribute("aria-current", entry.number === chosen);
  button.onclick = () => {
    chosen = entry.number === chosen ? null : entry.number;
    draw();
  };
  return button;
}
