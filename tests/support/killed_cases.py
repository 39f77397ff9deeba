"""Commands at the step of the walk where they belong, for the tests and the script that kill them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from saved_room import make_saved_room, require_whole, require_whole_or_absent
from shown_logs import other, send
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk

Words = tuple[str | Path, ...]


@dataclass(frozen=True)
class Case:
    """A command, after which step of the walk it comes, and what must be possible when it was done.

    `stopped` is what must be so when it was killed, before it is given again. `done` is in what the repeated
    command says where it is refused because the killed one had done all of its work.
    """

    step: str
    party: str
    words: Callable[[TwoParties], Words]
    then: Callable[[TwoParties], None]
    stopped: Callable[[TwoParties], None] = lambda both: None
    done: str = ""

    def repeat(self, both: TwoParties, words: Words) -> None:
        """Give the command again: it works, or says that it is done."""
        again = both.run(self.party, *words, code=None)
        assert again.code == 0 or (self.done and self.done in again.err), again.err


def finish_walk(both: TwoParties, *steps: str) -> None:
    """The next steps of the walk, and the overlap they lead to."""
    for step in steps:
        getattr(Walk, f"_{step}")(None, both)
    for party in (VENDOR, PARTNER):
        runs = [run for run in both.read_json(party, "match", "list") if run["state"] == "finished"]
        assert [run["shared"] for run in runs] == [str(len(SHARED))]


def vendor_sees_all(both: TwoParties) -> None:
    cells = both.read_json(VENDOR, "matrix")[0]["cells"]
    assert {cell["theirs"] for cell in cells} == {len(SHARED)}


def open_again(both: TwoParties) -> None:
    """Request, lease and open the share in `mail/share`."""
    for step in ("requested", "leased", "opened"):
        getattr(Walk, f"_{step}")(None, both)
    vendor_sees_all(both)


def lease_and_open(both: TwoParties) -> None:
    """Answer `mail/request` and open the share."""
    for step in ("leased", "opened"):
        getattr(Walk, f"_{step}")(None, both)
    vendor_sees_all(both)


def share_id(both: TwoParties, party: str) -> str:
    return str(both.read_json(party, "shares", "list")[0]["share"])


def is_revoked_for_vendor(both: TwoParties) -> None:
    both.run(VENDOR, "receive", both.mail("revocation"))
    assert both.read_json(VENDOR, "shares", "list")[0]["state"] == "revoked, erased"
    assert list(both.place(VENDOR, "releases").iterdir()) == []


def has_one_commitment(both: TwoParties) -> None:
    assert [one["owner"] for one in both.read_json(VENDOR, "claims", "list")] == [PARTNER]


def partner_disputes(both: TwoParties, number: int) -> None:
    counts = both.read_json(PARTNER, "review", "list")["counts"]
    assert counts == {"": len(SHARED) - number, "disputed": number}


def export_review(both: TwoParties) -> Words:
    return ("review", "export", "--out", both.mail("review"))


def send_dispute(both: TwoParties) -> Words:
    """The command that takes in a dispute of the partner."""
    both.run(PARTNER, "review", "dispute", "9000")
    both.run(PARTNER, *export_review(both))
    return ("review", "import", both.mail("review"))


def vendor_respects_dispute(both: TwoParties) -> None:
    assert both.read_json(VENDOR, "review", "list")["counts"] == {"": len(SHARED) - 1, "disputed": 1}
    partner_disputes(both, 1)


def list_is_prepared(both: TwoParties) -> None:
    both.run(VENDOR, "receive", both.mail("list"))
    finish_walk(both, "started", "replied", "learned", "matched")


def list_is_updated(both: TwoParties) -> None:
    """A killed update may have been made; its letter is written again."""
    version = both.read_json(PARTNER, "match", "prepare", "--out", both.mail("list"))["version"]
    for at in range(1, version + 1):
        both.run(PARTNER, "match", "update", "--again", str(at), "--out", both.mail("update"))
        both.run(VENDOR, "receive", both.mail("update"))
    finish_walk(both, "started", "replied", "learned", "matched")


def show_log(both: TwoParties, party: str) -> Words:
    """The command with which a party shows its log to the other."""
    return ("audit", "sync", "--partner", other(party), "--out", both.mail("sync"))


def take_log(both: TwoParties) -> Words:
    both.run(VENDOR, *show_log(both, VENDOR))
    return ("receive", both.mail("sync"))


def both_keep_the_same_receipts(both: TwoParties) -> None:
    """After two more letters each way, whatever was lost, both have both signatures on everything."""
    for party in (VENDOR, PARTNER, VENDOR, PARTNER):
        send(both, party)
    kept = [
        {path.name: path.read_bytes() for path in both.place(party, "receipts", other(party)).iterdir()}
        for party in (VENDOR, PARTNER)
    ]
    assert kept[0] == kept[1] and len(kept[0]) == 2
    assert {data.count(b'"keyid"') for data in kept[0].values()} == {2}


def bundle_holds(both: TwoParties) -> None:
    assert "good" in both.run(PARTNER, "audit", "verify", both.mail("bundle")).out


def save_room(both: TwoParties) -> Words:
    """The command that saves a room beside the parties' folders."""
    return ("room", "backup", make_saved_room(both.root), "--out", both.mail("room.backup"))


def take_update(both: TwoParties) -> Words:
    both.run(PARTNER, "match", "update", "--out", both.mail("update"))
    return ("receive", both.mail("update"))


