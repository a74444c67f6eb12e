# SPDX-License-Identifier: MIT
"""tools/docs_check.py against a small tree: a page without mistakes passes, and each kind of mistake is seen."""
import pathlib
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(sys.argv[1])
GOOD = """# A page

`src/ke/kernel.{h,cpp}` holds `ke::Kernel`, whose `Kernel::run` runs; see [below](#a-heading) and [the other](other.md).

## A heading

```text
`src/gone.h` in a fenced block is no mistake
```
"""
MISTAKES = {
    'a path': ('`src/ke/gone.h`', 'there is no src/ke/gone.h'),
    'one of several paths': ('`src/ke/kernel.{h,S}`', 'there is no src/ke/kernel.{h,S}'),
    'a name in a room': ('`ke::Gone`', 'no code has ke::Gone'),
    'a name in another room': ('`io::Kernel`', 'no code has io::Kernel'),
    'a member': ('`Kernel::gone`', 'no code has Kernel::gone'),
    'a file': ('[x](gone.md)', 'the link gone.md leads nowhere'),
    'a heading': ('[x](other.md#gone)', 'the link other.md#gone leads to no heading'),
    'a word': ('an ' + 'agent', "'agent' is no word"),
    'a fence': ('```', 'a fenced block does not end'),
}


def check(page, source='// @cite(wdk): page=x\n', references='| `wdk` | x |\n'):
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        for name, text in {
            'README.md': '# Readme\n',
            'docs/page.md': page,
            'docs/other.md': '# Other\n',
            'docs/references.md': references,
            'tools/rooms.json': '{"rooms": {"ke": [], "io": []}}',
            'src/ke/kernel.h': source + 'class Kernel {\n    void run();\n};\n',
            'src/ke/kernel.cpp': '',
            'src/io/irp.h': '',
        }.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)
        run = subprocess.run([sys.executable, '-B', PROJECT / 'tools' / 'docs_check.py', '--top', top],
                             stdout=subprocess.PIPE, text=True, check=False)
        return run.returncode, run.stdout


def expect(what, outcome, code, words=''):
    if outcome[0] != code or words not in outcome[1]:
        sys.exit(f'{what}: exit code {outcome[0]}, wanted {code} and "{words}":\n{outcome[1]}')


expect('a good page', check(GOOD), 0)
for what, (text, words) in MISTAKES.items():
    expect(what, check(GOOD + '\n' + text + '\n'), 1, words)
expect('an undeclared citation', check(GOOD, references='# None\n'), 1, '@cite(wdk) is not declared')
expect('a citation declared twice', check(GOOD, references='| `wdk` | x |\n| `wdk` | y |\n'), 1, 'declared twice')
expect('a citation that nothing uses', check(GOOD, source=''), 1, 'nothing cites wdk')
