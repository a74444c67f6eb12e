# SPDX-License-Identifier: MIT
"""The kit's two tables: Windows versions (data/windows.csv) and what their modules export (data/exports.csv)."""
import csv
from pathlib import Path

SDK = Path(__file__).resolve().parent.parent
DEFAULT_WINDOWS = "win10-2004"


def versions() -> dict[str, dict[str, str]]:
    """Name -> row, oldest first; dictionaries keep that order."""
    with open(SDK / "data" / "windows.csv", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def exports() -> list[dict[str, str]]:
    with open(SDK / "data" / "exports.csv", newline="") as file:
        return list(csv.DictReader(file))


def exported_by(windows: str) -> dict[str, dict[str, str]]:
    """Module -> name -> the reason why that Windows lacks it, or '' when it has it.

    A name without a version was in no documentation page: mingw-w64's list, which follows Windows 7, vouches for it
    from there on.
    """
    order = list(versions())
    known: dict[str, dict[str, str]] = {}
    for row in exports():
        since = row["since"] or "win7"
        late = order.index(since) > order.index(windows)
        known.setdefault(row["dll"], {})[row["name"]] = f"first in {since}" if late else ""
    return known
