// SPDX-License-Identifier: MIT
// Large keys: what they cost, and that size changes neither order nor content.
#include "boot.h"
#include "cm/registry.h"
#include "registry_text.h"

#include <gtest/gtest.h>
#include <set>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::narrow;

namespace {

struct Number {
    uint64_t value;
};
uint64_t value_of(Number const& number) { return number.value; }

std::u16string name_of(uint32_t number)
{
    // Names that come in no order.
    uint32_t const mixed = number * 2654435761u;
    return { static_cast<char16_t>(0x4E00 + (mixed & 0xFFF)), static_cast<char16_t>(0x4E00 + (mixed >> 12 & 0xFFF)),
             static_cast<char16_t>(0x4E00 + (mixed >> 24)) };
}

} // namespace

// 20 000 operations on a sequence and on a std::set with the same keys.
// Shows: the same elements in the same order at the same positions, through runs that split and vanish.
TEST(cm_ranked, agrees_with_a_set)
{
    cm::Ranked<Number, value_of> ranked;
    std::set<uint64_t> model;
    uint64_t state = 7;
    for (unsigned i = 0; i < 20'000; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t const key = state >> 33 & 0xFFF;
        bool const grow = i < 12'000 ? state >> 60 < 12 : state >> 60 < 3;
        Number* const found = ranked.find(key);
        ASSERT_EQ(found != nullptr, model.contains(key));
        if (grow && !found) {
            ranked.insert(std::make_unique<Number>(key));
            model.insert(key);
        } else if (!grow && found) {
            ASSERT_EQ(ranked.take(*found)->value, key);
            model.erase(key);
        }
        if (i % 1000 == 0) {
            ASSERT_EQ(ranked.size(), model.size());
            size_t index = 0;
            for (uint64_t expected : model)
                ASSERT_EQ(ranked.at(index++).value, expected);
            auto it = model.begin();
            for (Number const& number : ranked)
                ASSERT_EQ(number.value, *it++);
            auto const from = model.lower_bound(key);
            Number const* const first = ranked.first_from(key);
            ASSERT_EQ(first ? first->value : ~uint64_t { 0 }, from == model.end() ? ~uint64_t { 0 } : *from);
        }
    }
}

// 100 000 values and as many subkeys, found one by one, and a hundredth of them deleted from the front.
// Shows: each is found, subkeys stand sorted, values in the order they were made. (How long that takes:
// bench/registry_bench.cpp.)
TEST(cm_key, a_hundred_thousand)
{
    BootedKernel boot;
    cm::Registry& registry = boot.rooms.registry;
    auto look_up = [&](uint32_t count) {
        cm::Key& key = registry.make(u"\\REGISTRY\\MACHINE\\SOFTWARE\\Big" + name_of(count));
        for (uint32_t i = 0; i < count; ++i) {
            registry.add_subkey(key, name_of(i), false);
            registry.set_dword(key, name_of(i), i);
        }
        EXPECT_EQ(key.subkeys.size(), count);
        EXPECT_EQ(key.values.size(), count);
        unsigned found = 0;
        for (uint32_t i = 0; i < 2'000; ++i) {
            uint32_t const at = static_cast<uint32_t>(uint64_t { i } * 7919 % count);
            found += key.subkey(name_of(at)) != nullptr;
            found += key.value(name_of(at)) != nullptr;
            found += key.subkeys.at(at).parent == &key;
            found += key.values.at(at).data[0] == static_cast<uint8_t>(at);
        }
        EXPECT_EQ(found, 8'000u);
        cm::Key const* previous = nullptr;
        bool sorted = true;
        for (cm::Key const& subkey : key.subkeys) {
            sorted &= !previous || previous->upper < subkey.upper;
            previous = &subkey;
        }
        EXPECT_TRUE(sorted);
        for (uint32_t i = 0; i < count / 100; ++i) {
            registry.delete_value(key, key.values.at(0));
            EXPECT_TRUE(registry.delete_key(key.subkeys.at(0)).ok());
        }
        EXPECT_EQ(key.values.at(0).name, name_of(count / 100));
    };
    look_up(1'000);
    look_up(100'000);
}
