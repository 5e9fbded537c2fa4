"""The walks that CONTRIBUTING describes are those that events and sends take, and each enters a file once."""

import re
import sys
from itertools import groupby
from pathlib import Path
from types import FrameType

import pytest
from nonebot import on_message

from nonebot_adapter_feishu_ws.testing import make_group_message
from tests.conftest import APP
from tests.house import PACKAGE

Place = tuple[str, str]


def described(heading: str) -> list[Place]:
    """File and function of every step of a walk."""
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split(f"### {heading}\n")[1].split("\n#")[0]
    steps = re.findall(r"^\d+\. `([\w/]+\.py)`: `([\w.]+)`", section, re.MULTILINE)
    files = [file for file, _ in steps]
    assert len(files) == len(set(files)), "CONTRIBUTING names a file twice"
    return steps


def place_of(frame: FrameType) -> Place | None:
    path = Path(frame.f_code.co_filename)
    return (path.relative_to(PACKAGE).as_posix(), frame.f_code.co_qualname) if path.is_relative_to(PACKAGE) else None


class Profile:
    """Notes each function of the package when it is first entered, and the files on the stack at the end of a walk."""

    def __init__(self, last: Place) -> None:
        self.last = last
        self.entered: list[Place] = []
        self.stack: list[str] = []

    def __call__(self, frame: FrameType, kind: str, _: object) -> None:
        if kind != "call" or (place := place_of(frame)) is None:
            return
        if place not in self.entered:
            self.entered.append(place)
        if place == self.last and not self.stack:
            callers: FrameType | None = frame
            while callers is not None:
                if found := place_of(callers):
                    self.stack.append(found[0])
                callers = callers.f_back

    def check(self, steps: list[Place]) -> None:
        assert [place for place in self.entered if place in steps] == steps
        spine = [file for file, _ in groupby(reversed(self.stack))]
        assert spine == [file for file, _ in steps if file in spine], "the walk enters a file again"


@pytest.mark.usefixtures("unlimited_sends")
async def test_a_send_walks_through_each_file_once(sandbox, run_adapter):
    chat = sandbox.add_chat("Group", members=[sandbox.add_user("Li Lei")], apps=[APP])
    event = make_group_message("hi", chat_id=chat.chat_id)
    profile = Profile(("api/http.py", "Http.exchange"))
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        await bot.send(event, "the first one fetches a token")
        sys.setprofile(profile)
        try:
            await bot.send(event, "hi")
        finally:
            sys.setprofile(None)
    profile.check(described("From `Bot.send` to the HTTP request"))


async def test_an_event_walks_through_each_file_once(sandbox, run_adapter, matchers, tmp_path):
    answer = on_message()
    matchers(answer)

    @answer.handle()
    async def _():
        await answer.finish("hi")

    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    profile = Profile(("bot.py", "Bot.handle_event"))

    async def set_profile(function: Profile | None) -> None:
        sys.setprofile(function)

    async with run_adapter(feishu_store=f"sqlite:///{tmp_path}/store.sqlite3") as adapter:
        await adapter._network.call(set_profile(profile))
        sys.setprofile(profile)
        try:
            await sandbox.say(user, chat, "hello")
            await sandbox.wait_message(chat)
        finally:
            sys.setprofile(None)
            await adapter._network.call(set_profile(None))
    profile.check(described("From a frame to a plugin"))
