"""Checks of ``FEISHU_STORE``: whether the bots can write to it, and what would lose events there."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ..exception import StoreError
from .checks import Finding, Level

ROOM: Final = 512 * 1024 * 1024
"""Bytes of free disk below which a warning is due: a million claims and 100,000 waiting events take about half."""


async def examine_store(url: str) -> list[Finding]:
    """Check the store that a URL names, without creating or changing it.

    Args:
        url: as in ``FEISHU_STORE``.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "memory":
        text = "FEISHU_STORE is memory://: a restart forgets events that are not handled, and those that are known"
        return [Finding(Level.WARNING, text, "name a file or a Redis, unless that is intended")]
    if scheme == "sqlite":
        return _examine_file(Path(rest[1:]).resolve())
    return await _examine_redis(url)


def _examine_file(path: Path) -> list[Finding]:
    from ..store.sqlite.file import SCHEMA_VERSION

    folder = next(it for it in path.parents if it.exists())
    if not os.access(path if path.exists() else folder, os.W_OK) or not os.access(folder, os.W_OK):
        return [
            Finding(Level.PROBLEM, f"the store {path} cannot be written by this user", "change the owner of its folder")
        ]
    findings = [Finding(Level.OK, f"the store {path} can be written")]
    if path.exists():
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
                [[version]] = database.execute("PRAGMA user_version")
        except sqlite3.Error as error:
            return [
                Finding(Level.PROBLEM, f"the store {path} cannot be read ({error})", "see the docs on a damaged store")
            ]
        if version > SCHEMA_VERSION:
            text = f"the store {path} was written by a newer version of this adapter (schema {version})"
            return [Finding(Level.PROBLEM, text, "update the adapter, or name another file in FEISHU_STORE")]
    if (free := shutil.disk_usage(folder).free) < ROOM:
        text = f"the disk of {path} has {free // 1024**2} MB left; the store may take some {ROOM // 1024**2} MB"
        findings.append(Finding(Level.WARNING, text, "make room: a full disk leaves events to memory"))
    return findings


async def _examine_redis(url: str) -> list[Finding]:
    from ..store.redis.connection import RedisConnection
    from ..store.redis.server import find_risks

    connection = RedisConnection(url)
    try:
        await connection.execute("DEL", b"feishu:ping")
        try:
            risks = await find_risks(connection)
        except StoreError as error:
            return [Finding(Level.UNKNOWN, f"the store {connection.name} can be written; its settings: {error}")]
    except StoreError as error:
        return [Finding(Level.PROBLEM, str(error))]
    finally:
        await connection.close()
    ok = Finding(Level.OK, f"the store {connection.name} can be written")
    return [ok, *(Finding(Level.WARNING, risk) for risk in risks)]
