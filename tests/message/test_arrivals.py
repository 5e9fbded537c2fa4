"""What really arrives, beyond the documents' examples, and what became of it before (in the comments)."""

import json
from types import SimpleNamespace as Mention

import pytest

from nonebot_adapter_feishu_ws import Message, Reply
from nonebot_adapter_feishu_ws.event import MessageEditedEvent
from nonebot_adapter_feishu_ws.message import At, Image, Link, Media, MessageSegment, Text, expand, parse

BOT = Mention(key="@_user_1", open_id="ou_bot", name="Bot")


def shown(message: Message) -> list[object]:
    """Texts as they are, links as (text, href), mentions as @id, images as their key."""
    made: dict[str, object] = {}
    parts: list[object] = []
    for part in message:
        made = part.data
        link = (made.get("text"), made.get("href"))
        key = made.get("image_key") if part.type == "image" else f"@{made.get('user_id')}"
        parts.append({"text": made.get("text"), "link": link}.get(part.type, key))
    return parts


def text(content: str, *people: Mention) -> Message:
    return parse("text", json.dumps({"text": content}), people)


def post(fields: dict[str, object], *people: Mention) -> Message:
    return parse("post", json.dumps(fields), people)


def markdown(content: str, *people: Mention) -> Message:
    return post({"title": "", "content": [], "content_v2": [[{"tag": "md", "text": content}]]}, *people)


URL = "https://a.example/x_(y)_z?q=[1]&r=(s(t))"
LINKS = {
    "/invite [amy@example.com](mailto:amy@example.com)": [
        "/invite ",
        ("amy@example.com", "mailto:amy@example.com"),
    ],
    f"see [{URL}]({URL}), ok": ["see ", (URL, URL), ", ok"],
    "[https://a.b/(x](https://a.b/(x) [https://a.b/x)](https://a.b/x))": [
        ("https://a.b/(x", "https://a.b/(x"),
        " ",
        ("https://a.b/x)", "https://a.b/x)"),
    ],
    "[www.a.example](http://www.a.example)[a@b.example](mailto:a@b.example)": [
        ("www.a.example", "http://www.a.example"),
        ("a@b.example", "mailto:a@b.example"),
    ],
    "[飞书 [开放] 平台](https://open.feishu.cn)！": [("飞书 [开放] 平台", "https://open.feishu.cn"), "！"],
    # Typed as Markdown: Feishu makes a link of the URL alone.
    "[docs]([https://a.b](https://a.b))": ["[docs](", ("https://a.b", "https://a.b"), ")"],
    "f[x](y) and [] () [a](b.c)": ["f[x](y) and [] () [a](b.c)"],
    "`[https://a.b](https://a.b)` [https://c.d](https://c.d)": [
        "`[https://a.b](https://a.b)` ",
        ("https://c.d", "https://c.d"),
    ],
    "```\n[https://a.b](https://a.b)\n```\n[https://c.d](https://c.d)": [
        "```\n[https://a.b](https://a.b)\n```\n",
        ("https://c.d", "https://c.d"),
    ],
    "one ` of [https://a.b](https://a.b)\n\nanother `": ["one ` of ", ("https://a.b", "https://a.b"), "\n\nanother `"],
}


@pytest.mark.parametrize("content", LINKS)
def test_A1_links_and_mail_addresses_of_a_text_are_links_with_what_was_typed(content):
    """Before: the text kept Feishu's Markdown, so that a command's argument was ``[a@b.c](mailto:a@b.c)``."""
    message = text(content)
    assert shown(message) == LINKS[content]
    assert message.extract_plain_text() == "".join(p if isinstance(p, str) else p[0] for p in LINKS[content])


