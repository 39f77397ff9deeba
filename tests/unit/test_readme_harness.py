"""The harness that runs the README sees every difference: a sample README that is right, and wrong ones.

The sample's answers were read off the commands.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from readme import BEGIN, DAY, MINUTE, Command, Later, play, read_script

from cleanroom.session.folder import Folder

SAMPLE = """# Sample

File `crm/customers.csv`:

```csv
Id,Name,Website
1,Acme Rockets,acme.example
2,Bolt Works,bolt.example
```

Not run:

```console
$ pip install something
```

Run:

```console
northwind $ overlap init --party northwind
made party northwind in northwind
fingerprint  …
recovery key in northwind/recovery.key: move it offline
next: …
contoso $ overlap init --party contoso
…
northwind $ overlap import crm/customers.csv \\
    --population customers
imported  2 accounts (customers); rejected 0
…
contoso $ overlap card --out exchange/contoso.card
…
northwind $ overlap partner add exchange/contoso.card --fingerprint "<read out by contoso>"
partner      contoso
…
verified: …
# 2 days later
northwind $ overlap agreement accept crm/customers.csv --yes
overlap: …
hint: …
```
"""


def test_a_sample_is_run_to_its_end(tmp_path: Path) -> None:
    assert play(read_script(SAMPLE), tmp_path) == 6
    assert (tmp_path / "northwind" / "tables" / "accounts-customers.parquet").is_file()


def test_files_and_steps_are_read_in_order() -> None:
    script = read_script(SAMPLE)
    assert script.files == {
        "crm/customers.csv": "Id,Name,Website\n1,Acme Rockets,acme.example\n2,Bolt Works,bolt.example\n"
    }
    assert [step.days for step in script.steps if isinstance(step, Later)] == [2]
    commands = [step for step in script.steps if isinstance(step, Command)]
    assert [command.text for command in commands][2:4] == [
        "overlap import crm/customers.csv --population customers",
        "overlap card --out exchange/contoso.card",
    ]
    assert SAMPLE.splitlines()[commands[1].line - 1] == "contoso $ overlap init --party contoso"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("imported  2 accounts", "imported  3 accounts"),
        ("made party northwind in northwind\n", ""),
        ("next: …\n", ""),
        ("next: …\n", "next: …\nmore\n"),
        ("<read out by contoso>", "<read out by northwind>"),
        ("fingerprint  …", "fingerprint  ABCD …"),
        ("overlap: …\nhint: …\n", ""),
    ],
)
def test_a_difference_is_seen(right: str, wrong: str, tmp_path: Path) -> None:
    assert right in SAMPLE
    with pytest.raises(AssertionError, match="stands there"):
        play(read_script(SAMPLE.replace(right, wrong, 1)), tmp_path)


def test_the_clock_is_that_of_the_readme(tmp_path: Path) -> None:
    block = "```console\na $ overlap init --party a\n…\n# 3 days later\na $ overlap import one.csv\n…\n```\n"
    text = "File `one.csv`:\n\n```csv\nId,Name\n1,Acme\n```\n\n" + block
    assert play(read_script(text), tmp_path) == 2
    record = Folder(tmp_path / "a").read_record("tables", "accounts-customers.import")
    assert record["imported_at"] == BEGIN + MINUTE + 3 * DAY


@pytest.mark.parametrize(
    "text",
    [
        "```console\nnorthwind $ ls\nnorthwind $ overlap status\n```\n",
        "```console\nsome words\nnorthwind $ overlap status\n```\n",
        "File `crm/lost.csv`:\n",
    ],
)
def test_what_would_be_skipped_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"command of a party|no block"):
        read_script(text)
