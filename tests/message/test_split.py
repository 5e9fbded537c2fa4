"""Long content: every part fits as Feishu counts, and nothing that belongs together is cut."""

import json
import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws import Message
from nonebot_adapter_feishu_ws import MessageSegment as S
from nonebot_adapter_feishu_ws.message import UnsupportedSegment, render
from nonebot_adapter_feishu_ws.message.split import RICH_LIMIT, TEXT_LIMIT, cost, split_markdown, split_text

FAMILY, FLAG, ACCENT, TAMIL, HINDI = "👨‍👩‍👧‍👦", "🇩🇪", "e\u0301\u0323", "நி", "क्षि"
CLUSTERS = [FAMILY, FLAG, ACCENT, TAMIL, HINDI, "👍🏽", "1️⃣", "한", "好", "a", '"', "\\", "\x01", "\r\n", "\n", " "]
URL, LINK = "https://example.com/a/rather/long/path?with=a&query=string", "[a link](https://example.com/x)"


def body_size(out) -> int:
    """The request's body as it goes onto the wire."""
    body = {"receive_id": "oc_" + "0" * 32, "content": out.content, "msg_type": out.msg_type, "uuid": "0" * 50}
    return len(json.dumps(body, ensure_ascii=False).encode())


def text_of(out) -> str:
    fields = json.loads(out.content)
    if out.msg_type == "text":
        return fields["text"]
    return "\n".join("".join(element["text"] for element in line) for line in fields["zh_cn"]["content"])


def is_whole(parts: list[str], pieces: list[str]) -> bool:
    """Whether every cut falls between two of the pieces that the text was made of."""
    ends, at = {0}, 0
    for piece in pieces:
        at += len(piece)
        ends.add(at)
    at = 0
    for part in parts:
        at += len(part)
        if at not in ends:
            return False
    return True


@given(st.lists(st.sampled_from([*CLUSTERS, URL, LINK, "hello "]), min_size=150, max_size=400), st.integers(900, 3000))
def test_text_is_cut_between_clusters(pieces, limit):
    # A space keeps two URLs apart, which together would be one.
    pieces = [piece for given in pieces for piece in ([given, " "] if given in (URL, LINK) else [given])]
    # A word may be cut, where no space is near.
    pieces = [piece for given in pieces for piece in (list(given) if given == "hello " else [given])]
    outgoing = render(Message("".join(pieces)), text_limit=limit)
    assert all(body_size(out) <= limit for out in outgoing)
    parts = [text_of(out) for out in outgoing]
    assert "".join(parts) == "".join(pieces)
    assert is_whole(parts, pieces)


@given(st.lists(st.sampled_from([*CLUSTERS, URL, "<at "]), min_size=150, max_size=400), st.integers(1000, 3000))
def test_rich_text_is_cut_between_clusters(pieces, limit):
    outgoing = render(Message([S.text("".join(pieces)), S.emotion("OK")]), rich_limit=limit)
    assert all(body_size(out) <= limit for out in outgoing)
    lines = [line for out in outgoing for line in json.loads(out.content)["zh_cn"]["content"]]
    assert lines[-1][-1] == {"tag": "emotion", "emoji_type": "OK"}
    texts = [element["text"] for line in lines for element in line if element["tag"] == "text"]
    assert "".join(texts) == "".join(pieces).replace("\n", "")
    assert is_whole(texts, [piece.replace("\n", "") for piece in pieces]) or "\r\n" in pieces


@given(st.lists(st.sampled_from(["好", "a", "ou_1", "ou_22"]), min_size=60, max_size=300), st.integers(900, 2000))
def test_a_mention_is_never_cut(pieces, limit):
    outgoing = render(
        Message([S.at(piece, "名字") if piece.startswith("ou") else S.text(piece * 9) for piece in pieces]),
        text_limit=limit,
    )
    assert all(body_size(out) <= limit for out in outgoing)
    found = [user_id for out in outgoing for user_id in re.findall(r'<at user_id="(\w+)">名字</at>', text_of(out))]
    assert found == [piece for piece in pieces if piece.startswith("ou")]


