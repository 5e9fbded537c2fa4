"""The door for pytest: the fixture ``feishu_sandbox``.

pytest imports this file in every project where the package is installed, so it imports nothing else before a test asks
for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .fixture.bots import FeishuSandbox
    from .fixture.host import Host


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The plugins that the bots run may stand in pytest's configuration."""
    # pytest rewrites the assertions of the whole package a plugin is in, at each import that finds no copy of it. There
    # are none, and two threads that do so at once end in a SystemError on Python 3.11.
    marked: object = getattr(getattr(pluginmanager, "rewrite_hook", None), "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard(__name__.partition(".")[0])
    parser.addini("feishu_plugins", "NoneBot plugins (names, or folders ending in /) of the Feishu sandbox", "args", [])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "feishu(**config): settings of the bots in the Feishu sandbox")


@pytest.fixture(scope="session")
def feishu_host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """NoneBot, in a thread of its own for the whole session."""
    from .fixture.host import Host

    if request.config.pluginmanager.hasplugin("nonebug"):
        request.getfixturevalue("nonebug_init")  # it initialises NoneBot and runs its lifespan
    host = Host(request.config.getini("feishu_plugins"))
    host.start()
    yield host
    host.stop()


@pytest.fixture
def feishu_sandbox(request: pytest.FixtureRequest, feishu_host: Host) -> Iterator[FeishuSandbox]:
    """A local Feishu of this test's own, with a bot that runs the plugins; see :class:`.FeishuSandbox`."""
    from .fixture.bots import FeishuSandbox

    config = {key: value for mark in request.node.iter_markers("feishu") for key, value in mark.kwargs.items()}
    sandbox = FeishuSandbox(feishu_host, config)
    yield sandbox
    sandbox.close()
