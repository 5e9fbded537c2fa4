"""The official SDK inside the test's process."""

import pytest
from lark_oapi.core.cache import LocalCache
from lark_oapi.core.token import TokenManager


@pytest.fixture
def no_sdk_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK keeps tokens by app id, for the whole process: one of an earlier sandbox is not for this one."""
    monkeypatch.setattr(TokenManager, "cache", LocalCache())
