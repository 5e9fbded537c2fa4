"""Plugins of the existing adapter: they run there, and here after nothing but their import line has changed."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET
from tests.flow.test_drivers import free_port, running

HERE = Path(__file__).parent
OURS, THEIRS = "nonebot_adapter_feishu_ws", "nonebot.adapters.feishu"


def migrated(plugin: str, folder: Path) -> Path:
    """The plugin with its import line changed, and nothing else."""
    source = (HERE / "plugins" / f"{plugin}.py").read_text("utf-8")
    changed, count = re.subn(rf"^from {re.escape(THEIRS)} import", f"from {OURS} import", source, flags=re.MULTILINE)
    assert count == 1
    path = folder / f"{plugin}.py"
    path.write_text(changed, "utf-8")
    return path


async def answers(sandbox, chat, count: int) -> list[str]:
    sent = await sandbox.wait_message(chat, count=count)
    return [_read(message.msg_type, json.loads(message.content)) for message in sent]


def _read(msg_type: str, content: dict) -> str:
    """What a person gets to see: a text and a rich text of the same words are the same; ids differ from run to run."""
    if msg_type == "text":
        return re.sub(r"@_user_\d+", "@", content["text"])
    if msg_type == "post":
        return "\n".join("".join(part.get("text", "@") for part in line) for line in content["content"])
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return msg_type + re.sub(r"(img|file|ou|om|oc)_(v3_)?[0-9a-f]{32}", r"\1_*", text)


async def greeter(sandbox, user) -> list[str]:
    private = sandbox.p2p(user, APP)
    group = sandbox.add_chat("Group", members=[user], apps=[APP])
    first = await sandbox.say(user, private, "/who")
    seen = await answers(sandbox, private, 1)
    await sandbox.say(user, private, "/quote", reply_to=first)
    seen += await answers(sandbox, private, 1)
    await sandbox.say(user, group, "/who", at=[APP])
    seen += await answers(sandbox, group, 1)
    body = {"chat_id": group.chat_id, "operator_id": _ids(user), "name": "Group", "external": False}
    body |= {"operator_tenant_key": "t", "i18n_names": {"zh_cn": "群", "en_us": "Group", "ja_jp": "G"}}
    await sandbox.push(APP, "im.chat.member.bot.added_v1", body)
    return seen + await answers(sandbox, group, 1)


def _ids(user) -> dict[str, str]:
    return {"open_id": user.open_id, "user_id": user.user_id, "union_id": user.union_id}


async def artist(sandbox, user) -> list[str]:
    chat = sandbox.p2p(user, APP)
    await sandbox.say(user, chat, "/picture")
    seen = await answers(sandbox, chat, 2)
    await sandbox.say(user, chat, "/say hello")
    seen += await answers(sandbox, chat, 1)
    await sandbox.say(user, chat, {"image_key": "img_x"}, msg_type="image")
    seen += await answers(sandbox, chat, 1)
    await sandbox.say(user, chat, "/card")
    return seen + await answers(sandbox, chat, 1)


async def clerk(sandbox, user) -> list[str]:
    chat = sandbox.p2p(user, APP)
    await sandbox.say(user, chat, "/work")
    return await answers(sandbox, chat, 4)


async def run(module: str, plugin: Path, story, **env: str) -> list[str]:
    async with Sandbox() as sandbox:
        sandbox.add_app(APP, SECRET, name="Bot A")
        user = sandbox.add_user("Li Lei")
        command = [sys.executable, str(HERE / "run_plugin.py"), module, str(plugin), sandbox.url, APP, SECRET]
        async with running(*command, str(free_port()), cwd=plugin.parent, **env):
            await sandbox.wait_connected(APP, timeout=60)
            await asyncio.sleep(0.5)  # the existing adapter registers its bot before it can answer
            return await story(sandbox, user)


@pytest.mark.parametrize("story", [greeter, artist, clerk], ids=lambda story: story.__name__)
async def test_a_plugin_moves_over_by_its_import_line(tmp_path, story):
    there, here = await asyncio.gather(
        run(THEIRS, HERE / "plugins" / f"{story.__name__}.py", story),
        run(OURS, migrated(story.__name__, tmp_path), story),
    )
    assert here == there


@pytest.mark.parametrize("story", [greeter, artist, clerk], ids=lambda story: story.__name__)
async def test_a_plugin_runs_unchanged_through_the_alias(story):
    plugin = HERE / "plugins" / f"{story.__name__}.py"
    there, here = await asyncio.gather(
        run(THEIRS, plugin, story), run(OURS, plugin, story, FEISHU_COMPAT_ALIAS="true", WITHOUT_EXISTING="1")
    )
    assert here == there
