"""What is served over ASGI: the webhook and its guards."""
