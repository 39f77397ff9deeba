"""What was observed on judged deals: the rows that plain commands take, and rules beside what happened.

judged deals -> choose_deals, gather_touches -> rows of files (paths, deals, statuses, a rule's credit)
                                             -> edge cases of the rules, what types of action went with
             -> who stands how in an account, who is in many, the journey of a deal
             -> for how long and how often a partner was engaged on a deal
             -> what went each way between us and a partner; what another tool says

Nothing here has a clock or a file, and nothing decides: statuses are given by `classification` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.observed.beside_pay import (
        Gap,
        Paid,
        Part,
        RuleGap,
        gaps_by_kind,
        gaps_by_partner,
    )
    from cleanroom.attribution.observed.credited import Given, credited_parts, rule_credit
    from cleanroom.attribution.observed.edges import EDGES, Edge, edge_cases
    from cleanroom.attribution.observed.engagement import (
        ENGAGEMENT_COLUMNS,
        NOT_ENGAGED,
        Engagement,
        engagements_of,
    )
    from cleanroom.attribution.observed.evenness import MEASURES, Evenness, Logged, One, logged_by
    from cleanroom.attribution.observed.going_together import FEWEST_ACTIONS, Motion, motions
    from cleanroom.attribution.observed.journeys import Paths, journey_rows
    from cleanroom.attribution.observed.other_tool import COMPARISONS, Beside, lay_beside, meanings
    from cleanroom.attribution.observed.reciprocity import Exchange, GiveAndTake, give_and_take
    from cleanroom.attribution.observed.relations import (
        Connector,
        Relation,
        Step,
        connectors_of,
        journey_of,
        relations_of,
    )
    from cleanroom.attribution.observed.rows import (
        DealRows,
        action_rows,
        deal_rows,
        stage_rows,
        status_rows,
    )
    from cleanroom.attribution.observed.selection import LEFT_OUT, Selection, choose_deals
    from cleanroom.attribution.observed.touches import Touches, gather_touches, step_names

__all__ = [
    "COMPARISONS",
    "EDGES",
    "ENGAGEMENT_COLUMNS",
    "FEWEST_ACTIONS",
    "LEFT_OUT",
    "MEASURES",
    "NOT_ENGAGED",
    "Beside",
    "Connector",
    "DealRows",
    "Edge",
    "Engagement",
    "Evenness",
    "Exchange",
    "Gap",
    "GiveAndTake",
    "Given",
    "Logged",
    "Motion",
    "One",
    "Paid",
    "Part",
    "Paths",
    "Relation",
    "RuleGap",
    "Selection",
    "Step",
    "Touches",
    "action_rows",
    "choose_deals",
    "connectors_of",
    "credited_parts",
    "deal_rows",
    "edge_cases",
    "engagements_of",
    "gaps_by_kind",
    "gaps_by_partner",
    "gather_touches",
    "give_and_take",
    "journey_of",
    "journey_rows",
    "lay_beside",
    "logged_by",
    "meanings",
    "motions",
    "relations_of",
    "rule_credit",
    "stage_rows",
    "status_rows",
    "step_names",
]

_HOMES = {
    **dict.fromkeys(("MEASURES", "Evenness", "Logged", "One", "logged_by"), "evenness"),
    **dict.fromkeys(("Gap", "Paid", "Part", "RuleGap", "gaps_by_kind", "gaps_by_partner"), "beside_pay"),
    **dict.fromkeys(("Given", "credited_parts", "rule_credit"), "credited"),
    **dict.fromkeys(("EDGES", "Edge", "edge_cases"), "edges"),
    **dict.fromkeys(("ENGAGEMENT_COLUMNS", "NOT_ENGAGED", "Engagement", "engagements_of"), "engagement"),
    **dict.fromkeys(("Paths", "journey_rows"), "journeys"),
    **dict.fromkeys(
        ("Connector", "Relation", "Step", "connectors_of", "journey_of", "relations_of"), "relations"
    ),
    **dict.fromkeys(("COMPARISONS", "Beside", "lay_beside", "meanings"), "other_tool"),
    **dict.fromkeys(("Exchange", "GiveAndTake", "give_and_take"), "reciprocity"),
    **dict.fromkeys(("FEWEST_ACTIONS", "Motion", "motions"), "going_together"),
    **dict.fromkeys(("DealRows", "action_rows", "deal_rows", "stage_rows", "status_rows"), "rows"),
    **dict.fromkeys(("LEFT_OUT", "Selection", "choose_deals"), "selection"),
    **dict.fromkeys(("Touches", "gather_touches", "step_names"), "touches"),
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
