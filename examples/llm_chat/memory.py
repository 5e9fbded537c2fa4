"""What was said before, for a bounded number of sessions."""

from collections import OrderedDict


class Memory:
    """The latest messages of the sessions that spoke last."""

    def __init__(self, messages: int, sessions: int) -> None:
        """Args:
        messages: kept per session.
        sessions: kept at all.
        """
        self._messages = messages
        self._limit = sessions
        self._sessions: OrderedDict[str, list[dict[str, str]]] = OrderedDict()

    def of(self, session_id: str) -> list[dict[str, str]]:
        """What a session has said, oldest first."""
        return list(self._sessions.get(session_id, []))

    def add(self, session_id: str, question: str, answer: str) -> None:
        """Keep a question and its answer."""
        said = self.of(session_id)
        said += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        self._sessions[session_id] = said[-self._messages :] if self._messages > 0 else []
        self._sessions.move_to_end(session_id)
        while len(self._sessions) > self._limit:
            self._sessions.popitem(last=False)

    def forget(self, session_id: str) -> None:
        """Begin anew."""
        self._sessions.pop(session_id, None)

    def __len__(self) -> int:
        return len(self._sessions)
