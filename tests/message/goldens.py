"""The golden files: payloads as Feishu delivers them, and what becomes of them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FOLDER = Path(__file__).parent / "golden"
MESSAGE_ID = "om_dc13264520392913993dd051dba21dcf"


def load() -> list[tuple[str, dict[str, Any]]]:
    """Message type and case, of every case of every file."""
    return [(path.stem, case) for path in sorted(FOLDER.glob("*.json")) for case in json.loads(path.read_text("utf-8"))]


def content_of(case: dict[str, Any]) -> str:
    """The content as it is on the wire: JSON, or plain words."""
    content = case["content"]
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def people_of(case: dict[str, Any]) -> list[SimpleNamespace]:
    """Who is mentioned."""
    return [
        SimpleNamespace(key=mention["key"], open_id=mention["id"], name=mention["name"])
        for mention in case.get("mentions", [])
    ]
