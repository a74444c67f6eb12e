// SPDX-License-Identifier: MIT
// The case mapping as pages of 256 differences, laid out at compile time from runs. Most of the 256 pages are the empty
// one, so that a table of 65536 characters takes a few kilobytes.
#include "rtl/case_table.h"

#include <array>
#include <span>

namespace ringside::rtl {

namespace {

struct CaseRun {
    uint16_t first;
    uint16_t last;
    uint8_t step;
    int32_t delta;
};

#include "rtl/case_runs.inc"

constexpr size_t kMaxPages = 24;

struct CasePages {
    std::array<uint8_t, 256> page_of {}; // page 0 maps nothing
    std::array<std::array<uint16_t, 256>, kMaxPages> delta {};
};

consteval CasePages lay_out(std::span<CaseRun const> runs)
{
    CasePages pages;
    size_t used = 1;
    for (auto const& run : runs)
        for (uint32_t c = run.first; c <= run.last; c += run.step) {
            auto& page = pages.page_of[c >> 8];
            if (page == 0)
                page = static_cast<uint8_t>(used++); // past the end: not a constant expression
            pages.delta[page][c & 0xff] = static_cast<uint16_t>(run.delta);
        }
    return pages;
}

constexpr CasePages kUpcase = lay_out(kUpcaseRuns);
constexpr CasePages kDowncase = lay_out(kDowncaseRuns);

constexpr char16_t apply(CasePages const& pages, char16_t c)
{
    return static_cast<char16_t>(c + pages.delta[pages.page_of[c >> 8]][c & 0xff]);
}

static_assert(apply(kUpcase, u'z') == u'Z' && apply(kDowncase, u'Z') == u'z');
static_assert(apply(kUpcase, 0x00ff) == 0x0178 && apply(kDowncase, 0x0178) == 0x00ff);
static_assert(apply(kUpcase, 0x0131) == 0x0131);

} // namespace

char16_t upcase(char16_t character) { return apply(kUpcase, character); }
char16_t downcase(char16_t character) { return apply(kDowncase, character); }

} // namespace ringside::rtl
