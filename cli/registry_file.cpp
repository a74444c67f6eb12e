// SPDX-License-Identifier: MIT
#include "registry_file.h"

#include "text.h"
#include "usage.h"

namespace ringside::cli {

namespace {

void append_utf8(std::string& text, uint32_t point)
{
    auto tail = [&](unsigned shift) { text += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
    if (point < 0x80) {
        text += static_cast<char>(point);
    } else if (point < 0x800) {
        text += static_cast<char>(0xC0 | point >> 6);
        tail(0);
    } else if (point < 0x10000) {
        text += static_cast<char>(0xE0 | point >> 12);
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xF0 | point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

std::string from_utf16(std::string const& path, std::string_view raw)
{
    auto unit = [&](size_t at) -> uint32_t {
        if (at + 1 >= raw.size())
            return 0;
        return static_cast<unsigned char>(raw[at])
            | static_cast<uint32_t>(static_cast<unsigned char>(raw[at + 1])) << 8;
    };
    if (raw.size() % 2 != 0)
        usage("{}: ends inside a UTF-16 character", path);
    std::string text;
    for (size_t at = 0; at < raw.size(); at += 2) {
        uint32_t point = unit(at);
        if (point >= 0xD800 && point < 0xE000) {
            uint32_t low = unit(at + 2);
            if (point >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
                usage("{}: holds half a UTF-16 character", path);
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        }
        append_utf8(text, point);
    }
    return text;
}

} // namespace

std::string registry_file_text(std::string const& path)
{
    Bytes bytes = read_input_file(path);
    std::string_view raw(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    if (raw.starts_with("\xFF\xFE"))
        return from_utf16(path, raw.substr(2));
    if (raw.starts_with("\xEF\xBB\xBF"))
        raw.remove_prefix(3);
    return std::string(raw);
}

} // namespace ringside::cli
