"""The cells of userinfo."""

import json

from tests.compat.bridges.play import Cell, Play
from tests.conftest import APP


def who(*kinds: str):
    """A user asked for by each of their ids."""

    async def run(play: Play):
        for kind in kinds:
            found = json.loads((await play.do(f"/who {getattr(play.user, kind)}")).said)
            assert (found["user_id"], found["user_name"]) == (play.user.open_id, "Li Lei")
            assert found["user_avatar"].startswith("https://")

    return run


async def sender(play: Play):
    found = json.loads((await play.do("/who", chat=play.group)).said)
    assert (found["user_id"], found["user_name"], found["user_gender"]) == (play.user.open_id, "Li Lei", "unknown")


async def bot(play: Play):
    found = json.loads((await play.do("/bot")).said)
    assert (found["user_id"], found["user_name"]) == (APP, "Bot A")


async def nobody(play: Play):
    assert json.loads((await play.do("/who ou_0123456789abcdef0123456789abcdef")).said) is None


CELLS = [
    Cell("The sender", "发送者", sender),
    Cell("A user by open_id", "按 open_id 查询", who("open_id")),
    Cell("A user by union_id or user_id", "按 union_id 或 user_id 查询", who("union_id", "user_id")),
    Cell("The bot itself", "机器人自己", bot),
    Cell("Nobody of this id", "ID 不存在", nobody),
]
