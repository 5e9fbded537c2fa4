// Starts the chat page: asks the sandbox for its state, and sends what is typed.

import { draw } from "./chats.js";
import { $ } from "./dom.js";
import { onChange, state } from "./state.js";
import { t, translateDocument } from "./words.js";

const PAUSE = 400;

async function poll() {
  try {
    const response = await fetch("/page/state?version=" + encodeURIComponent(state.version));
    if (response.status === 200) {
      Object.assign(state, await response.json());
      draw();
    }
    document.title = t.title;
  } catch {
    document.title = t.lost;
  }
  setTimeout(poll, PAUSE);
}

$("form").onsubmit = async event => {
  event.preventDefault();
  const text = $("text").value;
  if (!text.trim() || !state.current) return;
  $("text").value = "";
  $("log").scrollTop = $("log").scrollHeight;
  const body = { chat_id: state.current, text, at: $("at").checked };
  await fetch("/page/say", { method: "POST", body: JSON.stringify(body) });
};

translateDocument();
onChange(draw);
poll();
