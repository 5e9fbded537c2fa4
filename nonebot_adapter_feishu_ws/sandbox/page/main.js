// Starts the page: its texts, its parts, the state of the sandbox, and then what changes.

import { follow, loadMessages, loadState } from "./api.js";
import { startChats } from "./chats.js";
import { startComposer } from "./composer.js";
import { $ } from "./dom.js";
import { drawIcons } from "./icons.js";
import { startHead } from "./head.js";
import { startInspector } from "./inspector.js";
import { startLog } from "./log.js";
import { model, on, openChat, ownChats } from "./model.js";
import { startPeople } from "./people.js";
import { startTheme } from "./theme.js";
import { changeLanguage, t, translateDocument } from "./words.js";

const NARROW = "(max-width: 640px)";

function showConnection(connected) {
  $("lost").hidden = connected;
  document.title = connected ? t("title") : `⚠ ${t("title")}`;
}

on("connection", showConnection);
on("chat", () => {
  document.body.classList.toggle("in-chat", model.current !== null);
  if (model.current) loadMessages(model.current).catch(() => showConnection(false));
});

translateDocument();
drawIcons();
startTheme();
startPeople();
startChats();
startHead();
startLog();
startComposer();
startInspector();
$("language").onclick = changeLanguage;

const state = await loadState();
if (!matchMedia(NARROW).matches) openChat(ownChats()[0]?.chat_id ?? null);
follow(state.number);
