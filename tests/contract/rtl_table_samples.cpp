// SPDX-License-Identifier: MIT
// Generic tables, of both kinds: each sample is one film that is shown with a splay tree and with a balanced one.
#include "rtl_table_stage.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

using Splay = RTL_GENERIC_TABLE;
using Avl = RTL_AVL_TABLE;
using Stage = TableStage;

Entry* entry_at(uint64_t data) { return reinterpret_cast<Entry*>(data); }
int32_t key_at(uint64_t data) { return data ? entry_at(data)->key : -1; }

template <typename Table>
void initializes(At& at)
{
    Stage::reset(at);
    auto& table = at.object<Table>();
    std::memset(&table, 0xA5, sizeof table);
    int32_t divisor = 10;
    at.call(&table, &Stage::compare<Table>, &Stage::allocate<Table>, &Stage::free<Table>, &divisor);
    ASSERT_EQ(table.TableContext, &divisor);
    EXPECT_EQ(table.NumberGenericTableElements, 0u);
    EXPECT_EQ(keys_of(at, table), "");
    at.also(TableNames<Table>::insert, &table, &Stage::entry(at, 7), sizeof(Entry), nullptr);
    EXPECT_EQ(keys_of(at, table), "7");
    EXPECT_TRUE(find(at, table, 3)) << "the routines get the table and with it the context";
}

template <typename Table>
void inserts(At& at)
{
    auto& table = table_of<Table>(at, {});
    auto& buffer = Stage::entry(at, 30, 1);
    auto& is_new = at.object<BOOLEAN>();
    auto* made = entry_at(at.call(&table, &buffer, sizeof buffer, &is_new));
    ASSERT_TRUE(made);
    EXPECT_NE(made, &buffer) << "a copy";
    EXPECT_EQ(made->value, 1);
    EXPECT_TRUE(is_new);
    EXPECT_EQ(Stage::asked, TableNames<Table>::header + sizeof buffer);
    buffer.value = 2;
    at.returns(made, &table, &buffer, sizeof buffer, &is_new);
    EXPECT_FALSE(is_new) << "there is one of that key";
    EXPECT_EQ(made->value, 1) << "and it stays as it is";
    EXPECT_EQ(Stage::allocated, 1);
    at.call(&table, &Stage::entry(at, 10), sizeof buffer, nullptr);
    at.call(&table, &Stage::entry(at, 20), sizeof buffer, nullptr);
    EXPECT_EQ(keys_of(at, table), "10 20 30");
    Stage::dry = true;
    is_new = TRUE;
    at.returns(PVOID { nullptr }, &table, &Stage::entry(at, 40), sizeof buffer, &is_new);
    EXPECT_FALSE(is_new);
    EXPECT_EQ(table.NumberGenericTableElements, 3u);
}

template <typename Table>
void inserts_full(At& at)
{
    auto& table = table_of<Table>(at, {});
    auto& is_new = at.object<BOOLEAN>();
    auto& place = at.object<PVOID>();
    auto& result = at.object<TABLE_SEARCH_RESULT>();
    auto* first = entry_at(at.call(&table, &Stage::entry(at, 20), sizeof(Entry), &is_new, nullptr, TableEmptyTree));
    ASSERT_TRUE(first);
    EXPECT_TRUE(is_new);
    EXPECT_EQ(Stage::asked, TableNames<Table>::header + sizeof(Entry));
    for (int32_t key : { 10, 30 }) {
        at.also(TableNames<Table>::lookup_full, &table, &Stage::entry(at, key), &place, &result);
        EXPECT_EQ(result, key < 20 ? TableInsertAsLeft : TableInsertAsRight);
        EXPECT_TRUE(at.call(&table, &Stage::entry(at, key), sizeof(Entry), &is_new, place, result));
        EXPECT_TRUE(is_new);
    }
    EXPECT_EQ(keys_of(at, table), "10 20 30");
    at.also(TableNames<Table>::lookup_full, &table, &Stage::entry(at, 20), &place, &result);
    at.returns(first, &table, &Stage::entry(at, 20, 9), sizeof(Entry), &is_new, place, result);
    EXPECT_FALSE(is_new) << "there is one of that key";
    EXPECT_EQ(Stage::allocated, 3);
    Stage::dry = true;
    at.also(TableNames<Table>::lookup_full, &table, &Stage::entry(at, 40), &place, &result);
    at.returns(PVOID { nullptr }, &table, &Stage::entry(at, 40), sizeof(Entry), &is_new, place, result);
    EXPECT_FALSE(is_new);
    EXPECT_EQ(keys_of(at, table), "10 20 30");
}

