"""nonebot-plugin-chatrecorder: what was said in this chat, by people and by the bot."""

from nonebot import on_command, require
from nonebot.adapters import Bot, Event

require("nonebot_plugin_chatrecorder")
require("nonebot_plugin_uninfo")
from nonebot_plugin_chatrecorder import get_message_records, get_messages
from nonebot_plugin_uninfo import Uninfo

hello = on_command("hello")
records = on_command("records")


@hello.handle()
async def _():
    await hello.finish("hello yourself")


@records.handle()
async def _(bot: Bot, event: Event, session: Uninfo):
    found = sorted(await get_message_records(session=session, filter_user=False), key=lambda record: record.time)
    lines = [f"{record.type}: {record.plain_text}" for record in found[:2]]
    modules = {type(message).__module__.partition(".")[0] for message in await get_messages(session=session)}
    await records.finish("\n".join([*lines, f"of {', '.join(modules)}"]))
