"""`overlap doctor`: what is wrong with a folder and the machine below it, a line each, and how to repair it.

No party, partner, account, path or key is named: the answer may be mailed to whoever helps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from cleanroom.durable import UNFINISHED
from cleanroom.number import count_of
from cleanroom.session.accounts.imports import made_at, read_imports
from cleanroom.session.agreement.agreements import find_in_force, list_agreements
from cleanroom.session.folder import Folder
from cleanroom.session.keys.machine import GOOD, NOTE, REPAIR, Finding, examine_machine, explained
from cleanroom.session.keys.retiring import verify_succession
from cleanroom.session.match.frames import highest_peer_time
from cleanroom.session.match.prepared_ends import half_name
from cleanroom.session.match.runs import OPEN_STATES, all_runs, run_names
from cleanroom.session.party import Clock, Party, open_party, wall_clock
from cleanroom.session.share.holding import read_holder_state
from overlap.errors import OverlapError, UsageError, WrongPassphrase
from overlap.keys import PartyKeys

T = TypeVar("T", Folder, Party)

DAY: Final = 86_400

#: Days before the end of an agreement in which it is time to agree on the next one.
NEAR_END: Final = 14
#: Days after which a run that waits for a file is thought to hang.
LONG_RUN: Final = 7
#: Seconds by which clocks may differ before it is worth a word.
CLOCK_TOLERANCE: Final = 300
#: Entries up to which a log is verified whole; of a longer one only the end, its head and its salts.
WHOLE_LOG: Final = 2_000


def examine(root: Path, unlock: Callable[[bytes], PartyKeys], clock: Clock | None = None) -> list[Finding]:
    """Every finding about this machine and the party in `root`; `unlock` opens the key file's bytes."""
    found = list(examine_machine(root))
    folder = Folder(root)
    if not folder.is_party:
        return [*found, Finding("party", NOTE, "no party lives here: 'overlap init' makes one")]
    for about, check in (("rights", _rights), ("leftovers", _leftovers), ("recovery", _recovery)):
        found += _checked(about, check, folder)
    try:
        with open_party(root, unlock, clock or wall_clock) as party:
            found += _of_party(party)
    except WrongPassphrase:
        repair = "check the passphrase; when it is lost, docs/keys.md says what to do"
        found.append(
            Finding("keys", REPAIR, "the key file does not open: wrong passphrase or altered", repair)
        )
    except UsageError as error:
        found.append(Finding("keys", REPAIR, error.what, error.hint))
    except (OverlapError, OSError) as error:
        found.append(explained("keys", error))
    return found


def _of_party(party: Party) -> list[Finding]:
    checks: dict[str, Callable[[Party], Iterator[Finding]]] = {
        "keys": _keys,
        "partners": _partners,
        "logs": _logs,
        "clock": _clock,
        "agreements": _agreements,
        "imports": _imports,
        "runs": _runs,
        "vault": _vault,
    }
    return [finding for about, check in checks.items() for finding in _checked(about, check, party)]


def _checked(about: str, check: Callable[[T], Iterator[Finding]], subject: T) -> list[Finding]:
    """The findings of a check; one that says so when it is stopped by an error."""
    try:
        return list(check(subject))
    except Exception as error:  # The other checks are still to be told.
        return [explained(about, error)]


def _rights(folder: Folder) -> Iterator[Finding]:
    if os.name != "posix":
        yield Finding("rights", NOTE, "this system knows no owner-only modes: the rights of the folder hold")
        return
    files = [path for path in folder.root.rglob("*") if path.is_file() and path.name != ".lock"]
    others = [path for path in files if path.lstat().st_mode & 0o077]
    if folder.root.stat().st_mode & 0o077 or others:
        what = f"{len(others):,} files or the folder itself are open to others"
        yield Finding("rights", REPAIR, what, "chmod -R go= on the folder")
    else:
        yield Finding("rights", GOOD, "only the owner reads the folder")


def _leftovers(folder: Folder) -> Iterator[Finding]:
    """What killed commands have left beside its place, and own accounts in plaintext among it."""
    files = [path for path in folder.root.rglob("*") if path.name.endswith((UNFINISHED, ".part", ".old"))]
    runs = [name for name in folder.names("runs") if not folder.path("runs", name, "run").is_file()]
    plain = [name for name in ("work",) if folder.path(name).exists()]
    if plain:
        what = "a killed import on a cluster has left own accounts in 'work'"
        yield Finding("leftovers", REPAIR, what, "delete the folder 'work'")
    if files or runs:
        what = f"killed commands have left {len(files) + len(runs):,} files or runs that nothing reads"
        yield Finding("leftovers", NOTE, what)
    if not (files or runs or plain):
        yield Finding("leftovers", GOOD, "none of killed commands")


def _recovery(folder: Folder) -> Iterator[Finding]:
    if list(folder.root.glob("recovery*.key")):
        what = "a recovery key lies in the folder: who takes the one takes the other"
        # A note: nothing is broken, and the key must lie somewhere between `init` and the safe.
        yield Finding("recovery", NOTE, what, "move recovery*.key offline, where a second person finds it")
    else:
        yield Finding("recovery", GOOD, "no recovery key lies in the folder")


def _keys(party: Party) -> Iterator[Finding]:
    if party.is_revoked:
        yield Finding(
            "keys", REPAIR, "our card was revoked", "'overlap init' in another folder, send its card"
        )
    elif party.folder.path("keys", "card").read_bytes() != party.keys.card.to_bytes():
        repair = "write it again: 'overlap card --out FILE' with FILE the folder's keys/card"
        yield Finding("keys", REPAIR, "keys/card is not the card of the keys", repair)
    else:
        yield Finding("keys", GOOD, "the key file opens, and the card is that of the keys")


