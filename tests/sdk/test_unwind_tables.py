# SPDX-License-Identifier: MIT
"""What the kit's compiler flags promise about exceptions, read back from the finished drivers.

A plain load inside __try lies in a guarded range, not only calls; every function that touches the stack has unwind
data; and no handler begins inside the range it guards, where __finally blocks would be left out.
"""
import re
import struct
import subprocess
import sys
import unittest
from pathlib import Path

SDK, IOCTL, SEH = (Path(word) for word in sys.argv[1:4])
sys.path.insert(0, str(SDK / "tools"))
import pe  # noqa: E402

IMAGE_BASE = 0x140000000


class Driver:
    """Functions with their ranges, guarded ranges and instructions."""

    def __init__(self, path: Path):
        self.image = pe.Image(path.read_bytes())
        self.functions = [self._function(*entry) for entry in self._table()]
        text = subprocess.run(["llvm-objdump-19", "-d", "--no-show-raw-insn", str(path)], capture_output=True,
                              text=True, check=True).stdout
        self.symbols, self.instructions, name = {}, {}, ""
        for line in text.splitlines():
            if label := re.match(r"([0-9a-f]{16}) <(.*)>:", line):
                name = label[2]
                self.symbols[name] = int(label[1], 16) - IMAGE_BASE
            elif code := re.match(r"([0-9a-f]{9,16}): +\t?(.*)", line.strip()):
                self.instructions[int(code[1], 16) - IMAGE_BASE] = (name, code[2].strip())

    def _table(self):
        address, size = self.image.directory(pe.EXCEPTIONS)
        return struct.iter_unpack("<III", self.image.bytes_at(self.image.offset_of(address), size))

    def _function(self, begin: int, end: int, unwind: int):
        offset = self.image.offset_of(unwind)
        flags, codes = self.image.read("<B", offset) >> 3, self.image.read("<B", offset + 2)
        scopes = []
        if flags & 3:
            table = offset + 4 + 2 * (codes + codes % 2) + 4
            count = self.image.read("<I", table)
            scopes = list(struct.iter_unpack("<IIII", self.image.bytes_at(table + 4, 16 * count)))
        return begin, end, scopes

    def scopes_of(self, name: str):
        return next(scopes for begin, _, scopes in self.functions if begin == self.symbols[name])


class UnwindTables(unittest.TestCase):
    def test_plain_accesses_are_guarded(self):
        driver = Driver(SEH)
        for name, pattern in (("Load", r"movl\s+\(%r\w+\), %\w+"), ("Store", r"movl\s+\$0x1, \(%r\w+\)")):
            accesses = [address for address, (where, what) in driver.instructions.items()
                        if where == name and re.match(pattern, what)]
            self.assertTrue(accesses, name)
            for address in accesses:
                self.assertTrue(any(begin <= address < end for begin, end, _, _ in driver.scopes_of(name)), name)

    def test_functions_that_use_the_stack_have_unwind_data(self):
        for path in (IOCTL, SEH):
            driver = Driver(path)
            covered = [(begin, end) for begin, end, _ in driver.functions]
            users = {name for name, what in driver.instructions.values()
                     if re.match(r"call|push|subq\s+\$\w+, %rsp", what)}
            for name in users:
                start = driver.symbols[name]
                self.assertTrue(any(begin <= start < end for begin, end in covered), f"{path.name}: {name}")

    def test_handlers_begin_outside_what_they_guard(self):
        driver = Driver(SEH)
        handlers = [(begin, end, target)
                    for _, _, scopes in driver.functions for begin, end, _, target in scopes if target]
        self.assertGreater(len(handlers), 10)
        for begin, end, target in handlers:
            self.assertFalse(begin <= target < end, f"{begin:#x}..{end:#x} -> {target:#x}")

    def test_a_raise_in_finally_keeps_the_handlers_around_it(self):
        scopes = Driver(SEH).scopes_of("Collided")
        first = scopes[0]
        self.assertEqual(first[3], 0, "the innermost entry is the finally block")
        self.assertEqual(sum(scope[:2] == first[:2] and scope[3] != 0 for scope in scopes), 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
