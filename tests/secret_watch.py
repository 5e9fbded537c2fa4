"""A pytest plugin that reads every log line of every test and fails the test in which one shows a secret.

Secrets are noted where they are made: as a ``SecretStr``, as a control token, in a store's URL, and in the sandbox.
What is read: NoneBot's logger at its lowest level with tracebacks, the standard library's ``logging``, warnings, and
what the test wrote to stdout and stderr, which has the output of the bots that it started as processes.
"""

import asyncio
import base64
import functools
import logging
import subprocess
from collections import OrderedDict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from loguru import logger
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.management.access import Tokens
from nonebot_adapter_feishu_ws.sandbox.gateway import Gateway
from nonebot_adapter_feishu_ws.sandbox.state import App, World
from nonebot_adapter_feishu_ws.store.redis.connection import RedisConnection

SHORTEST = 7
"""Characters; a shorter text stands by chance in many a line."""
AT_ONCE = 500
"""Secrets that are looked for: those that were noted last, and what is used again comes last again."""
NOT_OURS = "Loaded Config: "
"""NoneBot prints its raw configuration at DEBUG before any adapter runs; a line of its own, and left out."""


class SecretWatch:
    """Collects lines and secrets, and finds the ones in the others."""

    def __init__(self) -> None:
        self.secrets: OrderedDict[str, str] = OrderedDict()
        self.lines: list[str] = []

    def note(self, value: object, what: str) -> None:
        """A secret, and what it is; of a URL the password alone."""
        if not isinstance(value, str):
            return
        if "://" in value:
            self._note_url(value, what)
        elif len(value) >= SHORTEST:
            self.secrets[value] = what
            self.secrets.move_to_end(value)
            while len(self.secrets) > AT_ONCE:
                self.secrets.popitem(last=False)

    def _note_url(self, url: str, what: str) -> None:
        parts = urlsplit(url)
        if parts.password:
            pair = f"{unquote(parts.username or '')}:{unquote(parts.password)}"
            for text in (parts.password, unquote(parts.password), base64.b64encode(pair.encode()).decode()):
                self.note(text, f"password of {what}")

    def hear(self, text: object) -> None:
        """Lines of a log."""
        self.lines += str(text).splitlines()

    def leaks(self) -> list[str]:
        """What of the lines since the last look shows a secret."""
        lines, self.lines = self.lines, []
        text = "\n".join(line for line in lines if NOT_OURS not in line)
        found = [(secret, what) for secret, what in self.secrets.items() if secret in text]
        return [
            f"{what} ({secret}) in the line: {next(line for line in text.splitlines() if secret in line)}"
            for secret, what in found
        ]


watch = SecretWatch()
LATE = pytest.StashKey[list[str]]()


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        watch.hear(self.format(record))


class _Tickets(dict[str, str]):
    def __setitem__(self, ticket: str, app_id: str) -> None:
        watch.note(ticket, "a ticket of a connection")
        super().__setitem__(ticket, app_id)


def _after(owner: type, name: str, see: Callable[..., object]) -> None:
    """Have a function see the arguments and the result of each call of a method."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def seen(*args: Any, **options: Any) -> Any:
        result = method(*args, **options)
        see(result, *args, **options)
        return result

    setattr(owner, name, seen)


def _hear_what_processes_say() -> None:
    """What a test reads from a process itself is not on its stdout."""
    communicate = asyncio.subprocess.Process.communicate

    async def heard(process: Any, *args: Any, **options: Any) -> Any:
        outputs = await communicate(process, *args, **options)
        _hear_output(outputs)
        return outputs

    asyncio.subprocess.Process.communicate = heard  # pyright: ignore[reportAttributeAccessIssue]
    _after(subprocess.Popen, "communicate", lambda result, *args, **options: _hear_output(result))


def _hear_output(outputs: Any) -> None:
    for output in outputs:
        watch.hear(output.decode(errors="replace") if isinstance(output, bytes) else output or "")


def _note_app(result: object, app: App, name: str, value: object) -> None:
    if name in ("app_secret", "encrypt_key", "verification_token", "app_ticket"):
        watch.note(value, f"{name} of an app of the sandbox")


def _note_control_tokens(result: object, tokens: Tokens, configured: Any) -> None:
    for token in configured:
        watch.note(token, "a control token")


def pytest_configure() -> None:
    """Begin to note and to hear."""
    _after(SecretStr, "__init__", lambda result, secret, value: watch.note(value, "a SecretStr"))
    _after(Tokens, "__init__", _note_control_tokens)
    _after(RedisConnection, "__init__", lambda result, connection, url, **options: watch.note(url, "a store"))
    _after(World, "issue_token", lambda result, *args, **options: watch.note(result[0], "a tenant access token"))
    _after(App, "__setattr__", _note_app)
    _after(Gateway, "__init__", lambda result, gateway, *args, **options: setattr(gateway, "_tickets", _Tickets()))
    _hear_what_processes_say()
    # As NoneBot's own sink: with diagnose=True loguru would print the values of local variables.
    logger.add(watch.hear, level=0, format="{message}", backtrace=True, diagnose=False)
    logging.getLogger().addHandler(_Handler(level=1))
    logging.getLogger().setLevel(1)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Look when everything of the test has ended, and what was captured is there."""
    yield
    for _, stream, text in item._report_sections:
        if stream in ("stdout", "stderr"):
            watch.hear(text)
    for path in _logs_of(item):
        watch.hear(path.read_text("utf-8", errors="replace"))
    if leaks := watch.leaks():
        pytest.fail("a log shows a secret:\n" + "\n".join(leaks), pytrace=False)


def _logs_of(item: pytest.Item) -> list[Path]:
    """What processes of the test have written into its temporary folder."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    return sorted(folder.rglob("*.log")) if isinstance(folder, Path) and folder.exists() else []


# A warning is told after its test has ended: it counts for the next test, and that of the last one for the session.


def pytest_warning_recorded(warning_message: Any) -> None:
    """Warnings are lines, too."""
    watch.hear(warning_message.message)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What no test has answered for."""
    _report(session.config, watch.leaks())
    if session.config.stash.get(LATE, None):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of pytest-xdist found in the end."""
    _report(node.config, getattr(node, "workeroutput", {}).get("secret_leaks", []))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say it."""
    for leak in config.stash.get(LATE, []):
        terminalreporter.write_line(f"a log shows a secret: {leak}", red=True)


def _report(config: pytest.Config, leaks: list[str]) -> None:
    config.stash.setdefault(LATE, []).extend(leaks)
    if hasattr(config, "workeroutput"):
        config.workeroutput["secret_leaks"] = leaks  # pyright: ignore[reportAttributeAccessIssue]
