"""From ``Bot.send`` to the API call."""
