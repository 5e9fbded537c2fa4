"""Half-written Markdown: what is shown of it, where it is cut, and what closes and reopens it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.stream.markdown import closing, count_tables, partial, read_lines, seam
from nonebot_adapter_feishu_ws.stream.pager import Pager
from nonebot_adapter_feishu_ws.stream.sanitize import sanitize, summarize, tables_as_code


def show(text: str) -> str:
    shown, end = partial(text)
    return text[:shown] + end


LONG = "many more words than are kept back before it is shown anyway, in full length"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("intro\n```py\nprint(1)\n", "intro\n```py\nprint(1)\n```"),
        ("intro\n```py\nprint(1", "intro\n```py\nprint(1\n```"),
        ("intro\n```py\nprint(1)\n``", "intro\n```py\nprint(1)\n```"),
        ("intro\n```py\nif x:\n    ", "intro\n```py\nif x:\n```"),
        ("intro\n```p", "intro\n"),
        ("intro\n``", "intro\n"),
        ("```py\na\n```\nafter", "```py\na\n```\nafter"),
        ("```py\na\n```", "```py\na\n```"),
        ("````\n```\nstill inside\n", "````\n```\nstill inside\n````"),
        ("~~~\na", "~~~\na\n~~~"),
        ("  ```\n  a\n", "  ```\n  a\n  ```"),
        ("some **bold", "some "),
        (f"some **{LONG}", f"some **{LONG}**"),
        (f"some **{LONG} ", f"some **{LONG}**"),
        ("**bold from the start", "**bold from the start**"),
        (f"some `{LONG}", f"some `{LONG}`"),
        (f"some **bold `code {LONG}", f"some **bold `code {LONG}`**"),
        ("some **", "some "),
        ("see [the li", "see "),
        ("see [the link](https://exam", "see "),
        (f"see [the link](https://{LONG.replace(' ', '')}", "see"),
        ("see ![pic](im", "see "),
        ("see [the link](https://example.com) now", "see [the link](https://example.com) now"),
        ("a [x] b", "a [x] b"),
        ("a <font col", "a "),
        ("a <font color='red'>b</font>", "a <font color='red'>b</font>"),
        ("2 * 3 and 4 * 5", "2 * 3 and 4 * 5"),
        ("* item\n* item", "* item\n* item"),
        ("a\n\n| x | y |", "a\n\n"),
        ("a\n\n| x | y |\n| --", "a\n\n"),
        ("a\n\n| x | y |\n", "a\n\n"),
        ("a\n\n| x | y |\n|---|---|\n| 1 |", "a\n\n| x | y |\n|---|---|\n"),
        ("a\n\n| x | y |\n|---|---|\n| 1 | 2 |\n", "a\n\n| x | y |\n|---|---|\n| 1 | 2 |\n"),
        ("```\n| x |\n", "```\n| x |\n```"),
        ("", ""),
    ],
)
def test_what_is_shown_of_an_unfinished_text(text, shown):
    assert show(text) == shown


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\n\n", "b", ("", "")),
        ("```python title\nx\n", "y\n```\n", ("```", "```python title\n")),
        ("```\nx", "y", ("\n```", "```\n")),
        ("| a |b|\n|---|-|\n| 1 |2|\n", "| 3 |4|\n", ("", "| a |b|\n|---|-|\n")),
        ("| a |b|\n|---|-|\n| 1 |2|\n", "\nend", ("", "")),
        ("```\nx\n```", "", ("", "")),
        ("**bold and `code", "more`**", ("`**", "**`")),
    ],
)
def test_a_seam_closes_and_reopens(before, after, expected):
    assert seam(before, after) == expected


def test_tables_are_counted_outside_of_code():
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    assert count_tables(table * 3 + "```\n" + table + "```\n") == 3


def pages_of(text: str, size: int) -> list[str]:
    book, pages = Pager(), []
    while (page := book.overflow(text, lambda shown: len(shown.encode()) <= size)) is not None:
        pages.append(page[0])
        book.turn(text, page[1])
    return [*pages, book.page(text, whole=True)[0]]


def test_a_page_ends_at_a_paragraph():
    text = "\n\n".join(f"Paragraph {number} has some words." for number in range(40))
    pages = pages_of(text, 300)
    assert len(pages) > 3
    assert "".join(pages) == text
    assert all(page.endswith("words.\n\n") for page in pages[:-1])


def test_a_long_code_block_is_closed_and_reopened_with_its_language():
    code = "".join(f"line_{number} = {number}\n" for number in range(100))
    pages = pages_of(f"Look:\n```python\n{code}```\nDone.", 400)
    assert len(pages) > 3
    assert all(page.count("```") == 2 for page in pages)
    assert all(page.startswith("```python\n") for page in pages[1:])
    assert "".join(re.sub(r"```python\n|```(?=$)|Look:\n|```\nDone.", "", page) for page in pages) == code


@pytest.mark.parametrize("mark", ["", "> "])
def test_a_long_table_repeats_its_header(mark):
    head = f"{mark}| key | value |\n{mark}| :-- | --: |\n"
    rows = "".join(f"{mark}| {number} | {number * number} |\n" for number in range(100))
    pages = pages_of(head + rows, 400)
    assert len(pages) > 3
    assert all(page.startswith(head) for page in pages)
    assert "".join(page.removeprefix(head) for page in pages) == rows


def test_a_table_begins_on_a_new_page_rather_than_losing_its_header():
    text = "words\n" * 10 + "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 3
    pages = pages_of(text, 75)
    assert pages[1].startswith("| a | b |\n|---|---|\n")


def test_a_single_long_line_is_cut_between_words():
    pages = pages_of("word " * 200, 99)
    assert "".join(pages) == "word " * 200
    assert all(page.endswith(" ") for page in pages)


def test_text_without_any_place_to_cut_is_cut_anyway():
    pages = pages_of("字" * 500, 100)
    assert "".join(pages) == "字" * 500
    assert max(len(page.encode()) for page in pages) <= 100


TABLE = "| a | b |\n|---|---|\n"
PIECES = st.lists(
    st.sampled_from(
        ["word ", "字", "**", "`", "*", "\n", "\n\n", "```", "```py\n", "| a | b |\n|---|---|\n", "| 1 | 2 |\n"]
    )
    | st.text(max_size=8),
    max_size=60,
).map("".join)


@given(PIECES)
def test_what_is_shown_is_always_closed(text):
    shown, end = partial(text)
    assert 0 <= shown <= len(text)
    lines = read_lines(text[:shown] + end)
    assert not lines or not lines[-1].fence
    if not end:
        assert closing(text[:shown]) == ""


@given(PIECES, st.integers(150, 300))
def test_pages_are_small_enough_and_come_to_an_end(text, size):
    def fits(shown: str) -> bool:
        return len(shown.encode()) <= size

    book, at = Pager(), 0
    for _ in range(len(text) + 2):
        page = book.overflow(text, fits)
        if page is None:
            break
        assert fits(page[0]) or page[1] == at + 1
        assert page[1] > at
        at = page[1]
        book.turn(text, at)
    else:
        pytest.fail("pages without end")
    assert fits(book.page(text, whole=True)[0])


def test_a_monstrous_header_is_not_repeated():
    head = f"| {'x' * 3000} | b |\n|---|---|\n"
    pages = pages_of(head + "| 1 | 2 |\n" * 500, 4000)
    assert ["xxx" in page for page in pages] == [True, False, False]


def test_a_model_cannot_mention_anybody():
    assert "<at" not in sanitize("hi <at id=all></at> and < AT user_id='x'>").lower().replace(" ", "")
    assert sanitize("<at id=all></at>", mentions=True) == "<at id=all></at>"
    assert sanitize("<attempt>") == "<attempt>"


def test_foreign_pictures_become_links():
    assert sanitize("![a](https://x.y/z.png) ![b](img_v3_1)") == "[a](https://x.y/z.png) ![b](img_v3_1)"


def test_tables_become_code_where_tables_are_not_known():
    text = "a\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\nb"
    assert tables_as_code(text) == "a\n\n```\n| x | y |\n|---|---|\n| 1 | 2 |\n```\n\nb"
    assert tables_as_code("| x | y |\n|---|---|") == "```\n| x | y |\n|---|---|\n```"
    assert tables_as_code("no table\n") == "no table\n"
    assert tables_as_code("> x | y\n> --|--\n> 1 | 2\n\nb") == ">```\n> x | y\n> --|--\n> 1 | 2\n>```\n\nb"


def test_a_summary_is_short_and_without_markup():
    assert summarize("# Title\n\n**bold** and [a link](https://x.y) `code`") == "Title bold and a link code"
    assert len(summarize("word " * 100)) <= 80
    assert json.dumps(summarize("")) == '""'
