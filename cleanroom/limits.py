"""What each report cannot say, in a few sentences: the same on its page, on the screen and in its JSON."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

LIMITS: Final = MappingProxyType(
    {
        "lift": (
            "Compared are deals of one segment, amount, stage and time in it. A reason that draws "
            "partners to better deals and is none of these stays in the answer; only a random hold-out "
            "keeps it out.",
            "It speaks of attached deals that found controls, not of deals that nobody was attached to.",
        ),
        "lift days": (
            "Days are those until a deal is won or lost: a partner that keeps deals from being lost early"
            " makes them stay open longer.",
        ),
        "lift amount": (
            "The amount is followed from the attachment on. What a partner did to it before that day is "
            "not in the answer, and a change on the very day counts as before.",
        ),
        "pay against-credit": (
            "Credit is what the rules say today: equal parts of a deal to every partner whose status "
            "earns. A plan may split otherwise on purpose; a gap is a question, not an error.",
            "A deal that was paid and lost its status since stands on the side of the payouts alone.",
        ),
        "holdout result": (
            "It speaks of accounts such as those that were drawn from, in the time that was looked at, "
            "and of outreach as it was done then.",
        ),
        "models": (
            "Models share out what happened by formula; none says what would have happened without a "
            "partner. They check rules and never pay.",
            "An interval is the luck of these journeys, not the choice of the formula: the formulas "
            "beside each other show that.",
        ),
        "evaluate": (
            "It is as true as the known pairs: what nobody labelled is in no figure, and pairs that were "
            "easy to label are easy to find.",
        ),
        "quality": (
            "What a partner holds, and how well it is kept, is assumed: the expected rates are for such a"
            " list.",
            "A company that stands twice under other names and websites is not seen as one.",
        ),
        "weekly": (
            "It sees what is imported and logged here: what nobody logged is not in it.",
            "Amounts are those of whole deals; currencies are never added.",
        ),
        "credit": (
            "A status says what the rules make of what was logged and proven, not what a partner caused.",
        ),
        "credit check": (
            "What goes together need not be a cause, and earns nothing: a finding is a question to the "
            "rules.",
        ),
        "pay what-if": (
            "Events are those of the old plan: what partners would have done under another one is not known.",
            "A decision or an override is in both sums where its line is there under the other plan, else in "
            "what was paid alone.",
        ),
        "pay cost": (
            "It has what closed periods booked. What is still open, people's time and taxes are not in it.",
        ),
        "pay programme": (
            "Credit is the most that can be claimed: deals might have come without a partner. Lift has "
            "the limits that 'overlap lift' tells.",
        ),
        "credit even": (
            "Owners have different deals, partners and kinds of action: a difference is a question to "
            "ask, no proof of carelessness. Rules are the same for all.",
            "What was never logged is not seen here.",
        ),
        "rates": (
            "It compares partners with one another in the segments and stages of their deals, not with "
            "having no partner: that is 'overlap lift'.",
            "Open deals are on no side. Partners choose their deals, and what they choose by is not all "
            "in segment and stage.",
        ),
        "forecast": (
            "It goes on as the past did: a new price, product or market is not in it.",
            "The band holds what past bands held; it widens for what went wrong together, not for what "
            "never happened.",
        ),
        "rates actions": (
            "Who takes an action on which deal is no accident: a difference need not be caused by it. "
            "Matched are segment, amount, stage and time in the stage, nothing else.",
            "Open deals are on neither side; they are counted.",
        ),
        "partners-report": (
            "It compares no partner with having none: deals with a partner differ from others before it "
            "comes, and last longer because they must live until then. That comparison is 'overlap lift'.",
            "Of many partners some look special by chance; 'overlap rates' says how many would.",
            "Sizes and cycles are of all deals a partner is on, with or without an action that counts.",
        ),
        "audit report": (
            "It says what this party's own tool did and logged. A modified tool may have kept what it read.",
            "That a key half was destroyed is attested by its holder, not proven: flash and snapshots "
            "keep blocks.",
            "What was exported is in other systems; the undo files name it.",
            "The log binds this party towards its partner, who holds checkpoints. Both together could "
            "write another.",
        ),
        "audit pack": (
            "A partner may submit companies it does not have. Size bound, run budget and minimum count "
            "limit it.",
            "Who starts a run learns first and may stop; the other side then grants nothing.",
            "What was read may have been kept by a modified tool; what was exported cannot be called back.",
            "Minimum counts over files bind unmodified tools only.",
            "Blindness of the match rests on classical Diffie-Hellman; frames and shares are hybrid "
            "post-quantum.",
            "Nobody outside has reviewed this software yet; SECURITY.md says where a reviewer should begin.",
        ),
    }
)


def limits_of(*reports: str) -> list[str]:
    """The limits of these reports, in order."""
    return [sentence for report in reports for sentence in LIMITS[report]]
