// SPDX-License-Identifier: MIT
// Code pages: a table of 128 characters one way, a sorted list the other.
#include "rtl/code_page.h"

#include "rtl/case_table.h"

#include <algorithm>

namespace ringside::rtl {

namespace {
#include "rtl/code_pages.inc"
}

CodePage const kAnsi { kAnsiToUnicode, kAnsiFromUnicode };
CodePage const kOem { kOemToUnicode, kOemFromUnicode };

uint8_t CodePage::to_byte(char16_t character) const
{
    if (character < 0x80)
        return static_cast<uint8_t>(character);
    auto found = std::ranges::lower_bound(from_unicode, character, {}, &PagePair::unicode);
    return found != from_unicode.end() && found->unicode == character ? found->byte : '?';
}

uint8_t CodePage::upcase_byte(uint8_t byte) const
{
    char16_t upper = upcase(to_unicode(byte));
    uint8_t result = to_byte(upper);
    return to_unicode(result) == upper ? result : byte;
}

} // namespace ringside::rtl
