"""One account explained: look-alikes, the match and its rule, weaknesses, and the text at a terminal."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from cleanroom.report import render_explanation, render_rejected
from overlap.errors import UsageError
from overlap.explanation import Explanation, explain_account, lookalikes
from overlap.identity import CERTAIN_KINDS, KIND, KINDS, NORMALISER, identify
from overlap.match import distinct, find_hits, resolve
from overlap.protocol.matches import Matches
from overlap.records import ACCOUNT_COLUMNS

RUN = {"run": "0a" * 16, "partner": "contoso", "level": "overlaps", "review": "", "tier": ""}


def table(*rows: dict[str, str]) -> pd.DataFrame:
    filled = [dict.fromkeys(ACCOUNT_COLUMNS, "") | {"population": "customers"} | row for row in rows]
    frame = pd.DataFrame(filled, columns=list(ACCOUNT_COLUMNS), dtype="str")
    return frame.assign(row=range(2, len(rows) + 2), id=[f"A{at}" for at in range(len(rows))])


def hits_of(accounts: pd.DataFrame, matched: Callable[[str, str], bool]) -> pd.DataFrame:
    """The hits when the identifiers for which `matched` holds are the partner's too."""
    listed = distinct(identify(accounts).frame)
    keys = zip(listed.frame["kind"], listed.frame["value"], strict=True)
    places = [at for at, key in enumerate(keys) if matched(*key)]
    tokens = tuple(at.to_bytes(16, "big") for at in places)
    return find_hits(listed, Matches.of(tuple(places), tokens, len(listed.frame), len(listed.frame)))


def shown(explanation: Explanation, run: dict[str, str] | None = None, *notes: str) -> str:
    lines = render_explanation(explanation, run, notes)
    assert max(map(len, lines)) <= 80
    return "\n".join(lines)


def flat(text: str) -> str:
    """A text without the breaks of its lines."""
    return " ".join(text.split())


QUOLL = {
    "name": "Quollbrook Vexmoor GmbH",
    "website": "quollbrook.de",
    "country": "Germany",
    "city": "Berlin",
}


def test_own_accounts_are_duplicates_or_rivals_by_the_best_kind_they_share() -> None:
    accounts = table(
        QUOLL,
        {"name": "Quollbrook Vexmoor AG", "city": "berlin"},
        {"name": "Tarnwick", "website": "https://quollbrook.de/shop"},
        {"name": "Quollbrook Vexmoor", "country": "DE"},
        {"name": "Jutefield", "website": "jutefield.com", "city": "Berlin"},
    )
    found = explain_account(accounts, 0).look_alikes
    assert found.complete
    assert [(one.id, one.row, one.kinds[0], one.duplicate) for one in found.found] == [
        ("A1", 3, "name_city", True),
        ("A2", 4, "domain", False),
        ("A3", 5, "name_country", False),
    ]
    text = shown(explain_account(accounts, 0))
    assert "own accounts that share identifiers with it: 3" in text
    assert "duplicate row 3 of customers, id A1" in text and "rival     row 4" in text
    assert not explain_account(accounts, 4).look_alikes.found


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"name": "Müller Zephyrine"}, {"name": "MULLER-ZEPHYRINE"}, "name"),
        ({"name": "Zephyrine Systems", "city": "Berlin"}, {"name": "Zephyrine Sys.", "city": "Berlin"},
         "name_city"),
        ({"website": "acme-foods.de", "country": "DE"}, {"website": "acmefoods.com", "country": "DE"},
         "label"),
        ({"website": "www.müller.de"}, {"website": "xn--mller-kva.de"}, "domain"),
        ({"duns": "012345679"}, {"duns": "12345679"}, "duns"),
        ({"vat": "DE 136.695.976"}, {"vat": "DE136695976"}, "vat"),
        ({"name": "Vexmoor One", "phone": "+49 30 901820"}, {"name": "Vexmoor Two", "phone": "030/90 18 20",
         "country": "DE"}, "word_phone"),
        ({"linkedin": "vexmoor-ag"}, {"website": "linkedin.com/company/Vexmoor-AG/about"}, "linkedin"),
        ({"email": "a@vexmoor.io"}, {"domains": "vexmoor.io"}, "mail_domain"),
    ],
)  # fmt: skip
def test_look_alikes_are_found_however_they_are_written(
    one: dict[str, str], other: dict[str, str], kind: str
) -> None:
    made = [identify(table(each)).frame for each in (one, other)]
    assert len(made[0].merge(made[1], on=["kind", "value"])), "the two share nothing"
    for rows in ((one, other), (other, one)):
        found = explain_account(table(*rows, {"name": "Nobody Else"}), 0).look_alikes.found
        assert [each.position for each in found] == [1] and kind in found[0].kinds


