"""Frames of the page on assistants: each plugin in a conversation."""

from dataclasses import replace
from typing import Any

from nonebot_adapter_feishu_ws.card import card_text
from tests.docs.bench import Bench, frame
from tests.docs.blocks import Block
from tests.docs.frames import answer, bot, other, picture, replies, until
from tests.examples.fake_model import fake_model


@frame("own-topic")
async def _topic(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.group()
    [opened] = await replies(chat, "@Bot hello")
    await chat.say("more", reply_to=opened)
    followed = await answer(chat)
    assert followed.text.endswith("more")
    assert followed.message.thread_id == opened.message.thread_id


@frame("session-lock")
async def _lock(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    await replies(chat, "/think 1")
    [_, done] = await replies(chat, "/think 2", count=2)
    assert done.text in ("done", "完成")
    await chat.no_reply()


@frame("live-card")
async def _live(bench: Bench, block: Block) -> None:
    bench.load(block)
    [reply] = await replies(bench.private_chat(), "/build")
    await until(lambda: card_text(reply.card).splitlines()[0] in ("**done**", "**完成**"))
    assert "100 %" in reply.text
    assert "https://example.com/log" in reply.text


@frame("attachments")
async def _attachments(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    await chat.send_file(picture(), name="dot.png", kind="image")
    assert "image/png" in (await answer(chat)).text
    await chat.send_file(b"OggS and more", kind="audio")
    assert "13 " in (await answer(chat)).text


@frame("text-of")
async def _text_of(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    await bot().send_stream(_event(chat), _pieces())
    streamed = await answer(chat)
    await chat.say("why?", reply_to=streamed)
    assert "the *answer*" in (await answer(chat)).text


@frame("confirm")
async def _confirm(bench: Bench, block: Block) -> None:
    bench.load(block)
    chat = bench.private_chat()
    yes, done = ("同意", "已发布") if block.language == "zh" else ("Approve", "deployed")
    [question] = await replies(chat, "/deploy-now")
    click = await question.click(yes)
    assert click.toast is not None
    assert (await answer(chat)).text == done


async def _pieces() -> Any:
    yield "the "
    yield "*answer*"


def _event(chat: Any) -> Any:
    from nonebot_adapter_feishu_ws.testing import make_private_message

    return make_private_message("hi", chat_id=chat.chat.chat_id)


@frame("tutorial-assistant")
async def _tutorial(bench: Bench, block: Block) -> None:
    """The file as it is after step 6."""
    module = bench.load(replace(block, text=f"{other(block, 'ask').text}\n\n{block.text}"))
    chat = bench.group()
    async with fake_model() as model:
        module.config = module.Config(llm_base_url=model.url, llm_api_key="sk-1", llm_model="m")
        model.answer = "A physicist."
        [opened] = await replies(chat, "@Bot Who was Newton?")
        await until(lambda: "A physicist." in opened.text and not opened.card["config"]["streaming_mode"])
        await chat.say("And when did he live?", reply_to=opened)
        followed = await answer(chat)
        assert followed.message.thread_id == opened.message.thread_id
        await until(lambda: "A physicist." in followed.text and not followed.card["config"]["streaming_mode"])
    asked = model.requests[1]["messages"][-1]["content"].split("\n")
    assert asked == ["", "User: Who was Newton?", "Assistant: A physicist.", "User: And when did he live?", ""]
