"""Pictures by URL in Markdown and in cards: uploaded on demand, links where that fails."""

import pytest

from nonebot_adapter_feishu_ws import MessageSegment
from nonebot_adapter_feishu_ws.card import Card, Image, Markdown
from nonebot_adapter_feishu_ws.exception import NetworkError
from nonebot_adapter_feishu_ws.media.pictures import MOST, upload_in_text
from tests.conftest import APP
from tests.stream.conftest import stage

__all__ = ["stage"]

GOOD, BAD = "https://x.example/good.png", "https://x.example/bad.png"
TEXT = f"![a]({GOOD}) ![b\nc]({BAD}) [![badge]({GOOD})](https://ci) `![d]({GOOD})` ![e](img_v3_1)"


@pytest.fixture
def site(monkeypatch) -> list[str]:
    """The URLs that were fetched; one of them is there."""
    fetched: list[str] = []

    async def fetch(url: str, max_bytes: int, *, proxy: str | None = None) -> bytes:
        fetched.append(url)
        if url != GOOD:
            raise NetworkError("HTTP 404")
        return b"\x89PNG picture"

    monkeypatch.setattr("nonebot_adapter_feishu_ws.media.upload.fetch", fetch)
    return fetched


async def test_pictures_of_markdown_and_cards_are_uploaded_on_demand(sandbox, run_adapter, site, logs):
    chat = sandbox.add_chat("G", members=[sandbox.add_user("Li Lei")], apps=[APP])
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        text = await bot.upload_pictures(TEXT)
        [key] = sandbox.world.files
        assert text == f"![a]({key}) [b c]({BAD}) [badge](https://ci) `![d]({GOOD})` ![e](img_v3_1)"
        card = Card([Markdown(TEXT), Image(GOOD)])
        with pytest.raises(ValueError, match="upload_pictures"):
            MessageSegment.card(card)
        uploaded = await bot.upload_pictures(card)
        assert uploaded == Card([Markdown(text), Image(key)])
        assert card == Card([Markdown(TEXT), Image(GOOD)]), "the given card stays as it is"
        assert await bot.upload_pictures(card.to_dict()) == uploaded.to_dict()
        await bot.send_to(chat.chat_id, MessageSegment.card(uploaded))
        await sandbox.wait_message(chat)
    assert sorted(set(site)) == [BAD, GOOD]
    assert sum("shown as a link" in line for line in logs) == 3


@pytest.mark.parametrize("modes", [["card"], ["edit"], ["plain"]])
async def test_a_stream_uploads_its_pictures_while_it_goes_on(stage, site, modes):
    text = f"Look: ![a]({GOOD}) ![b]({BAD})\n\n```\n![c]({GOOD}?code)\n```\n![d]({GOOD})\n"
    async with stage() as s, s.bot.stream(s.event, modes=modes, edit_every=0.01, upload_pictures=True) as stream:
        for at in range(0, len(text), 7):  # a URL comes in several pieces
            await stream.write(text[at : at + 7])
    [key] = s.sandbox.world.files
    assert s.texts() == [text.replace(f"({GOOD})", f"({key})").replace("![b]", "[b]")]
    assert sorted(site) == [BAD, GOOD]


async def test_no_more_pictures_are_uploaded_than_a_message_may_need():
    async def upload(url: str) -> str:
        return f"img_{url[-2:]}"

    text = await upload_in_text(upload, " ".join(f"![a](https://x/{number:02})" for number in range(MOST + 5)))
    assert (text.count("![a](img_"), text.count("[a](https://")) == (MOST, 5)
