"""After the half of a share is destroyed, a record never read opens with nothing that is left.

Left are: every file of both folders, every message that was sent, both parties' keys, and every key of both
vaults. All of it is opened and decoded as far as any key goes, and every value found is tried as a key and as
a half.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from attacked_house import House, make_house

from cleanroom.session.party import Party
from cleanroom.session.post import receiving
from cleanroom.session.post.letters import INFO
from cleanroom.session.share import disclosing, granting, sharing
from cleanroom.session.stored import PURPOSES, STORED_LINE
from cleanroom.share import MadeShare, Share, make_share, read_share
from cleanroom.share.terms import holder_half, key_commitment, record_key
from overlap.errors import OverlapError
from overlap.keys import KEY_BYTES, NONCE_BYTES, OneTimeKey, PartyKeys, decrypt

_HEX = re.compile(rb"(?:[0-9a-f]{2}){16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{22,}={0,2}")


class Left:
    """Everything that is left of a share, opened as far as the keys go."""

    def __init__(self, house: House, messages: dict[str, bytes]) -> None:
        self.parties = (house.ours, house.theirs)
        self.openers: list[PartyKeys | OneTimeKey] = [party.keys for party in self.parties]
        self.found: dict[bytes, None] = {}
        for party in self.parties:
            self._take_vault(party)
            for path in sorted(party.folder.root.rglob("*")):
                if path.is_file():
                    self._take(path.read_bytes(), path.name, party)
        for data in messages.values():
            self._take(data)
        ours, theirs = self.parties
        self._take(read_share(messages["share"], theirs.keys, ours.keys.card).half)

    def values(self) -> list[bytes]:
        """Every value of 32 bytes, and the first 32 of a value of up to 64."""
        values = {data[:KEY_BYTES] for data in self.found if KEY_BYTES <= len(data) <= 2 * KEY_BYTES}
        stored = {
            party.keys.storage_key(purpose) for party in self.parties for purpose in (*PURPOSES, b"vault")
        }
        return sorted(values | stored | {bytes(KEY_BYTES)})

    def _take_vault(self, party: Party) -> None:
        vault = party.vault()
        for name in vault.names():
            secret = vault.get(name)
            self._take(secret)
            with suppress(OverlapError, ValueError):
                self.openers.append(OneTimeKey(secret))
        for key in vault._ring.keys:
            self._take(key)

    def _take(self, data: bytes, name: str = "", party: Party | None = None) -> None:
        """Keep `data` and all that is inside: sealed, stored, in hex and in base 64."""
        waiting = [(data, name, party)]
        while waiting:
            data, name, party = waiting.pop()
            if data in self.found:
                continue
            self.found[data] = None
            inside = [*self._opened(data), *_decoded(data)]
            if party is not None and data.startswith(STORED_LINE):
                inside += _stored(data, name, party)
            waiting += [(one, "", None) for one in inside]

    def _opened(self, data: bytes) -> Iterator[bytes]:
        ends = [at + 1 for at in range(min(len(data), 400)) if data[at : at + 1] == b"\n"][:2]
        for end in ends:
            for info in (data[:end], INFO):
                for opener in self.openers:
                    with suppress(OverlapError):
                        yield opener.open_sealed(info, data[end:], "it")


def _decoded(data: bytes) -> Iterator[bytes]:
    for text in _HEX.findall(data):
        yield bytes.fromhex(text.decode())
    for text in _BASE64.findall(data):
        with suppress(binascii.Error, ValueError):
            yield base64.b64decode(text, validate=True)


def _stored(data: bytes, name: str, party: Party) -> list[bytes]:
    body = data[len(STORED_LINE) :]
    opened = []
    for purpose in PURPOSES:
        for known in (name, name.rsplit(".", 1)[0]):
            with suppress(OverlapError):
                key = party.keys.storage_key(purpose)
                opened.append(
                    decrypt(key, body[:NONCE_BYTES], body[NONCE_BYTES:], STORED_LINE + known.encode(), "it")
                )
    return opened


def _opens(share: Share, candidates: list[bytes], number: int) -> bool:
    """Whether any two values, as they are or with a half derived from them, are the key of a record."""
    terms = share.terms.digest
    halves = [*candidates, *(holder_half(value, terms, number) for value in candidates)]
    keys = [*candidates, *(record_key(share.half, held, terms, number) for held in halves)]
    keys += [record_key(own, held, terms, number) for own in candidates[:40] for held in halves]
    return any(key_commitment(key, terms, number) == share.commitments[number] for key in keys)


@pytest.fixture
def granted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[House, list[MadeShare]]:
    """A share of all accounts, and what was made at the grant: the test's own knowledge of the half."""
    made: list[MadeShare] = []

    def watched(*arguments: object) -> MadeShare:
        made.append(make_share(*arguments))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(disclosing, "make_share", watched)
    house = make_house(tmp_path)
    house.agree(level="all", fields='["name"]')
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    house.request()
    return house, made


def _messages(house: House) -> dict[str, bytes]:
    names = ("proposal", "signed", "share", "request", "lease", "letter")
    return {name: house.file(name).read_bytes() for name in names if house.file(name).is_file()}


def _share(house: House) -> Share:
    return read_share(house.file("share").read_bytes(), house.theirs.keys, house.ours.keys.card)


def test_before_the_destruction_the_same_search_finds_the_key(granted: tuple[House, list[MadeShare]]) -> None:
    house, made = granted
    left = Left(house, _messages(house))
    assert made[0].half in left.values()
    assert _opens(_share(house), left.values(), 0)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["revocation", "end"])
def test_a_share_never_read_opens_with_nothing_that_is_left(
    granted: tuple[House, list[MadeShare]], end: str
) -> None:
    house, made = granted
    messages = _messages(house)
    if end == "revocation":
        granting.revoke_share(house.ours, "", house.file("letter"), house.place / "ours" / "word")
        receiving.receive_file(house.theirs, house.file("letter"))
    else:
        house = house.at(house.ours.now + 31 * 86_400)
        granting.expire_shares(house.ours, attestation=house.place / "ours" / "word")
    left = Left(house, messages | _messages(house))
    share, candidates = _share(house), left.values()
    assert share.half in candidates
    for number in (0, 5, 11):
        true = record_key(
            share.half, holder_half(made[0].half, share.terms.digest, number), share.terms.digest, number
        )
        assert key_commitment(true, share.terms.digest, number) == share.commitments[number]
        hidden = (true, made[0].half, holder_half(made[0].half, share.terms.digest, number))
        assert not any(value in data for data in left.found for value in hidden)
        assert not _opens(share, candidates, number)
    theirs = [path.read_bytes() for path in (house.place / "theirs").rglob("*") if path.is_file()]
    opened = [data for data in left.found if data not in theirs]
    own = [path.read_bytes() for path in (house.place / "ours").rglob("*") if path.is_file()]
    assert not any(b"Company0 Works" in data for data in [*theirs, *opened] if data not in own)
    assert sharing.list_shares(house.ours)[0].read == 0
