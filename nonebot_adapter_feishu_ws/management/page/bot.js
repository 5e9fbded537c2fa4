// One bot: its name and state, its figures, what is wrong, and what can be done.

import { linesBox, make } from "./dom.js";
import { ago, since, until } from "./time.js";
import { t } from "./words.js";

/**
 * The card of a bot.
 * bot: its status; info: its line of healthz, if there is one; inbox: its counts in the store, if they are known;
 * busy: whether it is being steered; steer(action): connects or disconnects it.
 */
export function botCard(bot, { info, inbox, busy, steer }) {
  const name = info?.name;
  const disabled = info && !info.enabled;
  const title = make("h2", { textContent: name || bot.botId });
  const id = name ? make("span", { className: "dim", textContent: bot.botId }) : null;
  const state = make("span", { className: "state", textContent: `● ${disabled ? t.disabled : t[bot.state]}` });
  const buttons = disabled ? null : actionButtons(bot, info, busy, steer);
  const top = make("div", { className: "top" }, make("div", {}, title, id), state, buttons);
  const article = make("article", { className: `bot ${bot.state}` }, top, facts(bot, inbox), why(bot, info, inbox));
  article.dataset.bot = bot.botId;
  return article;
}

function facts(bot, inbox) {
  const list = [[t.transport, bot.transport]];
  if (bot.state === "connected") list.push([t.uptime, since(bot.connectedAt)]);
  list.push([t.heartbeat, ago(bot.lastHeartbeat)], [t.event, ago(bot.lastEventAt)]);
  if (bot.attempts) list.push([t.attempts, String(bot.attempts)]);
  if (bot.nextAttemptAt) list.push([t.next, until(bot.nextAttemptAt)]);
  if (inbox?.waiting) list.push([t.waiting, String(inbox.waiting)]);
  if (inbox?.parked) list.push([t.parked, String(inbox.parked)]);
  if (bot.errorCode !== null) list.push([t.code, String(bot.errorCode)]);
  return make("dl", {}, ...list.map(([name, value]) => fact(name, value)));
}

function fact(name, value) {
  return make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value }));
}

function why(bot, info, inbox) {
  const lines = [];
  if (bot.error) lines.push(make("div", {}, make("b", { textContent: bot.error })));
  if (bot.advice) lines.push(make("div", { textContent: `${t.advice}: ${bot.advice}` }));
  if (bot.state === "error" && bot.transport === "webhook") lines.push(make("div", { textContent: t.fallback }));
  if (inbox?.parked) lines.push(make("div", { textContent: t.parkedMeans }));
  if (info?.enabled && !info.expected) lines.push(make("div", { textContent: t.byOperator }));
  return linesBox(lines);
}

function actionsOf(bot, info) {
  if (bot.state === "connected" || bot.state === "connecting") return ["disconnect"];
  if (bot.state === "error") return ["connect", "disconnect"];
  // Not connected, yet its webhook takes events: those can be stopped as well.
  return info?.expected && info.canReceive ? ["connect", "disconnect"] : ["connect"];
}

function actionButtons(bot, info, busy, steer) {
  const buttons = actionsOf(bot, info).flatMap(action => {
    const textContent = action === "connect" && bot.state === "error" ? t.retry : t[action];
    return [make("button", { textContent, disabled: busy, onclick: () => steer(action) }), " "];
  });
  return make("div", {}, ...buttons);
}
