#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints docs/ddi.md, the page of all contract rows, from `ringside ddi --list --json` and data/ddi.csv.

  ddi_page.py --program build/ringside --write    writes the page
  ddi_page.py --program build/ringside            exit 1 when the page shows something else than the program says
"""

import argparse
import difflib
import json
import pathlib
import re
import subprocess
import sys

from ddi_audit import NAMES, Facts

TOP = pathlib.Path(__file__).resolve().parent.parent
PAGE = TOP / "docs" / "ddi.md"
LEARN = "https://learn.microsoft.com/windows-hardware/drivers/ddi/"

# A name belongs to the first group whose pattern it matches.
GROUPS = [
    ("Ke: threads, waits, timers, DPCs, spin locks, processors", r"(Ke|Kf|Kz|Ki)[A-Z]"),
    ("Ex: pool, lists, locks, work items, callbacks", r"(Ex[fpi]?)[A-Z]"),
    ("Mm: memory, MDLs, mapping, sections", r"Mm[A-Z0-9]"),
    ("Ob: objects, references, handles", r"Obf?[A-Z]"),
    ("Ps: processes and threads", r"Ps[A-Z]"),
    ("Se: security", r"Se[A-Z]"),
    ("Cm: the registry's callbacks", r"Cm[A-Z]"),
    ("Io: drivers, devices, IRPs", r"Iof?p?[A-Z]"),
    ("Po: power", r"Po(Fx)?[A-Z]"),
    ("Zw and Nt: system services", r"(Zw|Nt)[A-Z]"),
    ("Rtl: strings, bit maps, trees, registry values, exceptions", r"(Rtlx?|Ver)[A-Z]"),
    ("Dbg and Kd: the debugger", r"(v?Dbg|Kd)[A-Z]"),
    ("Hal: hardware", r"Hal[A-Z]"),
    ("FsRtl and Cc: file systems", r"(FsRtl|Cc)[A-Z]"),
    ("The C library, the compiler, and others", r""),
]

HEAD = """\
# The kernel functions that Ringside has

Printed from the contract rows (`src/base/contract.h`) by `tools/ddi_page.py`: what a machine exports, with what the
Verifier holds a driver to. `ringside ddi NAME` shows one row, with its note where it departs from the documentation;
`tools/ddi_audit.py`, a test, compares the rows with Microsoft's pages (`data/ddi.csv`).

*First Windows* is the oldest x64 release that has the name (`--windows`). What works in part says what it lacks. A
driver that calls a function which is not here, or is declined (*no*, with the reason), ends with exit code 4 and the
function's name.
"""


def level(irql):
    return NAMES.get(irql, str(irql)).removesuffix("_LEVEL")


def irql_words(row):
    if row["data"]:
        return "&ndash;"
    lowest, highest = row["irql_lowest"], row["irql_highest"]
    if (lowest, highest) == (0, 15):
        return "any"
    if lowest == highest:
        return level(lowest)
    if highest == 15:
        return f"&ge; {level(lowest)}"
    return f"&le; {level(highest)}" if lowest == 0 else f"{level(lowest)} to {level(highest)}"


def table_line(row):
    cells = [
        f"`{row['name']}`" + (" (data)" if row["data"] else ""),
        irql_words(row),
        row["since"] + (f" until {row['until']}" if row["until"] else ""),
        f"no: {row['declined']}" if row["declined"] else f"in part: {row['partial']}" if row["partial"] else "yes",
        f"[{row['page'].split('/')[0]}]({LEARN}{row['page']})" if row["page"] else "none",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def group_of(name):
    return next(title for title, pattern in GROUPS if re.match(pattern, name))


def printed(rows, facts):
    documented = {fact["export"] or fact["name"] for pages in facts.by_name.values() for fact in pages}
    declined = {row["name"] for row in rows if row["declined"]}
    served = {row["name"] for row in rows} - declined
    in_part = sum(row["partial"] is not None for row in rows)
    text = [HEAD, f"{len(served)} names, {in_part} of them in part; {len(declined)} more are declined. Of the "
            f"{len(documented)} kernel functions that Microsoft's pages document, {len(documented & served)} are here.", "",
            "| group | names here | of these in part | documented | of these here |", "|---|---:|---:|---:|---:|"]
    tables = []
    for title, _ in GROUPS:
        mine = [row for row in rows if group_of(row["name"]) == title]
        theirs = {name for name in documented if group_of(name) == title}
        partial = sum(row["partial"] is not None for row in mine)
        text.append(f"| {title.split(':')[0]} | {len([row for row in mine if not row['declined']])} | {partial} | {len(theirs)} | {len(theirs & served)} |")
        if mine:
            tables += ["", f"## {title}", ""]
            tables += ["| function | IRQL | first Windows | works | page |", "|---|---|---|---|---|"]
            tables += [table_line(row) for row in sorted(mine, key=lambda row: row["name"].lower())]
    return "\n".join(text + tables) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", required=True)
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    listed = subprocess.run([chosen.program, "ddi", "--list", "--json"], check=True, capture_output=True)
    now = printed(json.loads(listed.stdout), Facts(TOP / "data" / "ddi.csv"))
    if chosen.write:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if now == before:
        return 0
    changed = difflib.unified_diff(before.splitlines(), now.splitlines(), "docs/ddi.md", "the program", "", "", 0, "")
    print("\n".join(list(changed)[:20]))
    print("docs/ddi.md is not what the program says; write it anew: tools/ddi_page.py --program build/ringside --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
