"""Statistics over files of deals. No party's folder is needed."""

from __future__ import annotations

import csv
import io
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cleanroom.attribution import statistics
from cleanroom.limits import limits_of
from cleanroom.session.attribution.csv_files import read_table
from cleanroom.session.folder import write_whole
from overlap.errors import BadInput, UsageError

_DAY_SECONDS = 86_400


def read_deals(deals: Path, stages: Path | None, now: int, as_of: str | None = None) -> statistics.Deals:
    """Checked deals from two CSVs; `now` in unix seconds, or the day `as_of`, is today.

    Raises BadInput for a file without its columns, UsageError for a day that is none.
    """
    today = now / _DAY_SECONDS if as_of is None else statistics.days_of(as_of)
    if today is None:
        raise UsageError("--as-of is no day", "as 2026-05-03")
    rows = read_table(deals, statistics.DEAL_COLUMNS)
    columns, needed = (*statistics.STAGE_COLUMNS, statistics.AMOUNT_COLUMN), len(statistics.STAGE_COLUMNS)
    entries = [] if stages is None else read_table(stages, columns, needed)
    return statistics.gather_deals(rows, entries, today)


def lift_answer(deals: statistics.Deals, measure: str = "win") -> dict[str, Any]:
    """What `overlap lift --json` prints; cleanroom/FORMATS.md describes it."""
    found = statistics.lift(deals, measure)
    matched, naive = found.matched, None
    if found.naive is not None:
        naive = _difference(found.naive, ("with_partner", "without_partner")) | {"label": "not comparable"}
    about = ("lift",) if measure == "win" else ("lift", f"lift {measure}")
    return {
        "measure": measure,
        "naive": naive,
        "matched": None if matched is None else _difference(matched, ("attachments", "controls")),
        "refused": [{"code": code, "reason": reason} for code, reason in found.refused.items()],
        "horizon_days": round(found.horizon_days, 3),
        "strata": [asdict(stratum) for stratum in found.strata],
        "deals": len(deals.ids),
        "left_out": dict(deals.left_out),
        "undated_attachments": deals.undated,
        "biases_of_naive": [*statistics.BIASES, *([statistics.SET_BEFORE] if measure == "amount" else [])],
        "limits": limits_of(*about),
    }


def _difference(found: statistics.Difference, sizes: tuple[str, str]) -> dict[str, Any]:
    facts = {name: round(getattr(found, name), 12) for name in ("difference", "low", "high")}
    return facts | {sizes[0]: found.of, sizes[1]: found.others}


def rates_answer(deals: statistics.Deals, actions: Path | None = None) -> dict[str, Any]:
    """What `overlap rates --json` prints, with rates by type of action where a file of them is given."""
    found = statistics.rates(deals)
    answer = asdict(found) | {"left_out": dict(deals.left_out), "undated_attachments": deals.undated}
    about = ["rates"]
    if actions is not None:
        acts, unusable = read_actions(actions)
        by_action = asdict(statistics.rates_by_action(deals, acts))
        if unusable:
            by_action["left_out"]["bad-action"] = unusable
        answer |= {"actions": by_action}
        about.append("rates actions")
    return answer | {"limits": limits_of(*about)}


def forecast_answer(deals: statistics.Deals, statuses: Path | None) -> dict[str, Any]:
    """What `overlap forecast --json` prints; the column `since` of the statuses may be missing or empty."""
    days = {} if statuses is None else by_deal(statuses, "since", needed=False)
    since = {deal: statistics.days_of(text) for deal, text in days.items() if text}
    if None in since.values():
        raise BadInput("a day in since is neither a day nor an instant with a zone", "as 2026-05-03")
    known = {deal: day for deal, day in since.items() if day is not None}
    found = statistics.forecast(deals, by_deal(statuses, "status"), known)
    return asdict(found) | {"left_out": dict(deals.left_out), "limits": limits_of("forecast")}


def read_actions(source: Path) -> tuple[list[statistics.Act], int]:
    """Usable actions, and how many name no partner or no readable day."""
    rows = read_table(source, statistics.ACTION_COLUMNS, statistics.NEEDED_COLUMNS)
    found, unusable = [], 0
    for row in rows:
        cells = {name: text.strip() for name, text in row.items()}
        day = statistics.days_of(cells["date"])
        if not cells["partner"] or day is None:
            unusable += 1
        else:
            found.append(statistics.Act(cells["partner"], day, cells["type"], cells["deal_id"]))
    return found, unusable


def by_deal(source: Path | None, column: str, *, needed: bool = True) -> dict[str, str]:
    """One text for each deal, empty where the column is not needed and missing. Raises BadInput for two."""
    if source is None:
        return {}
    found: dict[str, str] = {}
    for row in read_table(source, ("deal_id", column), needed=2 if needed else 1):
        deal, text = row["deal_id"].strip(), row[column].strip()
        if found.setdefault(deal, text) != text:
            raise BadInput(f"a deal has two values of {column}", "one row for each deal")
    return found


@dataclass(frozen=True)
class HoldOut:
    """A draw that was written: its seed and commitment, hex, and the sizes of its groups."""

    seed: str
    commitment: str
    held_out: int
    outreach: int


def draw_holdout(accounts: Path, out: Path, share: str, seed: str | None) -> HoldOut:
    """Draw a hold-out of the accounts in a CSV (`account_id`) and write each one's group to `out`."""
    ids = [row["account_id"].strip() for row in read_table(accounts, ("account_id",))]
    chosen = secrets.token_bytes(statistics.SEED_BYTES) if seed is None else _hex(seed)
    drawn = statistics.draw(ids, share, chosen)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("account_id", "group"))
    writer.writerows(drawn.group.items())
    write_whole(out, text.getvalue().encode())
    held = list(drawn.group.values()).count("held-out")
    return HoldOut(chosen.hex(), drawn.commitment, held, len(ids) - held)


def holdout_result(draw: Path, outcomes: Path, share: str, seed: str, commitment: str) -> statistics.Effect:
    """The effect of outreach: groups as drawn, outcomes a CSV `account_id,outcome` (`won` is a success)."""
    rows = read_table(draw, ("account_id", "group"))
    groups = {row["account_id"].strip(): row["group"].strip() for row in rows}
    if len(groups) < len(rows):
        raise BadInput("the draw names an account twice", "take the file of the draw")
    won: dict[str, bool] = {}
    for row in read_table(outcomes, ("account_id", "outcome")):
        account = row["account_id"].strip()
        won[account] = won.get(account, False) or row["outcome"].strip().lower() == "won"
    return statistics.result(groups, won, share, _hex(seed), commitment)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise UsageError("the seed is not hex", "64 digits, as 'holdout draw' printed it") from error
