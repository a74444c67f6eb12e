// SPDX-License-Identifier: MIT
#include "cm/environment.h"

#include "cm/registry.h"
#include "ob/capture.h"
#include "ob/namespace.h"

namespace ringside::cm {

using namespace nt;

namespace {

struct Variable {
    std::u16string_view name;
    std::u16string_view value;
};
constexpr Variable kSystem[] = {
    { u"SystemRoot", u"C:\\Windows" },
    { u"windir", u"C:\\Windows" },
    { u"SystemDrive", u"C:" },
};
constexpr std::u16string_view kKey
    = u"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";
constexpr size_t kNameMax = 256;
constexpr size_t kBlockMax = 0x10'0000; // characters of a driver's block that are looked at

// Counts what is written, and writes it where there is room to.
struct Writer {
    char16_t* to = nullptr;
    size_t room = 0;
    size_t length = 0;
    void put(char16_t c)
    {
        if (length < room)
            to[length] = c;
        ++length;
    }
    void put(std::u16string_view text)
    {
        for (char16_t c : text)
            put(c);
    }
};

// Whether the variable is in the driver's block, with its value written.
bool write_from_block(std::u16string_view name, char16_t const* block, Writer& writer)
{
    for (size_t at = 0; at < kBlockMax && ob::get(block + at);) {
        char16_t read[kNameMax];
        size_t length = 0;
        // A name may begin with an equals sign: "=C:=C:\folder".
        for (char16_t c; (c = ob::get(block + at)) && (c != u'=' || length == 0); ++at, ++length)
            if (length < kNameMax)
                read[length] = c;
        bool const is_it
            = ob::get(block + at) == u'=' && length == name.size() && ob::same_name({ read, length }, name, true);
        if (ob::get(block + at))
            ++at;
        for (char16_t c; (c = ob::get(block + at)); ++at)
            if (is_it)
                writer.put(c);
        if (is_it)
            return true;
        ++at;
    }
    return false;
}

bool write_from_system(std::u16string_view name, Writer& writer)
{
    for (Variable const& variable : kSystem)
        if (ob::same_name(variable.name, name, true)) {
            writer.put(variable.value);
            return true;
        }
    Key* const key = registry().find(kKey);
    Value const* const value = key ? key->value(name) : nullptr;
    if (!value || (value->type != REG_SZ && value->type != REG_EXPAND_SZ))
        return false;
    for (size_t at = 0; at + 1 < value->data.size(); at += 2) {
        auto const c = static_cast<char16_t>(value->data[at] | value->data[at + 1] << 8);
        if (!c)
            break;
        writer.put(c);
    }
    return true;
}

void write_expanded(std::u16string_view text, char16_t const* block, Writer& writer)
{
    while (!text.empty()) {
        if (text.front() == u'%') {
            size_t const end = text.find(u'%', 1);
            auto const name = end == text.npos ? std::u16string_view() : text.substr(1, end - 1);
            bool const known = !name.empty() && name.size() <= kNameMax
                && (block ? write_from_block(name, block, writer) : write_from_system(name, writer));
            if (known) {
                text.remove_prefix(end + 1);
                continue;
            }
        }
        writer.put(text.front());
        text.remove_prefix(1);
    }
}

} // namespace

void expand_environment(std::u16string_view text, void const* environment, Expanded& into)
{
    auto const* block = static_cast<char16_t const*>(environment);
    Writer counted;
    write_expanded(text, block, counted);
    into.block.emplace((counted.length + 3) * sizeof(char16_t));
    if (!into.block->ok())
        return;
    // The driver may change its block between the two looks: no more than was counted is kept.
    Writer writer { reinterpret_cast<char16_t*>(into.block->data()), counted.length };
    write_expanded(text, block, writer);
    into.bytes = static_cast<uint32_t>((counted.length + 1) * sizeof(char16_t));
}

} // namespace ringside::cm
