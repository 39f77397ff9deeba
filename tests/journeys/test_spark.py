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
from spark_house import MARK, accounts, files_with, forms_of, odd_pieces, open_house, write_parts

from overlap import group, match
from overlap.errors import ContractMismatch, InvalidElement, MalformedFile, Refused, UsageError, WrongRun
from overlap.identity import GROUP_KINDS, KINDS, NO_VETO, identify_known, know, vetoed, with_groups
from overlap.protocol import dh
from overlap.protocol.body import write_start
from overlap.spark import SparkEngine, SparkResponder, SparkStarter, identify_parquet, open_session, session

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
        session.close_session(made)


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
    holders = read(f"{out}/holders")
    assert holders.to_numpy().tolist() == expected.holders.to_numpy().tolist()
    if "group_domain" in kinds:
        assert expected.frame["kind"].isin(["group_domain", "group_number", "group_name"]).any()


class Lists:
    """The lists of both sides, at home and in Parquet, and a contract with room for dummies."""

    def __init__(self, spark: Any, house: Path, name: str, left: list[bytes], right: list[bytes]) -> None:
        self.spark, self.house, self.name = spark, house / name, name
        self.left, self.right = left, right
        self.contract = make_contract(len(left) + 40, len(right) + 3)
        for side, items in (("left", left), ("right", right)):
            table = pa.table({"identifier": pa.array(items, pa.binary())})
            place = self.house / side / "list"
            place.mkdir(parents=True)
            half = len(items) // 2
            for number, part in enumerate((table.slice(0, half), table.slice(half), table.slice(0, 0))):
                pq.write_table(part, place / f"part-{number:05d}.parquet")

    def at_home(self) -> tuple[Any, Any]:
        left, right = (stream(f"{self.name}/{side}") for side in ("left", "right"))
        return (
            dh.Starter.begin(self.contract, RUN, self.left, ENGINE, left),
            dh.Responder.begin(self.contract, RUN, self.right, ENGINE, right),
        )

    def on_spark(self) -> tuple[SparkStarter, SparkResponder]:
        left, right = (stream(f"{self.name}/{side}") for side in ("left", "right"))

        def places(side: str) -> tuple[str, str]:
            return (self.house / side).as_uri(), (self.house / f"{side}-run").as_uri()

        return (
            SparkStarter.begin(self.spark, self.contract, RUN, *places("left"), left),
            SparkResponder.begin(self.spark, self.contract, RUN, *places("right"), right),
        )


def hits(role: Any) -> list[tuple[int, bytes]]:
    frame = read(role.hits)
    return list(zip(frame["position"].tolist(), frame["token"].tolist(), strict=True))


def numbers(name: str) -> tuple[list[bytes], list[bytes]]:
    left, right = {
        "thousands": (range(3_000), range(1_700, 6_000)),
        "one": ([1], [1]),
        "no common": ([1], [2]),
        "empty": ([], [1, 2]),
        "both empty": ([], []),
    }[name]
    return identifiers(left), identifiers(right)


@pytest.mark.parametrize("name", ["thousands", "one", "no common", "empty", "both empty"])
def test_a_run_over_parquet_has_the_bytes_and_the_matches_of_one_machine(
    spark: Any, house: Path, name: str
) -> None:
    lists = Lists(spark, house, name, *numbers(name))
    starter, responder = lists.at_home()
    start = starter.start()
    reply = responder.reply(start)
    finish, ours = starter.finish(reply)
    theirs = responder.finish(finish)

    far_starter, far_responder = lists.on_spark()
    assert b"".join(far_starter.start()) == start
    assert b"".join(far_responder.reply(odd_pieces(start))) == reply
    assert b"".join(far_starter.finish(odd_pieces(reply))) == finish
    assert far_responder.finish(odd_pieces(finish)) == len(theirs.positions)
    assert hits(far_starter) == list(zip(ours.positions, ours.tokens, strict=True))
    assert hits(far_responder) == list(zip(theirs.positions, theirs.tokens, strict=True))

    assert b"".join(far_responder.reply([start])) == reply, "a repeated start gets the same answer"
    scalar = group.draw_scalar(stream(f"{name}/right"))
    assert scalar not in far_responder.to_bytes(), "the scalar ends with the reply"
    assert scalar.hex().encode() not in far_responder.to_bytes()
    with pytest.raises(WrongRun):
        far_responder.reply([start[:-1] + b"\0"])
    assert far_responder.state == "aborted"


