#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many of the I/O manager's names in wdm.h and ntddk.h are served: data/io_names.csv against the contract rows.

  io_coverage.py --program build/ringside [--headers DIR ...] [--at-least PERCENT] [--missing]

An export is served by a row of `ringside ddi --list`, an inline function or macro by a header below one of the --headers
directories that speaks of it. Prints the figure; --missing lists what is not served. Fails when the figure is below
--at-least.
"""

import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
DDK = pathlib.Path("/usr/share/mingw-w64/include/ddk")


def served_exports(program):
    listed = subprocess.run([program, "ddi", "--list", "--json"], check=True, capture_output=True, text=True).stdout
    return {row["name"] for row in json.loads(listed)}


def words_of(folders):
    words = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.h")):
            words |= set(re.findall(r"\bIo\w+", path.read_text(encoding="utf-8", errors="replace")))
    return words


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--headers", type=pathlib.Path, nargs="*", default=[TOP / "sdk" / "include", DDK])
    parser.add_argument("--at-least", type=float, default=0.0)
    parser.add_argument("--missing", action="store_true")
    options = parser.parse_args()

    with open(TOP / "data" / "io_names.csv", encoding="utf-8", newline="") as file:
        names = list(csv.DictReader(line for line in file if not line.startswith("#")))
    own = [row for row in names if row["owner"] == "io"]
    served = {"export": served_exports(options.program), "inline": words_of(options.headers)}
    missing = [row["name"] for row in own if row["name"] not in served[row["kind"]]]
    percent = 100.0 * (len(own) - len(missing)) / len(own)
    others = ", ".join(f"{sum(row['owner'] == who for row in names)} are {who}'s" for who in ("pnp", "dma", "wmi"))
    print(f"{len(own) - len(missing)} of {len(own)} names of io are served: {percent:.1f} % ({others})")
    if options.missing:
        print("\n".join(missing))
    if percent < options.at_least:
        print(f"fewer than {options.at_least} %")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
