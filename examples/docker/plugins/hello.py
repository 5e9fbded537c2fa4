"""Answers ``/hello``."""

from nonebot import on_command
from nonebot.rule import to_me

from nonebot_adapter_feishu_ws import MessageEvent, MessageSegment

hello = on_command("hello", rule=to_me())


@hello.handle()
async def _(event: MessageEvent) -> None:
    await hello.finish(MessageSegment.at(event.get_user_id()) + " hello from a container")
