"""Backfill: messages that Feishu did not push during an outage are fetched from the chats' histories."""
