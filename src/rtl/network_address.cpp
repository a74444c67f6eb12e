// SPDX-License-Identifier: MIT
// The forms are those of RFC 4291 and of the C library's inet_addr.
#include "rtl/network_address.h"

#include <algorithm>
#include <optional>

namespace ringside::rtl {

namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kCapitalHex[] = "0123456789ABCDEF";
constexpr size_t kTextMax = 72; // of the longest address with scope and port

template <typename C>
C* put_number(C* text, uint32_t value, unsigned base)
{
    char digits[12];
    size_t count = 0;
    do
        digits[count++] = kHex[value % base];
    while (value /= base);
    while (count)
        *text++ = static_cast<C>(digits[--count]);
    return text;
}

template <typename C>
C* put_ipv4(C* text, UCHAR const* bytes)
{
    for (int i = 0; i < 4; ++i) {
        if (i)
            *text++ = '.';
        text = put_number(text, bytes[i], 10);
    }
    return text;
}

template <typename C>
int digit_value(C c)
{
    return c >= '0' && c <= '9' ? c - '0'
        : c >= 'a' && c <= 'f'  ? c - 'a' + 10
        : c >= 'A' && c <= 'F'  ? c - 'A' + 10
                                : 99;
}

// A number of at least one digit, at most `limit`; the text moves behind it.
template <typename C>
std::optional<uint64_t> take_number(C const*& text, int base, uint64_t limit)
{
    if (digit_value(*text) >= base)
        return std::nullopt;
    uint64_t value = 0;
    for (; digit_value(*text) < base; ++text)
        if ((value = value * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit_value(*text))) > limit)
            return std::nullopt;
    return value;
}

template <typename C>
std::optional<uint64_t> take_any_base(C const*& text, bool decimal_only)
{
    int base = 10;
    C const* at = text;
    if (*at == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    } else if (*at == '0' && digit_value(at[1]) < 10)
        base = 8;
    if (decimal_only && base != 10)
        return std::nullopt;
    auto const value = take_number(at, base, 0xFFFFFFFF);
    if (value)
        text = at;
    return value;
}

// Parts of a.b.c.d, a.b.c, a.b or a, the last of which fills what is left.
template <typename C>
bool take_ipv4(C const*& text, bool strict, UCHAR* bytes)
{
    uint64_t parts[4];
    size_t count = 0;
    for (;;) {
        auto const part = take_any_base(text, strict);
        if (!part)
            return false;
        parts[count++] = *part;
        if (count == 4 || *text != '.')
            break;
        ++text;
    }
    if (strict && count != 4)
        return false;
    uint64_t whole = 0;
    for (size_t i = 0; i + 1 < count; ++i) {
        if (parts[i] > 255)
            return false;
        whole |= parts[i] << (24 - 8 * i);
    }
    if (parts[count - 1] >> (8 * (5 - count)))
        return false;
    whole |= parts[count - 1];
    for (int i = 0; i < 4; ++i)
        bytes[i] = static_cast<UCHAR>(whole >> (24 - 8 * i));
    return true;
}

template <typename C>
bool take_port(C const*& text, USHORT& port)
{
    auto const value = take_number(text, 10, 0xFFFF);
    if (value)
        port = static_cast<USHORT>(*value >> 8 | *value << 8);
    return value.has_value();
}

USHORT host_order(USHORT port) { return static_cast<USHORT>(port >> 8 | port << 8); }

template <typename C>
NTSTATUS hand_out(C const* made, C const* end, C* text, ULONG* length)
{
    auto const needed = static_cast<ULONG>(end - made) + 1;
    bool const fits = text && *length >= needed;
    *length = needed;
    if (!fits)
        return STATUS_INVALID_PARAMETER;
    std::copy(made, end, text);
    text[needed - 1] = 0;
    return STATUS_SUCCESS;
}

