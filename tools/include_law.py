#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rooms' include law and the host law, as data in tools/rooms.json. Exit 1 with one line per breach.

A room includes only itself and the rooms its row names; only room sim calls the host (time, threads, randomness, files,
environment); every source begins with its SPDX line; no unfinished work is left."""
import json
import pathlib
import re
import sys

top = pathlib.Path(__file__).resolve().parent.parent
law = json.loads((top / "tools" / "rooms.json").read_text())
rooms = law["rooms"]
breaches = []
include = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
call = re.compile(r'(?<![\w.>:])(' + "|".join(law["host_calls"]) + r')\s*\(|std::chrono::(system_clock|steady_clock)')
# A call in host code can be to a function of our own room that has such a name; those are spelled through a class or
# namespace and do not match.
for path in sorted((top / "src").rglob("*")):
    if path.suffix not in (".h", ".cpp", ".S", ".inc"):
        continue
    room = path.relative_to(top / "src").parts[0]
    where = path.relative_to(top)
    if room not in rooms:
        breaches.append(f"{where}: no room named '{room}' in tools/rooms.json")
        continue
    text = path.read_text()
    if path.suffix in (".h", ".cpp") and "SPDX-License-Identifier: MIT" not in text.split("\n", 1)[0]:
        breaches.append(f"{where}:1: the first line is not the SPDX line")
    for number, line in enumerate(text.split("\n"), 1):
        match = include.match(line)
        if match:
            kind, name = match.groups()
            target = name.split("/")[0]
            if kind == '"' and target in rooms and target != room and target not in rooms[room]:
                breaches.append(f"{where}:{number}: room {room} may not include {name}")
            if kind == "<" and name in law["host_headers"] and room != law["host_only_in"]:
                breaches.append(f"{where}:{number}: <{name}> belongs to room {law['host_only_in']}")
            continue
        code = line.split("//", 1)[0]
        if room != law["host_only_in"] and path.suffix != ".S":
            match = call.search(code)
            if match and not re.search(r'"[^"]*' + (match.group(1) or match.group(2)), code) and not re.search(r'\b(void|bool|auto|Result<.*>|NTSTATUS|uint64_t|ULONG|int)\s+' + (match.group(1) or match.group(2)) + r'\s*\(', code):
                breaches.append(f"{where}:{number}: {(match.group(1) or match.group(2))}() belongs to room {law['host_only_in']}")
        if re.search(r'\b(TODO|FIXME|XXX)\b', line):
            breaches.append(f"{where}:{number}: unfinished work")
for breach in breaches:
    print(breach)
print(f"{len(breaches)} breaches of the include law" if breaches else "the include law holds")
sys.exit(1 if breaches else 0)
