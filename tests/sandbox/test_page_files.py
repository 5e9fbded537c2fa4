"""The chat page's files: served with their types, behind the same guard as the page, each with one subject."""

from importlib import resources

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.sandbox.page.page import SCRIPTS, STYLES

FOLDER = resources.files("nonebot_adapter_feishu_ws.sandbox.page")
PATHS = {
    "/": "text/html",
    **{f"/page/{name}.css": "text/css" for name in STYLES},
    **{f"/page/{name}.js": "text/javascript" for name in SCRIPTS},
}


async def test_every_file_is_served_to_loopback_alone(sandbox):
    async with aiohttp.ClientSession(sandbox.url) as http:
        for path, content_type in PATHS.items():
            async with http.get(path) as response:
                assert (response.status, response.content_type) == (200, content_type)
                assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"
            for strange in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
                async with http.get(path, headers=strange) as response:
                    assert response.status == 403
        async with http.get("/page/page.py") as response:
            assert response.status == 404


def test_no_script_is_left_out():
    assert {each.name for each in FOLDER.iterdir() if each.name.endswith(".js")} == {f"{name}.js" for name in SCRIPTS}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_its_subject_and_stays_short(name):
    lines = FOLDER.joinpath(f"{name}.js").read_text("utf-8").splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 400
