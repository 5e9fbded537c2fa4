"""Frames of blocks that are whole programs: a bot in a project folder, a test of pytest, a client of the SDK."""

import asyncio
import json
import tempfile
import threading
from pathlib import Path

from tests.docs.bench import APP, Bench, frame, free_port
from tests.docs.blocks import Block, blocks_of
from tests.docs.commands import project, said_by, shell, tools


def readme(block: Block) -> Path:
    """The README of the block's language."""
    root = block.page.parent if block.page.name.startswith("README") else block.page.parent.parent.parent
    return root / ("README.zh-CN.md" if block.language == "zh" else "README.md")


BOT_FILE = """
import nonebot
from nonebot_adapter_feishu_ws import Adapter

nonebot.init()
nonebot.get_driver().register_adapter(Adapter)
nonebot.load_builtin_plugins("echo")
nonebot.run()
"""


@frame("sandbox-script", aside=True)
async def _script(bench: Bench, block: Block) -> None:
    """A script that starts the bot of the README and talks to it."""
    env = {"PORT": str(free_port()), "FEISHU_STORE": "memory://"}
    files = {"drive.py": block.text, "bot.py": BOT_FILE, ".env": 'COMMAND_START=["/"]\n'}
    said = await said_by("python drive.py", files, **env)
    assert '{"text": ' in said, said


@frame("replay", slow=True)
async def _replay(bench: Bench, block: Block) -> None:
    """A recorded message, to a plugin that answers."""
    header = {"event_id": "e1", "event_type": "im.message.receive_v1", "create_time": "1", "app_id": APP}
    sender = {"sender_id": {"open_id": "ou_1"}, "sender_type": "user", "tenant_key": "t"}
    message = {"message_id": "om_1", "chat_id": "oc_1", "chat_type": "p2p", "message_type": "text"}
    message |= {"content": '{"text": "/x"}', "create_time": "1"}
    event = {"schema": "2.0", "header": header, "event": {"sender": sender, "message": message}}
    lines = [{"kind": "start", "version": 1}, {"kind": "event", "at": 0, "bot": APP, "payload": event}]
    text = "\n".join(map(json.dumps, [*lines, {"kind": "end", "dropped": 0}]))
    await pytest_passes(
        {"traffic.jsonl": text, "test_replay.py": block.text, "pytest.ini": "[pytest]\nasyncio_mode=auto\n"}
    )


@frame("nonebug", slow=True)
async def _nonebug(bench: Bench, block: Block) -> None:
    ini = "[pytest]\nasyncio_mode = auto\n" + "".join(
        f"asyncio_default_{what}_loop_scope = session\n" for what in ("fixture", "test")
    )
    await pytest_passes({"test_hello.py": block.text, "pytest.ini": ini}, nonebug=True)


async def pytest_passes(files: dict[str, str], nonebug: bool = False) -> None:
    """Run pytest in a folder with these files alone."""
    options = "-p no:hypothesispytest" + ("" if nonebug else " -p no:nonebug")
    assert "1 passed" in await said_by(f"python -m pytest -q {options}", files)


@frame("todo-test", slow=True)
async def _todo_test(bench: Bench, block: Block) -> None:
    """The tutorial's test with the tutorial's plugin; run once, for its last block."""
    blocks = blocks_of(block.page)
    files = {each.text.splitlines()[0].removeprefix("# "): each.text for each in blocks if each.frame == "todo-test"}
    if not block.text.startswith("# test_todo.py"):
        assert "plugins/" in block.text
        return
    text = "\n\n".join(each.text for each in blocks if each.frame in ("todo", "todo-card"))
    await pytest_passes({**files, "plugins/todo.py": text})


@frame("create", slow=True)
async def _create(bench: Bench, block: Block) -> None:
    """In the bench's sandbox, where somebody confirms."""
    import aiohttp

    with tempfile.TemporaryDirectory() as folder:
        home = project(Path(folder))
        text = f"{block.text.strip()} --sandbox {bench.sandbox.url}"
        async with shell(text, home, tools(Path(folder))) as child:
            assert child.stdout is not None
            said = ""
            while "Waiting for you" not in said:
                said += (await asyncio.wait_for(child.stdout.readline(), 60)).decode()
            [url] = [line for line in said.splitlines() if line.startswith("http")]
            async with aiohttp.ClientSession() as session:
                await session.post(url, data={"choice": "create"})
            assert await asyncio.wait_for(child.wait(), 60) == 0, said
        assert "FEISHU__APP_ID=cli_" in (home / ".env").read_text("utf-8")


@frame("testing-page", slow=True)
async def _testing(bench: Bench, block: Block) -> None:
    """``tests/test_testing_page.py`` runs these files together; each is a file of its own here."""
    name = block.text.splitlines()[0].removeprefix("# ")
    assert name.endswith((".py", ".ini")), name
    if name.endswith(".py"):
        compile(block.text, name, "exec")


