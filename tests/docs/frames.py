"""Frames of the Python blocks: what a fragment needs, and a conversation that uses what a plugin answers."""

import asyncio
import io
import os
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import nonebot
import pytest
from nonebot.log import logger

from nonebot_adapter_feishu_ws import Adapter, Bot
from nonebot_adapter_feishu_ws.card import Button, Card, CardError, Column, Columns, Form, Input, Markdown
from nonebot_adapter_feishu_ws.sandbox.fixture.chat import Reply, TestChat
from tests.docs.bench import APP, Bench, frame
from tests.docs.blocks import Block, blocks_of
from tests.examples.fake_model import fake_model


def picture() -> bytes:
    """A PNG of one pixel."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"\0\0")) + part(b"IEND", b"")


async def answer(chat: TestChat) -> Reply:
    """The next answer, with patience for a busy machine."""
    return await chat.reply(timeout=30)


async def replies(chat: TestChat, said: str, count: int = 1) -> list[Reply]:
    """Say something, and take so many answers."""
    await chat.say(said)
    return [await answer(chat) for _ in range(count)]


def bot() -> Any:
    """The bot of the bench."""
    return nonebot.get_bot(APP)


# README


@frame("hello")
async def _hello(bench: Bench, block: Block) -> None:
    bench.load(block)
    [private] = await replies(bench.private_chat(), "/hello world")
    [group] = await replies(bench.group(), "@Bot /hello world")
    assert all(each.text.endswith(" world") for each in (private, group)), (private, group)


# Cards


@frame("card")
async def _card(bench: Bench, block: Block) -> None:
    bench.load(block)
    [reply] = await replies(bench.private_chat(), "/deploy")
    assert "v1.2" in reply.text
    assert reply.card["schema"] == "2.0"


@frame("card-form")
async def _form(bench: Bench, block: Block) -> None:
    made = await bench.execute(block)
    Card([made["form"]]).validate()


@frame("card-table")
async def _table(bench: Bench, block: Block) -> None:
    made = await bench.execute(block)
    Card([made["table"]]).validate()


@frame("card-error")
async def _error(bench: Bench, block: Block) -> None:
    """The text that the card of the guide's example gives."""
    field = Input("x", name="x")
    form = Form("f", [field, Button("go", name="go", form_action_type="submit")])
    card = Card([Button("nothing"), Markdown("x"), Columns([Column([form])])])
    with pytest.raises(CardError) as caught:
        card.validate()
    assert str(caught.value).strip() == block.text.strip()


@frame("card-response")
async def _response(bench: Bench, block: Block) -> None:
    response = (await bench.execute(block))["response"]
    assert response.keys() == {"toast", "card"}
    assert response["toast"]["type"] == "success"


# Connections


@frame("state-hook")
async def _state(bench: Bench, block: Block) -> None:
    """The bot is sent away, and its hook runs."""
    out = io.StringIO()
    with redirect_stdout(out):
        bench.load(block)
        bench.sandbox.faults.add("discovery", status=500, times=20)
        await bench.run(bench.sandbox.disconnect(APP))
        async with asyncio.timeout(30):
            while APP not in out.getvalue():
                await asyncio.sleep(0.01)
        bench.do(bench.sandbox.clear_faults)
        await nonebot.get_adapter(Adapter).connections.connect(APP)
    await bench.run(bench.sandbox.wait_connected(APP))


@frame("for-tenant")
async def _tenant(bench: Bench, block: Block) -> None:
    chat = bench.group()
    text = block.text.replace("oc_...", chat.chat.chat_id)
    await bench.in_handler(replace(block, text=text), chat, tenant_key="a-tenant")


# Errors


@frame("errors")
async def _errors(bench: Bench, block: Block) -> None:
    """A chat that is gone, a scope that is missing, a refusal."""
    lines: list[str] = []
    module, chat = bench.load(block), bench.group()
    sink = logger.add(lines.append, level="WARNING", format="{message}")
    for code, words in ((230002, ""), (99991672, "im:message"), (230001, "230001")):
        module.subscribers = {chat.chat.chat_id}
        bench.sandbox.faults.add("im/v1/messages", code=code, times=1)
        await module.notify(bot(), "hi")
        assert bool(module.subscribers) == bool(words), code
    logger.remove(sink)
    assert len(lines) == 2, lines
    module.subscribers = {chat.chat.chat_id}
    await module.notify(bot(), "hi")
    await answer(chat)


