"""The docs site: it builds without a warning, and in Chromium one can search it, change its language and darken it."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from scripts.house_picture import LAYERS, WORDS, draw
from tests.docs.blocks import LANGUAGES, ROOT, pages
from tests.house import PACKAGE

pytestmark = [pytest.mark.needs("mkdocs", "chromium"), pytest.mark.timeout(300)]
ROLES = re.compile(r":(?:class|func|meth|attr|exc|mod|data|obj):")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as CI builds it: a warning is a failure, and links and anchors are among what warns."""
    folder = tmp_path_factory.mktemp("site")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    command = ["mkdocs", "build", "--strict", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=250)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
async def page(url: str):
    """A page in Chromium, on which no script fails and which asks no other host for anything."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened = await browser.new_page(viewport={"width": 1280, "height": 800}, base_url=url)
        trouble: list[str] = []
        opened.on("pageerror", lambda error: trouble.append(str(error)))
        opened.on("request", lambda request: trouble.append(request.url) if url not in request.url else None)
        yield opened
        await browser.close()
    assert [each for each in trouble if not each.startswith(("data:", "blob:"))] == []


def test_no_page_shows_a_sphinx_role(site: Path):
    found = {str(page.relative_to(site)) for page in site.rglob("*.html") if ROLES.search(page.read_text("utf-8"))}
    assert found == set()


def test_the_api_pages_have_parameters_with_their_types(site: Path):
    text = (site / "en" / "api" / "methods" / "index.html").read_text("utf-8")
    assert text.count("Parameters:") > 60
    assert "receive_id_type" in text
    assert "Raises:" in text


def test_every_guide_is_in_the_navigation(site: Path):
    listed = (ROOT / "mkdocs.yml").read_text("utf-8")
    guides = [f"{language}/{page.name}" for language in LANGUAGES for page in pages(language)[1:]]
    assert [guide for guide in guides if f": {guide}\n" not in listed and f"- {guide}\n" not in listed] == []


async def find(page: Page, words: str) -> list[str]:
    """What the search shows first."""
    await page.locator("input.md-search__input").click()
    await page.locator("input.md-search__input").fill(words)
    result = page.locator(".md-search-result__item h1, .md-search-result__item h2")
    await expect(result.first).to_be_visible(timeout=20_000)
    return await result.all_inner_texts()


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("zh", "卡片", "卡片"),
        ("zh", "沙箱", "沙箱"),
        ("zh", "长连接", "连接"),
        ("en", "streaming", "Streaming replies"),
        ("en", "sandbox", "The sandbox"),
    ],
)
async def test_the_search_finds(page: Page, language: str, words: str, expected: str):
    await page.goto(f"{language}/")
    assert any(expected in title for title in await find(page, words))


async def test_the_foot_of_a_page_stays_in_its_language(page: Page):
    await page.goto("zh/")
    assert await page.locator(".md-footer__link--prev").count() == 0
    await expect(page.locator(".md-footer__link--next")).to_contain_text("教程")


async def test_the_language_is_changed_on_the_page_one_reads(page: Page):
    await page.goto("en/cards/")
    assert await page.locator("html").get_attribute("lang") == "en"
    tabs = await page.locator(".md-tabs__link").all_inner_texts()
    assert "Plugins" in [tab.strip() for tab in tabs]
    await page.locator(".md-select button").hover()
    await page.get_by_role("link", name="中文").click()
    await expect(page).to_have_url(re.compile("/zh/cards/$"))
    assert await page.locator("html").get_attribute("lang") == "zh"
    tabs = await page.locator(".md-tabs__link").all_inner_texts()
    assert "编写插件" in [tab.strip() for tab in tabs]


async def test_it_can_be_dark(page: Page):
    await page.emulate_media(color_scheme="dark")
    await page.goto("zh/")
    await expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


def test_the_picture_of_the_house_is_that_of_the_package():
    drawn = {room for rooms, *_ in LAYERS for room in rooms.split()}
    built = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert drawn == built - {"__init__", "__pycache__"}
    for language in WORDS:
        assert (ROOT / "docs" / "images" / f"house-{language}.svg").read_text("utf-8") == draw(language)