def test_too_many_look_alikes_are_not_all_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookalikes, "MOST_COMPARED", 2)
    accounts = table(*[{"name": f"Branch {at}", "website": "platform-x.de"} for at in range(5)])
    found = explain_account(accounts, 4).look_alikes
    assert not found.complete and [one.position for one in found.found] == [0, 1]
    assert "with it: 2 or more" in shown(explain_account(accounts, 4))


def test_a_match_says_what_decided_and_what_agreed() -> None:
    accounts = table(QUOLL, {"name": "Jutefield"})
    hits = hits_of(accounts, lambda kind, _: kind in ("name_city", "name_country", "domain"))
    explanation = explain_account(accounts, 0, hits=hits)
    match = explanation.match
    assert match is not None and (match.kind, match.tier, match.confidence) == ("name_city", "exact", 0.996)
    assert match.rule == "the same city and name: exact by itself" and not match.rivals
    parts = {one.kind: one.part for one in match.agreed}
    assert parts == {
        "name_city": "decides",
        "name_country": "agrees",
        "domain": "not used: a better one matched",
    }
    row = resolve(accounts, hits).iloc[0]
    assert (row["token"], row["kind"], row["tier"]) == (match.token, match.kind, match.tier)
    text = shown(explanation, RUN | {"tier": "exact"})
    assert "matched     exact, confidence 0.996, with contoso in run 0a0a0a0a" in text
    assert f"pair token  {match.token}" in text and "released by its tier alone" in text
    assert "what the partner holds" not in text.lower()
    assert "accepted by us, waits for the partner" in shown(explanation, RUN | {"review": "waiting"})
    assert explain_account(accounts, 1, hits=hits).match is None


def test_candidates_beside_a_better_candidate_tell_nothing() -> None:
    accounts = table(QUOLL)
    hits = hits_of(accounts, lambda kind, _: kind in ("domain", "label"))
    match = explain_account(accounts, 0, hits=hits).match
    assert match is not None and match.tier == "candidate" and match.kind == "domain"
    assert {one.kind: one.part for one in match.agreed} == {
        "domain": "decides",
        "label": "not used: a better candidate matched",
    }


def test_rivals_that_nothing_tells_apart_make_a_candidate() -> None:
    word = {"name": "Quollbrook Vexmoor", "website": "quollbrook.de"}
    accounts = table(word, {"name": "Vexmoor Quollbrook Bank", "website": "quollbrook.de"})
    hits = hits_of(accounts, lambda kind, value: (kind, value) == ("domain_word", "quollbrook.de|vexmoor"))
    assert set(hits["account"]) == {0, 1}
    match = explain_account(accounts, 0, hits=hits).match
    assert match is not None and match.tier == "candidate"
    assert match.confidence == pytest.approx(KIND["domain_word"].right / 2000)
    assert "1 other own account carries all that matched, so it is a candidate" in match.rule
    assert [(one.id, one.duplicate) for one in match.rivals] == [("A1", False)]
    expected = resolve(accounts, hits)
    assert expected["tier"].tolist() == ["candidate"] * 2 and expected["rivals"].tolist() == [1, 1]


def test_duplicates_raise_no_doubt() -> None:
    accounts = table(QUOLL, QUOLL | {"country": ""})
    match = explain_account(accounts, 0, hits=hits_of(accounts, lambda kind, _: kind == "name_city")).match
    assert match is not None and match.tier == "exact" and match.confidence == 0.996
    assert "are its duplicates" in match.rule and match.rivals[0].duplicate


def test_a_name_on_several_own_accounts_is_a_candidate() -> None:
    accounts = table({"name": QUOLL["name"], "country": "DE"}, {"name": QUOLL["name"], "country": "Germany"})
    hits = hits_of(accounts, lambda kind, _: kind == "name_country")
    match = explain_account(accounts, 0, hits=hits).match
    assert match is not None and match.tier == "candidate"
    assert "but 2 own accounts have it, and a name alone does not tell them apart" in match.rule
    assert explain_account(accounts, 0, hits=hits).weaknesses[-1].startswith("1 other own account shares")