LONG = "https://files.example/?signature=" + "0f" * 1500
MORE_LINKS = {
    # Before: a line of tildes made code of the rest, as no chat means it.
    "~~~~~~\n[https://a.b](https://a.b)": ["~~~~~~\n", ("https://a.b", "https://a.b")],
    # Before: a link with the text "x".
    "[https://a.b/[x](https://a.b/[x)": [("https://a.b/[x", "https://a.b/[x")],
    "[http://[::1]:80/?q=[](http://[::1]:80/?q=[)": [("http://[::1]:80/?q=[", "http://[::1]:80/?q=[")],
    # Before: Markdown, from 2,000 characters on, as signed URLs have them.
    f"/get [{LONG}]({LONG})": ["/get ", (LONG, LONG)],
    f"[下载]({LONG})": [("下载", LONG)],
    # Before: a link without its last bracket, and Markdown. Only with a scheme or www brackets needed no pair.
    "[a.b/c)](http://a.b/c))，[飞书.中国/[x](https://飞书.中国/[x)": [
        ("a.b/c)", "http://a.b/c)"),
        "，",
        ("飞书.中国/[x", "https://飞书.中国/[x"),
    ],
    "[readme.md](readme.md)": ["[readme.md](readme.md)"],
}


@pytest.mark.parametrize("content", MORE_LINKS, ids=range(len(MORE_LINKS)))
def test_A1_links_below_a_line_of_tildes_with_one_bracket_without_a_scheme_and_long_ones(content):
    assert shown(text(content)) == MORE_LINKS[content]


def test_A1_mentions_and_links_stand_side_by_side():
    message = text("@_user_1 open [https://a.b/@_user_1](https://a.b/@_user_1) `@_user_1`", BOT)
    assert shown(message) == [
        *("@ou_bot", " open ", ("https://a.b/@_user_1", "https://a.b/@_user_1"), " `", "@ou_bot", "`")
    ]


MARKDOWN = {
    '/sum ![p](img_1) <at user_id="ou_bot">Bot</at>': ["/sum ", "img_1", " ", "@ou_bot"],
    "<at id=all></at>, <at open_id='ou_2'/> @_user_1": ["@all", ", ", "@ou_2", " ", "@ou_bot"],
    "[a *b*](https://a.b) **[c](mailto:c@d.e)**": [
        ("a *b*", "https://a.b"),
        " **",
        ("c", "mailto:c@d.e"),
        "**",
    ],
    # A picture that Feishu has no key of is what the user typed.
    "![p](https://a.b/p.png) \\![p](img_1) <at>": ["![p](https://a.b/p.png) \\![p](img_1) <at>"],
    '`![p](img_1)` ``<at user_id="ou_1"></at>``': ['`![p](img_1)` ``<at user_id="ou_1"></at>``'],
    "```md\n![p](img_1) <at id=all></at>\n```\n![p](img_2)": ["```md\n![p](img_1) <at id=all></at>\n```\n", "img_2"],
    "[![p](img_1)](https://a.b)": ["[", "img_1", "](https://a.b)"],
    "![two\nlines](img_1) \\`![p](img_2) `x`": ["img_1", " \\`", "img_2", " `x`"],
    "~~~\n[a](https://a.b)\n": ["~~~\n[a](https://a.b)\n"],
    # Before: a text, and a link behind an exclamation mark.
    "![截图[1].png](img_1)": ["img_1"],
    "![p](https://a.b/p_(1).png)": ["![p](https://a.b/p_(1).png)"],
    # Before: texts, since Markdown lets a title follow.
    "![p](img_1 \"t (1)\") [a](https://a.b 't') [a](https://a.b t)": [
        *("img_1", " ", ("a", "https://a.b"), " [a](https://a.b t)")
    ],
}


@pytest.mark.parametrize("content", MARKDOWN)
def test_A2_the_markdown_of_content_v2_gives_segments_outside_of_code(content):
    """Before: a post with ``content_v2`` alone was an empty message."""
    assert shown(markdown(content, BOT)) == MARKDOWN[content]


