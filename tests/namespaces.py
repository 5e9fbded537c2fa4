"""Linux namespaces for tests that change what the whole machine has: its certificates, its name servers."""

import shutil
import subprocess

import pytest


def inside(*kinds: str) -> list[str]:
    """What runs a command as root of namespaces of its own; skips the test where that is not permitted."""
    command = ["unshare", "--user", "--map-root-user", *(f"--{kind}" for kind in kinds)]
    trial = [*command, "true"]
    if shutil.which("unshare") is None or subprocess.run(trial, check=False, capture_output=True).returncode:
        pytest.skip("namespaces are not permitted here")
    return command
