"""Frames of the cookbook: each plugin in a conversation."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.docs.bench import APP, Bench, frame
from tests.docs.blocks import Block
from tests.docs.frames import answer, bot, replies, until


@frame("approval")
async def _approval(bench: Bench, block: Block) -> None:
    bench.load(block)
    zh = block.language == "zh"
    yes, done, own = ("同意", "已同意", "不能审批自己") if zh else ("Approve", "Approved", "Somebody else")
    chat = bench.group("Asker", "Boss")
    boss = chat.as_user(f"Boss {bench.count}")
    [usage] = await replies(chat, "/leave")
    assert "/leave" in usage.text
    [mine] = await replies(chat, "/leave dentist")
    click = await mine.click(yes)
    assert click.toast is not None
    assert own in click.toast["content"]
    await answer(boss)  # how to use it
    await (await answer(boss)).click(yes)
    await until(lambda: done in mine.text)
    assert "dentist" in mine.text


@frame("digest")
async def _digest(bench: Bench, block: Block) -> None:
    module, chat = bench.load(block), bench.group("Talker")
    for _ in range(2):
        await chat.say("@Bot hello")
    await until(lambda: module.said.get(chat.chat.chat_id, {}).get(chat.user.open_id) == 2)
    await module.send_digest(bot())
    assert f"{chat.user.name}: 2" in (await answer(chat)).text
    assert not module.said


@frame("convert")
async def _convert(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    await chat.send_file(b"name,price\nTea,3\n", name="prices.csv")
    reply = await answer(chat)
    stored = bench.sandbox.world.files[json.loads(reply.message.content)["file_key"]]
    assert stored.name == "prices.json"
    assert json.loads(stored.content) == [{"name": "Tea", "price": "3"}]


@frame("manager")
async def _manager(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.group("Owner", "Member")
    member = bench.user(f"Member {bench.count}")
    bench.do(chat.chat.managers.append, APP)
    await bench.run(bench.sandbox.join(bench.user("Newcomer"), chat.chat))
    assert "Newcomer" in (await answer(chat)).text
    await replies(chat, "/rename New name")
    assert chat.chat.name == "New name"
    await replies(chat, f"/remove @{member.name}")
    assert member.open_id not in chat.chat.members


@asynccontextmanager
async def model_with_tools(asked: list[dict[str, Any]]) -> AsyncIterator[str]:
    """A model that asks who is here, and says what it was told."""

    async def complete(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append(body)
        last = body["messages"][-1]
        if last["role"] == "tool":
            message: dict[str, Any] = {"role": "assistant", "content": f"I see {last['content']}"}
        else:
            call = {"id": "1", "type": "function", "function": {"name": "who_is_here", "arguments": "{}"}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return web.json_response({"choices": [{"message": message}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


@frame("assistant")
async def _assistant(bench: Bench, block: Block) -> None:
    module, chat = bench.load(block), bench.group("Amy", "Bert")
    asked: list[dict[str, Any]] = []
    async with model_with_tools(asked) as url:
        module.config = module.Config(llm_base_url=url)
        [first] = await replies(chat, "@Bot who is here?")
        assert f"Bert {bench.count}" in first.text
        await replies(chat, "@Bot and now?")
    assert [each["role"] for each in asked[2]["messages"]] == ["user", "assistant", "user"]


@frame("say")
async def _say(bench: Bench, block: Block) -> None:
    bench.load(block)
    [reply] = await replies(bench.private_chat(), "/say hi")
    assert reply.text == "hi"
