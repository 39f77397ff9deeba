"""Our matched accounts beside what partners have shown of theirs: the input of matrix, export and credit."""

from __future__ import annotations

import pandas as pd

from cleanroom.export import SHARED_COLUMNS
from cleanroom.report import MATCHED_COLUMNS
from cleanroom.session.agreement.agreements import agreement_name, agreement_with_digest
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.session.share.releases import all_releases, read_release
from cleanroom.store import query, read_table

#: A run's matched accounts that no review suppresses, with every token and the released fields of its
#: record, best token first.
_JOIN = """
    SELECT accounts.id AS account, accounts.population AS our_population,
           overlap.kind AS kind, overlap.tier AS tier, tokens.token AS token,
           tokens.rank AS rank, released.* EXCLUDE (token)
    FROM overlap
    JOIN accounts ON accounts.position = overlap.account
    JOIN tokens ON tokens.account = overlap.account
    LEFT JOIN released ON released.token = tokens.token
    ORDER BY account, rank
"""


def latest_runs(party: Party, partner: str | None = None) -> list[RunRecord]:
    """The newest finished run at level overlaps with each partner."""
    newest = {
        record.partner: record
        for record in all_runs(party)
        if record.state == "finished" and record.level == "overlaps" and partner in (None, record.partner)
    }
    return [newest[name] for name in sorted(newest)]


def joined(party: Party, record: RunRecord) -> pd.DataFrame:
    """One row for each matched own account and token, with `record`, `share` and `field.*` where released."""
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    state = release_state(party, record)
    return query(
        _JOIN,
        overlap=state.shown,
        accounts=accounts.assign(position=range(len(accounts))),
        tokens=state.links.assign(rank=range(len(state.links))),
        released=_released(party, record),
    )


def matched_accounts(party: Party, record: RunRecord) -> pd.DataFrame:
    """`MATCHED_COLUMNS` for the matrix. A peer's account is named by its record in a release."""
    rows = joined(party, record)
    released = rows.loc[rows["record"].notna(), "account"].unique()
    rows = rows[rows["record"].notna() | ~rows["account"].isin(released)]
    shown = rows["record"].notna()
    their_population = rows["field.population"] if "field.population" in rows else pd.Series("", rows.index)
    named = (rows["share"].fillna("") + "/" + rows["record"].astype("Int64").astype("str")).where(shown, "")
    return pd.DataFrame(
        {
            "account": rows["account"],
            "token": rows["token"],
            "our_population": rows["our_population"],
            "their_population": their_population.fillna(""),
            "their_account": named,
        }
    )[list(MATCHED_COLUMNS)].astype("str")


def exportable_accounts(party: Party) -> pd.DataFrame:
    """`SHARED_COLUMNS` and `field.*` for the export: one row for each matched account and partner."""
    frames = [_shared_with(party, record) for record in latest_runs(party)]
    if not frames:
        return pd.DataFrame(columns=list(SHARED_COLUMNS))
    shared = pd.concat(frames, ignore_index=True)
    fields = [name for name in shared.columns if name.startswith("field.")]
    shared[fields] = shared[fields].fillna("")
    return shared


def _shared_with(party: Party, record: RunRecord) -> pd.DataFrame:
    rows = joined(party, record)
    rows = rows.sort_values(["account", "share", "rank"], na_position="last").drop_duplicates("account")
    signed = agreement_with_digest(party, record.agreement)
    releases = {release.share: release for release in all_releases(party, record.partner)}
    until = rows["share"].map({name: release.until for name, release in releases.items()})
    leased = rows["share"].map({name: ";".join(release.purposes) for name, release in releases.items()})
    shared = pd.DataFrame(
        {
            "account": rows["account"],
            "partner": record.partner,
            "partner_card": party.card_of(record.partner).digest.hex(),
            "our_population": rows["our_population"],
            "their_population": rows["field.population"].fillna("") if "field.population" in rows else "",
            "kind": rows["kind"],
            "tier": rows["tier"],
            "agreement": agreement_name(signed),
            "purpose": leased.astype("object").fillna(";".join(signed.agreement.terms.purposes)),
            "shared_until": until.fillna(signed.until).astype("int64"),
            "released": rows["share"].notna(),
            "exportable": signed.agreement.terms.exportable,
        }
    )
    fields = [name for name in rows.columns if name.startswith("field.")]
    return pd.concat([shared, rows[fields].fillna("")], axis=1)


def _released(party: Party, record: RunRecord) -> pd.DataFrame:
    """All releases of a run: token, share, record and fields; the share with the latest end names a token."""
    releases = [release for release in all_releases(party, record.partner) if release.run == record.run]
    frames = [
        read_release(party, release).assign(share=release.share)
        for release in sorted(releases, key=lambda release: -release.until)
    ]
    if not frames:
        return pd.DataFrame({"token": pd.Series(dtype="str"), "share": pd.Series(dtype="str"),
                             "record": pd.Series(dtype="Int64")})  # fmt: skip
    return pd.concat(frames, ignore_index=True).drop_duplicates("token")
