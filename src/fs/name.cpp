// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisnameinexpression
#include "fs/name.h"

#include "rtl/case_table.h"

#include <algorithm>
#include <vector>

namespace ringside::fs {

namespace {

constexpr char16_t kDosStar = u'<', kDosQuestion = u'>', kDosDot = u'"';

bool is_high_surrogate(char16_t c) { return c >= 0xD800 && c < 0xDC00; }
bool is_low_surrogate(char16_t c) { return c >= 0xDC00 && c < 0xE000; }

// Positions in the expression that the name read so far can stand at; the last one is its end.
class Positions {
public:
    Positions(std::u16string_view expression)
        : m_expression(expression)
        , m_at(expression.size() + 1)
    {
        m_at[0] = true;
    }

    // Goes on where nothing of the name is needed. `dot_or_end`: the name's next unit is a dot, or there is none.
    void widen(bool dot_or_end, bool end)
    {
        for (size_t i = 0; i < m_expression.size(); ++i) {
            if (!m_at[i])
                continue;
            char16_t const e = m_expression[i];
            if (e == u'*' || e == kDosStar || (e == kDosQuestion && dot_or_end) || (e == kDosDot && end))
                m_at[i + 1] = true;
        }
    }
    template <typename Same>
    void step(char16_t unit, bool last_dot, Same same)
    {
        std::vector<bool> next(m_at.size());
        for (size_t i = 0; i < m_expression.size(); ++i) {
            if (!m_at[i])
                continue;
            char16_t const e = m_expression[i];
            if (e == u'*' || (e == kDosStar && !last_dot))
                next[i] = true;
            else if (e == kDosStar)
                continue;
            else if (e == u'?' || (e == kDosQuestion && unit != u'.') || (e == kDosDot && unit == u'.')
                     || (e != kDosQuestion && e != kDosDot && same(e, unit)))
                next[i + 1] = true;
        }
        m_at = std::move(next);
    }
    bool at_end() const { return m_at.back(); }

private:
    std::u16string_view m_expression;
    std::vector<bool> m_at;
};

} // namespace

bool is_legal_name(std::u16string_view name)
{
    if (name.empty() || name.size() > kNameUnitsMax || name == u"." || name == u"..")
        return false;
    for (size_t i = 0; i < name.size(); ++i) {
        char16_t const c = name[i];
        if (c < 0x20 || std::u16string_view(u"\"*/:<>?\\|").find(c) != std::u16string_view::npos)
            return false;
        if (is_high_surrogate(c)) {
            if (++i == name.size() || !is_low_surrogate(name[i]))
                return false;
        } else if (is_low_surrogate(c))
            return false;
    }
    return true;
}

bool has_wildcards(std::u16string_view expression)
{
    return expression.find_first_of(u"*?<>\"") != std::u16string_view::npos;
}

std::u16string upper_case(std::u16string_view name)
{
    std::u16string upper(name);
    for (char16_t& c : upper)
        c = rtl::upcase(c);
    return upper;
}

std::u16string_view next_component(std::u16string_view& rest)
{
    if (!rest.empty() && rest.front() == u'\\')
        rest.remove_prefix(1);
    size_t const end = std::min(rest.find(u'\\'), rest.size());
    std::u16string_view const component = rest.substr(0, end);
    rest.remove_prefix(end);
    return component;
}

bool is_in_expression(std::u16string_view expression, std::u16string_view name, bool ignore_case,
                      char16_t const* upcase_table)
{
    if (expression.empty() || name.empty())
        return expression.empty() && name.empty();
    if (expression == u"*")
        return true;
    auto same = [&](char16_t e, char16_t unit) {
        if (ignore_case)
            unit = upcase_table ? upcase_table[unit] : rtl::upcase(unit);
        return e == unit;
    };
    size_t const last_dot = name.rfind(u'.');
    Positions positions(expression);
    for (size_t i = 0; i < name.size(); ++i) {
        positions.widen(name[i] == u'.', false);
        positions.step(name[i], i == last_dot, same);
    }
    positions.widen(true, true);
    return positions.at_end();
}

} // namespace ringside::fs
