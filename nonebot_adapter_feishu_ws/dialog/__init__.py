"""Conversations that go on: topics, one run per session, live cards, questions to people, what was said before."""

from .answer import Answer, AnswerScope, Choice

__all__ = ["Answer", "AnswerScope", "Choice"]
