// SPDX-License-Identifier: MIT
// The parser behind reg_file.h: from text to a list of changes.
#pragma once

#include "cm/reg_file.h"

namespace ringside::cm {

struct RegError {
    unsigned line; // from 1; 0: the text as a whole
    std::string words;
    std::string message() const; // "line 7: ..."
};

enum class ChangeKind : uint8_t { MakeKey, DeleteKey, SetValue, DeleteValue };

struct Change {
    ChangeKind kind;
    unsigned line;
    std::u16string key; // absolute
    std::u16string name;
    uint32_t type = 0;
    std::vector<uint8_t> data;
};

// Text is UTF-16 here; lines end with LF, CR LF or the end.
class RegParser {
public:
    explicit RegParser(std::u16string_view text)
        : m_text(text)
    {
    }
    // Both return false with `error` set.
    bool parse_file();
    bool parse_assignment(std::u16string_view base);

    std::vector<Change> changes;
    RegError error { 0, {} };

private:
    bool at_end() const { return m_at >= m_text.size(); }
    char16_t peek() const { return at_end() ? u'\0' : m_text[m_at]; }
    char16_t next();
    bool take(char16_t expected);
    bool take_word(std::u16string_view word);
    void skip_blanks();
    bool skip_line_end();
    bool fail(std::string words);

    bool parse_header();
    bool parse_key_line();
    bool parse_value_line();
    bool parse_value(Change& change);
    bool parse_quoted(std::u16string& into);
    bool parse_dword(Change& change);
    bool parse_hex(Change& change);
    bool parse_number(unsigned digits_max, uint32_t& into);
    bool skip_continuation();

    std::u16string_view m_text;
    size_t m_at = 0;
    unsigned m_line = 1;
    std::u16string m_key; // of the value lines that follow; "": none yet, or deleted
};

// "HKEY_LOCAL_MACHINE\X" or "\Registry\Machine\X" as an absolute path; nothing for another root.
std::optional<std::u16string> absolute_path(std::u16string_view key);
// UTF-16 with its mark, or UTF-8 with or without; nothing when it is neither, with the line in `line`.
std::optional<std::u16string> decode_text(std::span<uint8_t const> bytes, unsigned& line);
std::string printable(std::u16string_view text);

} // namespace ringside::cm
