"""Nonces seen: each request is accepted once, also after a restart and when the clock was set back.

What is forgotten is older than any window. The end of the newest window that was forgotten is kept, and no
request that ends before it is accepted any more.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Final

from cleanroom.store import Database, Execute
from overlap.errors import Refused

#: Seconds for which a nonce is kept after its window: a clock that is corrected by less loses no request.
KEPT_SECONDS: Final = 600

_FLOOR: Final = "nonces"


class Nonces:
    """The nonces of all keys. Used by one thread; the database is written in the background."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.read("SELECT keyid, nonce, expires FROM nonces")
        self._seen: dict[tuple[str, str], int] = {(keyid, nonce): expires for keyid, nonce, expires in rows}
        found = database.read("SELECT value FROM facts WHERE name = ?", _FLOOR)
        self._floor: int = found[0][0] if found else 0

    def burn(self, keyid: str, nonce: str, expires: int) -> None:
        """Take the nonce of a request that is refused; Refused when it was seen or may have been."""
        if expires <= self._floor:
            raise Refused("the room's clock was set back behind this request", "wait a few minutes")
        if (keyid, nonce) in self._seen:
            raise Refused("this request was made before", "sign every request anew")
        self._seen[keyid, nonce] = expires

    def keep(self, keyid: str, nonce: str, expires: int) -> Future[None]:
        """Put a nonce that was taken on disk; act on the request when this is done."""

        def job(run: Execute) -> None:
            run("INSERT INTO nonces VALUES (?, ?, ?)", keyid, nonce, expires)

        return self._database.submit(job)

    def prune(self, now: int) -> None:
        """Forget what is older than any window."""
        before = now - KEPT_SECONDS
        if before <= self._floor:
            return
        old = [seen for seen, expires in self._seen.items() if expires <= before]
        if not old:
            return

        def job(run: Execute) -> None:
            forget_before(run, before)

        self._floor = before
        for seen in old:
            del self._seen[seen]
        self._database.submit(job)


def forget_before(run: Execute, before: int) -> None:
    """Keep no nonce whose window ended before that second, and accept no such request any more."""
    run("DELETE FROM nonces WHERE expires <= ?", before)
    run("DELETE FROM facts WHERE name = ?", _FLOOR)
    run("INSERT INTO facts VALUES (?, ?)", _FLOOR, before)
