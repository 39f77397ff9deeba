"""Every error this product raises on purpose.

    OverlapError                 what happened, and a hint: what to do about it
    ├── UsageError        exit 2  the command was called wrongly
    ├── Refused           exit 3  a rule said no: the input is fine, the answer is no
    │   ├── ContractMismatch      the two sides, or a side and the agreement, differ in a named field
    │   ├── Expired               the share or agreement has ended; nothing else is wrong with it
    │   ├── Unverified            the card's fingerprint has not been confirmed
    │   └── WrongPassphrase       the secret key file does not open with this passphrase
    ├── BadInput          exit 4  a file of ours cannot be read as what it should be
    │   └── Unreachable           a shared folder or a room cannot be reached now
    └── BadPeerFile       exit 5  a file of the peer is not acceptable
        ├── MalformedFile         truncated, not canonical, unknown version, over the limit
        ├── ForgedFile            a signature, seal, digest or commitment does not hold
        ├── InvalidElement        a group element is non-canonical, low-order, on the twist or repeated
        └── WrongRun              a good file that belongs to another run, step, sender or recipient

A message states facts (what, where, whose fault) and never quotes an account, a cell or a key.
"""

from __future__ import annotations


class OverlapError(Exception):
    """Base of all errors raised on purpose; `what` is the fact, `hint` says what to do."""

    exit_code = 1

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(OverlapError):
    """The command or function was called wrongly."""

    exit_code = 2


class Refused(OverlapError):
    """A rule of the agreement, of the state of a run, or of the key handling says no."""

    exit_code = 3


class ContractMismatch(Refused):
    """Software, data or terms differ; `field` names the first field that does."""

    def __init__(self, field: str, ours: str, theirs: str, hint: str) -> None:
        super().__init__(f"contract field {field} differs: ours is {ours}, theirs is {theirs}", hint)
        self.field = field


class Expired(Refused):
    """The share or agreement has ended."""


class Unverified(Refused):
    """The card of the peer has not been confirmed by another channel."""


class WrongPassphrase(Refused):
    """The passphrase does not open the key file."""


class BadInput(OverlapError):
    """A file given by our own user cannot be read."""

    exit_code = 4


class Unreachable(BadInput):
    """What carries our files cannot be reached; nothing is lost, and the same command goes on later."""


class BadPeerFile(OverlapError):
    """A file that came from the peer is not acceptable."""

    exit_code = 5


class MalformedFile(BadPeerFile):
    """Truncated, over the size limit, not canonical, or of an unknown version."""


class ForgedFile(BadPeerFile):
    """A signature, seal, digest or commitment does not hold."""


class InvalidElement(BadPeerFile):
    """A group element of the peer is not in the prime-order group, or is repeated."""


class WrongRun(BadPeerFile):
    """A well-formed file that belongs to another run, step, sender or recipient."""
