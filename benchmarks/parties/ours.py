"""One party of ours: `--option protocol=NAME`, and for some `backend=NAME`, `hashed=yes` or `kernel=no`.

The real run: a contract, roles in a `Passage`, frames signed and sealed to the card of the other party, each
checked as a session checks it. What a session adds (accounts, agreement, budget, receipts) is not here. Up to
IN_MEMORY strings all is in memory; longer lists stream from their file, and states and frames lie in files,
encrypted as a session keeps them.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import secrets
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from station import (
    Clock,
    Line,
    Orders,
    answer_check,
    digest_file,
    new_file,
    read_orders,
    refuse_check,
    report,
    stream_strings,
)

from overlap.engine import Engine
from overlap.keys import KEY_BYTES, NONCE_BYTES, Card, PartyKeys, decrypt, encrypt
from overlap.protocol import (
    FORMAT,
    PROTOCOLS,
    SUITE,
    Contract,
    Header,
    Matches,
    Passage,
    Side,
    answer_header,
    bucket_count,
    check_header,
    encode_identifiers,
    protocol_of,
    read_contract,
    read_frame,
    role_of,
    size_limit,
    start_header,
    write_frame,
)

KIND = "domain"
PACKAGES = ("cryptography", "numpy")
IN_MEMORY = 2**21
#: Strings of a long list that are encoded together.
SLICE = 2**16


@dataclass
class DiskStates:
    """States of buckets in files, encrypted under a key of this process, as a session keeps them."""

    folder: Path
    key: bytes
    saved: int = 0

    def load(self, bucket: int) -> bytes:
        nonce, sealed = (data := self._file(bucket).read_bytes())[:NONCE_BYTES], data[NONCE_BYTES:]
        return decrypt(self.key, nonce, sealed, str(bucket).encode(), "the state")

    def save(self, bucket: int, state: bytes) -> None:
        self.saved += 1
        nonce = self.saved.to_bytes(NONCE_BYTES, "big")
        with self._file(bucket).open("wb") as file:
            file.write(nonce + encrypt(self.key, nonce, state, str(bucket).encode()))
            file.flush()
            os.fsync(file.fileno())

    def _file(self, bucket: int) -> Path:
        return self.folder / f"state.{bucket}"


@dataclass
class Party:
    """One side with all that it needs to go through the messages of a run."""

    orders: Orders
    line: Line
    keys: PartyKeys
    peer: Card
    contract: Contract
    engine: Engine
    identifiers: Iterable[bytes]

    @property
    def folder(self) -> Path | None:
        """Where states, lists and frames lie; None when all is in memory."""
        return self.orders.folder if is_long(self.contract.starter.size_bound) else None

    def begin(self, run: bytes) -> Passage:
        """Our side of the run with our list taken in."""
        states = DiskStates(self.folder, secrets.token_bytes(KEY_BYTES)) if self.folder else None
        random = secrets.token_bytes
        passage = Passage(self.contract, self.orders.role, run, self.engine, random, states)
        passage.begin(self.identifiers, self.folder)
        return passage

    def run(self) -> Matches:
        """The whole run; what was learned."""
        passage: Passage | None = None
        sent: tuple[Header, str] | None = None
        for at, message in enumerate(protocol_of(self.contract).messages):
            ours = (at % 2 == 0) == self.orders.starts
            if at == 0 and ours:
                run = secrets.token_bytes(16)
                passage = self.begin(run)
                sent = self._send(start_header(self.contract, run, "", 0), passage.take(message))
                passage.work_ahead()
            elif not ours:
                frame = self.line.receive(new_file(self.folder))
                passage, sent = self._answer(frame, message, passage, sent)
                frame.close()
        assert passage is not None
        learned = passage.learned()
        assert isinstance(learned, Matches)
        return learned

    def _answer(
        self, frame: BinaryIO, message: str, passage: Passage | None, sent: tuple[Header, str] | None
    ) -> tuple[Passage, tuple[Header, str] | None]:
        """Take a frame of the other party and send what answers it."""
        digest = digest_file(frame)
        header, body = read_frame(frame, self.keys, self.peer, size_limit(self.contract))
        if message == "start":
            self.contract.require_equal(read_contract(body))
        check_header(header, self.contract, message, sent)
        passage = passage or self.begin(bytes.fromhex(header.run))
        pieces = passage.take(message, body)
        if message == protocol_of(self.contract).messages[-1]:
            if next(pieces, None) is not None:
                raise SystemExit("the last message has no answer")
            return passage, sent
        sent = self._send(answer_header(self.contract, header, digest, "", 0), pieces)
        passage.work_ahead()
        return passage, sent

    def _send(self, header: Header, pieces: Iterator[bytes]) -> tuple[Header, str]:
        with new_file(self.folder) as frame:
            write_frame(header, pieces, self.keys, self.peer, secrets.token_bytes, frame)
            return header, self.line.send(frame)


def make_engine(orders: Orders) -> Engine:
    """An engine with as many processes as ordered and the backend that the options name."""
    backend = orders.options.get("backend")
    more: dict[str, Any] = {"backend": backend} if backend and takes_backend() else {}
    return Engine(orders.processes, **more)


def takes_backend() -> bool:
    """Whether this version's engine has a choice of libraries."""
    return "backend" in inspect.signature(Engine).parameters


