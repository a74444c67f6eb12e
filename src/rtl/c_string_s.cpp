// SPDX-License-Identifier: MIT
// The checked string functions. Each says with its page what an error leaves in the destination.
#include "rtl/c_string_s.h"

#include "rtl/c_string.h"
#include "rtl/printf.h"

#include <algorithm>
#include <cstring>

namespace ringside::rtl {

namespace {

template <typename Char>
size_t length(Char const* s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n])
        ++n;
    return n;
}

template <typename Char>
int fail(Char* to, int error)
{
    to[0] = 0;
    return error;
}

// Puts up to `count` characters of `from` behind the first `used` of `to`.
template <typename Char>
int place(Char* to, size_t size, size_t used, Char const* from, size_t count)
{
    size_t room = size - used; // terminator included
    bool may_cut = count == kTruncate;
    size_t wanted = length(from, std::min(count, room));
    if (wanted >= room) {
        if (!may_cut)
            return fail(to, kErrnoRange);
        std::copy_n(from, room - 1, to + used);
        to[size - 1] = 0;
        return kErrnoTruncated;
    }
    std::copy_n(from, wanted, to + used);
    to[used + wanted] = 0;
    return 0;
}

// strcpy_s and strcat_s have no count and never truncate: a count that no text reaches, but is not kTruncate.
constexpr size_t kWhole = SIZE_MAX - 1;

// A destination of no size is out of range for the functions without a count, and invalid for the others. Nothing is
// written there: it has no first character.
int without_size(size_t count) { return count == kWhole ? kErrnoRange : kErrnoInvalid; }

template <typename Char>
int copy(Char* to, size_t size, Char const* from, size_t count)
{
    if (!to)
        return kErrnoInvalid;
    if (size == 0)
        return without_size(count);
    if (!from)
        return fail(to, kErrnoInvalid);
    return place(to, size, 0, from, count);
}

template <typename Char>
int append(Char* to, size_t size, Char const* from, size_t count)
{
    if (!to)
        return kErrnoInvalid;
    if (size == 0)
        return without_size(count);
    size_t used = length(to, size);
    if (used == size)
        return kErrnoInvalid; // not a terminated string
    if (!from) // strcat_s empties the destination, strncat_s leaves it
        return count == kWhole ? fail(to, kErrnoInvalid) : kErrnoInvalid;
    return place(to, size, used, from, count);
}

// Without a count all characters are set. A count may exceed the string, but not the buffer too.
template <typename Char>
int set(Char* s, size_t size, Char c, size_t count)
{
    if (!s || size == 0)
        return kErrnoInvalid;
    size_t used = length(s, size);
    if (used == size || (count != kWhole && count > size))
        return kErrnoInvalid;
    std::fill_n(s, std::min(used, count), c);
    return 0;
}

} // namespace

int strcpy_s(char* to, size_t size, char const* from) { return copy(to, size, from, kWhole); }
int strncpy_s(char* to, size_t size, char const* from, size_t count) { return copy(to, size, from, count); }
int strcat_s(char* to, size_t size, char const* from) { return append(to, size, from, kWhole); }
int strncat_s(char* to, size_t size, char const* from, size_t count) { return append(to, size, from, count); }
int wcscpy_s(char16_t* to, size_t size, char16_t const* from) { return copy(to, size, from, kWhole); }
int wcsncpy_s(char16_t* to, size_t size, char16_t const* from, size_t count) { return copy(to, size, from, count); }
int wcscat_s(char16_t* to, size_t size, char16_t const* from) { return append(to, size, from, kWhole); }
int wcsncat_s(char16_t* to, size_t size, char16_t const* from, size_t count) { return append(to, size, from, count); }

int _strset_s(char* s, size_t size, int c) { return set(s, size, static_cast<char>(c), kWhole); }
int _strnset_s(char* s, size_t size, int c, size_t count) { return set(s, size, static_cast<char>(c), count); }
int _wcsset_s(char16_t* s, size_t size, char16_t c) { return set(s, size, c, kWhole); }
int _wcsnset_s(char16_t* s, size_t size, char16_t c, size_t count) { return set(s, size, c, count); }

int memmove_s(void* to, size_t size, void const* from, size_t bytes)
{
    if (!to || !from)
        return kErrnoInvalid;
    if (size < bytes)
        return kErrnoRange;
    std::memmove(to, from, bytes);
    return 0;
}

int memcpy_s(void* to, size_t size, void const* from, size_t bytes)
{
    if (bytes == 0)
        return 0;
    int const error = memmove_s(to, size, from, bytes);
    if (error && to && size)
        std::memset(to, 0, size);
    return error;
}

char* strtok_s(char* s, char const* separators, char** context)
{
    if (!separators || !context || (!s && !*context))
        return nullptr;
    char* token = s ? s : *context;
    token += strspn(token, separators);
    char* end = token;
    while (*end && !strchr(separators, *end))
        ++end;
    *context = end;
    if (token == end)
        return nullptr;
    if (*end) {
        *end = 0;
        *context = end + 1;
    }
    return token;
}

} // namespace ringside::rtl
