"""Writes vole_1.json: known answers of every block of the vector-OLE, with fixed randomness.

    python tests/vectors/make_vole.py

Randomness is SHAKE-256 of a label and a call number (`vole_plain.drawn`). Long values stand as their SHA-256.
The file changes only with a new version of the protocol, for then two versions do not understand each other.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE.parent / "support")]

CONTEXT = b"vector"


def make_vectors() -> dict[str, Any]:
    return {
        "format": "overlap-vole-vectors/1",
        "aes": aes_vectors(),
        "base_ot": base_ot_vectors(),
        "extension": extension_vectors(),
        "pprf": pprf_vectors(),
        "corrections": corrections_vectors(),
        "hash_key": hash_key_vectors(),
        "code": [code_vector(*sizes) for sizes in ((1, 25), (100, 700), (3000, 3001))],
        "vole": [vole_vector(outputs) for outputs in (1, 1000)],
    }


def digest(data: Any) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.tobytes()).hexdigest()


def aes_vectors() -> dict[str, Any]:
    import numpy as np
    from vole_plain import drawn_blocks

    from overlap.protocol.vole import aes

    blocks = drawn_blocks("aes", 3)
    return {
        "fixed_key": aes.FIXED_KEY.hex(),
        "blocks": blocks.tobytes().hex(),
        "permuted": aes.permute(blocks).tobytes().hex(),
        "tweaks": [0, 1, 2**63 + 5],
        "hashed": aes.tmmo(blocks, np.array([0, 1, 2**63 + 5], dtype=np.uint64)).tobytes().hex(),
        "seed": aes.derive_seed(b"secret", "purpose").hex(),
        "stream": aes.expand_bytes(aes.derive_seed(b"secret", "purpose"), 40, 7).hex(),
    }


def base_ot_vectors() -> dict[str, Any]:
    from vole_plain import drawn

    from overlap.protocol.vole import base_ot

    choices = int.from_bytes(drawn("choices")(16), "little")
    scalars, offer = base_ot.make_offer(choices, drawn("receiver"), CONTEXT)
    answer, keys = base_ot.answer_offer(offer, drawn("sender"), CONTEXT)
    return {
        "choices": choices.to_bytes(16, "little").hex(),
        "first_scalar": scalars[:32].hex(),
        "first_pair": offer[:64].hex(),
        "offer": digest(offer),
        "answer": answer.hex(),
        "first_keys": keys[0].tobytes().hex(),
        "keys": digest(keys),
        "received": digest(base_ot.receive_keys(scalars, offer, answer, CONTEXT)),
    }


def extension_vectors() -> dict[str, Any]:
    import numpy as np
    from vole_plain import drawn, drawn_blocks

    from overlap.protocol.vole import extension
    from overlap.protocol.vole.consistency import CHECK_BYTES

    delta = int.from_bytes(drawn("delta")(16), "little")
    choices = np.frombuffer(drawn("bits")(20), dtype=np.uint8) & 1
    both = drawn_blocks("base keys", 128, 2)
    base = extension.base_choices(delta)
    chosen = np.array([both[i, base >> i & 1] for i in range(128)])
    received = extension.receive(
        choices, drawn_blocks("elements", 2), drawn_blocks("roots", 33), both, CONTEXT
    )
    sent = extension.send(delta, received.message, 20, 2, chosen, CONTEXT)
    return {
        "delta": delta.to_bytes(16, "little").hex(),
        "base_choices": base.to_bytes(16, "little").hex(),
        "choices": choices.tolist(),
        "message": digest(received.message),
        "last_correction": received.message[-CHECK_BYTES - 51 : -CHECK_BYTES].hex(),
        "check": received.message[-CHECK_BYTES:].hex(),
        "received_keys": received.keys.tobytes().hex(),
        "received_shares": received.shares.tobytes().hex(),
        "sent_keys": digest(sent.keys),
        "sent_shares": sent.shares.tobytes().hex(),
    }


def pprf_vectors() -> dict[str, Any]:
    from vole_plain import drawn_blocks

    from overlap.protocol.vole import pprf, pprf_check

    leaves, sums = pprf.grow(drawn_blocks("tree roots", 2), 5, 3)
    return {
        "leaves": leaves.tobytes().hex(),
        "sums": sums.tobytes().hex(),
        "proof": pprf_check.prove(leaves, 3).hex(),
    }


def corrections_vectors() -> dict[str, Any]:
    """Two trees of five leaves, points 1 and 4."""
    import numpy as np
    from vole_plain import drawn, drawn_blocks

    from overlap.protocol.vole import vole_check

    weights = vole_check.draw_weights(CONTEXT, b"message", 2, 5)
    elements, masks, shares = (drawn_blocks(name, 2) for name in ("e", "r", "v"))
    opened = vole_check.open_check(weights, np.array([1, 4]), elements, masks)
    sums = vole_check.place_sums(drawn_blocks("leaves", 5, 2))
    return {
        "always": weights.always.tobytes().hex(),
        "bits": weights.bits.tobytes().hex(),
        "opening": opened.hex(),
        "place_sums": sums.tobytes().hex(),
        "digest": vole_check.digest_sent(weights, sums, shares, opened, drawn("delta")(16)).hex(),
    }


def hash_key_vectors() -> dict[str, Any]:
    from protocol_parties import RUN, make_contract
    from vole_plain import drawn

    from overlap.protocol.vole import hash_key, tags

    share, other = drawn("share")(32), drawn("other share")(32)
    contract = make_contract(10, 10, protocol="vole-rr22/1")
    return {
        "shares": [share.hex(), other.hex()],
        "commitment": hash_key.commit(CONTEXT, share).hex(),
        "key": hash_key.join_shares(share, other).hex(),
        "contract": contract.digest.hex(),
        "run": RUN.hex(),
        "of_list_tags": tags.purpose_key(contract, RUN, hash_key.join_shares(share, other), "list").hex(),
    }


def code_vector(outputs: int, parity: int) -> dict[str, Any]:
    from vole_plain import columns_of, drawn_blocks

    from overlap.protocol.vole import code

    encoded = code.encode(drawn_blocks("code", outputs + parity), outputs)
    return {
        "outputs": outputs,
        "parity": parity,
        "words": [int(word) for word in code.convolution_words(4)],
        "columns_of_row_0": [columns_of(tap, 4, parity)[0] for tap in range(code.WEIGHT)],
        "first": encoded[0].tobytes().hex(),
        "encoded": digest(encoded),
    }


def vole_vector(outputs: int) -> dict[str, Any]:
    from vole_plain import drawn

    from overlap.protocol.vole.vole import Receiver, Sender

    sender = Sender.begin(outputs, drawn("vole sender"), CONTEXT)
    receiver, request = Receiver.begin(outputs, drawn("vole receiver"), CONTEXT).request(sender.offer())
    answer = sender.answer(request)
    return {
        "outputs": outputs,
        "offer": digest(sender.offer()),
        "request": digest(request),
        "answer": digest(answer),
        "delta": sender.delta.hex(),
        "a": digest(receiver.a),
        "b": digest(sender.b),
        "c": digest(receiver.finish(answer)),
        "first": [vector[0].tobytes().hex() for vector in (receiver.a, sender.b, receiver.finish(answer))],
    }


def to_text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (HERE / "vole_1.json").write_text(to_text(make_vectors()), encoding="utf-8")
