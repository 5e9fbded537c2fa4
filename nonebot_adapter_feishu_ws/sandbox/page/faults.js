// Faults on purpose: each a button, and the line of Python that does the same in a test.

import { faults } from "./api.js";
import { build, make, textButton } from "./dom.js";
import { labelled } from "./dialog.js";
import { model, nameOf } from "./model.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

/** name -> what it asks for: the app, and numbers with their usual value. */
const FAULTS = {
  drop: { app: true },
  half_open: { app: true },
  slow_acks: { seconds: 5 },
  duplicates: { copies: 2 },
  rate_limit: { times: 1 },
  refuse: { code: 230020, times: 1 },
  bad_dns: { times: 1 },
  bad_tls: { times: 1 },
  expire_tokens: { app: true },
};
let panel;

/** The panel; the same element each time, so that what was typed stays. */
export function faultsPanel() {
  panel ??= makePanel();
  refresh();
  return panel.element;
}

function makePanel() {
  const app = make("select");
  const held = build("ul", "held");
  const clear = textButton(t("stopAll"), () => run(() => faults.clear()));
  const rows = Object.entries(FAULTS).map(([name, asks]) => row(name, asks, app));
  const element = build("div", "faults", labelled(t("faultFor"), app), ...rows, make("h3", "", t("running")), held, clear);
  return { element, app, held, clear };
}

async function refresh() {
  const { app, held, clear } = panel;
  const chosen = app.value;
  app.replaceChildren(...model.apps.map(each => new Option(each.name, each.app_id)));
  if (chosen) app.value = chosen;
  const { faults: running } = await faults.list();
  held.replaceChildren(...running.map(each => make("li", "", describe(each))));
  clear.disabled = !running.length;
  if (!running.length) held.replaceChildren(make("li", "", t("noFaults")));
}

function describe({ name, place, ...more }) {
  const details = Object.entries(more).filter(([, value]) => value !== null);
  const words = details.map(([key, value]) => (key === "app_id" ? nameOf(value) : `${key}=${value}`));
  return [t.has(name) ? t(name) : (name ?? place), ...words].join(" · ");
}

function row(name, { app: needsApp, ...numbers }, app) {
  const inputs = Object.entries(numbers).map(([key, value]) => {
    const input = make("input");
    input.type = "number";
    input.value = value;
    input.name = key;
    return input;
  });
  const given = () => Object.fromEntries(inputs.map(input => [input.name, +input.value]));
  const line = make("code");
  const say = () => (line.textContent = python(name, given(), needsApp));
  for (const input of inputs) input.oninput = say;
  say();
  const start = textButton(t("start"), () => run(() => faults.start({ name, ...(needsApp ? { app_id: app.value } : {}), ...given() })));
  return build(
    "div",
    "fault",
    build("div", "row-of", make("b", "", t(name)), ...inputs.map(input => labelled(input.name, input)), start),
    line,
  );
}

function python(name, given, needsApp) {
  const words = Object.entries(given).map(([key, value], index) => (name === "refuse" && !index ? value : `${key}=${value}`));
  return `sandbox.${name}(${[needsApp && "app_id", ...words].filter(Boolean).join(", ")})`;
}

async function run(change) {
  try {
    await change();
    refresh();
  } catch (error) {
    toast({ type: "error", content: t("failed", error.message) });
  }
}
