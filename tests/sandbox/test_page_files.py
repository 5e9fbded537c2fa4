"""The chat page's files: served with their types, behind the same guard as the page, each with one subject."""

import re
from importlib import resources

import aiohttp
import pytest

from nonebot_adapter_feishu_ws.sandbox.page.page import TYPES, files

FILES = dict(files())
PATHS = {"/" if path == "index.html" else f"/page/{path}": TYPES[path.rpartition(".")[2]] for path in FILES}
OURS = [path for path in FILES if not path.startswith("vendor/")]


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


@pytest.mark.parametrize("path", OURS)
def test_a_file_says_its_subject_and_stays_short(path):
    lines = FILES[path].read_text("utf-8").splitlines()
    assert lines[0].startswith({"js": "// ", "css": "/* ", "html": "<!doctype html>"}[path.rpartition(".")[2]])
    assert len(lines) <= 400


def test_files_of_others_name_their_version_and_have_their_licence_beside_them():
    vendor = [path for path in FILES if path.startswith("vendor/")]
    assert vendor == ["vendor/markdown-it.js"]
    assert "markdown-it 15.0.3" in FILES[vendor[0]].read_text("utf-8").splitlines()[0]
    assert "MIT" in FILES[vendor[0]].read_text("utf-8").splitlines()[0]
    licence = resources.files("nonebot_adapter_feishu_ws.sandbox.page") / "vendor" / "markdown-it.LICENSE"
    assert "Permission is hereby granted" in licence.read_text("utf-8")


@pytest.mark.parametrize("path", [path for path in OURS if path.endswith(".js")])
def test_every_module_that_is_imported_is_served(path):
    imported = re.findall(r'from "\./([^"]+)"', FILES[path].read_text("utf-8"))
    assert set(imported) <= set(FILES)
