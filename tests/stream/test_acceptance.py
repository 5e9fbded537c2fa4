"""A long answer in many small chunks: every card at every moment valid, small, in time, and nothing lost."""

import asyncio
import json
import random
import re
import time

from nonebot_adapter_feishu_ws.card import check_card
from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content

SIZE, CHUNKS, FASTER = 60 * 1024, 2000, 10


def make_answer() -> str:
    """Markdown of about 60 KB: headings, lists, emphasis, links, a long code block, a long table, a long paragraph."""
    dice = random.Random(7)
    names = ["飞书", "stream", "card", "**bold words**", "`code`", "[link](https://example.com/a?b=c)", "文本", "*so*"]
    parts: list[str] = []
    rows = "".join(f"| {number} | value `{number}` | 备注 {number} |\n" for number in range(420))
    code = "".join(f'    value_{number} = "行 {number}"  # comment\n' for number in range(520))
    while sum(len(part.encode()) for part in parts) < SIZE - len((rows + code).encode()):
        number = len(parts)
        sentence = " ".join(dice.choice(names) for _ in range(60))
        parts.append(
            f"## Part {number}\n\n{sentence}.\n\n- one\n- two with **emphasis**\n\n```js\nlet x = {number};\n```\n\n"
        )
    half = len(parts) // 2
    table = f"| # | Value | 备注 |\n| --- | :---: | ---: |\n{rows}\n"
    parts[half:half] = [f"```python\ndef long():\n{code}```\n\n", table]
    return "".join(parts).rstrip()


def chunks_of(text: str, count: int) -> list[str]:
    dice = random.Random(11)
    cuts = sorted(dice.sample(range(1, len(text)), count - 1))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def joined(cards: list[str]) -> str:
    """The text of several cards without what was added at their seams. Written for this test's answer."""
    text = cards[0]
    for card in cards[1:]:
        if card.startswith("```python\n") and text.endswith("```") and not text.endswith("\n```\n"):
            text, card = text[: -len("```")], card[len("```python\n") :]
        elif card.startswith("| # | Value | 备注 |\n| --- "):
            card = card.split("\n", 2)[2] if "| # |" in text else card
        text += card
    return text


def at_every_change(sandbox, look):
    """Calls ``look`` after every change that the page shows."""
    notify = sandbox.world.notify

    async def looking():
        look()
        await notify()

    sandbox.world.notify = looking


async def test_a_long_answer_in_two_thousand_chunks(stage, sandbox):
    answer = make_answer()
    assert len(answer.encode()) > SIZE - 2048
    # Time runs ten times faster for both sides, so that pace and limit are the real ones and the test takes seconds.
    begun = time.time()
    sandbox.world.clock = lambda: begun + (time.time() - begun) * FASTER
    times: dict[str, list[float]] = {}
    before: dict[str, int] = {}
    last: dict[str, str] = {}
    typed: list[bool] = []

    def look() -> None:
        for entity in sandbox.world.entities.values():
            if before.get(entity.card_id, 0) == entity.sequence:
                continue
            before[entity.card_id] = entity.sequence
            times.setdefault(entity.card_id, []).append(sandbox.world.clock())
            raw = json.dumps(entity.card, ensure_ascii=False)
            assert len(raw.encode()) <= 30 * 1024
            check_card(entity.card)
            text = entity.card["body"]["elements"][0]["content"]
            typed.append(text.startswith(last.get(entity.card_id, "")))
            last[entity.card_id] = text
            fences = re.findall(r"^```", text, re.MULTILINE)
            assert len(fences) % 2 == 0, text[-200:]

    async with stage() as s:
        at_every_change(sandbox, look)
        stream = s.bot.stream(
            s.event, clock=lambda: time.monotonic() * FASTER, sleep=lambda seconds: asyncio.sleep(seconds / FASTER)
        )
        started = time.monotonic()
        first = None
        async with stream:
            for chunk in chunks_of(answer, CHUNKS):
                await stream.write(chunk)
                await asyncio.sleep(0.001)
                if first is None and s.messages():
                    first = time.monotonic() - started
        took = time.monotonic() - started
        texts = s.texts()
        sent = [call for call in s.sandbox.requests if re.search(r"/(content|settings)$", call.path)]
    assert first is not None
    updates = sum(len(each) for each in times.values())
    print(f"first visible after {first * 1000:.0f} ms; {len(texts)} cards, {updates} updates in {took:.1f} s")
    print(f"{sum(typed) / len(typed):.0%} of the updates only add to what is shown, so that the typewriter works")
    assert stream.mode == "card"
    assert len(texts) >= 3
    assert updates > 50
    assert len(sent) == updates, "the sandbox has refused some"
    for each in times.values():
        assert max(sum(at <= other < at + 1 for other in each) for at in each) <= 10
    assert joined(texts) == answer
    assert stream.text == answer
    for message in s.messages():
        card = json.loads(shown_content(sandbox.world, message.content))
        assert card["config"]["streaming_mode"] is False
