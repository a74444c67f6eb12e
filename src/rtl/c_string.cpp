// SPDX-License-Identifier: MIT
// The C string functions: one template for char and char16_t, then the exported names.
#include "rtl/c_string.h"

#include "rtl/case_table.h"
#include "rtl/code_page.h"

#include <algorithm>
#include <optional>
#include <type_traits>

namespace ringside::rtl {

namespace {

template <typename Char>
constexpr int value(Char c)
{
    return static_cast<std::make_unsigned_t<Char>>(c);
}
constexpr int value(char16_t c) { return c; }

template <typename Char>
size_t length(Char const* s, size_t max = SIZE_MAX)
{
    size_t n = 0;
    while (n < max && s[n])
        ++n;
    return n;
}

template <typename Char, typename Fold>
int order(Char const* a, Char const* b, size_t count, Fold fold)
{
    for (; count; --count, ++a, ++b) {
        int left = fold(value(*a));
        int right = fold(value(*b));
        if (left != right)
            return left < right ? -1 : 1;
        if (left == 0)
            return 0;
    }
    return 0;
}

int as_is(int c) { return c; }

// Without regard to case: these look for null strings.
template <typename Char>
int order_folded(Char const* a, Char const* b, size_t count)
{
    return a && b ? order(a, b, count, ascii_lower) : kCompareError;
}

template <typename Char>
Char* copy(Char* to, Char const* from)
{
    Char* start = to;
    while ((*to++ = *from++)) { }
    return start;
}

template <typename Char>
Char* copy_counted(Char* to, Char const* from, size_t count)
{
    size_t size = length(from, count);
    std::copy_n(from, size, to);
    std::fill(to + size, to + count, Char {});
    return to;
}

template <typename Char>
Char* append_counted(Char* to, Char const* from, size_t count)
{
    size_t size = length(from, count);
    Char* end = std::copy_n(from, size, to + length(to));
    *end = 0;
    return to;
}

// The terminator counts as part of the string: searching for 0 finds it.
template <typename Char>
Char* find(Char const* s, Char c)
{
    for (;; ++s) {
        if (*s == c)
            return const_cast<Char*>(s);
        if (!*s)
            return nullptr;
    }
}

template <typename Char>
Char* find_last(Char const* s, Char c)
{
    Char const* found = nullptr;
    for (;; ++s) {
        if (*s == c)
            found = s;
        if (!*s)
            return const_cast<Char*>(found);
    }
}

template <typename Char>
Char* find_part(Char const* s, Char const* part)
{
    for (;; ++s) {
        size_t i = 0;
        while (part[i] && s[i] == part[i])
            ++i;
        if (!part[i])
            return const_cast<Char*>(s);
        if (!*s)
            return nullptr;
    }
}

template <typename Char>
size_t span(Char const* s, Char const* set, bool inside)
{
    size_t n = 0;
    while (s[n] && (find(set, s[n]) != nullptr) == inside)
        ++n;
    return n;
}

template <typename Char, typename Mapping>
Char* map(Char* s, Mapping mapping)
{
    for (Char* c = s; c && *c; ++c)
        *c = static_cast<Char>(mapping(value(*c)));
    return s;
}

template <typename Char>
Char* set_all(Char* s, Char c, size_t count)
{
    std::fill_n(s, length(s, count), c);
    return s;
}

template <typename Char>
Char* reverse(Char* s)
{
    std::reverse(s, s + length(s));
    return s;
}

} // namespace

size_t strlen(char const* s) { return length(s); }
size_t strnlen(char const* s, size_t max) { return length(s, max); }
size_t wcslen(char16_t const* s) { return length(s); }
size_t wcsnlen(char16_t const* s, size_t max) { return length(s, max); }

int strcmp(char const* a, char const* b) { return order(a, b, SIZE_MAX, as_is); }
int strncmp(char const* a, char const* b, size_t count) { return order(a, b, count, as_is); }
int _stricmp(char const* a, char const* b) { return order_folded(a, b, SIZE_MAX); }
int _strnicmp(char const* a, char const* b, size_t count) { return order_folded(a, b, count); }
int wcscmp(char16_t const* a, char16_t const* b) { return order(a, b, SIZE_MAX, as_is); }
int wcsncmp(char16_t const* a, char16_t const* b, size_t count) { return order(a, b, count, as_is); }
int _wcsicmp(char16_t const* a, char16_t const* b) { return order_folded(a, b, SIZE_MAX); }
int _wcsnicmp(char16_t const* a, char16_t const* b, size_t count) { return order_folded(a, b, count); }

char* strcpy(char* to, char const* from) { return copy(to, from); }
char* strncpy(char* to, char const* from, size_t count) { return copy_counted(to, from, count); }
char* strncat(char* to, char const* from, size_t count) { return append_counted(to, from, count); }
char16_t* wcscpy(char16_t* to, char16_t const* from) { return copy(to, from); }
char16_t* wcsncpy(char16_t* to, char16_t const* from, size_t count) { return copy_counted(to, from, count); }
char16_t* wcsncat(char16_t* to, char16_t const* from, size_t count) { return append_counted(to, from, count); }

char* strcat(char* to, char const* from)
{
    copy(to + length(to), from);
    return to;
}

char16_t* wcscat(char16_t* to, char16_t const* from)
{
    copy(to + length(to), from);
    return to;
}

char* strchr(char const* s, int c) { return find(s, static_cast<char>(c)); }
char* strrchr(char const* s, int c) { return find_last(s, static_cast<char>(c)); }
char* strstr(char const* s, char const* part) { return find_part(s, part); }
size_t strspn(char const* s, char const* set) { return span(s, set, true); }
char16_t* wcschr(char16_t const* s, char16_t c) { return find(s, c); }
char16_t* wcsrchr(char16_t const* s, char16_t c) { return find_last(s, c); }
char16_t* wcsstr(char16_t const* s, char16_t const* part) { return find_part(s, part); }
size_t wcsspn(char16_t const* s, char16_t const* set) { return span(s, set, true); }
size_t wcscspn(char16_t const* s, char16_t const* set) { return span(s, set, false); }

char* _strlwr(char* s) { return map(s, ascii_lower); }
char* _strupr(char* s) { return map(s, ascii_upper); }
char* _strrev(char* s) { return reverse(s); }
char* _strset(char* s, int c) { return set_all(s, static_cast<char>(c), SIZE_MAX); }
char* _strnset(char* s, int c, size_t count) { return set_all(s, static_cast<char>(c), count); }
char16_t* _wcslwr(char16_t* s) { return map(s, ascii_lower); }
char16_t* _wcsupr(char16_t* s) { return map(s, ascii_upper); }
char16_t* _wcsrev(char16_t* s) { return reverse(s); }
char16_t* _wcsnset(char16_t* s, char16_t c, size_t count) { return set_all(s, c, count); }

namespace {

constexpr size_t kNotConverted = SIZE_MAX; // -1

// The byte of the ANSI page, nothing where it has none. The page's own '?' is not a replacement.
std::optional<char> ansi_byte(char16_t c)
{
    uint8_t const byte = kAnsi.to_byte(c);
    return byte == '?' && c != u'?' ? std::nullopt : std::optional(static_cast<char>(byte));
}

} // namespace

// Without a destination these two return how much a whole conversion needs, whatever the count.
size_t mbstowcs(char16_t* to, char const* from, size_t count)
{
    if (!from || count > INT32_MAX)
        return kNotConverted;
    size_t size = length(from, to ? count : SIZE_MAX);
    if (!to)
        return size;
    for (size_t i = 0; i < size; ++i)
        to[i] = kAnsi.to_unicode(static_cast<uint8_t>(from[i]));
    if (size < count)
        to[size] = 0;
    return size;
}

size_t wcstombs(char* to, char16_t const* from, size_t count)
{
    if (!from || count > INT32_MAX)
        return kNotConverted;
    size_t const most = to ? count : SIZE_MAX;
    size_t size = 0;
    for (; size < most && from[size]; ++size) {
        auto const byte = ansi_byte(from[size]);
        if (!byte)
            return kNotConverted;
        if (to)
            to[size] = *byte;
    }
    if (to && size < count)
        to[size] = 0;
    return size;
}

// Nothing to look at is not a character: a count of 0 is an error unless there is no string at all.
int mbtowc(char16_t* to, char const* from, size_t count)
{
    if (!from)
        return 0;
    if (count == 0)
        return -1;
    if (to)
        *to = kAnsi.to_unicode(static_cast<uint8_t>(*from));
    return *from ? 1 : 0;
}

int wctomb(char* to, char16_t c)
{
    if (!to)
        return 0;
    auto const byte = ansi_byte(c);
    if (!byte)
        return -1;
    *to = *byte;
    return 1;
}

} // namespace ringside::rtl
