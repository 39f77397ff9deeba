"""On a Spark cluster of several processes, everything is byte for byte what one machine gives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from protocol_parties import ENGINE, RUN, identifiers, make_contract, stream
from spark_house import MARK, accounts, files_with, forms_of, open_house, write_parts

from overlap import group, match
from overlap.errors import InvalidElement, MalformedFile, Refused, UsageError, WrongRun
from overlap.exchange import exchange
from overlap.identity import GROUP_KINDS, KINDS, NO_VETO, identify_known, know, vetoed, with_groups
from overlap.protocol import Body, Passage, bucket_count, buckets, read_contract
from overlap.spark import (
    SparkEngine,
    SparkPassage,
    Workplace,
    close_session,
    identify_parquet,
    open_session,
    trace_parquet,
)

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    # pyspark leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SIZES = {"left": 1_500, "right": 1_100}
ROLE = {"left": "starter", "right": "responder"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def spark(house: Path) -> Iterator[Any]:
    made = open_house(house)
    try:
        yield made
    finally:
        close_session(made)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {side: accounts(size, side) for side, size in SIZES.items()}


@pytest.fixture(scope="module")
def stored(house: Path, tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    return {side: write_parts(frame, house / side, (0, 700, 1, 0)) for side, frame in tables.items()}


def at_home(
    frame: pd.DataFrame, role: str, kinds: tuple[str, ...], most: int, veto: str, level: str
) -> match.Distinct:
    known = know(frame)
    found = identify_known(known, kinds, None, 1, role=role, most=most).frame
    found = with_groups(vetoed(found, veto, role), known, kinds, None, 1)
    return match.distinct(match.choose_one(found) if level == "counts" else found)


def read(path: str) -> pd.DataFrame:
    return pq.read_table(path.removeprefix("file://")).to_pandas()


TERMS = [
    ("left", (*KINDS, *GROUP_KINDS), 8, NO_VETO, "overlaps"),
    ("right", (*KINDS, *GROUP_KINDS), 3, "duns", "overlaps"),
    ("right", KINDS, 8, NO_VETO, "counts"),
]


@pytest.mark.parametrize(("side", "kinds", "most", "veto", "level"), TERMS)
def test_identity_gives_the_list_of_one_machine_in_its_order(
    spark: Any,
    house: Path,
    tables: dict[str, pd.DataFrame],
    stored: dict[str, str],
    side: str,
    kinds: tuple[str, ...],
    most: int,
    veto: str,
    level: str,
) -> None:
    out = (house / f"listed-{side}-{level}-{most}").as_uri()
    role = ROLE[side]
    listed = identify_parquet(
        spark, stored[side], out, role=role, kinds=kinds, most=most, veto=veto, level=level
    )
    expected = at_home(tables[side], role, kinds, most, veto, level)
    assert (listed.accounts, listed.identifiers) == (SIZES[side], len(expected.encoded))
    assert read(f"{out}/list")["identifier"].tolist() == expected.encoded
    at_home_too = identify_known(know(tables[side]), kinds, None, 1, role=role, most=most)
    assert listed.dropped == at_home_too.dropped
    holders = read(f"{out}/holders")
    assert holders.to_numpy().tolist() == expected.holders.to_numpy().tolist()
    if "group_domain" in kinds:
        assert expected.frame["kind"].isin(["group_domain", "group_number", "group_name"]).any()


class Lists:
    """The lists of both sides, at home and in Parquet, and a contract with room for dummies."""

    def __init__(self, spark: Any, house: Path, name: str, left: list[bytes], right: list[bytes]) -> None:
        self.spark, self.house, self.name = spark, house / name.replace(" ", "-"), name
        self.lists = {"starter": left, "responder": right}
        bounds = len(left) + 40, len(right) + 3
        buckets = bucket_count("dh-2hash/1", *bounds)
        self.contract = make_contract(*bounds, buckets=buckets)
        for role, items in self.lists.items():
            table = pa.table({"identifier": pa.array(items, pa.binary())})
            place = self.house / role / "list"
            place.mkdir(parents=True)
            half = len(items) // 2
            for number, part in enumerate((table.slice(0, half), table.slice(half), table.slice(0, 0))):
                pq.write_table(part, place / f"part-{number:05d}.parquet")

    def at_home(self, role: str) -> Passage:
        passage = Passage(self.contract, role, RUN, ENGINE, stream(f"{self.name}/{role}"))
        passage.begin(self.lists[role])
        return passage

    def on_spark(self, role: str, begin: bool = True, **states: Any) -> SparkPassage:
        passage = SparkPassage(
            self.contract,
            role,
            RUN,
            self.spark,
            stream(f"{self.name}/{role}"),
            listed=(self.house / role).as_uri(),
            place=(self.house / f"{role}-run").as_uri(),
            **states,
        )
        if begin:
            passage.begin()
        return passage


class Kept(dict[int, bytes]):
    """The states of buckets, kept as a party's folder would."""

    load = dict.__getitem__
    save = dict.__setitem__


