"""What is known of a proven action: the value that statuses give and events take."""

from __future__ import annotations

from typing import NamedTuple


class Acted(NamedTuple):
    """An action that is usable and shows all that its type requires.

    `day` (a day or an instant) is from when it counts, `deal` "" where it names no imported opportunity,
    `rules` the digest of the version that judged it.
    """

    id: str
    partner: str
    type: str
    deal: str
    account: str
    day: str
    proof: str
    rules: str
