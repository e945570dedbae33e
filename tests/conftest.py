"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache_of_compiled_specs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled specs out of the user's cache, unless told where to keep them."""
    if "LOGPROOF_CACHE" in os.environ:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGPROOF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
