// What a person types as Markdown, as the rich text that Feishu's clients send (接收消息内容, 富文本).

const SPAN =
  /(\*\*[^*\n]+\*\*|~~[^~\n]+~~|_[^_\n]+_|\*[^*\n]+\*|\[[^\]\n]+\]\(https?:\/\/[^\s)]+\)|<at user_id="[^"]*">[^<]*<\/at>)/;
const CODE = /^```(\w*)\n([^]*?)\n?```$/;

/** { title, content } of a text. */
export function toPost(text) {
  const content = [];
  let title = "";
  for (const block of text.split(/^(```\w*\n[^]*?\n?```)$/m)) {
    const code = CODE.exec(block);
    if (code) {
      content.push([{ tag: "code_block", language: code[1].toUpperCase() || "PLAIN_TEXT", text: code[2] }]);
      continue;
    }
    for (const line of block.split("\n")) {
      const heading = /^# (.+)$/.exec(line);
      if (heading && !title && !content.length) title = heading[1];
      else if (line.trim() === "---") content.push([{ tag: "hr" }]);
      else if (line) content.push(line.split(SPAN).filter(Boolean).map(span));
    }
  }
  return { title, content };
}

function span(part) {
  const link = /^\[(.+)\]\((.+)\)$/.exec(part);
  if (link) return { tag: "a", text: link[1], href: link[2], style: [] };
  const at = /^<at user_id="(.*)">(.*)<\/at>$/.exec(part);
  if (at) return { tag: "at", user_id: at[1], user_name: at[2], style: [] };
  for (const [pattern, style] of STYLES) {
    const found = pattern.exec(part);
    if (found) return { tag: "text", text: found[1], style: [style] };
  }
  return { tag: "text", text: part, style: [] };
}

const STYLES = [
  [/^\*\*(.+)\*\*$/, "bold"],
  [/^~~(.+)~~$/, "lineThrough"],
  [/^[_*](.+)[_*]$/, "italic"],
];
