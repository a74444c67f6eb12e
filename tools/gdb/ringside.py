# SPDX-License-Identifier: MIT
"""gdb commands for debugging a driver inside Ringside (docs/debugging.md):

    gdb -x tools/gdb/ringside.py --args build/ringside run --in-process toaster.sys --read 16
    (gdb) break toaster.c:120
    (gdb) run

Symbols of each driver are loaded when its image stands in memory, before its first instruction runs, so breakpoints may
be set before the driver is there. Back-traces cross drivers' frames by their own unwind tables (.pdata), which stock gdb
does not read in a Linux process. `info drivers` lists the images.
"""
import bisect
import os
import struct

import gdb
from gdb.unwinder import Unwinder

SETTINGS = """
handle SIGSEGV SIGBUS SIGILL SIGFPE nostop noprint pass
handle SIGALRM SIGVTALRM SIGPROF nostop noprint pass
set breakpoint pending on
"""

# As .pdata numbers them.
REGISTERS = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
             "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")


class Image:
    """A PE32+ file: its sections and its unwind tables, read from the file."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        pe = struct.unpack_from("<I", self.data, 0x3C)[0]
        count, _, symbols, symbol_count, optional_size = struct.unpack_from("<HIIIH", self.data, pe + 6)
        strings = symbols + 18 * symbol_count
        self.size = struct.unpack_from("<I", self.data, pe + 24 + 56)[0]
        self.sections = []  # name, rva, offset in the file, bytes there
        for index in range(count):
            at = pe + 24 + optional_size + 40 * index
            name = self.data[at:at + 8].rstrip(b"\0")
            _, rva, size, offset = struct.unpack_from("<IIII", self.data, at + 8)
            if name.startswith(b"/") and symbols:
                start = strings + int(name[1:])
                name = self.data[start:self.data.index(b"\0", start)]
            self.sections.append((name.decode("latin-1"), rva, offset, size))
        table, table_size = struct.unpack_from("<II", self.data, pe + 24 + 112 + 8 * 3)
        self.functions = []  # begin, end, unwind
        if table:
            at = self.offset(table)
            self.functions = sorted(struct.iter_unpack("<III", self.data[at:at + table_size // 12 * 12]))
        self.begins = [function[0] for function in self.functions]

    def offset(self, rva):
        for _, start, offset, size in self.sections:
            if start <= rva < start + size:
                return offset + rva - start
        raise gdb.GdbError(f"{self.path}: nothing at {rva:#x}")

    def function_at(self, rva):
        index = bisect.bisect_right(self.begins, rva) - 1
        if index >= 0 and self.functions[index][0] <= rva < self.functions[index][1]:
            return self.functions[index]
        return None


class Images:
    """What the live machine has loaded, by base."""
    loaded = {}
    symbols = []  # addresses inside files whose symbols gdb has

    @classmethod
    def add(cls, path, base):
        if not path or not os.path.exists(path):
            print(f"Ringside: an image at {base:#x} without a file here: no symbols for it")
            return
        image = Image(path)
        cls.loaded[base] = image
        places = [(name, base + rva) for name, rva, _, _ in image.sections if not name.startswith(".debug")]
        text = next((address for name, address in places if name == ".text"), places[0][1])
        words = " ".join(f'-s "{name}" {address:#x}' for name, address in places if name != ".text")
        gdb.execute(f'add-symbol-file "{path}" {text:#x} {words}', to_string=True)
        cls.symbols.append(text)
        print(f"Ringside: {os.path.basename(path)} at {base:#x}")

    @classmethod
    def remove(cls, base):
        # The symbols stay: a stack may still name the image, and one machine never uses an address twice.
        cls.loaded.pop(base, None)

    @classmethod
    def forget(cls):
        for address in cls.symbols:
            try:
                gdb.execute(f"remove-symbol-file -a {address:#x}", to_string=True)
            except gdb.error:
                pass
        cls.loaded, cls.symbols = {}, []

    @classmethod
    def at(cls, address):
        for base, image in cls.loaded.items():
            if base <= address < base + image.size:
                return base, image
        return None, None


class Frame:
    """One frame being unwound: registers and the places where the caller's were saved."""

    def __init__(self, registers):
        self.registers = dict(registers)
        self.saved = {}

    def pop(self, name):
        self.saved[name] = self.read(self.registers["rsp"])
        self.registers["rsp"] += 8

    @staticmethod
    def read(address):
        return struct.unpack("<Q", gdb.selected_inferior().read_memory(address & 0xFFFFFFFFFFFFFFFF, 8).tobytes())[0]


def in_epilogue(frame, pc):
    """Carries out what is left of an epilogue (pops and a return); False, with nothing changed, if this is none."""
    try:
        code = gdb.selected_inferior().read_memory(pc, 32).tobytes()
    except gdb.MemoryError:
        return False
    at, pops = 0, []
    while at < len(code) - 2:
        if code[at] in (0x48, 0x41) and 0x58 <= code[at + 1] <= 0x5F:
            pops.append(REGISTERS[(code[at + 1] - 0x58) + (8 if code[at] == 0x41 else 0)])
            at += 2
        elif 0x58 <= code[at] <= 0x5F:
            pops.append(REGISTERS[code[at] - 0x58])
            at += 1
        else:
            break
    if code[at] != 0xC3 and code[at:at + 2] != b"\xF3\xC3":
        return False
    for name in pops:
        frame.pop(name)
    return True


