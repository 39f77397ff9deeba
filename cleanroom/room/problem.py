"""What a room answers when the answer is no: a status, our two lines, and the class of the error.

The body is a problem document (RFC 9457): title and status, `what` and `hint`, the exit code that a command
ends with, the error's class, and the room's time, so that a client whose clock is off can say so.
"""

from __future__ import annotations

from typing import Any, Final

from overlap import errors
from overlap.errors import OverlapError, Refused, UsageError

PROBLEM_TYPE: Final = "application/problem+json"

#: The status for each class of error; a class below takes that of the class above.
_STATUS: Final[dict[type[OverlapError], int]] = {
    errors.UsageError: 400,
    errors.Refused: 403,
    errors.Expired: 410,
    errors.ContractMismatch: 409,
    errors.BadPeerFile: 422,
    errors.WrongRun: 409,
    errors.BadInput: 500,
    errors.OverlapError: 500,
}
_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}


class Problem(Exception):
    """An error with a status of its own, further header fields and further fields of the document."""

    def __init__(
        self,
        status: int,
        error: OverlapError,
        fields: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(error.what)
        self.status, self.error, self.fields, self.more = status, error, fields or {}, more or {}


def unsigned(error: OverlapError) -> Problem:
    """The request is not known to be by anybody whom the room knows."""
    return Problem(401, error, {"WWW-Authenticate": "Signature"})


def missing(what: str) -> Problem:
    """There is no such thing, or none that the caller may know of: the answer is the same."""
    return Problem(404, Refused(f"there is no such {what}", "it may be gone, or another party's"))


def too_much(what: str, hint: str, seconds: int) -> Problem:
    """A quota says no; it may say yes after `seconds`."""
    return Problem(429, Refused(what, hint), {"Retry-After": str(seconds)})


def too_large(limit: int) -> Problem:
    """The body is larger than this address takes."""
    return Problem(413, UsageError(f"the body is larger than {limit:,} bytes", "send it in smaller pieces"))


def problem_of(error: OverlapError) -> Problem:
    """The problem that an error of ours is."""
    kind = next(kind for kind in type(error).__mro__ if kind in _STATUS)
    return Problem(_STATUS[kind], error)


def document_of(problem: Problem, now: int) -> dict[str, Any]:
    """The fields of the problem document."""
    error = problem.error
    return problem.more | {
        "type": "about:blank",
        "title": _TITLES[problem.status],
        "status": problem.status,
        "what": error.what,
        "hint": error.hint,
        "exit_code": error.exit_code,
        "error": type(error).__name__,
        "time": now,
    }
