#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs examples/python/first_machine.py and compares what it says. Usage: test_python_example.py SOURCE LIBRARY DRIVERS"""
import pathlib
import subprocess
import sys

source, library, drivers = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
EXPECTED = r'''devices: \Device\RingsideIoctl
ioctl:   0 b'edisgnir'
sleep:   0
served:  0 b'ddddd'
cancel:  c0000120 b''
sleep:   192 (STATUS_USER_APC)
failure: RINGSIDE_NOT_QUIET: ringside_expect_quiet: the machine did not end clean (seed 7): no handler took an exception raised in a client's thread
report:  SYSTEM_SERVICE_EXCEPTION in ends.sys
'''
done = subprocess.run(
    [sys.executable, '-B', source / 'examples/python/first_machine.py', library, drivers / 'ioctl.sys',
     drivers / 'desk.sys', drivers / 'ends.sys'],
    capture_output=True, text=True)
if done.returncode != 0 or done.stdout != EXPECTED or done.stderr:
    sys.exit(f'exit code {done.returncode}\n{done.stdout}{done.stderr}')
print(done.stdout, end='')
