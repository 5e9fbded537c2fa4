"""The doctor against the sandbox: what it finds, what it advises, and its exit code."""

import asyncio
import json
import sys

import pytest

from nonebot_adapter_feishu_ws import config
from nonebot_adapter_feishu_ws.config import load_config
from nonebot_adapter_feishu_ws.doctor import Finding, Level, examine, explain_silence, to_text
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.sandbox.rest.apps import MANAGE
from tests.conftest import APP, SECRET, wait_until


def bot(sandbox: Sandbox, **more):
    entry = {"app_id": APP, "app_secret": SECRET, "domain": sandbox.url, **more}
    return load_config({"feishu_bots": [entry]}).feishu_bots[0]


def bad(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is not Level.OK]


async def test_a_healthy_bot_has_nothing_to_fix(sandbox):
    findings = await examine(bot(sandbox))
    assert bad(findings) == []
    assert "Bot A" in to_text(findings)
    assert len(findings) == 7


@pytest.mark.parametrize(
    ("trouble", "level", "says", "advice", "page"),
    [
        ({"app_secret": "reset"}, Level.PROBLEM, "code 10014", "凭证与基础信息", "/baseinfo"),
        ({"wrong_domain": True}, Level.PROBLEM, "code 1000040351", "domain", "/event"),
        ({"has_bot": False}, Level.PROBLEM, "has no bot", "添加应用能力", "/capability"),
        ({"scopes": frozenset({MANAGE})}, Level.PROBLEM, "to send", "权限管理", "/auth?q=im%3Amessage%3Asend_as_bot"),
        (
            {"scopes": frozenset({MANAGE, "im:message"})},
            Level.WARNING,
            "an @ of the bot",
            "group_at_msg",
            "/auth?q=im%3Amessage.group_at_msg%3Areadonly",
        ),
        ({"event_mode": "webhook"}, Level.WARNING, "sends to a webhook", "使用长连接", "/event?tab=callback"),
        ({"published": False}, Level.PROBLEM, "no version", "版本管理与发布", "/version"),
        (
            {"subscribed": ("im.chat.disbanded_v1",)},
            Level.PROBLEM,
            "does not subscribe",
            "接收消息",
            "/event?tab=event",
        ),
        ({"scopes": frozenset({"im:message", "im:message.group_msg"})}, Level.UNKNOWN, MANAGE, "Not needed", ""),
    ],
)
async def test_each_trouble_names_its_page(sandbox, trouble, level, says, advice, page):
    for name, value in trouble.items():
        setattr(sandbox.world.apps[APP], name, value)
    findings = bad(await examine(bot(sandbox)))
    found = next(finding for finding in findings if says in finding.text)
    assert found.level is level
    assert advice in found.advice
    assert page in found.link


async def test_an_app_of_the_other_domain_is_found_there(sandbox, monkeypatch):
    async with Sandbox() as lark:
        lark.add_app(APP, SECRET)
        monkeypatch.setattr("nonebot_adapter_feishu_ws.doctor.checks.FEISHU", sandbox.url)
        monkeypatch.setattr("nonebot_adapter_feishu_ws.doctor.checks.LARK", lark.url)
        for trouble in ({"app_secret": "unknown here"}, {"app_secret": SECRET, "wrong_domain": True}):
            for name, value in trouble.items():
                setattr(sandbox.world.apps[APP], name, value)
            [*_, found] = await examine(bot(sandbox))
            assert found.level is Level.PROBLEM
            assert lark.url in found.text
            assert '"lark"' in found.advice


async def test_a_stranger_on_the_same_app_is_counted(sandbox, run_adapter):
    async with run_adapter():
        [found] = bad(await examine(bot(sandbox)))
        assert found.level is Level.WARNING
        assert "1 other long connection" in found.text
        assert bad(await examine(bot(sandbox), own_connections=1)) == [], "the asker's own does not count"


async def test_no_network_is_told_once():
    [found] = await examine(load_config({"feishu_bots": [_entry("http://127.0.0.1:9")]}).feishu_bots[0])
    assert found.level is Level.PROBLEM
    assert "refused the connection" in found.text


def _entry(url: str) -> dict:
    return {"app_id": APP, "app_secret": SECRET, "domain": url}


async def doctor(tmp_path, env: str, *arguments: str) -> tuple[int, str]:
    (tmp_path / ".env").write_text(env)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nonebot_adapter_feishu_ws.doctor", *arguments),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode or 0, output.decode()