template <typename C>
C* put_ipv6(C* text, UCHAR const* bytes)
{
    uint16_t words[8];
    for (int i = 0; i < 8; ++i)
        words[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    auto zeros
        = [&](int from, int to) { return std::all_of(words + from, words + to, [](uint16_t w) { return w == 0; }); };
    // Addresses that hold one of IPv4 show it: compatible, mapped, translated, ISATAP.
    bool const dotted = (zeros(0, 6) && words[6]) || (zeros(0, 5) && words[5] == 0xFFFF)
        || (zeros(0, 4) && words[4] == 0xFFFF && !words[5]) || (!(words[4] & 0xFDFF) && words[5] == 0x5EFE);
    int const count = dotted ? 6 : 8;
    int best = -1;
    int best_length = 1;
    for (int i = 0; i < count; ++i) {
        int end = i;
        while (end < count && !words[end])
            ++end;
        if (end - i > best_length) {
            best = i;
            best_length = end - i;
        }
        i = std::max(i, end);
    }
    for (int i = 0; i < count;) {
        if (i == best) {
            *text++ = ':';
            *text++ = ':';
            i += best_length;
            continue;
        }
        text = put_number(text, words[i++], 16);
        if (i < count && i != best)
            *text++ = ':';
    }
    if (dotted) {
        if (best + best_length != count || best < 0)
            *text++ = ':';
        text = put_ipv4(text, bytes + 12);
    }
    return text;
}

template <typename C>
bool take_ipv6(C const*& text, UCHAR* bytes)
{
    uint16_t words[8] {};
    int count = 0;
    int gap = -1; // where :: stood
    C const* at = text;
    if (at[0] == ':') {
        if (at[1] != ':')
            return false;
        gap = 0;
        at += 2;
    }
    while (count < 8) {
        C const* const start = at;
        auto const word = take_number(at, 16, 0xFFFF);
        if (*at == '.' && at != start && count <= 6) {
            UCHAR ipv4[4];
            C const* dotted = start;
            if (!take_ipv4(dotted, true, ipv4))
                return false;
            words[count++] = static_cast<uint16_t>(ipv4[0] << 8 | ipv4[1]);
            words[count++] = static_cast<uint16_t>(ipv4[2] << 8 | ipv4[3]);
            at = dotted;
            break;
        }
        if (!word || at - start > 4) {
            if (start == at && gap == count)
                break; // nothing behind ::
            return false;
        }
        words[count++] = static_cast<uint16_t>(*word);
        if (count == 8 || *at != ':')
            break;
        if (at[1] == ':') {
            if (gap >= 0)
                break;
            gap = count;
            at += 2;
        } else if (digit_value(at[1]) < 16)
            ++at;
        else
            break;
    }
    if (gap < 0 ? count != 8 : count > 7)
        return false;
    if (gap >= 0) {
        std::copy_backward(words + gap, words + count, words + 8);
        std::fill(words + gap, words + 8 - (count - gap), uint16_t { 0 });
    }
    for (int i = 0; i < 8; ++i) {
        bytes[2 * i] = static_cast<UCHAR>(words[i] >> 8);
        bytes[2 * i + 1] = static_cast<UCHAR>(words[i]);
    }
    text = at;
    return true;
}

} // namespace

template <typename C>
C* ipv4_to_string(IN_ADDR const* address, C* text)
{
    text = put_ipv4(text, address->bytes);
    *text = 0;
    return text;
}

template <typename C>
C* ipv6_to_string(IN6_ADDR const* address, C* text)
{
    text = put_ipv6(text, address->bytes);
    *text = 0;
    return text;
}

template <typename C>
C* ethernet_to_string(DL_EUI48 const* address, C* text)
{
    for (int i = 0; i < 6; ++i) {
        if (i)
            *text++ = '-';
        *text++ = static_cast<C>(kCapitalHex[address->bytes[i] >> 4]);
        *text++ = static_cast<C>(kCapitalHex[address->bytes[i] & 15]);
    }
    *text = 0;
    return text;
}

template <typename C>
NTSTATUS ipv4_to_string_ex(IN_ADDR const* address, USHORT port, C* text, ULONG* length)
{
    if (!address || !length)
        return STATUS_INVALID_PARAMETER;
    C made[kTextMax];
    C* end = put_ipv4(made, address->bytes);
    if (port) {
        *end++ = ':';
        end = put_number(end, host_order(port), 10);
    }
    return hand_out(made, end, text, length);
}

template <typename C>
NTSTATUS ipv6_to_string_ex(IN6_ADDR const* address, ULONG scope, USHORT port, C* text, ULONG* length)
{
    if (!address || !length)
        return STATUS_INVALID_PARAMETER;
    C made[kTextMax];
    C* end = made;
    if (port)
        *end++ = '[';
    end = put_ipv6(end, address->bytes);
    if (scope) {
        *end++ = '%';
        end = put_number(end, scope, 10);
    }
    if (port) {
        *end++ = ']';
        *end++ = ':';
        end = put_number(end, host_order(port), 10);
    }
    return hand_out(made, end, text, length);
}

