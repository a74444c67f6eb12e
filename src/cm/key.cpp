// SPDX-License-Identifier: MIT
#include "cm/key.h"

#include "ob/namespace.h"

namespace ringside::cm {

namespace {

template <typename Elements, typename SizeOf>
uint32_t widest_of(Widest& widest, Elements const& elements, SizeOf size_of)
{
    if (widest.stale) {
        widest = {};
        for (auto const& element : elements)
            widest.add(size_of(element));
    }
    return widest.bytes;
}

size_t bytes_of(std::u16string const& text) { return text.size() * sizeof(char16_t); }

} // namespace

Key* Key::subkey(std::u16string_view wanted) const { return subkeys.find(ob::upper_case(wanted)); }

Value* Key::value(std::u16string_view wanted) const
{
    Value* found = nullptr;
    values_by_name.for_each_like(wanted, [&](Value& value) {
        if (ob::same_name(value.name, wanted, true))
            found = &value;
    });
    return found;
}

std::u16string Key::path() const
{
    if (deleted)
        return last_path;
    size_t length = 0;
    for (Key const* at = this; at; at = at->parent)
        length += 1 + at->name.size();
    std::u16string text(length, u'\\');
    for (Key const* at = this; at; at = at->parent) {
        length -= at->name.size();
        text.replace(length, at->name.size(), at->name);
        --length;
    }
    return text;
}

uint32_t Key::max_subkey_name()
{
    return widest_of(widest_subkey_name, subkeys, [](Key const& k) { return bytes_of(k.name); });
}

uint32_t Key::max_subkey_class()
{
    return widest_of(widest_subkey_class, subkeys, [](Key const& k) { return bytes_of(k.class_name); });
}

uint32_t Key::max_value_name()
{
    return widest_of(widest_value_name, values, [](Value const& v) { return bytes_of(v.name); });
}

uint32_t Key::max_value_data()
{
    return widest_of(widest_value_data, values, [](Value const& v) { return v.data.size(); });
}

} // namespace ringside::cm
