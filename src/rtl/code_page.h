// SPDX-License-Identifier: MIT
// The two code pages of the machine: ANSI is 1252 with Windows' best fits, OEM is 437. What a page lacks becomes '?'.
// Both are single-byte pages: a character is one byte there and one UTF-16 unit here, a surrogate pair becomes "??".
#pragma once

#include "nt/types.h"

#include <span>

namespace ringside::rtl {

struct PagePair {
    char16_t unicode;
    uint8_t byte;
};

struct CodePage {
    std::span<char16_t const, 128> upper_half; // of bytes 0x80 to 0xff
    std::span<PagePair const> from_unicode; // sorted; U+0080 and above

    char16_t to_unicode(uint8_t byte) const { return byte < 0x80 ? byte : upper_half[byte - 0x80]; }
    uint8_t to_byte(char16_t character) const;
    bool lacks(char16_t character) const { return character != u'?' && to_byte(character) == '?'; }
    // The upper case of a byte, itself where that is not one byte of this page.
    uint8_t upcase_byte(uint8_t byte) const;
};

extern CodePage const kAnsi;
extern CodePage const kOem;

} // namespace ringside::rtl
