#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares Ringside's ABI headers (src/nt) with mingw-w64's DDK headers.

  abi_probe.py list   --headers src/nt --out abi_list.inc
      derives from the headers one list of what there is to compare: structures, fields, constants.
  abi_probe.py check  --numbers PROGRAM --exceptions FILE [--self-test]
      PROGRAM (tools/abi_numbers.cpp, built with that list) prints our numbers as our compiler sees them. They are put,
      as static assertions, to clang for Windows targets with the DDK headers. What those headers lack or have wrong is
      named in FILE with the reason; an exception that no longer is one fails as well.
      --self-test alters one number of each kind and succeeds only if exactly these are reported.
  abi_probe.py complete --headers src/nt
      every structure of the headers has its NT_SIZE, every field that is no bit field its NT_OFFSET.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TARGETS = ["x86_64-pc-windows-msvc", "x86_64-w64-mingw32"]
FLAGS = ["-fsyntax-only", "-fms-extensions", "-fms-compatibility", "-fgnuc-version=4.2.1", "-w", "-ferror-limit=0"]
# Two translation units, for the user mode and kernel mode headers exclude one another.
UNITS = {
    "kernel": ["ntifs.h", "ntddk.h", "csq.h", "dderror.h", "wmistr.h", "wmilib.h", "ntdddisk.h"],
    "user": ["windows.h"],
}

Item = collections.namedtuple("Item", "kind name field value")  # kind: size, offset, constant


def strip_noise(text):
    return re.sub(r"//[^\n]*|^#define [^\n]*", "", text, flags=re.M)


def read_list(headers):
    """The names to compare, in order: (kind, name, field)."""
    found = []
    for path in sorted(headers.glob("*.h")) + sorted(headers.glob("*.inc")):
        if path.name == "layout.h":
            continue
        text = strip_noise(path.read_text())
        for match in re.finditer(r"\bNT_(SIZE|OFFSET)\((\w+), ([\w.]+)(?:, \w+)?\);", text):
            found.append(("size", match[2], "") if match[1] == "SIZE" else ("offset", match[2], match[3]))
        for match in re.finditer(r"\binline constexpr \w+\s+([A-Za-z_]\w*\s*=[^;]*);", text):
            found += [("constant", name, "") for name in re.findall(r"([A-Za-z_]\w*)\s*=", match[1])]
        for match in re.finditer(r"\benum \w+ : \w+\s*{([^}]*)}", text):
            names = re.findall(r"([A-Za-z_]\w*)\s*(?:=[^,]*)?(?:,|$)", match[1].strip())
            found += [("constant", name, "") for name in names]
        for match in re.finditer(r"^NT_(?:STATUS|BUGCHECK)\((\w+),", text, re.M):
            found.append(("constant", match[1], ""))
    if len(found) < 1000:
        raise SystemExit(f"abi_probe: only {len(found)} entries found in {headers}: the headers' form has changed")
    return list(dict.fromkeys(found))


def write_list(headers, out):
    macro = {"size": "ABI_SIZE({1})", "offset": "ABI_OFFSET({1}, {2})", "constant": "ABI_CONSTANT({1})"}
    out.write_text("".join(macro[item[0]].format(*item) + "\n" for item in read_list(headers)))


def read_numbers(program):
    items = []
    for line in subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines():
        kind, name, field, value = line.split(" ")
        items.append(Item(kind, name, field.strip("-"), int(value, 16)))
    return items


def read_exceptions(path):
    """{(kind, name, field): reason}, {name: name in the DDK}, {name of what only the user mode headers have}"""
    excepted, renamed, user, reason = {}, {}, set(), None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split()
        if line.startswith("#") or not words:
            continue
        if line.startswith("["):
            reason = line.strip("[]")
        elif words[0] == "struct":
            excepted.update({("struct", name, ""): reason for name in words[1:]})
        elif words[0] == "size":
            excepted.update({("size", name, ""): reason for name in words[1:]})
        elif words[0] == "field":
            excepted.update({("offset", words[1], field): reason for field in words[2:]})
        elif words[0] == "constant":
            excepted.update({("constant", name, ""): reason for name in words[1:]})
        elif words[0] == "renamed":
            renamed[words[1]] = words[2]
        elif words[0] == "user":
            user.update(words[1:])
        else:
            raise SystemExit(f"{path}:{number}: unknown word '{words[0]}'")
        if reason is None:
            raise SystemExit(f"{path}:{number}: an exception without a [reason]")
    return excepted, renamed, user


