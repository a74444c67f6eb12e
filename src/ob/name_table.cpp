// SPDX-License-Identifier: MIT
#include "ob/name_table.h"

#include "rtl/case_table.h"

namespace ringside::ob {

uint64_t hash_without_case(std::u16string_view name)
{
    // FNV-1a over characters, then a mix that carries the high bits down to where the table looks.
    uint64_t hash = 0xCBF29CE484222325;
    for (char16_t c : name)
        hash = (hash ^ rtl::upcase(c)) * 0x100000001B3;
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15;
    return hash ^ hash >> 29;
}

} // namespace ringside::ob
