"""The doctor finds each thing that is wrong, says how to repair it, and names nobody."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from two_parties import DAY, PARTNER, PASSPHRASE, SECRETS, VENDOR, TwoParties, Walk, agree, change_policy

from cleanroom.session.keys import machine
from overlap.keys import PRIMITIVES, answers_as_published, known_answers

pytestmark = pytest.mark.usefixtures("quick_passphrase")


def examined(both: TwoParties, party: str = VENDOR, passphrase: str = PASSPHRASE) -> dict[str, list[str]]:
    """What the doctor wants repaired, by what it is about; nothing in its answer names anybody."""
    answer = both.run(party, "doctor", "--json", code=None, passphrase=passphrase)
    for word in (*SECRETS, VENDOR, PARTNER, str(both.root), PASSPHRASE):
        assert word.lower() not in answer.out.lower()
    found = json.loads(answer.out)
    wrong = [one for one in found if one["state"] == "REPAIR"]
    assert answer.code == (3 if wrong else 0)
    assert all(one["repair"] for one in wrong)
    return {
        one["about"]: [other["what"] for other in wrong if other["about"] == one["about"]] for one in wrong
    }


def healthy(walk: Walk, place: Path, step: str = "opened") -> TwoParties:
    both = walk.at(step, place)
    for party in (VENDOR, PARTNER):
        both.place(party, "recovery.key").unlink()
        both.place(party).chmod(0o700)
    return both


def test_a_healthy_folder_has_nothing_to_repair(walk: Walk, tmp_path: Path) -> None:
    both = healthy(walk, tmp_path / "both")
    assert examined(both) == examined(both, PARTNER) == {}
    out = both.run(VENDOR, "doctor").out
    assert "published answers" in out


def test_an_import_with_rejected_rows_leaves_nothing_to_repair(walk: Walk, tmp_path: Path) -> None:
    both = healthy(walk, tmp_path / "both")
    rules = tmp_path / "rules.csv"
    rules.write_text("account_id,rule\nA1,private\nA2,secret\n", encoding="utf-8")
    both.run(VENDOR, "import", str(rules), "--as", "restrictions")
    assert both.place(VENDOR, "tables", "restrictions.rejected.csv").is_file()
    assert "rights" not in examined(both)


def remove_share_half(both: TwoParties) -> None:
    shutil.rmtree(both.place(PARTNER, "vault"))


def cut_log(both: TwoParties) -> None:
    log = both.place(PARTNER, "logs", f"{VENDOR}.log")
    log.write_bytes(log.read_bytes()[:-200])


def change_entry(both: TwoParties) -> None:
    log = both.place(PARTNER, "logs", f"{VENDOR}.log")
    log.write_bytes(log.read_bytes().replace(b'"kind":"grant"', b'"kind":"lease"', 1))


def lose_salts(both: TwoParties) -> None:
    salts = both.place(PARTNER, "logs", f"{VENDOR}.log.salts")
    salts.write_bytes(salts.read_bytes()[:40])


def other_card(both: TwoParties) -> None:
    shutil.copy(both.mail(f"{VENDOR}.card"), both.place(PARTNER, "keys", "card"))


def unverify(both: TwoParties) -> None:
    both.place(PARTNER, "partners", f"{VENDOR}.verified").unlink()


def set_clock_back(both: TwoParties) -> None:
    both.now -= 3 * DAY


def let_time_pass(both: TwoParties) -> None:
    signed = both.read_json(PARTNER, "agreement", "list")[0]
    both.now = int(datetime.fromisoformat(signed["until"]).timestamp()) - 5 * DAY


def open_to_others(both: TwoParties) -> None:
    both.place(PARTNER, "keys", "identity").chmod(0o644)


def leave_accounts(both: TwoParties) -> None:
    both.place(PARTNER, "work").mkdir()


def begin_a_run(both: TwoParties) -> None:
    both.run(VENDOR, "match", "start", "--out", both.mail("start2"))
    both.run(PARTNER, "match", "reply", both.mail("start2"), "--out", both.mail("reply2"))
    both.now += 8 * DAY


@pytest.mark.parametrize(
    ("about", "harm"),
    [
        ("vault", remove_share_half),
        ("logs", cut_log),
        ("logs", change_entry),
        ("logs", lose_salts),
        ("keys", other_card),
        ("partners", unverify),
        ("clock", set_clock_back),
        ("agreements", let_time_pass),
        ("rights", open_to_others),
        ("leftovers", leave_accounts),
        ("runs", begin_a_run),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_harm_is_found(
    walk: Walk, tmp_path: Path, about: str, harm: Callable[[TwoParties], None]
) -> None:
    both = healthy(walk, tmp_path / "both")
    harm(both)
    assert about in examined(both, PARTNER)


def test_a_recovery_key_in_the_folder_is_said_and_nothing_to_repair(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    both.run(VENDOR, "init", "--party", VENDOR)
    assert examined(both) == {}
    answer = both.run(VENDOR, "doctor")
    assert re.search(r"^note +recovery +.*lies in the folder: .*$", answer.out, re.MULTILINE)
    assert "offline" in answer.out
    both.place(VENDOR, "recovery.key").rename(tmp_path / "offline")
    assert "no recovery key lies in the folder" in both.run(VENDOR, "doctor").out


def test_an_import_older_than_an_agreement_allows_is_found(walk: Walk, tmp_path: Path) -> None:
    both = healthy(walk, tmp_path / "both", "met")
    policy = change_policy(both, max_export_age='"3 days"')
    agree(both, policy)
    both.now += 2 * DAY
    assert "imports" not in examined(both)
    both.now += 2 * DAY
    assert examined(both)["imports"] == ["1 populations are older than an agreement allows"]
    again = ("import", both.root / "crm" / "accounts.csv", "--population", "customers")
    both.run(VENDOR, *again, "--exported", "2026-11-22")
    assert "imports" in examined(both)
    both.run(VENDOR, *again)
    assert "imports" not in examined(both)
    assert "imports" in examined(both, PARTNER)


def test_a_wrong_passphrase_a_broken_key_file_and_no_party_are_told(walk: Walk, tmp_path: Path) -> None:
    both = healthy(walk, tmp_path / "both", "met")
    assert "does not open" in examined(both, passphrase="quite another passphrase")["keys"][0]
    identity = both.place(VENDOR, "keys", "identity")
    identity.write_bytes(identity.read_bytes()[:-1])
    assert "keys" in examined(both)
    assert "no party lives here" in both.run("empty", "doctor").out


def test_a_revoked_card_of_ours_is_told(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    recovery = both.place(VENDOR, "recovery.key")
    both.run(VENDOR, "keys", "revoke", "--recovery", recovery, "--out", both.mail("dead"), "--yes")
    assert "revoked" in examined(both)["keys"][0]


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_each_primitive_gives_its_published_answer(primitive: str) -> None:
    assert answers_as_published(primitive, Random(5).randbytes)


def test_a_primitive_with_another_answer_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(known_answers, "hkdf", lambda key, info, length: bytes(length))
    found = {finding.about: finding for finding in machine.examine_machine(tmp_path)}
    assert found["primitives"].state == machine.REPAIR
    assert "HKDF" in found["primitives"].what
    assert "Ed25519" not in found["primitives"].what


def test_old_libraries_and_a_full_disk_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        machine.metadata, "requires", lambda _name: ["numpy>=999", "not-there>=1", "click>=8"]
    )
    monkeypatch.setattr(machine, "LEAST_FREE", 2**80)
    found = {finding.about: finding for finding in machine.examine_machine(tmp_path)}
    assert found["versions"].what.endswith("numpy, not-there")
    assert found["disk"].state == machine.REPAIR


@pytest.mark.skipif(sys.platform == "win32", reason="no core dumps there")
def test_the_program_forbids_core_dumps_of_itself() -> None:
    script = (
        "import resource\n"
        "from cleanroom.durable import forbid_core_dumps\n"
        "forbid_core_dumps()\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "import ctypes, sys\n"
        "assert sys.platform != 'linux' or ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
