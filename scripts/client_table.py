"""Runs real Feishu clients, unmodified, against the sandbox, and writes what worked into the docs.

``python scripts/client_table.py [--only NAME] [--folder KEPT] [--write]``. It installs pinned versions into folders of
their own; the clients themselves talk to loopback only, and there are no credentials. A flow of
``scripts/clients/`` sees ``DOMAIN APP SECRET CHAT``; it answers what a person says, or sends by itself and ends with 0.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.sandbox.tls import server_context

ROOT = Path(__file__).parent.parent
FLOWS = Path(__file__).parent / "clients"
APP, SECRET, EXPECTED = "cli_a0b1c2d3e4f56789", "secret-of-a-client-table", "heard hello"
WAIT = 90.0
"""Seconds for a flow: imports of the official SDK alone take ten."""


@dataclass(frozen=True)
class Client:
    """A client, what it is installed from, and its flow; ``answers`` unless it sends by itself."""

    name: str
    packages: tuple[str, ...]
    flow: str
    answers: bool = True
    proxy: bool = False
    """Its host is hard-coded, so it goes through the sandbox's proxy."""


LARK = ("lark-oapi==1.7.5",)
ADAPTER = ("nonebot-adapter-feishu==2.7.2", "nonebot2[fastapi,httpx,websockets]==2.5.0")
DRIVER = "~fastapi+~httpx+~websockets"
SATORI = ("@satorijs/adapter-lark@3.12.4", "@satorijs/core@4.6.0", "@cordisjs/plugin-http@0.6.3")
# Up to 1.72 its client takes a domain's port for a parameter of the path.
NODE_172 = ("@larksuiteoapi/node-sdk@1.72.0", "https-proxy-agent@7.0.6")
NODE_174 = ("@larksuiteoapi/node-sdk@1.74.0",)
CLIENTS = (
    Client("lark-oapi, `ws.Client`", LARK, "../../tests/peers/sdk_client.py"),
    Client("lark-oapi, typed client", LARK, "lark_typed.py", answers=False),
    Client("lark-oapi, `lark_oapi.channel`", LARK, "lark_channel.py"),
    *(
        Client(f"node-sdk, {words}", packages, flow, proxy=packages is NODE_172)
        for packages in (NODE_172, NODE_174)
        for words, flow in (("`WSClient` and `Client`", "node.cjs"), ("`createLarkChannel`", "node_channel.cjs"))
    ),
    Client("nonebot-adapter-feishu", ADAPTER, "../../tests/peers/existing_adapter.py"),
    Client("@satorijs/adapter-lark", SATORI, "satori.mjs"),
    Client("nanobot-ai", ("nanobot-ai==0.3.5", *LARK), "nanobot_channel.py"),
    Client("lark-mcp", ("@larksuiteoapi/lark-mcp@0.5.1",), "lark_mcp.mjs", answers=False),
    Client("feishu-bot-sdk", ("feishu-bot-sdk==0.13.0",), "feishu_bot_sdk_ws.py"),
    Client("larkpy", ("larkpy==0.3.0",), "larkpy_send.py", answers=False, proxy=True),
)


async def run(*command: str | Path, cwd: Path) -> None:
    """Run an installer; raises ``RuntimeError`` with what it said."""
    child = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=-1, stderr=asyncio.subprocess.STDOUT)
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{command[0]} failed: {said.decode(errors='replace')[-800:]}")


async def install(client: Client, folder: Path) -> list[str]:
    """Install a client once, and return the command that runs its flow."""
    home = folder / re.sub(r"\W+", "-", "-".join(client.packages))
    flow, python = FLOWS / client.flow, client.flow.endswith(".py")
    if not home.is_dir():
        home.mkdir(parents=True)
        if python:
            await run(sys.executable, "-m", "venv", home / "venv", cwd=home)
            await run(home / "venv/bin/python", "-m", "pip", "install", "-q", *client.packages, cwd=home)
        else:
            await run("npm", "init", "-y", cwd=home)
            await run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *client.packages, cwd=home)
    # Node looks for packages beside the file, and some clients write there.
    (home / flow.name).write_bytes(flow.read_bytes())
    return [str(home / "venv/bin/python") if python else "node", str(home / flow.name)]