markdown_lines = st.sampled_from(
    [
        "```python",
        "```",
        "~~~",
        "text",
        f"see {LINK}",
        "> quote " * 20,
        "x = 1  # " + "好" * 60,
        "",
        '<at user_id="ou_1"></at>',
    ]
)


@given(st.lists(markdown_lines, min_size=20, max_size=80), st.integers(1200, 3000))
def test_markdown_fences_are_closed_and_reopened(lines, limit):
    text = "\n".join(lines)
    outgoing = render(Message(S.markdown(text)), rich_limit=limit)
    assert all(body_size(out) <= limit for out in outgoing)
    parts = [text_of(out) for out in outgoing]
    # Line by line: the same words in the same kind of place, with the same language.
    assert [pair for part in parts for pair in fenced(part) if pair[0]] == [pair for pair in fenced(text) if pair[0]]
    # All but the last are closed.
    assert all(list(fenced(part))[-1] == ("", "") for part in parts[:-1])


def fenced(text):
    """The lines of Markdown that are no fences, each with the fence it is in; last comes what is open at the end."""
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r"(```|~~~)(\w*)$", line)
        if mark and not fence:
            fence = line
        elif mark and mark[1] == fence[:3] and not mark[2]:
            fence = ""
        else:
            yield line.rstrip(), fence
    yield "", fence


def test_markdown_without_a_fence_is_the_same_text_again():
    text = "".join(f"- item {number}: {'好' * (number % 50)}\n" for number in range(3000))
    parts = [text_of(out) for out in render(Message(S.markdown(text)))]
    assert len(parts) == 9
    assert "".join(parts) == text
    assert all(part.endswith("\n") for part in parts)


def test_a_long_code_fence_by_example():
    code = "".join(f"line_{number} = {number}\n" for number in range(200))
    first, second, *_ = split_markdown(f"Before\n\n````python\n{code}````\nAfter", 1500, 1500)
    assert first.startswith("Before\n\n````python\nline_0")
    assert first.endswith("\n````")
    assert second.startswith("````python\nline_")


def test_a_fence_that_begins_at_the_very_end_moves_to_the_next_part():
    code = "```py\n" + "x = 1  # " + "a" * 30 + "\n```"
    assert list(split_markdown("a" * 80 + "\n" + code, 110, 110)) == ["a" * 80 + "\n", code]
    assert list(split_markdown("a" * 96 + "\n" + code, 110, 110)) == ["a" * 96 + "\n", code]


def test_a_code_block_is_cut_at_the_ends_of_lines():
    code = "".join(f"line_{number} = {number}\n" for number in range(4000))
    outgoing = render(Message(S.code_block(code, "PYTHON")))
    elements = [json.loads(out.content)["zh_cn"]["content"][0][0] for out in outgoing]
    assert len(outgoing) > 2
    assert {element["language"] for element in elements} == {"PYTHON"}
    assert "".join(element["text"] for element in elements) == code
    assert all(element["text"].endswith("\n") for element in elements)


@pytest.mark.parametrize("character", ["a", "好", "👍", '"', "\n", "\x01", "\\"])
def test_the_documented_limits_are_used_up(character):
    text = Message(character * 400_000)
    outgoing = render(text)
    assert all(TEXT_LIMIT * 0.85 < body_size(out) <= TEXT_LIMIT for out in outgoing[:-1])
    assert "".join(map(text_of, outgoing)) == str(text)
    outgoing = render(text + S.emotion("OK")) if character != "\n" else []
    assert all(RICH_LIMIT * 0.85 < body_size(out) <= RICH_LIMIT for out in outgoing[:-1])


def test_what_fits_is_one_message():
    assert len(render(Message("好" * 50_000))) == 1
    assert len(render(Message(S.markdown("好" * 10_000)))) == 1


def test_empty_lines_at_a_cut_are_no_message():
    outgoing = render(Message([S.emotion("OK"), S.text("\n" * 30_000)]))
    assert len(outgoing) == 1
    assert json.loads(outgoing[0].content)["zh_cn"]["content"][0] == [{"tag": "emotion", "emoji_type": "OK"}]


