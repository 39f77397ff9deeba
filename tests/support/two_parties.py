"""Two companies with a folder each, driven by the real commands, and copies at every step of the walk.

The vendor is `northwind`, with a Salesforce export; the partner is `contoso`, with a HubSpot export. They
hold twelve companies in common and two more each. What they send each other lies in `mail/`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cleanroom.cli.app import overlap
from cleanroom.cli.shell import Shell
from overlap.keys import PartyKeys, RecoveryKey

VENDOR, PARTNER = "northwind", "contoso"
PASSPHRASE = "correct horse battery staple"
#: 2026-11-22T10:00:00Z
BEGIN = 1_795_341_600
DAY = 86_400

SHARED = ("Zephyrine", "Quollbrook", "Vexmoor", "Ildathra", "Mirrowend", "Osprelake", "Tarnwick",
          "Brevik Loft", "Yarrowgate", "Jutefield", "Wexcombe", "Pellagrin")  # fmt: skip
VENDOR_ONLY = ("Northlyric", "Dunmarrow")
PARTNER_ONLY = ("Skerrivane", "Hollinsted")


def domain_of(company: str) -> str:
    return company.lower().replace(" ", "") + ".com"


#: What no message may quote: every name and domain of every account.
SECRETS = tuple(
    word for name in (*SHARED, *VENDOR_ONLY, *PARTNER_ONLY) for word in (name, domain_of(name).split(".")[0])
)


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


@dataclass(frozen=True)
class Answer:
    """What a command gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    def after(self, label: str) -> str:
        """What stands behind the label in the output, to the end of its line."""
        found = re.search(rf"^{label}\s+(.*)$", self.out, re.MULTILINE)
        assert found, f"no line begins with {label!r}"
        return found.group(1).strip()


@dataclass
class TwoParties:
    """Both folders under `root`, the mail between them, and the clock of both."""

    root: Path
    now: int = BEGIN
    opened: dict[bytes, Any] = field(default_factory=dict)

    def run(
        self, party: str, *words: str | Path, code: int | None = 0, passphrase: str = PASSPHRASE
    ) -> Answer:
        """Run one command as it would be typed; fails unless it ends in `code` (None: any)."""
        opened = self.opened if passphrase == PASSPHRASE else {}
        shell = Shell(self.root / party, None, True, lambda: self.now, passphrase, opened)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                overlap.main(
                    ["--dir", str(self.root / party), *map(str, words)], prog_name="overlap", obj=shell
                )
            except SystemExit as end:
                ended = end.code
        answer = Answer(int(ended or 0), out.getvalue(), err.getvalue())
        assert code in (None, answer.code), f"exit {answer.code}, not {code}: {answer.err or answer.out}"
        if answer.code:
            require_plain_complaint(answer.err)
        self.now += 60
        return answer

    def read_json(self, party: str, *words: str | Path) -> Any:
        return json.loads(self.run(party, *words, "--json").out)

    def mail(self, name: str) -> Path:
        return self.root / "mail" / name

    def place(self, party: str, *parts: str) -> Path:
        return self.root.joinpath(party, *parts)

    def keys_of(self, party: str) -> PartyKeys:
        """The secret keys of a party, as in its folder."""
        return PartyKeys.from_locked(self.place(party, "keys", "identity").read_bytes(), PASSPHRASE)

    def recovery_of(self, party: str, name: str = "recovery.key") -> RecoveryKey:
        """A recovery key of a party that was never moved offline."""
        return RecoveryKey.from_locked(self.place(party, name).read_bytes(), PASSPHRASE)

    def copy(self, root: Path) -> TwoParties:
        """The same two companies, at the same moment, in another place."""
        shutil.copytree(self.root, root)
        return replace(self, root=root)

    def require_good_logs(self) -> None:
        for party in (VENDOR, PARTNER):
            self.run(party, "audit", "verify")


def require_plain_complaint(text: str) -> None:
    """Two lines, what and what to do (a sample may follow after a blank one), and no account in them."""
    lines = text.splitlines()
    assert len(lines) == 2 or (len(lines) > 2 and not lines[2]), text
    assert lines[0].startswith("overlap: ") and lines[1].startswith("hint: ")
    require_no_account(text)


def require_no_account(text: str) -> None:
    """Fails when the text quotes an account of either side."""
    assert [word for word in SECRETS if word.lower() in text.lower()] == []


def write_exports(both: TwoParties) -> None:
    """The exports of both companies, as their CRMs write them."""
    vendor = [
        (
            f"001V{at:011d}IAA",
            name,
            f"https://www.{domain_of(name)}/",
            "Germany",
            "Customer",
            "120",
            "2023-01-05",
        )
        for at, name in enumerate((*SHARED, *VENDOR_ONLY))
    ]
    header = ("Account ID", "Account Name", "Website", "Billing Country", "Type", "Employees", "Created Date")
    write_csv(both.root / "crm" / "accounts.csv", header, vendor)
    write_csv(
        both.root / "crm" / "companies.csv",
        (
            "Record ID",
            "Company name",
            "Company Domain Name",
            "Country/Region",
            "Lifecycle Stage",
            "Create Date",
        ),
        [
            (str(9000 + at), f"{name} GmbH", domain_of(name), "DE", "Customer", f"2022-03-{at + 1:02d}")
            for at, name in enumerate((*SHARED, *PARTNER_ONLY))
        ],
        ";",
    )
    deals = [
        (f"006V{at:011d}IAA", row[0], f"{row[1]} renewal", stage, "1000", closed, won,
         "2026-11-01", "2026-12-31")
        for at, (row, (stage, closed, won)) in enumerate(
            zip(vendor[:3] + vendor[-1:], (("Closed Won", "1", "1"), ("Negotiation", "0", "0"),
                                           ("Closed Lost", "1", "0"), ("Closed Won", "1", "1")), strict=True)
        )
    ]  # fmt: skip
    write_csv(
        both.root / "crm" / "opportunities.csv",
        ("Id", "AccountId", "Name", "StageName", "Amount", "IsClosed", "IsWon", "CreatedDate", "CloseDate"),
        deals,
    )
    write_csv(
        both.root / "crm" / "territories.csv",
        ("Account ID", "Territory ID", "Territory Name", "Owner"),
        [(row[0], "T1", "North", "Ada") for row in vendor],
    )


