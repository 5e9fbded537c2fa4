"""A bot whose machine gets another name server, as by a VPN; to be run as root of namespaces of its own::

    unshare --user --map-root-user --net --mount python -m tests.flow.dns_change

``/etc/resolv.conf`` is a link whose target changes, as with systemd-resolved. The bot finds Feishu by a name that only
these servers know. Prints one line of JSON.
"""

import asyncio
import fcntl
import json
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from threading import Thread

import aiodns  # comes with nonebot2[aiohttp]; that it is there must change nothing
from nonebot.config import Config, Env
from nonebot.drivers.none import Driver

from nonebot_adapter_feishu_ws import Adapter
from nonebot_adapter_feishu_ws.net import session
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET

NAME = "open.feishu.test"
OLD, NEW = "127.0.0.53", "127.0.0.54"


class NameServer:
    """Answers 127.0.0.1 for every name, as long as it is up."""

    def __init__(self, address: str) -> None:
        self.is_up = True
        self.queries = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            query, client = self.socket.recvfrom(4096)
            self.queries += 1
            if self.is_up:
                end = query.index(b"\0", 12) + 5
                is_a = query[end - 4 : end - 2] == b"\0\x01"
                answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x7f\0\0\x01" if is_a else b""
                head = query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, int(is_a), 0, 0)
                self.socket.sendto(head + query[12:end] + answer, client)


def prepare() -> Path:
    """Bring up the loopback, and a copy of ``/etc`` whose ``resolv.conf`` is a link; returns the link."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
    etc = Path(tempfile.mkdtemp()) / "etc"
    etc.mkdir()
    for name in ("nsswitch.conf", "hosts", "host.conf", "ssl", "localtime", "passwd"):
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, etc / name, symlinks=True, ignore=lambda *_: ["private"])
        elif source.exists():
            shutil.copy(source, etc / name)
    for server in (OLD, NEW):
        (etc / server).write_text(f"nameserver {server}\noptions timeout:1 attempts:1\n")
    (etc / "resolv.conf").symlink_to(OLD)
    subprocess.run(["mount", "--bind", str(etc), "/etc"], check=True)
    return Path("/etc/resolv.conf")


async def until(condition) -> float:
    began = time.monotonic()
    while not condition():
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def main() -> None:
    link = prepare()
    old, new = NameServer(OLD), NameServer(NEW)
    assert aiodns.DNSResolver is not None
    session.IDLE_TIMEOUT = 0.0  # every call connects
    async with Sandbox() as sandbox:
        app = sandbox.add_app(APP, SECRET)
        chat = sandbox.p2p(sandbox.add_user("Amy"), APP).chat_id
        origin = f"http://{NAME}:{sandbox.url.rpartition(':')[2]}"
        sandbox.gateway.base_url = lambda: origin
        settings = {"feishu_store": "memory://", "feishu_api_base": origin, "feishu_reconnect_delays": [0.2]}
        bots = [{"app_id": app.app_id, "app_secret": SECRET}]
        driver = Driver(Env(environment="test"), Config.model_validate({**settings, "feishu_bots": bots}))
        adapter = Adapter(driver)
        await driver._lifespan.startup()
        await until(lambda: APP in adapter.bots)
        bot, status = adapter.bots[APP], lambda: adapter.connections.get_status(APP)
        await bot.send_to(chat, "before")
        old.is_up, asked_before = False, old.queries
        await sandbox.disconnect(APP)
        await until(lambda: status().attempts >= 2)
        failed = {"error": status().error, "asked_old": old.queries - asked_before, "asked_new": new.queries}
        spare = link.with_name("spare")
        spare.symlink_to(NEW)
        spare.replace(link)
        took = await until(lambda: adapter.connections.is_connected(APP))
        await bot.send_to(chat, "after")
        sent = [json.loads(it.content)["text"] for it in sandbox.world.messages.values()]
        await driver._lifespan.shutdown()
    print(json.dumps({**failed, "took": round(took, 1), "asked_new_then": new.queries, "sent": sent}))


if __name__ == "__main__":
    asyncio.run(main())
