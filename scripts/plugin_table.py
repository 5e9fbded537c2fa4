"""Runs released NoneBot plugins on the sandbox, and writes what worked into the docs.

``python scripts/plugin_table.py [--only NAME] [--folder KEPT] [--write]``. It installs pinned versions into one
environment; the plugins themselves talk to loopback only. What is said and answered stands in ``scripts/plugins/``.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from nonebot_adapter_feishu_ws.sandbox import Sandbox  # noqa: E402
from scripts.plugins.flows import FLOWS, SILENCE, Flow  # noqa: E402

HERE = Path(__file__).parent / "plugins"
APP, SECRET = "cli_a0b1c2d3e4f56789", "secret-of-a-plugin-table"
START, ANSWER, MORE = 90.0, 120.0, 3.0
"""Seconds for a bot to connect, for an answer, and for what may follow another one."""
TRIES, AT_ONCE = 8, 2
HEADS = {
    "en": ("Plugin", "Version", "Way", "Said", "Answered", "Note"),
    "zh": ("插件", "版本", "途径", "说了什么", "回答了什么", "备注"),
}
MARKS = "<!-- table -->\n", "\n<!-- /table -->"


async def run(*command: str | Path, cwd: Path) -> None:
    """Run an installer; raises ``RuntimeError`` with what it said."""
    child = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=-1, stderr=asyncio.subprocess.STDOUT)
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{command[0]} failed: {said.decode(errors='replace')[-800:]}")


async def install(folder: Path) -> Path:
    """All plugins and this checkout in one environment; returns its Python."""
    python = folder / "venv/bin/python"
    if not python.exists():
        packages = [f"nonebot-plugin-{flow.name}=={flow.version}" for flow in FLOWS]
        await run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
        installer = ("uv", "pip", "install", "-q", "--python", python) if shutil.which("uv") else (python, "-m", "pip")
        await run(*installer, *(() if installer[0] == "uv" else ("install", "-q")), *packages, ROOT, cwd=folder)
    return python


class Talk:
    """A person's private chat or group with the bot."""

    def __init__(self, sandbox: Sandbox, flow: Flow) -> None:
        self.sandbox = sandbox
        self.flow = flow
        self.user = sandbox.add_user("Li Lei")
        self.chat = sandbox.p2p(self.user, APP)
        if flow.group:
            self.chat = sandbox.add_chat("Group", members=[self.user], apps=[APP])

    async def go(self) -> str:
        """Say everything; returns what went wrong, empty if nothing did."""
        for words, pattern in self.flow.talk:
            heard = await self.say(words, pattern)
            for _ in range(TRIES - 1):
                if self.flow.again and heard:
                    heard = await self.say(words, pattern)
            if heard is not None:
                return f"{words!r} was answered by {heard or 'nothing'}, not by {self.fill(pattern)!r}"
        return ""

    async def say(self, words: str, pattern: str) -> list[str] | None:
        """Say something; returns what was heard instead of the pattern, None if it was heard."""
        if words:
            at = [APP] if self.flow.group and pattern != SILENCE else []
            await self.sandbox.say(self.user, self.chat, self.fill(words), at=at)
        heard: list[str] = []
        try:
            while pattern != SILENCE and not re.search(self.fill(pattern), "\n".join(heard)):
                patience = ANSWER if not heard else MORE
                [message] = await self.sandbox.wait_message(self.chat, timeout=patience)
                heard.append(self.read(json.loads(message.content)))
        except TimeoutError:
            return heard
        return None

    def fill(self, text: str) -> str:
        return text.replace("{user}", self.user.open_id)

    def read(self, content: object) -> str:
        """The words and images of a message, in order."""
        if isinstance(content, list):
            return "\n".join(self.read(part) for part in content)
        if not isinstance(content, dict):
            return ""
        if key := content.get("image_key"):
            return image_size(self.sandbox.world.files[key].content)
        return str(content.get("text", "")) or self.read([*content.values()])


def image_size(image: bytes) -> str:
    """``[image WxH]``; raises ``ValueError`` for what is no PNG, GIF or JPEG."""
    if image.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", image[16:24])
    elif image.startswith(b"GIF8"):
        width, height = struct.unpack("<HH", image[6:10])
    elif (found := re.search(rb"\xff[\xc0\xc2]...(..)(..)", image, re.DOTALL)) and image.startswith(b"\xff\xd8"):
        height, width = (int.from_bytes(part, "big") for part in found.groups())
    else:
        raise ValueError(f"not an image: {image[:16]!r}")
    return f"[image {width}x{height}]"


