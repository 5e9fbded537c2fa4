"""What the cells of userinfo do; nothing here knows an adapter."""

import json

from nonebot import on_message, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_userinfo")
from nonebot_plugin_userinfo import get_user_info  # noqa: E402

whatever = on_message(priority=50, block=False)


@whatever.handle()
async def _(bot: Bot, event: Event):
    command, *args = event.get_plaintext().split() or [""]
    if command not in ("/who", "/bot"):
        return
    user_id = bot.self_id if command == "/bot" else (args or [event.get_user_id()])[0]
    try:
        found = await get_user_info(bot, event, user_id)
        avatar = found and found.user_avatar and found.user_avatar.get_url()
        said = json.dumps(found and {**found.model_dump(mode="json"), "user_avatar": avatar}, ensure_ascii=False)
    except Exception as error:  # noqa: BLE001 - the cell tells what went wrong
        await bot.send(event, f"failed: {type(error).__name__}: {error}")
        return
    await bot.send(event, f"done: {said}")
