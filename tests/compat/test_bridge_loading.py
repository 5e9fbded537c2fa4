"""When a bridge is loaded, what that costs, and what is said when it cannot be used."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from loguru import logger

from nonebot_adapter_feishu_ws.compat.bridges import _warned, open_bridges
from tests.compat.bridges.play import need

need("nonebot_plugin_alconna")
LOADED = """
import json, sys, time, warnings
import importlib_metadata
import nonebot
nonebot.init(driver="~none", _env_file=None, log_level="ERROR")
warnings.simplefilter("ignore")
load, took = importlib_metadata.EntryPoint.load, []

def timed(point):
    began = time.perf_counter()
    found = load(point)
    if point.name == "feishu_ws":
        took.append(time.perf_counter() - began)
    return found

importlib_metadata.EntryPoint.load = timed
import nonebot_plugin_alconna
names = [name for name in sys.modules if name.partition(".")[0] == "nonebot_adapter_feishu_ws"]
loader = nonebot_plugin_alconna.uniseg.adapters.loaders["Feishu"]
print(json.dumps([names, type(loader).__module__, *took]))
"""


@pytest.fixture
def warnings():
    lines: list[str] = []
    handler = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    _warned._seen.clear()
    yield lines
    logger.remove(handler)


def test_the_entry_point_loads_three_small_modules(capsys):
    answer = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    names, module, took = json.loads(answer.stdout.splitlines()[-1])
    package = "nonebot_adapter_feishu_ws"
    assert module == f"{package}.compat.alconna"
    assert sorted(names) == [package, f"{package}.compat", f"{package}.compat.alconna"]
    with capsys.disabled():
        print(f"\nthe entry point adds {took * 1000:.1f} ms to import nonebot_plugin_alconna")


def test_the_entry_point_is_in_the_wheel():
    [point] = entry_points(group="n-p-alc.uniseg.adapters", name="feishu_ws")
    assert point.value == "nonebot_adapter_feishu_ws.compat.alconna:Loader"


def test_another_loader_of_the_name_is_left_alone_and_named_once(monkeypatch, warnings):
    from nonebot_plugin_alconna.uniseg import adapters
    from nonebot_plugin_alconna.uniseg.loader import BaseLoader

    class Other(BaseLoader):
        get_adapter = get_builder = get_exporter = lambda self: None

    other = Other()
    monkeypatch.setitem(adapters.loaders, "Feishu", other)
    for _ in range(2):
        open_bridges(["nonebot_plugin_alconna"])
    assert adapters.loaders["Feishu"] is other
    [line] = warnings
    for words in ("nonebot_plugin_alconna is loaded", __name__, "tested with nonebot-plugin-alconna 0.62.1"):
        assert words in line


def test_a_bridge_that_cannot_be_imported_is_named_once(monkeypatch, warnings):
    """As after a release of the plugin that has renamed what the bridge imports."""
    monkeypatch.delitem(sys.modules, "nonebot_adapter_feishu_ws.compat.alconna", raising=False)
    monkeypatch.setitem(sys.modules, "nonebot_plugin_alconna.uniseg.loader", None)
    for _ in range(2):
        open_bridges(["nonebot_plugin_alconna"])
    [line] = warnings
    assert "nonebot_plugin_alconna.uniseg.loader" in line
    assert "installed is nonebot-plugin-alconna" in line


def test_help_plugins_list_what_supports_feishu():
    """treehelp and picmenu-next showed no plugin at all, since all name the module of the existing adapter."""
    from nonebot.plugin import PluginMetadata

    from nonebot_adapter_feishu_ws.compat.metadata import mark_supported

    def plugin(adapters: set[str] | None) -> PluginMetadata:
        return PluginMetadata("a", "b", "c", supported_adapters=adapters)

    short, long, other, any_of_them = map(plugin, ({"~feishu"}, {"nonebot.adapters.feishu", "~qq"}, {"~qq"}, None))
    for _ in range(2):
        mark_supported([short, long, other, any_of_them, None])
    ours = "nonebot_adapter_feishu_ws"
    assert short.supported_adapters == {"~feishu", ours}
    assert long.supported_adapters == {"nonebot.adapters.feishu", "~qq", ours}
    assert (other.supported_adapters, any_of_them.supported_adapters) == ({"~qq"}, None)
    assert sys.modules[ours].Adapter in (short.get_supported_adapters() or ())


WITHOUT_PLUGINS = """
import json, sys
import nonebot
from nonebot_adapter_feishu_ws import Adapter
nonebot.init(driver="~none", _env_file=None, log_level="ERROR", feishu_store="memory://")
driver = nonebot.get_driver()
driver.register_adapter(Adapter)

async def start_and_stop():
    async with driver._lifespan:
        pass

import asyncio
asyncio.run(start_and_stop())
print(json.dumps([name for name in sys.modules if ".compat" in name and name.startswith("nonebot_adapter")]))
"""


def test_without_their_plugins_no_bridge_is_imported(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_PLUGINS], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout.splitlines()[-1]) == []


BEFORE_PLUGINS_START = """
import json
import nonebot
from nonebot_adapter_feishu_ws import Adapter
nonebot.init(driver="~none", _env_file=None, log_level="ERROR", feishu_store="memory://")
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
nonebot.load_plugin("nonebot_plugin_alconna")
seen = []

@driver.on_startup
async def _():
    seen.extend(nonebot.get_plugin("nonebot_plugin_alconna").metadata.supported_adapters)

async def start_and_stop():
    async with driver._lifespan:
        pass

import asyncio
asyncio.run(start_and_stop())
print(json.dumps(seen))
"""


def test_bridges_are_open_before_plugins_start(tmp_path):
    """picmenu-next lists the plugins at startup, when this adapter had not yet marked those for Feishu."""
    answer = subprocess.run(
        [sys.executable, "-c", BEFORE_PLUGINS_START], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    assert "nonebot_adapter_feishu_ws" in json.loads(answer.stdout.splitlines()[-1])
