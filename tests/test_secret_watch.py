"""The watch over the logs sees what it must see; and nothing of ours shows a secret when it is printed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secret_watch import SecretWatch

ROOT = Path(__file__).parent.parent
HEAD = """
import logging, subprocess, sys, warnings
from loguru import logger
from pydantic import SecretStr

SECRET = SecretStr("planted-" + "secret-1").get_secret_value()

"""
TRY = """
    try:
        raise {error}
    except Exception:
        {log}
"""
SANDBOX = "from nonebot_adapter_feishu_ws.sandbox import Sandbox; box = Sandbox(); "
SANDBOX += "app = box.add_app('a', 'planted-secret-of-a'); "
WAYS = {
    "NoneBot's logger": 'logger.trace("it is " + SECRET)',
    "a traceback": TRY.format(error="ValueError(SECRET)", log="logger.exception('trouble')"),
    "a cause": TRY.format(error="KeyError(1) from ValueError(SECRET)", log="logger.exception('trouble')"),
    "logging": 'logging.getLogger("lib.deep").debug("it is %s", SECRET)',
    "a traceback of logging": TRY.format(error="ValueError(SECRET)", log="logging.debug('trouble', exc_info=True)"),
    "stdout": "print(SECRET)",
    "stderr": "sys.stderr.write(SECRET)",
    "a process": "subprocess.run([sys.executable, '-c', f'print(\"{SECRET}\")'])",
    "a process that is read": "subprocess.run([sys.executable, '-c', f'print(\"{SECRET}\")'], capture_output=True)",
    "a log file": "(tmp_path / 'bot.log').write_text(SECRET)",
    "a URL": 'SecretStr("http://user:planted%2Fword@proxy:1"); logger.info("to planted/word")',
    "an app": SANDBOX + "print(app.app_secret)",
    "a token": SANDBOX + "print(box.world.issue_token(app))",
    "a ticket": SANDBOX + "box.gateway._tickets['planted-ticket'] = 'a'; print('wss://x?access_key=planted-ticket')",
    "a control token": "from nonebot_adapter_feishu_ws.management.access import Tokens\n"
    "    Tokens({'planted-control-token': []})\n    logger.debug('planted-control-token')",
}


def run(tmp_path: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_planted.py").write_text(HEAD + text)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.secret_watch",
        "-p",
        "no:cacheprovider",
        *options,
        ".",
    ]
    env |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_a_planted_secret_fails_its_test_whichever_way_it_comes(tmp_path, options):
    tests = [f"def test_{number}(tmp_path):\n    {way}\n" for number, way in enumerate(WAYS.values())]
    result = run(tmp_path, "\n\n".join([*tests, 'def test_clean():\n    print("nothing")\n']), *options)
    for number, name in enumerate(WAYS):
        assert f"ERROR test_planted.py::test_{number} - Failed: a log shows a secret" in result.stdout, name
    assert "test_clean" not in result.stdout, result.stdout
    assert result.returncode == 1


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_a_warning_of_the_last_test_fails_the_session(tmp_path, options):
    result = run(tmp_path, "def test_last():\n    warnings.warn(SECRET)\n", *options)
    assert "a log shows a secret: a SecretStr" in result.stdout
    assert result.returncode == 1


def test_only_nonebots_own_line_is_left_out():
    watch = SecretWatch()
    watch.note("secret-in-the-config", "a secret")
    watch.hear("01-01 00:00:00 [DEBUG] nonebot | Loaded Config: {'feishu_bots': 'secret-in-the-config'}")
    assert watch.leaks() == []
    watch.hear("first\nthe Config: secret-in-the-config")
    assert watch.leaks() == ["a secret (secret-in-the-config) in the line: the Config: secret-in-the-config"]
    assert watch.leaks() == [], "told once"


def test_the_watch_is_on_in_this_very_run(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("tests.secret_watch")
