"""The typed REST methods, by resource."""
