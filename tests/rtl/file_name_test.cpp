// SPDX-License-Identifier: MIT
// Names of files: wild cards, taking paths apart, legal names, short names, prefix tables.
#include "rtl/file_name.h"
#include "rtl/strings.h"
#include "rtl/unicode_prefix.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::rtl;

namespace {

STRING bytes(std::string const& text)
{
    auto const length = static_cast<USHORT>(text.size());
    return { length, length, const_cast<char*>(text.data()) };
}

bool in(std::u16string const& expression, std::u16string const& name)
{
    UNICODE_STRING const e = counted(expression);
    UNICODE_STRING const n = counted(name);
    return FsRtlIsNameInExpression(&e, &n, FALSE, nullptr);
}

} // namespace

// Expressions of each wild card against names.
// Shows: what the documentation says of each: * and ?, DOS_STAR (<) up to the final dot, DOS_QM (>) which lets dots pass
// to what follows, DOS_DOT (") for a dot or the end.
TEST(rtl_name_expression, wild_cards)
{
    struct {
        char16_t const* expression;
        std::vector<char16_t const*> yes;
        std::vector<char16_t const*> no;
    } const cases[] = {
        { u"*", { u"a", u"a.b", u"." }, { u"" } },
        { u"", { u"" }, { u"a" } },
        { u"abc", { u"abc" }, { u"ab", u"abcd", u"Abc" } },
        { u"a?c", { u"abc", u"a.c" }, { u"ac", u"abbc" } },
        { u"a*c", { u"ac", u"abc", u"abcc", u"abcbc" }, { u"a", u"acb" } },
        { u"*.*", { u"a.b", u".", u"a.b.c" }, { u"ab" } },
        { u"*b*b*b", { u"abbb", u"bbbb", u"abcbcb" }, { u"abb", u"bbba" } },
        { u"<", { u"foo", u"foo.", u"a.b." }, { u"foo.txt", u"a.b.c" } },
        { u"<.txt", { u"a.txt", u"a.b.txt" }, { u"a.txtx", u"atxt" } },
        { u"<\"*", { u"a", u"a.b", u"a.b.c" }, { u"" } },
        { u">>>", { u"abc", u"ab", u"a" }, { u"abcd", u"a.b" } },
        { u">>>.txt", { u"a.txt", u"abc.txt", u".txt" }, { u"abcd.txt" } },
        { u">>>\"", { u"abc", u"a", u"abc." }, { u"abcd", u"a.b" } },
        { u"a\"b", { u"a.b" }, { u"ab", u"axb" } },
        { u"a\"\"", { u"a", u"a.", u"a.." }, { u"a..." } },
    };
    for (auto const& each : cases) {
        for (auto name : each.yes)
            EXPECT_TRUE(in(each.expression, name)) << ::testing::PrintToString(std::u16string(each.expression)) << " "
                                                   << ::testing::PrintToString(std::u16string(name));
        for (auto name : each.no)
            EXPECT_FALSE(in(each.expression, name)) << ::testing::PrintToString(std::u16string(each.expression)) << " "
                                                    << ::testing::PrintToString(std::u16string(name));
    }
}

// Expressions that make backtracking matchers take for ever, and one of the longest strings there are.
// Shows: the work stays the product of the lengths.
TEST(rtl_name_expression, takes_no_exponential_time)
{
    std::u16string stars;
    for (int i = 0; i < 200; ++i)
        stars += u"*a";
    EXPECT_FALSE(in(stars + u"b", std::u16string(2000, u'a')));
    EXPECT_TRUE(in(stars, std::u16string(2000, u'a')));
    EXPECT_TRUE(in(std::u16string(32766, u'?'), std::u16string(32766, u'x')));
}

// Case.
// Shows: only names are made capitals, so that an expression in small letters matches nothing; the other routine makes
// capitals of both; a table of the caller's decides.
TEST(rtl_name_expression, case_is_ignored_by_capitals)
{
    auto const upper = counted(u"A*Z");
    auto const lower = counted(u"a*z");
    auto const name = counted(u"abcz");
    EXPECT_TRUE(FsRtlIsNameInExpression(&upper, &name, TRUE, nullptr));
    EXPECT_FALSE(FsRtlIsNameInExpression(&lower, &name, TRUE, nullptr));
    EXPECT_TRUE(FsRtlIsNameInUnUpcasedExpression(&lower, &name, TRUE, nullptr));
    EXPECT_FALSE(FsRtlIsNameInUnUpcasedExpression(&upper, &name, FALSE, nullptr));
    std::vector<char16_t> all_x(65536, u'X');
    auto const x = counted(u"XXXX");
    EXPECT_TRUE(FsRtlIsNameInExpression(&x, &name, TRUE, all_x.data()));
    EXPECT_TRUE(FsRtlAreNamesEqual(&x, &name, TRUE, all_x.data()));
    EXPECT_FALSE(FsRtlAreNamesEqual(&x, &name, TRUE, nullptr));
    auto const capitals = counted(u"ABCZ");
    EXPECT_TRUE(FsRtlAreNamesEqual(&capitals, &name, TRUE, nullptr));
    EXPECT_FALSE(FsRtlAreNamesEqual(&capitals, &name, FALSE, nullptr));
}

