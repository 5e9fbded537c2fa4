"""Whether a message is meant for the bot."""

import json

import pytest

from nonebot_adapter_feishu_ws import Adapter, MessageEvent, Reply
from nonebot_adapter_feishu_ws.event import UserId, check_at_me, check_nickname, check_reply
from nonebot_adapter_feishu_ws.event.message import EventMessage, Mention

BOT = "ou_bot"


def event(text: str, *, chat_type: str = "group", mentions: tuple[str, ...] = (BOT,)) -> MessageEvent:
    people = [{"key": f"@_user_{n}", "id": {"open_id": who}, "name": "x"} for n, who in enumerate(mentions, 1)]
    made = Adapter.json_to_event(
        {
            "header": {"event_type": "im.message.receive_v1"},
            "event": {
                "message": {
                    "chat_type": chat_type,
                    "message_type": "text",
                    "content": json.dumps({"text": text}),
                    "mentions": people,
                }
            },
        }
    )
    assert isinstance(made, MessageEvent)
    return made


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@_user_1 /help me", "/help me"),
        ("@_user_1", ""),
        ("/help me @_user_1", "/help me"),
        ("/help me @_user_1  ", "/help me"),
        ("  @_user_1 /help", "/help"),
        ("@_user_1 @_user_1 /help", "/help"),  # one by the client, in a reply, and one by hand
        ("@_user_1, @_user_1: /help", "/help"),
    ],
)
def test_an_at_at_either_end_is_dropped(text, left):
    it = event(text)
    check_at_me(it, BOT)
    assert it.to_me
    assert it.get_plaintext() == left
    assert len(it.get_message()) >= 1
    assert "at" in [segment.type for segment in it.original_message]


def test_an_at_in_the_middle_counts_and_stays():
    it = event("ask @_user_1 please")
    check_at_me(it, BOT)
    assert it.to_me
    assert [segment.type for segment in it.get_message()] == ["text", "at", "text"]


@pytest.mark.parametrize(("text", "mentions"), [("hi", ()), ("@_user_1 hi", ("ou_other",)), ("@_all hi", ())])
def test_others_and_everybody_are_not_the_bot(text, mentions):
    it = event(text, mentions=mentions)
    check_at_me(it, BOT)
    assert not it.to_me


def test_a_private_chat_is_always_to_me_even_before_the_open_id_is_known():
    it = event("hi", chat_type="p2p", mentions=())
    check_at_me(it, None)
    assert it.to_me
    group = event("@_user_1 hi", mentions=("",))
    check_at_me(group, None)
    assert not group.to_me


@pytest.mark.parametrize("between", [":", ": ", " : ", "：", " ，", ", ", " "])
def test_A6_what_separates_an_address_from_a_command_is_dropped(between):
    """Before: ``@bot: /help`` left ``: /help``, which no command matched."""
    it = event(f"@_user_1{between}/help me: now")
    check_at_me(it, BOT)
    assert it.get_plaintext() == "/help me: now"
    named = event(f"bot{between}/help me: now", mentions=())
    check_nickname(named, {"bot"})
    assert (named.to_me, named.get_plaintext()) == (True, "/help me: now")


@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u2068", " \u200b \u2060 "])
def test_A6_what_is_invisible_around_an_address_is_dropped(mark):
    """Before: ``/help`` pasted behind the @ with such a character matched no command."""
    for text in ("@_user_1{}/help", "{}@_user_1 /help", "/help {}@_user_1{}", "@_user_1:{}/help"):
        it = event(text.replace("{}", mark))
        check_at_me(it, BOT)
        assert it.get_plaintext() == "/help"
    named = event(f"bot{mark}/help", mentions=())
    check_nickname(named, {"bot"})
    assert (named.to_me, named.get_plaintext()) == (True, "/help")


@pytest.mark.parametrize(
    ("markdown", "left"),
    [
        ("**{}** /help me", "/help me"),
        ("**{} /help me** \n**x**", "/help me \n**x**"),
        ("*{}*: /help *me*", "/help *me*"),
        (" __{}__\u200b/help", "/help"),
        ("~~{}~~", ""),
        ("/help me **{}** ", "/help me"),
        ("/help **me** *{}", "/help **me** *"),
        ("* {} 2*3", "*  2*3"),  # a list
        ("**a {}**", "**a **"),
    ],
)
def test_A6_an_address_in_bold_is_dropped_with_its_marks(markdown, left):
    """Before: the marks stayed before the command, where ``content_v2`` has the Markdown of rich text."""
    it = event("@_user_1")
    lines = [[{"tag": "md", "text": markdown.replace("{}", '<at user_id="@_user_1">Bot</at>')}]]
    it.event.message.message_type = "post"
    it.event.message.content = json.dumps({"title": "", "content": [], "content_v2": lines})
    check_at_me(it, BOT)
    assert (it.to_me, it.get_plaintext()) == (True, left)


