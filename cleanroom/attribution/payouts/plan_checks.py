"""What a plan's parts say together: rules that contradict each other, and rules that surprise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from cleanroom.attribution.payouts.days import period_of
from cleanroom.attribution.payouts.plan import FUND_STEPS, RESELLING, REVERSALS, Plan, Rule
from cleanroom.attribution.payouts.toml_table import PlanFinding

__all__ = ["check_plan"]

#: Rules that a person keeps in mind; more are a warning.
MANY_RULES = 12


def check_plan(plan: Plan, found: list[PlanFinding]) -> None:
    """Add what is wrong or doubtful about `plan` to `found`."""

    def fault(code: str, place: str, text: str) -> None:
        found.append(PlanFinding("error", code, place, text))

    def doubt(code: str, place: str, text: str) -> None:
        found.append(PlanFinding("warning", code, place, text))

    _check_dates(plan, fault)
    ids = [rule.id for rule in plan.rules]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        fault("rule-twice", f"rule {name}", "two rules have one id")
    if len(plan.rules) > MANY_RULES:
        doubt("many-rules", "rule", f"{len(plan.rules)} rules: more than {MANY_RULES} are hard to explain")
    for one in plan.partners.values():
        if one.parent == one.id or (one.parent and plan.partners.get(one.parent, one).parent == one.id):
            fault("parent-loop", f"partner {one.id}", "a partner is its own parent")
    for rule in plan.rules:
        for code, text in _faults(rule, ids):
            fault(code, f"rule {rule.id}", text)
        for code, text in _doubts(rule, plan):
            doubt(code, f"rule {rule.id}", text)


def _check_dates(plan: Plan, fault: Callable[[str, str, str], None]) -> None:
    if plan.end <= plan.start:
        fault("bad-value", "until", "the plan ends after it begins")
    for name, day in (("from", plan.start), ("until", plan.end)):
        if period_of(day, plan.period).start != day:
            text = f"a version begins and ends with a {plan.period}: no period has two rules"
            fault("mid-period", name, text)


def _faults(rule: Rule, ids: list[str]) -> list[tuple[str, str]]:
    tiered, parted = bool(rule.bands), rule.split is not None and rule.split.by != "parent"
    pays = sum((bool(rule.rate), tiered, bool(rule.amount)))
    spiff, fund, rebate = rule.type == "spiff", rule.is_fund, rule.type == "rebate"
    own = [kind for kind in rule.kinds if kind in REVERSALS or kind in FUND_STEPS]
    checks = (
        (pays != 1, "pays-what", "a rule has exactly one of rate, bands and amount"),
        (spiff and not rule.amount, "pays-what", "a spiff pays a fixed amount"),
        (bool(rule.amount) and not spiff, "pays-what", "only a spiff pays a fixed amount"),
        (rule.type == "mdf" and not tiered, "pays-what", "marketing funds have bands of points with amounts"),
        (bool(rule.points) != (rule.type == "mdf"), "points", "points belong to a rule of type mdf"),
        (rule.type == "fee" and not set(RESELLING) <= rule.not_partner_types | _complement(rule),
         "fee-resellers", "an influence fee is for partners that do not resell: name not_partner_types"),
        (bool(own), "own-kind", f"{', '.join(own)} have a meaning of their own"),
        (any(kind.startswith("model:") for kind in rule.kinds), "model-cannot-pay", "no rule pays by model"),
        (bool(rule.instead_of - set(ids)) or rule.id in rule.instead_of,
         "instead-of", "instead_of names other rules of the plan"),
        (tiered and parted, "split-with-tiers", "bands count one partner's volume: split by parent only"),
        (parted and (rule.cap.period is not None or rule.cap.lifetime is not None),
         "cap-with-split", "a split is capped per deal only: no partner sees all deals of the others"),
        (rule.pays_in == "deal" and (tiered or rule.is_capped or spiff or fund),
         "pays-in-deal", "bands, caps, fixed amounts and funds are in the plan's currency"),
        (rule.accrue is not None and not (rebate and tiered), "accrue", "only a rebate with bands accrues"),
        (rebate and rule.over in ("deal", "lifetime"), "over", "a rebate is trued up when a span ends"),
        (bool(rule.once_per) and not spiff, "once-per", "only a spiff is paid once"),
        (fund and (rule.split is not None or rule.holdback is not None),
         "fund-parts", "a fund is neither split nor held back"),
        (rule.expires_days is not None and not fund, "expires", "only a fund expires"),
        (rule.start is not None and rule.end is not None and rule.end <= rule.start,
         "bad-value", "a rule ends after it begins"),
    )  # fmt: skip
    return [(code, text) for wrong, code, text in checks if wrong]


def _complement(rule: Rule) -> set[str]:
    """The reselling types that a list of admitted types leaves out."""
    return set(RESELLING) - rule.partner_types if rule.partner_types else set()


def _doubts(rule: Rule, plan: Plan) -> list[tuple[str, str]]:
    rates = [band.rate for band in rule.bands]
    falling = any(after < here for here, after in pairwise(rates))
    outside = (rule.start is not None and rule.start >= plan.end) or (
        rule.end is not None and rule.end <= plan.start
    )
    checks = (
        (rule.tiers == "cliff" and falling, "cliff-falls", "who sells more is paid less at a border"),
        (rule.tiers == "cliff" and bool(rule.bands), "cliff-jumps",
         "at a border one unit more changes the pay of everything before"),
        (outside, "never-in-force", "the rule's dates lie outside the plan's"),
        (rule.needs_types and not plan.partners, "types-unsaid",
         "the rule asks for types of partners, and no [[partner]] says one: its events are held"),
    )  # fmt: skip
    return [(code, text) for doubtful, code, text in checks if doubtful]
