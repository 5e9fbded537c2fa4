"""The walk from ``Bot.send`` to the HTTP request is the one that CONTRIBUTING describes, and enters each file once."""

import re
import sys
from itertools import groupby
from pathlib import Path
from types import FrameType

import pytest

from nonebot_adapter_feishu_ws.testing import make_group_message
from tests.conftest import APP
from tests.house import PACKAGE

HEADING = "### From `Bot.send` to the HTTP request\n"


def described() -> list[tuple[str, str]]:
    """File and function of every step."""
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split(HEADING)[1].split("\n#")[0]
    return re.findall(r"^\d+\. `([\w/]+\.py)`: `([\w.]+)`", section, re.MULTILINE)


def place_of(frame: FrameType) -> tuple[str, str] | None:
    path = Path(frame.f_code.co_filename)
    return (path.relative_to(PACKAGE).as_posix(), frame.f_code.co_qualname) if path.is_relative_to(PACKAGE) else None


@pytest.mark.usefixtures("unlimited_sends")
async def test_a_send_walks_through_each_file_once(sandbox, run_adapter):
    chat = sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])
    event = make_group_message("hi", chat_id=chat.chat_id)
    entered: list[tuple[str, str]] = []
    stack: list[str] = []

    def profile(frame: FrameType, kind: str, _: object) -> None:
        if kind != "call" or (place := place_of(frame)) is None:
            return
        if place not in entered:
            entered.append(place)
        if place == ("api/http.py", "Http.exchange") and not stack:
            callers: FrameType | None = frame
            while callers is not None:
                if found := place_of(callers):
                    stack.append(found[0])
                callers = callers.f_back

    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        await bot.send(event, "the first one fetches a token")
        sys.setprofile(profile)
        try:
            await bot.send(event, "hi")
        finally:
            sys.setprofile(None)
    steps = described()
    files = [file for file, _ in steps]
    assert len(files) == len(set(files)), "CONTRIBUTING names a file twice"
    assert [place for place in entered if place in steps] == steps
    spine = [file for file, _ in groupby(reversed(stack))]
    assert spine == [file for file in files if file in spine], "the walk enters a file again"
