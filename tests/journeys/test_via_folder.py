"""The whole walk of two parties through a folder that both share, and what can happen in such a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from faulty_disk import STRIDE, Killed, faulty_disk
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk, change_policy, meet, require_no_account

from cleanroom.session.post import posting


def share_folder(both: TwoParties, *, kept: bool = True) -> str:
    """A folder that both see; with `kept` both remember it for each other."""
    shared = both.root / "shared"
    shared.mkdir()
    if kept:
        for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
            both.run(ours, "partner", "via", theirs, f"folder:{shared}")
    return f"folder:{shared}"


def waiting(both: TwoParties) -> list[Path]:
    return sorted((both.root / "shared").iterdir())


def actions(both: TwoParties, party: str, *words: str, code: int = 0) -> list[tuple[str, str]]:
    import json

    answer = both.run(party, "sync", "--json", *words, code=code)
    return [(one["did"], one["kind"]) for one in json.loads(answer.out)]


def agree_by(both: TwoParties, *via: str) -> None:
    policy = change_policy(both, run_budget="300")
    propose = ("agreement", "propose", "--partner", PARTNER, "--policy", policy, "--size-bound", "256")
    both.run(VENDOR, *propose, *via)
    both.run(PARTNER, "agreement", "accept", "--yes", *via)
    both.run(VENDOR, "agreement", "accept", "--yes", *via)


def states(both: TwoParties, party: str) -> list[tuple[str, str]]:
    return [(run["state"], run["shared"]) for run in both.read_json(party, "match", "list")]


@pytest.mark.parametrize("kept", [True, False], ids=["kept for the partner", "named each time"])
def test_the_whole_walk_without_naming_a_file(tmp_path: Path, kept: bool) -> None:
    both = TwoParties(tmp_path / "both")
    meet(both)
    folder = share_folder(both, kept=kept)
    via = () if kept else ("--via", folder)
    said = both.run(PARTNER, "claims", "commit", "--partner", VENDOR, *via).out
    assert f"sent      letter to {VENDOR} by {folder}\n" in said and "send  " not in said
    assert f"taking    letter of {PARTNER}\n" in both.run(VENDOR, "receive", *via).out
    agree_by(both, *via)
    both.run(VENDOR, "match", "start", *via)
    both.run(PARTNER, "match", "reply", *via)
    both.run(VENDOR, "match", "finish", *via)
    both.run(PARTNER, "match", "finish", *via)
    assert states(both, VENDOR) == states(both, PARTNER) == [("finished", str(len(SHARED)))]
    both.run(PARTNER, "shares", "grant", *via)
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning", *via)
    both.run(PARTNER, "shares", "lease", *via)
    both.run(VENDOR, "shares", "open", *via)
    both.run(PARTNER, "claims", "prove", *via)
    both.run(VENDOR, "receive", *via)
    both.run(PARTNER, "review", "dispute", "9000")
    both.run(PARTNER, "review", "export", *via)
    both.run(VENDOR, "review", "import", *via)
    both.run(PARTNER, "card", "--partner", VENDOR, *via)
    both.run(VENDOR, "partner", "add", *via)
    share = both.read_json(PARTNER, "shares", "list")[0]["share"]
    both.run(PARTNER, "shares", "revoke", share, *via)
    both.run(VENDOR, "receive", *via)
    assert both.read_json(VENDOR, "shares", "list")[0]["state"] == "revoked, erased"
    assert waiting(both) == []
    for party in (VENDOR, PARTNER):
        assert list(both.place(party, "outbox").iterdir()) == []
        assert list(both.place(party, "inbox").glob("*")) == []
    both.require_good_logs()


def test_sync_does_what_needs_no_decision_and_lists_the_rest(tmp_path: Path) -> None:
    both = TwoParties(tmp_path / "both")
    meet(both)
    share_folder(both)
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR)
    assert actions(both, VENDOR) == [("took in", "letter")]
    policy = change_policy(both, run_budget="300")
    both.run(VENDOR, "agreement", "propose", "--partner", PARTNER, "--policy", policy, "--size-bound", "256")
    assert actions(both, PARTNER) == actions(both, PARTNER) == [("decide", "proposal")]
    both.run(PARTNER, "agreement", "accept", "--yes")
    assert actions(both, VENDOR, "--dry-run") == [("waits", "agreement")]
    assert actions(both, VENDOR) == [("took in", "agreement")]
    both.run(VENDOR, "match", "start")
    assert actions(both, PARTNER) == [("answered", "frame"), ("sent", "frame")]
    assert actions(both, VENDOR) == [("answered", "frame"), ("sent", "frame")]
    assert actions(both, PARTNER) == [("took in", "frame")]
    assert states(both, VENDOR) == states(both, PARTNER) == [("finished", str(len(SHARED)))]
    both.run(PARTNER, "shares", "grant")
    assert actions(both, VENDOR) == [("decide", "share")]
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning")
    assert actions(both, PARTNER) == [("answered", "request"), ("sent", "lease")]
    said = both.run(VENDOR, "sync").out
    assert said.startswith(f"took in   lease of {PARTNER}: opened {len(SHARED)} accounts, until ")
    require_no_account(said)
    assert actions(both, VENDOR) == actions(both, PARTNER) == waiting(both) == []
    both.require_good_logs()


def test_names_tell_recipient_sender_kind_and_number_and_nothing_else(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    share_folder(both)
    for _ in range(2):
        both.run(VENDOR, "match", "start")
    fingerprint = both.run(PARTNER, "card").after("fingerprint").replace(" ", "").lower()
    sender = both.read_json(VENDOR, "card")["digest"]
    names = [f"{fingerprint}.{sender}.frame.{number:06d}" for number in (1, 2)]
    assert [path.name for path in waiting(both)] == names
    if os.name == "posix":  # The partner's own user has to read it; the bytes are sealed.
        assert waiting(both)[0].stat().st_mode & 0o044
    for path in waiting(both):
        path.unlink()
    both.run(VENDOR, "match", "start")
    assert [path.name for path in waiting(both)] == [f"{fingerprint}.{sender}.frame.000003"]


def test_out_and_file_win_over_the_carrier(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    share_folder(both)
    said = both.run(VENDOR, "match", "start", "--out", both.mail("start")).out
    assert f"send      {both.mail('start')}\n" in said
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    assert waiting(both) == []
    assert "sent      frame" in both.run(VENDOR, "match", "finish", both.mail("reply")).out
    assert len(waiting(both)) == 1
    both.run(PARTNER, "match", "finish")


def test_without_a_carrier_a_file_is_asked_for(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    assert "give --out FILE, or --via" in both.run(VENDOR, "match", "start", code=2).err
    assert "no file is given" in both.run(PARTNER, "match", "reply", code=2).err
    assert both.run(PARTNER, "claims", "commit").out
    assert "--partner" in both.run(PARTNER, "claims", "commit", "--via", "folder:x", code=2).err
    both.run(VENDOR, "match", "start", "--via", "ftp://room", code=2)
    both.run(VENDOR, "partner", "via", "fabrikam", "none", code=2)
    gone = both.run(VENDOR, "partner", "via", PARTNER, f"folder:{tmp_path}/gone", code=2).err
    assert f"there is no folder {tmp_path}/gone" in gone and not (tmp_path / "gone").exists()
    assert "cannot be used" in both.run(VENDOR, "receive", "--via", f"folder:{tmp_path}/gone", code=4).err
    assert actions(both, VENDOR) == []


def test_a_folder_that_is_away_keeps_the_file_until_the_next_sync(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    share_folder(both)
    (both.root / "shared").rename(both.root / "away")
    both.run(VENDOR, "match", "start", code=4)
    assert actions(both, VENDOR, code=4) == [("failed", ""), ("failed", "frame")]
    assert (
        f"unsent    frame to {PARTNER} goes by folder:" in both.run(VENDOR, "sync", "--dry-run", code=4).out
    )
    assert not (both.root / "shared").exists()
    (both.root / "away").rename(both.root / "shared")
    assert actions(both, VENDOR) == [("sent", "frame")]
    assert actions(both, PARTNER) == [("answered", "frame"), ("sent", "frame")]
    both.run(VENDOR, "partner", "via", PARTNER, "none")
    assert "no file is given" in both.run(VENDOR, "match", "finish", code=2).err


def test_foreign_altered_and_half_written_files_stop_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    folder = both.root / "shared"
    share_folder(both)
    both.run(VENDOR, "match", "start")
    (good,) = waiting(both)
    stem, data = good.name.rpartition(".")[0], good.read_bytes()
    recipient, sender, _ = stem.split(".")
    (folder / f"{stem}.000000").write_bytes(data[:4000])
    (folder / f"{recipient}.{sender}.letter.000000").write_bytes(b"overlap-letter/1\n" + bytes(9000))
    (folder / f"{recipient}.{sender}.card.000000").write_bytes(b"x" * 40_000)
    (folder / f"{recipient}.{'0' * 64}.frame.000000").write_bytes(data)
    (folder / f"{recipient}.{sender}.secret.000001").write_bytes(data)
    (folder / f".{good.name}.part").write_bytes(data[:10])
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / f"{recipient}.{sender}.frame.000009").symlink_to(both.place(PARTNER, "keys", "identity"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / f"{recipient}.{sender}.frame.000008")
    foreign = len(waiting(both)) - 1
    first = [("refused", "frame"), ("refused", "letter"), ("decide", "frame"), ("answered", "frame")]
    assert sorted(actions(both, PARTNER, code=3)) == sorted([*first, ("sent", "frame")])
    assert actions(both, PARTNER) == [("decide", "frame")]
    assert [did for did, _ in actions(both, PARTNER, "--again", code=3)].count("refused") == 2
    assert sorted(actions(both, PARTNER, "--dry-run")) == sorted(first[:3])
    to_partner = [path for path in waiting(both) if recipient in path.name or "Thumbs" in path.name]
    assert len(to_partner) == foreign and good not in to_partner
    assert both.place(PARTNER, "keys", "identity").exists()
    (folder / f"{stem}.000000").write_bytes(data)  # The rest of the half file has come: the same start again.
    again = [("answered", "frame"), ("decide", "frame"), ("sent", "frame")]
    assert sorted(actions(both, PARTNER)) == again
    both.run(VENDOR, "match", "finish")
    both.run(PARTNER, "match", "finish")
    assert states(both, PARTNER) == [("finished", str(len(SHARED)))]


def test_what_one_file_stumbles_over_does_not_stop_the_others(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = walk.at("agreed", tmp_path / "both")
    share_folder(both)
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR)
    both.run(PARTNER, "card", "--partner", VENDOR)
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR)

    def stumble(*_: object) -> str:
        raise ValueError(SHARED[0])

    monkeypatch.setitem(posting.HANDLERS, "letter", posting.Handler(stumble))
    said = both.run(VENDOR, "sync", code=3).out
    assert said.count("a bug in overlap: ValueError") == 2 and "decide    card" in said
    require_no_account(said)
    monkeypatch.undo()
    assert actions(both, VENDOR) == [("decide", "card")]
    took = [("took in", "letter"), ("decide", "card"), ("took in", "letter")]
    assert sorted(actions(both, VENDOR, "--again")) == sorted(took)


def test_a_single_command_passes_over_what_it_cannot_read(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    share_folder(both)
    both.run(VENDOR, "match", "start")
    (good,) = waiting(both)
    data = bytearray(good.read_bytes())
    data[-1] ^= 1
    good.with_name(good.name.replace("000001", "000000")).write_bytes(bytes(data[:-1]))
    both.run(PARTNER, "match", "reply")
    refused = both.run(PARTNER, "match", "reply", code=3).err
    assert "no frame waits for this command; 1 refused before" in refused
    both.run(VENDOR, "match", "reply", code=3)  # What waits tells the result.
    both.run(VENDOR, "match", "finish")


def test_who_is_not_verified_is_not_read(tmp_path: Path) -> None:
    both = TwoParties(tmp_path / "both")
    meet(both, verify=False)
    share_folder(both)
    both.run(VENDOR, "card", "--partner", PARTNER)
    sender = both.read_json(VENDOR, "card")["digest"]
    recipient = waiting(both)[0].name.partition(".")[0]
    (both.root / "shared" / f"{recipient}.{sender}.frame.000007").write_bytes(b"overlap-frame/1\n")
    assert actions(both, PARTNER) == [("decide", "card"), ("decide", "frame")]
    assert "not verified" in both.run(PARTNER, "match", "reply", code=3).err
    swapped = waiting(both)[0]
    swapped.write_bytes(both.mail(f"{PARTNER}.card").read_bytes())
    assert "no card waits" in both.run(PARTNER, "partner", "add", code=3).err
    fingerprint = both.run(VENDOR, "card").after("fingerprint")
    both.run(VENDOR, "card", "--partner", PARTNER)
    both.run(PARTNER, "partner", "add", "--fingerprint", fingerprint)
    assert both.read_json(PARTNER, "partner", "list")[0]["verified"]


def prepared(walk: Walk, place: Path, step: str) -> TwoParties:
    """Both with a folder, and the file of the next step of the walk waiting in it."""
    both = walk.at(step, place)
    share_folder(both)
    return both


def start(both: TwoParties) -> None:
    both.run(VENDOR, "match", "start")


def reply(both: TwoParties) -> None:
    start(both)
    both.run(PARTNER, "match", "reply")


def request(both: TwoParties) -> None:
    both.run(PARTNER, "shares", "grant")
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning")


def match_ends(both: TwoParties) -> None:
    for party in (PARTNER, VENDOR, PARTNER):
        both.run(party, "sync", code=None)
    for party in (VENDOR, PARTNER):
        assert states(both, party) == [("finished", str(len(SHARED)))]


def share_opens(both: TwoParties) -> None:
    """A request whose answer was lost with the killed process is refused, and made again."""
    both.run(VENDOR, "sync")
    if both.read_json(VENDOR, "shares", "list")[0]["state"] != "open":
        both.run(VENDOR, "shares", "request", both.root / "share", "--purpose", "territory-planning")
        both.run(PARTNER, "sync")
        both.run(VENDOR, "sync")
    assert both.read_json(VENDOR, "shares", "list")[0]["state"] == "open"


KILLED: dict[str, tuple[str, str, Any, Any]] = {
    "answers a start": ("agreed", PARTNER, start, match_ends),
    "tells the result": ("agreed", VENDOR, reply, match_ends),
    "gives a lease": ("matched", PARTNER, request, share_opens),
}


@pytest.mark.parametrize("name", KILLED)
@pytest.mark.slow
def test_a_killed_sync_is_finished_by_the_next_one(walk: Walk, tmp_path: Path, name: str) -> None:
    step, party, prepare, then = KILLED[name]
    base = walk.at(step, tmp_path / "base")
    share_folder(base)
    prepare(base)
    if name == "gives a lease":
        received = base.place(VENDOR, "shares", "received").iterdir()
        share = next(path for path in received if not path.suffix)
        shutil.copy(share, base.root / "share")
    at = 1
    while True:
        both = base.copy(tmp_path / f"at {at}")
        for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
            both.run(ours, "partner", "via", theirs, f"folder:{both.root / 'shared'}")
        with faulty_disk(both.root, at, "dead") as fault, contextlib.suppress(Killed):
            both.run(party, "sync", code=None)
        if not fault.happened:
            break
        both.run(party, "sync", code=None)
        then(both)
        assert [path.name for path in both.place(party, "outbox").iterdir()] == []
        both.require_good_logs()
        shutil.rmtree(both.root)
        at += STRIDE
    assert at > STRIDE
