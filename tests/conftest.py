"""What all tests share: NoneBot initialised once, a sandbox, and adapters that run against it."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, settings
from loguru import logger
from nonebot.config import Config, Env
from nonebot.drivers import Driver
from nonebot.drivers.none import Driver as NoneDriver
from nonebug import NONEBOT_INIT_KWARGS

from nonebot_adapter_feishu_ws import Adapter
from nonebot_adapter_feishu_ws.api import Rate
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests import slow_tests
from tests.fault_rows import FAULTS, Seen, record
from tests.intake.loop_check import check_loops
from tests.redis_server import RedisServer

APP, SECRET = "cli_a0b1c2d3e4f56789", "secret-of-cli-a-0123456789"
RunAdapter = Callable[..., AbstractAsyncContextManager[Adapter]]


# A busy machine must not fail a property test for being slow.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    check_loops()
    config.pluginmanager.import_plugin("tests.secret_watch")
    config.stash[NONEBOT_INIT_KWARGS] = {"driver": "~none", "command_start": ["/", ""], "log_level": "DEBUG"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Before pytest itself looks at -m.
    slow_tests.mark(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Workers of ``-n auto``: one more than there are cores, since most tests wait."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is None:
                if os.environ.get("CI"):
                    pytest.fail(f"{tool} is not installed, and CI must not skip what needs it")
                pytest.skip(f"{tool} is not installed")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Feishu that redelivers within a second instead of within hours."""
    async with Sandbox(redelivery=(0.3,) * 20, ack_timeout=0.5) as server:
        server.add_app(APP, SECRET, name="Bot A")
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, on a socket file, that writes every command to its disk."""
    # The path of a socket has at most some 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="feishu-redis-"))
    server = RedisServer(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def run_adapter(sandbox: Sandbox) -> RunAdapter:
    """``async with run_adapter(bots=[...], **config) as adapter``: an adapter on a driver of its own."""

    @asynccontextmanager
    async def run(
        bots: list[dict[str, Any]] | None = None,
        *,
        driver: type[Driver] = NoneDriver,
        connected: bool = True,
        **config: Any,
    ) -> AsyncIterator[Adapter]:
        bots = bots or [{"app_id": APP, "app_secret": SECRET}]
        settings: dict[str, Any] = {"feishu_api_base": sandbox.url, "feishu_reconnect_delays": [0.05]}
        settings |= {"feishu_store": "memory://", **config}
        instance = driver(Env(environment="test"), Config.model_validate({**settings, "feishu_bots": bots}))
        adapter = run.adapter = Adapter(instance)  # pyright: ignore[reportFunctionMemberAccess]
        await instance._lifespan.startup()
        try:
            if connected:
                # The SDK alone imports for 15 s on a slow machine.
                await wait_until(lambda: all(bot["app_id"] in adapter.bots for bot in bots), timeout=120)
            yield adapter
        finally:
            await instance._lifespan.shutdown()

    return run


@asynccontextmanager
async def serving(adapter: Adapter) -> AsyncIterator[str]:
    """The routes of an adapter on a real server; yields its URL."""
    app = adapter.driver.server_app  # pyright: ignore[reportAttributeAccessIssue]
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def wait_until(condition: Callable[[], object], timeout: float = 30.0) -> None:
    """Wait for something that another task or thread brings about."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


@pytest.fixture
def unlimited_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adapters do not keep Feishu's limit of five messages a second and chat, for tests of something else."""
    monkeypatch.setattr("nonebot_adapter_feishu_ws.api.client.Rate", lambda: Rate(1000, 1.0))


@pytest.fixture
def logs() -> Any:
    """The lines that are logged during a test."""
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="DEBUG", format="{level} {message}")
    yield lines
    logger.remove(sink)


@pytest.fixture
def saw(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """``saw("3 of 3 handled")``: what a test with ``@pytest.mark.fault(row)`` observed, for the table of faults."""
    marker = request.node.get_closest_marker("fault")
    assert marker is not None, "which row of tests/fault_rows.py? Say so with @pytest.mark.fault(row)"
    [row] = marker.args
    assert row in FAULTS
    file = request.path.relative_to(Path(__file__).parent)
    return lambda text: record(Seen(row, text, f"{file.as_posix()}::{request.node.originalname}"))


@pytest.fixture
def matchers() -> Any:
    """Collects matchers of a test and removes them afterwards."""
    made: list[Any] = []
    yield made.append
    for matcher in made:
        matcher.destroy()
