"""The package gets into a project by the README's own line, and the release workflow is ready to publish it."""

import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.docs.blocks import ROOT, blocks_of

WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


def test_the_release_workflow_publishes_wheel_and_sdist_without_a_token():
    text = WORKFLOW.read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    uses = {step.get("uses", "").partition("@")[0] for job in jobs.values() for step in job["steps"]}
    assert "pypa/gh-action-pypi-publish" in uses
    assert (jobs["publish"]["permissions"], jobs["publish"]["environment"]["name"]) == ({"id-token": "write"}, "pypi")
    assert jobs["publish"]["needs"] == "try"
    assert "secrets." not in text
    assert "password" not in text
    assert "python -m build\n" in text, "sdist and wheel"


def test_the_release_workflow_tries_every_python_that_the_package_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [found[1] for each in project["classifiers"] if (found := re.search(r":: (3\.\d+)$", each))]
    assert yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["try"]["strategy"]["matrix"]["python"] == named


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_line_of_the_readme_installs_the_package_from_a_clone(readme, tmp_path):
    """In a real environment; what it needs besides stands on its path, so that no index is asked."""
    [block] = [each for each in blocks_of(ROOT / readme) if each.frame == "install"]
    made, installs = block.text.splitlines()
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "nonebot-adapter-feishu-ws").symlink_to(ROOT)
    env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    subprocess.run(["bash", "-euc", made], cwd=project, env=env, check=True, timeout=100)
    [site] = project.glob(".venv/lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    extra = 'pip install "nonebot-adapter-feishu-ws[redis]"'
    check = "python -c 'import nonebot_adapter_feishu_ws as it; print(it.__file__)'"
    script = f". .venv/bin/activate\n{installs}\n{extra}\n{check}"
    done = subprocess.run(["bash", "-euc", script], cwd=project, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(site) in done.stdout.splitlines()[-1]
