// SPDX-License-Identifier: MIT
// Generic tables of both kinds against std::map, with the trees' invariants checked after every change.
#include "nt/status.h"
#include "rtl/avl.h"
#include "rtl/callout.h"
#include "rtl/generic_table.h"
#include "rtl/splay.h"
#include "splay_checks.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

namespace ringside::rtl {

namespace {

struct Entry {
    int key;
    int value;
};

int g_blocks;
bool g_dry;

template <typename Table>
RTL_GENERIC_COMPARE_RESULTS NTAPI compare(Table*, PVOID a, PVOID b)
{
    int left = static_cast<Entry*>(a)->key;
    int right = static_cast<Entry*>(b)->key;
    return left < right ? GenericLessThan : left > right ? GenericGreaterThan : GenericEqual;
}

template <typename Table>
PVOID NTAPI allocate(Table*, CLONG bytes)
{
    if (g_dry)
        return nullptr;
    ++g_blocks;
    return std::malloc(bytes);
}

template <typename Table>
void NTAPI release(Table*, PVOID block)
{
    --g_blocks;
    std::free(block);
}

Entry* entry(void* data) { return static_cast<Entry*>(data); }

// The height of a subtree; checks A1 and the links.
ULONG height(avl::Node* node)
{
    if (!node)
        return 0;
    for (auto* child : { node->LeftChild, node->RightChild })
        if (child)
            EXPECT_EQ(child->Parent, node);
    int left = static_cast<int>(height(node->LeftChild));
    int right = static_cast<int>(height(node->RightChild));
    EXPECT_EQ(node->Balance, right - left);
    EXPECT_LE(std::abs(right - left), 1);
    return static_cast<ULONG>(std::max(left, right) + 1);
}

void check(RTL_AVL_TABLE& table) { EXPECT_EQ(height(table.BalancedRoot.RightChild), table.DepthOfTree); }

void check(RTL_GENERIC_TABLE& table)
{
    EXPECT_EQ(count_links(table.TableRoot), table.NumberGenericTableElements);
    if (table.TableRoot)
        EXPECT_TRUE(is_root(table.TableRoot));
}

// The two families under one set of names.
struct Splay {
    using Table = RTL_GENERIC_TABLE;
    static constexpr auto initialize = RtlInitializeGenericTable;
    static constexpr auto insert = RtlInsertElementGenericTable;
    static constexpr auto insert_full = RtlInsertElementGenericTableFull;
    static constexpr auto remove = RtlDeleteElementGenericTable;
    static constexpr auto lookup = RtlLookupElementGenericTable;
    static constexpr auto lookup_full = RtlLookupElementGenericTableFull;
    static constexpr auto enumerate = RtlEnumerateGenericTable;
    static constexpr auto enumerate_quietly = RtlEnumerateGenericTableWithoutSplaying;
    static constexpr auto count = RtlNumberGenericTableElements;
    static constexpr auto empty = RtlIsGenericTableEmpty;
};

struct Avl {
    using Table = RTL_AVL_TABLE;
    static constexpr auto initialize = RtlInitializeGenericTableAvl;
    static constexpr auto insert = RtlInsertElementGenericTableAvl;
    static constexpr auto insert_full = RtlInsertElementGenericTableFullAvl;
    static constexpr auto remove = RtlDeleteElementGenericTableAvl;
    static constexpr auto lookup = RtlLookupElementGenericTableAvl;
    static constexpr auto lookup_full = RtlLookupElementGenericTableFullAvl;
    static constexpr auto enumerate = RtlEnumerateGenericTableAvl;
    static constexpr auto enumerate_quietly = RtlEnumerateGenericTableWithoutSplayingAvl;
    static constexpr auto count = RtlNumberGenericTableElementsAvl;
    static constexpr auto empty = RtlIsGenericTableEmptyAvl;
};

} // namespace

template <typename Family>
class GenericTable : public ::testing::Test {
protected:
    using Table = typename Family::Table;

    GenericTable()
    {
        g_blocks = 0;
        g_dry = false;
        Family::initialize(&m_table, compare<Table>, allocate<Table>, release<Table>, this);
    }
    ~GenericTable() override
    {
        while (void* first = Family::enumerate(&m_table, TRUE))
            Family::remove(&m_table, first);
        EXPECT_EQ(g_blocks, 0);
        EXPECT_TRUE(Family::empty(&m_table));
    }
    Entry* add(int key, int value = 0)
    {
        Entry e { key, value };
        return entry(Family::insert(&m_table, &e, sizeof e, nullptr));
    }
    std::vector<int> keys()
    {
        std::vector<int> result;
        PVOID key = nullptr;
        while (void* e = Family::enumerate_quietly(&m_table, &key))
            result.push_back(entry(e)->key);
        return result;
    }

