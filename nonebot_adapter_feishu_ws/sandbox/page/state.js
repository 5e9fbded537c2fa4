// What the page knows: the server's state, the chosen chat, and what was typed into forms.

export const state = { version: "", chats: [], messages: [], people: [], current: null };

/** Message id -> field name -> what was typed, so that a redraw loses nothing. */
export const drafts = {};

let draw = () => {};

/** Set what redraws the page. */
export function onChange(handler) {
  draw = handler;
}

export function changed() {
  draw();
}

/** The name of a person, or undefined. */
export const personName = openId => state.people.find(person => person.open_id === openId)?.name;

/** The chat that is shown; the first one until another is chosen. */
export function currentChat() {
  const chosen = state.chats.find(chat => chat.chat_id === state.current) ?? state.chats[0] ?? null;
  state.current = chosen?.chat_id ?? null;
  return chosen;
}
