# SPDX-License-Identifier: MIT
"""The command-line driver compiler: what it builds, what it refuses, and that the headers work for every target."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SDK, KIT = (Path(word) for word in sys.argv[1:3])
PROBE = Path(__file__).resolve().parent / "headers_probe.c"
ENTRY = "#include <NTDDK.H>\nNTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING p) { (void)d; (void)p; %s }\n"


class RingsideCc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def run_cc(self, *words) -> tuple[int, str]:
        result = subprocess.run([sys.executable, "-B", str(SDK / "ringside-cc"), "--kit", str(KIT), *map(str, words)],
                                capture_output=True, text=True, cwd=self.folder)
        return result.returncode, result.stderr

    def expect_built(self, *words) -> Path:
        code, text = self.run_cc("-o", "out.sys", *words)
        self.assertEqual((code, text), (0, ""))
        return self.folder / "out.sys"

    def test_headers(self):
        cpp = self.write("probe.cpp", PROBE.read_text())
        for source, *words in ((PROBE, "vista"), (PROBE, "win7", "-DDBG=1", "-DWITH_NTIFS"),
                               (PROBE, "win10-2004", "-DPOOL_NX_OPTIN=1"), (cpp, "win7"),
                               (cpp, "win11-24h2", "-DDBG=1", "-DWITH_NTIFS", "-DPOOL_NX_OPTIN=1")):
            with self.subTest(source=source.name, words=words):
                self.expect_built(source, "-Wall", "-Wextra", "-Werror", "--windows", *words)

    def test_same_sources_same_bytes(self):
        source = self.write("a.c", ENTRY % "return 0;")
        first = self.expect_built(source).read_bytes()
        self.assertEqual(first, self.expect_built(source).read_bytes())

    def test_own_headers_in_any_case(self):
        self.write("Public.h", "#define ANSWER 0\n")
        self.expect_built(self.write("a.c", '#include "public.H"\n' + ENTRY % "return ANSWER;"))

    def test_debug_information(self):
        source = self.write("a.c", ENTRY % "return 0;")
        self.assertIn(b".debug_info", self.expect_built(source).read_bytes())
        self.assertNotIn(b".debug_info", self.expect_built(source, "--pdb").read_bytes())
        self.assertTrue((self.folder / "out.pdb").exists())

    def test_large_frames_and_buffers_link(self):
        body = "volatile char big[20000]; big[0] = 1; RtlZeroMemory((void*)big, sizeof(big)); return big[19999];"
        self.expect_built(self.write("a.c", ENTRY % body))

    def test_library_function_of_user_mode(self):
        code, text = self.run_cc("-o", "out.sys", self.write("a.c", "int printf(const char*, ...);\n" +
                                                             ENTRY % 'return printf("x");'))
        self.assertEqual(code, 1)
        self.assertIn("undefined symbol: printf", text)

    def test_global_constructor(self):
        source = self.write("a.cpp", "struct S { S(); int self; } s;\nS::S() { self = (int)(long long)this; }\n"
                            'extern "C" int DriverEntry(void*, void*) { return s.self != 0; }\n')
        code, text = self.run_cc("-o", "out.sys", source)
        self.assertEqual(code, 1)
        self.assertIn("constructors of global C++ objects", text)

    def test_function_newer_than_the_named_windows(self):
        declared = "__declspec(dllimport) void* ExAllocatePool2(unsigned long long, unsigned long long, unsigned);\n"
        source = self.write("a.c", declared + ENTRY % "return !ExAllocatePool2(64, 8, 1);")
        code, text = self.run_cc("-o", "out.sys", source, "--windows", "win7")
        self.assertEqual((code, text), (1, "out.sys: imports ExAllocatePool2 from ntoskrnl.exe, which win7 does not "
                                           "export (first in win10-2004)\n"))
        self.assertFalse((self.folder / "out.sys").exists())

    def test_usage(self):
        source = self.write("a.c", "")
        for words, expected in ((("-o", "x.sys"), "no sources"), ((source,), "-o is missing"),
                                (("-o", "x.sys", "none.c"), "none.c: no such file"),
                                (("-o", "x.sys", "a.txt"), "a.txt: neither a C"),
                                (("-o", "x.sys", source, "--windows", "95"), "--windows 95: not one of"),
                                (("-o", "x.obj", "-c", source, source), "-c takes exactly one source"),
                                ((source, "-o"), "-o needs a value")):
            code, text = self.run_cc(*words)
            self.assertEqual(code, 1)
            self.assertEqual(len(text.splitlines()), 1)
            self.assertIn(expected, text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
