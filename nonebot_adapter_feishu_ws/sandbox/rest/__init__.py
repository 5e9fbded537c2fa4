"""The REST API of the local Feishu."""
