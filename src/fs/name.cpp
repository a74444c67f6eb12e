// SPDX-License-Identifier: MIT
#include "fs/name.h"

#include "rtl/case_table.h"

#include <algorithm>

namespace ringside::fs {

namespace {

bool is_high_surrogate(char16_t c) { return c >= 0xD800 && c < 0xDC00; }
bool is_low_surrogate(char16_t c) { return c >= 0xDC00 && c < 0xE000; }

} // namespace

bool is_legal_name(std::u16string_view name)
{
    if (name.empty() || name.size() > kNameUnitsMax || name == u"." || name == u"..")
        return false;
    for (size_t i = 0; i < name.size(); ++i) {
        char16_t const c = name[i];
        if (c < 0x20 || std::u16string_view(u"\"*/:<>?\\|").find(c) != std::u16string_view::npos)
            return false;
        if (is_high_surrogate(c)) {
            if (++i == name.size() || !is_low_surrogate(name[i]))
                return false;
        } else if (is_low_surrogate(c))
            return false;
    }
    return true;
}

bool has_wildcards(std::u16string_view expression)
{
    return expression.find_first_of(u"*?<>\"") != std::u16string_view::npos;
}

std::u16string upper_case(std::u16string_view name)
{
    std::u16string upper(name);
    for (char16_t& c : upper)
        c = rtl::upcase(c);
    return upper;
}

std::u16string_view next_component(std::u16string_view& rest)
{
    if (!rest.empty() && rest.front() == u'\\')
        rest.remove_prefix(1);
    size_t const end = std::min(rest.find(u'\\'), rest.size());
    std::u16string_view const component = rest.substr(0, end);
    rest.remove_prefix(end);
    return component;
}

} // namespace ringside::fs
