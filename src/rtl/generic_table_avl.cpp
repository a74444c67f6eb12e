// SPDX-License-Identifier: MIT
// Generic tables on AVL trees.
#include "nt/status.h"
#include "rtl/avl.h"
#include "rtl/callout.h"
#include "rtl/generic_table.h"

#include <cstring>

namespace ringside::rtl {

namespace {

using avl::Node;

struct Element {
    RTL_BALANCED_LINKS links;
    uint64_t data[];
};
static_assert(sizeof(Element) == 0x20);

PVOID data_of(Node* node) { return node ? reinterpret_cast<Element*>(node)->data : nullptr; }

RTL_GENERIC_COMPARE_RESULTS compare(RTL_AVL_TABLE* table, PVOID buffer, Node* node)
{
    return call_driver(table->CompareRoutine, table, buffer, data_of(node));
}

// Where `buffer` is or belongs.
TABLE_SEARCH_RESULT search(RTL_AVL_TABLE* table, PVOID buffer, Node*& place)
{
    Node* node = table->BalancedRoot.RightChild;
    TABLE_SEARCH_RESULT result = TableEmptyTree;
    while (node) {
        place = node;
        auto order = compare(table, buffer, node);
        if (order == GenericEqual)
            return TableFoundNode;
        bool less = order == GenericLessThan;
        result = less ? TableInsertAsLeft : TableInsertAsRight;
        node = less ? node->LeftChild : node->RightChild;
    }
    return result;
}

void forget_position(RTL_AVL_TABLE* table)
{
    table->OrderedPointer = nullptr;
    table->WhichOrderedElement = 0;
}

// The element of that key, or the first one behind where it would be.
Node* at_or_behind(RTL_AVL_TABLE* table, PVOID buffer, bool& found)
{
    Node* place = nullptr;
    auto result = search(table, buffer, place);
    found = result == TableFoundNode;
    return result == TableInsertAsRight ? avl::next(*table, *place) : place;
}

} // namespace

void RtlInitializeGenericTableAvl(RTL_AVL_TABLE* table, PRTL_AVL_COMPARE_ROUTINE compare,
                                  PRTL_AVL_ALLOCATE_ROUTINE allocate, PRTL_AVL_FREE_ROUTINE free, PVOID context)
{
    *table = {};
    table->BalancedRoot.Parent = &table->BalancedRoot;
    table->CompareRoutine = compare;
    table->AllocateRoutine = allocate;
    table->FreeRoutine = free;
    table->TableContext = context;
}

PVOID RtlInsertElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted)
{
    Node* place = nullptr;
    auto result = search(table, buffer, place);
    return RtlInsertElementGenericTableFullAvl(table, buffer, bytes, inserted, place, result);
}

PVOID RtlInsertElementGenericTableFullAvl(RTL_AVL_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted,
                                          PVOID place, TABLE_SEARCH_RESULT result)
{
    if (inserted)
        *inserted = FALSE;
    if (result == TableFoundNode)
        return data_of(static_cast<Node*>(place));
    auto size = static_cast<CLONG>(sizeof(Element) + bytes);
    if (size < bytes)
        return nullptr;
    auto* element = static_cast<Element*>(call_driver(table->AllocateRoutine, table, size));
    if (!element)
        return nullptr;
    std::memset(&element->links, 0, sizeof element->links);
    Node* parent = result == TableEmptyTree ? &table->BalancedRoot : static_cast<Node*>(place);
    avl::insert(*table, element->links, *parent, result == TableInsertAsLeft);
    ++table->NumberGenericTableElements;
    forget_position(table);
    if (bytes)
        std::memcpy(element->data, buffer, bytes);
    if (inserted)
        *inserted = TRUE;
    return element->data;
}

BOOLEAN RtlDeleteElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer)
{
    Node* node = nullptr;
    if (search(table, buffer, node) != TableFoundNode)
        return FALSE;
    // An enumeration that stands on this element goes on with the one behind it.
    if (table->RestartKey == node)
        table->RestartKey = avl::previous(*table, *node);
    ++table->DeleteCount;
    avl::remove(*table, *node);
    --table->NumberGenericTableElements;
    forget_position(table);
    call_driver(table->FreeRoutine, table, static_cast<void*>(node));
    return TRUE;
}

