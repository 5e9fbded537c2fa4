"""Bridges to other plugins of the ecosystem; each is imported only when its plugin is loaded (:mod:`.bridges`)."""
