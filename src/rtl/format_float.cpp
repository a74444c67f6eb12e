// SPDX-License-Identifier: MIT
// Doubles as text. std::to_chars gives the exact digits and knows no locale; what C adds to it is done here: the '#'
// flag, %g's choice of notation, upper case, and precisions beyond the last digit that can differ from zero.
#include "rtl/format_float.h"

#include "base/check.h"
#include "rtl/case_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace ringside::rtl {

namespace {

std::string_view digits(FloatText& into, double value, std::chars_format notation, int64_t precision)
{
    auto [end, error]
        = std::to_chars(into.storage, std::end(into.storage), value, notation, static_cast<int>(precision));
    CHECK(error == std::errc {}, "a double needs more digits than there is room for");
    return { into.storage, static_cast<size_t>(end - into.storage) };
}

// Splits "1.50e+01" and "1.8p+0" into what precedes the exponent and the exponent.
void split_exponent(FloatText& into, std::string_view text, char mark)
{
    size_t at = text.find(mark);
    into.head = text.substr(0, at);
    into.tail = at == std::string_view::npos ? std::string_view {} : text.substr(at);
}

int decimal_exponent(double value, int64_t precision)
{
    if (value == 0)
        return 0;
    FloatText scratch;
    std::string_view text = digits(scratch, value, std::chars_format::scientific, precision);
    char const* exponent = text.data() + text.find('e') + 1;
    int result = 0;
    std::from_chars(exponent + (*exponent == '+'), text.data() + text.size(), result);
    return result;
}

void trim_zeros(std::string_view& head)
{
    if (head.find('.') == std::string_view::npos)
        return;
    head = head.substr(0, head.find_last_not_of('0') + 1);
    if (head.ends_with('.'))
        head.remove_suffix(1);
}

// Puts a point behind a head that has none, moving the tail up; the text stands in `storage`.
void add_point(FloatText& into)
{
    if (into.head.find('.') != std::string_view::npos)
        return;
    size_t length = into.head.size();
    size_t tail = into.tail.size();
    if (tail)
        std::memmove(into.storage + length + 1, into.tail.data(), tail);
    into.storage[length] = '.';
    into.head = { into.storage, length + 1 };
    into.tail = { into.storage + length + 1, tail };
}

} // namespace

void float_text(double value, char conversion, int64_t precision, bool alternate, FloatText& into)
{
    char kind = static_cast<char>(ascii_lower(conversion));
    bool upper = kind != conversion;
    into.negative = std::signbit(value);
    value = std::fabs(value);
    if (!std::isfinite(value)) {
        into.finite = false;
        into.head = std::isnan(value) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf");
        return;
    }
    if (precision < 0)
        precision = kind == 'a' ? 13 : 6;
    bool general = kind == 'g';
    if (general) {
        precision = std::max<int64_t>(precision, 1);
        int exponent = decimal_exponent(value, std::min(precision, kMaxFloatPrecision) - 1);
        bool fixed = exponent >= -4 && exponent < precision;
        kind = fixed ? 'f' : 'e';
        precision = fixed ? precision - 1 - exponent : precision - 1;
    }
    int64_t exact = std::min(precision, kMaxFloatPrecision);
    into.zeros = precision - exact;
    if (kind == 'a') {
        into.prefix = upper ? "0X" : "0x";
        split_exponent(into, digits(into, value, std::chars_format::hex, exact), 'p');
    } else if (kind == 'e')
        split_exponent(into, digits(into, value, std::chars_format::scientific, exact), 'e');
    else
        into.head = digits(into, value, std::chars_format::fixed, exact);
    if (general && !alternate) {
        into.zeros = 0;
        trim_zeros(into.head);
    } else if (alternate)
        add_point(into);
    if (upper) {
        auto end = into.tail.empty() ? into.head.end() : into.tail.end();
        std::transform(into.storage, const_cast<char*>(end), into.storage,
                       [](char c) { return static_cast<char>(ascii_upper(c)); });
    }
}

} // namespace ringside::rtl
