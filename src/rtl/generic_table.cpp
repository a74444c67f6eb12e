// SPDX-License-Identifier: MIT
// Generic tables on splay trees. Every search ends with the node it reached at the root.
#include "rtl/generic_table.h"

#include "rtl/callout.h"
#include "rtl/list.h"
#include "rtl/splay.h"

#include <cstring>

namespace ringside::rtl {

namespace {

struct Element {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order; // of insertion
    uint64_t data[];
};
static_assert(sizeof(Element) == 0x28);

Element* element(void* links) { return static_cast<Element*>(links); }
Element* element_of_order(LIST_ENTRY* order) { return CONTAINING_RECORD(order, Element, order); }

// Where `buffer` is or belongs.
TABLE_SEARCH_RESULT search(RTL_GENERIC_TABLE* table, void* buffer, RTL_SPLAY_LINKS*& place)
{
    RTL_SPLAY_LINKS* node = table->TableRoot;
    TABLE_SEARCH_RESULT result = TableEmptyTree;
    while (node) {
        place = node;
        auto order = call_driver(table->CompareRoutine, table, buffer, static_cast<void*>(element(node)->data));
        if (order == GenericEqual)
            return TableFoundNode;
        bool less = order == GenericLessThan;
        result = less ? TableInsertAsLeft : TableInsertAsRight;
        node = less ? node->LeftChild : node->RightChild;
    }
    return result;
}

void forget_position(RTL_GENERIC_TABLE* table)
{
    table->OrderedPointer = &table->InsertOrderList;
    table->WhichOrderedElement = 0;
}

} // namespace

void RtlInitializeGenericTable(RTL_GENERIC_TABLE* table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                               PRTL_GENERIC_ALLOCATE_ROUTINE allocate, PRTL_GENERIC_FREE_ROUTINE free, PVOID context)
{
    *table = {};
    initialize(table->InsertOrderList);
    forget_position(table);
    table->CompareRoutine = compare;
    table->AllocateRoutine = allocate;
    table->FreeRoutine = free;
    table->TableContext = context;
}

PVOID RtlInsertElementGenericTable(RTL_GENERIC_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted)
{
    RTL_SPLAY_LINKS* place = nullptr;
    auto result = search(table, buffer, place);
    return RtlInsertElementGenericTableFull(table, buffer, bytes, inserted, place, result);
}

PVOID RtlInsertElementGenericTableFull(RTL_GENERIC_TABLE* table, PVOID buffer, CLONG bytes, BOOLEAN* inserted,
                                       PVOID place, TABLE_SEARCH_RESULT result)
{
    Element* node = element(place);
    bool is_new = result != TableFoundNode;
    if (inserted)
        *inserted = FALSE;
    if (is_new) {
        auto size = static_cast<CLONG>(sizeof(Element) + bytes);
        if (size < bytes)
            return nullptr;
        node = element(call_driver(table->AllocateRoutine, table, size));
        if (!node)
            return nullptr;
        node->links = {};
        insert_tail(table->InsertOrderList, node->order);
        ++table->NumberGenericTableElements;
        auto* parent = static_cast<RTL_SPLAY_LINKS*>(place);
        node->links.Parent = result == TableEmptyTree ? &node->links : parent;
        if (result == TableInsertAsLeft)
            parent->LeftChild = &node->links;
        else if (result == TableInsertAsRight)
            parent->RightChild = &node->links;
        if (bytes)
            std::memcpy(node->data, buffer, bytes);
    }
    table->TableRoot = RtlSplay(&node->links);
    if (inserted)
        *inserted = is_new;
    return node->data;
}

BOOLEAN RtlDeleteElementGenericTable(RTL_GENERIC_TABLE* table, PVOID buffer)
{
    RTL_SPLAY_LINKS* place = nullptr;
    if (search(table, buffer, place) != TableFoundNode)
        return FALSE;
    Element* node = element(place);
    table->TableRoot = RtlDelete(place);
    remove(node->order);
    --table->NumberGenericTableElements;
    forget_position(table);
    call_driver(table->FreeRoutine, table, static_cast<void*>(node));
    return TRUE;
}

PVOID RtlLookupElementGenericTable(RTL_GENERIC_TABLE* table, PVOID buffer)
{
    PVOID place;
    TABLE_SEARCH_RESULT result;
    return RtlLookupElementGenericTableFull(table, buffer, &place, &result);
}

PVOID RtlLookupElementGenericTableFull(RTL_GENERIC_TABLE* table, PVOID buffer, PVOID* place,
                                       TABLE_SEARCH_RESULT* result)
{
    RTL_SPLAY_LINKS* node = nullptr;
    *result = search(table, buffer, node);
    *place = node;
    if (*result != TableFoundNode)
        return nullptr;
    table->TableRoot = RtlSplay(node);
    return element(node)->data;
}

// Each element enumerated becomes the root, so that the root is where the next call goes on. Behind the last element
// the whole tree leans to the left: a sorted list, as the documentation says.
PVOID RtlEnumerateGenericTable(RTL_GENERIC_TABLE* table, BOOLEAN restart)
{
    RTL_SPLAY_LINKS* node = table->TableRoot;
    if (!node)
        return nullptr;
    if (restart)
        while (node->LeftChild)
            node = node->LeftChild;
    else
        node = RtlRealSuccessor(node);
    if (!node)
        return nullptr;
    table->TableRoot = RtlSplay(node);
    return element(node)->data;
}

PVOID RtlEnumerateGenericTableWithoutSplaying(RTL_GENERIC_TABLE* table, PVOID* restart_key)
{
    RTL_SPLAY_LINKS* node = table->TableRoot;
    if (!node)
        return nullptr;
    if (*restart_key)
        node = RtlRealSuccessor(static_cast<RTL_SPLAY_LINKS*>(*restart_key));
    else
        while (node->LeftChild)
            node = node->LeftChild;
    if (!node)
        return nullptr;
    *restart_key = node;
    return element(node)->data;
}

// Walks from the last position asked for, which makes a loop over all indexes linear.
PVOID RtlGetElementGenericTable(RTL_GENERIC_TABLE* table, ULONG index)
{
    if (index >= table->NumberGenericTableElements)
        return nullptr;
    ULONG wanted = index + 1; // the head of the list counts as 0
    if (wanted < table->WhichOrderedElement)
        forget_position(table);
    for (; table->WhichOrderedElement < wanted; ++table->WhichOrderedElement)
        table->OrderedPointer = table->OrderedPointer->Flink;
    return element_of_order(table->OrderedPointer)->data;
}

ULONG RtlNumberGenericTableElements(RTL_GENERIC_TABLE* table) { return table->NumberGenericTableElements; }
BOOLEAN RtlIsGenericTableEmpty(RTL_GENERIC_TABLE* table) { return table->TableRoot == nullptr; }

} // namespace ringside::rtl
