// SPDX-License-Identifier: MIT
// The C library's conversions between numbers and text.
#include "rtl/c_library.h"
#include "rtl/c_string_s.h"

#include <algorithm>
#include <optional>

namespace ringside::rtl {

namespace {

template <typename Char>
std::optional<unsigned> digit(Char c, unsigned base)
{
    unsigned value = c >= '0' && c <= '9' ? static_cast<unsigned>(c - '0')
        : c >= 'a' && c <= 'z'            ? static_cast<unsigned>(c - 'a' + 10)
        : c >= 'A' && c <= 'Z'            ? static_cast<unsigned>(c - 'A' + 10)
                                          : base;
    return value < base ? std::optional(value) : std::nullopt;
}

// int and long: both have 32 bits.
template <typename Char>
int32_t decimal(Char const* s)
{
    if (!s)
        return 0;
    while (isspace(*s))
        ++s;
    bool const negative = *s == '-';
    if (*s == '-' || *s == '+')
        ++s;
    int64_t const limit = negative ? -int64_t { INT32_MIN } : INT32_MAX;
    int64_t magnitude = 0;
    for (; isdigit(*s); ++s)
        magnitude = std::min(magnitude * 10 + (*s - '0'), limit);
    return static_cast<int32_t>(negative ? -magnitude : magnitude);
}

// strtoul: `largest` is what an overflow returns, whatever the sign.
template <typename Char>
uint64_t unsigned_number(Char const* s, Char** end, unsigned base, uint64_t largest)
{
    Char const* start = s;
    auto finish = [&](Char const* at, uint64_t value) {
        if (end)
            *end = const_cast<Char*>(at);
        return value;
    };
    if (!s || base == 1 || base > 36)
        return finish(start, 0);
    while (isspace(*s))
        ++s;
    bool negative = *s == '-';
    if (*s == '-' || *s == '+')
        ++s;
    bool hexadecimal = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2], 16);
    if (base == 0)
        base = hexadecimal ? 16 : *s == '0' ? 8 : 10;
    if (base == 16 && hexadecimal)
        s += 2;
    if (!digit(*s, base))
        return finish(start, 0);
    uint64_t value = 0;
    bool overflow = false;
    for (; auto next = digit(*s, base); ++s) {
        overflow |= value > (largest - *next) / base;
        value = value * base + *next;
    }
    if (overflow)
        return finish(s, largest);
    return finish(s, (negative ? 0 - value : value) & largest);
}

// The text of a number, back to front.
template <typename Char>
struct Text {
    Char characters[66];
    size_t start = 65;

    Text(uint64_t magnitude, bool negative, unsigned radix)
    {
        characters[start] = 0;
        do {
            characters[--start] = static_cast<Char>("0123456789abcdefghijklmnopqrstuvwxyz"[magnitude % radix]);
            magnitude /= radix;
        } while (magnitude);
        if (negative)
            characters[--start] = '-';
    }
    size_t size() const { return 66 - start; } // terminator included
};

bool valid_radix(int radix) { return radix >= 2 && radix <= 36; }

template <typename Char>
int to_text(uint64_t magnitude, bool negative, Char* buffer, size_t size, int radix)
{
    if (!buffer || size == 0)
        return kErrnoInvalid;
    buffer[0] = 0;
    if (!valid_radix(radix))
        return kErrnoInvalid;
    Text<Char> text(magnitude, negative, static_cast<unsigned>(radix));
    if (text.size() > size)
        return kErrnoInvalid;
    std::copy_n(text.characters + text.start, text.size(), buffer);
    return 0;
}

// Only radix ten shows a sign; the others show the bits of the value's own width.
template <typename Unsigned, typename Signed, typename Char>
int signed_to_text(Signed value, Char* buffer, size_t size, int radix)
{
    bool negative = value < 0 && radix == 10;
    auto bits = static_cast<Unsigned>(value);
    return to_text<Char>(static_cast<Unsigned>(negative ? 0 - bits : bits), negative, buffer, size, radix);
}

} // namespace

int atoi(char const* s) { return decimal(s); }
int32_t atol(char const* s) { return decimal(s); }
int _wtoi(char16_t const* s) { return decimal(s); }
int32_t _wtol(char16_t const* s) { return decimal(s); }

uint32_t wcstoul(char16_t const* s, char16_t** end, int base)
{
    return static_cast<uint32_t>(unsigned_number(s, end, static_cast<unsigned>(base), UINT32_MAX));
}

uint64_t _strtoui64(char const* s, char** end, int base)
{
    return unsigned_number(s, end, static_cast<unsigned>(base), UINT64_MAX);
}

char* _itoa(int value, char* buffer, int radix)
{
    signed_to_text<uint32_t>(value, buffer, SIZE_MAX, radix);
    return buffer;
}

char16_t* _itow(int value, char16_t* buffer, int radix)
{
    signed_to_text<uint32_t>(value, buffer, SIZE_MAX, radix);
    return buffer;
}

int _itoa_s(int value, char* buffer, size_t size, int radix)
{
    return signed_to_text<uint32_t>(value, buffer, size, radix);
}

int _itow_s(int value, char16_t* buffer, size_t size, int radix)
{
    return signed_to_text<uint32_t>(value, buffer, size, radix);
}

int _ultoa_s(uint32_t value, char* buffer, size_t size, int radix)
{
    return to_text(value, false, buffer, size, radix);
}

int _ultow_s(uint32_t value, char16_t* buffer, size_t size, int radix)
{
    return to_text(value, false, buffer, size, radix);
}

int _i64toa_s(int64_t value, char* buffer, size_t size, int radix)
{
    return signed_to_text<uint64_t>(value, buffer, size, radix);
}

int _i64tow_s(int64_t value, char16_t* buffer, size_t size, int radix)
{
    return signed_to_text<uint64_t>(value, buffer, size, radix);
}

int _ui64toa_s(uint64_t value, char* buffer, size_t size, int radix)
{
    return to_text(value, false, buffer, size, radix);
}

int _ui64tow_s(uint64_t value, char16_t* buffer, size_t size, int radix)
{
    return to_text(value, false, buffer, size, radix);
}

} // namespace ringside::rtl
