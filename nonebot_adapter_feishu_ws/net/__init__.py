"""Networking that everything else uses: HTTP sessions, proxies, error texts, bounded JSON, the door to lark_oapi."""
