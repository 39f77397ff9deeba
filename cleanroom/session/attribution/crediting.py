"""Statuses over a party's folder: what is imported, logged and matched, judged by the rules in force here.

attribution/statuses.parquet   the table of statuses as last written: what a match has told that has ended
                               since stays in it, as ids and digests

A match under an agreement that has ended earns nothing new. A line that rested on one keeps its status, its
rule and the digest of its facts, until the partner's own actions give it a better one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cleanroom.attribution import classification, observed
from cleanroom.memory import give_back
from cleanroom.session.accounts.imports import deal_named, own_table
from cleanroom.session.attribution.action_log import own_actions
from cleanroom.session.attribution.evidence import unused_partners
from cleanroom.session.attribution.held import read_held
from cleanroom.session.attribution.money_books import open_disputes
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party
from cleanroom.store import read_table, write_table
from overlap import canonical
from overlap.errors import UsageError

_PLACE: Final = ("attribution", "statuses.parquet")

#: Rules that rest on a match, which may end.
_BY_MATCH: Final = ("sourced:held-first", "attached:held-later", "attached:overlap")


@dataclass(frozen=True)
class Ledger:
    """All statuses, headlines and findings, and what to print; `kept` rows rest on a match that has ended."""

    statuses: pd.DataFrame
    headlines: pd.DataFrame
    findings: pd.DataFrame
    kept: int
    lines: list[str]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The statuses as plain values."""
        return [{str(k): v for k, v in row.items()} for row in self.statuses.to_dict("records")]


def read_pipeline(
    party: Party, rules: Path | None = None, disputes: Sequence[tuple[str, str]] | None = None
) -> tuple[classification.Pipeline, set[tuple[str, str]]]:
    """What is judged here, and the (partner, account) whose match has ended. UsageError without deals.

    `disputes` are the open ones (deal, partner); None reads them from the money ledger.
    """
    opportunities = own_table(party.folder, "opportunities")
    if opportunities is None:
        raise UsageError(
            "no opportunities are imported", "run 'overlap import FILE --as opportunities', then this again"
        )
    book = rule_book(party.folder, rules)
    # Our own openings are read only where they are compared with anything.
    held = read_held(party, with_own=any(one.holding == "required" for one in book.versions))
    pipeline = classification.Pipeline(
        book,
        party.now,
        opportunities,
        own_actions(party.folder),
        own_table(party.folder, "stages"),
        held.holdings,
        open_disputes(party) if disputes is None else disputes,
        held.own,
    )
    give_back()
    return pipeline, held.ended


@dataclass(frozen=True)
class Here:
    """What is judged in a party's folder now, and the tables of it with what ended matches left (`kept`)."""

    pipeline: classification.Pipeline
    judged: classification.Judged
    statuses: pd.DataFrame
    headlines: pd.DataFrame
    kept: int


def judge_here(
    party: Party, rules: Path | None = None, disputes: Sequence[tuple[str, str]] | None = None
) -> Here:
    """Judge every imported opportunity, by a rule file or the rules in force. UsageError without deals."""
    pipeline, ended = read_pipeline(party, rules, disputes)
    judged = classification.judge_pipeline(pipeline)
    # A million pairs leave as much behind as they weigh.
    give_back()
    statuses, kept = _with_past(party, classification.status_table(judged), ended)
    headlines = classification.headline_table(judged)
    give_back()
    if kept:
        headlines = _with_headlines(headlines, statuses)
    return Here(pipeline, judged, statuses, headlines, kept)


def credit_ledger(
    party: Party,
    rules: Path | None = None,
    *,
    touched: bool = False,
    engagement: bool = False,
    out: Path | None = None,
    headlines: Path | None = None,
    findings: Path | None = None,
) -> Ledger:
    """Judge every imported opportunity and write what is asked for; the table is kept for later runs.

    With `engagement` the statuses that are returned and written have ENGAGEMENT_COLUMNS beside them.
    """
    here = judge_here(party, rules)
    troubles = here.judged.findings
    if rules is None:
        keep_statuses(party, here)
    statuses = _with_engagement(here) if engagement else here.statuses
    for place, table in ((out, statuses), (headlines, here.headlines), (findings, troubles)):
        if place is not None:
            write_whole(place, table.to_csv(index=False, lineterminator="\n").encode())
    lines = [*_summary(here, touched), *_troubles(troubles)]
    if here.kept:
        lines.append(
            f"kept      {here.kept:,} lines rest on a match that has ended; they hold ids and digests only"
        )
    lines += [
        f"note      matches with {partner} count for nothing: no agreement with it is for attribution"
        for partner in unused_partners(party)
    ]
    lines.append("note      'overlap credit explain ID' tells why; statuses pay nothing by themselves")
    return Ledger(statuses, here.headlines, troubles, here.kept, lines)


def _with_engagement(here: Here) -> pd.DataFrame:
    """The statuses with how each partner was engaged on each deal."""
    found = observed.engagements_of(here.judged)
    pairs = zip(here.statuses["opportunity"], here.statuses["partner"], strict=True)
    rows = [found.get(pair, observed.NOT_ENGAGED) for pair in pairs]
    columns = {name: [getattr(one, name) for one in rows] for name in observed.ENGAGEMENT_COLUMNS}
    return here.statuses.assign(**columns)


