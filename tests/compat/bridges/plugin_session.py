"""What the cells of session do; nothing here knows an adapter."""

import json

from nonebot import on_message, on_notice, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_session")
from nonebot_plugin_session import SessionIdType, extract_session  # noqa: E402

whatever = on_message(priority=50, block=False)
happened = on_notice(priority=50, block=False)


def shown(bot: Bot, event: Event) -> str:
    session = extract_session(bot, event)
    ids = {"USER": session.get_id(SessionIdType.USER), "GROUP": session.get_id(SessionIdType.GROUP)}
    return json.dumps({**session.model_dump(mode="json"), **ids})


@whatever.handle()
async def _(bot: Bot, event: Event):
    if event.get_plaintext().split() == ["/session"]:
        await bot.send(event, f"done: {shown(bot, event)}")


@happened.handle()
async def _(bot: Bot, event: Event):
    body = json.dumps({"text": f"done: {shown(bot, event)}"})
    await bot.call_api(
        "im/v1/messages",
        method="POST",
        query={"receive_id_type": "chat_id"},
        body={"receive_id": event.event.chat_id, "msg_type": "text", "content": body},
    )
