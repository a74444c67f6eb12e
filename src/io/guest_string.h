// SPDX-License-Identifier: MIT
// UNICODE_STRINGs in kernel memory, for objects that drivers look into, and views of those that drivers give.
#pragma once

#include "ex/pool.h"
#include "nt/nt.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace ringside::io {

// False when pool is empty; the string is empty then. A zero follows the characters and is not counted.
inline bool make_string(UNICODE_STRING& string, std::u16string_view text, ULONG tag)
{
    string = {};
    size_t const bytes = text.size() * sizeof(char16_t);
    if (bytes > 0xFFFC)
        return false;
    auto* buffer = static_cast<char16_t*>(
        ex::allocate(NonPagedPoolNx, bytes + sizeof(char16_t), tag, ex::Owner::Kernel, false));
    if (!buffer)
        return false;
    std::copy(text.begin(), text.end(), buffer);
    buffer[text.size()] = 0;
    string.Buffer = buffer;
    string.Length = static_cast<USHORT>(bytes);
    string.MaximumLength = static_cast<USHORT>(bytes + sizeof(char16_t));
    return true;
}

inline void free_string(UNICODE_STRING& string, ULONG tag)
{
    if (string.Buffer)
        ex::free(string.Buffer, tag);
    string = {};
}

// Characters beyond ASCII become '?': for reports only.
inline std::string plain(std::u16string_view text)
{
    std::string result;
    for (char16_t c : text)
        result += c < 0x80 ? static_cast<char>(c) : '?';
    return result;
}

} // namespace ringside::io