async def open_model() -> tuple[web.AppRunner, str]:
    """A stand-in for a model's HTTP API, which repeats what it has read; returns it and its address."""

    async def answer(request: web.Request) -> web.Response:
        asked = (await request.json())["messages"][-1]["content"]
        message = {"role": "assistant", "content": f"the model has read: {asked}"}
        choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "1", "object": "chat.completion", "created": int(time.time()), "model": "deepseek-chat"}
        return web.json_response({**body, "choices": [choice], "usage": usage, "system_fingerprint": "fp"})

    app = web.Application()
    app.router.add_post("/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def check(flow: Flow, python: Path, model: str) -> str:
    """Run a plugin's flow; returns what went wrong, empty if nothing did."""
    async with Sandbox() as sandbox:
        sandbox.add_app(APP, SECRET, name="Bot")
        talk = Talk(sandbox, flow)
        with tempfile.TemporaryDirectory(prefix="feishu-plugin-") as home:
            prepare(flow, Path(home), sandbox.url, talk.user.open_id, model)
            child = await start(flow, Path(home), python)
            try:
                trouble = "" if await connected(sandbox, child) else f"no bot, exit code {child.returncode}"
                trouble = trouble or await talk.go()
            except (KeyError, ValueError) as error:
                trouble = repr(error)
            finally:
                await stop(child)
            return f"{trouble}\n{Path(home, 'log').read_text(errors='replace')[-4000:]}" if trouble else ""


def prepare(flow: Flow, home: Path, url: str, user: str, model: str) -> None:
    """Make a bot's folder: its ``.env``, and the file that uses a library."""
    bots = json.dumps([{"app_id": APP, "app_secret": SECRET, "api_base": url}])
    settings = {"DRIVER": "~fastapi", "PORT": free_port(), "FEISHU_BOTS": bots, "SUPERUSERS": json.dumps([user])}
    settings |= {"LOCALSTORE_USE_CWD": "true", **flow.env}
    text = "".join(f"{key}={value}\n" for key, value in settings.items())
    for mark, value in (("{user}", user), ("{model}", model), ("{chromium}", shutil.which("chromium") or "")):
        text = text.replace(mark, value)
    (home / ".env").write_text(text, "utf-8")
    if flow.uses:
        shutil.copy(HERE / flow.uses, home)


async def start(flow: Flow, home: Path, python: Path) -> asyncio.subprocess.Process:
    """Start the bot's process, which writes into ``log``."""
    modules = [f"nonebot_plugin_{name.replace('-', '_')}" for name in (flow.name, flow.also) if name]
    plugins = [*modules, *filter(None, [flow.uses])]
    env = {**os.environ, "HOME": str(home), "NO_PROXY": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    log = os.open(home / "log", os.O_WRONLY | os.O_CREAT)
    command = (python, HERE / "bot.py", *plugins)
    child = await asyncio.create_subprocess_exec(*command, cwd=home, env=env, stdin=-1, stdout=log, stderr=log)
    os.close(log)
    assert child.stdin is not None
    child.stdin.write(b"y\n")  # nonebot-plugin-orm asks whether to make its tables
    return child


async def connected(sandbox: Sandbox, child: asyncio.subprocess.Process) -> bool:
    """Whether the bot has connected, before it ended and in time."""
    holds, ends = (asyncio.ensure_future(each) for each in (sandbox.wait_connected(APP, timeout=START), child.wait()))
    await asyncio.wait({holds, ends}, return_when=asyncio.FIRST_COMPLETED)
    found = holds.done() and holds.exception() is None
    await asyncio.gather(*(each for each in (holds, ends) if each.cancel()), return_exceptions=True)
    return found


async def stop(child: asyncio.subprocess.Process) -> None:
    """End the bot's process."""
    if child.returncode is None:
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), 20)
        except TimeoutError:
            child.kill()
            await child.wait()


def table(language: str) -> str:
    """The table of a language; CI keeps what it says true."""
    chinese = language == "zh"
    rows = [f"| {' | '.join(HEADS[language])} |", "|---" * len(HEADS[language]) + "|"]
    for flow in sorted(FLOWS, key=lambda flow: flow.name):
        said = "<br>".join(f"`{words.replace('{user}', 'ou_…')}`" for words, _ in flow.talk if words)
        way = flow.bridge or ("不需要桥接" if chinese else "needs no bridge")
        cells = (f"`nonebot-plugin-{flow.name}`", flow.version, way, said, flow.answers[chinese], flow.note[chinese])
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def filled(page: str, language: str) -> str:
    """A page with its table as the flows have it."""
    before, _, rest = page.partition(MARKS[0])
    return before + MARKS[0] + table(language) + MARKS[1] + rest.partition(MARKS[1])[2]


async def main() -> int:
    """Print a line for each plugin; 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="plugins with this in their names")
    parser.add_argument("--folder", type=Path, help="keep what is installed here")
    parser.add_argument("--write", action="store_true", help="write the table of the docs")
    options = parser.parse_args()
    flows = [flow for flow in FLOWS if options.only in flow.name]
    with tempfile.TemporaryDirectory(prefix="feishu-plugins-") as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        python = await install(folder)
        runner, model = await open_model()
        turns = asyncio.Semaphore(AT_ONCE)

        async def told(flow: Flow) -> bool:
            async with turns:
                began = time.monotonic()
                trouble = await check(flow, python, model)
            took = f"{time.monotonic() - began:.1f} s"
            line = f"{'FAILS' if trouble else 'works'}  {flow.name} {flow.version}  {took}"
            print(f"{line}\n{trouble}".rstrip(), flush=True)
            return bool(trouble)

        failed = sum(await asyncio.gather(*map(told, flows)))
        await runner.cleanup()
    print(f"{len(flows) - failed} of {len(flows)} plugins")
    if options.write:
        for language in HEADS:
            page = ROOT / "docs" / language / "plugins.md"
            page.write_text(filled(page.read_text("utf-8"), language), "utf-8")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