def apply_codes(frame, image, unwind, prolog_offset):
    """Undoes a function's prologue as far as it has been carried out; returns the chained function's entry or None."""
    at = image.offset(unwind)
    flags, _, count, frame_register = struct.unpack_from("<BBBB", image.data, at)
    version, flags = flags & 7, flags >> 3
    codes = [struct.unpack_from("<BB", image.data, at + 4 + 2 * i) for i in range(count)]
    words = [struct.unpack_from("<H", image.data, at + 4 + 2 * i)[0] for i in range(count)]
    set_frame = any(operation & 15 == 3 and offset <= prolog_offset for offset, operation in codes)
    base = frame.registers["rsp"]
    if frame_register & 15 and set_frame:
        base = frame.registers[REGISTERS[frame_register & 15]] - (frame_register >> 4) * 16
    index = 0
    while index < count:
        offset, byte = codes[index]
        operation, info = byte & 15, byte >> 4
        done = offset <= prolog_offset
        slots = {1: 3 if info else 2, 4: 2, 5: 3, 6: 1 if version == 2 else 2, 8: 2, 9: 3}.get(operation, 1)
        if done:
            if operation == 0:
                frame.pop(REGISTERS[info])
            elif operation == 1:
                frame.registers["rsp"] += (words[index + 1] | words[index + 2] << 16) if info else words[index + 1] * 8
            elif operation == 2:
                frame.registers["rsp"] += info * 8 + 8
            elif operation == 3:
                frame.registers["rsp"] = base
            elif operation in (4, 5):
                away = words[index + 1] * 8 if operation == 4 else words[index + 1] | words[index + 2] << 16
                frame.saved[REGISTERS[info]] = frame.read(base + away)
        index += slots
    if flags & 4:
        return struct.unpack_from("<III", image.data, at + 4 + 2 * (count + count % 2))
    return None


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class DriverUnwinder(Unwinder):
    """Frames of drivers, by the tables that Windows itself would use."""

    def __init__(self):
        super().__init__("ringside drivers")

    def __call__(self, pending):
        pc = int(pending.read_register("rip")) & 0xFFFFFFFFFFFFFFFF
        base, image = Images.at(pc)
        if image is None:
            return None
        registers = {name: int(pending.read_register(name)) & 0xFFFFFFFFFFFFFFFF for name in REGISTERS}
        frame = Frame(registers)
        try:
            begin = self.undo(frame, image, base, pc)
            caller = frame.read(frame.registers["rsp"])
        except (gdb.MemoryError, gdb.GdbError, struct.error):
            return None
        above = frame.registers["rsp"] + 8
        long = gdb.lookup_type("unsigned long")
        info = pending.create_unwind_info(FrameId(gdb.Value(above).cast(long), gdb.Value(begin).cast(long)))
        for name in REGISTERS:
            info.add_saved_register(name, gdb.Value(frame.saved.get(name, registers[name])).cast(long))
        info.add_saved_register("rsp", gdb.Value(above).cast(long))
        info.add_saved_register("rip", gdb.Value(caller).cast(long))
        return info

    @staticmethod
    def undo(frame, image, base, pc):
        """Brings rsp to the return address; gives the function's first address."""
        function = image.function_at(pc - base)
        if function is None:  # a leaf: it moved nothing
            return pc
        begin, _, unwind = function
        if in_epilogue(frame, pc):
            return base + begin
        chained = apply_codes(frame, image, unwind, pc - base - begin)
        while chained:
            begin, _, unwind = chained
            chained = apply_codes(frame, image, unwind, 1 << 32)
        return base + begin


class Start(gdb.Breakpoint):
    """Tells the program that it is being debugged: it then lets breakpoints be written into drivers' code."""

    def stop(self):
        gdb.parse_and_eval("*(int*)&ringside_debugger_present = 1")
        return False


class ImageLoaded(gdb.Breakpoint):
    def stop(self):
        path = gdb.parse_and_eval("(char*)$rdi").string()
        Images.add(path, int(gdb.parse_and_eval("(unsigned long)$rsi")))
        return False


class ImageUnloaded(gdb.Breakpoint):
    def stop(self):
        Images.remove(int(gdb.parse_and_eval("(unsigned long)$rsi")))
        return False


class InfoDrivers(gdb.Command):
    """List the driver images that the machine has loaded: base and file."""

    def __init__(self):
        super().__init__("info drivers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for base, image in sorted(Images.loaded.items()):
            print(f"{base:#x}  {image.path}")
        if not Images.loaded:
            print("No driver is loaded.")


for setting in SETTINGS.split("\n"):
    gdb.execute(setting, to_string=True)
# At the function's first instruction the arguments still stand in rdi and rsi, however the host was built.
try:
    ImageLoaded("*ringside_debugger_image_loaded", internal=True)
    ImageUnloaded("*ringside_debugger_image_unloaded", internal=True)
    Start("*main", internal=True)
except gdb.error:
    raise gdb.GdbError("The program is not Ringside: gdb -x ringside.py --args ringside run --in-process ...")
InfoDrivers()
gdb.unwinder.register_unwinder(None, DriverUnwinder(), replace=True)
gdb.events.exited.connect(lambda event: Images.forget())
