"""Segments: what comes in and what goes out; written for nonebot-adapter-feishu."""

from nonebot import on_command, on_message
from nonebot.adapters import Message as BaseMessage
from nonebot.adapters.feishu import Bot, Message, MessageEvent, MessageSegment
from nonebot.params import CommandArg

picture = on_command("picture", priority=10, block=True)


@picture.handle()
async def _(bot: Bot, event: MessageEvent):
    uploaded = await bot.call_api(
        "im/v1/images", method="POST", data={"image_type": "message"}, files={"image": b"\x89PNG..."}
    )
    key = uploaded["data"]["image_key"]
    await picture.send(MessageSegment.image(key))
    await picture.send("see " + MessageSegment.at(event.get_user_id()) + " this")


said = on_command("say", priority=10, block=True)


@said.handle()
async def _(args: BaseMessage = CommandArg()):
    message = Message(args.extract_plain_text())
    message.append(MessageSegment.text("!"))
    await said.finish(message)


received = on_message(priority=20)


@received.handle()
async def _(event: MessageEvent):
    parts = [
        f"{segment.type}:{segment.data.get('image_key') or segment.data.get('file_key')}"
        for segment in event.get_message()
        if segment.type in ("image", "file", "audio")
    ]
    if parts:
        await received.finish(" ".join(parts))


card = on_command("card", priority=10, block=True)


@card.handle()
async def _():
    elements = [{"tag": "div", "text": {"tag": "plain_text", "content": "on a card"}}]
    header = {"title": {"tag": "plain_text", "content": "A card"}}
    await card.finish(MessageSegment.interactive(header, {"wide_screen_mode": True}, elements))
