#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether README.md and docs/*.md still speak of this tree. Exit 1 with one line per mistake.

In text (not in fenced blocks): a path in backticks exists; a name in backticks of the form room::Name or Class::member
occurs in that room's or beside that class' code; a link leads to a file, and its #anchor to a heading. Everywhere: no
word of a machine that is not the reader's. Besides: each @cite(tag) in the code is declared in docs/references.md,
once."""
import argparse
import itertools
import json
import pathlib
import re
import sys

PATH = re.compile(r'^(?:src|include|cli|capi|sdk|examples|tests|bench|data|docs|tools|cmake|\.ci)/[^\s<>]*$')
QUALIFIED = re.compile(r'^(?:ringside::)?([A-Za-z_]\w*(?:::~?[A-Za-z_]\w*)+)(?:\(\))?$')
LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
CITE = re.compile(r'@cite\(([^)]*)\)')
FORBIDDEN = re.compile(r'/work\b|/tmp\b|\bagents?\b|\bsessions?\b', re.IGNORECASE)


def braces(pattern):
    """a/{b,c}.h as a/b.h and a/c.h."""
    parts = [part.split(',') if i % 2 else [part] for i, part in enumerate(re.split(r'\{([^}]*)\}', pattern))]
    return [''.join(choice) for choice in itertools.product(*parts)]


def anchors(text):
    """The names that GitHub gives to a page's headings."""
    names = set()
    for heading in re.findall(r'^#+\s+(.*)$', text, re.MULTILINE):
        plain = re.sub(r'[`*]', '', heading).strip().lower()
        names.add(re.sub(r'[^\w\- ]', '', plain).replace(' ', '-'))
    return names


class Tree:
    def __init__(self, top):
        self.top = top
        self.rooms = set(json.loads((top / 'tools' / 'rooms.json').read_text())['rooms'])
        self.files = {}
        for folder in ('src', 'include', 'cli', 'capi', 'tests', 'examples', 'bench'):
            for path in sorted((top / folder).rglob('*')):
                if path.suffix in ('.h', '.cpp', '.S', '.inc', '.c'):
                    self.files[path.relative_to(top)] = path.read_text(errors='replace')

    def cited(self):
        return {tag: path for path, text in self.files.items() if path.parts[0] == 'src' for tag in CITE.findall(text)}

    def has_path(self, pattern):
        return all(any(self.top.glob(one.rstrip('/'))) for one in braces(pattern))

    def has_name(self, qualified):
        *scopes, name = qualified.split('::')
        word = re.compile(r'\b' + re.escape(name.lstrip('~')) + r'\b')
        if len(scopes) == 1 and scopes[0] in self.rooms:
            return any(word.search(text) for path, text in self.files.items() if path.parts[:2] == ('src', scopes[0]))
        scope = re.compile(r'\b' + re.escape(scopes[-1]) + r'\b')
        return any(word.search(text) and scope.search(text) for text in self.files.values())


class Page:
    def __init__(self, tree, path, mistakes):
        self.tree = tree
        self.path = path
        self.mistakes = mistakes

    def say(self, number, words):
        self.mistakes.append(f'{self.path.relative_to(self.tree.top)}:{number}: {words}')

    def check(self):
        fenced = False
        for number, line in enumerate(self.path.read_text().split('\n'), 1):
            # The page of rows is printed from the sources, and Windows has logon sessions.
            forbidden = FORBIDDEN.search(line)
            if forbidden and not (self.path.name == 'ddi.md' and forbidden.group().lower().startswith('session')):
                self.say(number, f"'{forbidden.group()}' is no word for this project's pages")
            if line.startswith('```'):
                fenced = not fenced
                continue
            if fenced or line.startswith('<!--'):
                continue
            for code in re.findall(r'`([^`]+)`', line):
                self.code(number, code)
            for target in LINK.findall(re.sub(r'`[^`]*`', '', line)):
                self.link(number, target)
        if fenced:
            self.say(number, 'a fenced block does not end')

    def code(self, number, code):
        if PATH.match(code) and not self.tree.has_path(code):
            self.say(number, f'there is no {code}')
        qualified = QUALIFIED.match(code)
        if qualified and not self.tree.has_name(qualified.group(1)):
            self.say(number, f'no code has {code}')

    def link(self, number, target):
        if re.match(r'[a-z]+:', target):
            return
        name, _, anchor = target.partition('#')
        file = (self.path.parent / name) if name else self.path
        if not file.exists():
            self.say(number, f'the link {target} leads nowhere')
        elif anchor and anchor not in anchors(file.read_text()):
            self.say(number, f'the link {target} leads to no heading')


def check_citations(tree, mistakes):
    page = tree.top / 'docs' / 'references.md'
    declared = re.findall(r'^\| `([^`]+)` \|', page.read_text(), re.MULTILINE)
    for tag in sorted({tag for tag in declared if declared.count(tag) > 1}):
        mistakes.append(f'docs/references.md: @cite({tag}) is declared twice')
    cited = tree.cited()
    for tag, path in sorted(cited.items()):
        if tag not in declared:
            mistakes.append(f'{path}: @cite({tag}) is not declared in docs/references.md')
    for tag in declared:
        if tag not in cited:
            mistakes.append(f'docs/references.md: nothing cites {tag}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--top', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent,
                        help='the project (usual: the one this tool stands in)')
    tree = Tree(parser.parse_args().top.resolve())
    mistakes = []
    for path in [tree.top / 'README.md', *sorted((tree.top / 'docs').glob('*.md'))]:
        Page(tree, path, mistakes).check()
    check_citations(tree, mistakes)
    for mistake in mistakes:
        print(mistake)
    print(f'{len(mistakes)} mistakes in the pages' if mistakes else 'the pages speak of this tree')
    return 1 if mistakes else 0


if __name__ == '__main__':
    sys.exit(main())
