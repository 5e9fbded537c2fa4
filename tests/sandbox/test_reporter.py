"""What a bot's process says of its events: which matchers ran, what went wrong, and why nothing was answered."""

import os

import pytest
from nonebot import on_command, on_message
from nonebot.rule import to_me

from nonebot_adapter_feishu_ws.sandbox.door import Poster
from nonebot_adapter_feishu_ws.sandbox.report import Report
from nonebot_adapter_feishu_ws.sandbox.reporter import Reporter
from tests.conftest import APP, wait_until


class Watched:
    def __init__(self, sandbox, adapter):
        self.sandbox, self.reports = sandbox, []
        self.user = sandbox.add_user("Ann")
        self.group = sandbox.add_chat("Group", members=[self.user], apps=[APP])
        self.reporter = Reporter(adapter, self.reports.append)
        self.reporter.watch()

    async def say(self, text, *, at=(APP,)):
        self.reports.clear()
        await self.sandbox.say(self.user, self.group, text, at=at)
        await wait_until(lambda: self.reports)
        return self.reports[0]


@pytest.fixture
async def watched(sandbox, run_adapter):
    async with run_adapter(command_start={"/"}) as adapter:
        watched = Watched(sandbox, adapter)
        yield watched
        watched.reporter.closed = True


async def test_matchers_and_their_answers(watched, matchers):
    matcher = on_command("weather", block=True)
    matchers(matcher)

    @matcher.handle()
    async def tell():
        await matcher.finish("rain")

    report = await watched.say("/weather")
    [ran] = report.ran
    assert (ran.sent, ran.traceback, report.silence, report.pid) == (1, "", [], os.getpid())
    assert "test_reporter" in ran.matcher
    assert "tell" in ran.matcher


async def test_silence_is_explained(watched, matchers, sandbox):
    quiet, broken = on_command("quiet", rule=to_me(), block=True), on_command("broken", block=True)
    refused = on_command("refused", block=True)
    for each in (quiet, broken, refused):
        matchers(each)

    @quiet.handle()
    async def _(): ...

    @broken.handle()
    async def fails():
        raise RuntimeError("out of coffee")

    @refused.handle()
    async def _():
        await refused.finish("x")

    assert (await watched.say("/quiet")).silence == ["no_answer"]
    report = await watched.say("/broken")
    assert report.silence == ["raised"]
    assert "out of coffee" in report.ran[0].traceback
    assert "fails" in report.ran[0].traceback
    sandbox.refuse(230020, times=-1)
    sandbox.refuse(230018, times=-1)
    sandbox.faults.pending.pop(0)
    report = await watched.say("/refused")
    assert "refused" in report.silence
    assert "230018" in report.ran[0].refused[0]
    sandbox.clear_faults()
    assert (await watched.say("hello", at=())).silence == ["no_matcher", "not_to_me"]
    assert (await watched.say("!quiet")).silence == ["no_matcher", "command_start"]


async def test_a_closed_reporter_and_other_adapters_are_silent(watched, matchers):
    matcher = on_message()
    matchers(matcher)
    heard = []

    @matcher.handle()
    async def _():
        heard.append(1)

    watched.reporter.closed = True
    await watched.sandbox.say(watched.user, watched.group, "x", at=[APP])
    await wait_until(lambda: heard)
    assert watched.reports == []


async def test_a_sandbox_in_a_process_of_its_own_is_told_by_post(sandbox):
    poster = Poster(sandbox.url)
    poster.deliver(Report(APP, "", 7))
    poster.deliver(Report(APP, "e1", 7, silence=["no_matcher"]))
    await wait_until(lambda: list(sandbox.gateway.journal.entries("plugin")))
    [entry] = sandbox.gateway.journal.entries("plugin")
    assert entry.subject == Report(APP, "e1", 7, silence=["no_matcher"])
    assert sandbox.world.apps[APP].pid == 7
    poster.stop()


async def test_the_bots_own_sandbox_knows_its_process(run_adapter):
    async with run_adapter(feishu_sandbox=True, feishu_sandbox_port=0, connected=False) as adapter:
        sandbox = adapter._sandbox._end.sandbox
        await wait_until(lambda: sandbox.world.apps[APP].pid == os.getpid())


async def test_bots_join_a_sandbox_that_runs(sandbox, run_adapter):
    async with run_adapter(
        feishu_sandbox=True, feishu_sandbox_url=sandbox.url, feishu_api_base="https://open.feishu.cn"
    ):
        await wait_until(lambda: sandbox.world.apps[APP].pid == os.getpid())
        await sandbox.wait_connected(APP)