def take(passage: Any, message: str, body: bytes | None = None) -> bytes:
    return b"".join(passage.take(message, None if body is None else Body.of(body)))


def without_contract(lists: Lists, start: bytes) -> bytes:
    body = Body.of(start)
    assert read_contract(body) == lists.contract
    return body.read_rest()


def hits(passage: SparkPassage) -> list[tuple[int, bytes]]:
    frame = read(passage.hits)
    return list(zip(frame["position"].tolist(), frame["token"].tolist(), strict=True))


def found(passage: Passage) -> list[tuple[int, bytes]]:
    matches = passage.learned()
    return list(zip(matches.positions, matches.tokens, strict=True))


LISTS = {
    "thousands": (range(3_000), range(1_700, 6_000)),
    "three buckets": (range(300), range(100, 400)),
    "one": ([1], [1]),
    "empty": ([], [1, 2]),
}


@pytest.mark.parametrize("name", list(LISTS))
def test_a_run_over_parquet_has_the_bytes_and_the_matches_of_one_machine(
    spark: Any, house: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "three buckets":
        monkeypatch.setitem(buckets.BUCKET_ITEMS, "dh-2hash/1", 140)
    left, right = (identifiers(numbers) for numbers in LISTS[name])
    lists = Lists(spark, house, name, left, right)
    assert lists.contract.buckets == (3 if name == "three buckets" else 1)
    starter, responder = lists.at_home("starter"), lists.at_home("responder")
    whole = take(starter, "start")
    start = without_contract(lists, whole)
    reply = take(responder, "start", start)
    finish = take(starter, "reply", reply)
    assert take(responder, "finish", finish) == b""

    kept = Kept()
    far_starter, far_responder = lists.on_spark("starter"), lists.on_spark("responder", states=kept)
    assert take(far_starter, "start") == whole
    assert take(far_responder, "start", start) == reply
    scalar = group.draw_scalar(stream(f"{name}/responder"))
    assert not any(scalar in state or scalar.hex().encode() in state for state in kept.values())
    assert take(far_starter, "reply", reply) == finish
    assert take(far_starter, "reply", reply) == finish, "a repeated message gets the same answer"

    again = lists.on_spark("responder", begin=False, states=kept)
    assert take(again, "finish", finish) == b"", "a run goes on from its kept states"
    assert hits(far_starter) == found(starter)
    assert hits(again) == found(responder)
    assert (far_starter.learned(), again.learned()) == (starter.learned(), responder.learned())
    assert len(found(starter)) == len(set(left) & set(right))


def test_a_workplace_does_for_tables_of_this_process_what_it_does(spark: Any, house: Path) -> None:
    place = Workplace(spark, (house / "workplace").as_uri())
    kinds, lists = (*KINDS, *GROUP_KINDS), []
    for side, role in ROLE.items():
        frame = accounts(300, side)
        frame.loc[::9, ["website", "duns"]] = "https://localhost", "12"
        terms = {"kinds": kinds, "role": role, "most": 4}
        found = identify_known(know(frame), processes=1, **terms)
        expected = with_groups(vetoed(found.frame, "duns", role), know(frame), kinds, None, 1)
        for level in ("overlaps", "sum"):
            identified = place.identify(frame, **terms, veto="duns", level=level)
            assert identified.dropped == found.dropped and len(found.dropped) > 1
            chosen = expected if level == "overlaps" else match.choose_one(expected)
            pd.testing.assert_frame_equal(identified.frame, chosen)
        lists.append(match.distinct(expected).encoded)
    ours, theirs = (
        exchange(
            *lists,
            "overlaps",
            kinds,
            ENGINE,
            random,
            passage=place.passage_of("dh-2hash/1", random) if far else None,
        )
        for far in (False, True)
        for random in (stream("workplace"),)
    )
    assert theirs == ours and len(ours.starter.positions) > 10
    assert place.passage_of("vole-rr22/1", stream("none")) is None
    assert (house / "workplace").exists()
    place.remove()
    place.remove()
    assert not (house / "workplace").exists()


def damage(reply: bytes, name: str) -> bytes:
    """A reply with one thing wrong."""
    elements = [reply[at : at + 32] for at in range(0, 32 * 60, 32)]
    if name == "short":
        return reply[:-1]
    if name == "unsorted tags":
        return reply[:-20] + reply[-10:] + reply[-20:-10]
    if name == "repeated":
        elements[41] = elements[20]
    else:
        elements[41], elements[50] = (2).to_bytes(32, "little"), b"\xff" * 32
    return b"".join(elements) + reply[32 * 60 :]


@pytest.mark.parametrize("name", ["twist", "repeated", "short", "unsorted tags"])
def test_a_bad_reply_is_refused_as_on_one_machine(spark: Any, house: Path, name: str) -> None:
    lists = Lists(spark, house, f"reply {name}", identifiers(range(50)), identifiers(range(30, 90)))
    starter, responder = lists.at_home("starter"), lists.at_home("responder")
    start = without_contract(lists, take(starter, "start"))
    reply = damage(take(responder, "start", start), name)
    with pytest.raises((InvalidElement, MalformedFile)) as expected:
        take(starter, "reply", reply)
    far = lists.on_spark("starter")
    take(far, "start")
    with pytest.raises(type(expected.value)) as refusal:
        take(far, "reply", reply)
    assert str(refusal.value) == str(expected.value)
    assert far.aborted and starter.aborted
    if name == "twist":
        assert "element 42 of 90 is on the twist" in str(refusal.value)
        with pytest.raises(Refused, match="aborted"):
            take(far, "reply", reply)


@pytest.mark.parametrize("name", ["unsorted", "twist", "another"])
def test_a_bad_start_is_refused_as_on_one_machine(spark: Any, house: Path, name: str) -> None:
    lists = Lists(spark, house, f"start {name}", identifiers(range(50)), identifiers(range(30, 90)))
    starter, responder = lists.at_home("starter"), lists.at_home("responder")
    start = without_contract(lists, take(starter, "start"))
    elements = [start[at : at + 32] for at in range(0, len(start), 32)]
    far = lists.on_spark("responder")
    if name == "another":
        # Another start in place of the first one would make an oracle of the scalar.
        take(responder, "start", start), take(far, "start", start)
        elements[0] = bytes(32)
    elif name == "unsorted":
        elements[:2] = elements[1::-1]
    else:
        elements = sorted([(2).to_bytes(32, "little"), *elements[1:]])
    with pytest.raises((InvalidElement, MalformedFile, WrongRun)) as expected:
        take(responder, "start", b"".join(elements))
    with pytest.raises(type(expected.value)) as refusal:
        take(far, "start", b"".join(elements))
    assert str(refusal.value) == str(expected.value)
    assert far.aborted


def test_more_identifiers_than_declared_and_repeated_ones_are_refused(spark: Any, house: Path) -> None:
    lists = Lists(spark, house, "many", identifiers(range(9)), identifiers([1, 2, 1]))
    lists.contract = make_contract(8, 3)
    with pytest.raises(Refused, match="9 identifiers are more than the declared size bound of 8"):
        lists.on_spark("starter")
    with pytest.raises(Refused, match="repeated"):
        lists.on_spark("responder")


def test_matches_lead_back_to_accounts(spark: Any, house: Path, stored: dict[str, str]) -> None:
    listed, place = (house / "traced").as_uri(), (house / "traced-hits").as_uri()
    identify_parquet(spark, stored["right"], listed, role="responder", kinds=("domain",))
    names = read(f"{listed}/list")
    positions = [0, len(names) - 1]
    table = pa.table({"position": positions, "token": pa.array([b"a" * 16, b"b" * 16], pa.binary())})
    (house / "traced-hits").mkdir()
    pq.write_table(table, house / "traced-hits" / "part-00000.parquet")
    trace_parquet(spark, listed, place, (house / "traced-out").as_uri())
    rows = read((house / "traced-out").as_uri())
    holders = read(f"{listed}/holders")
    expected = holders[holders["position"].isin(positions)]
    assert sorted(rows["account"].tolist()) == sorted(expected["account"].tolist())
    assert set(rows["value"]) == {names["value"][at] for at in positions}
    assert list(rows.columns) == ["account", "kind", "value", "token"]


def test_the_engine_gives_the_bytes_and_the_errors_of_the_group(spark: Any) -> None:
    engine = SparkEngine(spark, threshold=1)
    scalar = group.draw_scalar(stream("engine"))
    for size in (0, 1, 4_096, 4_097, 9_000):
        messages = identifiers(range(size))
        hashed = engine.hash_to_group(messages)
        assert hashed == group.hash_to_group(messages)
        product = engine.multiply(scalar, hashed)
        assert product == group.multiply(scalar, hashed)
        engine.check_points(product)
    bad = bytearray(product)
    bad[32 * 8_000 : 32 * 8_001] = bytes(32)
    bad[32 * 5_000 : 32 * 5_001] = (2).to_bytes(32, "little")
    with pytest.raises(InvalidElement, match=r"^element 5001 of 9000 is on the twist$"):
        engine.check_points(bytes(bad))
    with pytest.raises(InvalidElement, match=r"^element 8001 of 9000 is of low order$"):
        engine.multiply(scalar, bytes(bad))
    with pytest.raises(InvalidElement, match=r"^element 9001 of 9001 repeats an earlier one$"):
        engine.check_points(product + product[:32])
    engine.close()
    assert engine.hash_to_group(messages) == hashed, "a session of somebody else stays open"


def test_a_second_session_in_one_process_is_refused(spark: Any) -> None:
    with pytest.raises(UsageError, match="open in this process already"):
        open_session("local[1]")


def test_no_secret_lies_open(spark: Any, house: Path) -> None:
    """Last in this file: it searches what all tests above have left behind, while the session is open."""
    from overlap.spark import jobs, work

    scalar = group.draw_scalar(stream("hidden"))
    with jobs.sealed(spark, scalar) as secret:
        rows = spark.createDataFrame([(0, b"" + MARK.encode())], "position long, identifier binary")
        frame = jobs.mapped(rows, work.Evaluate(secret), work.KEYED)
        assert frame.collect()
        query = frame._jdf.queryExecution()
        plans = query.toString() + query.executedPlan().treeString() + query.optimizedPlan().toJSON()
    secrets_of_runs = [group.draw_scalar(stream(f"thousands/{side}")) for side in ROLE.values()]
    forms = [form for one in (scalar, *secrets_of_runs) for form in forms_of(one)]
    assert "Evaluate" in plans and not [form for form in forms if form in plans.encode()]

    key = dict(spark.sparkContext.getConf().getAll())["spark.authenticate.secret"].encode()
    log = house / "log"
    assert files_with(log, [b"MapInArrow"]), "the event log is there and can be read"
    assert not files_with(log, [*forms, MARK.encode(), MARK.title().encode(), key])

    local = house / "local"
    assert any(path.is_file() and path.stat().st_size for path in local.rglob("shuffle_*")), "files to search"
    assert not files_with(local, [*forms, MARK.encode(), MARK.title().encode(), b"company-17", key])

    from pyspark.find_spark_home import _find_spark_home

    work_folder = Path(_find_spark_home()) / "work" / spark.sparkContext.applicationId
    assert files_with(work_folder, [b""]), "the executors' own output is there"
    assert not files_with(work_folder, [*forms, MARK.encode(), MARK.title().encode(), b"company-17", key])