def assertion(item, renamed):
    name = renamed.get(item.name, item.name)
    if item.kind == "size":
        return f'_Static_assert(sizeof({name}) == {item.value:#x}, "size of {name}");'
    if item.kind == "offset":
        return f'_Static_assert(__builtin_offsetof({name}, {item.field}) == {item.value:#x}, "{name}.{item.field}");'
    if item.value <= 0xFFFFFFFF or item.value >= 0xFFFFFFFF80000000:  # one that has 32 bits, however it is extended
        return f'_Static_assert((unsigned int)({name}) == {item.value & 0xFFFFFFFF:#x}u, "{name}");'
    return f'_Static_assert((unsigned long long)({name}) == {item.value:#x}ull, "{name}");'


def compile_unit(unit, target, items, renamed, include):
    """The items that fail, with the compiler's words."""
    prologue = [f"#include <{header}>" for header in UNITS[unit]]
    with tempfile.TemporaryDirectory(prefix="ringside-abi-") as folder:
        source = pathlib.Path(folder) / "probe.c"
        source.write_text("\n".join(prologue + [assertion(item, renamed) for item in items]) + "\n")
        run = subprocess.run(["clang-19", f"--target={target}", *FLAGS, "-isystem", str(include), "-isystem",
                              str(include / "ddk"), str(source)], capture_output=True, text=True)
    failed = {}
    for match in re.finditer(r"^(.*):(\d+):\d+: (?:fatal )?error: (.*)\n(?:.*\n)*?(?=^\S+:\d+:\d+: |^\d+ error|\Z)",
                             run.stderr, re.M):
        index = int(match[2]) - 1 - len(prologue)
        if not match[1].endswith("probe.c") or index < 0:
            raise SystemExit(f"abi_probe: the DDK headers do not compile for {target}: {match[0]}")
        numbers = re.search(r"note: expression evaluates to '(.*)'", run.stderr[match.start():][:2000])
        words = match[3]
        if "static assertion failed" in words:
            words = f"theirs == ours: {numbers[1]}" if numbers else "differs"
        failed.setdefault(items[index], words)
    if run.returncode != 0 and not failed:
        raise SystemExit(f"abi_probe: clang-19 for {target} failed:\n{run.stderr}")
    return failed


def key_of(item):
    return (item.kind, item.name, item.field)


def is_excepted(item, excepted):
    if key_of(item) in excepted:
        return True
    return item.kind != "constant" and ("struct", item.name, "") in excepted


def compare(items, exceptions, include):
    """(every failure among what should agree, every exception that is none)"""
    excepted, renamed, user = exceptions
    failures, stale = [], set(excepted)
    for target in TARGETS:
        for unit in UNITS:
            here = [item for item in items if (item.name in user) == (unit == "user")]
            for item, words in compile_unit(unit, target, here, renamed, include).items():
                if not is_excepted(item, excepted):
                    failures.append(f"{target}: {item.kind} {item.name} {item.field}: {words}")
                stale.discard(key_of(item))
                stale.discard(("struct", item.name, ""))
    known = {item.name for item in items}
    stale |= {("renamed", name, "") for name in renamed if name not in known}
    stale |= {("user", name, "") for name in user if name not in known}
    return failures, sorted(stale)


