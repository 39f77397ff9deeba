"""The smallest correct documents; errors show them, and a test parses them."""

from __future__ import annotations

from typing import Final

POLICY_SAMPLE: Final = """\
format = "overlap-policy/1"
title = "First contact"

[proposer]
populations = ["customers"]
fields = ["name"]
size_bound = 65536

[accepter]
populations = ["customers"]
fields = ["name"]
size_bound = 65536

[terms]
level = "overlaps"
starter = "proposer"
purposes = ["co-sell"]
not_before = "acceptance"
until = "90 days"
minimum_count = 5
run_budget = 6
exportable = false
candidates = false
veto = "none"
relations = ["same_entity"]
"""

AGREEMENT_SAMPLE: Final = """\
format = "overlap-agreement/1"
title = "First contact"

[proposer]
party = "northwind"
card = "1111111111111111111111111111111111111111111111111111111111111111"
populations = ["customers"]
fields = ["name"]
size_bound = 65536

[accepter]
party = "contoso"
card = "2222222222222222222222222222222222222222222222222222222222222222"
populations = ["customers"]
fields = ["name"]
size_bound = 65536

[terms]
level = "overlaps"
starter = "proposer"
purposes = ["co-sell"]
not_before = "acceptance"
until = "90 days"
minimum_count = 5
run_budget = 6
exportable = false
candidates = false
veto = "none"
relations = ["same_entity"]

[contract]
proposed = 2026-11-22T10:00:00Z
protocol = "dh-2hash/1"
kinds = ["lei", "domain_name"]
false_hits = [1, 2]
most = 8
normaliser = "2"
normaliser_digest = "3333333333333333333333333333333333333333333333333333333333333333"
data_digest = "4444444444444444444444444444444444444444444444444444444444444444"
"""
