"""What each side keeps of a prepared list, from the preparation to the agreement's end.

prepared/AGREEMENT/holder                  the side that prepared: key, version, what was answered (locked)
prepared/AGREEMENT/rows-VERSION            its list with all K (locked)
prepared/AGREEMENT/accounts-VERSION.parquet, identifiers-VERSION.parquet   the list as tables
prepared/AGREEMENT/letter-VERSION          the letter that tells the partner, to be sent again
prepared/AGREEMENT/asker                   the other side: its identifiers with their K (locked)
prepared/AGREEMENT/tags-VERSION            the tags that came with each version

What is locked needs a half in the vault, which is in no backup: a restored folder answers under no old key.
`holder` and `asker` are written last, so a killed command leaves the version before it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cleanroom.agreement import SignedAgreement, build_contract
from cleanroom.durable import erase
from cleanroom.number import count_of
from cleanroom.session.accounts.restrictions import LeftOut, excluded_accounts, rules_digest
from cleanroom.session.agreement.agreements import agreement_name, agreement_with_digest, partner_of
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.prepared_ends import PREPARED, half_name
from cleanroom.session.match.probing import require_changes, submission_of
from cleanroom.session.match.runs import RunRecord, RunStates
from cleanroom.session.match.submitting import Submitted, admitted, require_fresh
from cleanroom.session.party import Party
from cleanroom.session.stored import keep_stored, read_stored
from cleanroom.store import read_table, write_table
from overlap import keys, match
from overlap.errors import Refused
from overlap.protocol import Contract
from overlap.protocol.prepared import Asker, Holder, Limits, Preparation

_PURPOSE = b"prepared list"
#: Bytes of the tags of one version: at most 2^23 of them, of some 12 bytes.
_TAGS_LIMIT = 2**28
_AGAIN = "propose a new agreement, and prepare the list under it"


@dataclass(frozen=True)
class PreparedList:
    """The folder of one prepared list, on either side."""

    party: Party
    signed: SignedAgreement

    @property
    def contract(self) -> Contract:
        """What the contracts of all runs say."""
        return build_contract(self.signed, {})

    @property
    def terms(self) -> Preparation:
        """What both sides fixed before, made from the agreement."""
        agreed = self.signed.agreement.terms
        if (prepared := agreed.prepared) is None:
            raise Refused(
                "no list is prepared under this agreement", "begin each run with 'overlap match start'"
            )
        numbers = prepared.changes, prepared.updates, prepared.queries
        limits = Limits(*numbers, agreed.run_budget, prepared.evaluations)
        return Preparation.of(self.contract, limits)

    def has(self, name: str) -> bool:
        return self._path(name).is_file()

    def holder(self, *, rows: bool) -> Holder:
        """The prepared list as its owner keeps it; without rows it can only reply."""
        if not self.has("holder"):
            raise Refused(
                "the list for this agreement is not prepared", "prepare it with 'overlap match prepare'"
            )
        head = self._read("holder")
        known = Holder.from_bytes(head, None)
        if _spent(known) < max(self._marks(), default=0):
            raise Refused("the prepared list has been used since: the folder was restored", _AGAIN)
        return Holder.from_bytes(head, self._read(f"rows-{known.version}")) if rows else known

    def keep_version(self, holder: Holder, submitted: Submitted, letter: bytes) -> None:
        """Keep a new version and the letter that tells it; the version before is gone then."""
        version = holder.version
        self._keep(f"rows-{version}", holder.rows_bytes())
        write_table(self._path(f"accounts-{version}.parquet"), submitted.accounts)
        write_table(self._path(f"identifiers-{version}.parquet"), submitted.identifiers)
        write_whole(self._path(f"letter-{version}"), letter)
        self.keep_holder(holder)
        for name in (f"rows-{version - 1}", f"accounts-{version - 1}.parquet",
                     f"identifiers-{version - 1}.parquet"):  # fmt: skip
            erase(self._path(name), self.party.random)

    def keep_holder(self, holder: Holder) -> None:
        """Keep key and counts, and how far they are in the vault, which is in no backup: none goes back."""
        self._keep("holder", holder.to_bytes())
        vault, before = self.party.vault(), self._marks()
        if (spent := _spent(holder)) not in before:
            vault.put(self._mark(spent), b"")
        for mark in before:
            if mark < spent:
                vault.destroy(self._mark(mark))

    def require_unused(self) -> None:
        """Refused when a list was prepared here before, which a restored folder does not know."""
        if self._marks():
            raise Refused("the list was prepared before, and is not here: the folder was restored", _AGAIN)

    def submitted(self, *, rehearsing: bool = False) -> Submitted:
        """Our side of a run: the list as it was prepared or last updated.

        Refused while it has accounts that are private now, or restricted to other partners. When
        `rehearsing`, a refusal is not logged.
        """
        populations = admitted(self.party, self.signed)
        version = self.holder(rows=False).version
        accounts = read_table(self._path(f"accounts-{version}.parquet"))
        identifiers = read_table(self._path(f"identifiers-{version}.parquet"))
        party, partner = self.party, partner_of(self.party, self.signed.agreement)
        if gone := set(accounts["id"]) & excluded_accounts(party, partner, accounts):
            raise Refused(
                f"{count_of(len(gone), 'account')} of our prepared list may not be matched with {partner} "
                "any more",
                "take them out with 'overlap match update', and send what it writes",
            )
        require_fresh(party, self.signed, populations, note=not rehearsing)
        listed = match.distinct(identifiers)
        submission = submission_of(party, accounts["id"].tolist(), listed)
        minimum = self.signed.agreement.terms.minimum_count
        require_changes(party, partner, minimum, submission, note=not rehearsing)
        left_out = LeftOut(rules=rules_digest(party.folder))
        return Submitted(
            accounts, identifiers, listed.encoded, [], submission, left_out, identifiers.iloc[:0]
        )

    def letter(self, version: int) -> Path:
        """Where the letter of a version lies."""
        return self._path(f"letter-{version}")

    def asker(self, *, tags: bool = True) -> Asker:
        """What we hold of the partner's prepared list; without its tags a run can only be started."""
        if not self.has("asker"):
            raise Refused(
                "the partner's prepared list is not here",
                "ask for the file of 'overlap match prepare', and take it in with 'overlap receive'",
            )
        head = self._read("asker")
        known = Asker.from_bytes(head, None)
        if not tags:
            return known
        parts = [read_whole(self._path(f"tags-{at}"), _TAGS_LIMIT) for at in range(known.version + 1)]
        return Asker.from_bytes(head, b"".join(parts))

    def keep_tags(self, asker: Asker) -> None:
        """Keep the tags of the newest version, and then that it is here."""
        span, size = asker.terms.tags_of(asker.version), asker.terms.tag_size
        write_whole(
            self._path(f"tags-{asker.version}"), bytes(asker.tags[span.start * size : span.stop * size])
        )
        self.keep_asker(asker)

    def keep_asker(self, asker: Asker) -> None:
        self._keep("asker", asker.to_bytes())

    @property
    def has_half(self) -> bool:
        """Whether the vault has what opens this list; not in a folder that was restored without it."""
        return half_name(self.signed) in self.party.vault().names()

    def _mark(self, spent: int) -> str:
        return f"{half_name(self.signed)}{spent:06x}"

    def _marks(self) -> list[int]:
        half = half_name(self.signed)
        return [
            int(name.removeprefix(half), 16)
            for name in self.party.vault().names()
            if name.startswith(half) and name != half
        ]

    def _path(self, name: str) -> Path:
        return self.party.folder.path(PREPARED, agreement_name(self.signed), name)

    def _keep(self, name: str, contents: bytes) -> None:
        vault, half = self.party.vault(), half_name(self.signed)
        if half not in vault.names():
            vault.put(half, self.party.random(keys.KEY_BYTES))
        stored, *parts = self._place(name)
        keep_stored(self.party, _PURPOSE, stored, contents, *parts, half=vault.get(half))

    def _read(self, name: str) -> bytes:
        if not self.has_half:
            raise Refused(
                "the vault does not hold the key of the prepared list: the folder was restored", _AGAIN
            )
        half = self.party.vault().get(half_name(self.signed))
        stored, *parts = self._place(name)
        return read_stored(self.party, _PURPOSE, stored, *parts, half=half)

    def _place(self, name: str) -> tuple[str, str, str, str]:
        agreement = agreement_name(self.signed)
        return f"{agreement}/{name}", PREPARED, agreement, name