def free_port() -> str:
    """For the webhook route of the existing adapter, which no flow uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def check(client: Client, folder: Path) -> str:
    """Run a client's flow; returns what went wrong, empty if nothing did."""
    command = await install(client, folder)
    async with Sandbox() as sandbox:
        sandbox.add_app(APP, SECRET, name="Bot")
        user = sandbox.add_user("Li Lei")
        chat = sandbox.p2p(user, APP)
        home = Path(command[1]).parent
        env = {**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONUNBUFFERED": "1", "HOME": str(folder)}
        arguments = [sandbox.url, APP, SECRET, chat.chat_id]
        if "peers" in client.flow:  # also run by tests, which have no use for the chat
            arguments[3:] = [DRIVER, free_port()] if client.packages is ADAPTER else []
        if client.proxy:
            context, certificate = server_context(folder / "authority")
            env |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), await sandbox.open_proxy(context))
            env |= dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(certificate))
        log = folder / "flow.log"
        with log.open("wb") as file:
            child = await asyncio.create_subprocess_exec(
                *command, *arguments, cwd=home, env=env, stdout=file, stderr=file
            )
        try:
            async with asyncio.timeout(WAIT):
                if client.answers:
                    await sandbox.wait_connected(APP, timeout=WAIT)
                    await sandbox.say(user, chat, f"/echo {EXPECTED}")
                elif await child.wait():
                    raise RuntimeError(f"ended with {child.returncode}")
                while not any(EXPECTED in said(message) for message in sandbox.world.messages.values()):
                    if client.answers and child.returncode is not None:
                        raise RuntimeError(f"ended with {child.returncode}")
                    await asyncio.sleep(0.05)
        except (TimeoutError, RuntimeError) as error:
            calls = "; ".join(f"{call.method} {call.path}" for call in sandbox.requests)
            tail = log.read_text(errors="replace")[-1500:]
            return f"{error or 'no answer in time'}\ncalls: {calls or 'none'}\n{tail}"
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return ""


def said(message) -> str:
    """What an app said in a message."""
    return json.dumps(json.loads(message.content), ensure_ascii=False) if message.sender_type == "app" else ""


def write(rows: list[tuple[Client, str]]) -> None:
    """Replace the table between the marks of both pages."""
    for language, heads, words in (
        ("en", ("client", "versions", "way", "result"), ("socket and REST", "REST", " (proxy)", "works", "fails")),
        ("zh", ("客户端", "版本", "接入方式", "结果"), ("长连接与 REST", "REST", "（代理）", "可用", "失败")),
    ):
        lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|"]
        for client, trouble in rows:
            way = words[0] if client.answers else words[1]
            way += words[2] if client.proxy else ""
            packages = ", ".join(f"`{package}`" for package in client.packages)
            lines.append(f"| {client.name} | {packages} | {way} | {words[4] if trouble else words[3]} |")
        page = ROOT / "docs" / language / "sandbox-clients.md"
        text, mark, end = page.read_text("utf-8"), "<!-- table -->\n", "<!-- /table -->"
        before, after = text.partition(mark)[0], text.partition(end)[2]
        page.write_text("\n".join([before + mark, *lines, "", end + after]), "utf-8")


async def main() -> int:
    """Print a line for each client; 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="clients with this in their names")
    parser.add_argument("--folder", type=Path, help="keep what is installed here")
    parser.add_argument("--write", action="store_true", help="write the table of the docs")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write is for all clients, without --only")
    rows: list[tuple[Client, str]] = []
    with tempfile.TemporaryDirectory(prefix="feishu-clients-") as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for client in CLIENTS:
            if options.only not in f"{client.name} {client.packages[0]}":
                continue
            trouble = await check(client, folder)
            print(f"{'FAILS' if trouble else 'works'}  {client.name}  {client.packages[0]}", flush=True)
            print(trouble, end="\n" if trouble else "", flush=True)
            rows.append((client, trouble))
    if options.write:
        write(rows)
    return int(any(trouble for _, trouble in rows))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