def prepare(orders: Orders, line: Line, count: int) -> tuple[PartyKeys, Card, Contract]:
    """New keys, the other party's card, and the contract: all that two partners have before a run."""
    keys = PartyKeys.generate(orders.role, secrets.token_bytes)
    line.send_bytes(keys.card.to_bytes())
    peer = Card.from_bytes(line.receive_bytes())
    line.send_bytes(str(count).encode())
    sides = (keys.card, count), (peer, int(line.receive_bytes()))
    starter, responder = sides if orders.starts else sides[::-1]
    return keys, peer, make_contract(orders.options["protocol"], starter, responder)


def make_contract(protocol: str, starter: tuple[Card, int], responder: tuple[Card, int]) -> Contract:
    """The contract of a run over strings that nobody normalises; bounds are as large as the lists."""
    level, buckets = PROTOCOLS[protocol].level, bucket_count(protocol, starter[1], responder[1])
    sides = [Side(card.party, card.digest.hex(), (), bound, "", 0) for card, bound in (starter, responder)]
    none = hashlib.sha256(b"benchmark").hexdigest()
    bare = "none", none, none, none
    return Contract(FORMAT, SUITE, protocol, level, (KIND,), (0,), 1, "none", *bare, buckets, *sides)


def play(orders: Orders) -> dict[str, Any]:
    """The run of one role; its facts name the files of positions and tokens of what it learned."""
    count = int(orders.options["count"])
    streamed = is_long(count)
    strings: Iterable[str] = stream_strings(orders.strings) if streamed else [*stream_strings(orders.strings)]
    with make_engine(orders) as engine:
        line = Line(orders.starts, orders.port)
        keys, peer, contract = prepare(orders, line, count)
        load(contract, orders)
        if orders.options.get("hashed") == "yes":
            # As after an earlier run over the same list, which the engine keeps hashed.
            engine.hash_to_group(encode_identifiers(KIND, strings))
        line.meet()
        clock = Clock()
        identifiers = encode_slices(strings) if streamed else encode_identifiers(KIND, strings)
        learned = Party(orders, line, keys, peer, contract, engine, identifiers).run()
        engine.close()
        facts = clock.stop()
    return facts | {"sent": line.sent} | keep_learned(orders, learned)


def is_long(count: int) -> bool:
    """Whether lists of so many strings stay out of memory."""
    return count > IN_MEMORY


def encode_slices(strings: Iterable[str]) -> Iterator[bytes]:
    """The strings encoded, a slice at a time."""
    source = iter(strings)
    while some := list(islice(source, SLICE)):
        yield from encode_identifiers(KIND, some)


def load(contract: Contract, orders: Orders) -> None:
    """Import what the run imports only when it needs it."""
    role_of(contract, orders.role)
    if orders.options.get("kernel") == "yes":
        from overlap.protocol.vole.code import KERNEL_OUTPUTS, has_kernel
        from overlap.protocol.vole.roles import store_shape

        # Short lists do without it.
        if store_shape(contract).size >= KERNEL_OUTPUTS:
            has_kernel()


def keep_learned(orders: Orders, learned: Matches) -> dict[str, Any]:
    """Files with the matches, for the driver to compare with the truth and with the other side's."""
    tokens = orders.folder / f"tokens.{orders.role}"
    with tokens.open("wb") as file:
        file.writelines(learned.tokens)
    positions = orders.folder / f"positions.{orders.role}"
    with positions.open("wb") as file:
        array("I", learned.positions).tofile(file)
    return {"found": len(learned.positions), "positions": str(positions), "tokens": str(tokens)}


def check(options: dict[str, str]) -> None:
    """Say the versions, or why this cannot run here."""
    packages = list(PACKAGES)
    backend = options.get("backend")
    if backend and not takes_backend() and backend != "cryptography":
        refuse_check("this version's engine has one backend only")
    if backend and takes_backend():
        try:
            Engine(1, **{"backend": backend}).close()  # type: ignore[arg-type]
        except Exception as error:
            refuse_check(f"the backend cannot be used here: {error}")
    if options.get("kernel") == "yes":
        from overlap.protocol.vole.code import has_kernel

        if not has_kernel():
            refuse_check("this Python has no numba; name another with --kernel-python")
        packages.append("numba")
    answer_check(*packages)


def main() -> None:
    """Play the party, or say which version it would be."""
    orders = read_orders()
    if orders.options.get("kernel") == "no":
        sys.modules["numba"] = None  # type: ignore[assignment]  # As if it were not installed.
    if orders.check:
        check(orders.options)
    else:
        report(play(orders))


if __name__ == "__main__":
    main()
