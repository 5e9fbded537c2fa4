"""The sandbox starts neither in production nor where others reach it, unless that is asked for."""

import asyncio
import sys

import pytest
from nonebot.config import Config, Env
from nonebot.drivers.none import Driver as NoneDriver

from nonebot_adapter_feishu_ws import Adapter
from nonebot_adapter_feishu_ws.sandbox import Sandbox, SandboxError
from nonebot_adapter_feishu_ws.sandbox.door import open_for_bots

MODULE = "nonebot_adapter_feishu_ws.sandbox"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    return tmp_path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.2", "example.com"])
def test_it_listens_on_loopback_alone(host):
    with pytest.raises(SandboxError, match=r"other machines reach it.*beyond_loopback"):
        Sandbox(host=host)
    assert Sandbox(host=host, beyond_loopback=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_has_several_names(host):
    assert Sandbox(host=host).host == host


def adapter():
    return Adapter(NoneDriver(Env(environment="test"), Config()))


@pytest.mark.parametrize("value", ["prod", "PROD", "production"])
@pytest.mark.parametrize("place", ["environment", ".env"])
async def test_a_bot_in_production_gets_no_sandbox(folder, monkeypatch, place, value):
    if place == ".env":
        (folder / ".env").write_text(f"ENVIRONMENT={value}\n")
    else:
        monkeypatch.setenv("ENVIRONMENT", value)
    with pytest.raises(SandboxError, match=rf"ENVIRONMENT={value}.*FEISHU_SANDBOX_IN_PRODUCTION=true"):
        await open_for_bots(adapter(), {}, 0)
    thread, _ = await open_for_bots(adapter(), {}, 0, in_production=True)
    await asyncio.to_thread(thread.stop)


@pytest.mark.parametrize("text", ["", "ENVIRONMENT=dev\n"])
async def test_nonebots_default_does_not_count(folder, text):
    (folder / ".env").write_text(text)
    thread, bots = await open_for_bots(adapter(), {}, 0)
    await asyncio.to_thread(thread.stop)
    [app_id] = bots
    assert app_id == "cli_5a4db0c5a4db0c01"


async def test_a_bot_whose_sandbox_is_refused_says_so_and_stays_away_from_feishu(run_adapter, folder, logs):
    (folder / ".env").write_text("ENVIRONMENT=prod\n")
    async with run_adapter(feishu_sandbox=True, feishu_sandbox_port=0, connected=False) as adapter:
        assert not adapter.bots
    assert any("No Feishu bot runs: ENVIRONMENT=prod says" in line for line in logs)


@pytest.mark.parametrize(
    ("env", "options", "words"),
    [
        ("ENVIRONMENT=prod\n", [], "set --in-production"),
        ("", ["--host", "0.0.0.0"], "set --beyond-loopback"),
    ],
)
async def test_the_command_refuses_in_words(folder, env, options, words):
    (folder / ".env").write_text(env)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "--port", "0", *options, cwd=folder, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 1
    assert words in errors.decode()


def test_an_id_of_another_form_gets_a_hint_and_is_taken(logs):
    sandbox = Sandbox()
    sandbox.add_app("cli_0123456789abcdef", "secret")
    assert not logs
    sandbox.add_app("cli_short", "secret")
    assert "cli_ and 16 hex digits" in logs[0]
    assert "cli_short" in sandbox.world.apps
