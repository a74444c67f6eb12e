#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether what can fail for want of memory on Windows can fail here: `ringside ddi --list --json` with
data/ddi_failures.csv.

  failure_audit.py --program build/ringside [--self-test]

A row whose page names such a status must have a `fail` form with one of the page's, or stand in
tests/audit/never_fails.txt with the reason. Fails with one line per row that does not, and per reason that is stale.
--self-test alters rows and looks whether each alteration is told.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def documented():
    with open(TOP / "data" / "ddi_failures.csv", encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    return {fact["page"]: fact["statuses"].split(";") for fact in csv.DictReader(lines)}


def reasons():
    found = {}
    for line in (TOP / "tests" / "audit" / "never_fails.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, reason = line.split(None, 1)
            found[name] = reason
    return found


def audit(rows, statuses, excused):
    failures, used = [], set()
    for row in rows:
        theirs = statuses.get(row["page"])
        if not theirs or row["declined"] or row["data"]:
            continue
        words = row["fails"].split()
        if words[0] != "never" and (words[1] in ("NULL", "FALSE") or words[1] in theirs):
            continue
        if row["name"] in excused:
            used.add(row["name"])
            continue
        failures.append(f"{row['name']}: the row fails {row['fails']}; its page names {', '.join(theirs)}"
                        if words[0] == "never" else
                        f"{row['name']}: the row {row['fails']}; its page names {', '.join(theirs)}")
    failures += [f"{name}: its reason in tests/audit/never_fails.txt is stale" for name in excused if name not in used]
    return failures


def self_test(rows, statuses):
    """A row that passes, robbed of its failure or given another, must be told; and so must a reason too many."""
    victim = next(row for row in rows if row["fails"].startswith("returns STATUS") and row["page"] in statuses)
    alterations = {
        "no failure": ([victim | {"fails": "never"}], {}),
        "another status": ([victim | {"fails": "returns STATUS_PENDING"}], {}),
        "a stale reason": ([victim], {victim["name"]: "none"}),
    }
    missed = [what for what, (altered, excused) in alterations.items()
              if not any(line.startswith(victim["name"] + ": ") for line in audit(altered, statuses, excused))]
    return missed + (["nothing (an unaltered row fails)"] if audit([victim], statuses, {}) else [])


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", required=True)
    options.add_argument("--self-test", action="store_true")
    chosen = options.parse_args()
    listed = subprocess.run([chosen.program, "ddi", "--list", "--json"], check=True, capture_output=True)
    rows, statuses = json.loads(listed.stdout), documented()
    if chosen.self_test:
        missed = self_test(rows, statuses)
        print("\n".join(f"not told: {what}" for what in missed) or "every alteration is told")
        return 1 if missed else 0
    excused = reasons()
    failures = audit(rows, statuses, excused)
    print("\n".join(failures + [f"{len(failures)} failures; {len(excused)} rows have a reason"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
