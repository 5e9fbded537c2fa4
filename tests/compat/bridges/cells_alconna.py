"""The cells of alconna."""

import json

import pytest

from tests.compat.bridges.play import MP4, OPUS, PNG, Cell, Play, Refused
from tests.conftest import APP


async def rich_command(play: Play):
    line = [{"tag": "text", "text": "/greet ", "style": []}, {"tag": "text", "text": "you", "style": ["bold"]}]
    assert (await play.do({"title": "", "content": [line]}, msg_type="post")).said == "hello you"


async def command(play: Play):
    assert (await play.do("/greet you")).said == "hello you"


def sends(op: str, check, *, group: bool = False):
    """A cell that sends one message; ``check`` sees its type, its content and the play."""

    async def run(play: Play):
        done = await play.do(f"/{op}", chat=play.group if group else play.private)
        [message] = done.messages
        check(message.msg_type, json.loads(message.content), play)

    return run


def is_text(text: str):
    def check(kind, content, play):
        assert (kind, content.get("text")) == ("text", text)

    return check


def at(kind, content, play):
    assert kind == "text"
    assert content["text"].startswith("@_user_") or f'user_id="{play.user.open_id}"' in content["text"]


def at_all(kind, content, play):
    assert kind == "text"
    assert content["text"].strip().startswith(("@_all", '<at user_id="all">'))


def mixed(kind, content, play):
    assert kind == "post"
    assert [[part["tag"] for part in line] for line in content["content"]] == [["text"], ["img"], ["text"]]
    assert play.sandbox.world.files[content["content"][1][0]["image_key"]].content == PNG


def image(kind, content, play):
    assert kind == "image"
    assert play.sandbox.world.files[content["image_key"]].content == PNG


def uploaded(kind: str, content: bytes, name: str | None = None):
    def check(msg_type, fields, play):
        assert msg_type == kind
        file = play.sandbox.world.files[fields["file_key"]]
        assert file.content == content
        assert name is None or file.name == name

    return check


def emoji(kind, content, play):
    assert kind == "post"
    assert {"tag": "emotion", "emoji_type": "SMILE"} in content["content"][0]


def styles(kind, content, play):
    [line] = content["content"]
    assert (kind, [part.get("style") for part in line]) == ("post", [None, ["bold"], ["italic"], None])
    assert line[-1]["tag"] == "at"


def link(kind, content, play):
    assert {"tag": "a", "text": "https://example.com/a", "href": "https://example.com/a"} in content["content"][0]


def card(kind, content, play):
    assert (kind, content["body"]["elements"][0]["content"]) == ("interactive", "hi")


def button(kind, content, play):
    assert kind == "interactive"
    words, yes = content["body"]["elements"]
    assert (words["text"]["content"], yes["text"]["content"], yes["type"]) == ("Sure?", "Yes", "primary")
    assert yes["behaviors"] == [{"type": "callback", "value": {"action": "yes"}}]


def keyboard(kind, content, play):
    assert kind == "interactive"
    rows = content["body"]["elements"]
    assert [len(row["columns"]) for row in rows] == [2, 2]
    last = rows[1]["columns"][1]["elements"][0]
    assert last["behaviors"] == [{"type": "open_url", "default_url": "https://x.y"}]


async def private_url(play: Play):
    """A URL inside the network; the sandbox's own page stands there."""
    with pytest.raises(Refused, match="private address"):
        await play.do(f"/image_url {play.sandbox.url}/open-apis/nothing.png")


async def voice_length(play: Play):
    assert (await play.do("/voice_length")).said == "1500"


async def forward(play: Play):
    first = await play.sandbox.say(play.user, play.group, "/fetch 1")
    second = await play.sandbox.say(play.user, play.group, "/fetch 2")
    done = await play.do(f"/forward {first.message_id} {second.message_id}", chat=play.group)
    assert done.kinds == ["merge_forward"]
    assert len(done.messages[0].forwarded) == 2


async def story(play: Play):
    [message] = (await play.do("/story")).messages
    assert play.text(message).split("\n")[:2] == ["Ann: one", "Bob: two"]


async def role(play: Play):
    [message] = (await play.do("/role")).messages
    assert play.text(message).strip() == "to @admins"


async def unknown_emoji(play: Play):
    [message] = (await play.do("/unknown_emoji")).messages
    assert play.text(message) == "hm [shrug]"


