"""Level `overlaps` over a list that one side has prepared once, for many runs under one agreement.

`terms` what both sides fix before, `holder` the prepared list and its key, `asker` what the other side
holds of it, `roles` a run, `layout` all bodies, `sets` and `rows` tags and lists as arrays. PROTOCOL.md says
what it tells beyond `overlap.protocol.dh`; it runs only where both sides agreed to it.
"""

from __future__ import annotations

from overlap.protocol.prepared.asker import Asker
from overlap.protocol.prepared.holder import Holder
from overlap.protocol.prepared.roles import PROTOCOL, Responder, Starter
from overlap.protocol.prepared.terms import Limits, Preparation

__all__ = ["PROTOCOL", "Asker", "Holder", "Limits", "Preparation", "Responder", "Starter"]
