"""What all tests share: where compiled specs are kept, and the checks of `logproof verify`, begun at once.

The checks run in one process beside that of the tests, so that two cores are busy and no more are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from checkers.check import Outcome
from checkers.verify import all_checks, run_checks
from systems.kafka_install import jars_folder

VERIFY = "test_verify.py"


@pytest.fixture(scope="session", autouse=True)
def cache_of_compiled_specs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled specs out of the user's cache, unless told where to keep them; systems are found where they are."""
    if "LOGPROOF_CACHE" in os.environ:
        yield
        return
    installed, cache = jars_folder().parent, tmp_path_factory.mktemp("cache")
    if installed.is_dir():
        (cache / installed.name).symlink_to(installed, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGPROOF_CACHE", str(cache))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests that wait for the checks come last."""
    items.sort(key=lambda item: item.path.name == VERIFY)


@pytest.fixture(scope="session", autouse=True)
def checks_under_way(
    request: pytest.FixtureRequest,
    cache_of_compiled_specs: None,  # noqa: ARG001 - the process inherits its environment
) -> Iterator[Future[dict[str, Outcome]] | None]:
    """The outcomes by name of the checks that selected tests ask for, found in a process of its own."""
    names = {
        item.callspec.id for item in request.session.items if item.path.name == VERIFY and hasattr(item, "callspec")
    }
    if not names:
        yield None
        return
    checks = [check for check in all_checks() if check.name in names]
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(lambda: {outcome.check.name: outcome for outcome in run_checks(checks, processes=1)})
