"""What the cells of alconna do; nothing here knows an adapter."""

import json

from arclet.alconna import Alconna, Args
from nonebot import on_message, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_alconna")
from nonebot_plugin_alconna import (  # noqa: E402
    At,
    AtAll,
    Audio,
    Button,
    CustomNode,
    Emoji,
    File,
    Hyper,
    Image,
    Keyboard,
    Other,
    Reference,
    RefNode,
    Reply,
    SupportScope,
    Target,
    Text,
    UniMessage,
    Video,
    Voice,
    at_me,
    get_target,
    image_fetch,
    message_reaction,
    message_recall,
    on_alconna,
)
from nonebot_plugin_alconna.uniseg import reply_fetch  # noqa: E402
from nonebot_plugin_alconna.uniseg.adapters import alter_get_fetcher  # noqa: E402

OPUS = b"OggS" + bytes(24) + b"OpusHead" + bytes(40)
MP4 = bytes(4) + b"ftypisom" + bytes(40)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
OPS = {}

greet = on_alconna(Alconna("/greet", Args["name", str]), priority=1, block=True)


@greet.handle()
async def _(name: str):
    await greet.finish(f"done: hello {name}")


def op(function):
    OPS[f"/{function.__name__}"] = function
    return function


def sends(name: str, make):
    """An operation that sends one message."""

    async def send(bot: Bot, event: Event, args: list[str]):
        await make(event, args).send()

    OPS[f"/{name}"] = send


