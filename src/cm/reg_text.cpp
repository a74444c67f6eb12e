// SPDX-License-Identifier: MIT
#include "cm/reg_text.h"

#include "ob/namespace.h"

namespace ringside::cm {

using namespace nt;

namespace {

struct Root {
    std::u16string_view name;
    std::u16string_view path;
};

constexpr Root kRoots[] = {
    { u"HKEY_LOCAL_MACHINE", u"\\REGISTRY\\MACHINE" },
    { u"HKLM", u"\\REGISTRY\\MACHINE" },
    { u"HKEY_USERS", u"\\REGISTRY\\USER" },
    { u"HKU", u"\\REGISTRY\\USER" },
    { u"HKEY_CURRENT_USER", u"\\REGISTRY\\USER\\.DEFAULT" },
    { u"HKCU", u"\\REGISTRY\\USER\\.DEFAULT" },
    { u"HKEY_CLASSES_ROOT", u"\\REGISTRY\\MACHINE\\SOFTWARE\\Classes" },
    { u"HKCR", u"\\REGISTRY\\MACHINE\\SOFTWARE\\Classes" },
    { u"HKEY_CURRENT_CONFIG", u"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current" },
    { u"HKCC", u"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current" },
};

constexpr std::u16string_view kRegistry = u"\\REGISTRY";
constexpr std::u16string_view kHeader = u"Windows Registry Editor Version 5.00";

int hex_digit(char16_t c)
{
    if (c >= u'0' && c <= u'9')
        return c - u'0';
    if (c >= u'a' && c <= u'f')
        return c - u'a' + 10;
    if (c >= u'A' && c <= u'F')
        return c - u'A' + 10;
    return -1;
}

bool is_blank(char16_t c) { return c == u' ' || c == u'\t'; }

void append_text(std::vector<uint8_t>& data, std::u16string const& text)
{
    for (size_t i = 0; i <= text.size(); ++i) {
        char16_t const c = i < text.size() ? text[i] : u'\0';
        data.push_back(static_cast<uint8_t>(c));
        data.push_back(static_cast<uint8_t>(c >> 8));
    }
}

} // namespace

std::string printable(std::u16string_view text)
{
    std::string result;
    for (char16_t c : text.substr(0, 60))
        result += c >= 0x20 && c < 0x7F ? static_cast<char>(c) : '?';
    return text.size() > 60 ? result + "..." : result;
}

std::optional<std::u16string> absolute_path(std::u16string_view key)
{
    if (ob::same_name(key.substr(0, kRegistry.size()), kRegistry, true)
        && (key.size() == kRegistry.size() || key[kRegistry.size()] == u'\\'))
        return std::u16string(key);
    auto const root_name = key.substr(0, key.find(u'\\'));
    for (Root const& root : kRoots)
        if (ob::same_name(root_name, root.name, true))
            return std::u16string(root.path) + std::u16string(key.substr(root_name.size()));
    return std::nullopt;
}

// --- Characters ---

char16_t RegParser::next()
{
    char16_t const c = m_text[m_at++];
    if (c == u'\n')
        ++m_line;
    return c;
}

bool RegParser::take(char16_t expected)
{
    if (at_end() || peek() != expected)
        return false;
    next();
    return true;
}

bool RegParser::take_word(std::u16string_view word)
{
    if (!ob::same_name(m_text.substr(m_at, word.size()), word, true))
        return false;
    m_at += word.size();
    return true;
}

void RegParser::skip_blanks()
{
    while (!at_end() && is_blank(peek()))
        next();
}

// The rest of a line: blanks, perhaps a comment, and the end of the line or of the text.
bool RegParser::skip_line_end()
{
    skip_blanks();
    if (peek() == u';')
        while (!at_end() && peek() != u'\n')
            next();
    if (!at_end() && peek() == u'\r')
        next();
    return at_end() || take(u'\n');
}

bool RegParser::fail(std::string words)
{
    error = { m_line, std::move(words) };
    return false;
}

// --- The file ---

bool RegParser::parse_file()
{
    if (!parse_header())
        return false;
    while (!at_end()) {
        skip_blanks();
        if (skip_line_end())
            continue;
        bool const parsed = peek() == u'[' ? parse_key_line() : parse_value_line();
        if (!parsed)
            return false;
    }
    return true;
}

bool RegParser::parse_header()
{
    while (!at_end() && (is_blank(peek()) || peek() == u'\r' || peek() == u'\n'))
        next();
    if (take_word(kHeader) && skip_line_end())
        return true;
    if (take_word(u"REGEDIT4"))
        return fail("this is a REGEDIT4 file; export it again as \"Windows Registry Editor Version 5.00\"");
    return fail("the first line must be \"Windows Registry Editor Version 5.00\"");
}

bool RegParser::parse_key_line()
{
    unsigned const line = m_line;
    next();
    bool const deletes = take(u'-');
    size_t const begin = m_at;
    while (!at_end() && peek() != u'\n' && peek() != u'\r')
        next();
    // A key's name may hold a bracket: the last one of the line closes it.
    auto const rest = m_text.substr(begin, m_at - begin);
    size_t const close = rest.rfind(u']');
    if (close == rest.npos)
        return fail("a key line without ]");
    auto const after = rest.substr(close + 1);
    size_t const junk = after.find_first_not_of(u" \t");
    if (junk != after.npos && after[junk] != u';')
        return fail("unexpected text after ]: \"" + printable(after.substr(junk)) + "\"");
    auto const key = rest.substr(0, close);
    auto path = absolute_path(key);
    if (!path)
        return fail("unknown root key in [" + printable(key) + "]");
    size_t component = 0;
    for (char16_t c : *path) {
        component = c == u'\\' ? 0 : component + 1;
        if (component > 255)
            return fail("a key's name has more than 255 characters");
    }
    changes.push_back({ deletes ? ChangeKind::DeleteKey : ChangeKind::MakeKey, line, *path, {}, 0, {} });
    m_key = deletes ? std::u16string() : std::move(*path);
    return skip_line_end() || (error = { line, "a key line that does not end" }, false);
}

bool RegParser::parse_value_line()
{
    Change change { ChangeKind::SetValue, m_line, m_key, {}, 0, {} };
    if (take(u'@'))
        change.name.clear();
    else if (peek() == u'"') {
        if (!parse_quoted(change.name))
            return false;
    } else {
        size_t const end = m_text.find_first_of(u"\r\n", m_at);
        return fail("not a key, a value or a comment: \"" + printable(m_text.substr(m_at, end - m_at)) + "\"");
    }
    if (m_key.empty())
        return fail("a value before any key (or after a deleted one)");
    skip_blanks();
    if (!take(u'='))
        return fail("a value's name is followed by =");
    skip_blanks();
    if (!parse_value(change))
        return false;
    if (!skip_line_end())
        return fail("unexpected text after a value");
    changes.push_back(std::move(change));
    return true;
}

bool RegParser::parse_value(Change& change)
{
    if (peek() == u'"') {
        std::u16string text;
        if (!parse_quoted(text))
            return false;
        change.type = REG_SZ;
        append_text(change.data, text);
        return true;
    }
    if (take(u'-')) {
        change.kind = ChangeKind::DeleteValue;
        return true;
    }
    if (take_word(u"dword:"))
        return parse_dword(change);
    if (take_word(u"hex"))
        return parse_hex(change);
    size_t const end = m_text.find_first_of(u"\r\n", m_at);
    return fail("not a value (\"text\", dword:, hex:, hex(n): or -): \"" + printable(m_text.substr(m_at, end - m_at))
                + "\"");
}

bool RegParser::parse_quoted(std::u16string& into)
{
    unsigned const line = m_line;
    next();
    while (!at_end()) {
        char16_t const c = next();
        if (c == u'"')
            return true;
        if (c != u'\\') {
            into += c;
            continue;
        }
        if (at_end())
            break;
        switch (char16_t const escaped = next()) {
        case u'\\':
        case u'"':
            into += escaped;
            break;
        case u'n':
            into += u'\n';
            break;
        case u'r':
            into += u'\r';
            break;
        default:
            return fail("unknown escape \\" + printable(std::u16string_view(&escaped, 1)) + " in a string");
        }
    }
    error = { line, "a string without its closing quote" };
    return false;
}

bool RegParser::parse_number(unsigned digits_max, uint32_t& into)
{
    into = 0;
    unsigned digits = 0;
    for (; !at_end() && hex_digit(peek()) >= 0; ++digits)
        into = into << 4 | static_cast<uint32_t>(hex_digit(next()));
    return digits >= 1 && digits <= digits_max;
}

bool RegParser::parse_dword(Change& change)
{
    uint32_t number;
    skip_blanks();
    if (!parse_number(8, number))
        return fail("dword: takes one to eight hexadecimal digits");
    change.type = REG_DWORD;
    for (unsigned shift = 0; shift < 32; shift += 8)
        change.data.push_back(static_cast<uint8_t>(number >> shift));
    return true;
}

// Blanks, and line ends that a backslash announces.
bool RegParser::skip_continuation()
{
    skip_blanks();
    while (peek() == u'\\') {
        next();
        if (!skip_line_end())
            return fail("a backslash continues a line only at its end");
        skip_blanks();
    }
    return true;
}

bool RegParser::parse_hex(Change& change)
{
    change.type = REG_BINARY;
    if (take(u'(')) {
        if (!parse_number(8, change.type) || !take(u')'))
            return fail("hex( takes a type of one to eight hexadecimal digits and )");
    }
    if (!take(u':'))
        return fail("hex is followed by : or (type):");
    if (!skip_continuation())
        return false;
    while (!at_end() && hex_digit(peek()) >= 0) {
        uint32_t byte;
        if (!parse_number(2, byte))
            return fail("a byte has one or two hexadecimal digits");
        change.data.push_back(static_cast<uint8_t>(byte));
        skip_blanks();
        if (!take(u','))
            return true;
        if (!skip_continuation())
            return false;
    }
    return true;
}

// --- The short form ---

bool RegParser::parse_assignment(std::u16string_view base)
{
    size_t const equals = m_text.find(u'=');
    if (equals == m_text.npos)
        return fail("expected key\\name=value");
    auto const left = m_text.substr(0, equals);
    size_t const slash = left.rfind(u'\\');
    auto const key = slash == left.npos ? std::u16string_view() : left.substr(0, slash);
    auto const name = slash == left.npos ? left : left.substr(slash + 1);
    if (name.empty())
        return fail("a value's name is missing (@ is the key's default value)");
    Change change { ChangeKind::SetValue, 0, {}, name == u"@" ? std::u16string() : std::u16string(name), 0, {} };
    if (auto path = absolute_path(key))
        change.key = std::move(*path);
    else if (key.substr(0, 5) == u"HKEY_" || key.substr(0, 1) == u"\\")
        return fail("unknown root key in " + printable(key));
    else
        change.key = std::u16string(base) + (key.empty() ? u"" : u"\\") + std::u16string(key);
    m_at = equals + 1;
    if (!parse_value(change))
        return false;
    if (!skip_line_end() || !at_end())
        return fail("unexpected text after a value");
    changes.push_back(std::move(change));
    return true;
}

} // namespace ringside::cm
