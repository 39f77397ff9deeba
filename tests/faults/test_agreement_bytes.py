"""Every changed, missing or added byte of a signed agreement is found."""

from __future__ import annotations

import pytest

from cleanroom.agreement import read_signed
from overlap.errors import BadPeerFile, Unverified
from tests.agreement_parties import CARDS, make_file

#: Flips of one bit, of the case of a letter, and of the highest bit.
FLIPS = (0x01, 0x20, 0x80)


@pytest.mark.slow
@pytest.mark.parametrize("flip", FLIPS)
def test_every_single_byte_change_is_found(flip: int) -> None:
    data = make_file()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
        with pytest.raises((BadPeerFile, Unverified)):
            read_signed(changed, CARDS)
            pytest.fail(f"byte {place} was changed without notice")


def test_every_missing_end_and_every_added_byte_is_found() -> None:
    data = make_file()
    for changed in (*(data[:length] for length in range(len(data))), data + b"\n", b"\n" + data, data + data):
        with pytest.raises(BadPeerFile):
            read_signed(changed, CARDS)
