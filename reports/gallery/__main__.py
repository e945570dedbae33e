"""Write the gallery anew: explore every variant to what it must break, and save the counterexample."""

from __future__ import annotations

import sys

from checkers.counterexample import of_violation, save
from checkers.explore.check import exploration_checks
from checkers.explore.explore import explore
from checkers.explore.outcome import SearchOptions
from checkers.verdict import Violated
from reports.gallery import path_of


def main() -> int:
    """Return 1 if some variant breaks nothing."""
    missing = 0
    for check in exploration_checks():
        if check.expect is None:
            continue
        verdict = explore(check.instance, SearchOptions(properties=check.properties)).verdict
        if isinstance(verdict, Violated):
            save(of_violation(check.instance, verdict, check.spec), path_of(check))
            print(f"{path_of(check).name}: {verdict.broken} after {verdict.run.depth} steps")
        else:
            print(f"{check.name}: {verdict.verdict}; it must break {check.expect.breaks}", file=sys.stderr)
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
