"""A bot's real traffic in a file, without ids, names, texts and secrets; the sandbox replays it."""
