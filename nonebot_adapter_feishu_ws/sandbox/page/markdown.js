// Markdown as Feishu's cards and rich texts have it: the library's, HTML off, with Feishu's own tags as text.

import { make, safeUrl } from "./dom.js";
import MarkdownIt from "./vendor/markdown-it.js";
import { nameOf } from "./model.js";
import { t } from "./words.js";

const markdownIt = new MarkdownIt({ html: false, linkify: false, breaks: true });
// Pictures are uploaded ones, named by their key; no other address is ever loaded.
markdownIt.renderer.rules.image = (tokens, index) => {
  const key = tokens[index].attrGet("src") || "";
  const alt = markdownIt.utils.escapeHtml(tokens[index].content || t("image"));
  if (/^(https?:|data:)/i.test(key)) return `[${alt}]`;
  return `<img src="/sandbox/v1/files/${encodeURIComponent(key)}" alt="${alt}">`;
};
markdownIt.validateLink = url => safeUrl(url) !== "#" || !/^[a-z][a-z0-9+.-]*:/i.test(url);
markdownIt.renderer.rules.link_open = (tokens, index, options, _, self) => {
  tokens[index].attrSet("href", safeUrl(tokens[index].attrGet("href")));
  tokens[index].attrSet("target", "_blank");
  tokens[index].attrSet("rel", "noreferrer");
  return self.renderToken(tokens, index, options);
};

/** Append a text to a box. */
export function markdown(box, text, { inline = false } = {}) {
  const source = withoutTags(String(text ?? ""));
  const template = make("template");
  // The library escapes whatever is no Markdown: with HTML off its output has no element of the text's own.
  template.innerHTML = inline ? markdownIt.renderInline(source) : markdownIt.render(source);
  box.classList.add("md");
  box.append(template.content);
  return box;
}

/** Feishu's tags as what they show; those in code stay. */
function withoutTags(text) {
  return text
    .split(/(```[^]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, index) => (index % 2 ? part : plain(part)))
    .join("");
}

function plain(text) {
  return text
    .replace(/<at [^>]*?(?:id|user_id|open_id|email)=["']?([\w@.-]+)["']?[^>]*>[^<]*<\/at>/g, (_, id) => "@" + nameOf(id))
    .replace(/<person [^>]*?id\s*=\s*["']?([\w-]+)["']?[^>]*>(?:[^<]*<\/person>)?/g, (_, id) => "@" + nameOf(id))
    .replace(/<br\s*\/?>/g, "\n")
    .replace(/<hr\s*\/?>/g, "\n\n---\n\n")
    .replace(/<link [^>]*?url=["']([^"']*)["'][^>]*>([^<]*)<\/link>/g, "[$2]($1)")
    .replace(/<a href=["']?([^"'>\s]*)["']?[^>]*>([^<]*)<\/a>/g, "[$2]($1)")
    .replace(/<number_tag[^>]*>([^<]*)<\/number_tag>/g, "$1")
    .replace(/<text_tag[^>]*>([^<]*)<\/text_tag>/g, "`$1`")
    .replace(/<\/?(font|text_tag|local_datetime|audio)\b[^>]*>/g, "");
}
