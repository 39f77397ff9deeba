"""The two sides of one run over a prepared list.

    starter, holds X and what it knows of Y                 responder, holds b and Y as prepared
    start    u(a * H(x)) for each new x, filled     ─────→
             up, sorted
                                                    ←─────  reply    u(b * start_i), same order
    K_x = u(1/a * reply_i)
    matches: tags of x are in an odd number of
    versions
    finish   place of x's last tag, T("confirm",    ─────→
             x, K_x) for all matches, filled up             matches: y of that place, when T("confirm", y,
                                                            K_y) is the tag that came

Confirm tags and pair tokens are those of `overlap.protocol.dh`, bound to this run. The place only says where
to look, so that the responder computes for the matches and not for its whole list.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.errors import ForgedFile, InvalidElement, Refused
from overlap.protocol.blind import blind, in_order, multiply_peer, unblind
from overlap.protocol.body import CONFIRM_SIZE, ELEMENT_SIZE
from overlap.protocol.columns import split
from overlap.protocol.contract import Contract
from overlap.protocol.matches import Matches, keep_matches, pack, read_matches, unpack
from overlap.protocol.prepared import layout
from overlap.protocol.prepared.asker import Asker
from overlap.protocol.prepared.holder import Holder
from overlap.protocol.prepared.terms import NO_PLACE
from overlap.protocol.role import Role
from overlap.protocol.tags import make_tags, make_tokens, transcript_digest

PROTOCOL: Final = "dh-prepared/1"


class Starter(Role):
    """The side that asks. `finish` changes the asker too; both are kept before its body is sent."""

    protocol, role = PROTOCOL, "starter"

    def over(self, asker: Asker) -> Starter:
        """This run over the peer's list as `asker` holds it; needed before anything else.

        The run's identifiers are the whole own list, and `contract.queries` is what `Asker.queries` says.
        Raises Refused or ContractMismatch when list, contract and prepared list do not go together.
        """
        contract = self._run.contract
        asker.terms.require_run(contract)
        if self._run.state == "begun":
            _require_same_list(contract, asker)
            if len(asker.new(self._run.identifiers)) > contract.queries:
                raise Refused("more identifiers are new than this run asks about", "make the contract again")
        self._asker = asker
        return self

    @staticmethod
    def part_size(contract: Contract, step: str) -> int:
        """Bytes of the body of `step`, which follow from the contract alone."""
        return layout.part_size(contract, step)

    def start(self) -> bytes:
        """The body of `start`; the same bytes at every call."""
        run = self._run
        if run.repeats("start", b""):
            return run.parts["start"]
        _require_same_list(run.contract, self._asker)
        new, bound = self._asker.new(run.identifiers), run.contract.queries
        asked = [run.identifiers[at] for at in new]
        elements = blind(asked, bound, run.scalar, self._engine, self._random)
        body, order = in_order(elements)
        run.advance("start", b"", False, {"start": body, "order": order, "new": pack(new)})
        return body

    def finish(self, reply: bytes) -> tuple[bytes, Matches]:
        """The body of `finish`, and the matches.

        Raises MalformedFile or InvalidElement, and aborts the run, when the reply is not acceptable; Refused
        when the prepared list was updated, or another run finished, since this one began.
        """
        run = self._run
        if run.repeats("reply", reply):
            return run.parts["finish"], read_matches(run, len(run.identifiers))
        _require_same_list(run.contract, self._asker)
        new = unpack(run.parts["new"])
        if self._asker.new(run.identifiers) != list(new):
            raise Refused("another run was finished since this one began", "start a new run")
        with run.judging_peer():
            keys = self._unblind(layout.read_reply(run.contract, reply), len(new))
        rows = self._asker.learn(run.identifiers, new, keys)
        matched = np.flatnonzero(rows.places != NO_PLACE)
        pairs = rows.pairs(matched)
        confirm = list(make_tags(run.contract, "confirm", CONFIRM_SIZE, pairs))
        order = np.argsort(rows.places[matched])
        places = rows.places[matched[order]]
        body = layout.write_finish(run.contract, places, [confirm[at] for at in order.tolist()])
        transcript = transcript_digest(run.contract, run.run, run.parts["start"], reply)
        tokens = b"".join(make_tokens(transcript, pairs))
        parts = {"finish": body, **keep_matches(matched.tolist(), tokens)}
        run.advance("reply", reply, True, parts)
        self._asker.rows = rows
        return body, read_matches(run, len(run.identifiers))

    def _unblind(self, reply: bytes, count: int) -> list[bytes]:
        """K of the new identifiers, in order; the dummies are judged and left blinded."""
        run = self._run
        keys = unblind(run.scalar, reply, run.parts["order"], count, self._engine)
        if not set(split(bytes(self._asker.rows.keys), ELEMENT_SIZE)).isdisjoint(keys):
            raise InvalidElement("an element of the reply repeats one of an earlier run", "start a new run")
        return keys


class Responder(Role):
    """The side whose list is prepared. `reply` changes the holder too; both are kept before it is sent."""

    protocol, role = PROTOCOL, "responder"

    def over(self, holder: Holder) -> Responder:
        """This run over the list as it was prepared or last updated; needed before anything else.

        The run itself is begun without identifiers, and its scalar is not used. Raises Refused or
        ContractMismatch when contract and prepared list do not go together.
        """
        holder.terms.require_run(self._run.contract)
        if self._run.state == "begun":
            _require_same_list(self._run.contract, holder)
        if self._run.identifiers:
            raise Refused("the list of this run is the prepared one", "report this as a bug")
        self._run.scalar, self._holder = b"", holder
        return self

    def reply(self, start: bytes) -> bytes:
        """The body of `reply`.

        Raises Refused when the agreed runs or elements are used up; MalformedFile or InvalidElement, and
        aborts the run, when the start is not acceptable. Its elements are counted also then.
        """
        run, holder = self._run, self._holder
        charged = run.run, hashlib.sha256(start).hexdigest(), run.contract.queries
        if run.repeats("start", start):
            holder.charge(
                *charged
            )  # Of two states kept one after the other, the holder's may have been lost.
            return run.parts["reply"]
        _require_same_list(run.contract, holder)
        with run.judging_peer():
            elements = layout.read_start(run.contract, start)
            holder.charge(*charged)
            body = multiply_peer(holder.key, elements, self._engine)
        transcript = transcript_digest(run.contract, run.run, start, body)
        run.advance("start", start, True, {"reply": body, "transcript": transcript})
        return body

    def finish(self, finish: bytes) -> Matches:
        """The matches that the peer confirmed.

        Raises MalformedFile or ForgedFile, and aborts the run, when the finish is not acceptable; Refused
        when the list was updated since the reply.
        """
        run = self._run
        if not run.repeats("finish", finish):
            _require_same_list(run.contract, self._holder)
            with run.judging_peer():
                matched, pairs = self._confirmed(finish)
            order = np.argsort(matched)
            tokens = list(make_tokens(run.parts["transcript"], pairs))
            parts = keep_matches(matched[order].tolist(), b"".join([tokens[at] for at in order.tolist()]))
            parts["submitted"] = len(self._holder.rows).to_bytes(8, "big")
            run.advance("finish", finish, True, parts)
        submitted = int.from_bytes(run.parts["submitted"], "big")
        return read_matches(run, submitted)

    def _confirmed(self, finish: bytes) -> tuple[npt.NDArray[np.int64], list[tuple[bytes, bytes]]]:
        """Positions in the list and pairs, as `finish` names them; every one of them must hold."""
        contract, holder = self._run.contract, self._holder
        count = holder.terms.tags_until(holder.version)
        places, theirs = layout.read_finish(contract, count, finish)
        matched = holder.rows.at_places(count, places)
        if (matched < 0).any():
            raise ForgedFile("the finish names a place where we have no identifier", _FAULT)
        pairs = holder.rows.pairs(matched)
        ours = make_tags(contract, "confirm", CONFIRM_SIZE, pairs)
        if not hmac.compare_digest(b"".join(ours), b"".join(theirs)):
            raise ForgedFile("the finish confirms an identifier that the peer does not hold", _FAULT)
        return matched, pairs


_FAULT: Final = "the peer's software is altered or faulty; grant nothing on this run"


def _require_same_list(contract: Contract, prepared: Asker | Holder) -> None:
    if contract.prepared != prepared.state.hex():
        raise Refused("the run is over another version of the prepared list", "start a new run")