// The documentation's own examples and more.
// Shows: the first name and the rest of a path.
TEST(rtl_file_name, dissects_paths)
{
    struct {
        char const* path;
        char const* first;
        char const* remaining;
    } const cases[] = {
        { "", "", "" },       { "A", "A", "" },         { "\\A", "A", "" },   { "\\A\\B\\C", "A", "B\\C" },
        { "A\\B", "A", "B" }, { "\\", "", "" },         { "\\\\A", "", "A" }, { "A\\", "A", "" },
        { "*A?", "*A?", "" }, { "A\\\\B", "A", "\\B" },
    };
    for (auto const& each : cases) {
        std::string const text = each.path;
        STRING const path = bytes(text);
        STRING first {};
        STRING remaining {};
        FsRtlDissectDbcs(&path, &first, &remaining);
        EXPECT_EQ(view(first), each.first) << each.path;
        EXPECT_EQ(view(remaining), each.remaining) << each.path;
        std::u16string const wide(text.begin(), text.end());
        UNICODE_STRING const wide_path = counted(wide);
        UNICODE_STRING f {};
        UNICODE_STRING r {};
        FsRtlDissectName(&wide_path, &f, &r);
        EXPECT_EQ(view(f).size(), view(first).size());
        EXPECT_EQ(view(r).size(), view(remaining).size());
    }
}

// Names that FAT and HPFS allow, and not.
// Shows: the rules of the two pages, with wild cards, paths and leading backslashes as asked for.
TEST(rtl_file_name, legal_names)
{
    auto fat = [](char const* text, bool wild = false, bool path = false, bool leading = false) {
        std::string const copy = text;
        STRING const name = bytes(copy);
        return FsRtlIsFatDbcsLegal(&name, wild, path, leading) != FALSE;
    };
    auto hpfs = [](std::string const& text, bool wild = false, bool path = false, bool leading = false) {
        STRING const name = bytes(text);
        return FsRtlIsHpfsDbcsLegal(&name, wild, path, leading) != FALSE;
    };
    for (char const* good : { "foo", "foo.b", "foo. b", " bar", "12345678.123", "a" })
        EXPECT_TRUE(fat(good)) << good;
    for (char const* bad :
         { "",    ".foo", "foo.", "foo .b", "foo.b ", "123456789", "a.1234", "a.b.c", "a+b",  "a,b",  "a;b", "a=b",
           "a[b", "a]b",  "a|b",  "a:b",    "a/b",    "a\"b",      "a*",     "a?",    "a\\b", "\x1f", "\\a" })
        EXPECT_FALSE(fat(bad)) << bad;
    EXPECT_TRUE(fat("a*.?", true));
    EXPECT_TRUE(fat("\\dir\\file.ext", false, true, true));
    EXPECT_FALSE(fat("\\dir\\file.ext", false, true, false));
    EXPECT_FALSE(fat("dir\\123456789", false, true));
    EXPECT_FALSE(fat("dir\\file", false, false));
    for (char const* good : { ".foo", " foo", "foo.bar.foo", "a+b,c;d" })
        EXPECT_TRUE(hpfs(good)) << good;
    for (char const* bad : { "", "foo ", "foo.", "a:b", "a|b", "a*b", "a>b", "a\"b", "a/b" })
        EXPECT_FALSE(hpfs(bad)) << bad;
    EXPECT_TRUE(hpfs(std::string(255, 'x')));
    EXPECT_FALSE(hpfs(std::string(256, 'x')));
}