template <typename Table>
void deletes(At& at)
{
    auto& table = table_of<Table>(at, { 20, 10, 40, 30 });
    at.returns(BOOLEAN { TRUE }, &table, &Stage::entry(at, 20));
    EXPECT_EQ(keys_of(at, table), "10 30 40");
    EXPECT_EQ(table.NumberGenericTableElements, 3u);
    EXPECT_EQ(Stage::freed, 1);
    at.returns(BOOLEAN { FALSE }, &table, &Stage::entry(at, 20));
    EXPECT_EQ(Stage::freed, 1);
    for (int32_t key : { 40, 10, 30 })
        at.returns(BOOLEAN { TRUE }, &table, &Stage::entry(at, key));
    EXPECT_EQ(keys_of(at, table), "");
    at.returns(BOOLEAN { FALSE }, &table, &Stage::entry(at, 10));
}

template <typename Table>
void looks_up(At& at)
{
    auto& table = table_of<Table>(at, { 20, 10, 30 });
    auto* found = entry_at(at.call(&table, &Stage::entry(at, 30)));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, 3);
    at.returns(PVOID { nullptr }, &table, &Stage::entry(at, 25));
    at.returns(PVOID { nullptr }, &table_of<Table>(at, {}), &Stage::entry(at, 25));
}

template <typename Table>
void looks_up_full(At& at)
{
    auto& table = table_of<Table>(at, { 20 });
    auto& place = at.object<PVOID>();
    auto& result = at.object<TABLE_SEARCH_RESULT>();
    auto* found = entry_at(at.call(&table, &Stage::entry(at, 20), &place, &result));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, 2);
    EXPECT_EQ(result, TableFoundNode);
    PVOID const node = place;
    EXPECT_EQ(reinterpret_cast<char*>(found) - static_cast<char*>(node), ptrdiff_t { TableNames<Table>::header });
    place = nullptr;
    at.returns(PVOID { nullptr }, &table, &Stage::entry(at, 10), &place, &result);
    EXPECT_EQ(result, TableInsertAsLeft);
    EXPECT_EQ(place, node) << "its parent to be";
    at.returns(PVOID { nullptr }, &table, &Stage::entry(at, 30), &place, &result);
    EXPECT_EQ(result, TableInsertAsRight);
    EXPECT_EQ(place, node);
    at.returns(PVOID { nullptr }, &table_of<Table>(at, {}), &Stage::entry(at, 30), &place, &result);
    EXPECT_EQ(result, TableEmptyTree);
}

template <typename Table>
void enumerates(At& at)
{
    auto& table = table_of<Table>(at, { 20, 30, 10 });
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(key_at(at.call(&table, TRUE)), 10);
        EXPECT_EQ(key_at(at.call(&table, FALSE)), 20);
    }
    EXPECT_EQ(key_at(at.call(&table, FALSE)), 30);
    at.returns(PVOID { nullptr }, &table, FALSE);
    at.returns(PVOID { nullptr }, &table_of<Table>(at, {}), TRUE);
}

template <typename Table>
void enumerates_by_key(At& at)
{
    auto& table = table_of<Table>(at, { 20, 30, 10 });
    auto& key = at.object<PVOID>();
    EXPECT_EQ(key_at(at.call(&table, &key)), 10);
    EXPECT_EQ(key_at(at.call(&table, &key)), 20);
    PVOID const middle = key;
    EXPECT_EQ(key_at(at.call(&table, &key)), 30);
    at.returns(PVOID { nullptr }, &table, &key);
    key = middle;
    EXPECT_EQ(key_at(at.call(&table, &key)), 30) << "from the key, whatever came between";
    key = nullptr;
    EXPECT_EQ(key_at(at.call(&table, &key)), 10);
    key = nullptr;
    at.returns(PVOID { nullptr }, &table_of<Table>(at, {}), &key);
}