sends("text", lambda event, args: UniMessage("hello"))
sends("at", lambda event, args: UniMessage(At("user", event.get_user_id())))
sends("at_all", lambda event, args: UniMessage(AtAll()))
sends("mixed", lambda event, args: UniMessage([Text("before"), Image(raw=PNG), Text("after")]))
sends("image", lambda event, args: UniMessage(Image(raw=PNG)))
sends("image_url", lambda event, args: UniMessage(Image(url=args[0])))
sends("voice", lambda event, args: UniMessage(Voice(raw=OPUS, duration=1.5)))
sends("mp3", lambda event, args: UniMessage(Audio(raw=b"ID3" + bytes(30), name="song.mp3")))
sends("video", lambda event, args: UniMessage(Video(raw=MP4, thumbnail=Image(raw=PNG), duration=2.0)))
sends("file", lambda event, args: UniMessage(File(raw=b"words", name="notes.txt")))
sends("emoji", lambda event, args: UniMessage([Text("well "), Emoji("SMILE")]))
sends(
    "styles",
    lambda event, args: UniMessage(
        [Text("a "), Text("b").bold(), Text(" c").italic(), At("user", event.get_user_id())]
    ),
)
sends("link", lambda event, args: UniMessage([Text("see "), Text("https://example.com/a").link()]))
sends(
    "card",
    lambda event, args: UniMessage(
        Hyper("json", content={"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}})
    ),
)
sends("button", lambda event, args: UniMessage([Text("Sure?"), Button("action", "Yes", id="yes", style="primary")]))
sends(
    "keyboard",
    lambda event, args: UniMessage(
        Keyboard(
            [Button("action", str(n), id=f"n{n}") for n in range(3)] + [Button("link", "go", url="https://x.y")], row=2
        )
    ),
)
sends("forward", lambda event, args: UniMessage(Reference(nodes=[RefNode(each) for each in args])))
sends(
    "story",
    lambda event, args: UniMessage(
        Reference(nodes=[CustomNode("1", "Ann", "one"), CustomNode("2", "Bob", UniMessage.text("two"))])
    ),
)
sends("role", lambda event, args: UniMessage([Text("to "), At("role", "admins")]))
sends("unknown_emoji", lambda event, args: UniMessage([Text("hm "), Emoji("424", "shrug")]))


@op
async def voice_length(bot: Bot, event: Event, args: list[str]):
    [segment] = await UniMessage(Voice(raw=OPUS, duration=1.5)).export()
    return segment.data["duration"]


@op
async def quote(bot: Bot, event: Event, args: list[str]):
    await UniMessage("quoting").send(reply_to=True)


@op
async def recall(bot: Bot, event: Event, args: list[str]):
    await (await UniMessage("gone").send()).recall()


@op
async def recall_all(bot: Bot, event: Event, args: list[str]):
    await (await UniMessage([Text("gone"), File(raw=b"x", name="x.txt")]).send()).recall()


@op
async def edit(bot: Bot, event: Event, args: list[str]):
    await (await UniMessage("draft").send()).edit("final")


@op
async def receipt_reply(bot: Bot, event: Event, args: list[str]):
    await (await UniMessage("first").send()).reply("second")


@op
async def react(bot: Bot, event: Event, args: list[str]):
    await (await UniMessage("react to this").send()).reaction("THUMBSUP")


@op
async def unreact(bot: Bot, event: Event, args: list[str]):
    receipt = await UniMessage("react to this").send()
    await receipt.reaction("THUMBSUP")
    await receipt.reaction("THUMBSUP", delete=True)


@op
async def react_event(bot: Bot, event: Event, args: list[str]):
    await message_reaction("👍")


@op
async def recall_event(bot: Bot, event: Event, args: list[str]):
    await message_recall(args[0])


@op
async def is_at_me(bot: Bot, event: Event, args: list[str]):
    return await at_me()(bot, event, {})


@op
async def quoted(bot: Bot, event: Event, args: list[str]):
    reply = await reply_fetch()
    assert reply is not None
    return f"{reply.id} {reply.msg if isinstance(reply.msg, str) else reply.msg.extract_plain_text()}"


@op
async def by_scope(bot: Bot, event: Event, args: list[str]):
    await Target(args[0], scope=SupportScope.feishu).send("by scope")


@op
async def by_adapter(bot: Bot, event: Event, args: list[str]):
    await Target(args[0], private=True, adapter="Feishu").send("by adapter")


@op
async def stored(bot: Bot, event: Event, args: list[str]):
    target = Target.load(json.loads(json.dumps(get_target().dump())))
    await target.send("from a stored target")


@op
async def target(bot: Bot, event: Event, args: list[str]):
    found = get_target()
    return f"{found.id} {found.private} {found.self_id}"


@op
async def places(bot: Bot, event: Event, args: list[str]):
    fetcher = alter_get_fetcher("Feishu")
    assert fetcher is not None
    await fetcher.refresh(bot)
    return sorted(each.id for each in fetcher.cache[bot.self_id])


@op
async def again(bot: Bot, event: Event, args: list[str]):
    """A stored message of every kind of text, loaded and sent."""
    message = UniMessage([Text("kept "), At("user", event.get_user_id())])
    await UniMessage.load(message.dump(json=True)).send()


def plain(segment) -> list:
    """A received segment in JSON."""
    if isinstance(segment, Text):
        return ["text", segment.text]
    if isinstance(segment, Other):
        return ["other", segment.origin.type]
    if isinstance(segment, (Audio, Video)):
        return [segment.type, segment.id, segment.url, segment.duration]
    if isinstance(segment, At):
        return ["at", segment.target]
    if isinstance(segment, Reply):
        return ["reply", segment.id]
    names = [getattr(segment, name, None) for name in ("id", "url", "name", "sticker", "format")]
    return [segment.type, *(each for each in names if each is not None)]


whatever = on_message(priority=50, block=False)


@whatever.handle()
async def _(bot: Bot, event: Event):
    message = event.get_message()
    words = event.get_plaintext().split()
    try:
        if words and words[0] in OPS:
            said = await OPS[words[0]](bot, event, words[1:])
        elif words and words[0] == "/fetch":
            return
        else:
            segments = UniMessage.of(message)
            said = json.dumps([plain(each) for each in segments])
            if segments.has(Image) and not segments[Image, 0].sticker:
                image = await image_fetch(event, bot, {}, segments[Image, 0])
                said = f"{said} {len(image) if image else image}"
    except Exception as error:  # noqa: BLE001 - the cell tells what went wrong
        await bot.send(event, f"failed: {type(error).__name__}: {error}")
        return
    await bot.send(event, f"done: {said}")