async def quote(play: Play):
    asked = await play.sandbox.say(play.user, play.private, "/quote")
    [message] = (await play.answer(play.private)).messages
    assert message.parent_id == asked.message_id


async def recall(play: Play):
    [message] = (await play.do("/recall")).messages
    assert message.deleted


async def recall_all(play: Play):
    done = await play.do("/recall_all")
    assert done.kinds == ["text", "file"]
    assert all(message.deleted for message in done.messages)


async def edit(play: Play):
    [message] = (await play.do("/edit")).messages
    assert play.text(message) == "final"


async def receipt_reply(play: Play):
    first, second = (await play.do("/receipt_reply")).messages
    assert second.parent_id == first.message_id


def reactions(play: Play, message) -> list[str]:
    return [each["reaction_type"]["emoji_type"] for each in play.sandbox.world.reactions.get(message.message_id, [])]


async def react(play: Play):
    [message] = (await play.do("/react")).messages
    assert reactions(play, message) == ["THUMBSUP"]


async def unreact(play: Play):
    [message] = (await play.do("/unreact")).messages
    assert reactions(play, message) == []
    calls = [each.path for each in play.sandbox.requests if "/reactions" in each.path]
    assert any(f"{message.message_id}/reactions/" in path for path in calls)


async def react_event(play: Play):
    asked = await play.sandbox.say(play.user, play.private, "/react_event")
    await play.answer(play.private)
    assert reactions(play, asked) == ["THUMBSUP"]


async def at_me(play: Play):
    assert (await play.do("/is_at_me", chat=play.group, at=[APP])).said == "True"


async def at_other(play: Play):
    other = play.sandbox.add_user("Han")
    play.group.members.append(other.open_id)
    assert (await play.do("/is_at_me", chat=play.group, at=[APP])).said == "True"
    assert (await play.do(f'<at user_id="{other.open_id}"></at> /is_at_me', chat=play.group)).said == "False"


async def quoted(play: Play):
    first = await play.sandbox.say(play.user, play.private, "/fetch me")
    done = await play.do("/quoted", reply_to=first)
    assert done.said == f"{first.message_id} /fetch me"


def received(content: dict | None, msg_type: str, expected: list):
    async def run(play: Play):
        done = await play.do(content or {}, msg_type=msg_type)
        assert json.loads(done.said) == expected

    return run


async def received_image(play: Play):
    message = await play.sandbox.send_file(play.user, play.private, PNG, name="a.png", kind="image")
    said = (await play.answer(play.private)).said
    segments, size = said.rsplit(" ", 1)
    assert json.loads(segments)[0][:2] == ["image", json.loads(message.content)["image_key"]]
    assert int(size) == len(PNG)


async def received_voice(play: Play):
    message = await play.sandbox.send_file(play.user, play.private, OPUS, kind="audio", duration=1500)
    [segment] = json.loads((await play.answer(play.private)).said)
    assert segment == ["audio", json.loads(message.content)["file_key"], None, 1.5]


async def received_video(play: Play):
    message = await play.sandbox.send_file(play.user, play.private, MP4, kind="media", name="a.mp4", duration=2000)
    [segment] = json.loads((await play.answer(play.private)).said)
    assert segment == ["video", json.loads(message.content)["file_key"], None, 2.0]


async def received_post(play: Play):
    content = [[{"tag": "text", "text": "look "}, {"tag": "a", "text": "here", "href": "https://x.y"}]]
    content += [[{"tag": "emotion", "emoji_type": "SMILE"}]]
    said = json.loads((await play.do({"title": "", "content": content}, msg_type="post")).said)
    assert [each[0] for each in said] == ["text", "emoji"]
    assert said[0][1] == "look here\n"


async def received_forward(play: Play):
    first = await play.sandbox.say(play.user, play.private, "/fetch me")
    message = await play.sandbox.forward(play.user, play.private, [first])
    assert json.loads((await play.answer(play.private)).said) == [["reference", message.message_id]]


async def received_card(play: Play):
    card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}}
    said = json.loads((await play.do(card, msg_type="interactive")).said)
    assert said == [["hyper", "json"]]


