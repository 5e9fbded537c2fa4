"""The SQLite file: its schema and migrations, and recovery from damage. Runs in the store's thread."""

import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ...exception import StoreError
from ...logs import log

BUSY_TIMEOUT: Final = 0.8
"""Seconds that a write waits for another process's write; less than an ack may wait for the store."""

MIGRATIONS: Final = (
    # 1: state alone
    """
    CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at TEXT NOT NULL) WITHOUT ROWID
    """,
    # 2: claims and inbox
    """
    CREATE TABLE claims (name BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX claims_by_age ON claims (at);
    CREATE TABLE inbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        bot_id TEXT NOT NULL,
        payload BLOB NOT NULL,
        taken_at REAL NOT NULL,
        runs INTEGER NOT NULL,
        holder TEXT,
        parked_at REAL
    );
    CREATE INDEX inbox_waiting ON inbox (number) WHERE holder IS NULL AND parked_at IS NULL
    """,
    # 3: the inbox by bot, so that one bot's backlog costs another's fetch nothing; with the columns of its condition,
    # so that counting reads no row
    """
    CREATE INDEX inbox_of_bot ON inbox (bot_id, runs, number, holder, parked_at)
        WHERE holder IS NULL AND parked_at IS NULL;
    CREATE INDEX inbox_parked ON inbox (bot_id, parked_at) WHERE parked_at IS NOT NULL;
    DROP INDEX inbox_waiting
    """,
    # 4: sets, such as the chats of a bot
    """
    CREATE TABLE sets (name TEXT NOT NULL, member TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (name, member))
    WITHOUT ROWID;
    CREATE INDEX sets_by_time ON sets (name, at)
    """,
    # 5: an event costs two pages fewer to write: the claims know that an entry is the only one of its key, and entries
    # are found by their number; numbers of deleted entries may return
    """
    DROP INDEX claims_by_age;
    DROP INDEX inbox_of_bot;
    DROP INDEX inbox_parked;
    ALTER TABLE inbox RENAME TO inbox_by_key;
    CREATE TABLE inbox (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        bot_id TEXT NOT NULL,
        payload BLOB NOT NULL,
        taken_at REAL NOT NULL,
        runs INTEGER NOT NULL,
        holder TEXT,
        parked_at REAL
    );
    INSERT INTO inbox SELECT number, key, bot_id, payload, taken_at, runs, holder, parked_at FROM inbox_by_key;
    DROP TABLE inbox_by_key;
    CREATE INDEX inbox_of_bot ON inbox (bot_id, runs, number, holder, parked_at)
        WHERE holder IS NULL AND parked_at IS NULL;
    CREATE INDEX inbox_parked ON inbox (bot_id, parked_at) WHERE parked_at IS NOT NULL
    """,
    # 6: how often a waiting event was begun and put back, so that it is handled however long the outage
    """
    ALTER TABLE inbox ADD COLUMN put_back INTEGER
    """,
    # 7: what processes have begun outside and not ended
    """
    CREATE TABLE open_work (key TEXT PRIMARY KEY, bot_id TEXT NOT NULL, value TEXT NOT NULL, holder TEXT) WITHOUT ROWID
    """,
    # 8: values that expire; their numbers grow with each write
    """
    CREATE TABLE expiring (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL, until REAL);
    CREATE INDEX expiring_by_time ON expiring (until) WHERE until IS NOT NULL
    """,
)
SCHEMA_VERSION: Final = len(MIGRATIONS)


def open_file(path: Path) -> sqlite3.Connection:
    """Open or create the file; a damaged one is set aside, and reported.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
        StoreError: a newer version has written it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_nlink > 1:
        log(
            "WARNING",
            "The store {} has another name on this disk (a hard link), and SQLite cannot tell that both are one file: "
            "two processes that use different names of it damage it and take each other's events. Remove one of the "
            "names; a backup is made with sqlite3's .backup",
            path,
        )
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        set_aside(path, error)
        return _connect(path)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the content is damaged, as opposed to trouble with the disk or another process."""
    text = str(error)
    damaged = "malformed" in text or "not a database" in text or "corrupt" in text
    return damaged or (type(error) is sqlite3.DatabaseError and "full" not in text)


def set_aside(path: Path, error: sqlite3.Error) -> None:
    """Rename a damaged file, and report it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    log(
        "ERROR",
        "The store {} is damaged ({}). It was set aside as {} and a new one begun: choices made on the "
        "status page and events that waited are forgotten, those that run are written again, and events that Feishu "
        "pushes again may be handled twice",
        path,
        error,
        aside.name,
    )


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        # It contains users' messages: only the owner may read it. SQLite gives its WAL the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    database = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # Safe if the process is killed. A power cut may lose the last moments, but never damages the file.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA journal_size_limit = 16777216")
        [[found]] = database.execute("PRAGMA quick_check(1)")
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))
        _migrate(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    [[version]] = database.execute("PRAGMA user_version")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {path} was written by a newer version of this adapter (schema {version}, known is "
            f"{SCHEMA_VERSION}); update the adapter, or name another file in FEISHU_STORE"
        )
    for number in range(version, SCHEMA_VERSION):
        database.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[number]}; PRAGMA user_version = {number + 1}; COMMIT;")
