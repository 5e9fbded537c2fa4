"""The garbage collector: tuned for events, and left alone where the process has its own idea."""

import subprocess
import sys

import pytest

CODE = """
import gc
from nonebot_adapter_feishu_ws.lifecycle.collector import tune_collector
{before}
tune_collector({threshold})
print(gc.get_threshold()[0], gc.get_freeze_count() > 0)
"""


@pytest.mark.parametrize(
    ("before", "threshold", "says"),
    [
        ("", 10_000, "10000 True"),
        ("gc.set_threshold(50_000)", 10_000, "50000 False"),
        ("gc.set_threshold(900)", 0, "900 False"),
        ("gc.set_threshold(900); gc.disable()", 10_000, "900 False"),
    ],
    ids=["default", "higher already", "switched off", "no collector"],
)
def test_the_collector_runs_less_often_unless_the_process_has_chosen(before, threshold, says):
    code = CODE.format(before=before, threshold=threshold)
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split("\n")[-2] == says