async def in_topic(play: Play, words: str) -> None:
    topics = play.sandbox.add_chat("Topics", mode="topic", members=[play.user], apps=[APP])
    asked = await play.sandbox.say(play.user, topics, words)
    done = await play.answer(topics)
    assert done.messages
    assert {message.thread_id for message in done.messages} == {asked.thread_id}


async def topic_answer(play: Play):
    await in_topic(play, "/text")


async def topic_quote(play: Play):
    await in_topic(play, "/quote")


async def topic_stored(play: Play):
    await in_topic(play, "/stored")


async def by_scope(play: Play):
    await play.do(f"/by_scope {play.group.chat_id}")
    [message] = await play.sandbox.wait_message(play.group, timeout=play.patience)
    assert play.text(message) == "by scope"


async def by_adapter(play: Play):
    [message] = (await play.do(f"/by_adapter {play.user.open_id}")).messages
    assert play.text(message) == "by adapter"


async def stored(play: Play):
    for chat in (play.private, play.group):
        [message] = (await play.do("/stored", chat=chat)).messages
        assert play.text(message) == "from a stored target"


async def target(play: Play):
    assert (await play.do("/target")).said == f"{play.user.open_id} True {APP}"
    assert (await play.do("/target", chat=play.group)).said == f"{play.group.chat_id} False {APP}"


async def places(play: Play):
    said = (await play.do("/places")).said
    assert play.group.chat_id in said
    assert play.user.open_id in said