// A hundred short names for one long name, and short names of odd ones.
// Shows: the four plain ones, then those with a check sum, all of them legal and different; what cannot stand in a short
// name is left out or an underscore; a million attempts are the end.
TEST(rtl_short_name, names_are_legal_and_differ)
{
    auto make = [](std::u16string const& text, GENERATE_NAME_CONTEXT& context, bool extended = false) {
        UNICODE_STRING const name = counted(text);
        char16_t buffer[12];
        UNICODE_STRING made { 0, sizeof buffer, buffer };
        EXPECT_EQ(RtlGenerate8dot3Name(&name, extended, &context, &made), STATUS_SUCCESS);
        std::string plain;
        for (char16_t c : view(made))
            plain.push_back(static_cast<char>(c));
        EXPECT_TRUE(extended || RtlIsNameLegalDOS8Dot3(&made, nullptr, nullptr)) << plain;
        return plain;
    };
    GENERATE_NAME_CONTEXT context {};
    std::set<std::string> seen;
    std::vector<std::string> first;
    for (int i = 0; i < 100; ++i) {
        std::string const made = make(u"Long file name.html", context);
        EXPECT_TRUE(seen.insert(made).second) << made;
        if (i < 5)
            first.push_back(made);
    }
    EXPECT_EQ(std::vector<std::string>(first.begin(), first.begin() + 4),
              (std::vector<std::string> { "LONGFI~1.HTM", "LONGFI~2.HTM", "LONGFI~3.HTM", "LONGFI~4.HTM" }));
    EXPECT_EQ(first[4].substr(0, 2), "LO");
    EXPECT_EQ(first[4].substr(6), "~1.HTM");
    auto once = [&](char16_t const* text, bool extended = false) {
        GENERATE_NAME_CONTEXT fresh {};
        return make(text, fresh, extended);
    };
    EXPECT_EQ(once(u"a+b=c;d.t,x"), "A_B_C_~1.T_X");
    EXPECT_EQ(once(u"..two.dots.here"), "TWODOT~1.HER");
    EXPECT_EQ(once(u"noextension"), "NOEXTE~1");
    EXPECT_EQ(once(u"\u3042\u3044.txt").size(), 10u) << "a check sum instead of letters that the page lacks";
    context.LastIndexValue = 1'000'000;
    UNICODE_STRING const name = counted(u"x");
    char16_t buffer[12];
    UNICODE_STRING made { 0, sizeof buffer, buffer };
    EXPECT_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_FILE_SYSTEM_LIMITATION);
}

// A table of prefixes, asked for paths.
// Shows: the longest prefix that ends at a backslash; case as asked for, from a position on; duplicates are refused;
// enumeration in order, also while elements are removed.
TEST(rtl_unicode_prefix, finds_the_longest)
{
    UNICODE_PREFIX_TABLE table;
    RtlInitializeUnicodePrefix(&table);
    char16_t const* const names[] = { u"\\", u"\\dir", u"\\dir\\sub", u"\\DIR", u"\\other" };
    UNICODE_STRING prefixes[5];
    UNICODE_PREFIX_TABLE_ENTRY entries[5];
    for (int i = 0; i < 5; ++i) {
        prefixes[i] = counted(names[i]);
        EXPECT_TRUE(RtlInsertUnicodePrefix(&table, &prefixes[i], &entries[i]));
    }
    UNICODE_PREFIX_TABLE_ENTRY again;
    EXPECT_FALSE(RtlInsertUnicodePrefix(&table, &prefixes[2], &again));
    auto find = [&](char16_t const* text, ULONG from) {
        auto const name = counted(text);
        auto const* entry = RtlFindUnicodePrefix(&table, &name, from);
        return entry ? static_cast<int>(entry - entries) : -1;
    };
    EXPECT_EQ(find(u"\\dir\\sub\\file", 100), 2);
    EXPECT_EQ(find(u"\\dir\\subfile", 100), 1);
    EXPECT_EQ(find(u"\\directory", 100), 0);
    EXPECT_EQ(find(u"\\DIR\\x", 100), 3);
    EXPECT_EQ(find(u"\\Dir\\x", 100), 0) << "case counts";
    EXPECT_EQ(find(u"\\OTHER", 0), 4);
    EXPECT_EQ(find(u"\\OTHER", 3), 0) << "case counts in the first three characters";
    EXPECT_EQ(find(u"relative", 0), -1);
    std::vector<int> order;
    for (auto* at = RtlNextUnicodePrefix(&table, TRUE); at; at = RtlNextUnicodePrefix(&table, FALSE)) {
        order.push_back(static_cast<int>(at - entries));
        if (at == &entries[1])
            RtlRemoveUnicodePrefix(&table, at);
    }
    EXPECT_EQ(order, (std::vector<int> { 0, 3, 1, 2, 4 }));
    EXPECT_EQ(find(u"\\dir\\x", 0), 3);
}
