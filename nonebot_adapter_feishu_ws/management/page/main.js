// Starts the status page: the form for the token, the bots and the store, asked for every two seconds.

import { botCard } from "./bot.js";
import { Refused, ask, token } from "./client.js";
import { $, make, patch } from "./dom.js";
import { storeLine } from "./store.js";
import { clock } from "./time.js";
import { chinese, t } from "./words.js";

const REFRESH = 2000;
const REDRAW = 1000;
const STALE = 7000;
/** Keeps what is asked for by itself out of the server's access log. */
const POLL = "?from=page";
const NOTHING = { statuses: [], store: null, health: new Map(), seen: null };
const busy = new Set();
let state = NOTHING;
let refusal = "";

function draw() {
  const known = Boolean(token.get());
  $("ask").hidden = known;
  $("forget").hidden = !known;
  $("ask-error").textContent = refusal;
  patch($("store"), known && state.store ? [storeLine(state.store)] : []);
  patch($("bots"), known ? bots() : []);
  drawNote(known);
}

function bots() {
  if (state.seen && !state.statuses.length) return [make("p", { className: "dim", textContent: t.none })];
  return state.statuses.map(bot =>
    botCard(bot, {
      info: state.health.get(bot.botId),
      inbox: state.store?.inbox[bot.botId],
      busy: busy.has(bot.botId),
      steer: action => steer(bot.botId, action),
    }),
  );
}

/** When the bots were seen last, and whether that is too long ago. */
function drawNote(known) {
  const stale = state.seen && Date.now() - state.seen > STALE;
  $("note").textContent = known && state.seen ? `${stale ? t.lost : t.updated} ${clock(state.seen)}` : "";
  $("note").className = stale ? "trouble" : "dim";
}

async function refresh() {
  if (!token.get()) return;
  try {
    const all = await ask(`ws/status${POLL}`);
    const machine = await ask(`healthz${POLL}`);
    const health = new Map(machine.bots.map(bot => [bot.botId, bot]));
    state = { statuses: all.connections, store: all.store, health, seen: Date.now() };
    refusal = "";
  } catch (error) {
    if (error instanceof Refused) forget(error.message);
    // Otherwise the note tells that nothing came.
  }
  draw();
}

async function steer(bot, action) {
  busy.add(bot);
  draw();
  try {
    await ask(`bots/${encodeURIComponent(bot)}/ws/${action}`, "POST");
  } catch (error) {
    if (error instanceof Refused) forget(error.message);
    // Otherwise the next refresh shows what became of it.
  }
  busy.delete(bot);
  await refresh();
}

function forget(reason) {
  token.forget();
  state = NOTHING;
  refusal = reason;
  draw();
}

function writeTexts() {
  document.documentElement.lang = chinese ? "zh-CN" : "en";
  document.title = t.title;
  $("title").textContent = t.title;
  $("ask-label").textContent = t.ask;
  $("ask-help").textContent = t.help;
  $("enter").textContent = t.enter;
  $("forget").textContent = t.forget;
}

const refreshIfSeen = () => {
  if (!document.hidden) refresh();
};

writeTexts();
$("ask").addEventListener("submit", event => {
  event.preventDefault();
  token.set($("token").value.trim());
  $("token").value = "";
  refresh();
});
$("forget").addEventListener("click", () => forget(""));
draw();
refresh();
setInterval(refreshIfSeen, REFRESH);
setInterval(draw, REDRAW);
document.addEventListener("visibilitychange", refreshIfSeen);