    Table m_table;
};

using Families = ::testing::Types<Splay, Avl>;
TYPED_TEST_SUITE(GenericTable, Families);

TYPED_TEST(GenericTable, InsertFindsWhatIsThere)
{
    auto* table = &this->m_table;
    Entry e { 5, 50 };
    BOOLEAN inserted = 7;
    auto* first = entry(TypeParam::insert(table, &e, sizeof e, &inserted));
    ASSERT_NE(first, nullptr);
    EXPECT_TRUE(inserted);
    EXPECT_NE(first, &e);
    EXPECT_EQ(first->value, 50);
    e.value = 99;
    EXPECT_EQ(TypeParam::insert(table, &e, sizeof e, &inserted), first);
    EXPECT_FALSE(inserted);
    EXPECT_EQ(first->value, 50);
    g_dry = true;
    e.key = 6;
    EXPECT_EQ(TypeParam::insert(table, &e, sizeof e, &inserted), nullptr);
    EXPECT_FALSE(inserted);
    g_dry = false;
    EXPECT_EQ(TypeParam::count(table), 1u);
    EXPECT_FALSE(TypeParam::remove(table, &e));
    EXPECT_EQ(TypeParam::insert(table, &e, UINT32_MAX, &inserted), nullptr); // the size would wrap
}

TYPED_TEST(GenericTable, FullFormsShareTheSearch)
{
    auto* table = &this->m_table;
    Entry e { 5, 0 };
    PVOID place = nullptr;
    TABLE_SEARCH_RESULT result;
    EXPECT_EQ(TypeParam::lookup_full(table, &e, &place, &result), nullptr);
    EXPECT_EQ(result, TableEmptyTree);
    BOOLEAN inserted;
    TypeParam::insert_full(table, &e, sizeof e, &inserted, place, result);
    EXPECT_TRUE(inserted);
    e.key = 3;
    EXPECT_EQ(TypeParam::lookup_full(table, &e, &place, &result), nullptr);
    EXPECT_EQ(result, TableInsertAsLeft);
    TypeParam::insert_full(table, &e, sizeof e, &inserted, place, result);
    e.key = 9;
    EXPECT_EQ(TypeParam::lookup_full(table, &e, &place, &result), nullptr);
    EXPECT_EQ(result, TableInsertAsRight);
    TypeParam::insert_full(table, &e, sizeof e, &inserted, place, result);
    EXPECT_NE(TypeParam::lookup_full(table, &e, &place, &result), nullptr);
    EXPECT_EQ(result, TableFoundNode);
    void* again = TypeParam::insert_full(table, &e, sizeof e, &inserted, place, result);
    EXPECT_FALSE(inserted);
    EXPECT_EQ(entry(again)->key, 9);
    EXPECT_EQ(this->keys(), (std::vector { 3, 5, 9 }));
}

TYPED_TEST(GenericTable, AgainstStdMap)
{
    std::mt19937 random(11);
    std::map<int, int> model;
    for (int step = 0; step < 3000; ++step) {
        Entry e { static_cast<int>(random() % 200), step };
        if (random() % 2) {
            BOOLEAN inserted;
            auto* found = entry(TypeParam::insert(&this->m_table, &e, sizeof e, &inserted));
            EXPECT_EQ(inserted != 0, model.emplace(e.key, step).second);
            EXPECT_EQ(found->value, model[e.key]);
        } else
            EXPECT_EQ(TypeParam::remove(&this->m_table, &e) != 0, model.erase(e.key) == 1);
        Entry probe { static_cast<int>(random() % 200), 0 };
        auto* found = entry(TypeParam::lookup(&this->m_table, &probe));
        EXPECT_EQ(found != nullptr, model.contains(probe.key));
        check(this->m_table);
        EXPECT_EQ(TypeParam::count(&this->m_table), model.size());
    }
    std::vector<int> expected;
    for (auto [key, value] : model)
        expected.push_back(key);
    EXPECT_EQ(this->keys(), expected);
    std::vector<int> enumerated;
    for (void* e = TypeParam::enumerate(&this->m_table, TRUE); e; e = TypeParam::enumerate(&this->m_table, FALSE))
        enumerated.push_back(entry(e)->key);
    EXPECT_EQ(enumerated, expected);
}

TYPED_TEST(GenericTable, SortedInsertions)
{
    for (int key = 0; key < 500; ++key)
        this->add(key);
    check(this->m_table);
    for (int key = 0; key < 500; key += 2) {
        Entry e { key, 0 };
        EXPECT_TRUE(TypeParam::remove(&this->m_table, &e));
        check(this->m_table);
    }
    EXPECT_EQ(this->keys().size(), 250u);
}

using SplayTable = GenericTable<Splay>;
using AvlTable = GenericTable<Avl>;

// The index counts insertions, and moves down when an earlier element goes.
TEST_F(SplayTable, ElementByIndex)
{
    for (int key : { 5, 1, 9, 3 })
        add(key);
    auto at = [&](ULONG i) {
        auto* e = entry(RtlGetElementGenericTable(&m_table, i));
        return e ? e->key : -1;
    };
    EXPECT_EQ(at(0), 5);
    EXPECT_EQ(at(3), 3);
    EXPECT_EQ(at(1), 1);
    EXPECT_EQ(at(4), -1);
    Entry e { 1, 0 };
    RtlDeleteElementGenericTable(&m_table, &e);
    EXPECT_EQ(at(1), 9);
    add(7);
    EXPECT_EQ(at(3), 7);
}

TEST_F(AvlTable, ElementByIndexAndDepth)
{
    for (int key : { 5, 1, 9, 3 })
        add(key);
    EXPECT_EQ(entry(RtlGetElementGenericTableAvl(&m_table, 0))->key, 1);
    EXPECT_EQ(entry(RtlGetElementGenericTableAvl(&m_table, 2))->key, 5);
    EXPECT_EQ(entry(RtlGetElementGenericTableAvl(&m_table, 1))->key, 3);
    EXPECT_EQ(RtlGetElementGenericTableAvl(&m_table, 4), nullptr);
    EXPECT_EQ(m_table.DepthOfTree, 3u);
}

// The element on which an enumeration stands may be deleted: the enumeration goes on behind it.
TEST_F(AvlTable, DeleteWhileEnumerating)
{
    for (int key = 0; key < 20; ++key)
        add(key);
    std::vector<int> seen;
    for (void* e = RtlEnumerateGenericTableAvl(&m_table, TRUE); e; e = RtlEnumerateGenericTableAvl(&m_table, FALSE)) {
        seen.push_back(entry(e)->key);
        if (entry(e)->key % 3 == 0)
            RtlDeleteElementGenericTableAvl(&m_table, e);
    }
    EXPECT_EQ(seen.size(), 20u);
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_EQ(m_table.DeleteCount, 7u);
}

static NTSTATUS NTAPI only_even(RTL_AVL_TABLE*, PVOID data, PVOID limit)
{
    if (entry(data)->key > *static_cast<int*>(limit))
        return STATUS_NO_MORE_MATCHES;
    return entry(data)->key % 2 ? STATUS_NO_MATCH : STATUS_SUCCESS;
}

TEST_F(AvlTable, EnumerateLikeADirectory)
{
    for (int key = 0; key < 10; ++key)
        add(key);
    int limit = 7;
    Entry position { 3, 0 };
    PVOID key = nullptr;
    ULONG deletes = 0;
    std::vector<int> seen;
    while (void* e = RtlEnumerateGenericTableLikeADirectory(&m_table, only_even, &limit, !seen.empty(), &key, &deletes,
                                                            &position)) {
        seen.push_back(entry(e)->key);
        position.key = seen.back();
    }
    EXPECT_EQ(seen, (std::vector { 4, 6 }));

    // Something was deleted meanwhile: the position counts, and the element there is gone too.
    key = nullptr;
    position.key = 2;
    auto* second
        = entry(RtlEnumerateGenericTableLikeADirectory(&m_table, nullptr, nullptr, FALSE, &key, &deletes, &position));
    EXPECT_EQ(second->key, 2);
    RtlDeleteElementGenericTableAvl(&m_table, &position);
    auto* third
        = entry(RtlEnumerateGenericTableLikeADirectory(&m_table, nullptr, nullptr, TRUE, &key, &deletes, &position));
    EXPECT_EQ(third->key, 3);
    auto* fourth
        = entry(RtlEnumerateGenericTableLikeADirectory(&m_table, nullptr, nullptr, TRUE, &key, &deletes, &position));
    EXPECT_EQ(fourth->key, 4);
}

// The table is ordered by key; the search compares tens only, so that several elements match.
static RTL_GENERIC_COMPARE_RESULTS NTAPI compare_tens(RTL_AVL_TABLE*, PVOID a, PVOID b)
{
    int left = entry(a)->key / 10;
    int right = entry(b)->key / 10;
    return left < right ? GenericLessThan : left > right ? GenericGreaterThan : GenericEqual;
}

TEST_F(AvlTable, FirstMatching)
{
    for (int key = 0; key < 50; ++key)
        add(key);
    m_table.CompareRoutine = compare_tens;
    Entry probe { 25, 0 };
    PVOID key = nullptr;
    auto* first = entry(RtlLookupFirstMatchingElementGenericTableAvl(&m_table, &probe, &key));
    EXPECT_EQ(first->key, 20);
    EXPECT_EQ(entry(RtlEnumerateGenericTableWithoutSplayingAvl(&m_table, &key))->key, 21);
    probe.key = 70;
    EXPECT_EQ(RtlLookupFirstMatchingElementGenericTableAvl(&m_table, &probe, &key), nullptr);
    m_table.CompareRoutine = compare<RTL_AVL_TABLE>;
}

// Every call back goes through the hook where the machine puts its door.
TEST_F(AvlTable, CallsThroughTheDoor)
{
    static int passages;
    passages = 0;
    static Callout direct = g_callout;
    g_callout = [](void const* function, std::array<uint64_t, kCalloutSlots> const& arguments) {
        ++passages;
        return direct(function, arguments);
    };
    add(1); // allocate
    add(2); // compare, allocate
    Entry e { 1, 0 };
    RtlDeleteElementGenericTableAvl(&m_table, &e); // compare, free
    g_callout = direct;
    EXPECT_EQ(passages, 5);
}

} // namespace ringside::rtl
