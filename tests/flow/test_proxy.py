"""REST and the long connection through real proxies: tinyproxy and microsocks, with TLS behind them as in a company."""

import asyncio
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
import trustme

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET
from tests.flow.test_drivers import BOT, echoes, free_port, running


@asynccontextmanager
async def tinyproxy(folder):
    port, log = free_port(), folder / "tinyproxy.log"
    config = folder / "tinyproxy.conf"
    config.write_text(
        f'Port {port}\nListen 127.0.0.1\nLogFile "{log}"\nLogLevel Connect\nBasicAuth user hunter2\nTimeout 600\n'
    )
    async with _process("tinyproxy", "-d", "-c", str(config), port=port):
        yield f"http://user:hunter2@127.0.0.1:{port}", log.read_text


@asynccontextmanager
async def microsocks(folder):
    port, log = free_port(), folder / "microsocks.log"
    arguments = ("-i", "127.0.0.1", "-p", str(port), "-u", "user", "-P", "hunter2")
    async with _process("microsocks", *arguments, port=port, log=log):
        yield f"socks5://user:hunter2@127.0.0.1:{port}", log.read_text


@asynccontextmanager
async def proxy_py(folder):
    """The SDK's websockets library wants ``HTTP/1.1`` from a proxy; tinyproxy says ``HTTP/1.0``."""
    port, log = free_port(), folder / "proxy.log"
    arguments = ("--hostname", "127.0.0.1", "--port", str(port), "--basic-auth", "user:hunter2", "--num-workers", "1")
    command = (sys.executable, "-m", "proxy", *arguments, "--log-file", str(log))
    async with _process(*command, port=port):
        yield f"http://user:hunter2@127.0.0.1:{port}", log.read_text


@asynccontextmanager
async def _process(*command: str, port: int, log=None):
    output = log.open("wb") if log else subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output, start_new_session=True)
    try:
        for _ in range(600):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            break
        yield
    finally:
        os.killpg(child.pid, signal.SIGKILL)  # proxy.py has workers
        await child.wait()


@asynccontextmanager
async def secure_sandbox(folder):
    """A sandbox behind TLS, and the file with the authority that signed its certificate."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    async with Sandbox(tls=context) as sandbox:
        sandbox.add_app(APP, SECRET)
        yield sandbox, str(folder / "ca.pem")


@pytest.mark.needs("tinyproxy", "microsocks")
@pytest.mark.parametrize(("proxy", "transport"), [(tinyproxy, "native"), (microsocks, "native"), (proxy_py, "sdk")])
async def test_a_bot_behind_a_proxy_echoes(tmp_path, proxy, transport):
    async with secure_sandbox(tmp_path) as (sandbox, ca), proxy(tmp_path) as (url, read_log):
        bot = {"app_id": APP, "app_secret": SECRET, "domain": sandbox.url, "proxy": url, "transport": transport}
        (tmp_path / "bot.py").write_text(BOT)
        (tmp_path / ".env").write_text(f"DRIVER=~none\nCOMMAND_START=[\"/\"]\nFEISHU_BOTS='{json.dumps([bot])}'\n")
        env = {"SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": ca}
        async with running(sys.executable, "bot.py", cwd=tmp_path, **env) as child:
            await echoes(sandbox)
            child.terminate()
            output = (await child.stdout.read()).decode()
            await child.wait()
        log = read_log()
    tunnels = log.count(f"127.0.0.1:{sandbox.port}")
    assert tunnels >= 2, "one for REST and one for the long connection at least"
    assert "hunter2" not in "\n".join(line for line in output.splitlines() if "Loaded Config" not in line)


@pytest.mark.fault(6)
@pytest.mark.needs("tinyproxy", "microsocks")
@pytest.mark.parametrize(("proxy", "says"), [(tinyproxy, "refused the connection"), (microsocks, "SOCKS proxy")])
async def test_a_proxy_that_refuses_is_told_in_words(sandbox, run_adapter, tmp_path, logs, saw, proxy, says):
    async with proxy(tmp_path) as (url, _):
        bot = {"app_id": APP, "app_secret": SECRET, "proxy": url.replace("hunter2", "wrong-password")}
        domain = sandbox.url.replace("http", "https")  # a proxy is asked for a tunnel, and says no before any TLS
        async with run_adapter([{**bot, "domain": domain}], connected=False) as adapter:
            for _ in range(600):
                if adapter.connections.get_status(APP).error:
                    break
                await asyncio.sleep(0.05)
            status = adapter.connections.get_status(APP)
    assert status.error is not None
    assert says in status.error
    assert not any("wrong-password" in line for line in logs)
    error = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", status.error)
    saw(f"wrong password for {proxy.__name__}: {status.state.value}, attempts {status.attempts}: {error}")
