#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says whether Windows would take a .sys file as a kernel driver: the structural check of the driver kit.

It runs as the last step of each driver build and stands for loading the file on Windows: machine, subsystem,
relocations, checksum, unwind tables, section permissions, and that every imported name is exported by the Windows the
driver is meant for. One line per failure; exit code 1 if there is any.
"""
import argparse
import re
import sys
from pathlib import Path

import pe
import windows

EXECUTE, WRITE = 0x20000000, 0x80000000
RELOCS_STRIPPED = 0x0001
MACHINE_X64, SUBSYSTEM_NATIVE = 0x8664, 1


def names_in_def(path: Path) -> tuple[str, set[str]]:
    """Module and exported names of a module-definition file."""
    module, names, in_exports = "", set(), False
    for line in path.read_text().splitlines():
        words = line.split(";")[0].split()
        if not words:
            continue
        keyword = words[0].upper()
        if keyword in ("LIBRARY", "NAME"):
            module = words[1].strip('"') if len(words) > 1 else ""
        elif keyword == "EXPORTS":
            in_exports = True
            names.update(re.split("[=@]", word)[0] for word in words[1:2])
        elif in_exports:
            names.add(re.split("[=@]", words[0])[0])
    return module, names


def import_failures(image: pe.Image, version: str, definitions: list[Path]) -> list[str]:
    known = windows.exported_by(version)
    for path in definitions:
        module, names = names_in_def(path)
        known.setdefault(module.lower(), {}).update(dict.fromkeys(names, ""))
    failures = []
    for module, name in image.imports():
        exported = known.get(module.lower())
        if exported is None:
            failures.append(f"imports {name} from {module}, a module the kit does not know "
                            "(a .def file would name its exports)")
        elif name not in exported:
            failures.append(f"imports {name}, which {module} does not export")
        elif exported[name]:
            failures.append(f"imports {name} from {module}, which {version} does not export ({exported[name]})")
    return failures


def failures_of(path: Path, version: str, definitions: list[Path] = ()) -> list[str]:
    """Everything that speaks against this file as a driver for that Windows, one sentence each."""
    try:
        image = pe.Image(path.read_bytes())
        failures = []
        if image.machine != MACHINE_X64:
            failures.append(f"machine is {image.machine:#06x}, not x86-64 (0x8664)")
        if image.subsystem != SUBSYSTEM_NATIVE:
            failures.append(f"subsystem is {image.subsystem}, not native (1)")
        if image.characteristics & RELOCS_STRIPPED or not image.relocation_count():
            failures.append("has no relocations: Windows could load it at one address only")
        computed = image.computed_checksum()
        if image.checksum != computed:
            failures.append(f"checksum is {image.checksum:#x}, the file's is {computed:#x}")
        if not image.directory(pe.EXCEPTIONS)[1]:
            failures.append("has no .pdata: nothing could unwind through its functions")
        for section in image.sections:
            if section.flags & EXECUTE and section.flags & WRITE:
                failures.append(f"section {section.name} is writable and executable")
            if section.name == ".CRT":
                failures.append("has constructors of global C++ objects (section .CRT), which nothing would call")
        entry = image.section_at(image.entry)
        if entry is None or not entry.flags & EXECUTE:
            failures.append(f"entry point {image.entry:#x} is not in executable code")
        return failures + import_failures(image, version, definitions)
    except pe.BadImage as problem:
        return [str(problem)]
    except OSError as problem:
        return [f"cannot be read: {problem.strerror}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.sys")
    parser.add_argument("--windows", default=windows.DEFAULT_WINDOWS, choices=list(windows.versions()),
                        help="the oldest Windows the driver is meant for (default: %(default)s)")
    parser.add_argument("--def", dest="definitions", action="append", default=[], type=Path, metavar="FILE.def",
                        help="a further module the driver may import from")
    options = parser.parse_args()
    bad = False
    for path in options.files:
        for failure in failures_of(path, options.windows, options.definitions):
            print(f"{path}: {failure}", file=sys.stderr)
            bad = True
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
