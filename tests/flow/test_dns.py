"""The name server of the machine changes while a bot runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.namespaces import inside


@pytest.mark.fault(37)
def test_another_name_server_is_found_without_a_restart(saw: Callable[[str], None]):
    run = subprocess.run(
        [*inside("net", "mount"), sys.executable, "-m", "tests.flow.dns_change"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    seen = json.loads(run.stdout.splitlines()[-1])
    assert "the name open.feishu.test" in seen["error"]
    assert seen["asked_new"] == 0
    assert seen["asked_new_then"] > 0
    assert seen["sent"] == ["before", "after"]
    saw(
        f"aiodns installed, the old server silent, then the link changes: connected {seen['took']:.1f} s later, sent: "
        f"{', '.join(seen['sent'])}; {seen['asked_new_then']} queries to the new server"
    )


def test_nothing_that_connects_to_feishu_has_a_resolver_of_its_own():
    """``aiodns`` reads ``/etc/resolv.conf`` once; with it installed, aiohttp uses it for everything."""
    code = "import sys; from nonebot_adapter_feishu_ws.transport import connection; print(sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=100)
    loaded = run.stdout.replace("'", "").strip("[]\n").split(", ")
    assert {"aiodns", "pycares", "aiohttp"} & set(loaded) == set()
