// SPDX-License-Identifier: MIT
// A registry tree as text, for tests that assert whole states: one line per key or value, in the order they were made.
#pragma once

#include "cm/registry.h"

#include <cstdio>
#include <string>

namespace ringside::test {

inline std::string narrow(std::u16string_view text) { return { text.begin(), text.end() }; }

inline std::string value_text(cm::Value const& value)
{
    std::string text = narrow(value.name.empty() ? u"@" : value.name) + "=" + std::to_string(value.type) + ":";
    char digits[4];
    for (uint8_t byte : value.data) {
        std::snprintf(digits, sizeof digits, "%02x", byte);
        text += digits;
    }
    return text;
}

inline void append_tree(cm::Key const& key, std::string const& indent, std::string& into)
{
    for (auto const& value : key.values)
        into += indent + value_text(value) + "\n";
    for (auto const& subkey : key.subkeys) {
        into += indent + "[" + narrow(subkey.name) + "]\n";
        append_tree(subkey, indent + "  ", into);
    }
}

inline std::string tree(cm::Key const* key)
{
    if (!key)
        return "(no such key)\n";
    std::string text;
    append_tree(*key, "", text);
    return text;
}

} // namespace ringside::test
