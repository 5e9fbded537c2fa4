// One entry of the journal: a line in the list, and all of it with what can be done.

import { journal } from "./api.js";
import { build, make, textButton } from "./dom.js";
import { about } from "./journal.js";
import { summary } from "./message.js";
import { nameOf } from "./model.js";
import { time } from "./time.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

/** The line of an entry: when, what, how it went. */
export function title(entry) {
  const { what, how, bad } = LINES[entry.kind](entry);
  return [
    make("time", "", time(entry.at * 1000)),
    make("span", "what", what),
    make("span", bad ? "how bad" : "how", how),
    make("small", "", nameOf(entry.app_id)),
  ];
}

const ms = seconds => (seconds === null || seconds === undefined ? "" : `${Math.round(seconds * 1000)} ms`);

const LINES = {
  event: each => ({ what: each.event_type || t("unknownEvent"), how: eventState(each), bad: each.state !== "acked" }),
  rest: each => ({
    what: `${each.method} ${each.path}`,
    how: [each.status ?? "…", each.answer?.code ? `code ${each.answer.code}` : "", ms(each.seconds)].filter(Boolean).join(" · "),
    bad: Boolean(each.answer?.code) || each.status >= 400,
  }),
  frame: each => ({
    what: `${each.direction === "out" ? "→" : "←"} ${each.headers?.type ?? each.method ?? ""}`,
    how: each.error ?? `${each.bytes} B`,
    bad: Boolean(each.error),
  }),
  click: each => ({ what: t("cardClick"), how: each.trouble ?? ms(each.latency), bad: Boolean(each.trouble) }),
  plugin: each => {
    const raised = each.ran.filter(ran => ran.traceback).length;
    const sent = each.ran.reduce((sum, ran) => sum + ran.sent, 0);
    return {
      what: said(each) || each.ran.map(ran => ran.matcher).join(", ") || t("noMatcher"),
      how: raised ? t("raised") : each.silence.length ? t("silent") : t("sent", sent),
      bad: raised > 0 || each.silence.some(reason => !["no_matcher", "not_to_me"].includes(reason)),
    };
  },
};

/** What a report is about: the text of its message, or the type of its event. */
function said(report) {
  const event = about(report.event_id).find(each => each.kind === "event");
  const message = event?.event?.event?.message;
  if (!message) return event?.event_type;
  return summary({ ...message, msg_type: message.message_type });
}

function eventState(each) {
  if (each.state === "acked") return t("acked", Math.round((each.latency ?? 0) * 1000));
  return each.attempts > 1 ? `${each.state} · ${t("attempts", each.attempts)}` : each.state;
}

/** All of an entry. */
export function detail(entry) {
  const box = make("div", "");
  box.append(...title(entry));
  if (entry.kind === "plugin") box.append(...handled(entry));
  if (entry.kind === "rest" && entry.uuid_seen > 1) box.append(make("p", "", t("retries", entry.uuid_seen)));
  if (entry.kind === "event") {
    const reports = about(entry.event_id).filter(each => each.kind === "plugin");
    box.append(...reports.flatMap(handled), tools(entry, box));
  }
  if (entry.kind === "event") box.append(json(entry.event));
  else if (entry.kind === "rest") box.append(...section(t("request"), entry.json ?? entry.query), ...section(t("answer"), entry.answer));
  else box.append(json(entry));
  return box;
}

function section(name, value) {
  return [make("h3", "", name), json(value)];
}

const json = value => build("pre", "json", make("code", "", JSON.stringify(value, null, 2)));

/** What the matchers did: which ran, what they sent, what they raised, why nothing came. */
function handled(report) {
  const lines = report.ran.map(ran =>
    build(
      "li",
      "",
      make("b", "", ran.matcher),
      ` · ${ms(ran.seconds)} · ${t("sent", ran.sent)}`,
      ran.traceback && make("p", "bad", ran.traceback.trim().split("\n").at(-1)),
      ran.traceback && build("pre", "traceback", make("code", "", ran.traceback)),
      ran.refused.length > 0 && make("p", "bad", ran.refused.join("\n")),
    ),
  );
  const why = report.words.map(each => make("p", "why", each));
  return [make("h3", "", t("plugins")), build("ul", "matchers", lines), ...why];
}

/** Send again, edit and send, copy as a test. */
function tools(entry, box) {
  const again = body =>
    tell(async () => {
      await journal.again(entry.number, body);
    });
  const copy = text => tell(async () => navigator.clipboard.writeText(await text()), t("copied"));
  const edit = () => {
    const text = make("textarea", "json");
    text.value = JSON.stringify(entry.event.event, null, 2);
    text.rows = 14;
    text.spellcheck = false;
    text.setAttribute("aria-label", t("editSend"));
    const send = textButton(t("send"), () => sendEdited(text, again), "primary");
    box.querySelector("pre.json").replaceWith(text, send);
    text.focus();
  };
  return build(
    "div",
    "row-of",
    textButton(t("sendAgain"), () => again({})),
    textButton(t("editSend"), edit),
    textButton(t("copyTest"), () => copy(() => journal.test(entry.number))),
    textButton(t("copyJson"), () => copy(async () => JSON.stringify(entry.event, null, 2))),
  );
}

function sendEdited(text, again) {
  try {
    again({ event: JSON.parse(text.value) });
  } catch (error) {
    toast({ type: "warning", content: t("notJson", error.message) });
  }
}

async function tell(run, done = null) {
  try {
    await run();
    if (done) toast({ type: "success", content: done });
  } catch (error) {
    toast({ type: "error", content: t("failed", error.message) });
  }
}
