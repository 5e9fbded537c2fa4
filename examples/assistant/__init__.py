"""An assistant: tools, memory, streaming with a stop button, approval, images and files, topics without an @."""

import base64
from datetime import datetime
from typing import Any

from nonebot import on_message

from nonebot_adapter_feishu_ws import Bot, MessageEvent, PrivateMessageEvent
from nonebot_adapter_feishu_ws.dialog import Choice
from nonebot_adapter_feishu_ws.params import Attachment, Attachments
from nonebot_adapter_feishu_ws.rule import in_my_topic
from nonebot_adapter_feishu_ws.stream import Stream

from .model import Call, Thought, complete

Said = dict[str, Any]
memory: dict[str, list[Said]] = {}  # conversation -> its messages; gone after a restart
chat = on_message(rule=in_my_topic(or_to_me=True), priority=50, block=True)


async def clock(bot: Bot, event: MessageEvent) -> str:
    return f"{datetime.now():%H:%M}"


async def publish(bot: Bot, event: MessageEvent, version: str) -> str:
    buttons = {"yes": "Approve 同意", "session": Choice("This session 本次会话", "session"), "no": "Reject 拒绝"}
    answer = await bot.confirm(
        event, f"Publish **{version}**? 是否发布？", buttons=buttons, about="publish", reply_in_thread=in_group(event)
    )
    return f"{version} published 已发布" if answer.choice in ("yes", "session") else f"{version} not published 未发布"


TOOLS = {"clock": clock, "publish": publish}


def in_group(event: MessageEvent) -> bool:
    return not isinstance(event, PrivateMessageEvent)


def conversation(event: MessageEvent) -> str:
    """A private chat; in a group, a topic together with the question that opened it."""
    return event.event.message.root_id or event.message_id if in_group(event) else event.session("chat")


async def transcribe(voice: Attachment) -> str:
    """Stands for your speech recognition."""
    return f"({voice.duration} s of speech)"


def said(role: str, texts: list[str], images: list[str] | None = None) -> Said:
    """A message in the form of OpenAI's chat completions."""
    parts: list[Said] = [{"type": "text", "text": text} for text in texts if text]
    return {"role": role, "content": parts + [{"type": "image_url", "image_url": {"url": url}} for url in images or []]}


async def question_of(bot: Bot, event: MessageEvent, attachments: list[Attachment]) -> Said:
    """What the model reads: the quoted text, the message's own, voice, images, and files of text."""
    texts, images = [await bot.text_of(event.reply), event.get_plaintext().strip()], list[str]()
    for it in attachments:
        if it.kind == "image":
            data = base64.b64encode(await it.read()).decode()
            images.append(f"data:{it.mime};base64,{data}")
        elif it.mime.startswith("text/"):
            texts.append(f"{it.name}:\n{(await it.read()).decode('utf-8', 'replace')}")
        else:
            texts.append(it.text or f"({it.kind} {it.name})")
    return said("user", texts, images)


@chat.handle()
async def _(bot: Bot, event: MessageEvent, attachments: list[Attachment] = Attachments(transcribe=transcribe)):
    question, key = await question_of(bot, event, attachments), conversation(event)
    stream = bot.stream(event, stop=True, elapsed=True, reply_in_thread=in_group(event))
    async with bot.session_lock(key, when_busy="interrupt"), stream:
        past = memory.pop(key, [])
        try:
            await answer(bot, event, stream, [*past, question])
        finally:  # also when it was stopped, or interrupted by the next question
            memory[key] = [*past, question, said("assistant", [stream.text])][-20:]
            if len(memory) > 1000:
                del memory[next(iter(memory))]  # the one that was silent for longest


async def answer(bot: Bot, event: MessageEvent, stream: Stream, messages: list[Said]) -> None:
    """Let the model speak and use its tools until it wants none."""
    await stream.status("Thinking… 思考中…" if event.attempt == 1 else "Going on after a restart… 重启后继续…")
    await stream.footer("stand-in-1")
    for _round in range(5):  # a model must not call tools for ever
        calls: list[Call] = []
        async for piece in complete(messages):
            if isinstance(piece, Call):
                calls.append(piece)
            else:
                await (stream.think(piece) if isinstance(piece, Thought) else stream.write(piece))
        for call in calls:
            async with stream.tool(call.name, call.args) as shown:
                result = await TOOLS[call.name](bot, event, **call.args)
                shown.result(result)
            messages.append(said("tool", [result]))
        if not calls:
            return