def test_a_cluster_beyond_the_limit_is_cut_all_the_same():
    monster = "e" + "\u0301" * 5000
    outgoing = render(Message(monster), text_limit=1000)
    assert "".join(map(text_of, outgoing)) == monster
    assert all(body_size(out) <= 1000 for out in outgoing)


@pytest.mark.parametrize("shift", range(3))
def test_a_thousand_flags_stay_whole(shift):
    text = "a" * shift + FLAG * 5000
    parts = [text_of(out) for out in render(Message(text), text_limit=9_000 + shift)]
    assert len(parts) > 4
    assert is_whole(parts, ["a"] * shift + [FLAG] * 5000)


def test_a_message_of_accents_alone_does_not_hold_up_the_loop():
    started = time.process_time()
    render(Message("<at " + "\u0301" * 75_000))
    assert time.process_time() - started < 1


def test_a_surrogate_pair_becomes_a_character_and_a_lone_one_is_replaced():
    [out] = render(Message("a\ud83d\ude00b\ud83dc"))
    assert text_of(out) == "a😀b\ufffdc"
    [out] = render(Message(S.image("img_\udc00")))
    assert json.loads(out.content) == {"image_key": "img_\ufffd"}


def test_a_raw_post_is_cut_between_its_lines_and_keeps_its_title_once():
    lines = [[{"tag": "text", "text": f"line {number} " + "好" * 90, "style": ["bold"]}] for number in range(300)]
    outgoing = render(Message(S.post("Title", lines)))
    bodies = [json.loads(out.content)["zh_cn"] for out in outgoing]
    assert len(bodies) > 2
    assert [body["title"] for body in bodies] == ["Title"] + [""] * (len(bodies) - 1)
    assert [line for body in bodies for line in body["content"]] == lines
    assert all(body_size(out) <= RICH_LIMIT for out in outgoing)