OLD = [[{"tag": "text", "text": "old"}]]
NEW = [[{"tag": "md", "text": "a"}], [{"tag": "markdown", "text": "b"}, {"tag": "text", "text": "[c](https://d.e)"}]]
NEW_TEXT = "a\nb[c](https://d.e)"
POSTS = {
    "both": ({"content": OLD, "content_v2": NEW}, NEW_TEXT),
    "title": ({"title": "T", "content": [], "content_v2": NEW}, "T\n" + NEW_TEXT),
    "an empty content_v2": ({"content": OLD, "content_v2": []}, "old"),
    "a blank content_v2": ({"content": OLD, "content_v2": [[], [{"tag": "md", "text": " "}]]}, "old"),
    "something else": ({"content": OLD, "content_v2": "x"}, "old"),
    "a locale": ({"zh_cn": {"title": "T", "content": [], "content_v2": NEW}}, "T\n" + NEW_TEXT),
    "an empty locale": ({"en_us": {"title": "", "content": []}, "zh_cn": {"content": OLD}}, "old"),
    "a locale of one empty line": ({"en_us": {"title": "", "content": [[]]}, "zh_cn": {"content": OLD}}, "old"),
    "a locale of empty text": ({"en_us": {"content": [[{"tag": "md", "text": ""}]]}, "zh_cn": {"content": OLD}}, "old"),
    "the wrapper": ({"post": {"zh_cn": {"title": "T", "content": OLD}}}, "T\nold"),
    "the wrapper, without locale": ({"post": {"content_v2": NEW}}, NEW_TEXT),
}


@pytest.mark.parametrize("case", POSTS)
def test_A2_content_v2_comes_first_wherever_it_stands(case):
    fields, expected = POSTS[case]
    assert post(fields).extract_plain_text() == expected


def test_A2_quotes_forwards_and_edits_read_content_v2_too():
    content = json.dumps({"content": [], "content_v2": [[{"tag": "md", "text": "hi ![p](img_1)"}]]})
    quoted = Reply.model_validate({"msg_type": "post", "body": {"content": content}})
    inside = {"message_id": "om_2", "msg_type": "post", "body": {"content": content}, "upper_message_id": "om_1"}
    edited = MessageEditedEvent.model_validate({"event": {"message": {"message_type": "post", "content": content}}})
    for message in (quoted.message, expand([inside], "om_1").children[0].message, edited.edited_message):
        assert shown(message) == ["hi ", "img_1"]


def test_A2_who_types_a_tag_mentions_not_everybody():
    """Where ``content`` tells the mentions, a typed ``<at>`` of everybody is a text: a bot's echo would notify all."""
    typed = [[{"tag": "md", "text": 'hi <at user_id="all">all</at>'}]]
    assert shown(post({"content": OLD, "content_v2": typed})) == ['hi <at user_id="all">all</at>']
    meant = [[{"tag": "at", "user_id": "@_all"}]]
    assert shown(post({"content": meant, "content_v2": typed})) == ["hi ", "@all"]


EVERYBODY = Mention(key="@_all", open_id="", name="所有人")
MENTIONS = {
    "@_allies are with us": ((), ["@_allies are with us"]),
    "@_all1 @_all_x": ((), ["@_all1 @_all_x"]),
    "@_all大家好 @_all, @_all": ((), ["@all", "大家好 ", "@all", ", ", "@all"]),
    "@_allhello": ((EVERYBODY,), ["@all", "hello"]),
    "@_bot_x go": ((Mention(key="@_bot_x", open_id="ou_x", name="X"),), ["@ou_x", " go"]),
    "@Li Lei, @Li": (
        (Mention(key="@Li", open_id="ou_1", name="Li"), Mention(key="@Li Lei", open_id="ou_2", name="Li Lei")),
        ["@ou_2", ", ", "@ou_1"],
    ),
    "@_user_x @_user_1": ((BOT,), ["@_user_x ", "@ou_bot"]),
}


@pytest.mark.parametrize("content", MENTIONS)
def test_A6_a_mention_is_what_stands_in_mentions(content):
    """Before: ``@_allies`` was @all and "ies"; a key in another form than ``@_user_N`` stayed text."""
    people, expected = MENTIONS[content]
    assert shown(text(content, *people)) == expected