async def test_the_command_and_its_exit_code(sandbox, tmp_path):
    good = f"FEISHU_BOTS='{json.dumps([_entry(sandbox.url)])}'\n"
    code, text = await doctor(tmp_path, good)
    assert (code, "credentials are valid" in text) == (0, True), text
    sandbox.world.apps[APP].has_bot = False
    code, text = await doctor(tmp_path, good, APP)
    assert (code, "添加应用能力" in text) == (1, True), text
    code, text = await doctor(tmp_path, good, "cli_unknown")
    assert (code, "Not configured: cli_unknown" in text) == (2, True), text
    code, text = await doctor(tmp_path, 'FEISHU_BOTS=\'[{"app_id": "a", "app_secrt": "hunter2"}]\'\n')
    assert code == 2
    assert 'did you mean "app_secret"?' in text
    assert "hunter2" not in text
    assert "Traceback" not in text
    code, text = await doctor(tmp_path, "FEISHU_SANDBOX=true\n")
    assert (code, "the sandbox makes one" in text) == (0, True), text
    code, text = await doctor(tmp_path, "LOG_LEVEL=INFO\n")
    assert (code, "No bot is configured" in text) == (2, True), text
    (tmp_path / "pyproject.toml").write_text(
        'adapters = [{ name = "Feishu", module_name = "nonebot.adapters.feishu" }]'
    )
    _, text = await doctor(tmp_path, "FEISHU_SANDBOX=true\n" + good)
    assert "WARN FEISHU_SANDBOX is true" in text
    assert "WARN pyproject.toml names nonebot.adapters.feishu" in text
    assert SECRET not in text


async def test_a_silent_bot_is_explained_in_the_log(sandbox, logs):
    sandbox.world.apps[APP].published = False
    await explain_silence(bot(sandbox))
    [line] = [line for line in logs if "received no event" in line]
    assert "使用长连接接收事件" in line
    assert "no version of the app is published" in line


async def test_the_adapter_speaks_up_for_a_silent_bot_and_only_for_it(sandbox, run_adapter, logs, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.adapter.SILENCE_AFTER", 0.3)
    monkeypatch.setattr("nonebot_adapter_feishu_ws.adapter.OTHER_CLIENTS_AFTER", 0.1)
    sandbox.add_app("cli_b", "b")
    bots = [{"app_id": APP, "app_secret": SECRET}, {"app_id": "cli_b", "app_secret": "b"}]
    async with run_adapter(bots):
        await (await sandbox.push("cli_b", "x", {})).wait()
        await asyncio.sleep(0.8)
    silent = [line for line in logs if "received no event" in line]
    assert [APP in line for line in silent] == [True]
    assert not any("other long connection" in line for line in logs)


async def test_a_second_process_of_the_same_app_is_reported(sandbox, run_adapter, logs, monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.adapter.OTHER_CLIENTS_AFTER", 0.2)
    async with run_adapter(), run_adapter():
        await wait_until(lambda: any("1 other long connection" in line for line in logs))


def test_the_public_domains_are_the_documented_ones():
    assert (config.FEISHU, config.LARK) == ("https://open.feishu.cn", "https://open.larksuite.com")


async def test_the_scope_for_streaming_is_a_note_and_no_failure(sandbox):
    app = sandbox.world.apps[APP]
    app.scopes = app.scopes - {"cardkit:card:write"}
    bot = load_config({"feishu_bots": [{"app_id": APP, "app_secret": SECRET, "domain": sandbox.url}]}).feishu_bots[0]
    [note] = [finding for finding in await examine(bot) if "stream" in finding.text]
    assert note.level is Level.UNKNOWN
    assert "cardkit:card:write" in note.advice
    app.scopes = app.scopes | {"cardkit:card:write"}
    assert not [finding for finding in await examine(bot) if "stream" in finding.text]


async def test_the_scopes_of_backfill_are_asked_for_when_it_is_on(sandbox):
    sandbox.world.apps[APP].scopes -= {"im:message.group_msg"}
    assert bad(await examine(bot(sandbox))) == []
    [finding] = bad(await examine(bot(sandbox), backfill=True))
    assert (finding.level, finding.text) == (Level.WARNING, "a scope is missing to fetch missed messages of groups")
    assert "im:message.group_msg" in finding.advice