PVOID RtlLookupElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer)
{
    PVOID place;
    TABLE_SEARCH_RESULT result;
    return RtlLookupElementGenericTableFullAvl(table, buffer, &place, &result);
}

PVOID RtlLookupElementGenericTableFullAvl(RTL_AVL_TABLE* table, PVOID buffer, PVOID* place, TABLE_SEARCH_RESULT* result)
{
    Node* node = nullptr;
    *result = search(table, buffer, node);
    if (*result == TableEmptyTree)
        return nullptr; // `place` keeps its value, says the page
    *place = node;
    return *result == TableFoundNode ? data_of(node) : nullptr;
}

// Several elements may match when the caller compares by less than the order of the table.
PVOID RtlLookupFirstMatchingElementGenericTableAvl(RTL_AVL_TABLE* table, PVOID buffer, PVOID* restart_key)
{
    Node* node = nullptr;
    if (search(table, buffer, node) != TableFoundNode)
        return nullptr;
    for (Node* before = avl::previous(*table, *node); before && compare(table, buffer, before) == GenericEqual;
         before = avl::previous(*table, *node))
        node = before;
    *restart_key = node;
    return data_of(node);
}

PVOID RtlEnumerateGenericTableAvl(RTL_AVL_TABLE* table, BOOLEAN restart)
{
    PVOID key = restart ? nullptr : table->RestartKey;
    PVOID data = RtlEnumerateGenericTableWithoutSplayingAvl(table, &key);
    table->RestartKey = static_cast<Node*>(key);
    return data;
}

PVOID RtlEnumerateGenericTableWithoutSplayingAvl(RTL_AVL_TABLE* table, PVOID* restart_key)
{
    Node* node = *restart_key ? avl::next(*table, *static_cast<Node*>(*restart_key)) : avl::first(*table);
    if (!node)
        return nullptr;
    *restart_key = node;
    return data_of(node);
}

// Deletions since the last call make the key worthless: the position is then the one that `buffer` describes.
PVOID RtlEnumerateGenericTableLikeADirectory(RTL_AVL_TABLE* table, MatchFunction match, PVOID match_data, ULONG next,
                                             PVOID* restart_key, ULONG* delete_count, PVOID buffer)
{
    bool found = true;
    Node* node = static_cast<Node*>(*restart_key);
    if (!node || *delete_count != table->DeleteCount) {
        node = at_or_behind(table, buffer, found);
        *restart_key = nullptr;
    }
    *delete_count = table->DeleteCount;
    if (node && next && found)
        node = avl::next(*table, *node);
    for (; node; node = avl::next(*table, *node)) {
        NTSTATUS verdict = match ? call_driver(match, table, data_of(node), match_data) : STATUS_SUCCESS;
        if (verdict == STATUS_NO_MORE_MATCHES)
            return nullptr;
        if (verdict == STATUS_SUCCESS) {
            *restart_key = node;
            return data_of(node);
        }
    }
    return nullptr;
}

PVOID RtlGetElementGenericTableAvl(RTL_AVL_TABLE* table, ULONG index)
{
    if (index >= table->NumberGenericTableElements)
        return nullptr;
    ULONG wanted = index + 1; // 0: no position remembered
    auto* node = static_cast<Node*>(table->OrderedPointer);
    if (!node || wanted < table->WhichOrderedElement) {
        node = avl::first(*table);
        table->WhichOrderedElement = 1;
    }
    for (; table->WhichOrderedElement < wanted; ++table->WhichOrderedElement)
        node = avl::next(*table, *node);
    table->OrderedPointer = node;
    return data_of(node);
}

ULONG RtlNumberGenericTableElementsAvl(RTL_AVL_TABLE* table) { return table->NumberGenericTableElements; }
BOOLEAN RtlIsGenericTableEmptyAvl(RTL_AVL_TABLE* table) { return table->NumberGenericTableElements == 0; }

} // namespace ringside::rtl
