# SPDX-License-Identifier: MIT
"""ringside_add_driver in a project that has nothing to do with this tree, and what it rebuilds when."""
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SDK = Path(sys.argv[1])
SOURCE = Path(__file__).resolve().parent / "outside"
sys.path.insert(0, str(SDK / "tools"))
import pe  # noqa: E402


class OutsideProject(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.build = Path(folder.name) / "source", Path(folder.name) / "build"
        shutil.copytree(SOURCE, self.source)

    def run_tool(self, *words) -> str:
        result = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_build_and_rebuild(self):
        self.run_tool("cmake", "-S", self.source, "-B", self.build, "-G", "Ninja", f"-DRINGSIDE_SDK={SDK}")
        self.run_tool("ninja", "-C", self.build)
        drivers = self.build / "drivers"
        client = pe.Image((drivers / "client.sys").read_bytes())
        self.assertEqual(client.imports(), [("library.sys", "AddOne")])
        self.assertTrue((drivers / "client.pdb").exists())
        self.assertIn("no work to do", self.run_tool("ninja", "-C", self.build))

        # A header edit rebuilds what includes it, and nothing else.
        time.sleep(0.01)
        header = self.source / "include" / "library.h"
        header.write_text(header.read_text() + "\n")
        output = self.run_tool("ninja", "-C", self.build)
        self.assertIn("client.cpp", output)
        self.assertNotIn("library.c", output)

        # A driver that fails the check is not left behind.
        definition = self.source / "library.def"
        definition.write_text("LIBRARY library.sys\nEXPORTS\n    Other=AddOne\n")
        result = subprocess.run(["ninja", "-C", str(self.build)], capture_output=True, text=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("AddOne", result.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