template <typename C>
NTSTATUS ipv4_from_string(C const* text, BOOLEAN strict, C const** terminator, IN_ADDR* address)
{
    IN_ADDR made;
    bool const good = take_ipv4(text, strict, made.bytes);
    *terminator = text;
    if (!good)
        return STATUS_INVALID_PARAMETER;
    *address = made;
    return STATUS_SUCCESS;
}

template <typename C>
NTSTATUS ipv6_from_string(C const* text, C const** terminator, IN6_ADDR* address)
{
    IN6_ADDR made;
    bool const good = take_ipv6(text, made.bytes);
    *terminator = text;
    if (!good)
        return STATUS_INVALID_PARAMETER;
    *address = made;
    return STATUS_SUCCESS;
}

template <typename C>
NTSTATUS ethernet_from_string(C const* text, C const** terminator, DL_EUI48* address)
{
    DL_EUI48 made;
    *terminator = text;
    for (int i = 0; i < 6; ++i) {
        if (i && *text++ != '-')
            return STATUS_INVALID_PARAMETER;
        C const* const start = text;
        auto const byte = take_number(text, 16, 255);
        *terminator = text;
        if (!byte || text - start != 2)
            return STATUS_INVALID_PARAMETER;
        made.bytes[i] = static_cast<UCHAR>(*byte);
    }
    *address = made;
    return STATUS_SUCCESS;
}

template <typename C>
NTSTATUS ipv4_from_string_ex(C const* text, BOOLEAN strict, IN_ADDR* address, USHORT* port)
{
    if (!text || !address || !port)
        return STATUS_INVALID_PARAMETER;
    IN_ADDR made;
    USHORT made_port = 0;
    if (!take_ipv4(text, strict, made.bytes))
        return STATUS_INVALID_PARAMETER;
    if (*text == ':' && !take_port(++text, made_port))
        return STATUS_INVALID_PARAMETER;
    if (*text)
        return STATUS_INVALID_PARAMETER;
    *address = made;
    *port = made_port;
    return STATUS_SUCCESS;
}

template <typename C>
NTSTATUS ipv6_from_string_ex(C const* text, IN6_ADDR* address, ULONG* scope, USHORT* port)
{
    if (!text || !address || !scope || !port)
        return STATUS_INVALID_PARAMETER;
    IN6_ADDR made;
    ULONG made_scope = 0;
    USHORT made_port = 0;
    bool const brackets = *text == '[';
    if (brackets)
        ++text;
    if (!take_ipv6(text, made.bytes))
        return STATUS_INVALID_PARAMETER;
    if (*text == '%') {
        auto const value = take_number(++text, 10, 0xFFFFFFFF);
        if (!value)
            return STATUS_INVALID_PARAMETER;
        made_scope = static_cast<ULONG>(*value);
    }
    if (brackets) {
        if (*text++ != ']')
            return STATUS_INVALID_PARAMETER;
        if (*text == ':' && !take_port(++text, made_port))
            return STATUS_INVALID_PARAMETER;
    }
    if (*text)
        return STATUS_INVALID_PARAMETER;
    *address = made;
    *scope = made_scope;
    *port = made_port;
    return STATUS_SUCCESS;
}

#define RINGSIDE_BOTH(C)                                                                                               \
    template C* ipv4_to_string(IN_ADDR const*, C*);                                                                    \
    template C* ipv6_to_string(IN6_ADDR const*, C*);                                                                   \
    template C* ethernet_to_string(DL_EUI48 const*, C*);                                                               \
    template NTSTATUS ipv4_to_string_ex(IN_ADDR const*, USHORT, C*, ULONG*);                                           \
    template NTSTATUS ipv6_to_string_ex(IN6_ADDR const*, ULONG, USHORT, C*, ULONG*);                                   \
    template NTSTATUS ipv4_from_string(C const*, BOOLEAN, C const**, IN_ADDR*);                                        \
    template NTSTATUS ipv6_from_string(C const*, C const**, IN6_ADDR*);                                                \
    template NTSTATUS ethernet_from_string(C const*, C const**, DL_EUI48*);                                            \
    template NTSTATUS ipv4_from_string_ex(C const*, BOOLEAN, IN_ADDR*, USHORT*);                                       \
    template NTSTATUS ipv6_from_string_ex(C const*, IN6_ADDR*, ULONG*, USHORT*);
RINGSIDE_BOTH(char)
RINGSIDE_BOTH(char16_t)
#undef RINGSIDE_BOTH

} // namespace ringside::rtl
