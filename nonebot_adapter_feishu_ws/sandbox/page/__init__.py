"""The chat page of the local Feishu."""
