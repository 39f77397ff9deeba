"""What is kept of each match: its record, the secret state, the frames, and the overlap.

runs/RUN/run                     the record below
runs/RUN/state.N                 scalar and identifiers of bucket N, locked; gone when the run ends
runs/RUN/MESSAGE                 the frames we sent, each with its header as a record; all but finish until
                                 the run ends
runs/RUN/lists/                  own identifiers on their way into buckets
runs/RUN/work/, runs/RUN/shared  the lists of a run on a Spark cluster (cleanroom.session.match.clustering)
runs/RUN/accounts.parquet        our accounts as they were when the run began
runs/RUN/identifiers.parquet     and their identifiers, until the run ends
runs/RUN/canaries                identifiers of planted accounts, locked, until the run ends
runs/RUN/left-out                what the rules about own accounts left out, where there are rules
runs/RUN/groups.parquet          own accounts of a shared group, where the agreement compares groups
runs/RUN/overlap.parquet         matched accounts; tokens.parquet: every matched identifier and its token
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, fields, replace

from cleanroom.durable import UNFINISHED, erase
from cleanroom.session.beginning import only_one
from cleanroom.session.party import Party
from cleanroom.session.stored import keep_stored, read_stored
from overlap import keys
from overlap.errors import BadInput, Refused, UsageError
from overlap.protocol import STATE_AFTER, STEPS, Contract, protocol_of

#: A frame of the largest declared bound, 2^25 elements of 32 bytes and as many tags, is below this.
FRAME_LIMIT = 2**31

#: States of a run that goes on. It is charged until its first frame is kept; a killed command leaves it so.
OPEN_STATES = ("charged", *(state for state in STATE_AFTER.values() if state != "finished"))

#: What to do when a run takes no further frame; either side may read it.
NEW_RUN = "the one who starts begins a new run with 'overlap match start'"

_STATE = b"run state"


@dataclass(frozen=True)
class RunRecord:
    """One run. `state` is one of OPEN_STATES, finished, aborted or unfinished; `shared` and `total` (the
    sum of level `sum`, in whole currency units) are -1 while not known.

    `agreement` is the file digest (hex), `contract` the contract's canonical text, `answered` the SHA-256
    (hex) of the peer's frame that was taken last.
    """

    run: str
    partner: str
    agreement: str
    contract: str
    role: str
    level: str
    state: str
    begun: int
    finished: int
    accounts: int
    identifiers: int
    shared: int
    total: int
    answered: str

    @property
    def terms(self) -> Contract:
        return Contract.from_bytes(self.contract.encode())


def keep_run(party: Party, record: RunRecord) -> None:
    """Write the record of a run."""
    party.folder.write_record(asdict(record), "runs", record.run, "run")


def read_run(party: Party, run: str) -> RunRecord:
    """The record of a run by its whole name."""
    record = party.folder.read_record("runs", run, "run")
    if set(record) != {field.name for field in fields(RunRecord)}:
        raise BadInput("the record of a run is not of version 1", "restore it from a backup")
    return RunRecord(**record)


def run_names(party: Party) -> list[str]:
    """The runs that were charged. A command killed before that leaves a folder without a record."""
    return [name for name in party.folder.names("runs") if party.folder.path("runs", name, "run").is_file()]


def all_runs(party: Party) -> list[RunRecord]:
    """Every run, the oldest first."""
    records = [read_run(party, name) for name in run_names(party)]
    return sorted(records, key=lambda record: (record.begun, record.run))


def find_run(party: Party, name: str = "") -> RunRecord:
    """The finished run whose name begins so; without a name the newest one. Raises UsageError."""
    finished = [record for record in all_runs(party) if record.state == "finished"]
    if name:
        hint = "'overlap match list' shows the runs"
        return only_one(finished, name, lambda record: record.run, "finished run", hint)
    if not finished:
        raise UsageError("no finished run fits", "'overlap match list' shows the runs")
    return finished[-1]


@dataclass(frozen=True)
class RunStates:
    """The secret states of a run's buckets, locked by the party's storage key and a half in the vault.

    The vault is in no backup: a folder that comes back from one without it cannot go on with an old run,
    whose scalar may have answered since (crypto.md, F6). Where the vault stayed, `was_sent` tells.
    """

    party: Party
    run: str

    def save(self, bucket: int, state: bytes) -> None:
        vault = self.party.vault()
        if self.run not in vault.names():
            vault.put(self.run, self.party.random(keys.KEY_BYTES))
        half = vault.get(self.run)
        keep_stored(self.party, _STATE, self._name(bucket), state, *self._place(bucket), half=half)

    def load(self, bucket: int) -> bytes:
        """The state of a bucket; Refused when the vault does not hold its half."""
        vault = self.party.vault()
        if self.run not in vault.names():
            raise Refused(
                "the vault does not hold the key of this run: the folder was restored, or the run has ended",
                "begin a new run",
            )
        half = vault.get(self.run)
        return read_stored(self.party, _STATE, self._name(bucket), *self._place(bucket), half=half)

    def has(self, bucket: int) -> bool:
        return self.party.folder.path(*self._place(bucket)).is_file()

    def _name(self, bucket: int) -> str:
        return f"{self.run}/{bucket}"

    def _place(self, bucket: int) -> tuple[str, ...]:
        return "runs", self.run, f"state.{bucket}"


def mark_sent(party: Party, record: RunRecord, message: str) -> None:
    """Remember in the vault, which is in no backup, that `message` of an open run leaves now."""
    name = _mark(record, message)
    if name not in party.vault().names():
        party.vault().put(name, b"")


def was_sent(party: Party, record: RunRecord, message: str) -> bool:
    """Whether `message` of an open run has left, whatever a restored folder says."""
    return _mark(record, message) in party.vault().names()


def _mark(record: RunRecord, message: str) -> str:
    return record.run + f"{protocol_of(record.terms).messages.index(message):02x}"


def end_run(party: Party, record: RunRecord, state: str) -> RunRecord:
    """Mark a run as ended in `state`, and destroy what is secret about it."""
    ended = replace(record, state=state, finished=party.now)
    keep_run(party, ended)
    _burn(party, record.run)
    return ended


def forget_ended(party: Party) -> None:
    """Destroy the secrets of ended runs that a killed command has left."""
    for record in all_runs(party):
        if record.state not in OPEN_STATES:
            _burn(party, record.run)


def abandon_open_runs(party: Party, partner: str, agreement: str = "") -> None:
    """End every run with this partner that was never finished, and log each as unfinished.

    With the file digest of an agreement, only its runs.
    """
    for record in all_runs(party):
        if record.partner == partner and record.state in OPEN_STATES and agreement in ("", record.agreement):
            party.note(partner, "unfinished", run=bytes.fromhex(record.run))
            end_run(party, record, "unfinished")


def _burn(party: Party, run: str) -> None:
    for name in party.vault().names():
        if name.startswith(run):
            party.vault().destroy(name)
    for name in party.folder.names("runs", run):
        if name.startswith("state."):
            erase(party.folder.path("runs", run, name), party.random)
    for name in party.folder.names("runs", run, "lists"):
        party.folder.path("runs", run, "lists", name).unlink()
    shutil.rmtree(party.folder.path("runs", run, "work"), ignore_errors=True)
    for name in (*(step for step in STEPS if step != "finish"), "identifiers.parquet", "canaries"):
        party.folder.path("runs", run, name).unlink(missing_ok=True)
    for left in party.folder.path("runs", run).glob(f"*{UNFINISHED}"):
        left.unlink()
