"""One deal with all that bears on it, and its status judged again under changes, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from cleanroom.attribution.classification.engine import judge_pipeline
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.statuses import STATUSES

#: Other deals of an account that are looked at.
_DEALS = 40


def focus(pipeline: Pipeline, opportunity: str) -> Pipeline:
    """What bears on one deal: the deals of its account, with their actions, stages, holdings and disputes."""
    deals = pipeline.opportunities
    account = deals.loc[deals["id"] == opportunity, "account_id"].iloc[0]
    near = deals[(deals["id"] == opportunity) | ((deals["account_id"] == account) & (account != ""))]
    ids = set(near["id"])
    actions = pipeline.actions
    if actions is not None:
        there = actions["opportunity_id"].isin(ids)
        if account:
            there |= (actions["account_id"] == account) & ~actions["opportunity_id"].isin(set(deals["id"]))
        actions = actions[there]
    stages = pipeline.stages
    return replace(
        pipeline,
        opportunities=near,
        actions=actions,
        stages=None if stages is None else stages[stages["opportunity_id"].isin(ids)],
        holdings=[one for one in pipeline.holdings if one.account == account],
        disputes=[one for one in pipeline.disputes if one[0] in ids],
        own={name: [one for one in held if one.account == account] for name, held in pipeline.own.items()},
    )


def status_of(pipeline: Pipeline, opportunity: str, partner: str) -> str:
    """The status of one pair; Unattributed where there is none."""
    return statuses_of([pipeline], opportunity, partner)[0]


def statuses_of(pipelines: Sequence[Pipeline], opportunity: str, partner: str) -> list[str]:
    """The status of one pair in each pipeline, all judged at once: each stands under accounts of its own."""
    whole = replace(
        pipelines[0],
        opportunities=_stacked([one.opportunities for one in pipelines], ("id", "account_id")),
        actions=_stacked([one.actions for one in pipelines], ("id", "opportunity_id", "account_id")),
        stages=_stacked([one.stages for one in pipelines], ("opportunity_id",)),
        holdings=[
            replace(held, account=f"{at}:{held.account}")
            for at, one in enumerate(pipelines)
            for held in one.holdings
        ],
        disputes=[(f"{at}:{two[0]}", two[1]) for at, one in enumerate(pipelines) for two in one.disputes],
        own={
            name: [
                replace(held, account=f"{at}:{held.account}")
                for at, one in enumerate(pipelines)
                for held in one.own.get(name, ())
            ]
            for name in pipelines[0].own
        },
    )
    judged = judge_pipeline(whole)
    if partner not in judged.partners:
        return [STATUSES[-1]] * len(pipelines)
    mine = judged.pairs.partner == judged.partners.index(partner)
    ids = judged.deals.ids.to_pylist()
    places = zip(judged.pairs.deal[mine], judged.status[mine], strict=True)
    found = {ids[deal]: STATUSES[at] for deal, at in places}
    return [found.get(f"{at}:{opportunity}", STATUSES[-1]) for at in range(len(pipelines))]


def deals_in_the_way(near: Pipeline, opportunity: str, partner: str) -> tuple[list[str], str]:
    """The account's other deals that keep the partner from claiming the source of this one, and what it would
    be without them: Sourced, or Disputed with others who claim it too. `near` is focused.

    Each was tried: alone the deal has that status, and beside that other deal it has not.
    """
    deals = near.opportunities
    others = deals.loc[deals["id"] != opportunity, "id"].tolist()
    alone = status_of(only(near, {opportunity}), opportunity, partner) if others else ""
    if alone not in ("Sourced", "Disputed") or alone == status_of(near, opportunity, partner):
        return [], ""
    others = others[:_DEALS]
    beside = [only(near, {opportunity, other}) for other in others]
    after = statuses_of(beside, opportunity, partner)
    return [other for other, status in zip(others, after, strict=True) if status != alone], alone


def only(near: Pipeline, ids: set[str]) -> Pipeline:
    """These deals only, and no action that names another one: it would count for the account then."""
    deals, actions = near.opportunities, near.actions
    if actions is not None:
        actions = actions[~actions["opportunity_id"].isin(set(deals["id"]) - ids)]
    return replace(near, opportunities=deals[deals["id"].isin(ids)], actions=actions)


def _stacked(frames: Sequence[pd.DataFrame | None], names: Sequence[str]) -> pd.DataFrame | None:
    """The frames below each other, the ids of each with its number in front."""
    parts = [
        frame.drop(columns="row", errors="ignore").assign(
            **{name: (f"{at}:" + frame[name]).where(frame[name] != "", "") for name in names}
        )
        for at, frame in enumerate(frames)
        if frame is not None and len(frame)
    ]
    return pd.concat(parts, ignore_index=True) if parts else None
