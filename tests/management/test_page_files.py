"""The status page's files: served with their types to everybody, since they hold no data; each with one subject."""

from importlib import resources

import pytest

from nonebot_adapter_feishu_ws.management.status_page import FILES, SCRIPTS
from tests.management.test_routes import APP, managed

FOLDER = resources.files("nonebot_adapter_feishu_ws.management").joinpath("page")


async def test_every_file_is_served_without_a_token(sandbox, run_adapter):
    async with managed(run_adapter, sandbox) as (_, call):
        for name, content_type in FILES.items():
            status, text, headers = await call(f"page/{name}", None)
            assert (status, headers["Content-Type"]) == (200, content_type)
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert text == FOLDER.joinpath(name).read_text("utf-8")
            assert APP not in text
        assert (await call("page/index.html", None))[0] == 404


def test_no_file_is_left_out():
    assert {each.name for each in FOLDER.iterdir()} == {"index.html", *FILES}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_its_subject_and_stays_short(name):
    lines = FOLDER.joinpath(f"{name}.js").read_text("utf-8").splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 400
