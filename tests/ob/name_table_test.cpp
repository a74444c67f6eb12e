// SPDX-License-Identifier: MIT
// The table of names that directories and registry keys share, beside a model.
#include "ob/name_table.h"

#include <gtest/gtest.h>
#include <list>
#include <set>
#include <string>

using namespace ringside;

namespace {

struct Named {
    std::u16string name;
};
std::u16string_view name_of(Named const& named) { return named.name; }

std::set<Named const*> found(ob::NameTable<Named, name_of> const& table, std::u16string_view name)
{
    std::set<Named const*> all;
    table.for_each_like(name, [&](Named& named) {
        if (named.name == name)
            EXPECT_TRUE(all.insert(&named).second) << "an entry was visited twice";
    });
    return all;
}

} // namespace

// The hash is the same for names that differ only in case, beyond ASCII, too, and not for others.
TEST(ob_name_table, hashes_without_case)
{
    EXPECT_EQ(ob::hash_without_case(u"Device"), ob::hash_without_case(u"dEVICE"));
    EXPECT_EQ(ob::hash_without_case(u"\u00e4\u0436"), ob::hash_without_case(u"\u00c4\u0416"));
    EXPECT_NE(ob::hash_without_case(u"Device"), ob::hash_without_case(u"Devicf"));
    EXPECT_NE(ob::hash_without_case(u""), ob::hash_without_case(u"\u0001"));
}

// 60 000 insertions and removals of 300 names, several entries to a name, through growth and through gaps that close.
// Shows: at every step the table finds just the entries of a name that are in it, and knows what is not.
TEST(ob_name_table, agrees_with_a_set)
{
    ob::NameTable<Named, name_of> table;
    std::list<Named> all;
    for (unsigned i = 0; i < 900; ++i) {
        std::u16string name;
        for (char digit : std::to_string(i % 300))
            name += static_cast<char16_t>(digit);
        all.push_back({ name });
    }
    std::vector<Named*> entries;
    for (Named& named : all)
        entries.push_back(&named);
    std::set<Named const*> model;
    uint64_t state = 7;
    for (unsigned i = 0; i < 60'000; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t const at = (state >> 33) % entries.size();
        Named& named = *entries[at];
        bool const grow = i / 10'000 % 2 == 0;
        if (model.contains(&named) != grow) {
            if (grow) {
                table.insert(named);
                model.insert(&named);
            } else {
                ASSERT_TRUE(table.erase(named));
                model.erase(&named);
            }
        } else if (!grow)
            ASSERT_FALSE(table.erase(named));
        ASSERT_EQ(table.size(), model.size());
        std::set<Named const*> expected;
        for (size_t like = at % 300; like < entries.size(); like += 300)
            if (model.contains(entries[like]))
                expected.insert(entries[like]);
        ASSERT_EQ(found(table, named.name), expected);
    }
    table.clear();
    EXPECT_EQ(table.size(), 0u);
    EXPECT_TRUE(found(table, u"1").empty());
    EXPECT_FALSE(table.erase(*entries[0]));
}
