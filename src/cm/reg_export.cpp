// SPDX-License-Identifier: MIT
// A key and all below it as the registry editor exports them, in UTF-8 with its mark.
#include "cm/reg_file.h"

#include "ob/namespace.h"
#include "rtl/multi_byte.h"

namespace ringside::cm {

using namespace nt;

namespace {

constexpr size_t kLineMax = 80;

std::string quoted(std::u16string_view text)
{
    std::string result = "\"";
    for (char c : rtl::utf8(text)) {
        if (c == '\\' || c == '"')
            result += '\\';
        if (c == '\n')
            result += "\\n";
        else if (c == '\r')
            result += "\\r";
        else
            result += c;
    }
    return result + "\"";
}

// Whether the data is one string with its zero, all of it characters that a quoted string keeps.
bool is_plain_text(Value const& value)
{
    if (value.type != REG_SZ || value.data.size() < 2 || value.data.size() % 2)
        return false;
    for (size_t at = 0; at < value.data.size(); at += 2) {
        unsigned const c = value.data[at] | unsigned { value.data[at + 1] } << 8;
        bool const is_last = at + 2 == value.data.size();
        if ((c == 0) != is_last || (c >= 0xD800 && c < 0xE000))
            return false;
    }
    return true;
}

std::string hex(uint32_t number, int digits)
{
    std::string text;
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        text += "0123456789abcdef"[number >> shift & 15];
    return text;
}

std::string value_line(Value const& value)
{
    std::string line = value.name.empty() ? "@=" : quoted(value.name) + "=";
    if (is_plain_text(value)) {
        std::u16string text;
        for (size_t at = 0; at + 2 < value.data.size(); at += 2)
            text += static_cast<char16_t>(value.data[at] | value.data[at + 1] << 8);
        return line + quoted(text) + "\r\n";
    }
    if (value.type == REG_DWORD && value.data.size() == 4) {
        uint32_t number = 0;
        for (unsigned i = 0; i < 4; ++i)
            number |= uint32_t { value.data[i] } << 8 * i;
        return line + "dword:" + hex(number, 8) + "\r\n";
    }
    line += "hex";
    if (value.type != REG_BINARY) {
        std::string type = hex(value.type, 8);
        line += "(" + type.substr(std::min(type.find_first_not_of('0'), size_t { 7 })) + ")";
    }
    line += ":";
    std::string text;
    for (size_t i = 0; i < value.data.size(); ++i) {
        line += hex(value.data[i], 2);
        if (i + 1 == value.data.size())
            break;
        line += ",";
        if (line.size() > kLineMax - 5) {
            text += line + "\\\r\n";
            line = "  ";
        }
    }
    return text + line + "\r\n";
}

std::string key_line(Key const& key)
{
    std::u16string const path = key.path();
    struct Root {
        std::u16string_view path;
        std::u16string_view name;
    };
    for (Root const root :
         { Root { u"\\REGISTRY\\MACHINE", u"HKEY_LOCAL_MACHINE" }, Root { u"\\REGISTRY\\USER", u"HKEY_USERS" } })
        if (path.starts_with(root.path))
            return "[" + rtl::utf8(std::u16string(root.name) + path.substr(root.path.size())) + "]\r\n";
    return "[" + rtl::utf8(path) + "]\r\n";
}

void export_below(Key const& key, std::string& into)
{
    into += "\r\n" + key_line(key);
    for (Value const& value : key.values)
        into += value_line(value);
    for (Key const& subkey : key.subkeys)
        if (!subkey.is_link) // it would be followed when the file is read
            export_below(subkey, into);
}

} // namespace

std::string export_reg_file(Key const& key)
{
    std::string text = "\xEF\xBB\xBFWindows Registry Editor Version 5.00\r\n";
    export_below(key, text);
    return text;
}

} // namespace ringside::cm