@pytest.mark.parametrize(
    ("cells", "kinds", "first"),
    [
        ({}, KINDS, "it has nothing to be matched by"),
        ({"name": "Solutions"}, KINDS, "only candidates can come of it"),
        (QUOLL | {"website": "gmail.com"}, KINDS, "website: a free mail or internet provider"),
        (QUOLL | {"duns": "1.5E8"}, KINDS, "duns: rounded by a spreadsheet"),
        (QUOLL | {"website": ""}, KINDS, "no website and no e-mail address"),
        (QUOLL | {"name": "Solutions"}, KINDS, "the name is too common to match by city: "),
        (QUOLL | {"country": "Utopia"}, KINDS, "country: an unknown country"),
        (QUOLL | {"name": "Tarnwick"}, KINDS, "the name does not explain the website"),
        (QUOLL, CERTAIN_KINDS, "not agreed on with the partner, though it has them: close_city"),
    ],
)
def test_the_likeliest_weakness_comes_first(
    cells: dict[str, str], kinds: tuple[str, ...], first: str
) -> None:
    explanation = explain_account(table(cells), 0, kinds=kinds)
    assert explanation.weaknesses[0].startswith(first)
    assert first[:30] in flat(shown(explanation))


def test_nothing_stands_in_the_way_of_a_sound_account() -> None:
    explanation = explain_account(table(QUOLL), 0)
    assert explanation.weaknesses == ()
    text = flat(shown(explanation, RUN))
    assert "none of its 8 identifiers is among the partner's. What the partner holds is not known" in text
    assert "nothing stands in its way on our side" in text
    assert "at level counts names no account" in flat(shown(explanation, RUN | {"level": "counts"}))
    assert "can match exact at best, by 8 identifiers" in flat(shown(explanation))
    assert flat(shown(explanation, None, "a note")).startswith("row 2 of customers, id A0 note a note")


def test_a_veto_says_what_its_number_does() -> None:
    without, having = table(QUOLL), table(QUOLL | {"duns": "150483782"})
    assert explain_account(without, 0).veto == ""
    assert explain_account(without, 0, veto="duns").veto.startswith("no DUNS number here")
    said = explain_account(having, 0, veto="duns")
    assert said.veto.startswith("DUNS number: an account with another one does not match")
    assert "neither side learns of it" in flat(shown(said))


def test_under_a_veto_own_accounts_with_other_numbers_are_told_apart() -> None:
    accounts = table(QUOLL | {"duns": "150483782"}, QUOLL | {"duns": "039902712"}, QUOLL)
    plain = explain_account(accounts, 0).look_alikes.found
    assert [one.position for one in plain] == [1, 2]
    # Where the partner has no number, an identifier of the first two means either; the third has its own.
    vetoed = explain_account(accounts, 0, veto="duns").look_alikes.found
    assert [one.position for one in vetoed] == [1]


def test_values_of_a_veto_are_shown_without_its_marks() -> None:
    hits = hits_of(table(QUOLL), lambda kind, _: kind == "name_city")
    hits = hits.assign(value=hits["value"] + "\x1fneither")
    match = explain_account(table(QUOLL), 0, hits=hits).match
    assert match is not None and match.agreed[0].value == "quollbrookvexmoor|berlin"


def test_versions_say_what_made_it() -> None:
    made = explain_account(table(QUOLL), 0, kinds=("domain", "lei"), role="responder", most=3).versions
    assert (made.normaliser, made.kinds, made.role, made.most) == (
        NORMALISER,
        ("lei", "domain"),
        "responder",
        3,
    )
    assert len(made.normaliser_digest) == len(made.data_digest) == 64


@pytest.mark.parametrize("how", [{"kinds": ("nothing",)}, {"role": "nobody"}, {"veto": "nothing"}])
def test_unknown_words_are_refused(how: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        explain_account(table(QUOLL), 0, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("position", [-1, 1])
def test_a_position_outside_the_list_is_refused(position: int) -> None:
    with pytest.raises(UsageError):
        explain_account(table(QUOLL), position)


def test_long_and_strange_cells_stay_within_the_screen() -> None:
    wild = {
        "name": "Zephyrine " * 40,
        "website": "x" * 300 + ".de",
        "email": "a@b\x1b[31m.de",
        "city": "a\nb",
    }
    text = shown(explain_account(table(wild), 0))
    assert "\x1b" not in text and len(text.splitlines()) < 60


def test_a_rejected_row_says_why() -> None:
    lines = render_rejected(
        7, "customers", "no name, website or e-mail address in it, which is a long reason indeed"
    )
    assert lines[0] == "row 7 of customers was not taken" and max(map(len, lines)) <= 80
    assert "no name, website or e-mail" in flat(" ".join(lines))
