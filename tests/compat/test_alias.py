"""``FEISHU_COMPAT_ALIAS``: the existing adapter's import path as another name of this package."""

import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loguru import logger

HERE = str(Path(__file__).parent)
MODULES = ("", ".adapter", ".bot", ".config", ".event", ".exception", ".message", ".models", ".utils")
THROUGH_THE_ALIAS = """
import json, sys
import without_existing
without_existing.hide()
from nonebot_adapter_feishu_ws.compat.alias import install
install()
install()
import nonebot_adapter_feishu_ws as ours
import nonebot.adapters.feishu
import nonebot.adapters.feishu.message as message
from nonebot.adapters.feishu import Bot, MessageSegment
from nonebot.adapters.feishu.event import GroupMessageEvent
same = [nonebot.adapters.feishu is ours, message is sys.modules["nonebot_adapter_feishu_ws.message"]]
same += [Bot is ours.Bot, MessageSegment is message.MessageSegment, GroupMessageEvent is ours.GroupMessageEvent]
try:
    import nonebot.adapters.feishu.ws
except ModuleNotFoundError as error:
    missing = str(error)
print(json.dumps([same, ours.__spec__.name, message.__name__, missing]))
"""


def test_the_alias_has_the_same_modules_and_classes():
    command = [sys.executable, "-c", THROUGH_THE_ALIAS]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")])}
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)
    assert answer.returncode == 0, answer.stderr
    same, spec, name, missing = json.loads(answer.stdout.splitlines()[-1])
    assert same == [True] * 5
    assert (spec, name) == ("nonebot_adapter_feishu_ws", "nonebot_adapter_feishu_ws.message")
    assert missing == "No module named 'nonebot.adapters.feishu.ws'"


async def test_the_alias_is_refused_beside_the_existing_adapter(run_adapter):
    lines: list[str] = []
    handler = logger.add(lambda line: lines.append(str(line)), level="ERROR", format="{message}")
    with pytest.raises(SystemExit):
        async with run_adapter(feishu_compat_alias=True):
            pass
    logger.remove(handler)
    [text] = lines
    for words in ("FEISHU_COMPAT_ALIAS is true", "pip uninstall nonebot-adapter-feishu", "FEISHU_COMPAT_ALIAS=false"):
        assert words in text


@pytest.mark.parametrize("suffix", MODULES)
def test_every_public_class_and_function_of_the_existing_module_is_there(suffix):
    theirs = importlib.import_module(f"nonebot.adapters.feishu{suffix}")
    ours = importlib.import_module(f"nonebot_adapter_feishu_ws{suffix}")
    home = f"{theirs.__name__}." if suffix in ("", ".models") else theirs.__name__
    names = [
        name
        for name, value in vars(theirs).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__.startswith(home)
    ]
    assert names
    assert [name for name in names if not hasattr(ours, name)] == []