AT = {
    "open_id": ({"open_id": "ou_1", "user_name": "A"}, {"user_id": "ou_1", "user_name": "A"}),
    "open_id beside an empty user_id": ({"user_id": "", "open_id": "ou_1"}, {"user_id": "ou_1"}),
    "a placeholder": ({"user_id": "@_user_1"}, {"user_id": "ou_bot", "user_name": "Bot"}),
    "a name from mentions": ({"user_id": "ou_bot"}, {"user_id": "ou_bot", "user_name": "Bot"}),
    "everybody": ({"user_id": "@_all", "user_name": "所有人"}, {"user_id": "all"}),
}


@pytest.mark.parametrize("case", AT)
def test_A6_an_at_of_rich_text_by_any_id(case):
    """Before: one with an ``open_id`` was a mention of nobody."""
    element, data = AT[case]
    [segment] = post({"content": [[{"tag": "at", **element}]]}, BOT)
    assert (type(segment), segment.data) == (At, data)


def test_A6_an_at_with_a_name_alone_is_a_text():
    assert post({"content": [[{"tag": "at", "user_name": "A"}]]}) == Message("@A")


@pytest.mark.parametrize("duration", [3000, "3000"])
def test_A6_a_video_in_rich_text_keeps_name_and_duration(duration):
    """Before: both were None."""
    element = {"tag": "media", "file_key": "f", "image_key": "i", "file_name": "a.mp4", "duration": duration}
    [segment] = post({"content": [[element]]})
    assert isinstance(segment, Media)
    assert segment.data == {"file_key": "f", "image_key": "i", "file_name": "a.mp4", "duration": 3000}


def test_A6_the_type_video_is_a_video():
    """Before: an unknown segment, which no handler of videos saw."""
    [segment] = parse("video", '{"file_key": "f", "image_key": "i", "file_name": "a.mp4", "duration": 5}')
    assert (type(segment), segment.type, str(segment)) == (Media, "media", "[media:a.mp4]")


def test_A6_an_unknown_type_shows_its_text():
    """Before: ``[hologram]`` and an empty plain text."""
    message = parse("hologram", '{"text": "/help me", "depth": 3}')
    assert type(message[0]) is MessageSegment
    assert message[0].data == {"text": "/help me", "depth": 3}
    assert (str(message), message.extract_plain_text()) == ("[hologram:/help me]", "/help me")
    assert not message[0].is_text()  # it is not known to be what the sender typed: no command


def test_A6_a_message_shows_names_where_they_are_known():
    """Before: open_ids."""
    people = [BOT, Mention(key="@_user_2", open_id="ou_2", name="")]
    assert str(text("@_user_1 ask @_user_2 or @_all", *people)) == "@Bot ask @ou_2 or @all"
    assert str(MessageSegment.at("all", "x") + MessageSegment.at("ou_1", "Wang")) == "@all@Wang"


@pytest.mark.parametrize("name", ["Li Lei", ""])
def test_A6_a_task_shows_the_names_of_its_mentions(name):
    """Before: ``@@_user_1``, since the element of the documents has an empty name."""
    at = {"tag": "at", "user_id": "@_user_1", "user_name": ""}
    content = json.dumps({"task_id": "t", "summary": {"title": "", "content": [[at, {"tag": "text", "text": " pay"}]]}})
    people = [Mention(key="@_user_1", open_id="ou_li", name=name)] if name else []
    assert str(parse("todo", content, people)) == f"[todo:@{name or '_user_1'} pay]"


HOSTILE = [
    "[http://](",
    "[",
    "[x](",
    "[a@",
    "[x]",
    "<at ",
    "[a](http://(",
    "[http://a](http://b",
    "~~~\n",
    "`a``b",
    "![a",
    "[http://a",
    "![a[b](img",
    "[a.",
    "[a.b/[",
    '[a](http://b "',
    '![a](img_1 "',
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long_to_read(piece):
    """Each is 150 KB long. The time-out of the test run would end a search that is not linear (a minute and more)."""
    content = piece * (150_000 // len(piece))
    for message in (text(content), markdown(content)):
        assert isinstance(message[0], (Text, Link, At, Image))
