# SPDX-License-Identifier: MIT
"""The structural check takes what the kit builds, and names what is wrong with anything else.

Each doctored file differs from a good driver in one respect only, checksum put right again, so that the one line which
the check may print is about that respect.
"""
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SDK, IOCTL, SEH = (Path(word) for word in sys.argv[1:4])
sys.path.insert(0, str(SDK / "tools"))
import pe  # noqa: E402


def check(path: Path, *options: str) -> tuple[int, list[str]]:
    result = subprocess.run([sys.executable, "-B", str(SDK / "tools" / "check_driver.py"), str(path), *options],
                            capture_output=True, text=True)
    return result.returncode, result.stderr.splitlines()


class Doctored:
    """A copy of a driver to spoil."""

    def __init__(self, original: Path):
        self.data = bytearray(original.read_bytes())
        self.image = pe.Image(bytes(self.data))
        self.optional = self.image.pe_offset + 24

    def put(self, form: str, offset: int, value: int) -> "Doctored":
        struct.pack_into(form, self.data, offset, value)
        return self

    def drop_directory(self, index: int) -> "Doctored":
        return self.put("<Q", self.optional + 112 + 8 * index, 0)

    def section_header(self, name: str) -> int:
        size = struct.unpack_from("<H", self.data, self.image.pe_offset + 20)[0]
        for number, section in enumerate(self.image.sections):
            if section.name == name:
                return self.optional + size + 40 * number
        raise AssertionError(f"no section {name}")

    def with_checksum(self) -> bytes:
        return bytes(self.put("<I", self.image.checksum_offset, pe.Image(bytes(self.data)).computed_checksum()).data)


class CheckDriver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "doctored.sys"

    def expect_failure(self, data: bytes, words: str, *options: str) -> None:
        self.path.write_bytes(data)
        code, lines = check(self.path, *options)
        self.assertEqual(code, 1)
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(f"{self.path}: "), lines)
        self.assertIn(words, lines[0])

    def test_examples_are_good(self):
        for path in (IOCTL, SEH):
            self.assertEqual(check(path), (0, []))

    def test_another_machine(self):
        spoilt = Doctored(IOCTL)
        self.expect_failure(spoilt.put("<H", spoilt.image.pe_offset + 4, 0xAA64).with_checksum(), "machine is 0xaa64")

    def test_console_subsystem(self):
        spoilt = Doctored(IOCTL)
        self.expect_failure(spoilt.put("<H", spoilt.optional + 68, 3).with_checksum(), "subsystem is 3, not native")

    def test_no_relocations(self):
        self.expect_failure(Doctored(IOCTL).drop_directory(pe.RELOCATIONS).with_checksum(), "no relocations")

    def test_relocations_stripped(self):
        spoilt = Doctored(IOCTL)
        flags = spoilt.image.characteristics | 1
        self.expect_failure(spoilt.put("<H", spoilt.image.pe_offset + 22, flags).with_checksum(), "no relocations")

    def test_no_unwind_tables(self):
        self.expect_failure(Doctored(IOCTL).drop_directory(pe.EXCEPTIONS).with_checksum(), "no .pdata")

    def test_wrong_checksum(self):
        spoilt = Doctored(IOCTL)
        self.expect_failure(bytes(spoilt.put("<I", spoilt.image.checksum_offset, 0x1234).data), "checksum is 0x1234")

    def test_writable_code(self):
        spoilt = Doctored(IOCTL)
        header = spoilt.section_header(".text")
        self.expect_failure(spoilt.put("<I", header + 36, 0xE0000020).with_checksum(),
                            "section .text is writable and executable")

    def test_entry_point_in_data(self):
        spoilt = Doctored(IOCTL)
        address = next(section.address for section in spoilt.image.sections if section.name == ".data")
        self.expect_failure(spoilt.put("<I", spoilt.optional + 16, address).with_checksum(), "not in executable code")

    def test_import_that_nobody_exports(self):
        spoilt = Doctored(IOCTL)
        spoilt.data = spoilt.data.replace(b"IoCreateDevice\0", b"IoCreateDevise\0")
        self.expect_failure(spoilt.with_checksum(), "imports IoCreateDevise, which ntoskrnl.exe does not export")

    def test_import_from_user_mode(self):
        spoilt = Doctored(SEH)
        spoilt.data = spoilt.data.replace(b"ntoskrnl.exe\0", b"kernel32.dll\0")
        self.path.write_bytes(spoilt.with_checksum())
        code, lines = check(self.path)
        self.assertEqual((code, len(lines)), (1, len(spoilt.image.imports())))
        self.assertIn("from kernel32.dll, a module the kit does not know", lines[0])

    def test_import_too_new_for_the_named_windows(self):
        self.expect_failure(IOCTL.read_bytes(), "imports ExAllocatePool2 from ntoskrnl.exe, which win7 does not export "
                            "(first in win10-2004)", "--windows", "win7")

    def test_no_image_at_all(self):
        for data, words in ((b"", "no MZ header"), (b"#!/bin/sh\n" * 20, "no MZ header"),
                            (b"MZ" + bytes(62), "no PE header"), (b"MZ" + b"\xff" * 62, "truncated")):
            self.expect_failure(data, words)

    def test_truncated_anywhere(self):
        data = IOCTL.read_bytes()
        for size in range(0, len(data), 997):
            self.path.write_bytes(data[:size])
            code, lines = check_in_process(self.path)
            self.assertEqual((code, bool(lines)), (1, True), size)

    def test_missing_file(self):
        code, lines = check(self.path)
        self.assertEqual((code, lines), (1, [f"{self.path}: cannot be read: No such file or directory"]))


def check_in_process(path: Path) -> tuple[int, list[str]]:
    """As `check`, without a new process: for many files."""
    import check_driver
    lines = check_driver.failures_of(path, "win10-2004")
    return int(bool(lines)), lines


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
