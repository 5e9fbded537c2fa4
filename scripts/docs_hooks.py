"""Hooks of the docs site (``mkdocs.yml``): one site of two languages, with the project's other pages.

Each page is shown in its own language, with the navigation of that language alone and a link to its counterpart in the
other one. Files that the guides link to and that lie outside of ``docs/`` become pages too.
"""

import copy
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parent.parent
OUTSIDE = {
    "README.md": "project/readme.md",
    "README.zh-CN.md": "project/readme.zh.md",
    "SECURITY.md": "project/security.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "LICENSE": "project/LICENSE.txt",
    "examples/llm_chat/README.md": "project/llm_chat.md",
    "examples/assistant/README.md": "project/assistant.md",
    "examples/replicas/compose.yaml": "project/compose.yaml",
    "examples/docker/Dockerfile": "project/docker/Dockerfile",
    "examples/docker/compose.yaml": "project/docker/compose.yaml",
    "CODE_OF_CONDUCT.md": "project/conduct.md",
}
"""File of the repository -> where the site has it."""
LINK = re.compile(r"(?P<head>\]\(|<img [^>]*src=\")(?P<path>(?!https?:|mailto:|#)[^)\"\s#]+)(?P<anchor>#[^)\"\s]*)?")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
NAMES = {"en": "English", "zh": "中文"}
PROJECT = {
    "project/readme.md": "project/readme.zh.md",
    "reliability.md": "zh/reliability.md",
    "project/security.md": "zh/security.md",
    "project/contributing.md": "zh/contributing.md",
}
"""English page of the project -> the Chinese one; guides have the same name in both languages."""


def language_of(uri: str) -> str:
    """The language of a page, by its place."""
    return "zh" if uri.startswith("zh/") or uri.endswith(".zh.md") else "en"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take in what lies outside of ``docs/``."""
    for source, uri in OUTSIDE.items():
        files.append(File.generated(config, uri, content=(ROOT / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links out of ``docs/`` to the pages that the site has of those files."""
    uri = page.file.src_uri
    source = next((name for name, target in OUTSIDE.items() if target == uri), f"docs/{uri}")
    folder = posixpath.dirname(source)

    def moved(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match["path"]))
        inside = path.removeprefix("docs/") if path.startswith("docs/") else OUTSIDE.get(path)
        if inside is None:
            return match[0]
        if match["head"] != "](":  # HTML knows nothing of pages
            return match["head"] + get_relative_url(inside, page.url) + (match["anchor"] or "")
        return f"{match['head']}{posixpath.relpath(inside, posixpath.dirname(uri) or '.')}{match['anchor'] or ''}"

    parts = FENCE.split(markdown)
    fences = FENCE.findall(markdown)
    done = [LINK.sub(moved, part) for part in parts]
    return "".join(text + fence for text, fence in zip(done, [*fences, ""], strict=True))


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    """Show the page in its language, with that language's navigation and a way to the other."""
    language = language_of(page.file.src_uri)
    config.theme["language"] = language
    context["nav"] = navigation(nav, language)
    for neighbour in ("previous_page", "next_page"):  # at the foot of the page: of another language at its borders
        shown = getattr(page, neighbour)
        if shown is not None and language_of(shown.file.src_uri) != language:
            setattr(page, neighbour, None)
    pages = {each.file.src_uri: each for each in nav.pages}
    other = {code: counterpart(page, code, pages) for code in NAMES}
    config.extra["alternate"] = [
        {"name": name, "lang": code, "link": get_relative_url(other[code].url if other[code] else f"{code}/", page.url)}
        for code, name in NAMES.items()
    ]
    return context


def counterpart(page: Page, language: str, pages: dict[str, Page]) -> Page | None:
    """The page that says the same in a language."""
    uri = page.file.src_uri
    for english, chinese in PROJECT.items():
        if uri in (english, chinese):
            return pages.get(chinese if language == "zh" else english)
    return pages.get(f"{language}/{uri[3:]}") if uri.startswith(("en/", "zh/")) else None


def navigation(nav: Navigation, language: str) -> Navigation:
    """The navigation without the level of languages and without the other language."""
    chosen = next(item for item in nav.items if isinstance(item, Section) and item.title == NAMES[language])
    project = copy.copy(next(item for item in nav.items if isinstance(item, Section) and item.title == "Project"))
    if language == "zh":
        project.title = "英文资料"
    shown = copy.copy(nav)
    shown.items = [*chosen.children, project]
    return shown