// By index: the splay form counts in the order of insertion; an AVL element has no room for that order, and counts in
// the table's.
template <typename Table>
void gets(At& at, std::initializer_list<int32_t> expected)
{
    auto& table = table_of<Table>(at, { 20, 30, 10 });
    ULONG index = 0;
    for (int32_t key : expected)
        EXPECT_EQ(key_at(at.call(&table, index++)), key);
    EXPECT_EQ(key_at(at.call(&table, 1)), expected.begin()[1]) << "backwards";
    at.returns(PVOID { nullptr }, &table, 3);
    at.also(TableNames<Table>::remove, &table, &Stage::entry(at, expected.begin()[0]));
    EXPECT_EQ(key_at(at.call(&table, 0)), expected.begin()[1]) << "those behind a deleted element move up";
    at.returns(PVOID { nullptr }, &table, 2);
    at.returns(PVOID { nullptr }, &table_of<Table>(at, {}), 0);
}

template <typename Table>
void counts(At& at)
{
    at.returns(ULONG { 3 }, &table_of<Table>(at, { 20, 30, 10, 20 }));
    at.returns(ULONG { 0 }, &table_of<Table>(at, {}));
}

template <typename Table>
void tells_whether_empty(At& at)
{
    at.returns(BOOLEAN { TRUE }, &table_of<Table>(at, {}));
    auto& table = table_of<Table>(at, { 20 });
    at.returns(BOOLEAN { FALSE }, &table);
    at.also(TableNames<Table>::remove, &table, &Stage::entry(at, 20));
    at.returns(BOOLEAN { TRUE }, &table);
}

} // namespace

SAMPLE(RtlInitializeGenericTable) { initializes<Splay>(at); }
SAMPLE(RtlInitializeGenericTableAvl) { initializes<Avl>(at); }
SAMPLE(RtlInsertElementGenericTable) { inserts<Splay>(at); }
SAMPLE(RtlInsertElementGenericTableAvl) { inserts<Avl>(at); }
SAMPLE(RtlInsertElementGenericTableFull) { inserts_full<Splay>(at); }
SAMPLE(RtlInsertElementGenericTableFullAvl) { inserts_full<Avl>(at); }
SAMPLE(RtlDeleteElementGenericTable) { deletes<Splay>(at); }
SAMPLE(RtlDeleteElementGenericTableAvl) { deletes<Avl>(at); }
SAMPLE(RtlLookupElementGenericTableAvl) { looks_up<Avl>(at); }
SAMPLE(RtlLookupElementGenericTableFull) { looks_up_full<Splay>(at); }
SAMPLE(RtlEnumerateGenericTableAvl) { enumerates<Avl>(at); }
SAMPLE(RtlEnumerateGenericTableWithoutSplayingAvl) { enumerates_by_key<Avl>(at); }
SAMPLE(RtlGetElementGenericTable) { gets<Splay>(at, { 20, 30, 10 }); }
SAMPLE(RtlGetElementGenericTableAvl) { gets<Avl>(at, { 10, 20, 30 }); }
SAMPLE(RtlNumberGenericTableElements) { counts<Splay>(at); }
SAMPLE(RtlNumberGenericTableElementsAvl) { counts<Avl>(at); }
SAMPLE(RtlIsGenericTableEmpty) { tells_whether_empty<Splay>(at); }
SAMPLE(RtlIsGenericTableEmptyAvl) { tells_whether_empty<Avl>(at); }

SAMPLE(RtlLookupElementGenericTable)
{
    looks_up<Splay>(at);
    auto& table = table_of<Splay>(at, { 20, 10, 30 });
    auto const found = at.call(&table, &Stage::entry(at, 10));
    EXPECT_EQ(reinterpret_cast<char*>(table.TableRoot) + TableNames<Splay>::header, reinterpret_cast<char*>(found))
        << "what is found becomes the root";
}

