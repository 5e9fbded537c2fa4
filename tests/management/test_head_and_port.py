"""A monitor that asks with HEAD, and a port that is taken."""

import socket
import subprocess
import sys

import pytest
from nonebot.drivers.fastapi import Driver as FastAPIDriver
from nonebot.drivers.quart import Driver as QuartDriver

from nonebot_adapter_feishu_ws.net.session import HttpSession, target_of
from tests.conftest import APP, serving

TOKEN = "a-token-of-an-operator"


@pytest.mark.parametrize("driver", [FastAPIDriver, QuartDriver])
@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {TOKEN}"}])
async def test_head_of_healthz_answers_as_get_does(run_adapter, driver, headers):
    async with run_adapter(driver=driver, feishu_management_tokens={TOKEN: ["*"]}) as adapter, serving(adapter) as url:
        for method in ("HEAD", "GET"):
            response, body = await HttpSession().request(
                method, target_of(url), "/feishu/healthz", headers, patience=10
            )
            assert response.status == 200
            assert (body != b"") == (method == "GET" and headers != {})


@pytest.mark.parametrize("driver", [FastAPIDriver, QuartDriver])
async def test_head_of_the_other_routes_answers_as_get_does(run_adapter, driver):
    """On FastAPI it was 405, on Quart 200."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with run_adapter(driver=driver, feishu_management_tokens={TOKEN: ["*"]}) as adapter, serving(adapter) as url:
        for path in ("", "metrics", "ws/status", f"bots/{APP}/ws/status"):
            response, body = await HttpSession().request(
                "HEAD", target_of(url), f"/feishu/{path}", headers, patience=10
            )
            assert (response.status, body) == (200, b""), path


SCRIPT = """
import nonebot
from nonebot_adapter_feishu_ws import Adapter
nonebot.init(_env_file=None, driver="~fastapi", host=__import__("sys").argv[1], port=int(__import__("sys").argv[2]), feishu_store="memory://",
             feishu_bots=[{"app_id": "cli_1", "app_secret": "s", "domain": "http://127.0.0.1:9"}])
nonebot.get_driver().register_adapter(Adapter)
nonebot.run()
"""


@pytest.mark.parametrize(
    ("host", "says", "advice"),
    [
        ("127.0.0.1", "its port is taken", "set another PORT in .env"),
        ("192.0.2.7", "its HOST is no address of this machine", "set HOST=0.0.0.0"),
    ],
)
def test_the_last_thing_on_screen_is_why_the_address_cannot_be_had(tmp_path, host, says, advice):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, host, str(taken.getsockname()[1])],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
    last = run.stdout.splitlines()[-1]
    assert run.returncode != 0
    assert "Traceback" not in run.stdout
    assert f"The bot has ended, since {says}" in last
    assert "nonebot_adapter_feishu_ws | " in last  # the line has its logger's name
    assert advice in last