def _partners(party: Party) -> Iterator[Finding]:
    names = party.partners()
    dead = [name for name in names if party.revoked_at(name) is not None]
    open_ones = [name for name in names if name not in dead and not party.is_verified(name)]
    if dead:
        yield Finding("partners", NOTE, f"{len(dead)} revoked: nothing by their cards is taken")
    if open_ones and not party.is_revoked:
        repair = (
            "compare fingerprints by phone, then 'overlap partner verify'; 'overlap partner list' shows them"
        )
        yield Finding("partners", REPAIR, f"{len(open_ones)} of {len(names)} not verified", repair)
    if not dead and not open_ones:
        yield Finding("partners", GOOD, f"{len(names)}, all verified")


def _logs(party: Party) -> Iterator[Finding]:
    broken = entries = ended = 0
    for name in party.partners():
        try:
            log = party.log(name)
            size = log.head().size
            wrong = bool(verify_succession(party, name)) or (size <= WHOLE_LOG and bool(log.verify()))
        except OverlapError:
            size, wrong = 0, True
        broken, entries, ended = broken + wrong, entries + size, ended + (size > WHOLE_LOG)
    if broken:
        repair = "'overlap audit verify' says where; restore the log and its salts from a backup"
        yield Finding("logs", REPAIR, f"{broken} of {len(party.partners())} do not hold", repair)
    else:
        quick = f"; of {ended} long ones the end only, 'overlap audit verify' reads all" if ended else ""
        yield Finding("logs", GOOD, f"{count_of(entries, 'entry')}, heads and salts as written{quick}")


def _clock(party: Party) -> Iterator[Finding]:
    logged = max((party.log(name).last_time for name in party.partners()), default=0)
    signed = max((highest_peer_time(party, name) for name in party.partners()), default=0)
    if logged > party.now + CLOCK_TOLERANCE:
        what = f"this clock is {count_of((logged - party.now) // 60, 'minute')} behind our own log"
        yield Finding("clock", REPAIR, what, "set the clock, and let it be kept by the network")
    elif signed > party.now + CLOCK_TOLERANCE:
        ahead = count_of((signed - party.now) // 60, "minute")
        what = f"a partner has signed a time {ahead} ahead of this clock"
        yield Finding("clock", REPAIR, what, "compare both clocks; ends are counted by the later one")
    else:
        yield Finding("clock", GOOD, "not behind our logs nor what partners have signed")


def _agreements(party: Party) -> Iterator[Finding]:
    in_force, kept = find_in_force(party), list_agreements(party)
    near = [signed for signed in in_force if signed.until - party.now < NEAR_END * DAY]
    ended = sum(one.state == "ended" for one in kept)
    if near:
        repair = "agree on the next one: 'overlap agreement propose'"
        yield Finding("agreements", REPAIR, f"{len(near)} end within {NEAR_END} days", repair)
    else:
        yield Finding("agreements", GOOD, f"{len(in_force)} in force, {ended} ended")


def _imports(party: Party) -> Iterator[Finding]:
    """Imports whose file is older than an agreement in force lets a run use."""
    imports = [one for one in read_imports(party.folder) if one["what"] == "accounts"]
    made = {one["population"]: made_at(party.folder, f"accounts-{one['population']}") for one in imports}
    old = set()
    for signed in find_in_force(party):
        limit, role = signed.agreement.terms.max_export_age, signed.agreement.role_of(party.name)
        ours = signed.agreement.side(role).populations if limit and role is not None else ()
        old |= {one for one in ours if (then := made.get(one)) is not None and party.now - then > limit}
    if old:
        what = f"{len(old)} populations are older than an agreement allows"
        yield Finding("imports", REPAIR, what, "export them again and 'overlap import' them")
    else:
        yield Finding("imports", GOOD, f"{len(imports)} populations, none too old for an agreement")


def _runs(party: Party) -> Iterator[Finding]:
    records = all_runs(party)
    waiting = [one for one in records if one.state in OPEN_STATES]
    hanging = [one for one in waiting if party.now - one.begun > LONG_RUN * DAY]
    if hanging:
        repair = "send its last file again, or begin a new run, which ends it: 'overlap match list' shows it"
        yield Finding("runs", REPAIR, f"{len(hanging)} wait for more than {LONG_RUN} days", repair)
    else:
        yield Finding("runs", GOOD, f"{len(records)}, {len(waiting)} of them open")


def _vault(party: Party) -> Iterator[Finding]:
    """Every share that is not ended has its half here; what belongs to nothing is said too."""
    names = party.vault().names()
    held = [one for name in party.partners() for one in read_holder_state(party, name).shares.values()]
    ours = party.keys.card.digest.hex()  # The half of any other share is in a room.
    here = [one for one in held if one.terms.holder == ours and not one.destroyed]
    missing = [one for one in here if one.terms.share not in names]
    if missing:
        repair = "the folder was restored without its vault: 'overlap shares revoke' them and grant again"
        yield Finding("vault", REPAIR, f"the halves of {len(missing)} shares are not here", repair)
    for name in names:
        party.vault().get(name)
    owners = [
        *(one.terms.share for one in held),
        *run_names(party),
        *party.folder.names("shares", "requests"),
        *(half_name(signed) for signed in find_in_force(party)),
    ]
    strangers = [name for name in names if not any(name.startswith(owner) for owner in owners)]
    if strangers:
        yield Finding("vault", NOTE, f"{len(strangers)} secrets belong to nothing that is here any more")
    if not missing:
        yield Finding("vault", GOOD, f"{len(names)} secrets open, every open share has its half")
