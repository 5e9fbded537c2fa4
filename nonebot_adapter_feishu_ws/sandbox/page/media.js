// Pictures, files, voice messages and videos: shown, played, downloaded.

import { build, make } from "./dom.js";
import { icon } from "./icons.js";
import { length } from "./time.js";
import { kindName, t } from "./words.js";

export const fileUrl = key => "/sandbox/v1/files/" + encodeURIComponent(key);

/** A picture that was uploaded; a click shows it whole. */
export function picture(key, alt = t("image")) {
  const image = make("img");
  image.src = fileUrl(key);
  image.alt = alt || t("image");
  image.loading = "lazy";
  image.onerror = () => image.replaceWith(make("span", "missing", `[${image.alt}]`));
  const open = build("a", "picture", image);
  open.href = image.src;
  open.target = "_blank";
  return open;
}

/** The content of a message that is a file of some kind. */
export function mediaOf(type, content) {
  if (type === "image" || type === "sticker") {
    const element = picture(content.image_key || content.file_key, kindName(type));
    element.classList.add(type);
    return element;
  }
  if (type === "audio") return voice(content);
  if (type === "media") return video(content);
  return file(content);
}

function voice(content) {
  const audio = make("audio");
  audio.controls = true;
  audio.preload = "none";
  audio.src = fileUrl(content.file_key);
  audio.setAttribute("aria-label", kindName("audio"));
  return build("div", "voice", audio, make("small", "", [kindName("audio"), length(content.duration)].filter(Boolean).join(" · ")));
}

export function video(content) {
  const element = make("video");
  element.controls = true;
  element.preload = "none";
  element.src = fileUrl(content.file_key);
  if (content.image_key) element.poster = fileUrl(content.image_key);
  const about = [content.file_name || kindName("media"), length(content.duration)].filter(Boolean).join(" · ");
  return build("div", "video", element, make("small", "", about));
}

function file(content) {
  const name = content.file_name || kindName("file");
  const get = make("a", "file");
  get.href = fileUrl(content.file_key);
  get.download = name;
  get.append(icon("file"), build("span", "", make("b", "", name), make("small", "", t("download"))));
  return get;
}