OTHER = "cli_5a4db0c5a4db0c01"
"""The app of a sandbox that runs alone, which the lines for other clients name."""


# Clients of other projects: those that are installed here run, the others are run by scripts/client_table.py.


@frame("lark-socket", slow=True)
async def _lark_socket(bench: Bench, block: Block) -> None:
    """It blocks for good, so it has a thread and a loop of its own."""
    import lark_oapi as lark
    import lark_oapi.ws.client as client

    handler = lark.EventDispatcherHandler.builder("", "").build()
    text = of_bench(bench, block.text)

    def run() -> None:
        client.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(client.loop)
        exec(text, {"lark": lark, "handler": handler})

    threading.Thread(target=run, daemon=True).start()
    await bench.run(bench.sandbox.wait_connected(OTHER, timeout=60))


@frame("lark-typed", slow=True)
async def _lark_typed(bench: Bench, block: Block) -> None:
    import lark_oapi as lark
    from lark_oapi.api.im.v1 import ListChatRequest

    names: dict[str, object] = {"lark": lark}
    exec(of_bench(bench, block.text), names)
    answer = await asyncio.to_thread(names["client"].im.v1.chat.list, ListChatRequest.builder().build())  # type: ignore[attr-defined]
    assert answer.success(), answer.msg


@frame("lark-channel", slow=True)
async def _lark_channel(bench: Bench, block: Block) -> None:
    from lark_oapi.channel import FeishuChannel

    eval(of_bench(bench, block.text), {"FeishuChannel": FeishuChannel})


def of_bench(bench: Bench, text: str) -> str:
    """A client's lines with the bench's address; its app is one that the bot of the bench has nothing to do with."""
    if OTHER not in bench.sandbox.world.apps:
        bench.do(bench.sandbox.add_app, OTHER, "local-secret")
    return text.replace("http://127.0.0.1:8790", bench.sandbox.url)


@frame("nanobot")
@frame("feishu-bot-sdk")
async def _foreign(bench: Bench, block: Block) -> None:
    """Not installed here: it is Python, and ``scripts/client_table.py`` runs the client with these settings."""
    compile(block.text, str(block), "exec")


# The README's project


async def project_files(block: Block) -> dict[str, str]:
    """The files that the README has the reader write."""
    names = {"bot-file": "bot.py", "sandbox-env": ".env", "hello": "plugins/hello.py", "project-file": "pyproject.toml"}
    return {names[each.frame]: each.text for each in blocks_of(readme(block)) if each.frame in names}


@frame("bot-file", aside=True)
async def _bot_file(bench: Bench, block: Block) -> None:
    """``python bot.py`` with the README's files: the page opens with a private chat, where /hello is answered."""
    files = await project_files(block)
    await a_bot_answers("python bot.py", {name: text for name, text in files.items() if name != "pyproject.toml"})


@frame("project-file", aside=True)
async def _project_file(bench: Bench, block: Block) -> None:
    """``nb run`` with the project file alone, which nb-cli does not call legacy."""
    from tests.docs.data import toml

    await toml(bench, block)
    files = await project_files(block)
    said = await a_bot_answers("nb run", {name: text for name, text in files.items() if name != "bot.py"})
    assert "egacy" not in said, said


@frame("sandbox-env")
async def _sandbox_env(bench: Bench, block: Block) -> None:
    from tests.docs.data import dotenv

    await dotenv(bench, block)


async def a_bot_answers(command: str, files: dict[str, str]) -> str:
    """Start a bot by a command in a new folder, and say /hello in the private chat that the sandbox opens with."""
    import aiohttp

    port, said = free_port(), ""
    with tempfile.TemporaryDirectory() as folder:
        home = project(Path(folder))
        for name, text in files.items():
            (home / name).parent.mkdir(exist_ok=True)
            (home / name).write_text(text, "utf-8")
        env = {"FEISHU_SANDBOX_PORT": str(port), "PORT": str(free_port())}
        async with shell(f"exec {command}", home, tools(Path(folder)), **env) as child:
            assert child.stdout is not None
            while "long connection established" not in said:
                line = (await asyncio.wait_for(child.stdout.readline(), 60)).decode()
                assert line, said
                said += line
            url = f"http://127.0.0.1:{port}/sandbox/v1/"
            async with aiohttp.ClientSession(url) as session:
                state = await (await session.get("state")).json()
                [chat] = [each["chat_id"] for each in state["chats"] if each["mode"] == "p2p"]
                await session.post("actions/say", json={"user": "You", "chat": chat, "content": "/hello world"})
                async with asyncio.timeout(20):
                    while True:  # what was said, and then the answer
                        page = await (await session.get(f"chats/{chat}/messages")).json()
                        if sum("world" in json.dumps(each) for each in page["messages"]) == 2:
                            return said
                        await asyncio.sleep(0.05)