CELLS = [
    Cell("A command", "命令", command),
    Cell(
        "A command in rich text",
        "富文本中的命令",
        rich_command,
        ("not found: rich text is one `Hyper`", "找不到：富文本是一个 `Hyper`"),
    ),
    Cell("Text", "文本", sends("text", is_text("hello"))),
    Cell(
        "`At` alone",
        "单独的 `At`",
        sends("at", at, group=True),
        ("230001: sent as msg_type `at`", "230001：以 msg_type `at` 发送"),
    ),
    Cell(
        "`AtAll`",
        "`AtAll`",
        sends("at_all", at_all, group=True),
        ("230001: sent as msg_type `at`", "230001：以 msg_type `at` 发送"),
    ),
    Cell(
        "Text, image, text, in this order",
        "文字、图片、文字，顺序不变",
        sends("mixed", mixed),
        ("230001: all in one line of rich text", "230001：全部放进富文本的同一行"),
    ),
    Cell("An image", "图片", sends("image", image)),
    Cell(
        "`Image(url)` of a private address is refused",
        "`Image(url)` 指向内网地址时拒绝",
        private_url,
        ("fetched, with the client driver", "照样下载（用客户端驱动）"),
    ),
    Cell(
        "A voice message (opus)",
        "语音（opus）",
        sends("voice", uploaded("audio", OPUS)),
        ("230055: uploaded as `stream`", "230055：以 `stream` 上传"),
    ),
    Cell(
        "Its duration in milliseconds",
        "语音时长以毫秒计",
        voice_length,
        ("seconds are sent as milliseconds", "把秒当作毫秒"),
    ),
    Cell(
        "Other sound as a file",
        "其他音频以文件发送",
        sends("mp3", uploaded("file", b"ID3" + bytes(30), "song.mp3")),
        ("230055", "230055"),
    ),
    Cell(
        "A video with its cover",
        "视频及封面",
        sends("video", uploaded("media", MP4)),
        ("230055: sent as a sticker", "230055：以表情包发送"),
    ),
    Cell("A file with its name", "文件及文件名", sends("file", uploaded("file", b"words", "notes.txt"))),
    Cell("An emoji of Feishu", "飞书表情", sends("emoji", emoji), ("sent as text", "以文字发送")),
    Cell("Another emoji as text", "其他表情转为文字", unknown_emoji),
    Cell(
        "Bold, italic and a mention in one line",
        "同一行的粗体、斜体和 @",
        sends("styles", styles),
        ("styles are lost", "样式丢失"),
    ),
    Cell("A link", "链接", sends("link", link), ("sent as text", "以文字发送")),
    Cell(
        "`Hyper`: a card", "`Hyper`：卡片", sends("card", card), ("sent as the text `[json]`", "以文字 `[json]` 发送")
    ),
    Cell(
        "`Button` with words: one card",
        "`Button` 加文字：一张卡片",
        sends("button", button),
        ("sent as text", "以文字发送"),
    ),
    Cell(
        "`Keyboard` in rows: a card",
        "`Keyboard` 分行：卡片",
        sends("keyboard", keyboard),
        ("sent as text", "以文字发送"),
    ),
    Cell(
        "`Reference` of messages: a merged forward",
        "`Reference` 引用消息：合并转发",
        forward,
        ("sent as the ids", "只发出消息 ID"),
    ),
    Cell(
        "`Reference` of made-up messages: text with names",
        "`Reference` 自定义消息：带名字的文本",
        story,
        ("names are lost", "名字丢失"),
    ),
    Cell(
        "A role that Feishu does not have, as text",
        "飞书没有的角色转为文字",
        role,
        ("sent as a mention of nobody", "@ 了一个不存在的人"),
    ),
    Cell("Quoting the event's message", "引用回复", quote),
    Cell("Receipt: recall", "回执：撤回", recall, ("`KeyError: 'message_id'`", "`KeyError: 'message_id'`")),
    Cell(
        "Receipt: recall all of a message that became two",
        "回执：一条变两条时全部撤回",
        recall_all,
        ("230001: a file inside rich text", "230001：把文件放进富文本"),
    ),
    Cell("Receipt: edit", "回执：编辑", edit, ("`KeyError: 'message_id'`", "`KeyError: 'message_id'`")),
    Cell("Receipt: reply", "回执：回复", receipt_reply, ("`KeyError: 'message_id'`", "`KeyError: 'message_id'`")),
    Cell("Receipt: reaction", "回执：表情回复", react, ("`KeyError: 'message_id'`", "`KeyError: 'message_id'`")),
    Cell(
        "Receipt: reaction removed",
        "回执：取消表情回复",
        unreact,
        ("`KeyError: 'message_id'`", "`KeyError: 'message_id'`"),
    ),
    Cell(
        "Reaction to the event's message, `👍`",
        "对事件消息回复 `👍`",
        react_event,
        ("231001: sent as a form", "231001：以表单发送"),
    ),
    Cell("`at_me()`", "`at_me()`", at_me, ("always false", "始终为假")),
    Cell("`at_me()` when somebody else is mentioned", "@ 别人时的 `at_me()`", at_other, ("always false", "始终为假")),
    Cell("The quoted message", "被引用的消息", quoted, ("raw JSON", "原始 JSON")),
    Cell("Received: image, and its bytes", "收到：图片及其内容", received_image),
    Cell("Received: voice", "收到：语音", received_voice, ("the key as a URL", "把 key 当作 URL")),
    Cell("Received: video", "收到：视频", received_video, ("without its duration", "没有时长")),
    Cell(
        "Received: file",
        "收到：文件",
        received({"file_key": "file_x", "file_name": "a.txt"}, "file", [["file", "file_x", "a.txt"]]),
    ),
    Cell(
        "Received: sticker",
        "收到：表情包",
        received({"file_key": "file_x"}, "sticker", [["image", "file_x", "image.png", True]]),
    ),
    Cell("Received: rich text", "收到：富文本", received_post, ("one `Hyper`", "一个 `Hyper`")),
    Cell("Received: card", "收到：卡片", received_card, ("the event is lost", "事件丢失")),
    Cell("Received: merged forward", "收到：合并转发", received_forward, ("the event is lost", "事件丢失")),
    Cell(
        "An answer stays in its topic", "回复留在话题内", topic_answer, ("the event is not understood", "无法识别事件")
    ),
    Cell(
        "A quote stays in its topic", "引用回复留在话题内", topic_quote, ("the event is not understood", "无法识别事件")
    ),
    Cell(
        "A stored target stays in its topic",
        "保存的 Target 留在话题内",
        topic_stored,
        ("the event is not understood", "无法识别事件"),
    ),
    Cell("`get_target()`", "`get_target()`", target),
    Cell(
        "`Target` by scope",
        "按 scope 的 `Target`",
        by_scope,
        ("`SerializeFailed`: no bot is found", "`SerializeFailed`：找不到机器人"),
    ),
    Cell("`Target` by adapter, private", "按适配器的单聊 `Target`", by_adapter),
    Cell("`Target.dump` and `load`", "`Target.dump` 与 `load`", stored),
    Cell(
        "A bot's targets",
        "机器人可发送的目标",
        places,
        ("asks for user groups, which the sandbox does not have", "请求用户组接口，沙箱没有模拟"),
    ),
]