def damage(body: bytes, head: int, name: str) -> bytes:
    """A body whose elements begin at `head`, with one thing wrong."""
    elements = [body[at : at + 32] for at in range(head, head + 32 * 60, 32)]
    bad = {
        "twist": (2).to_bytes(32, "little"),
        "low order": (1).to_bytes(32, "little"),
        "not canonical": b"\xff" * 32,
        "repeated": elements[20],
    }
    if name == "short":
        return body[:-1]
    if name == "long":
        return body + bytes(5)
    elements[41] = bad[name]
    if name == "twist":
        elements[50] = bad["low order"]
    return body[:head] + b"".join(elements) + body[head + 32 * 60 :]


DAMAGES = ["twist", "low order", "not canonical", "repeated", "short", "long"]


@pytest.mark.parametrize("name", DAMAGES)
def test_a_bad_reply_is_refused_as_on_one_machine(spark: Any, house: Path, name: str) -> None:
    lists = Lists(spark, house, f"reply {name}", identifiers(range(50)), identifiers(range(30, 90)))
    starter, responder = lists.at_home()
    reply = damage(responder.reply(starter.start()), 0, name)
    with pytest.raises((InvalidElement, MalformedFile)) as expected:
        starter.finish(reply)
    far, _ = lists.on_spark()
    list(far.start())
    with pytest.raises(type(expected.value)) as found:
        far.finish(odd_pieces(reply))
    assert str(found.value) == str(expected.value)
    assert far.state == "aborted"
    with pytest.raises(Refused):
        far.finish([reply])


@pytest.mark.parametrize("name", ["unsorted", "sorted twist", "other contract", "short"])
def test_a_bad_start_is_refused_as_on_one_machine(spark: Any, house: Path, name: str) -> None:
    lists = Lists(spark, house, f"start {name}", identifiers(range(50)), identifiers(range(30, 90)))
    starter, responder = lists.at_home()
    start = starter.start()
    head = len(write_start(lists.contract, []))
    elements = [start[at : at + 32] for at in range(head, len(start), 32)]
    if name == "unsorted":
        start = start[:head] + b"".join([elements[1], elements[0], *elements[2:]])
    elif name == "sorted twist":
        start = start[:head] + b"".join(sorted([(2).to_bytes(32, "little"), *elements[1:]]))
    elif name == "other contract":
        start = write_start(make_contract(90, 64), elements)
    else:
        start = start[:-32]
    with pytest.raises((InvalidElement, MalformedFile, ContractMismatch)) as expected:
        responder.reply(start)
    _, far = lists.on_spark()
    with pytest.raises(type(expected.value)) as found:
        far.reply(odd_pieces(start))
    assert str(found.value) == str(expected.value)
    assert far.state == responder.state


def test_a_run_goes_on_from_its_kept_state(spark: Any, house: Path) -> None:
    lists = Lists(spark, house, "kept", identifiers(range(50)), identifiers(range(30, 90)))
    starter, responder = lists.at_home()
    reply = responder.reply(starter.start())
    _, ours = starter.finish(reply)
    far, _ = lists.on_spark()
    list(far.start())
    places = (lists.house / "left").as_uri(), (lists.house / "left-run").as_uri()
    again = SparkStarter.from_bytes(far.to_bytes(), spark, *places, stream("other"))
    list(again.finish([reply]))
    assert hits(again) == list(zip(ours.positions, ours.tokens, strict=True))


def test_more_identifiers_than_declared_are_refused(spark: Any, house: Path) -> None:
    lists = Lists(spark, house, "many", identifiers(range(9)), identifiers([]))
    lists.contract = make_contract(8, 3)
    with pytest.raises(Refused, match="9 identifiers are more than the declared size bound of 8"):
        lists.on_spark()


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
    secrets_of_runs = [group.draw_scalar(stream(f"thousands/{side}")) for side in ("left", "right")]
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
