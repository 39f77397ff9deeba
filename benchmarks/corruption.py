"""Two CRM exports of any size out of one list of companies, damaged as people damage them, and the truth.

    python benchmarks/corruption.py FOLDER [--base COMPANIES.csv] [--accounts N] [--shared S] [--seed N]

Writes left.csv, right.csv and gold.csv (left_id, right_id, damage) for `overlap evaluate` and `quality.py`.
The base is any export with names and, better, websites and places; without one, invented companies are taken.
A base that is too small is made larger by joining the first words of one name with the rest of another.

Besides the faults of `damage.py`, which strike both sides independently, some companies stand twice on a
side (both rows are true pairs), and some accounts of one side only are subsidiaries: another company, with
the name and website of the parent. The same base, numbers and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from damage import FIELDS, LEGAL_FORMS, Row, core_of, damage, host_of

#: Shares of the accounts of a side.
TWICE = 0.02
SUBSIDIARIES = 0.03

#: What a subsidiary has behind its parent's name, and its country where that says it.
_BRANCHES = (
    ("Deutschland", "Germany"),
    ("France", "France"),
    ("UK", "United Kingdom"),
    ("Japan", "Japan"),
    ("Canada", "Canada"),
    ("Capital", ""),
    ("Foundation", ""),
    ("Logistics", ""),
)
#: Damage that would make a subsidiary's name its parent's.
_SPARED = ("last word dropped", "initials", "abbreviation")


@dataclass(frozen=True)
class Lists:
    """Rows of both sides with ids, and each true pair with what went wrong between the two rows."""

    left: list[Row]
    right: list[Row]
    gold: list[tuple[str, str, str]]


def corrupt(base: Sequence[Row], accounts: int, shared: float, rng: Random) -> Lists:
    """About `accounts` rows a side, of which the share `shared` are companies of both.

    `base` has rows of `damage.FIELDS` with names that differ by `key_of`.
    """
    both, alone = round(accounts * shared), accounts - round(accounts * shared)
    companies = enlarge(base, both + 2 * alone, rng)
    sides = {
        "L": [*enumerate(companies[: both + alone])],
        "R": [*enumerate(companies[:both]), *enumerate(companies[both + alone :], both + alone)],
    }
    taken = {key_of(row["name"]) for row in companies}
    entered = {side: list(_enter(side, held, companies[:both], taken, rng)) for side, held in sides.items()}
    ours: dict[int, list[tuple[str, list[str]]]] = {}
    for number, row, happened in entered["L"]:
        ours.setdefault(number, []).append((row["id"], happened))
    gold = [
        (own, row["id"], "; ".join([*before, *happened]))
        for number, row, happened in entered["R"]
        if 0 <= number < both
        for own, before in ours[number]
    ]
    lists = [[row for _, row, _ in entered[side]] for side in ("L", "R")]
    return Lists(lists[0], lists[1], sorted(gold))


def enlarge(base: Sequence[Row], wanted: int, rng: Random) -> list[Row]:
    """`wanted` different companies: those of the base in random order, then recombined ones."""
    rows = rng.sample(list(base), min(wanted, len(base)))
    names = {key_of(row["name"]) for row in rows}
    hosts = {host_of(row["website"]) for row in rows}
    tries = 0
    while len(rows) < wanted:
        tries += 1
        if tries > 100 * wanted:
            raise SystemExit("the base has too few words for so many companies; give a longer one")
        row = _recombine(rng.choice(base), rng.choice(base), rng)
        host = host_of(row["website"])
        if key_of(row["name"]) in names or (host and host in hosts):
            continue
        names.add(key_of(row["name"]))
        hosts.add(host)
        rows.append(row)
    rng.shuffle(rows)
    return rows


def key_of(name: str) -> str:
    """What makes two companies different here: letters and digits, no legal form, no leading "The"."""
    core = core_of(name).casefold().removeprefix("the ")
    return "".join(letter for letter in core if letter.isalnum())


def _recombine(one: Row, other: Row, rng: Random) -> Row:
    """A company that might exist: the beginning of one name, the rest of another, a website of the two."""
    first, rest = core_of(one["name"]).split(), core_of(other["name"]).split()
    core = " ".join([*first[: max(1, len(first) // 2)], *rest[len(rest) // 2 :]])
    legal = other["name"][len(core_of(other["name"])) :] or f" {rng.choice(LEGAL_FORMS[0])}"
    label = "".join(letter for letter in core.casefold() if letter.isascii() and letter.isalnum())[:30]
    ending = host_of(other["website"]).partition(".")[2]
    website = f"www.{label}.{ending}" if label and ending else ""
    digits = "".join(rng.choice("0123456789") for _ in range(7))
    phone = other["phone"][:-7] + digits if len(other["phone"]) > 7 else ""
    return other | {"name": core + legal, "website": website, "phone": phone, "email": ""}


def _enter(
    side: str, held: Sequence[tuple[int, Row]], parents: Sequence[Row], taken: set[str], rng: Random
) -> Iterator[tuple[int, Row, list[str]]]:
    """The rows of a side in random order: number of the company (-1 for a subsidiary), row, what happened.

    No subsidiary is called as a company or subsidiary in `taken`; its own name is added.
    """
    found = []
    for number, company in held:
        for _ in range(1 + (rng.random() < TWICE)):
            found.append((number, *damage(company, rng)))
    for _ in range(round(len(held) * SUBSIDIARIES) if parents else 0):
        child = _subsidiary(rng.choice(parents), rng.choice(parents), rng)
        if key_of(child["name"]) not in taken:
            taken.add(key_of(child["name"]))
            found.append((-1, *damage(child, rng, _SPARED)))
    rng.shuffle(found)
    for at, (number, row, happened) in enumerate(found):
        yield number, {"id": f"{side}{at:07d}", **row}, happened


def _subsidiary(parent: Row, neighbour: Row, rng: Random) -> Row:
    """Another company with the parent's name and website, at `neighbour`'s place or in its own country."""
    branch, country = rng.choice(_BRANCHES)
    place = (
        {"country": country, "city": "", "postcode": ""}
        if country
        else {field: neighbour[field] for field in ("country", "city", "postcode")}
    )
    return parent | place | {"name": f"{core_of(parent['name'])} {branch}", "phone": "", "email": ""}


def read_base(place: Path | None, wanted: int, seed: int) -> list[Row]:
    """The companies of an export, one for each name; invented ones without it."""
    if place is None:
        return _invent(wanted, seed)
    from overlap import read_accounts

    frame = read_accounts(place).frame
    rows = [dict(zip(FIELDS, row, strict=True)) for row in frame[list(FIELDS)].itertuples(index=False)]
    return list({key: row for row in rows if (key := key_of(row["name"]))}.values())


def _invent(wanted: int, seed: int) -> list[Row]:
    from cleanroom.demo.companies import invent_companies
    from cleanroom.demo.words import words

    companies = {key_of(company.core): company for company in invent_companies(wanted, words(), Random(seed))}
    return [
        {
            "name": f"{company.core} {company.legal[0]}".strip(),
            "website": f"www.{company.domain}",
            "email": "",
            "country": company.country.written[0],
            "city": company.city,
            "postcode": company.postcode,
            "phone": company.phone,
        }
        for company in companies.values()
    ]


def write_lists(lists: Lists, folder: Path) -> None:
    """The three files, UTF-8 with LF."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("left", lists.left), ("right", lists.right)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ("id", *FIELDS), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with (folder / "gold.csv").open("w", encoding="utf-8", newline="") as file:
        plain = csv.writer(file, lineterminator="\n")
        plain.writerow(("left_id", "right_id", "damage"))
        plain.writerows(lists.gold)


def main() -> None:
    """Write one set."""
    parser = argparse.ArgumentParser(description="two damaged lists of companies and the truth about them")
    parser.add_argument("folder", type=Path, help="where left.csv, right.csv and gold.csv go")
    parser.add_argument("--base", type=Path, help="an export with real companies; default: invented ones")
    parser.add_argument("--accounts", type=int, default=3_000, help="about how many a side")
    parser.add_argument("--shared", type=float, default=0.4, help="share of companies that both sides have")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    base = read_base(options.base, 2 * options.accounts, options.seed)
    lists = corrupt(base, options.accounts, options.shared, Random(options.seed))
    write_lists(lists, options.folder)
    sizes = f"{len(lists.left):,} and {len(lists.right):,} accounts"
    print(f"{sizes}, {len(lists.gold):,} true pairs, in {options.folder}")


if __name__ == "__main__":
    main()