SAMPLE(RtlLookupElementGenericTableFullAvl)
{
    looks_up_full<Avl>(at);
    auto& place = at.object<PVOID>();
    auto& result = at.object<TABLE_SEARCH_RESULT>();
    place = &result;
    at.returns(PVOID { nullptr }, &table_of<Avl>(at, {}), &Stage::entry(at, 1), &place, &result);
    EXPECT_EQ(place, &result) << "left alone when the table is empty";
}

SAMPLE(RtlEnumerateGenericTable)
{
    enumerates<Splay>(at);
    auto& table = table_of<Splay>(at, { 20, 30, 10 });
    for (BOOLEAN restart = TRUE; at.call(&table, restart); restart = FALSE)
        EXPECT_FALSE(table.TableRoot->LeftChild && table.TableRoot->LeftChild->RightChild);
    EXPECT_FALSE(table.TableRoot->RightChild) << "a sorted list at the end";
}

SAMPLE(RtlEnumerateGenericTableWithoutSplaying)
{
    enumerates_by_key<Splay>(at);
    auto& table = table_of<Splay>(at, { 20, 30, 10 });
    auto* const root = table.TableRoot;
    auto& key = at.object<PVOID>();
    while (at.call(&table, &key))
        EXPECT_EQ(table.TableRoot, root) << "the tree keeps its shape";
}

SAMPLE(RtlLookupFirstMatchingElementGenericTableAvl)
{
    auto& divisor = at.object<int32_t>();
    divisor = 10;
    auto& table = table_of<Avl>(at, { 23, 10, 21, 35, 22 }, &divisor);
    auto& key = at.object<PVOID>();
    EXPECT_EQ(key_at(at.call(&table, &Stage::entry(at, 25), &key)), 21) << "the first of three";
    EXPECT_EQ(key_at(at.also(TableNames<Avl>::enumerate, &table, &key)), 22) << "the key goes on from there";
    at.returns(PVOID { nullptr }, &table, &Stage::entry(at, 40), &key);
    at.returns(PVOID { nullptr }, &table_of<Avl>(at, {}), &Stage::entry(at, 40), &key);
}

namespace {

// Lets even keys through, and nothing behind the limit.
NTSTATUS NTAPI match_even(Avl*, PVOID data, PVOID limit)
{
    int32_t const key = static_cast<Entry*>(data)->key;
    if (key > *static_cast<int32_t*>(limit))
        return STATUS_NO_MORE_MATCHES;
    return key % 2 ? STATUS_NO_MATCH : STATUS_SUCCESS;
}

} // namespace

SAMPLE(RtlEnumerateGenericTableLikeADirectory)
{
    auto& table = table_of<Avl>(at, { 20, 31, 10, 40 });
    auto& key = at.object<PVOID>();
    auto& deleted = at.object<ULONG>();
    auto& from = Stage::entry(at, 10);
    auto next = [&](BOOLEAN flag) { return key_at(at.call(&table, nullptr, nullptr, flag, &key, &deleted, &from)); };
    EXPECT_EQ(next(FALSE), 10) << "the one that the buffer describes";
    EXPECT_EQ(next(TRUE), 20);
    EXPECT_EQ(next(FALSE), 20) << "once more";
    at.also(TableNames<Avl>::remove, &table, &Stage::entry(at, 20));
    from.key = 20;
    EXPECT_EQ(next(TRUE), 31) << "the next of what was deleted: from the buffer, for the key is stale";
    EXPECT_EQ(next(TRUE), 40);
    EXPECT_EQ(next(TRUE), -1);

    key = nullptr;
    from.key = 10;
    EXPECT_EQ(next(TRUE), 31) << "without a key: the one behind the buffer's";
    key = nullptr;
    from.key = 35;
    EXPECT_EQ(next(FALSE), 40) << "no such entry: the one that follows";

    int32_t limit = 40;
    key = nullptr;
    from.key = 10;
    auto matching
        = [&](BOOLEAN flag) { return key_at(at.call(&table, &match_even, &limit, flag, &key, &deleted, &from)); };
    EXPECT_EQ(matching(FALSE), 10);
    EXPECT_EQ(matching(TRUE), 40) << "31 is no match";
    key = nullptr;
    limit = 35;
    EXPECT_EQ(matching(TRUE), -1) << "no more matches";
}
