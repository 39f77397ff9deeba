"""What a file of ours says without any key: its format, its size, and whatever in it is not sealed.

FORMATS.md has the same list of formats, with bytes; a test compares them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import ClaimsLog, Commitment, Conflict, Draw
from cleanroom.attribution import read_bundle as read_claim_bundle
from cleanroom.bundle import read_bundle
from cleanroom.moment import moment_of
from cleanroom.session.folder import read_whole
from cleanroom.share import HolderState
from overlap import canonical
from overlap.errors import BadInput, MalformedFile
from overlap.keys import Card, read_revocation, read_rotation

#: Bytes of the largest file that is looked at: no file of ours is larger.
INSPECT_LIMIT = 2**30

#: Bytes in which a first line ends.
FIRST_LINE_LIMIT = 80

#: Characters of one fact: more than the digests, lists of fields and origins of our own files need.
SHOWN_LIMIT = 1_000

_SEALED = "sealed: nothing but its size can be seen"
_LOCKED = "locked under the keys or the passphrase of its owner"
_TEXT = "it is text, read it"

#: Every format that is a file of its own, and what such a file is.
FILE_FORMATS: Final[dict[str, str]] = {
    "overlap-party/1": "the name of the party that lives in this folder",
    "overlap-record/1": "a record of this tool's own state",
    "overlap-card/1": "a card: a party's public keys and name",
    "overlap-rotation/1": "a rotation: a party's new card takes the place of the old one",
    "overlap-card-revocation/1": "a revocation: a party's card is dead",
    "overlap-locked/1": f"a key file; {_LOCKED}",
    "overlap-stored/1": f"a secret of its owner's own; {_LOCKED}",
    "overlap-policy/1": f"a policy; {_TEXT}",
    "overlap-presets/1": f"lists of fields by name; {_TEXT}",
    "overlap-sharing/1": f"which policy is proposed to which partner; {_TEXT}",
    "overlap-policy-cases/1": f"what a policy is expected to allow and to deny; {_TEXT}",
    "overlap-attribution-rules/1": f"rules of attribution; {_TEXT}",
    "overlap-referral/1": "a referral token; 'overlap actions token redeem FILE' takes it",
    "overlap-policy-export/1": f"what a policy allows, for programs; {_TEXT}",
    "overlap-plan/1": f"a commission plan; {_TEXT}",
    "overlap-pay/1": f"what a plan pays for events; {_TEXT}",
    "overlap-ledger/1": "a money ledger; 'overlap pay replay' checks it",
    "overlap-partner-statement/1": "a partner's statement; 'overlap statement verify FILE' recomputes it",
    "overlap-agreement/1": f"an agreement or a proposal; {_TEXT}",
    "overlap-letter/1": f"a letter; {_SEALED}",
    "overlap-parcel/1": f"a file sealed for its way; {_SEALED}",
    "overlap-claims-commitment/1": "a commitment to held accounts",
    "overlap-claims-log/1": "a claims log: one entry an epoch, signed and cosigned",
    "overlap-claims-bundle/1": "claims on matched accounts; 'overlap claims verify FILE' checks it",
    "overlap-claims-conflict/1": "two claims logs that contradict each other: a proof of cheating",
    "overlap-claims-terms/1": f"what two parties fix about claims; {_TEXT}",
    "overlap-claims-draw/1": "which leaves of a committed list are audited",
    "overlap-claims-answer/1": "the leaves that an audit asked for, opened",
    "overlap-frame/1": f"a frame of a match; {_SEALED}",
    "overlap-share/1": f"a share; {_SEALED}",
    "overlap-deposit/1": f"the half of a share for a room; {_SEALED}",
    "overlap-request/1": f"a request for a lease; {_SEALED}",
    "overlap-lease/1": f"a lease; {_SEALED}",
    "overlap-shares/1": "what a lease-holder remembers of its shares",
    "overlap-vault-key/1": f"the key of a vault; {_LOCKED}",
    "overlap-vault-secret/1": f"a half of a share or a one-time key; {_LOCKED}",
    "overlap-statement/1": "a signed statement (in-toto in DSSE)",
    "overlap-export/1": f"the manifest of a territory export; {_TEXT}",
    "overlap-log/1": "a log; 'overlap audit list' shows its entries",
    "overlap-log-head/1": "where a log ends",
    "overlap-log-salts/1": "what opens the commitments of a log; keep it to yourself",
    "overlap-log-tree/1": "the index of a log's tree; it is made again when it is missing",
    "overlap-bundle/1": "a bundle for an auditor; 'overlap audit verify FILE' checks it",
    "overlap-room/1": "the name of the room that lives in this folder",
    "overlap-nonces/1": "requests that a room has seen",
    "overlap-room-backup/1": "a backup of a room, without its vault",
    "overlap-member/1": f"the key file of a room's member; {_LOCKED}",
    "overlap-data/1": f"a list that normalising uses; {_TEXT}",
}


def inspect_file(source: Path) -> dict[str, Any]:
    """Facts about a file, by name. BadInput when it is none of ours, MalformedFile when damaged."""
    data = read_whole(source, INSPECT_LIMIT)
    name = _format_of(data)
    if name not in FILE_FORMATS:
        raise BadInput(
            f"{source.name} is not a file of this tool", "its first line would name format and version"
        )
    facts = {"format": name, "what": FILE_FORMATS[name], "bytes": len(data)}
    reader = _READERS.get(name)
    if reader is None:
        return facts
    try:
        return facts | {_shown(name): _shown(value) for name, value in reader(data).items()}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise MalformedFile(f"{source.name} is damaged", "ask for the file again, or restore it") from error


def _shown(value: Any) -> Any:
    """A whole number, or the text of anything else without what steers a terminal: a stranger wrote it."""
    if isinstance(value, int):
        return value
    text = "".join(char if char.isprintable() else "?" for char in str(value)[: SHOWN_LIMIT + 1])
    return text if len(text) <= SHOWN_LIMIT else text[:SHOWN_LIMIT] + "…"


def _format_of(data: bytes) -> str:
    """The name in the first line; texts say it in their own syntax: TOML, JSON, a comment."""
    line = data[:FIRST_LINE_LIMIT].split(b"\n", 1)[0].decode("utf-8", errors="replace")
    if line.startswith('format = "'):
        return line.split('"')[1]
    if line.startswith(("# overlap-data/", "// overlap-data/")):
        return line.split()[1]
    if line.startswith("{"):
        return _named_in(data)
    return line


def _named_in(document: bytes) -> str:
    try:
        return str(json.loads(document)["format"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""


def _after_line(data: bytes) -> bytes:
    return data.split(b"\n", 1)[1]


def _card(data: bytes) -> dict[str, Any]:
    card = Card.from_bytes(data)
    return {"party": card.party, "fingerprint": card.fingerprint, "digest": card.digest.hex()}


def _rotation(data: bytes) -> dict[str, Any]:
    rotation = read_rotation(data)
    return {
        "party": rotation.new.party,
        "old": rotation.old.fingerprint,
        "new": rotation.new.fingerprint,
        "time": moment_of(rotation.time),
    }


def _card_revocation(data: bytes) -> dict[str, Any]:
    revocation = read_revocation(data)
    card = revocation.card
    return {"party": card.party, "fingerprint": card.fingerprint, "time": moment_of(revocation.time)}


def _commitment(data: bytes) -> dict[str, Any]:
    commitment = Commitment.from_bytes(data)
    return {
        "owner": commitment.origin.hex(),
        "epoch": commitment.epoch,
        "leaves": commitment.leaves,
        "root": commitment.root.hex(),
    }


def _claims_log(data: bytes) -> dict[str, Any]:
    log = ClaimsLog.from_text(data.decode())
    names = ", ".join(one.name for one in log.note.signatures[1:])
    return {"origin": log.origin, "epochs": len(log.entries), "cosigned by": names or "nobody"}


def _claim_bundle(data: bytes) -> dict[str, Any]:
    bundle = read_claim_bundle(data)
    return {
        "from": bundle.sender.hex(),
        "to": bundle.recipient.hex(),
        "run": bundle.run.hex(),
        "made": moment_of(bundle.made),
        "for pay": "yes" if bundle.pay else "no",
        "claims": len(bundle.claims),
        "epochs": len(bundle.epochs),
    }


def _conflict(data: bytes) -> dict[str, Any]:
    conflict = Conflict.from_bytes(data)
    return {"origin": conflict.first.origin, "signatures": "not checked here; 'overlap claims verify' does"}


def _draw(data: bytes) -> dict[str, Any]:
    draw = Draw.from_bytes(data)
    return {"epoch": draw.epoch, "draws": draw.draws}


def _header(data: bytes) -> dict[str, Any]:
    """The header of a sealed file: the suite and, of a lease, the request that it answers."""
    return dict(canonical.decode(_after_line(data).split(b"\n", 1)[0], "the header of the file"))


def _log(data: bytes) -> dict[str, Any]:
    lines = data.split(b"\n")
    if len(lines) < 3:
        raise MalformedFile("the log is cut short", "restore it from a backup")
    return {"origin": lines[1].decode("utf-8", errors="replace"), "entries": max(0, (len(lines) - 3) // 2)}


def _head(data: bytes) -> dict[str, Any]:
    head = canonical.decode(_after_line(data).rstrip(b"\n"), "the head of the log")
    return {"entries": head["size"], "time": _fact("time", head["time"])}


def _statement(data: bytes) -> dict[str, Any]:
    envelope = canonical.decode(_after_line(data).rstrip(b"\n"), "the statement")
    payload = json.loads(base64.b64decode(envelope["payload"], validate=True))
    # Its author chose these names: with a word in front none of them stands for one of ours.
    stated = dict(payload.get("predicate", {}))
    facts = {f"states {name}": _fact(name, value) for name, value in stated.items()}
    subjects = {f"digest of {one['name']}": one.get("digest", {}).get("sha256") for one in payload["subject"]}
    return {
        "says": payload["predicateType"],
        **facts,
        **subjects,
        "signed by": ", ".join(signature["keyid"] for signature in envelope["signatures"]),
        "signatures": "not checked here; 'overlap audit verify' checks those of a bundle",
    }


def _fact(name: str, value: Any) -> Any:
    """A value of a statement, with a second of the clock as a time that a person reads."""
    is_time = name in ("time", "until") and isinstance(value, int) and 0 <= value < 2**36
    return moment_of(value) if is_time else value


def _record(data: bytes) -> dict[str, Any]:
    record = canonical.decode(_after_line(data).rstrip(b"\n"), "the record")
    return {"fields": ", ".join(record)}


def _bundle(data: bytes) -> dict[str, Any]:
    bundle = read_bundle(data)
    made = moment_of(bundle.made)
    return {"exporter": bundle.exporter, "peer": bundle.peer, "made": made, "parts": len(bundle.parts)}


def _manifest(data: bytes) -> dict[str, Any]:
    manifest = canonical.decode(data.rstrip(b"\n"), "the manifest")
    return {name: manifest[name] for name in ("target", "made_at", "shared_until", "accounts", "pairs")}


def _referral(data: bytes) -> dict[str, Any]:
    """What a referral token says of itself; its signature is checked when it is redeemed."""
    token = canonical.decode(_after_line(data).split(b"\n", 1)[0], "the referral token")
    names = ("id", "partner", "type", "uses")
    return {name: token[name] for name in names} | {"until": moment_of(token["until"])}


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "overlap-bundle/1": _bundle,
    "overlap-card/1": _card,
    "overlap-rotation/1": _rotation,
    "overlap-card-revocation/1": _card_revocation,
    "overlap-claims-commitment/1": _commitment,
    "overlap-claims-log/1": _claims_log,
    "overlap-claims-bundle/1": _claim_bundle,
    "overlap-claims-conflict/1": _conflict,
    "overlap-claims-draw/1": _draw,
    "overlap-deposit/1": _header,
    "overlap-export/1": _manifest,
    "overlap-lease/1": _header,
    "overlap-log-head/1": _head,
    "overlap-log/1": _log,
    "overlap-party/1": lambda data: {"party": _after_line(data).decode().strip()},
    "overlap-record/1": _record,
    "overlap-referral/1": _referral,
    "overlap-request/1": _header,
    "overlap-share/1": _header,
    "overlap-shares/1": lambda data: {"shares": len(HolderState.from_bytes(data).shares)},
    "overlap-statement/1": _statement,
}