CASES = {
    "match prepare": Case(
        "allowed",
        PARTNER,
        lambda both: ("match", "prepare", "--out", both.mail("list")),
        list_is_prepared,
    ),
    "match update": Case(
        "prepared",
        PARTNER,
        lambda both: ("match", "update", "--out", both.mail("update")),
        list_is_updated,
    ),
    "receive an update": Case(
        "prepared",
        VENDOR,
        take_update,
        lambda both: finish_walk(both, "started", "replied", "learned", "matched"),
    ),
    "match reply, prepared": Case(
        "asked",
        PARTNER,
        lambda both: ("match", "reply", both.mail("start"), "--out", both.mail("reply")),
        lambda both: finish_walk(both, "learned", "matched"),
    ),
    "match finish, prepared": Case(
        "answered",
        VENDOR,
        lambda both: ("match", "finish", both.mail("reply"), "--out", both.mail("finish")),
        lambda both: finish_walk(both, "matched"),
    ),
    "import": Case(
        "met",
        PARTNER,
        lambda both: ("import", both.root / "crm" / "companies.csv"),
        lambda both: both.run(PARTNER, "claims", "commit") and None,
    ),
    "claims commit": Case(
        "met",
        PARTNER,
        lambda both: ("claims", "commit", "--partner", VENDOR, "--out", both.mail("commitment")),
        lambda both: both.run(VENDOR, "receive", both.mail("commitment")) and None,
    ),
    "receive": Case(
        "committed",
        VENDOR,
        lambda both: ("receive", both.mail("commitment")),
        has_one_commitment,
    ),
    "agreement propose": Case(
        "sent",
        VENDOR,
        lambda both: (
            "agreement",
            "propose",
            "--partner",
            PARTNER,
            "--policy",
            "territory-planning",
            "--size-bound",
            "256",
            "--out",
            both.mail("proposal.toml"),
        ),
        lambda both: (
            both.run(
                PARTNER,
                "agreement",
                "accept",
                both.mail("proposal.toml"),
                "--out",
                both.mail("agreement.toml"),
                "--yes",
            )
            and None
        ),
    ),
    "match start": Case(
        "agreed",
        VENDOR,
        lambda both: ("match", "start", "--out", both.mail("start")),
        lambda both: finish_walk(both, "replied", "learned", "matched"),
    ),
    "match reply": Case(
        "started",
        PARTNER,
        lambda both: ("match", "reply", both.mail("start"), "--out", both.mail("reply")),
        lambda both: finish_walk(both, "learned", "matched"),
    ),
    "match finish by the starter": Case(
        "replied",
        VENDOR,
        lambda both: ("match", "finish", both.mail("reply"), "--out", both.mail("finish")),
        lambda both: finish_walk(both, "matched"),
    ),
    "match finish by the responder": Case(
        "learned",
        PARTNER,
        lambda both: ("match", "finish", both.mail("finish")),
        finish_walk,
    ),
    "shares grant": Case(
        "matched",
        PARTNER,
        lambda both: ("shares", "grant", "--out", both.mail("share")),
        open_again,
    ),
    "shares request": Case(
        "granted",
        VENDOR,
        lambda both: (
            "shares",
            "request",
            both.mail("share"),
            "--purpose",
            "territory-planning",
            "--out",
            both.mail("request"),
        ),
        lease_and_open,
    ),
    "shares open": Case(
        "leased",
        VENDOR,
        lambda both: ("shares", "open", both.mail("lease")),
        vendor_sees_all,
    ),
    "shares revoke": Case(
        "opened",
        PARTNER,
        lambda both: ("shares", "revoke", share_id(both, PARTNER), "--out", both.mail("revocation")),
        is_revoked_for_vendor,
    ),
    "review dispute": Case(
        "matched",
        PARTNER,
        lambda both: ("review", "dispute", "9000", "9001"),
        lambda both: partner_disputes(both, 2),
    ),
    "review export": Case(
        "matched",
        PARTNER,
        lambda both: both.run(PARTNER, "review", "dispute", "9000") and export_review(both),
        lambda both: (
            both.run(VENDOR, "review", "import", both.mail("review")) and vendor_respects_dispute(both)
        ),
    ),
    "review import": Case(
        "matched",
        VENDOR,
        send_dispute,
        vendor_respects_dispute,
    ),
    "audit sync": Case("opened", VENDOR, lambda both: show_log(both, VENDOR), both_keep_the_same_receipts),
    "receive a log": Case("opened", PARTNER, take_log, both_keep_the_same_receipts),
    "audit bundle": Case(
        "opened",
        VENDOR,
        lambda both: ("audit", "bundle", "--partner", PARTNER, "--out", both.mail("bundle")),
        bundle_holds,
    ),
    "room backup": Case(
        "met",
        VENDOR,
        save_room,
        lambda both: require_whole(both.root),
        lambda both: require_whole_or_absent(both.root),
    ),
    "claims prove": Case(
        "opened",
        PARTNER,
        lambda both: ("claims", "prove", "--out", both.mail("claims")),
        lambda both: both.run(VENDOR, "receive", both.mail("claims")) and None,
    ),
}

#: A lease is counted as read before it is made: a request is answered once, then a new one is needed.
LEASE = Case(
    "requested",
    PARTNER,
    lambda both: ("shares", "lease", both.mail("request"), "--out", both.mail("lease")),
    open_again,
    done="answered before",
)
