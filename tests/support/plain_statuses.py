"""A second evaluator of attribution rules, deal by deal in plain Python, written from docs/attribution.md.

It shares nothing with the engine: it reads the rule file with tomllib, and days and seconds with datetime.
Input are dicts of texts, as a CSV reader gives them; output is (status, rule, source lane, influence lane)
for each (opportunity, partner), and a headline for each opportunity.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

ORDER = ["Disputed", "Sourced", "Assisted Close", "Influenced", "Attached", "Unattributed"]
OF_RULE = {
    "disputed": "Disputed",
    "sourced": "Sourced",
    "assisted-close": "Assisted Close",
    "influenced": "Influenced",
    "attached": "Attached",
    "unattributed": "Unattributed",
}


@dataclass
class When:
    """A day or a second, as its first and its last second."""

    first: datetime
    last: datetime

    @property
    def day(self) -> date:
        return self.first.date()


def when(text: str) -> When | None:
    if not text:
        return None
    if text.endswith("Z"):
        second = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return When(second, second)
    first = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return When(first, first + timedelta(days=1) - timedelta(seconds=1))


def plain(text: str) -> str:
    return " ".join(text.lower().split())


def kind_name(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip().lower()).strip("-")


@dataclass
class Version:
    table: dict

    @property
    def since(self) -> date:
        return self.table["effective"]

    def kind(self, action: dict) -> dict | None:
        return self.table["actions"].get(kind_name(action.get("type", "")))


@dataclass
class Claim:
    """What one action says for one deal: which rung, and what is wrong with it."""

    rung: str
    wrong: list[str]


@dataclass
class Standing:
    """What one partner has on one deal."""

    claims: list[Claim] = field(default_factory=list)
    touched: bool = False
    present: bool = False

    def proven(self, rung: str) -> bool:
        return any(one.rung == rung and not one.wrong for one in self.claims)

    def claimed(self, rung: str) -> list[Claim]:
        return [one for one in self.claims if one.rung == rung]


class Evaluator:
    def __init__(
        self, rule_texts, now, opportunities, actions=(), stages=(), holdings=(), disputes=(), own=()
    ):
        tables = [tomllib.loads(text) for text in rule_texts]
        self.versions = sorted((Version(one) for one in tables), key=lambda one: one.since)
        self.newest = self.versions[-1]
        self.now = now
        self.deals = {one["id"]: one for one in opportunities}
        self.actions, self.stages, self.disputes = list(actions), list(stages), list(disputes)
        self.company = self.newest.table["company_since"]
        self.holdings = self._read_holdings(holdings)
        self.own = self._read_own(own)

    def partner(self, name: str) -> str:
        meant = {}
        for version in self.versions:
            meant.update({plain(k): plain(v) for k, v in version.table.get("partners", {}).items()})
        return meant.get(plain(name), plain(name))

    def _read_holdings(self, holdings) -> dict:
        found: dict = {}
        for partner, account, grade, second in holdings:
            key = (self.partner(partner), account)
            found.setdefault(key, set()).add((grade, second))
        result = {}
        for (partner, account), facts in found.items():
            good = [s for g, s in facts if g in ("witnessed", "logged") and s is not None]
            if len(facts) > 1:
                good = []
            result[partner, account] = min(good) if good else None
        return result

    def _read_own(self, own) -> dict:
        """Our own earliest proven second on an account, by the clocks that each partner believes."""
        found: dict = {}
        for partner, account, grade, second in own:
            if grade in ("witnessed", "logged") and second is not None:
                found.setdefault((self.partner(partner), account), []).append(second)
        return {key: min(seconds) for key, seconds in found.items()}

    # One deal.

    def created(self, deal: dict) -> When | None:
        found = when(deal.get("created", ""))
        if found is None or found.first > self.now or found.last.date() < self.company:
            return None
        return found

    def version(self, deal: dict) -> Version | None:
        created = self.created(deal)
        if created is None:
            return self.newest
        past = [one for one in self.versions if one.since <= created.day]
        return past[-1] if past else None

    def history(self, deal: dict) -> list[tuple[When, str]]:
        rows = []
        for one in self.stages:
            entered = when(one["entered"])
            if one["opportunity_id"] == deal["id"] and entered and entered.first <= self.now:
                rows.append((entered, plain(one["stage"])))
        return sorted(rows, key=lambda row: (row[0].first, row[0].last, row[1]))

    def closing(self, deal: dict) -> When | None:
        """When a won or lost deal closed."""
        created, closed = self.created(deal), when(deal.get("closed", ""))
        if closed and closed.first <= self.now and not (created and closed.last < created.first):
            return closed
        rows = [entered for entered, _ in self.history(deal) if not created or entered.last >= created.first]
        return rows[-1] if rows else None

    def end(self, deal: dict) -> datetime | None:
        """The last second at which it can be open."""
        if deal["status"] == "open":
            return self.now
        closing = self.closing(deal)
        return closing.last if closing else None

    def stretches(self, deal: dict) -> list[tuple[datetime, datetime, str]]:
        """First and last second of each stage; "" is the time before any entry."""
        created, end, rows = self.created(deal), self.end(deal), self.history(deal)
        if created is None or end is None:
            return []
        found = [(created.first, min(rows[0][0].last, end) if rows else end, "")]
        for at, (entered, stage) in enumerate(rows):
            until = rows[at + 1][0].last if at + 1 < len(rows) else end
            found.append((max(entered.first, created.first), min(until, end), stage))
        return [one for one in found if one[0] <= one[1]]

    def net_new(self, deal: dict, at: When) -> bool:
        created = self.created(deal)
        for other in self.deals.values():
            if other["id"] == deal["id"] or not deal["account_id"]:
                continue
            if other["account_id"] != deal["account_id"]:
                continue
            before = self.created(other)
            if before is None or not before.last < created.first:
                continue
            if other["status"] == "open":
                return False
            closing = self.closing(other)
            if closing and closing.last >= at.first:
                return False
        return True

    # One action on one deal.

    def usable(self, action: dict) -> bool:
        happened = when(action.get("date", ""))
        if not self.partner(action.get("partner", "")) or happened is None:
            return False
        if happened.first > self.now or happened.last.date() < self.company:
            return False
        return any(one.kind(action) for one in self.versions)

    def counted_from(self, action: dict, version: Version) -> tuple[When, bool]:
        happened, logged = when(action["date"]), self.logged(action)
        if logged is None:
            return happened, False
        late = (logged.day - happened.day).days > version.table["logging"]["late_days"]
        if late and version.table["logging"]["late"] == "arrival":
            return logged, True
        return happened, late

    def logged(self, action: dict) -> When | None:
        logged = when(action.get("logged", ""))
        return None if logged is None or logged.first > self.now else logged

    def lacking(self, action: dict, kind: dict) -> list[str]:
        wrong = []
        for name in kind["requires"]:
            if name == "digest":
                there = re.search(r"sha256:[0-9a-f]{64}", action.get("proof", "")) is not None
            elif name == "logged":
                there = self.logged(action) is not None
            else:
                there = action.get(name, "").strip() != ""
            if not there:
                wrong.append(name)
        return wrong

    def weigh(self, action: dict, deal: dict, version: Version, direct: bool) -> list[Claim]:
        kind, created = version.kind(action), self.created(deal)
        at, late = self.counted_from(action, version)
        wrong = self.lacking(action, kind)
        if late and version.table["logging"]["late"] == "disputed":
            wrong.append("logging in time")
        claims = []
        if kind["class"] == "origin" and created and self.brought(action, deal, version, at, kind):
            claims.append(Claim("sourced", wrong))
        if not direct or kind["class"] == "weak":
            return claims
        closed_names = [plain(one) for one in version.table["stages"]["closed"]]
        late_names = [plain(one) for one in version.table["stages"]["late"]]
        around = [s for s in self.stretches(deal) if s[0] <= at.last and s[1] >= at.first]
        if not any(stage not in closed_names for _, _, stage in around):
            return claims
        if (self.next_change(deal, at) - at.day).days > kind["days"]:
            return claims
        if kind["class"] != "late" or not self.history(deal):
            claims.append(Claim("influenced", wrong))
        elif any(stage in late_names for _, _, stage in around):
            claims.append(Claim("assisted-close", wrong))
        else:
            claims.append(Claim("assisted-close", [*wrong, "a late stage"]))
        return claims

    def brought(self, action: dict, deal: dict, version: Version, at: When, kind: dict) -> bool:
        created, sourcing = self.created(deal), version.table["sourcing"]
        if at.first > created.last or (created.day - at.day).days > kind["days"]:
            return False
        logged = self.logged(action)
        if logged and (logged.day - created.day).days > sourcing["lock_days"]:
            return False
        if sourcing["net_new"] and not self.net_new(deal, at):
            return False
        if sourcing["holding"] == "required":
            held = self.holdings.get((self.partner(action["partner"]), deal["account_id"]))
            own = self.own.get((self.partner(action["partner"]), deal["account_id"]))
            if not deal["account_id"] or held is None or held > created.last.timestamp():
                return False
            if own is not None and own <= held:
                return False
        return True

    def next_change(self, deal: dict, at: When) -> date:
        days = [entered.day for entered, _ in self.history(deal) if entered.last >= at.first]
        end = self.end(deal)
        return min([*days, end.date()])

    # All.

    def standings(self, deal: dict) -> dict[str, Standing]:
        version = self.version(deal)
        found: dict[str, Standing] = {}
        for action in self.actions:
            partner = self.partner(action.get("partner", ""))
            named = action.get("opportunity_id", "")
            direct = named == deal["id"]
            placed = action.get("account_id", "") == deal["account_id"] != "" and named not in self.deals
            if not partner or not (direct or placed):
                continue
            standing = found.setdefault(partner, Standing())
            standing.touched = True
            if version and self.usable(action) and version.kind(action):
                standing.present = True
                standing.claims += self.weigh(action, deal, version, direct)
        for partner, account in self.holdings:
            if account == deal["account_id"] != "":
                found.setdefault(partner, Standing())
        for opportunity, partner in self.disputes:
            # A partner that nothing else names is no partner of this pipeline's actions or holdings.
            if opportunity == deal["id"]:
                found.setdefault(self.partner(partner), Standing())
        return found

    def climb(self, standing: Standing, base: str, rungs: list[str]) -> str:
        """The rule by the rungs given, lowest first: the best proof, unless a claim would be better."""
        best, rule = -1, base
        for height, rung in enumerate(rungs):
            if standing.proven(rung):
                best, rule = height, rung
        claim = next(
            (height for height in reversed(range(len(rungs))) if standing.claimed(rungs[height])), -1
        )
        if claim <= best:
            return rule
        return "disputed"

    def judge(self, deal: dict) -> dict[str, tuple[str, str, bool, bool]]:
        version, standings = self.version(deal), self.standings(deal)
        rungs = ["influenced", "assisted-close", "sourced"]
        rules: dict[str, str] = {}
        lanes = {partner: one.proven("sourced") for partner, one in standings.items()}
        for partner, one in standings.items():
            rules[partner] = self.climb(one, self.base(deal, partner, one), rungs)
        rivals = [partner for partner, one in standings.items() if one.proven("sourced")]
        if len(rivals) > 1:
            self.race(deal, version, rivals, standings, rules, lanes)
        for opportunity, partner in self.disputes:
            if opportunity == deal["id"]:
                rules[self.partner(partner)] = "disputed:open"
        if version is None:
            rules = dict.fromkeys(rules, "unattributed:before-rules")
        result = {}
        for partner, one in standings.items():
            influence = one.proven("influenced") or one.proven("assisted-close")
            status = OF_RULE[rules[partner].split(":")[0]]
            result[partner] = (status, rules[partner], lanes[partner], influence)
        return result

    def base(self, deal: dict, partner: str, one: Standing) -> str:
        held = (partner, deal["account_id"]) in self.holdings and deal["account_id"] != ""
        if (one.present or held) and self.created(deal) is None:
            return "attached:no-created"
        if one.present:
            return "attached:action"
        if held:
            return "attached:overlap"
        return "unattributed:no-usable-action" if one.touched else "unattributed"

    def race(self, deal, version, rivals, standings, rules, lanes) -> None:
        times = {partner: self.holdings.get((partner, deal["account_id"])) for partner in rivals}
        known = [second for second in times.values() if second is not None]
        first = [partner for partner in rivals if not known or times[partner] == min(known)]
        for partner in rivals:
            if partner not in first:
                lanes[partner] = False
                rules[partner] = self.climb(
                    standings[partner], "attached:held-later", ["influenced", "assisted-close"]
                )
            elif len(first) == 1:
                rules[partner] = "sourced:held-first"
            elif version.table["sourcing"]["tie"] == "split":
                rules[partner] = "sourced:split"
            else:
                rules[partner] = "disputed:rivals"
                lanes[partner] = False

    def all(self) -> dict[tuple[str, str], tuple[str, str, bool, bool]]:
        found = {}
        for name, deal in self.deals.items():
            judged = self.judge(deal)
            for partner, result in judged.items():
                found[name, partner] = result
            if not judged:
                rule = "unattributed" if self.version(deal) else "unattributed:before-rules"
                found[name, ""] = ("Unattributed", rule, False, False)
        return found

    def headlines(self) -> dict[str, str]:
        best: dict[str, str] = {}
        for (name, _), (status, *_rest) in self.all().items():
            known = best.get(name, "Unattributed")
            best[name] = min(known, status, key=ORDER.index)
        return best