def test_a_smiley_behind_an_address_stays():
    it = event("@_user_1 :) hi")
    check_at_me(it, BOT)
    assert it.get_plaintext() == ":) hi"


def test_A6_everybody_is_known_by_the_user_id_alone():
    it = event("@_user_1 hi", mentions=("",))
    it.event.message.mentions[0].id.user_id = "all"
    check_at_me(it, BOT, at_all=True)
    assert it.to_me


@pytest.mark.parametrize(
    ("mentioned", "to_me"),
    [
        ({"name": "Bot", "mentioned_type": "bot"}, True),
        ({"name": "Bot", "mentioned_type": "user"}, False),
        ({"name": "Bot"}, False),
        ({"name": "Other", "mentioned_type": "bot"}, False),
    ],
)
def test_A6_a_mention_with_the_id_that_another_app_sees_counts_by_name(mentioned, to_me):
    """Before: nobody was mentioned, in groups with several bots."""
    it = event("@_user_1 /help", mentions=("ou_of_another_app",))
    it.event.message.mentions[0] = Mention.model_validate({**it.mentions[0].model_dump(), **mentioned})
    check_at_me(it, BOT, bot_name="Bot")
    assert (it.to_me, it.get_plaintext()) == (to_me, "/help" if to_me else " /help")


def test_A6_a_namesake_is_not_the_bot_where_its_own_id_came():
    it = event("@_user_2 ask @_user_1", mentions=(BOT, "ou_namesake"))
    for mention in it.mentions:
        mention.name, mention.mentioned_type = "Bot", "bot"
    check_at_me(it, BOT, bot_name="Bot")
    assert [segment.data.get("user_id") for segment in it.get_message()] == ["ou_namesake", None]


@pytest.mark.parametrize(
    ("ids", "user_id"), [({"user_id": "7a8b"}, "7a8b"), ({"union_id": "on_1"}, "on_1"), ({}, "@_user_1")]
)
def test_A6_a_mention_without_an_open_id_has_the_id_that_came(ids, user_id):
    """Before: the placeholder, which mentions nobody in an answer."""
    it = event("@_user_1 hi", mentions=("",))
    it.event.message.mentions[0].id = UserId(**ids)
    assert it.get_message()[0].data == {"user_id": user_id, "user_name": "x"}
    check_at_me(it, BOT)
    assert not it.to_me


@pytest.mark.parametrize(
    ("text", "to_me", "left"),
    [
        ("bot, help", True, "help"),
        ("BOT help", True, "help"),
        ("bot", True, ""),
        ("bother", False, "bother"),
        ("a.b help", True, "help"),
        ("axb help", False, "axb help"),
        ("小助手，在吗", True, "在吗"),
    ],
)
def test_nicknames(text, to_me, left):
    it = event(text, mentions=())
    check_nickname(it, {"bot", "a.b", "小助手", ""})
    assert (it.to_me, it.get_plaintext()) == (to_me, left)


@pytest.mark.parametrize(("sender", "to_me"), [("cli_a", True), ("cli_b", False)])
def test_a_quote_of_the_bot_is_to_me(sender, to_me):
    it = event("hm", mentions=())
    check_reply(it, "cli_a")
    assert not it.to_me
    it.reply = Reply.model_validate({"sender": {"id": sender, "id_type": "app_id"}})
    check_reply(it, "cli_a")
    assert it.to_me is to_me


@pytest.mark.parametrize(
    ("parent", "root", "thread", "quoted"),
    [
        ("om_root", "om_root", "omt_1", None),  # said in a topic
        ("om_other", "om_root", "omt_1", "om_other"),
        ("om_root", None, "omt_1", "om_root"),
        ("om_root", "om_root", None, "om_root"),  # the first quote of a chain, outside of topics
        ("om_root", "om_root", "", "om_root"),
        ("om_mid", "om_root", None, "om_mid"),
        ("om_own", "om_own", None, None),
        ("", "", "", None),
        (None, None, "omt_1", None),
    ],
)
def test_the_root_of_a_topic_is_no_quote(parent, root, thread, quoted):
    message = EventMessage(message_id="om_own", parent_id=parent, root_id=root, thread_id=thread)
    assert message.quoted_id == quoted
