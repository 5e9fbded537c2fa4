"""What stands around the package holds together: image, Compose files, workflows, dependencies, citation."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.install_size import BEGIN, END, NAME, PAGES, between, declared, documented, words

ROOT = Path(__file__).parent.parent
DOCKER = ROOT / "examples" / "docker"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PARTS = re.search(r"^PARTS=\((.*)\)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
COMPOSE = [DOCKER / "compose.yaml", ROOT / "examples" / "replicas" / "compose.yaml"]
SECRETS = {"FEISHU__APP_ID": "cli_a", "FEISHU__APP_SECRET": "of-the-test", "REDIS_PASSWORD": "of-the-test"}


def read(path: str) -> Any:
    """A YAML file of the project."""
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def instructions() -> list[tuple[str, str]]:
    """The instructions of the example's Dockerfile with their arguments."""
    lines = (DOCKER / "Dockerfile").read_text("utf-8").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line)]


def test_the_image_is_slim_and_its_bot_is_not_root():
    names = [name for name, _ in instructions()]
    users = [rest for name, rest in instructions() if name == "USER"]
    assert dict(instructions())["FROM"].endswith("-slim")
    assert users == ["bot"]
    assert names.index("USER") < names.index("CMD")
    assert "HEALTHCHECK" in names


def test_the_python_of_the_image_is_one_that_the_package_names():
    version = re.fullmatch(r"python:(3\.\d+)-slim", dict(instructions())["FROM"])
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["classifiers"]


def test_the_image_installs_extras_that_exist():
    [extras] = re.findall(r"whl\)\[([\w,]+)\]", (DOCKER / "Dockerfile").read_text("utf-8"))
    assert {*extras.split(",")} <= {*PROJECT["optional-dependencies"]}


def test_the_builder_of_the_image_sees_only_what_is_copied():
    """And so no ``.env``."""
    first, *rest = [
        line for line in (DOCKER / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    copied = {rest.split()[0].removeprefix("./") for name, rest in instructions() if name == "COPY"}
    assert first == "*"
    assert {line[1:] for line in rest if line.startswith("!")} == copied


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.parent.name)
def test_a_compose_file_waits_for_redis_and_builds_the_image_of_the_example(file: Path):
    services = yaml.safe_load(file.read_text("utf-8"))["services"]
    assert (file.parent / services["bot"]["build"]).resolve() == DOCKER
    assert services["bot"]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert services["bot"]["environment"]["FEISHU_STORE"].startswith("redis://")
    assert "noeviction" in services["redis"]["command"]


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.parent.name)
def test_compose_itself_finds_the_file_valid(file: Path, tmp_path: Path):
    command = compose()
    folder = tmp_path / "examples" / file.parent.name
    shutil.copytree(DOCKER, tmp_path / "examples" / "docker")
    shutil.copytree(file.parent, folder, dirs_exist_ok=True)
    (folder / ".env").write_text("".join(f"{key}={value}\n" for key, value in SECRETS.items()))
    done = subprocess.run([*command, "config"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    bot = yaml.safe_load(done.stdout)["services"]["bot"]
    assert bot["environment"]["FEISHU_STORE"] == "redis://:of-the-test@redis:6379/0"
    assert bot["environment"]["FEISHU__APP_ID"] == "cli_a"


def compose() -> list[str]:
    """Docker Compose, as a plugin or as a program; skips the test where it is neither."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            return command
    pytest.skip("Docker Compose is not installed")


def test_the_workflow_runs_parts_of_ci_that_exist_and_all_of_them():
    assert PARTS is not None
    parts = set(PARTS[1].split())
    workflow = read(".github/workflows/ci.yml")
    named = {word for each in workflow["jobs"]["check"]["strategy"]["matrix"]["part"] for word in each.split()}
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    found = [re.fullmatch(r"bash \.ci/run ([\w ]+)", run) for run in runs]
    named |= {word for each in found if each for word in each[1].split()}
    assert named <= parts
    # Its Pythons are jobs of their own, and a shared runner measures nothing.
    assert parts - named == {"pythons", "floor"}


def test_the_workflow_tests_every_python_that_the_package_names_and_the_next_one():
    matrix = read(".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    named = [found[1] for each in PROJECT["classifiers"] if (found := re.search(r":: (3\.\d+)$", each))]
    following = f"3.{int(named[-1].partition('.')[2]) + 1}"
    assert matrix["python"] == named
    assert [each["python"] for each in matrix["include"]] == [following]
    [here] = re.findall(r"^PYTHONS=\((.*)\)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert here.split() == [*named[1:], following]


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        (".github/workflows/ci.yml", "github-workflows"),
        (".github/workflows/release.yml", "github-workflows"),
        (".github/dependabot.yml", "dependabot"),
        ("examples/docker/compose.yaml", "compose-spec"),
        ("examples/replicas/compose.yaml", "compose-spec"),
        (".github/ISSUE_TEMPLATE/bug.yml", "github-issue-forms"),
        (".github/ISSUE_TEMPLATE/feature.yml", "github-issue-forms"),
        ("CITATION.cff", "citation-file-format"),
    ],
)
def test_the_file_is_what_its_reader_expects(path: str, schema: str):
    """By the schemas that check-jsonschema carries."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        "--output-format",
        "json",
        path,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dependabot_looks_into_folders_that_exist():
    updates = read(".github/dependabot.yml")["updates"]
    assert [each["directory"] for each in updates if not (ROOT / each["directory"].lstrip("/")).is_dir()] == []


def test_the_hooks_before_a_commit_run_tools_of_the_project():
    hooks = [hook for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    tools = {re.match(r"[\w-]+", each)[0] for group in groups.values() for each in group if isinstance(each, str)}
    run = [re.search(r"uv run -q --group dev ([\w-]+)", hook["entry"]) for hook in hooks]
    assert {found[1] for found in run if found} == {"ruff", "pyright"}
    assert {"ruff", "pyright"} <= tools


def test_the_citation_names_this_version():
    citation = read("CITATION.cff")
    assert (citation["title"], str(citation["version"]), citation["license"]) == (
        PROJECT["name"],
        PROJECT["version"],
        PROJECT["license"],
    )


def test_every_dependency_has_a_reason_and_a_size_in_the_guides():
    assert {*words()} == {*declared()}
    for language, page in PAGES.items():
        text = page.read_text("utf-8")
        assert text.count(BEGIN) == text.count(END) == 1
        lines = [line.split(" | ") for line in between(text).splitlines() if line.startswith("| ")]
        rows = {line[0].removeprefix("| "): line[2] for line in lines[1:-1]}
        assert {*rows} == {NAME, *declared()}
        assert {name: rows[name] for name in words()} == {name: said[language] for name, said in words().items()}
    assert documented() > 50


def test_the_schema_check_fails_on_a_wrong_file(tmp_path: Path):
    (tmp_path / "wrong.yml").write_text(json.dumps({"on": "push", "jobs": {"a": {"runs-on": "x", "step": []}}}))
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        str(tmp_path / "wrong.yml"),
    ]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1
