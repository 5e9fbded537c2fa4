"""Code is told from the rest of a text in whichever way Feishu may read it; outside of it nobody is mentioned."""

import logging
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nonebot_adapter_feishu_ws.message.markup import code_spans, foreign_pictures
from nonebot_adapter_feishu_ws.stream.markdown import partial
from nonebot_adapter_feishu_ws.stream.sanitize import sanitize, tables_as_code

logging.getLogger("markdown_it").setLevel(logging.WARNING)
AT = "<at id=all></at>"
MENTION = re.compile(r"<\s*at\b", re.IGNORECASE)
FOREIGN = re.compile(r"!\[[^\]]*\]\((?!img_[\w-]+\))")
PIECES = [
    *("`", "``", "```", "````", "```py\n", "\n```\n", "~~~", "\n~~~\n", "  ```\n", "    ```\n", "\n", "\n\n", "\r\n"),
    *(AT, "<AT user_id='all'>", "< at id=all>", f"`{AT}`", f"\n```\n{AT}\n```\n", f"\n  ```js\n  {AT}\n  ```\n", " "),
    *("[", "]", "](", "](u)", ")", "(", "!", "![a](http://x/y)", "![a](img_1)", "[l](u)", "![a][r]", "\n[r]: u\n"),
    *("![R]", "![r][]", "> [r]: u\n", "- [R]: <u v>\n", "1. [r]:\n u\n"),
    *("<div>", "</div>", "<!--", "-->", "<font color='red'>", "</font>", "<b>x</b>", "<https://x>", "<pre>"),
    *("<br>", "<", "|", "| a | b |\n|---|---|\n", "- ", "1. ", "> ", "    ", "\t", "*", "**", "word ", "字", ">", "\\"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=25).map("".join)


def commonmark(text: str) -> str:
    """What is no code for CommonMark, with GitHub's tables."""

    def walk(tokens) -> Iterator[str]:
        for token in tokens:
            if token.type not in ("fence", "code_block", "code_inline"):
                yield "\0" if token.children else token.content
                yield from walk(token.children or [])

    return "".join(walk(MarkdownIt("gfm-like", {"linkify": False}).parse(text)))


def by_patterns(text: str) -> str:
    """... for two regular expressions."""
    return re.sub(r"`[^`\n]+`", "\0", re.sub(r"```.*?```", "\0", text, flags=re.DOTALL))


def by_lines(text: str) -> str:
    """... for a reader that toggles at each line that begins with three backticks."""
    kept, inside = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(re.sub(r"`[^`]+`", "\0", line))
    return "\n".join(kept)


def links_first(text: str) -> str:
    """... for the official SDK: fences of bare lines, then the leftmost of inline code and links, which may nest."""
    text = re.sub(r"(?m)^```(\w*)[ \t\r]*\n(?:.*\n)*?```[ \t\r]*$", "\0", text)
    return re.sub(r"`[^`\n]+`|\[([^\]]+)\]\(([^)]+)\)", lambda m: "\0" if m[0][0] == "`" else f"{m[1]} {m[2]}", text)


READERS: list[Callable[[str], str]] = [commonmark, by_patterns, by_lines, links_first]


@settings(max_examples=400)
@given(TEXTS)
@example(f"<div>\n```\n{AT}\n```")
@example(f"- a\n  ```\n{AT}\n  ```")
@example(f"[x](`) {AT} [y](`)")
@example(f"[a\n`b [c](u) {AT} `")
@example(f"`x | {AT}`\n--|--")
@example(f"a `\nb ` {AT} `")
@example(f"[`{AT}`](u)")
@example(f"] [`{AT}`](u)")
@example(f"[a\n`{AT}` b](u)")
def test_no_text_mentions_anybody_outside_of_code(text):
    shown = sanitize(text)
    for reader in READERS:
        assert not MENTION.search(reader(shown)), reader.__doc__
        assert not MENTION.search(reader(tables_as_code(shown))), reader.__doc__


@settings(max_examples=200)
@given(TEXTS, st.integers(0, 200))
@example(f"[`{AT}`![a](img_1)", 30)
def test_nor_does_a_text_that_is_still_being_written(text, length):
    shown, end = partial(text[:length])
    sent = sanitize(text[:shown] + end, written=shown)
    for reader in READERS:
        assert not MENTION.search(reader(sent)), reader.__doc__
    kept = sum(len(MENTION.findall(sent[start:stop])) for start, stop in code_spans(sent))
    closed = sum(len(MENTION.findall(text[start:stop])) for start, stop in code_spans(text[:shown]))
    assert kept <= closed, "code that only the adapter has closed is not closed yet"


@settings(max_examples=400)
@given(TEXTS)
@example("[![x!](u)[y](v)](l)")
@example("!![a](u)")
@example("![a ![b](v)](u)")
@example("![a [b](u)")
@example("![R](")
@example("![R](img_v2_half")
def test_no_text_shows_a_picture_that_feishu_refuses(text):
    shown = sanitize(text)
    assert not foreign_pictures(shown)
    for reader in (by_patterns, by_lines):
        assert not FOREIGN.search(reader(shown)), reader.__doc__
    for token in MarkdownIt().parse(shown):
        for child in token.children or []:
            assert child.type != "image" or re.fullmatch(r"img_[\w-]+", str(child.attrs["src"]))


@pytest.mark.parametrize(
    "code",
    [
        f"```html\n{AT}\n![a](https://x/y.png)\n```",
        f"```\n{AT}\n\n~~~\n`x` ``\n```",
        f"```c++\n{AT}\n\n    deeper\n```",
        f"`{AT}` and `![a](https://x/y.png)`",
        f"as in [`that`](https://x), `{AT}`\n```\n{AT}\n```",
        f"see [docs](https://x) on `{AT}`, a < b, Map<str, List<int>>, <font color='red'>x</font> and `a`",
        f"| `{AT}` | `![a](u)` |\n|---|---|\n| 1 | `x` |",
        f"{AT} is written as `{AT}`:\n```\n{AT}\n```\n".replace(AT, "x", 1),
    ],
)
def test_code_that_is_certainly_closed_stays_as_it_is(code):
    for text in (code, f"Look:\n\n{code}\n\nDone, {AT}."):
        shown = sanitize(text)
        assert code in shown
        assert shown.count("\u200b") == text.count(AT) - code.count(AT)


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{AT}",
        f"```\n{AT}\n``` x",
        f"````\n{AT}\n````",
        f"~~~\n{AT}\n~~~",
        f"    {AT}",
        f"- a\n  ```js\n  {AT}\n  ```",
        f"```js \n{AT}\n```",
        f"```js\n{AT}\n``` ",
        f"`` {AT} ``",
        f"`{AT}",
        f"\\`{AT}`",
        f"> ```\n> {AT}\n> ```",
        f"a ` b\n\n```\n{AT}\n```",
        f"<!--\n```\n{AT}\n```",
    ],
)
def test_in_an_unclosed_or_odd_fence_a_mention_stays_disarmed(text):
    assert MENTION.search(sanitize(text)) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a ![b](https://x/y.png) c", "a [b](https://x/y.png) c"),
        ("![two\nlines](https://x/y.png)", "[two lines](https://x/y.png)"),
        ("[![build](https://x/b.svg)](https://ci)", "[build](https://ci)"),
        ("[![a](u) ![b](v)](https://ci) ![c](img_v3_1)", "[a b](https://ci) ![c](img_v3_1)"),
        ('![a](https://x/a_(b).png "title")', "[a](https://x/a_%28b%29.png)"),
        ("![a](<https://x/y z.png>)", "[a](https://x/y%20z.png)"),
        ("![](https://x/y.png)", "[image](https://x/y.png)"),
        ("![a](data:image/png;base64,AA)", "a"),
        ("![a]()", "a"),
        ("![a][r] ![r]\n\n[r]: https://x", "[a](https://x) [r](https://x)\n\n[r]: https://x"),
        ("![a][]\n> - [A]:\n>   <x y>", "[a](x%20y)\n> - [A]:\n>   <x y>"),
        ("![A  b]\n1. [a b]: u 'title'", "[A b](u)\n1. [a b]: u 'title'"),
        ("![a][r]\n[r]: img_v3_1", "![a][r]\n[r]: img_v3_1"),
        ("\\![a](u)", "\\! [a](u)"),
        ("![a [b]](u)", "[a [b]](u)"),
        ("![a `b` c](u)", "[a `b` c](u)"),
        ("Wow![1] and ![2", "Wow![1] and ![2"),
        ("!![a](u)", "! [a](u)"),
    ],
)
def test_a_foreign_picture_becomes_a_link(text, shown):
    assert sanitize(text) == shown


def test_uploaded_pictures_take_the_place_of_their_urls():
    text = "![a](https://x/1.png) [![b](https://x/1.png)](https://ci) ![c](https://x/2.png)"
    assert sanitize(text, keys={"https://x/1.png": "img_1"}) == ("![a](img_1) [b](https://ci) [c](https://x/2.png)")
    assert sanitize("![a][r]\n[r]: https://x", keys={"https://x": "img_1"}) == "![a](img_1)\n[r]: https://x"


def test_a_long_text_of_brackets_is_read_quickly():
    for text in ("![" * 15_000, "[" * 30_000, "![a](u)" * 4_000, "`" * 30_001, "`a` " * 7_000, "(" * 30_000):
        sanitize(text)
