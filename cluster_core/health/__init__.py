"""Check the health of a dataset: copies, wrong labels, outliers, shortcuts and poor pictures."""

from __future__ import annotations

from cluster_core.health.accepted import accept_finding, list_open, withdraw_acceptance
from cluster_core.health.check import HealthReport, check_health
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.health.kept import KeptCheck, hash_content, keep_check, load_check, make_check
from cluster_core.health.network import choose_network

__all__ = [
    "Finding",
    "FindingKind",
    "HealthReport",
    "KeptCheck",
    "accept_finding",
    "check_health",
    "choose_network",
    "hash_content",
    "keep_check",
    "list_open",
    "load_check",
    "make_check",
    "withdraw_acceptance",
]
