// Reactions below a message, each with who added it; a click adds or takes back one's own.

import { act } from "./api.js";
import { build, make } from "./dom.js";
import { emoji } from "./emoji.js";
import { model, nameOf } from "./model.js";

export function reactions(message) {
  if (!message.reactions?.length) return null;
  return build("div", "reactions", message.reactions.map(each => reaction(message, each)));
}

function reaction(message, { emoji_type: name, people }) {
  const button = make("button", "reaction", `${emoji(name)} ${people.length}`);
  const mine = people.includes(model.me);
  button.type = "button";
  button.setAttribute("aria-pressed", mine);
  button.title = people.map(nameOf).join(", ");
  button.setAttribute("aria-label", `${name}: ${button.title}`);
  button.onclick = () => act(mine ? "unreact" : "react", { message: message.message_id, emoji_type: name });
  return button;
}
