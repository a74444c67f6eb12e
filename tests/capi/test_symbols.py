#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What libringside.so exports, what its map lists, and what include/ringside.h declares are the same names; the library
has the soname that programs will ask for. Usage: test_symbols.py SOURCE LIBRARY"""
import pathlib
import re
import subprocess
import sys

source, library = pathlib.Path(sys.argv[1]), sys.argv[2]


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


declared = set(re.findall(r'^RINGSIDE_API [^(]*?(ringside_\w+)\(', (source / 'include/ringside.h').read_text(), re.MULTILINE))
mapped = set(re.findall(r'^\s+(ringside_\w+);', (source / 'capi/ringside.map').read_text(), re.MULTILINE))
exported = set()
for line in run('nm', '-D', '--defined-only', library).splitlines():
    name = line.split()[-1].split('@')[0]
    # The nodes of versions themselves are symbols, too.
    if not name.startswith('RINGSIDE_0'):
        exported.add(name)

failures = []
for title, names in (('capi/ringside.map', mapped), (library, exported)):
    failures += [f'{title}: lacks {name}' for name in sorted(declared - names)]
    failures += [f'{title}: {name} is not in include/ringside.h' for name in sorted(names - declared)]
if len(declared) < 80:
    failures.append(f'only {len(declared)} functions were found in the header')
if 'Library soname: [libringside.so.0]' not in run('readelf', '-d', library):
    failures.append('the soname is not libringside.so.0')
for failure in failures:
    print(failure)
print('failed' if failures else f'{len(exported)} functions, in the header, the map and the library')
sys.exit(bool(failures))