@pytest.mark.parametrize(
    ("segment", "names"),
    [
        (
            S.card({"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "x" * 40_000}]}}),
            "interactive",
        ),
        (S.link("x" * 40_000, "https://example.com"), "'a'"),
        (S.post("x" * 40_000, [[]]), "title"),
        (S.at("ou_" + "x" * 200_000), "'at'"),
    ],
)
def test_what_cannot_be_cut_says_so(segment, names):
    with pytest.raises(UnsupportedSegment, match=names):
        render(Message(segment))


def test_no_room_for_anything_says_so():
    with pytest.raises(ValueError, match="no character fits"):
        list(split_text("好好", 1, 1))
    with pytest.raises(ValueError, match="no character fits"):
        list(split_markdown("好好", 1, 1))


@given(st.text(max_size=200))
def test_a_texts_cost_is_the_sum_of_its_parts(text):
    assert cost(text) == sum(map(cost, text))


def test_three_megabytes_are_cut_in_reasonable_time():
    rand = random.Random(1)
    text = "".join(rand.choice(["word ", "好", FAMILY, "[[[", "<at ", "http://", "```\n"]) for _ in range(500_000))
    started = time.process_time()
    outgoing = render(Message(text))
    assert "".join(e["text"] for o in outgoing for line in json.loads(o.content)["zh_cn"]["content"] for e in line)
    assert time.process_time() - started < 15


@pytest.mark.parametrize("indent", ["   ", "    ", "\t"])
def test_a_fence_in_a_list_item_is_closed_inside_the_item(indent):
    """A mark without its indentation ends the item, and opens a fence that nobody closes."""
    code = "".join(f"{indent}line {number}\n" for number in range(40))
    parts = list(split_markdown(f"1. item\n{indent}```py\n{code}{indent}```\nafter", 300, 300))
    assert len(parts) >= 2
    for part in parts[:-1]:
        assert part.endswith(f"\n{indent}```")
    for part in parts[1:]:
        assert part.startswith(f"{indent}```py\n")


@pytest.mark.parametrize("mark", ["", "> ", "> > "])
def test_a_long_table_repeats_its_header_in_every_part(mark):
    head = f"{mark}| a | b |\n{mark}|---|:-:|\n"
    rows = "".join(f"{mark}| {number} | {'x' * 40} |\n" for number in range(2000))
    outgoing = render(Message(S.markdown(f"Before\n\n{head}{rows}\nAfter")))
    parts = [text_of(out) for out in outgoing]
    assert len(parts) > 2
    assert all(body_size(out) <= RICH_LIMIT for out in outgoing)
    assert parts[0].startswith(f"Before\n\n{head}{mark}| 0 |")
    assert all(part.startswith(f"{head}{mark}| ") for part in parts[1:])
    assert "".join(part.replace(head, "") for part in parts) == f"Before\n\n{rows}\nAfter"


def test_a_table_in_code_or_with_a_huge_header_repeats_nothing():
    rows = "| 1 | 2 |\n" * 200
    parts = list(split_markdown(f"```\n| a | b |\n|---|---|\n{rows}```", 900, 900))
    assert [part.count("| a |") for part in parts] == [1] + [0] * (len(parts) - 1)
    parts = list(split_markdown(f"| {'a' * 400} | b |\n|---|---|\n{rows}", 900, 900))
    assert [part.count("aaa | b") for part in parts] == [1] + [0] * (len(parts) - 1)


def test_a_table_begins_with_its_header_and_a_row_on_the_same_part():
    text = "word\n" * 30 + "\n| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 30
    parts = list(split_markdown(text, 190, 190))
    assert all("| 1 |" in part for part in parts if "| a |" in part)
    assert all("| a | b |\n|---|---|\n| 1 |" in part for part in parts if "| 1 |" in part)


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("a\nb\n\nc\r\nd", ["a", "b\n\nc", "d"]),
        ("# T\na\nb", ["# T\na", "b"]),
        ("- a\n- b\nc\n1. d\n2. e", ["- a\n- b", "c\n1. d\n2. e"]),
        ("> a\n> b\nc", ["> a  \n> b", "c"]),
        ("- a\n  b\n  - c", ["- a  \n  b\n  - c"]),
        ("a\n　　b\n    c\n\td", ["a", "　　b  \n    c  \n\td"]),
        ("> a\n> **b**\n> （c）\n> - d", ["> a  \n> **b**  \n> （c）\n> - d"]),
        ("a\n#tag\n2024. b\n2025. c", ["a", "#tag", "2024. b\n2025. c"]),
        ("```\na\nb\n```\nc\nd", ["```\na\nb\n```\nc", "d"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\nc", ["| a | b |\n|---|---|\n| 1 | 2 |", "c"]),
        ("**a\nb**\nc", ["**a  \nb**", "c"]),
        ("[a\nb](u)", ["[a  \nb](u)"]),
        ('a\n<at user_id="ou_1"></at> b', ["a", '<at user_id="ou_1"></at> b']),
        ("a\n---\nb", ["a\n---", "b"]),
        # Before: one element, which some clients show as one line: a pipe alone makes no table.
        ("cat a | wc\nls | sort\n| x\n|---|\n| y |", ["cat a | wc", "ls | sort\n| x\n|---|\n| y |"]),
        ("> a\n> b | c\n- d | e\n  f", ["> a  \n> b | c\n- d | e  \n  f"]),
        # Before: the backslash of a line break was shown.
        ("a\\\nb\n> c\\\n> d", ["a", "b  \n> c  \n> d"]),
        ("C:\\dir\\\n`x\\\ny`", ["C:\\dir\\", "`x\\  \ny`"]),
        ("", []),
    ],
)
def test_line_breaks_that_somebody_typed_stay_line_breaks(text, elements):
    outgoing = render(Message([S.markdown(text), S.image("img_1")]))
    [lines] = [json.loads(out.content)["zh_cn"]["content"] for out in outgoing]
    assert [element["text"] for [element] in lines if element["tag"] == "md" and element["text"]] == elements


def test_a_picture_by_url_in_markdown_becomes_a_link_and_code_stays():
    [out] = render(Message(S.markdown("![a](https://x/y.png) `![a](https://x/y.png)`")))
    assert text_of(out) == "[a](https://x/y.png) `![a](https://x/y.png)`"