def keep_statuses(party: Party, here: Here) -> None:
    """Write the table, in which a line stays when the match that it rests on ends."""
    write_table(party.folder.path(*_PLACE), here.statuses)


def explain_credit(
    party: Party,
    opportunity: str,
    partner: str = "",
    rules: Path | None = None,
    *,
    for_partner: bool = False,
) -> list[str]:
    """One status in at most twelve lines; `opportunity` is an id or its beginning (15 of 18 characters)."""
    pipeline, _ = read_pipeline(party, rules)
    deal = deal_named(pipeline.opportunities["id"], opportunity)
    return classification.explain_status(pipeline, deal, partner, for_partner=for_partner)


def _with_past(party: Party, statuses: pd.DataFrame, ended: set[tuple[str, str]]) -> tuple[pd.DataFrame, int]:
    """The statuses, and in place of what an ended match no longer bears the line of an earlier run."""
    place = party.folder.path(*_PLACE)
    if not ended or not place.is_file():
        return statuses, 0
    past = read_table(place)
    rests = [pair in ended for pair in zip(past["partner"], past["account"], strict=True)]
    past = past[np.array(rests, bool) & past["rule"].isin(_BY_MATCH).to_numpy(bool)]
    known = set(statuses["opportunity"])
    columns = (statuses[name].tolist() for name in ("opportunity", "partner", "status", "rule"))
    now = {(deal, partner): (status, rule) for deal, partner, status, rule in zip(*columns, strict=True)}
    lines = zip(past["opportunity"], past["partner"], past["status"], strict=True)
    better = [
        deal in known and _bears(status, *now.get((deal, partner), ("Unattributed", "")))
        for deal, partner, status in lines
    ]
    past = past[np.array(better, bool)]
    if past.empty:
        return statuses, 0
    past = past.assign(facts=[_digested(text) for text in past["facts"]]).astype({"facts": "str"})
    gone = set(zip(past["opportunity"], past["partner"], strict=True))
    # A deal of which this is the first partner has no line without one any more.
    gone |= {(opportunity, "") for opportunity in past["opportunity"]}
    stays = [pair not in gone for pair in zip(statuses["opportunity"], statuses["partner"], strict=True)]
    whole = pd.concat([statuses[np.array(stays, bool)], past], ignore_index=True)
    return whole.sort_values(["opportunity", "partner"], ignore_index=True)[list(statuses.columns)], len(past)


def _bears(past: str, status: str, rule: str) -> bool:
    """Whether a past line says more than what can be judged now; rivals stay decided as they were."""
    order = classification.STATUSES.index
    return rule == "disputed:rivals" or order(past) < order(status)


def _digested(facts: str) -> str:
    """The digest of facts, kept from then on as it is."""
    if facts.startswith(classification.KEPT_FACTS):
        return facts
    return canonical.encode({"kept": hashlib.sha256(facts.encode()).hexdigest()}).decode()


def _with_headlines(headlines: pd.DataFrame, statuses: pd.DataFrame) -> pd.DataFrame:
    """The headlines once more from the table of statuses, in which kept lines stand."""
    best: dict[str, str] = {}
    sources: dict[str, list[str]] = {}
    named: Counter[str] = Counter()
    columns = (statuses[name].tolist() for name in ("opportunity", "partner", "status", "lane_source"))
    for opportunity, partner, status, sourced in zip(*columns, strict=True):
        best[opportunity] = min(best.get(opportunity, status), status, key=classification.STATUSES.index)
        named[opportunity] += partner != ""
        if sourced:
            sources.setdefault(opportunity, []).append(partner)
    one = {opportunity: names[0] for opportunity, names in sources.items() if len(names) == 1}
    ids = headlines["opportunity"]
    return headlines.assign(
        status=pd.Series([best[one] for one in ids], index=ids.index, dtype="str"),
        source=pd.Series([one.get(each, "") for each in ids], index=ids.index, dtype="str"),
        partners=[int(named.get(each, 0)) for each in ids],
    )


def _summary(here: Here, touched: bool) -> list[str]:
    book, headlines, statuses = here.pipeline.book, here.headlines, here.statuses
    versions = ", ".join(f"{one.version} ({one.digest[:12]})" for one in book.versions)
    lines = [f"{len(headlines):,} opportunities, judged by rules version {versions}"]
    for total in classification.totals(headlines):
        if not total["deals"]:
            continue
        money = f"{total['currency'] or 'no currency':<11} {total['amount']}"
        text = f"  {total['status']:<15} {total['deals']:>7,}  {money}"
        if touched:
            text += f"; touched (not evidence-tested) {total['touched_deals']:,}: {total['touched_amount']}"
        lines.append(text.rstrip())
    named = statuses[statuses["partner"] != ""]
    for partner, rows in named.groupby("partner"):
        counts = [
            f"{int((rows['status'] == one).sum()):,} {one}"
            for one in classification.STATUSES
            if (rows["status"] == one).any()
        ]
        lines.append(f"  {partner}: {', '.join(counts)}")
    return lines


def _troubles(findings: pd.DataFrame) -> list[str]:
    counts = findings.groupby("code").size()
    return [
        f"careful   {int(counts[code]):,} {code}: {classification.FINDINGS[code]}"
        for code in classification.FINDINGS
        if code in counts
    ]
