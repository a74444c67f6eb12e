#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints src/rtl/case_runs.inc and src/rtl/code_pages.inc from published documents.

  rtl_tables.py case  exfat-specification.md > src/rtl/case_runs.inc
  rtl_tables.py pages bestfit1252.txt        > src/rtl/code_pages.inc

exfat-specification.md is MicrosoftDocs/win32, desktop-src/FileIO: its table 25 is the only complete up-case table that
Microsoft publishes. bestfit1252.txt is unicode.org's Public/MAPPINGS/VENDORS/MICSFT/WindowsBestFit. Code page 437 comes
from Python's codecs. Both results are committed; this script is for whoever wants to check or renew them.
"""

import sys

EXFAT_CHECKSUM = 0xE619D30D  # the specification states it for table 25


def exfat_up_case(path):
    raw = []
    inside = False
    for line in open(path, encoding="utf-8"):
        if line.startswith("**Table 25"):
            inside = True
        elif inside and line.startswith("|") and "Raw offset" not in line and "---" not in line:
            cells = [cell.strip(" *") for cell in line.strip().strip("|").split("|")]
            raw += [int(cell.rstrip("h"), 16) for cell in cells[1:] if cell]
        elif inside and raw:
            break
    checksum = 0
    for value in raw:
        for byte in (value & 255, value >> 8):
            checksum = (((checksum & 1) << 31) + (checksum >> 1) + byte) & 0xFFFFFFFF
    if checksum != EXFAT_CHECKSUM:
        sys.exit(f"{path}: table 25 has checksum {checksum:#x}")
    table = []
    values = iter(raw)
    for value in values:
        if value == 0xFFFF and len(table) < 0xFFFF:
            count = next(values)
            table += range(len(table), len(table) + count)
        else:
            table.append(value)
    return {c: upper for c, upper in enumerate(table) if upper != c}


def down_case(up_case):
    """The inverse; where several small letters share a capital, the one that Unicode names."""
    down = {}
    for lower, upper in up_case.items():
        if upper in up_case:
            continue  # a capital that the table maps to a small letter
        if upper not in down or chr(upper).lower() == chr(lower):
            down[upper] = lower
    return down


def runs(mapping):
    """(first, last, step, delta): characters first, first + step .. last map to themselves plus delta."""
    left = dict(mapping)
    while left:
        first = min(left)
        delta = left[first] - first
        best, step = first, 1
        for candidate in (1, 2):
            last = first
            while left.get(last + candidate, -1) == last + candidate + delta:
                last += candidate
            if (last - first) // candidate > (best - first) // step:
                best, step = last, candidate
        yield first, best, step, delta
        for c in range(first, best + 1, step):
            del left[c]


def print_rows(rows, per_line):
    line = "   "
    for row in rows:
        if len(line) + len(row) + 2 > per_line:
            print(line)
            line = "   "
        line += f" {row},"
    print(line)


def print_case(path):
    up_case = exfat_up_case(path)
    print("// SPDX-License-Identifier: MIT")
    print("// Made by tools/rtl_tables.py from table 25 of Microsoft's exFAT specification: first, last, step, delta.")
    for name, mapping in (("kUpcaseRuns", up_case), ("kDowncaseRuns", down_case(up_case))):
        print(f"inline constexpr CaseRun {name}[] {{")
        print_rows([f"{{ {a:#06x}, {b:#06x}, {s}, {d} }}" for a, b, s, d in runs(mapping)], 120)
        print("};")


def print_page(name, to_unicode, from_unicode):
    print(f"inline constexpr char16_t k{name}ToUnicode[128] {{")
    print_rows([f"{to_unicode[byte]:#06x}" for byte in range(128, 256)], 120)
    print("};")
    print(f"inline constexpr PagePair k{name}FromUnicode[] {{")
    print_rows([f"{{ {c:#06x}, {b:#04x} }}" for c, b in sorted(from_unicode.items()) if c >= 128], 120)
    print("};")


def print_pages(path):
    to_unicode, from_unicode, current = {}, {}, None
    for line in open(path, encoding="cp1252"):
        fields = line.split(";")[0].split()
        if fields and fields[0] == "MBTABLE":
            current = to_unicode
        elif fields and fields[0] == "WCTABLE":
            current = from_unicode
        elif fields and fields[0] == "ENDCODEPAGE":
            break
        elif len(fields) == 2 and current is not None:
            current[int(fields[0], 16)] = int(fields[1], 16)
    print("// SPDX-License-Identifier: MIT")
    print("// Made by tools/rtl_tables.py: 1252 with its best fits from unicode.org's bestfit1252.txt, 437 exact.")
    print_page("Ansi", to_unicode, from_unicode)
    oem = {byte: ord(bytes([byte]).decode("cp437")) for byte in range(256)}
    print_page("Oem", oem, {c: byte for byte, c in oem.items()})


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("case", "pages"):
        sys.exit(__doc__)
    {"case": print_case, "pages": print_pages}[sys.argv[1]](sys.argv[2])
