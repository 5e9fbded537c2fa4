"""HTTP routes over ASGI: the webhook, its authentication, and the limits of request bodies."""
