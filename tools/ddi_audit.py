#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the contract rows with the documentation's facts: `ringside ddi --list --json` with data/ddi.csv.

  ddi_audit.py --program build/ringside [--facts data/ddi.csv] [--human] [--self-test]

Fails with one line per difference in IRQL range, first Windows, page or compliance rules that no `because` note
explains, per note that explains nothing any more, per row that has neither page nor note, and per name that two rows
serve. An IRQL that the page does not give, leaves to its remarks or qualifies there is human work: somebody has read the
remarks, and the row may say in a note what they add. Only a qualified one has a range to compare. --human lists these
rows. --self-test alters rows and looks whether each alteration is told.
"""

import argparse
import collections
import csv
import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

IRQLS = {"PASSIVE": 0, "APC": 1, "DISPATCH": 2, "DIRQL": 12, "HIGH": 15, "ANY": 15}
NAMES = {0: "PASSIVE_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL", 12: "DIRQL", 15: "HIGH_LEVEL"}
# What the pages call releases that have no profile of their own: the first x64 Windows is as old as the oldest of them.
RELEASES = {"win2000": "xp-x64", "winme": "xp-x64", "winxp": "xp-x64", "ws2003": "xp-x64", "build-19548": "ws2022"}


def fact_range(fact):
    """Lowest and highest IRQL, or None: the page gives none, or leaves them to its remarks."""
    if fact["irql_max"] not in IRQLS:
        return None
    highest = IRQLS[fact["irql_max"]]
    if fact["irql_exact"] == "1":
        return highest, highest
    return IRQLS[fact["irql_min"]] if fact["irql_min"] else 0, highest


def is_human_work(fact):
    return fact_range(fact) is None or fact["irql_caveat"] == "1"


def fact_release(fact):
    return RELEASES.get(fact["min_os"], fact["min_os"]) or None


def range_words(range_):
    lowest, highest = (NAMES.get(irql, f"IRQL {irql}") for irql in range_)
    if lowest == highest:
        return lowest
    return "any" if range_ == (0, 15) else f"up to {highest}" if range_[0] == 0 else f"{lowest} to {highest}"


class Facts:
    def __init__(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            lines = [line for line in file if not line.startswith("#")]
        self.by_name = collections.defaultdict(list)
        self.by_export = collections.defaultdict(list)
        for fact in csv.DictReader(lines):
            self.by_name[fact["name"]].append(fact)
            if fact["export"]:
                self.by_export[fact["export"]].append(fact)

    def about(self, row):
        """The pages about a row: those of its own name, else those of macros that call it when the row names one."""
        own = self.by_name[row["name"]]
        if own:
            return own
        behind = self.by_export[row["name"]]
        return behind if row["page"] in [fact["page"] for fact in behind] else []


def differences_of(row, fact):
    differences = []
    range_, release = fact_range(fact), fact_release(fact)
    if range_ and range_ != (row["irql_lowest"], row["irql_highest"]):
        ours = range_words((row["irql_lowest"], row["irql_highest"]))
        differences.append(f"IRQL: the row says {ours}, the page {range_words(range_)}")
    if release and release != row["since"]:
        differences.append(f"first Windows: the row says {row['since']}, the page {release}")
    unknown = [rule for rule in row["rules"] if rule not in fact["rules"].split(";")]
    if unknown:
        differences.append(f"rules that the page does not name: {', '.join(unknown)}")
    return differences


def audit(rows, facts):
    failures, human = [], []
    for name, count in collections.Counter(row["name"] for row in rows).items():
        if count > 1:
            failures.append(f"{name}: {count} rows serve it")
    for row in rows:
        name, because = row["name"], row["because"]
        pages = facts.about(row)
        if not pages:
            if row["page"]:
                failures.append(f"{name}: data/ddi.csv does not have its page {row['page']}")
            if not because:
                failures.append(f"{name}: data/ddi.csv does not have it, and no `because` says why")
            continue
        by_page = {fact["page"]: fact for fact in pages}
        fact = by_page.get(row["page"])
        if not fact:
            theirs = ", ".join(by_page)
            failures.append(f"{name}: the row's page is {row['page'] or 'none'}, the documentation's {theirs}")
            continue
        differences = differences_of(row, fact)
        newer_than_told = not fact_release(fact) and row["since"] != "xp-x64"
        if not because:
            failures += [f"{name}: {difference} ({fact['page']})" for difference in differences]
        elif not differences and not is_human_work(fact) and not newer_than_told:
            failures.append(f"{name}: the row agrees with {fact['page']}; its note is stale: {because}")
        if is_human_work(fact):
            human.append(f"{name}: {range_words((row['irql_lowest'], row['irql_highest']))} ({fact['page']})")
    return failures, human


def self_test(rows, facts):
    """Every kind of alteration of a row that passes must be told, in a line that starts with its name."""
    def plain(row):
        pages = [fact for fact in facts.about(row) if fact["page"] == row["page"]]
        return pages and not row["because"] and not is_human_work(pages[0]) and fact_release(pages[0])

    victim = next(row for row in rows if plain(row))
    silent = next(row for row in rows if not facts.about(row))
    alterations = {
        "highest IRQL": [victim | {"irql_highest": victim["irql_highest"] + 1}],
        "lowest IRQL": [victim | {"irql_lowest": 3, "irql_highest": 3}],
        "first Windows": [victim | {"since": "win10-1511" if victim["since"] != "win10-1511" else "win7"}],
        "another page": [victim | {"page": "wdm/nf-wdm-nosuchpage"}],
        "no page": [victim | {"page": None}],
        "a rule": [victim | {"rules": ["NoSuchRule"]}],
        "a stale note": [victim | {"because": "no reason"}],
        "a name twice": [victim, victim],
        "no note where no page is": [silent | {"because": None}],
    }
    missed = [what for what, altered in alterations.items()
              if not any(line.startswith(altered[0]["name"] + ": ") for line in audit(altered, facts)[0])]
    if audit([victim], facts)[0] or audit([silent], facts)[0]:
        missed.append("nothing (an unaltered row fails)")
    return missed


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", required=True)
    options.add_argument("--facts", default=TOP / "data" / "ddi.csv")
    options.add_argument("--human", action="store_true")
    options.add_argument("--self-test", action="store_true")
    chosen = options.parse_args()
    listed = subprocess.run([chosen.program, "ddi", "--list", "--json"], check=True, capture_output=True)
    rows, facts = json.loads(listed.stdout), Facts(chosen.facts)
    if chosen.self_test:
        missed = self_test(rows, facts)
        print("\n".join(f"not told: {what}" for what in missed) or "every alteration is told")
        return 1 if missed else 0
    failures, human = audit(rows, facts)
    for line in failures:
        print(line)
    if chosen.human:
        print("\n".join(human))
    noted = sum(row["because"] is not None for row in rows)
    print(f"{len(rows)} rows: {len(failures)} failures; {noted} have a note; {len(human)} IRQL ranges are human work")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
