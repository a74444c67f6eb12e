#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the pictures in docs/*.md: what stands between two comments

    <!-- print WHAT -->
    <!-- printed -->

comes from the program, the sources or a golden file, never from a keyboard. WHAT is one of

    ringside ARGUMENTS [|| FROM [|| TO]]    the program's output, run in the build folder
    file PATH [|| FROM [|| TO]]             a file of this project
    rules                                   the Verifier's rows (src/verifier/rules.cpp)
    layout                                  the address ranges (src/hal/layout.h)

FROM and TO are regular expressions: the lines from the first that matches FROM to the next that matches TO.
Without --write, nothing is written: exit 1 if a page shows something else than what is printed now."""
import argparse
import difflib
import pathlib
import re
import shlex
import subprocess
import sys

BLOCK = re.compile(r'(^<!-- print (.*?) -->\n)(.*?)(^<!-- printed -->$)', re.MULTILINE | re.DOTALL)

LAYOUT = [
    ('kUserLow', 'kUserHigh', 'user slices, one per client process; `MmUserProbeAddress` is the end'),
    ('kStubs', 'kStubs + kStubsBytes', 'import stubs; the last part has no access: data exports that are missing'),
    ('kDataExports', 'kDataExports + kDataExportsBytes', 'data exports and what they point at'),
    ('kProcessorRegions', 'kProcessorRegions + kProcessorsMax * kProcessorRegionBytes',
     'processor control regions (KPCR), which `gs:` addresses'),
    ('kSharedUserData', 'kSharedUserData + kPageSize', 'the shared user data page'),
    ('kTrampolinesLow', 'kTrampolinesHigh', 'trampolines of patched instructions, around the images'),
    ('kImages', 'kImagesHigh', 'driver images'),
    ('kStackSegments', 'kStacks', 'what kernel stacks are continued on, the deeper the lower'),
    ('kStacks', 'kStacksHigh', 'kernel stacks, each with a guard below'),
    ('kDirectMap', 'kDirectMapHigh', 'all of physical memory in a row: pool stands here'),
    ('kSystemMappings', 'kSystemMappingsHigh', 'mappings made one by one: MDLs, `MmMapIoSpace`'),
]


class Unprintable(Exception):
    pass


def fenced(lines, language='text'):
    return [f'```{language}', *lines, '```']


def chosen(lines, first, last):
    if first is None:
        return lines
    begin = next((i for i, line in enumerate(lines) if re.search(first, line)), None)
    if begin is None:
        raise Unprintable(f'no line matches {first!r}')
    if last is None:
        return lines[begin:]
    end = next((i for i in range(begin + 1, len(lines)) if re.search(last, lines[i])), None)
    if end is None:
        raise Unprintable(f'no line behind {first!r} matches {last!r}')
    return lines[begin:end + 1]


class Printer:
    def __init__(self, top, build):
        self.top = top
        self.build = build

    def print(self, what):
        kind, _, rest = what.partition(' ')
        words, *limits = (part.strip() for part in rest.split(' || '))
        limits += [None] * (2 - len(limits))
        if kind == 'ringside':
            return fenced(chosen(self.program(words), *limits))
        if kind == 'file':
            language = {'.c': 'c', '.h': 'cpp', '.cpp': 'cpp'}.get(pathlib.Path(words).suffix, 'text')
            return fenced(chosen((self.top / words).read_text().rstrip('\n').split('\n'), *limits), language)
        if kind == 'rules':
            return self.rules()
        if kind == 'layout':
            return self.layout()
        raise Unprintable(f"nobody prints '{kind}'")

    def program(self, arguments):
        run = subprocess.run(['ringside', *shlex.split(arguments)], executable=self.build / 'ringside', cwd=self.build,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=False)
        if run.returncode not in (0, 2, 4):
            raise Unprintable(f'ringside {arguments} ended with exit code {run.returncode}')
        return run.stdout.replace(f'{self.top}/', '').rstrip('\n').split('\n')

    def rules(self):
        text = (self.top / 'src' / 'verifier' / 'rules.cpp').read_text()
        table = text[text.index('kRules[] = {'):text.index('};', text.index('kRules[] = {'))]
        numbers = {}
        for name, value in re.findall(r'^NT_BUGCHECK\((\w+), (0x[0-9A-Fa-f]+)\)',
                                      (self.top / 'src' / 'nt' / 'bugcheck.inc').read_text(), re.MULTILINE):
            numbers[name] = int(value, 16)
        row = re.compile(r'\{\s*Rule::\w+,\s*"(\w+)",\s*nt::(\w+),\s*(\w+),\s*((?:"[^"]*"\s*)+),\s*"([^"]*)"\s*\}')
        lines = ['| rule | what the driver did | ends as |', '|---|---|---|']
        for name, code, subcode, words, page in row.findall(table):
            first = f', first parameter 0x{int(subcode, 0):X}' if int(subcode, 0) else ''
            url = f'https://learn.microsoft.com/windows-hardware/drivers/{page}'
            words = ''.join(re.findall('"([^"]*)"', words))
            lines.append(f'| `{name}` | {words} | [0x{numbers[code]:X} {code}]({url}){first} |')
        if len(lines) == 2:
            raise Unprintable('src/verifier/rules.cpp: no row was understood')
        return lines

    def layout(self):
        text = (self.top / 'src' / 'hal' / 'layout.h').read_text()
        values = {}
        for name, expression in re.findall(r'^inline constexpr \w+ (k\w+) = ([^;]+);', text, re.MULTILINE):
            if re.fullmatch(r"[\w'+*\- ]+", expression):
                values[name] = eval(expression.replace("'", ''), {'__builtins__': {}}, values)
        lines = ['| from | to | holds |', '|---|---|---|']
        for low, high, words in LAYOUT:
            begin, end = (eval(e, {'__builtins__': {}}, values) for e in (low, high))
            lines.append(f'| `{self.address(begin)}` | `{self.address(end)}` | {words} |')
        return lines

    @staticmethod
    def address(value):
        digits = f'{value:012X}'
        return '0x' + "'".join(digits[i:i + 4] for i in range(0, 12, 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, help='the build folder (usual: build)')
    parser.add_argument('--write', action='store_true', help='put what is printed now into the pages')
    given = parser.parse_args()
    top = pathlib.Path(__file__).resolve().parent.parent
    printer = Printer(top, (given.build or top / 'build').resolve())
    stale = False
    for page in sorted((top / 'docs').glob('*.md')):
        text = page.read_text()
        try:
            now = BLOCK.sub(lambda m: m[1] + '\n'.join(printer.print(m[2])) + '\n' + m[4], text)
        except Unprintable as why:
            print(f'{page.relative_to(top)}: {why}')
            stale = True
            continue
        if now == text:
            continue
        if given.write:
            page.write_text(now)
            print(f'{page.relative_to(top)}: printed anew')
            continue
        stale = True
        name = str(page.relative_to(top))
        print('\n'.join(difflib.unified_diff(text.split('\n'), now.split('\n'), name, 'printed now', lineterm='', n=1)))
    if stale and not given.write:
        print('pictures are out of date: look at the difference, then run tools/docs_print.py --write')
    return 1 if stale else 0


if __name__ == '__main__':
    sys.exit(main())
