"""The control API of the local Feishu, for its page and for tests in any language: JSON below ``/sandbox/v1/``."""
