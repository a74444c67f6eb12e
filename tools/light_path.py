#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The services behind the light gate (src/io/light_path.cpp), as machine code: light_path.py LIBRARY. Exit 1 with one
line per breach.

They touch no vector register, and call directly what does not, or what runs when an exception leaves them: everything
else goes through ringside_outside (src/ke/gate.h)."""
import re
import subprocess
import sys
import tempfile

MEMBER = "light_path.cpp.o"
SERVICES = 6
ALLOWED = re.compile(r"ringside_outside|_Unwind_Resume|ringside::ke::Visit::left_by_exception\(\)"
                     r"|ringside::io::ObservedCall::left_by_exception\(\)")

with tempfile.NamedTemporaryFile(suffix=".o") as member:
    subprocess.run(["llvm-ar-19", "p", sys.argv[1], MEMBER], stdout=member, check=True)
    listing = subprocess.run(["llvm-objdump-19", "-drC", "--no-show-raw-insn", member.name], capture_output=True,
                             text=True, check=True).stdout
services, breaches, service, target = set(), [], None, None


def reached(name):
    if name != service and not ALLOWED.fullmatch(name):
        breaches.append(f"{service}: calls {name} directly")


for line in listing.splitlines():
    relocation = re.match(r"\s+[0-9a-f]+:\s+R_X86_64_\w+\s+(.*?)(-0x[0-9a-f]+)?$", line)
    if target:
        # What the linker puts there is said by the next line; without one it is the place that is printed.
        reached(relocation[1] if relocation else target)
    target = None
    if head := re.match(r"[0-9a-f]+ <(.*)>:$", line):
        service = head[1] if re.match(r"ringside::io::\w+_(bare|observed)\(", head[1]) else None
        if service:
            services.add(service)
    elif service and not relocation:
        # An indirect call is one of a driver.
        if place := re.search(r"\t(?:call|jmp|j\w+)q?\s+0x[0-9a-f]+ <(.*?)(\+0x[0-9a-f]+)?>", line):
            target = place[1]
        if re.search(r"%[xyz]mm|%st\b|%mm\d", line):
            breaches.append(f"{service}: {line.strip()}")
if len(services) != SERVICES:
    breaches.append(f"{len(services)} services where {SERVICES} were expected: {', '.join(sorted(services))}")
print("\n".join(breaches) if breaches else f"{SERVICES} services keep off the vector registers")
sys.exit(1 if breaches else 0)
