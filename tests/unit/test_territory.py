"""Territory files and their undo.

Expected values: the 15/18 character pair 001A0000006Vm9r / 001A0000006Vm9rIAC is a much published example of
Salesforce's check letters; nulls as `#N/A` from the Bulk API guide; the rest is worked by hand.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pandas as pd
import pytest

from cleanroom.export import LEFT_OUT, SHARED_COLUMNS, salesforce_id, territory
from overlap.errors import Refused, UsageError
from overlap.records import TERRITORY_COLUMNS

NOW = 1_777_593_600  # 2026-05-01T00:00:00Z
JUNE, JULY = NOW + 31 * 86_400, NOW + 61 * 86_400
SHORT, LONG = "001A0000006Vm9r", "001A0000006Vm9rIAC"


def row(**change):
    usual = {
        "account": "101",
        "partner": "contoso",
        "partner_card": "c0" * 32,
        "our_population": "customers",
        "their_population": "prospects",
        "kind": "domain",
        "tier": "exact",
        "agreement": "agr-1",
        "purpose": "co-sell; territory-planning",
        "shared_until": JULY,
        "released": True,
        "exportable": True,
    }
    return usual | change


def shared(*rows, fields=()):
    return pd.DataFrame(list(rows), columns=[*SHARED_COLUMNS, *fields])


TWO = (
    row(),
    row(partner="fabrikam", partner_card="fa" * 32, kind="duns", agreement="agr-2", shared_until=JUNE),
    row(account="99", our_population="open_opportunities"),
)


def tables(export):
    return {
        file.name: list(csv.reader(io.StringIO(file.content.decode(), newline="")))
        for file in export.files
        if file.name.endswith(".csv")
    }


def sf(*rows, **options):
    return territory(shared(*(line | {"account": LONG} for line in rows)), "salesforce", NOW, **options)


def test_an_account_has_one_row_with_its_partners_and_the_earliest_end():
    table = tables(territory(shared(*TWO), "csv", NOW))["territory.csv"]
    assert table == [
        [
            "account_id",
            "partners",
            "our_populations",
            "their_populations",
            "match_reason",
            "agreements",
            "purposes",
            "shared_until",
            "territory_id",
            "territory_name",
            "territory_owner",
        ],
        [
            "101",
            "contoso; fabrikam",
            "customers",
            "prospects",
            "contoso: domain (exact); fabrikam: duns (exact)",
            "agr-1; agr-2",
            "co-sell; territory-planning",
            "2026-06-01T00:00:00Z",
            "",
            "",
            "",
        ],
        [
            "99",
            "contoso",
            "open_opportunities",
            "prospects",
            "contoso: domain (exact)",
            "agr-1",
            "co-sell; territory-planning",
            "2026-07-01T00:00:00Z",
            "",
            "",
            "",
        ],
    ]


def test_own_territories_stand_beside_the_account():
    own = [(2, "101", "T1", "North", "ann"), (3, "101", "T2", "", "bob"), (4, "7", "T9", "South", "cy")]
    frame = pd.DataFrame(own, columns=list(TERRITORY_COLUMNS))
    table = tables(territory(shared(*TWO), "csv", NOW, territories=frame))["territory.csv"]
    assert table[1][-3:] == ["T1; T2", "North; ", "ann; bob"]
    assert table[2][-3:] == ["", "", ""]


def test_the_partner_file_has_a_row_for_each_pair_and_the_released_fields():
    lines = [
        row() | {"field.owner": "ann", "field.city": "Ulm"},
        TWO[1] | {"field.owner": "bob", "field.city": ""},
    ]
    frame = shared(*lines, fields=("field.owner", "field.city"))
    table = tables(territory(frame, "csv", NOW))["territory-partners.csv"]
    assert table[0][-2:] == ["their_city", "their_owner"]
    assert [(line[0], line[1], *line[-2:]) for line in table[1:]] == [
        ("101", "contoso", "Ulm", "ann"),
        ("101", "fabrikam", "", "bob"),
    ]


def test_a_salesforce_file_is_keyed_by_the_18_character_id_and_has_linefeeds():
    export = territory(shared(row(account=SHORT), row(account=LONG, kind="vat")), "salesforce", NOW)
    table = tables(export)["salesforce-account.csv"]
    assert [line[:2] for line in table] == [["Id", "Overlap_Shared__c"], [LONG, "TRUE"]]
    assert table[1][5] == "contoso: domain (exact); contoso: vat (exact)"
    assert not any(b"\r" in file.content for file in export.files)


def test_the_salesforce_undo_sets_every_loaded_field_to_null():
    sheets = tables(sf(row(), row(partner_card="fa" * 32)))
    for name in ("salesforce-account", "salesforce-partner-overlap"):
        loaded, undone = sheets[f"{name}.csv"], sheets[f"{name}-undo.csv"]
        assert [line[0] for line in loaded] == [line[0] for line in undone]
        assert set(undone[0]) == set(loaded[0]) - {"Account__c"}
        assert all(cell in ("#N/A", "FALSE") for line in undone[1:] for cell in line[1:])
    assert sheets["salesforce-account-undo.csv"][1].count("FALSE") == 1
    deleted = sheets["salesforce-partner-overlap-delete.csv"]
    assert deleted == [line[:1] for line in sheets["salesforce-partner-overlap.csv"]]


def test_the_external_id_of_a_pair_depends_on_account_and_card_only():
    def ids(*rows):
        return [line[0] for line in tables(sf(*rows))["salesforce-partner-overlap.csv"][1:]]

    first = ids(row())
    assert first == ids(row(kind="vat", agreement="agr-9", shared_until=JUNE, partner="renamed"))
    assert first != ids(row(partner_card="fa" * 32))
    assert len(set(ids(row(), row(partner_card="fa" * 32)))) == 2


def test_another_external_id_field_takes_ids_as_they_are():
    export = territory(shared(*TWO), "salesforce", NOW, external_id="Erp_Id__c")
    assert [line[0] for line in tables(export)["salesforce-account.csv"]] == ["Erp_Id__c", "101", "99"]
    assert tables(export)["salesforce-partner-overlap.csv"][0][1] == "Account__r.Erp_Id__c"


def test_a_hubspot_file_is_keyed_by_record_id():
    export = territory(shared(*TWO), "hubspot", NOW)
    table = tables(export)["hubspot-companies.csv"]
    assert table[0][:3] == ["Record ID", "overlap_shared", "overlap_partners"]
    assert table[1][-2:] == ["2026-06-01T00:00:00Z", "2026-06-01"]


def test_the_hubspot_undo_overwrites_by_import_and_empties_by_api():
    export = territory(shared(*(row(account=str(number)) for number in range(250))), "hubspot", NOW)
    sheets = tables(export)
    loaded, undone = sheets["hubspot-companies.csv"], sheets["hubspot-companies-undo.csv"]
    assert loaded[0] == undone[0]
    assert [line[0] for line in loaded] == [line[0] for line in undone]
    assert {tuple(line[1:]) for line in undone[1:]} == {("false", *["ended"] * 7, "1970-01-01")}
    bodies = [json.loads(line) for line in export.files[-1].content.splitlines()]
    assert [len(body["inputs"]) for body in bodies] == [100, 100, 50]
    assert all(entry["properties"] == dict.fromkeys(loaded[0][1:], "") for entry in bodies[0]["inputs"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shared_until": NOW}, "ended"),
        ({"shared_until": NOW - 1}, "ended"),
        ({"released": False}, "not-released"),
        ({"exportable": False}, "not-exportable"),
        ({"purpose": "co-sell"}, "other-purpose"),
        ({"purpose": "not-territory-planning"}, "other-purpose"),
        ({"purpose": ""}, "other-purpose"),
        ({"tier": "candidate"}, "candidate"),
        ({"account": "A-7"}, "unusable-id"),
    ],
)
def test_a_row_that_may_not_go_is_left_out_and_counted(change, reason):
    export = territory(shared(row(), row(account="55") | change), "hubspot", NOW)
    assert (export.accounts, dict(export.left_out)) == (1, {reason: 1})
    assert json.loads(export.manifest.content)["left_out"] == {reason: 1}
    with pytest.raises(Refused, match=re.escape(LEFT_OUT[reason])):
        territory(shared(row() | change), "hubspot", NOW)


def test_a_row_is_exported_until_the_second_before_its_end():
    assert territory(shared(row(shared_until=NOW + 1)), "csv", NOW).accounts == 1


def test_the_account_takes_nothing_from_a_row_that_was_left_out():
    table = tables(territory(shared(row(), TWO[1] | {"shared_until": NOW}), "csv", NOW))["territory.csv"]
    assert table[1][1] == "contoso"


FORMULAS = ("=1+1", "+cmd|x", "-x", "@SUM(A1)", "\tx", "\rx")
HARMLESS = ("-5", "+3.50", "-1.2e3", "+49 (30) 123-45", "x=1", "")


def with_names(*names):
    lines = [row(account=str(place), **{"field.name": name}) for place, name in enumerate(names)]
    return shared(
        *(line | {"account": f"{place:03}"} for place, line in enumerate(lines)), fields=("field.name",)
    )


def test_files_for_people_escape_formulas_but_never_numbers_or_phones():
    export = territory(with_names(*FORMULAS, *HARMLESS), "csv", NOW)
    names = [line[-1] for line in tables(export)["territory-partners.csv"][1:]]
    assert names == ["'" + text for text in FORMULAS] + list(HARMLESS)


def test_files_for_a_crm_keep_the_bytes_and_list_the_cells():
    export = territory(with_names(*FORMULAS, *HARMLESS), "salesforce", NOW, external_id="Erp_Id__c")
    table = tables(export)["salesforce-partner-overlap.csv"]
    assert sorted(line[-1] for line in table[1:]) == sorted((*FORMULAS, *HARMLESS))
    cells = json.loads(export.manifest.content)["formula_cells"]
    listed = {
        (cell["row"], cell["column"]) for cell in cells if cell["file"] == "salesforce-partner-overlap.csv"
    }
    begins = {
        (number, len(line))
        for number, line in enumerate(table, start=1)
        if line[-1] in (*FORMULAS, "-5", "+3.50", "-1.2e3", "+49 (30) 123-45")
    }
    assert listed == begins
    assert not any(cell["escaped"] for cell in cells)
    assert b"SUM" not in export.manifest.content


def test_the_manifest_names_every_file_with_its_digest_and_count():
    export = territory(shared(*TWO), "csv", NOW)
    manifest = json.loads(export.manifest.content)
    assert manifest["format"] == "overlap-export/1"
    assert (manifest["made_at"], manifest["shared_until"]) == ("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z")
    assert manifest["agreements"] == ["agr-1", "agr-2"]
    assert (manifest["accounts"], manifest["pairs"]) == (2, 3)
    for entry, file in zip(manifest["files"], export.files, strict=True):
        assert entry["name"] == file.name
        assert entry["sha256"] == hashlib.sha256(file.content).hexdigest()
        assert entry["rows"] == len(tables(export)[file.name]) - 1


@pytest.mark.parametrize("target", ["salesforce", "hubspot", "csv"])
def test_the_bytes_do_not_depend_on_the_order_of_rows(target):
    options = {"external_id": "Erp_Id__c"} if target == "salesforce" else {}
    frame = shared(*TWO)
    assert territory(frame, target, NOW, **options) == territory(frame.iloc[::-1], target, NOW, **options)


def test_salesforce_ids_are_checked_and_completed():
    assert (salesforce_id(SHORT), salesforce_id(LONG)) == (LONG, LONG)
    for wrong in ("", "001A", LONG.lower(), SHORT + "AAA", "001A0000006Vm9é"):
        assert salesforce_id(wrong) is None


@pytest.mark.parametrize(
    ("target", "options"),
    [("dynamics", {}), ("salesforce", {"external_id": "Name"}), ("csv", {"external_id": "Erp_Id__c"})],
)
def test_an_unknown_target_or_key_is_refused(target, options):
    with pytest.raises(UsageError):
        territory(shared(row()), target, NOW, **options)


@pytest.mark.parametrize(
    "columns", [[*SHARED_COLUMNS, "field.id"], [*SHARED_COLUMNS, "note"], SHARED_COLUMNS[1:]]
)
def test_unknown_or_missing_columns_are_refused(columns):
    with pytest.raises(UsageError):
        territory(pd.DataFrame([], columns=list(columns)), "csv", NOW)


def test_nothing_shared_is_refused():
    with pytest.raises(Refused, match="nothing is shared"):
        territory(shared(), "csv", NOW)
