// SPDX-License-Identifier: MIT
// What samples of generic tables share: elements with a key and a value, and the three routines of a driver.
#pragma once

#include "contract.h"

#include <cstring>
#include <string>

namespace ringside::test {

struct Entry {
    int32_t key;
    int32_t value;
};

// The driver's side of a table. Its routines run at the caller's IRQL, so memory is taken from a block made before.
struct TableStage {
    static inline char* arena;
    static inline nt::CLONG asked; // bytes of the last allocation
    static inline int allocated;
    static inline int freed;
    static inline bool dry;

    static void reset(At& at)
    {
        arena = static_cast<char*>(at.bytes(16384));
        asked = 0;
        allocated = freed = 0;
        dry = false;
    }
    static Entry& entry(At& at, int32_t key, int32_t value = 0)
    {
        auto& made = at.object<Entry>();
        made = { key, value };
        return made;
    }

    // The table's context, when there is one, is a divisor: keys of one quotient count as equal.
    template <typename Table>
    static nt::RTL_GENERIC_COMPARE_RESULTS NTAPI compare(Table* table, nt::PVOID first, nt::PVOID second)
    {
        int32_t const by = table->TableContext ? *static_cast<int32_t*>(table->TableContext) : 1;
        int32_t const a = static_cast<Entry*>(first)->key / by;
        int32_t const b = static_cast<Entry*>(second)->key / by;
        return a < b ? nt::GenericLessThan : a > b ? nt::GenericGreaterThan : nt::GenericEqual;
    }
    template <typename Table>
    static nt::PVOID NTAPI allocate(Table*, nt::CLONG bytes)
    {
        asked = bytes;
        if (dry)
            return nullptr;
        ++allocated;
        char* const block = arena;
        arena += (bytes + 15) & ~15u;
        std::memset(block, 0xA5, bytes); // a driver's memory is not zeroed
        return block;
    }
    template <typename Table>
    static void NTAPI free(Table*, nt::PVOID)
    {
        ++freed;
    }
};

template <typename Table>
struct TableNames;
template <>
struct TableNames<nt::RTL_GENERIC_TABLE> {
    static constexpr char const* initialize = "RtlInitializeGenericTable";
    static constexpr char const* insert = "RtlInsertElementGenericTable";
    static constexpr char const* remove = "RtlDeleteElementGenericTable";
    static constexpr char const* lookup = "RtlLookupElementGenericTable";
    static constexpr char const* lookup_full = "RtlLookupElementGenericTableFull";
    static constexpr char const* enumerate = "RtlEnumerateGenericTableWithoutSplaying";
    static constexpr nt::CLONG header = sizeof(nt::RTL_SPLAY_LINKS) + sizeof(nt::LIST_ENTRY);
};
template <>
struct TableNames<nt::RTL_AVL_TABLE> {
    static constexpr char const* initialize = "RtlInitializeGenericTableAvl";
    static constexpr char const* insert = "RtlInsertElementGenericTableAvl";
    static constexpr char const* remove = "RtlDeleteElementGenericTableAvl";
    static constexpr char const* lookup = "RtlLookupElementGenericTableAvl";
    static constexpr char const* lookup_full = "RtlLookupElementGenericTableFullAvl";
    static constexpr char const* enumerate = "RtlEnumerateGenericTableWithoutSplayingAvl";
    static constexpr nt::CLONG header = sizeof(nt::RTL_BALANCED_LINKS);
};

// A table with these keys, whose values are a tenth of them.
template <typename Table>
Table& table_of(At& at, std::initializer_list<int32_t> keys, int32_t* divisor = nullptr)
{
    TableStage::reset(at);
    auto& table = at.object<Table>();
    at.also(TableNames<Table>::initialize, &table, &TableStage::compare<Table>, &TableStage::allocate<Table>,
            &TableStage::free<Table>, nullptr);
    for (int32_t key : keys)
        at.also(TableNames<Table>::insert, &table, &TableStage::entry(at, key, key / 10), sizeof(Entry), nullptr);
    table.TableContext = divisor; // what a driver's context means is its own business
    return table;
}

template <typename Table>
Entry* find(At& at, Table& table, int32_t key)
{
    return reinterpret_cast<Entry*>(at.also(TableNames<Table>::lookup, &table, &TableStage::entry(at, key)));
}

// Keys in the table's order: "10 20 30".
template <typename Table>
std::string keys_of(At& at, Table& table)
{
    std::string text;
    auto& key = at.object<nt::PVOID>();
    while (auto entry = at.also(TableNames<Table>::enumerate, &table, &key))
        text += (text.empty() ? "" : " ") + std::to_string(reinterpret_cast<Entry*>(entry)->key);
    return text;
}

} // namespace ringside::test
