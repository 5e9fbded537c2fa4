"""Start, bots that come and go, and what watches them."""
