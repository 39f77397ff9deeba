"""Small pipelines written by hand, for tests of the statuses: what is not said is as a tidy vendor has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from cleanroom.attribution.classification import (
    Pipeline,
    RuleBook,
    headline_table,
    judge_pipeline,
    parse_rules,
    status_table,
)
from cleanroom.attribution.holding import Holding
from cleanroom.session.attribution.rule_files import default_rules
from overlap.records import ACTION_COLUMNS, OPPORTUNITY_COLUMNS, STAGE_COLUMNS

#: 2026-11-22T10:00:00Z
NOW = 1_795_341_600


def second(text: str) -> int:
    """A day or an instant as unix seconds."""
    whole = text if "T" in text else f"{text}T00:00:00Z"
    return int(datetime.fromisoformat(whole.replace("Z", "+00:00")).timestamp())


def deal(**change: str) -> dict[str, str]:
    """An open deal of account A1, created on 1 May 2026."""
    usual = {"id": "O1", "account_id": "A1", "status": "open", "created": "2026-05-01", "amount": "100"}
    return dict.fromkeys(OPPORTUNITY_COLUMNS[1:], "") | usual | {"currency": "EUR"} | change


def act(kind: str, date: str, partner: str = "contoso", **change: str) -> dict[str, str]:
    """An action on O1 with its evidence, logged on its day."""
    usual = {"opportunity_id": "O1", "partner": partner, "type": kind, "date": date, "logged": date[:10]}
    given = usual | {"proof": "mail", "owner": "jo", "id": f"{kind}-{partner}-{date}"}
    return dict.fromkeys(ACTION_COLUMNS[1:], "") | given | change


def brought(date: str, partner: str = "contoso", **change: str) -> dict[str, str]:
    """An introduction on the account, before there is a deal."""
    return act("introduction", date, partner, **{"opportunity_id": "", "account_id": "A1"} | change)


def entered(*stages: tuple[str, str], opportunity: str = "O1") -> list[dict[str, str]]:
    return [{"opportunity_id": opportunity, "stage": stage, "entered": day} for stage, day in stages]


def rules(text: bytes | None = None, **change: str) -> RuleBook:
    """The rules that come along, with lines changed: `name="value"` replaces the first line `name = …`."""
    data = (default_rules() if text is None else text).decode()
    for name, value in change.items():
        lines = data.split("\n")
        at = next(place for place, line in enumerate(lines) if line.startswith(f"{name} = "))
        lines[at] = f"{name} = {value}"
        data = "\n".join(lines)
    return RuleBook([parse_rules(data.encode())])


def pipeline(
    actions: Sequence[dict[str, str]] = (),
    *,
    deals: Sequence[dict[str, str]] | None = None,
    stages: Iterable[dict[str, str]] = (),
    holdings: Sequence[Holding] = (),
    disputes: Sequence[tuple[str, str]] = (),
    own: Mapping[str, Sequence[Holding]] | None = None,
    book: RuleBook | None = None,
    now: int = NOW,
) -> Pipeline:
    frames = [
        pd.DataFrame(
            [{"row": place} | row for place, row in enumerate(rows, start=2)], columns=["row", *columns[1:]]
        ).astype(dict.fromkeys(columns[1:], "str"))
        for rows, columns in (
            (list(deals or [deal()]), OPPORTUNITY_COLUMNS),
            (list(actions), ACTION_COLUMNS),
            (list(stages), STAGE_COLUMNS),
        )
    ]
    return Pipeline(book or rules(), now, *frames, holdings, disputes, own or {})


def table(*words: Any, **options: Any) -> pd.DataFrame:
    return status_table(judge_pipeline(pipeline(*words, **options)))


def judged(*words: Any, **options: Any) -> dict[tuple[str, str], tuple[str, str]]:
    """(opportunity, partner) to (status, rule)."""
    found = table(*words, **options)
    values = zip(found["status"], found["rule"], strict=True)
    return dict(zip(zip(found["opportunity"], found["partner"], strict=True), values, strict=True))


def status(*words: Any, partner: str = "contoso", **options: Any) -> str:
    """The status of one partner on O1."""
    return judged(*words, **options).get(("O1", partner), ("Unattributed", ""))[0]


def rule(*words: Any, partner: str = "contoso", **options: Any) -> str:
    return judged(*words, **options)["O1", partner][1]


def codes(*words: Any, **options: Any) -> dict[str, list[int]]:
    """Finding code to the rows that have it."""
    found = judge_pipeline(pipeline(*words, **options)).findings
    return {str(code): sorted(rows["row"]) for code, rows in found.groupby("code")}


def headlines(*words: Any, **options: Any) -> dict[str, str]:
    found = headline_table(judge_pipeline(pipeline(*words, **options)))
    return dict(zip(found["opportunity"], found["status"], strict=True))