def _spent(holder: Holder) -> int:
    """How many runs and updates of a prepared list were made."""
    runs, _, updates = holder.left
    return holder.terms.runs - runs + holder.terms.updates - updates


@dataclass(frozen=True)
class StatesWithList:
    """The states of a run over a prepared list: what the run changed of the list is kept right after them."""

    states: RunStates
    keep: Callable[[], None]

    def load(self, bucket: int) -> bytes:
        return self.states.load(bucket)

    def save(self, bucket: int, state: bytes) -> None:
        self.states.save(bucket, state)
        self.keep()


def open_for_run(party: Party, record: RunRecord) -> tuple[Asker | Holder, StatesWithList]:
    """The prepared list that a run is over, as its next step needs it, and the states of the run."""
    prepared = PreparedList(party, agreement_with_digest(party, record.agreement))
    states = RunStates(party, record.run)
    if record.role == "responder":
        holder = prepared.holder(rows=record.state == "replied")
        answered = holder.to_bytes()
        return holder, StatesWithList(
            states, lambda: None if holder.to_bytes() == answered else prepared.keep_holder(holder)
        )
    asker = prepared.asker(tags=record.state == "started")
    rows = asker.rows
    return asker, StatesWithList(states, lambda: None if asker.rows is rows else prepared.keep_asker(asker))


def ask_list(prepared: PreparedList, contract: Contract, identifiers: Sequence[bytes]) -> Contract:
    """The contract of a run of ours over the partner's list, when these are our identifiers."""
    asker = prepared.asker(tags=False)
    return replace(contract, prepared=asker.state.hex(), queries=asker.queries(identifiers))


def answer_list(prepared: PreparedList, expected: Contract, theirs: Contract) -> Contract:
    """The contract that we expect over our prepared list; Refused when theirs is over another version."""
    terms = prepared.terms
    if theirs.queries in (terms.starter_bound, terms.queries):
        expected = replace(expected, queries=theirs.queries)
    replace(expected, prepared=theirs.prepared).require_equal(theirs)
    state = prepared.holder(rows=False).state.hex()
    if theirs.prepared != state:
        raise Refused(
            "the run is over another version of our prepared list",
            "send the partner every update, 'overlap match update --again' writes one again; then a new run",
        )
    return replace(expected, prepared=state)
