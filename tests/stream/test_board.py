"""Status, reasoning, tool calls and footer of a stream, by conversation."""

import asyncio
import json

import pytest

from nonebot_adapter_feishu_ws.card import check_card
from nonebot_adapter_feishu_ws.sending.words import WORDS
from nonebot_adapter_feishu_ws.stream.board import Board, Tool
from nonebot_adapter_feishu_ws.stream.layout import actions, render
from tests.conftest import wait_until

FAST = {"pace": 10}


def parts(card):
    """The elements of a card by their ids."""
    return {it["element_id"]: it for it in card["body"]["elements"]}


async def test_a_card_shows_what_happens_before_the_first_word(stage):
    async with stage() as s:
        async with s.bot.stream(s.event, **FAST) as stream:
            await stream.status("正在查资料")
            await wait_until(lambda: s.cards() and "status" in parts(s.cards()[0]))
            assert "正在查资料" in parts(s.cards()[0])["status"]["content"]
            await stream.think("The user wants ")
            await stream.think("the weather.")
            await wait_until(lambda: "thinking" in parts(s.cards()[0]))
            panel = parts(s.cards()[0])["thinking"]
            assert panel["expanded"] is True
            assert panel["header"]["title"]["content"] == "💭 思考中…"
            await wait_until(
                lambda: parts(s.cards()[0])["thinking"]["elements"][0]["content"] == "The user wants the weather."
            )
            async with stream.tool("weather", {"city": "北京", "days": 3}) as tool:
                await wait_until(lambda: "tools" in parts(s.cards()[0]))
                assert parts(s.cards()[0])["tools"]["content"] == "⏳ **weather** `city=北京, days=3`"
                tool.result("sunny")
            await stream.status("")
            await stream.write("It is **sunny**.")
            await stream.footer("model-1")
            await wait_until(lambda: "footer" in parts(s.cards()[0]))
        [card] = s.cards()
    check_card(card)
    assert [it["element_id"] for it in card["body"]["elements"]] == ["thinking", "tools", "answer", "footer"]
    found = parts(card)
    assert found["thinking"]["expanded"] is False
    assert found["thinking"]["header"]["title"]["content"].startswith("💭 已思考 ")
    assert found["tools"]["content"].startswith("✅ **weather** `city=北京, days=3` · 0")
    assert found["tools"]["content"].endswith(" s · sunny")
    assert found["answer"]["content"] == "It is **sunny**."
    assert "model-1" in found["footer"]["content"]
    assert card["config"]["streaming_mode"] is False
    assert card["config"]["summary"]["content"] == "It is sunny."


async def test_elapsed_time_and_notes_are_in_the_language_asked_for(stage):
    now = [0.0]
    async with stage() as s:

        async def model():
            yield "It "
            now[0] = 3.21
            raise RuntimeError("the model broke")

        options = {"elapsed": True, "language": "en", "clock": lambda: now[0], **FAST}
        with pytest.raises(RuntimeError, match="model broke"):
            await s.bot.send_stream(s.event, model(), **options)
        [card] = s.cards()
    assert parts(card)["footer"]["content"] == "<font color='grey'>3.2 s</font>"
    assert parts(card)["answer"]["content"] == "It \n\n⚠️ Something went wrong, and the answer was interrupted."


async def test_the_bots_language_is_used_by_default(stage):
    async with stage() as s:
        assert s.bot.language == "zh"
        s.bot.language = "en"

        async def model():
            yield "It "
            raise RuntimeError("the model broke")

        with pytest.raises(RuntimeError, match="model broke"):
            await s.bot.send_stream(s.event, model(), **FAST)
    assert s.texts() == ["It \n\n⚠️ Something went wrong, and the answer was interrupted."]


async def test_a_tool_that_fails_is_marked_and_the_error_goes_on(stage):
    async with stage() as s:
        async with s.bot.stream(s.event, **FAST) as stream:
            with pytest.raises(LookupError):
                async with stream.tool("search"):
                    raise LookupError("secret detail")
            async with stream.tool("search", "again") as tool:
                tool.fail("no network")
            await stream.write("Sorry.")
        [card] = s.cards()
    first, second = parts(card)["tools"]["content"].split("\n")
    assert first.startswith("❌ **search** · 0")
    assert "secret" not in first
    assert second.startswith("❌ **search** `again` · 0")
    assert second.endswith("no network")


