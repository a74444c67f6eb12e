# SPDX-License-Identifier: MIT
"""A reader of PE32+ images for the driver kit's structural check.

It reads only what the check asks about, from bytes it never trusts: everything out of bounds becomes one BadImage with
a sentence a driver author understands. The host's own loader is separate code on purpose: two readers that agree are
worth more than one.
"""
import struct
from dataclasses import dataclass


class BadImage(Exception):
    """The file is not an image that can be read any further; the text says why."""


@dataclass
class Section:
    name: str
    virtual_size: int
    address: int
    raw_size: int
    raw_offset: int
    flags: int


EXPORTS, IMPORTS, EXCEPTIONS, RELOCATIONS, LOAD_CONFIG = 0, 1, 3, 5, 10


class Image:
    """One parsed file: header fields, sections, data directories."""

    def __init__(self, data: bytes):
        self.data = data
        if len(data) < 64 or data[:2] != b"MZ":
            raise BadImage("not a PE file: no MZ header")
        self.pe_offset = self.read("<I", 0x3C)
        if self.bytes_at(self.pe_offset, 4) != b"PE\0\0":
            raise BadImage("not a PE file: no PE header")
        coff = self.pe_offset + 4
        self.machine, section_count = self.read("<H", coff), self.read("<H", coff + 2)
        optional_size = self.read("<H", coff + 16)
        self.characteristics = self.read("<H", coff + 18)
        self.symbol_table, self.symbol_count = self.read("<I", coff + 8), self.read("<I", coff + 12)
        optional = coff + 20
        self.magic = self.read("<H", optional)
        if self.magic != 0x20B:
            raise BadImage(f"not PE32+: optional header magic {self.magic:#x}")
        self.entry = self.read("<I", optional + 16)
        self.image_size, self.headers_size = self.read("<I", optional + 56), self.read("<I", optional + 60)
        self.checksum_offset = optional + 64
        self.checksum = self.read("<I", self.checksum_offset)
        self.subsystem = self.read("<H", optional + 68)
        directory_count = min(self.read("<I", optional + 108), 16)
        self.directories = [(self.read("<I", optional + 112 + 8 * i), self.read("<I", optional + 116 + 8 * i))
                            for i in range(directory_count)]
        self.sections = [self._section(optional + optional_size + 40 * i) for i in range(section_count)]

    def _section(self, offset: int) -> Section:
        name = self.bytes_at(offset, 8).rstrip(b"\0").decode("latin-1")
        if name.startswith("/") and name[1:].isdigit() and self.symbol_table:
            name = self._c_string(self.symbol_table + 18 * self.symbol_count + int(name[1:]))
        return Section(name, self.read("<I", offset + 8), self.read("<I", offset + 12), self.read("<I", offset + 16),
                       self.read("<I", offset + 20), self.read("<I", offset + 36))

    def bytes_at(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset + size > len(self.data):
            raise BadImage(f"truncated: {size} bytes wanted at file offset {offset:#x} of {len(self.data):#x}")
        return self.data[offset:offset + size]

    def read(self, form: str, offset: int) -> int:
        return struct.unpack(form, self.bytes_at(offset, struct.calcsize(form)))[0]

    def _c_string(self, offset: int) -> str:
        end = self.data.find(b"\0", offset, offset + 512)
        if end < 0:
            raise BadImage(f"a name at file offset {offset:#x} has no end")
        return self.data[offset:end].decode("latin-1")

    def directory(self, index: int) -> tuple[int, int]:
        return self.directories[index] if index < len(self.directories) else (0, 0)

    def section_at(self, address: int) -> Section | None:
        for section in self.sections:
            if section.address <= address < section.address + max(section.virtual_size, section.raw_size):
                return section
        return None

    def offset_of(self, address: int) -> int:
        section = self.section_at(address)
        if section is None or address - section.address >= section.raw_size:
            raise BadImage(f"image address {address:#x} lies in no section's data")
        return section.raw_offset + address - section.address

    def imports(self) -> list[tuple[str, str]]:
        """(module, name) for each imported symbol; an import by ordinal is named '#<ordinal>'."""
        address, size = self.directory(IMPORTS)
        found: list[tuple[str, str]] = []
        if not size:
            return found
        while True:
            descriptor = self.offset_of(address)
            lookup, module, thunks = (self.read("<I", descriptor + o) for o in (0, 12, 16))
            if not module:
                return found
            name, entry = self._c_string(self.offset_of(module)), lookup or thunks
            while value := self.read("<Q", self.offset_of(entry)):
                ordinal = value >> 63
                found.append((name, f"#{value & 0xFFFF}" if ordinal else self._c_string(self.offset_of(value) + 2)))
                entry += 8
            address += 20

    def relocation_count(self) -> int:
        """Number of 64-bit relocations in the base relocation table."""
        address, size = self.directory(RELOCATIONS)
        count, end = 0, address + size
        while address < end:
            block = self.offset_of(address)
            block_size = self.read("<I", block + 4)
            if block_size < 8 or address + block_size > end:
                raise BadImage("the relocation table has a block of an impossible size")
            entries = struct.unpack(f"<{(block_size - 8) // 2}H", self.bytes_at(block + 8, (block_size - 8) // 2 * 2))
            count += sum(entry >> 12 == 10 for entry in entries)
            address += block_size
        return count

    def computed_checksum(self) -> int:
        """The sum Windows compares with the header: 16-bit words with carry, the field itself as zero, plus length."""
        data = bytearray(self.data)
        data[self.checksum_offset:self.checksum_offset + 4] = bytes(4)
        if len(data) % 2:
            data.append(0)
        total = sum(struct.unpack(f"<{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return total + len(self.data)