# Events


@frame("welcome")
async def _welcome(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.group()
    await bench.run(bench.sandbox.join(bench.user("Newcomer"), chat.chat))
    assert "Newcomer" in (await answer(chat)).text


@frame("survey")
async def _survey(bench: Bench, block: Block) -> None:
    made = await bench.execute(block)
    header = {"event_id": "e", "event_type": "survey.answer.created_v1", "create_time": "1", "app_id": APP}
    event = Adapter.json_to_event({"schema": "2.0", "header": header, "event": {"answer": "yes"}})
    assert isinstance(event, made["SurveyEvent"])
    assert event.answer == "yes"


# Handlers


@frame("permission")
async def _permission(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.group("Owner", "Member")
    await replies(chat, "/close")
    other = chat.as_user(f"Member {bench.count}")
    await other.say("/close")
    await other.no_reply()


@frame("rules")
async def _rules(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    sent = await bot().send_to(chat.chat.chat_id, "x")
    reply = await answer(chat)
    assert reply.message.message_id == sent["message_id"]
    await reply.react("THUMBSUP")
    await answer(chat)
    await bench.run(bench.sandbox.click_menu(chat.user, APP, "help"))
    assert "/weather" in (await answer(chat)).text


@frame("params")
async def _params(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    await chat.send_file(b"what is in it", name="notes.txt")
    await chat.no_reply(timeout=30)
    assert Path("received", chat.user.open_id, "notes.txt").read_bytes() == b"what is in it"


@frame("restart")
async def _restart(bench: Bench, block: Block) -> None:
    """A superuser says it; the process is not really replaced."""
    calls: list[list[str]] = []
    module, chat = bench.load(block), bench.private_chat()
    real = os.execv
    os.execv = lambda path, arguments: calls.append(arguments)  # type: ignore[assignment,return-value]
    nonebot.get_driver().config.superusers.add(chat.user.open_id)
    try:
        await chat.say("/restart")
        await answer(chat)
        async with asyncio.timeout(30):
            while not calls:
                await asyncio.sleep(0.01)
    finally:
        os.execv = real
    assert calls == [[sys.executable, *sys.argv]]
    assert module.os is os


@frame("click")
async def _click(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    await bot().send_to(chat.chat.chat_id, Card([Button("Approve", value={"action": "approve"})]))
    shown = await answer(chat)
    await shown.click("Approve")
    async with asyncio.timeout(30):  # a card that comes too late for the click replaces the old one
        while "Approve" in shown.text:
            await asyncio.sleep(0.02)


# Messages


@frame("send-back")
async def _send_back(bench: Bench, block: Block) -> None:
    made, chat = await bench.execute(block), bench.private_chat()
    nonebot.on_message().append_handler(made["send_back"])
    await chat.send_file(b"content", name="a.txt")
    assert (await answer(chat)).message.msg_type == "file"


@frame("summarize")
async def _summarize(bench: Bench, block: Block) -> None:
    made, chat = await bench.execute(block), bench.private_chat()
    await chat.say("one")
    await chat.no_reply(timeout=30)
    [said] = chat._said
    nonebot.on_message().append_handler(made["summarize"])
    with redirect_stdout(io.StringIO()) as out:
        await bench.run(bench.sandbox.forward(chat.user, chat.chat, [said]))
        assert "one" in (await answer(chat)).text
    assert "one" in out.getvalue()


@frame("send-report")
async def _send_report(bench: Bench, block: Block) -> None:
    made, chat = await bench.execute(block), bench.private_chat()
    Path("report.pdf").write_bytes(b"%PDF-1.4")
    Path("log.txt").write_bytes(b"log")
    with redirect_stdout(io.StringIO()) as out:
        await bench.handling(chat, lambda given: made["send_report"](given["bot"], given["event"]))
    assert "8" in out.getvalue()
    assert [(await answer(chat)).message.msg_type for _ in range(2)] == ["file", "file"]


@frame("weather")
async def _weather(bench: Bench, block: Block) -> None:
    bench.load(block)
    [reply] = await replies(bench.group(), "/天气 Paris" if block.language == "zh" else "/weather Paris")
    assert "Paris" in reply.text
    assert reply.message.parent_id


# Sending


@frame("sending")
async def _sending(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.group()
    plain, quoted, topic, last = await replies(chat, "/hello", 4)
    assert not plain.message.parent_id
    assert quoted.message.parent_id
    assert topic.message.thread_id
    assert last.content[0].type == "at"


@frame("typed")
async def _typed(bench: Bench, block: Block) -> None:
    Path("picture.png").write_bytes(picture())
    bench.load(block)
    chat = bench.private_chat()
    await chat.say("/tour")
    kinds = [(await answer(chat)).message.msg_type for _ in range(5)]
    assert kinds == ["text", "text", "text", "interactive", "image"]
    async with asyncio.timeout(30):
        while not any(each.deleted for each in bench.sandbox.world.history(chat.chat.chat_id)):
            await asyncio.sleep(0.01)


@frame("lists")
async def _lists(bench: Bench, block: Block) -> None:
    with redirect_stdout(io.StringIO()) as out:
        made = await bench.in_handler(block, bench.group())
    assert "Team" in out.getvalue()
    assert made["newest"][0].body.content


@frame("anything")
async def _anything(bench: Bench, block: Block) -> None:
    made = await bench.in_handler(block, bench.group())
    assert made["body"]["code"] == 0


@frame("get-lark", slow=True)
async def _get_lark(bench: Bench, block: Block) -> None:
    import lark_oapi

    made = await bench.in_handler(block, bench.group())
    assert isinstance(made["lark"], lark_oapi.Client)


@frame("api-hook")
async def _hook(bench: Bench, block: Block) -> None:
    chat = bench.group()
    bench.load(block)
    with redirect_stdout(io.StringIO()) as out:
        await bot().im.create_message("chat_id", chat.chat.chat_id, "text", {"text": "x"})
    Bot._calling_api_hook.clear()
    assert chat.chat.chat_id in out.getvalue()


# Streaming


@frame("stream")
async def _stream(bench: Bench, block: Block) -> None:
    bench.load(block)
    await streamed(bench)


@frame("send-stream")
@frame("stop-button")
@frame("board")
async def _send_stream(bench: Bench, block: Block) -> None:
    """In place of the handler of the block before it."""
    bench.namespace = {key: value for key, value in bench.namespace.items() if key != "ask"}
    bench.namespace["ask"] = nonebot.on_command("ask")
    await bench.execute(block)
    with redirect_stdout(io.StringIO()):
        await streamed(bench)


async def streamed(bench: Bench) -> None:
    """Ask, and watch the card until it has the answer."""
    [reply] = await replies(bench.private_chat(), "/ask what is the capital of France?")
    async with asyncio.timeout(30):
        while not any(word in reply.text for word in ("Paris", "巴黎")):
            await asyncio.sleep(0.02)
    assert reply.message.msg_type == "interactive"


# Tutorial


@frame("parrot")
async def _parrot(bench: Bench, block: Block) -> None:
    bench.load(block)
    [reply] = await replies(bench.private_chat(), "hi")
    assert reply.text == "hi"


@frame("todo")
async def _todo(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    [how] = await replies(chat, "/add")
    assert "/add" in how.text
    [noted] = await replies(chat, "/add milk")
    assert "milk" in noted.text


@frame("todo-card")
async def _todo_card(bench: Bench, block: Block) -> None:
    """Both blocks of the file, as it is after step 3."""
    bench.load(replace(block, text=f"{other(block, 'todo').text}\n\n{block.text}"))
    chat = bench.private_chat()
    _, _, card = [(await replies(chat, each))[0] for each in ("/add milk", "/add tea", "/todo")]
    await card.click("✓ milk")
    await until(lambda: "milk" not in card.text and "tea" in card.text)
    await card.click("✓ tea")
    await until(lambda: "✓" not in card.text)


@frame("ask")
async def _ask(bench: Bench, block: Block) -> None:
    module = bench.load(block)
    async with fake_model() as model:
        model.answer = "Because of **Rayleigh**."
        module.config = module.Config(llm_base_url=model.url, llm_api_key="sk-1", llm_model="m")
        [reply] = await replies(bench.private_chat(), "/ask why is the sky blue?")
        await until(lambda: "Rayleigh" in reply.text)
        assert model.requests[0]["messages"][-1]["content"] == "why is the sky blue?"


def other(block: Block, name: str) -> Block:
    """Another block of the page, by its frame."""
    return next(each for each in blocks_of(block.page) if each.frame == name)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another task brings about."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)
