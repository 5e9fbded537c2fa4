"""What the cells of uninfo do; nothing here knows an adapter."""

import json

from nonebot import on_message, on_notice, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_alconna")
require("nonebot_plugin_uninfo")
from nonebot_plugin_alconna import UniMessage  # noqa: E402
from nonebot_plugin_uninfo import SceneType, Session, get_interface, get_session  # noqa: E402
from nonebot_plugin_uninfo.target import to_target  # noqa: E402

OPS = {}
notices: dict[str, object] = {}


def op(function):
    OPS[f"/{function.__name__}"] = function
    return function


@op
async def session(bot: Bot, event: Event, args: list[str]):
    found = await get_session(bot, event)
    return json.dumps(found and found.dump(), ensure_ascii=False)


@op
async def loaded(bot: Bot, event: Event, args: list[str]):
    found = await get_session(bot, event)
    assert found is not None
    again = Session.load(json.loads(json.dumps(found.dump())))
    return f"{again == found} {again.id} {again.scope}"


@op
async def to_scene(bot: Bot, event: Event, args: list[str]):
    found = await get_session(bot, event)
    assert found is not None
    await UniMessage("by scene").send(to_target(found))


def interface(bot: Bot):
    found = get_interface(bot)
    assert found is not None
    return found


def shown(found) -> str:
    return json.dumps(found and found.dump(), ensure_ascii=False)


@op
async def user(bot: Bot, event: Event, args: list[str]):
    return shown(await interface(bot).get_user(args[0]))


@op
async def group(bot: Bot, event: Event, args: list[str]):
    return shown(await interface(bot).get_scene(SceneType.GROUP, args[0]))


@op
async def friend(bot: Bot, event: Event, args: list[str]):
    return shown(await interface(bot).get_scene(SceneType.PRIVATE, args[0]))


@op
async def topic(bot: Bot, event: Event, args: list[str]):
    return shown(await interface(bot).get_scene(SceneType.CHANNEL_TEXT, args[0]))


@op
async def member(bot: Bot, event: Event, args: list[str]):
    return shown(await interface(bot).get_member(SceneType.GROUP, *args))


@op
async def topic_members(bot: Bot, event: Event, args: list[str]):
    found = await interface(bot).get_members(SceneType.CHANNEL_TEXT, args[0])
    return json.dumps({member.id: member.user.name for member in found})


@op
async def members(bot: Bot, event: Event, args: list[str]):
    found = await interface(bot).get_members(SceneType.GROUP, args[0])
    return json.dumps({each.id: [each.user.name, each.role and each.role.id] for each in found}, ensure_ascii=False)


@op
async def groups(bot: Bot, event: Event, args: list[str]):
    return [each.id for each in await interface(bot).get_scenes(SceneType.GROUP)]


@op
async def users(bot: Bot, event: Event, args: list[str]):
    return [each.id for each in await interface(bot).get_users()]


@op
async def noticed(bot: Bot, event: Event, args: list[str]):
    return json.dumps(notices.get(args[0]), ensure_ascii=False)


whatever = on_message(priority=50, block=False)
happened = on_notice(priority=50, block=False)


@happened.handle()
async def _(bot: Bot, event: Event):
    found = await get_session(bot, event)
    notices[event.get_event_name()] = found and found.dump()
    chat_id = getattr(event, "chat_id", None) or event.event.chat_id
    body = json.dumps({"text": f"done: {shown(found)}"}, ensure_ascii=False)
    await bot.call_api(
        "im/v1/messages",
        method="POST",
        query={"receive_id_type": "chat_id"},
        body={"receive_id": chat_id, "msg_type": "text", "content": body},
    )


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