async def test_where_cards_are_not_permitted_tools_and_footer_are_text(stage):
    async with stage() as s:
        s.scopes("cardkit:card:write")
        async with s.bot.stream(s.event, edit_every=0.01, title="T", **FAST) as stream:
            await stream.status("looking")
            await stream.think("hm")
            await wait_until(lambda: s.texts())
            assert s.texts() == ["*looking*"]
            async with stream.tool("search", "x") as tool:
                tool.result("3 hits")
            await stream.write("Found.")
            await stream.footer("model-1")
        [message] = s.messages()
    first, second, third = s.texts()[0].split("\n")
    assert first.startswith("✅ **search** `x` · 0")
    assert (second, third) == ("Found.", "*model-1*")
    assert json.loads(message.content)["title"] == "T"


async def test_in_plain_messages_they_come_once(stage):
    async with stage() as s, s.bot.stream(s.event, modes=["plain"]) as stream:
        async with stream.tool("search"):
            pass
        await stream.write("word " * 8000)
        await stream.footer("model-1")
    first, second = s.texts()
    assert first.startswith("✅ **search**")
    assert "search" not in second
    assert "model-1" not in first
    assert second.endswith("*model-1*")


async def test_a_stream_that_ends_without_a_word_says_so(stage):
    async with stage() as s:
        async with s.bot.stream(s.event, **FAST) as stream:
            await stream.status("looking")
            await wait_until(lambda: s.cards())
        [card] = s.cards()
    assert [it["content"] for it in card["body"]["elements"]] == ["（没有内容）"]
    check_card(card)


async def test_much_reasoning_and_many_tools_stay_within_feishus_limits(stage):
    async with stage() as s:
        async with s.bot.stream(s.event, **FAST) as stream:
            await stream.write("甲" * 8000)
            for number in range(30):
                await stream.think(f"思考的第 {number} 行，" * 40 + "\n")
                async with stream.tool(f"tool {number}", "字" * 200) as tool:
                    tool.result("果" * 200)
            await stream.write("乙" * 3000)
        shown = s.cards()
    for card in shown:
        check_card(card)
        assert card["config"]["streaming_mode"] is False
    [tools] = [parts(card)["tools"]["content"] for card in shown if "tools" in parts(card)]
    assert tools.startswith("…另有 10 个步骤")
    assert "".join(parts(card)["answer"]["content"] for card in shown) == "甲" * 8000 + "乙" * 3000


async def test_a_mention_in_a_status_or_a_tool_notifies_nobody(stage):
    async with stage() as s:
        async with s.bot.stream(s.event, **FAST) as stream:
            await stream.footer("<at id=all></at>")
            await stream.think("<at id=all></at>")
            async with stream.tool("<at id=all></at>", "`<at id=all></at>`") as tool:
                tool.result("<at id=all></at>")
            await stream.write("word")
        [card] = s.cards()
    outside_of_code = json.dumps(card).replace("`'<at id=all></at>'`", "")
    assert "<at" not in outside_of_code


async def test_a_card_that_somebody_changed_is_drawn_anew(stage, sandbox):
    async with stage() as s, s.bot.stream(s.event, **FAST) as stream:
        await stream.status("looking")
        await wait_until(lambda: s.cards())
        [entity] = sandbox.world.entities.values()
        entity.card["body"]["elements"].clear()
        await stream.write("word")
        await wait_until(lambda: "answer" in parts(s.cards()[0]))
    assert s.texts() == ["word"]


def test_changes_from_one_look_to_the_next():
    board = Board(WORDS["en"], lambda: 0.0)
    empty = render(board, "text", writing=True)
    board.status, board.stop = "looking", ("Stop", {"a": 1})
    with_status = render(board, "text and more", writing=True)
    assert [(it["action"], *it["params"].values()) for it in actions(empty, with_status)] == [
        ("add_elements", "append", [with_status[1]]),
        ("add_elements", "append", [with_status[2]]),
    ]
    board.status = "reading"
    board.tools.append(Tool("t", "", board))
    later = render(board, "text and more", writing=True)
    assert [it["action"] for it in actions(with_status, later)] == ["add_elements", "partial_update_element"]
    assert actions(with_status, later)[0]["params"]["target_element_id"] == "answer"
    closed = render(board, "text and more", writing=False, final=True)
    [gone] = actions(later, closed)
    assert gone == {"action": "delete_elements", "params": {"element_ids": ["status", "stop"]}}
    assert asyncio.iscoroutinefunction(Tool.__aenter__)
