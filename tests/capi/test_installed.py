#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs the tree to a folder of its own, moves it, and builds the C example against it as a stranger would: with cc
and pkg-config, and with CMake's find_package. The programs must say what the example says, with the machine's process
found beside the library. Usage: test_installed.py CMAKE SOURCE BUILD"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

cmake, source, build = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
EXPECTED = '''ioctl: status 0x00000000, "edisgnir"
read:  status 0x00000000, "Hello from ring zero, or nearly."
end:   exit code 0, nothing is left
'''
OVERLAPPED = '''port: key 7, context 42, 9 bytes
callback: status 0xc0000120, 0 bytes
event: came
'''
LISTS = '''cmake_minimum_required(VERSION 3.20)
project(stranger C)
find_package(ringside 0.1 REQUIRED CONFIG)
add_executable(first first_machine.c)
target_link_libraries(first PRIVATE ringside::ringside)
'''


def run(words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f'{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}')
    return done.stdout


def expect(said, what, expected=EXPECTED):
    if said != expected:
        sys.exit(f'{what} said\n{said}')


with tempfile.TemporaryDirectory() as folder:
    top = pathlib.Path(folder)
    run([cmake, '--install', build, '--prefix', top / 'first'])
    shutil.move(top / 'first', top / 'moved')
    tree = top / 'moved'
    config = next(tree.rglob('ringside.pc')).parent
    clean = {name: value for name, value in os.environ.items() if not name.startswith(('RINGSIDE', 'LD_'))}
    packaged = dict(clean, PKG_CONFIG_PATH=str(config))
    example = source / 'examples/c/first_machine.c'
    driver = build / 'drivers/ioctl.sys'

    flags = run(['pkg-config', '--cflags', '--libs', 'ringside'], env=packaged).split()
    run(['cc', '-std=c99', '-Wall', '-Wextra', '-Werror', example, *flags, '-o', top / 'by_hand'])
    expect(run([top / 'by_hand', driver], env=dict(clean, LD_LIBRARY_PATH=str(config.parent))), 'the program by hand')
    run(['cc', '-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror', source / 'examples/c/overlapped.c', *flags,
         '-o', top / 'overlapped'])
    expect(run([top / 'overlapped', build / 'drivers/desk.sys'], env=dict(clean, LD_LIBRARY_PATH=str(config.parent))),
           'the overlapped program', OVERLAPPED)
    if run(['pkg-config', '--modversion', 'ringside'], env=packaged).strip() != '0.1.0':
        sys.exit('pkg-config knows another version')

    stranger = top / 'stranger'
    stranger.mkdir()
    (stranger / 'CMakeLists.txt').write_text(LISTS)
    shutil.copy(example, stranger)
    run([cmake, '-S', stranger, '-B', stranger / 'build', f'-DCMAKE_PREFIX_PATH={tree}'], env=clean)
    run([cmake, '--build', stranger / 'build'], env=clean)
    expect(run([stranger / 'build/first', driver], env=clean), 'the program of CMake')

    # Without the program the library says where it looked. (One may be installed on this computer.)
    (tree / 'bin/ringside').unlink()
    prefix = next(line.split('=')[1] for line in (build / 'CMakeCache.txt').read_text().splitlines()
                  if line.startswith('CMAKE_INSTALL_PREFIX:'))
    if (pathlib.Path(prefix) / 'bin/ringside').exists():
        sys.exit(0)
    lost = subprocess.run([stranger / 'build/first', driver], env=clean, capture_output=True, text=True)
    if lost.returncode != 1 or 'RINGSIDE_NO_PROGRAM: ringside_boot: the program' not in lost.stderr:
        sys.exit(f'without the program: exit code {lost.returncode}\n{lost.stdout}{lost.stderr}')
print('installed, moved, built and run in two ways')
