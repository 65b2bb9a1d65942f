"""What all tests share: nobody's cache is touched, no environment is felt, and Hypothesis is repeatable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "deep", max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
"""HYPOTHESIS_PROFILE=deep hunts for faults with new examples, for minutes."""


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder of the test's own, and no variables that would change what a ledger says."""
    monkeypatch.setenv("BEAN_AR_CACHE", str(tmp_path_factory.mktemp("cache")))
    for name in ("RECEIVABLES_AS_OF", "BEANCOUNT_FILE", "BEANCOUNT_LOAD_CACHE_FILENAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def example() -> Path:
    """The example company's ledger."""
    return Path(__file__).parent.parent / "ledger" / "main.beancount"