def self_test(items, exceptions, include):
    excepted, renamed, user = exceptions
    altered = {}
    for kind in ("size", "offset", "constant"):
        plain = [item for item in items
                 if item.kind == kind and not is_excepted(item, excepted) and item.name not in user]
        victim = plain[len(plain) // 2]
        altered[victim] = victim._replace(value=victim.value + 8)
    failures, stale = compare([altered.get(item, item) for item in items], exceptions, include)
    wanted = {f"{target}: {item.kind} {item.name} {item.field}" for item in altered for target in TARGETS}
    seen = {failure.rsplit(": ", 2)[0] if "theirs" in failure else failure for failure in failures}
    if seen != wanted or stale:
        print("abi_probe: three numbers were altered; expected", *sorted(wanted), "but saw", *failures, *stale,
              sep="\n  ")
        return 1
    print("abi_probe: three altered numbers were seen:", *failures, sep="\n  ")
    return 0


def check(options):
    items, exceptions = read_numbers(options.numbers), read_exceptions(options.exceptions)
    if options.self_test:
        return self_test(items, exceptions, options.include)
    failures, stale = compare(items, exceptions, options.include)
    for failure in failures:
        print("differs:", failure)
    for kind, name, field in stale:
        print(f"no exception any more: {kind} {name} {field}")
    count = collections.Counter("except" if is_excepted(item, exceptions[0]) else item.kind for item in items)
    print(f"abi_probe: compared {count['size']} structures, {count['offset']} fields, {count['constant']} constants "
          f"for {len(TARGETS)} targets; {count['except']} entries are exceptions; {len(failures)} differences")
    return 1 if failures or stale else 0


def fields_of(record, prefix=""):
    """The paths of all fields that have an offset, through unnamed and nested structures."""
    nested = None
    for node in record.get("inner", []):
        if node["kind"] == "CXXRecordDecl" and node.get("completeDefinition"):
            nested = node
        elif node["kind"] == "FieldDecl" and not node.get("isBitfield"):
            name, of_nested = node.get("name"), nested is not None and "(unnamed" in node["type"]["qualType"]
            if name:
                yield prefix + name
            if nested is not None and (of_nested or not name) and "[" not in node["type"]["qualType"].split(")")[-1]:
                yield from fields_of(nested, f"{prefix}{name}." if name else prefix)


def complete(options):
    run = subprocess.run(["clang++-19", "-std=c++20", "-fsyntax-only", f"-I{options.headers.parent}", "-Xclang",
                          "-ast-dump=json", "-x", "c++", "-"], input='#include "nt/nt.h"\n', check=True,
                         capture_output=True, text=True)
    listed = set(read_list(options.headers))
    missing, count = [], 0
    spaces = [node for outer in json.loads(run.stdout)["inner"] if outer.get("name") == "ringside"
              for node in outer.get("inner", []) if node.get("name") == "nt"]
    for record in (node for space in spaces for node in space.get("inner", [])):
        # Structures named in our own style are tables of ours and no ABI.
        if record["kind"] != "CXXRecordDecl" or not record.get("completeDefinition") or not record["name"].isupper():
            continue
        wanted = [("size", record["name"], "")] + [("offset", record["name"], path) for path in fields_of(record)]
        missing += [entry for entry in wanted if entry not in listed]
        count += len(wanted)
    for entry in missing:
        print("not asserted:", *entry)
    print(f"abi_probe: {count} sizes and offsets wanted, {len(missing)} missing")
    return 1 if missing or count < 1000 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("list")
    verb.add_argument("--headers", type=pathlib.Path, required=True)
    verb.add_argument("--out", type=pathlib.Path, required=True)
    verb = verbs.add_parser("complete")
    verb.add_argument("--headers", type=pathlib.Path, required=True)
    verb = verbs.add_parser("check")
    verb.add_argument("--numbers", required=True)
    verb.add_argument("--exceptions", type=pathlib.Path, required=True)
    verb.add_argument("--include", type=pathlib.Path, default=pathlib.Path("/usr/x86_64-w64-mingw32/include"))
    verb.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.verb == "list":
        write_list(options.headers, options.out)
        return 0
    return complete(options) if options.verb == "complete" else check(options)


if __name__ == "__main__":
    sys.exit(main())
