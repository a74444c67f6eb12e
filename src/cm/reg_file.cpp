// SPDX-License-Identifier: MIT
#include "cm/reg_file.h"

#include "cm/reg_text.h"

namespace ringside::cm {

using namespace nt;

namespace {

// One code point of UTF-8 from `at` on; false when the bytes are none.
bool decode_utf8(std::span<uint8_t const> bytes, size_t& at, char32_t& code)
{
    uint8_t const first = bytes[at];
    if (first >= 0xF5 || (first >= 0x80 && first < 0xC2))
        return false;
    unsigned const more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    if (at + more >= bytes.size())
        return false;
    code = more == 0 ? first : first & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; ++i) {
        if ((bytes[at + i] & 0xC0) != 0x80)
            return false;
        code = code << 6 | (bytes[at + i] & 0x3F);
    }
    at += more + 1;
    constexpr char32_t kLowest[] = { 0, 0x80, 0x800, 0x10000 };
    return code >= kLowest[more] && code <= 0x10FFFF && !(code >= 0xD800 && code < 0xE000);
}

std::optional<std::string> make_changes(Registry& registry, std::vector<Change> const& changes)
{
    for (Change const& change : changes) {
        bool const makes = change.kind == ChangeKind::MakeKey || change.kind == ChangeKind::SetValue;
        Key* key = registry.find(change.key);
        if (makes && !key) {
            auto made = registry.try_make(change.key);
            if (!made.ok())
                return RegError { change.line, "the key " + printable(change.key) + " cannot be made" }.message();
            key = *made;
        }
        if (!key)
            continue; // to delete what is not there is no mistake
        if (change.kind == ChangeKind::SetValue)
            static_cast<void>(registry.set_value(*key, change.name, change.type, change.data));
        else if (change.kind == ChangeKind::DeleteKey)
            registry.delete_tree(*key);
        else if (change.kind == ChangeKind::DeleteValue)
            registry.delete_value(*key, change.name);
    }
    return std::nullopt;
}

} // namespace

std::string RegError::message() const { return line ? "line " + std::to_string(line) + ": " + words : words; }

std::optional<std::u16string> decode_text(std::span<uint8_t const> bytes, unsigned& line)
{
    line = 1;
    std::u16string text;
    if (bytes.size() >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE) {
        if (bytes.size() % 2)
            return std::nullopt;
        for (size_t at = 2; at < bytes.size(); at += 2)
            text += static_cast<char16_t>(bytes[at] | bytes[at + 1] << 8);
        return text;
    }
    size_t at = bytes.size() >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0;
    while (at < bytes.size()) {
        char32_t code;
        if (!decode_utf8(bytes, at, code))
            return std::nullopt;
        line += code == U'\n';
        if (code >= 0x10000) {
            text += static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10));
            text += static_cast<char16_t>(0xDC00 + (code & 0x3FF));
        } else
            text += static_cast<char16_t>(code);
    }
    return text;
}

std::optional<std::string> import_reg_file(Registry& registry, std::string_view text)
{
    unsigned line;
    auto const decoded = decode_text({ reinterpret_cast<uint8_t const*>(text.data()), text.size() }, line);
    if (!decoded)
        return RegError { line, "neither UTF-8 nor UTF-16 with a byte order mark" }.message();
    RegParser parser(*decoded);
    if (!parser.parse_file())
        return parser.error.message();
    return make_changes(registry, parser.changes);
}

std::optional<std::string> assign(Registry& registry, std::u16string_view service, std::string_view assignment)
{
    unsigned line;
    auto const decoded = decode_text({ reinterpret_cast<uint8_t const*>(assignment.data()), assignment.size() }, line);
    if (!decoded)
        return "not UTF-8";
    RegParser parser(*decoded);
    if (!parser.parse_assignment(registry.service_path(service)))
        return parser.error.words;
    return make_changes(registry, parser.changes);
}

} // namespace ringside::cm
