"""What the audit of dependencies makes of a report."""

import json

import pytest

from scripts import audit

CLEAN = {"name": "aiohttp", "version": "9", "vulns": []}
BAD = {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}]}
OWN = {"name": "ours", "skip_reason": "not found"}


def report(*dependencies: dict) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_nothing_found(capsys):
    assert audit.judge(report(CLEAN, CLEAN, OWN), "") == 0
    assert "2 packages audited, 0 vulnerabilities" in capsys.readouterr().out


def test_a_vulnerability_ends_the_build(capsys):
    assert audit.judge(report(CLEAN, BAD), "Found 1 known vulnerability") == 1
    assert "old 1: PYSEC-1 (fixed in 2)" in capsys.readouterr().out


def test_one_with_a_reason_is_told_and_ignored(monkeypatch, capsys):
    monkeypatch.setattr(audit, "IGNORED", {"CVE-1": "only its server is at fault"})
    assert audit.judge(report(BAD), "") == 0
    assert "ignored: only its server is at fault" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}"])
def test_no_answer_is_said_with_its_reason(text, capsys):
    assert audit.judge(text, "connection refused") == 0
    assert "NOT AUDITED" in (said := capsys.readouterr().out)
    assert "connection refused" in said


def test_a_database_that_knows_nothing_is_no_clean_report(capsys):
    assert audit.judge(report(CLEAN, OWN, {**OWN, "name": "other"}), "No known vulnerabilities found") == 0
    assert "NOT AUDITED: 2 of 3 packages are unknown there, such as: not found" in capsys.readouterr().out


def test_every_ignored_one_has_a_reason():
    assert all(len(reason) > 10 for reason in audit.IGNORED.values())
