"""What the cells of saa do; nothing here knows an adapter."""

import json

from nonebot import on_message, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_saa")
from nonebot_plugin_saa import (  # noqa: E402
    AggregatedMessageFactory,
    Image,
    Mention,
    MentionAll,
    MessageFactory,
    PlatformTarget,
    Reply,
    TargetFeishuPrivate,
    Text,
    enable_auto_select_bot,
    extract_target,
)
from nonebot_plugin_saa.auto_select_bot import refresh_bots  # noqa: E402
from nonebot_plugin_saa.registries import Receipt, get_message_id  # noqa: E402

enable_auto_select_bot()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
OPS = {}


def op(function):
    OPS[f"/{function.__name__}"] = function
    return function


@op
async def text(bot: Bot, event: Event, args: list[str]):
    await Text("hello").send()


@op
async def mixed(bot: Bot, event: Event, args: list[str]):
    await MessageFactory([Text("before"), Image(PNG), Text("after")]).send()


@op
async def image_url(bot: Bot, event: Event, args: list[str]):
    await Image(args[0]).send()


@op
async def mention(bot: Bot, event: Event, args: list[str]):
    await Mention(event.get_user_id()).send()


@op
async def mention_all(bot: Bot, event: Event, args: list[str]):
    await MentionAll().send()


@op
async def at_sender(bot: Bot, event: Event, args: list[str]):
    await Text("you").send(at_sender=True, reply=True)


@op
async def reply(bot: Bot, event: Event, args: list[str]):
    first = await Text("first").send()
    await MessageFactory([Reply(first.extract_message_id()), Text("second")]).send()


@op
async def revoke(bot: Bot, event: Event, args: list[str]):
    await (await Text("gone").send()).revoke()


@op
async def revoke_stored(bot: Bot, event: Event, args: list[str]):
    receipt = await Text("gone").send()
    await Receipt.deserialize(receipt.model_dump_json()).revoke()


@op
async def several(bot: Bot, event: Event, args: list[str]):
    await AggregatedMessageFactory([Text("one"), Text("two")]).send()


@op
async def message_id(bot: Bot, event: Event, args: list[str]):
    found = get_message_id(event)
    return found and found.model_dump_json()


@op
async def target(bot: Bot, event: Event, args: list[str]):
    return extract_target(event, bot).model_dump_json()


@op
async def stored(bot: Bot, event: Event, args: list[str]):
    kept = extract_target(event, bot).model_dump_json()
    await Text("from a stored target").send_to(PlatformTarget.deserialize(json.loads(kept)), bot)


@op
async def auto(bot: Bot, event: Event, args: list[str]):
    await refresh_bots()
    await Text("bot chosen").send_to(extract_target(event, bot))


@op
async def auto_private(bot: Bot, event: Event, args: list[str]):
    await refresh_bots()
    await Text("bot chosen").send_to(TargetFeishuPrivate(open_id=args[0]))


whatever = on_message(priority=50, block=False)


@whatever.handle()
async def _(bot: Bot, event: Event):
    words = event.get_plaintext().split()
    if not words or words[0] not in OPS:
        return
    try:
        said = await OPS[words[0]](bot, event, words[1:])
    except Exception as error:  # noqa: BLE001 - the cell tells what went wrong
        await bot.send(event, f"failed: {type(error).__name__}: {error}")
        return
    await bot.send(event, f"done: {said}")
