// SPDX-License-Identifier: MIT
// Wild cards. An expression is a row of states; while a name is read, a set of bits says in which of them one can be, so
// the work is the product of the two lengths at most, and no memory is taken from anywhere.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisnameinexpression
// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisdbcsinexpression
#include "rtl/case_table.h"
#include "rtl/file_name.h"
#include "rtl/strings.h"

#include <algorithm>
#include <bit>

namespace ringside::rtl {

namespace {

constexpr char kStar = '*';
constexpr char kQuestion = '?';
constexpr char kDosStar = '<';
constexpr char kDosQuestion = '>';
constexpr char kDosDot = '"';

constexpr bool is_wild(char16_t c)
{
    return c == kStar || c == kQuestion || c == kDosStar || c == kDosQuestion || c == kDosDot;
}

// Which states of the expression are possible: state i has what comes before its character i behind it.
class States {
public:
    explicit States(size_t count)
        : m_words((count + 63) / 64)
    {
        clear();
    }
    void clear() { std::fill_n(m_bits, m_words, 0); }
    void set(size_t i) { m_bits[i / 64] |= uint64_t { 1 } << i % 64; }
    bool has(size_t i) const { return m_bits[i / 64] >> i % 64 & 1; }
    // Visits in rising order, also what the visit sets ahead.
    template <typename Visit>
    void for_each(Visit visit) const
    {
        for (size_t w = 0; w < m_words; ++w)
            for (uint64_t left = m_bits[w]; left;) {
                unsigned const bit = static_cast<unsigned>(std::countr_zero(left));
                visit(w * 64 + bit);
                left = bit == 63 ? 0 : m_bits[w] & ~uint64_t { 0 } << (bit + 1);
            }
    }

private:
    uint64_t m_bits[0x8000 / 64 * 2 + 1]; // the longest string of bytes and one more
    size_t m_words;
};

template <typename View, typename Same>
bool matches(View expression, View name, Same same)
{
    if (expression.empty() || name.empty())
        return expression.empty() && name.empty();
    size_t const end = expression.size();
    size_t const last_dot = name.rfind('.');
    States states[2] { States(end + 1), States(end + 1) };
    states[0].set(0);
    for (size_t at = 0; at < name.size(); ++at) {
        auto const c = name[at];
        States& now = states[at % 2];
        States& next = states[1 - at % 2];
        next.clear();
        now.for_each([&](size_t i) {
            if (i == end)
                return;
            switch (expression[i]) {
            case kStar:
                now.set(i + 1);
                next.set(i);
                break;
            case kDosStar:
                now.set(i + 1);
                if (at == last_dot)
                    next.set(i + 1); // the final dot ends it
                else
                    next.set(i);
                break;
            case kQuestion:
                next.set(i + 1);
                break;
            case kDosQuestion:
                if (c == '.')
                    now.set(i + 1); // the dot is for what stands behind these
                else
                    next.set(i + 1);
                break;
            case kDosDot:
                if (c == '.')
                    next.set(i + 1);
                break;
            default:
                if (same(expression[i], c))
                    next.set(i + 1);
            }
        });
    }
    // Behind the name, what can stand for nothing does.
    States& now = states[name.size() % 2];
    now.for_each([&](size_t i) {
        if (i < end && is_wild(expression[i]) && expression[i] != kQuestion)
            now.set(i + 1);
    });
    return now.has(end);
}

char16_t capital(char16_t c, char16_t const* table) { return table ? table[c] : upcase(c); }

} // namespace

BOOLEAN FsRtlDoesNameContainWildCards(UNICODE_STRING const* name) { return std::ranges::any_of(view(*name), is_wild); }

BOOLEAN FsRtlDoesDbcsContainWildCards(STRING const* name)
{
    return std::ranges::any_of(view(*name), [](char c) { return is_wild(static_cast<UCHAR>(c)); });
}

bool is_in_expression(std::u16string_view expression, std::u16string_view name, bool ignore_case)
{
    return matches(expression, name, [=](char16_t in_expression, char16_t c) {
        return in_expression == (ignore_case ? upcase(c) : c);
    });
}

BOOLEAN FsRtlIsNameInExpression(UNICODE_STRING const* expression, UNICODE_STRING const* name, BOOLEAN ignore_case,
                                char16_t const* upcase_table)
{
    return matches(view(*expression), view(*name), [=](char16_t in_expression, char16_t c) {
        return in_expression == (ignore_case ? capital(c, upcase_table) : c);
    });
}

BOOLEAN FsRtlIsNameInUnUpcasedExpression(UNICODE_STRING const* expression, UNICODE_STRING const* name,
                                         BOOLEAN ignore_case, char16_t const* upcase_table)
{
    return matches(view(*expression), view(*name), [=](char16_t in_expression, char16_t c) {
        return ignore_case ? capital(in_expression, upcase_table) == capital(c, upcase_table) : in_expression == c;
    });
}

BOOLEAN FsRtlIsDbcsInExpression(STRING const* expression, STRING const* name)
{
    return matches(view(*expression), view(*name), [](char in_expression, char c) { return in_expression == c; });
}

BOOLEAN FsRtlAreNamesEqual(UNICODE_STRING const* a, UNICODE_STRING const* b, BOOLEAN ignore_case,
                           char16_t const* upcase_table)
{
    return std::ranges::equal(view(*a), view(*b), [=](char16_t x, char16_t y) {
        return x == y || (ignore_case && capital(x, upcase_table) == capital(y, upcase_table));
    });
}

} // namespace ringside::rtl