def meet(both: TwoParties, *, verify: bool = True) -> None:
    """Both make their keys, import, and exchange cards."""
    write_exports(both)
    both.mail("").mkdir(parents=True)
    crm = both.root / "crm"
    for party in (VENDOR, PARTNER):
        both.run(party, "init", "--party", party)
        both.run(party, "card", "--out", both.mail(f"{party}.card"))
    both.run(VENDOR, "import", crm / "accounts.csv", "--population", "customers")
    both.run(VENDOR, "import", crm / "opportunities.csv", "--as", "opportunities")
    both.run(VENDOR, "import", crm / "territories.csv", "--as", "territories")
    both.run(PARTNER, "import", crm / "companies.csv", "--population", "customers")
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        both.run(ours, "partner", "add", both.mail(f"{theirs}.card"))
        if verify:
            fingerprint = both.run(theirs, "card").after("fingerprint")
            both.run(ours, "partner", "verify", theirs, "--fingerprint", fingerprint)


def agree(both: TwoParties, policy: str | Path = "territory-planning") -> str:
    """The vendor proposes, the partner accepts; the id of the agreement."""
    proposal, signed = both.mail("proposal.toml"), both.mail("agreement.toml")
    made = both.run(VENDOR, "agreement", "propose", "--partner", PARTNER, "--policy", policy,
                    "--size-bound", "256", "--out", proposal)  # fmt: skip
    both.run(PARTNER, "agreement", "accept", proposal, "--out", signed, "--yes")
    both.run(VENDOR, "agreement", "accept", signed, "--yes")
    return made.after("proposed")


def match(both: TwoParties) -> None:
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish"))
    both.run(PARTNER, "match", "finish", both.mail("finish"))


def change_policy(both: TwoParties, **terms: str) -> Path:
    """The shipped territory policy with other terms, each as TOML writes its value."""
    from cleanroom.agreement import policy_text

    text = policy_text("territory-planning").decode()
    for name, value in terms.items():
        text, changed = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert changed
    path = both.root / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Walk:
    """The whole walk at level overlaps, made once; `at(step)` copies both folders as after that step.

    Each step is one function of this file or one command, so that a test begins where its subject does.
    """

    STEPS = ("met", "committed", "sent", "agreed", "started", "replied", "learned", "matched", "granted",
             "requested", "leased", "opened", "proven")  # fmt: skip

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept: dict[str, TwoParties] = {}
        both = TwoParties(root / "now")
        for step in self.STEPS:
            getattr(self, f"_{step}")(both)
            self.kept[step] = both.copy(root / step)

    def at(self, step: str, place: Path) -> TwoParties:
        return self.kept[step].copy(place)

    def _met(self, both: TwoParties) -> None:
        meet(both)

    def _committed(self, both: TwoParties) -> None:
        both.run(PARTNER, "claims", "commit", "--partner", VENDOR, "--out", both.mail("commitment"))

    def _sent(self, both: TwoParties) -> None:
        both.run(VENDOR, "receive", both.mail("commitment"))

    def _agreed(self, both: TwoParties) -> None:
        agree(both, change_policy(both, run_budget="300"))

    def _started(self, both: TwoParties) -> None:
        both.run(VENDOR, "match", "start", "--out", both.mail("start"))

    def _replied(self, both: TwoParties) -> None:
        both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))

    def _learned(self, both: TwoParties) -> None:
        both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish"))

    def _matched(self, both: TwoParties) -> None:
        both.run(PARTNER, "match", "finish", both.mail("finish"))

    def _granted(self, both: TwoParties) -> None:
        both.run(PARTNER, "shares", "grant", "--out", both.mail("share"))

    def _requested(self, both: TwoParties) -> None:
        ask = ("--purpose", "territory-planning", "--out", both.mail("request"))
        both.run(VENDOR, "shares", "request", both.mail("share"), *ask)

    def _leased(self, both: TwoParties) -> None:
        both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("lease"))

    def _opened(self, both: TwoParties) -> None:
        both.run(VENDOR, "shares", "open", both.mail("lease"))

    def _proven(self, both: TwoParties) -> None:
        both.run(PARTNER, "claims", "prove", "--out", both.mail("claims"))
        both.run(VENDOR, "receive", both.mail("claims"))


def with_one_deal(walk: Walk, root: Path) -> TwoParties:
    """After a match and the proofs; the vendor has one open deal, on a shared account."""
    made = walk.at("proven", root)
    account = next(row["account"] for row in made.read_json(VENDOR, "credit") if row["partner"])
    deals = [["D1", account, "Discovery", "10", "EUR", "2026-11-10"]]
    header = ["id", "account_id", "stage", "amount", "currency", "created"]
    made.run(VENDOR, "import", write_csv(root / "deals.csv", header, deals), "--as", "opportunities")
    return made
