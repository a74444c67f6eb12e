// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exinitializelookasidelistex
// @cite(wdk-ddi): page=wdm/nf-wdm-exinitializenpagedlookasidelist
#include "ex/lookaside.h"

#include "base/check.h"
#include "ex/executive.h"
#include "ex/pool_ddi.h"
#include "ex/slist.h"
#include "ke/bugcheck.h"
#include "ke/door.h"
#include "mm/caller.h"

#include <algorithm>

namespace ringside::ex {

using namespace nt;

namespace {

using List = GENERAL_LOOKASIDE_POOL;
static_assert(offsetof(GENERAL_LOOKASIDE, ListEntry) == offsetof(List, ListEntry));

constexpr USHORT kFirstDepth = 4; // entries kept at first; Windows adapts it to demand
constexpr USHORT kLargestDepth = 256;
constexpr ULONG kCorruptListEntry = 3; // KERNEL_SECURITY_CHECK_FAILURE's first parameter

List& general(NPAGED_LOOKASIDE_LIST* list) { return reinterpret_cast<List&>(list->L); }
List& general(PAGED_LOOKASIDE_LIST* list) { return reinterpret_cast<List&>(list->L); }
List& general(LOOKASIDE_LIST_EX* list) { return list->L; }

void* stub(char const* name)
{
    CHECK(g_stub, "the machine has not set the export stubs' source");
    void* address = g_stub(name);
    CHECK(address, "an export that this room hands out has no stub");
    return address;
}

void* default_allocate() { return stub("ExAllocatePoolWithTag"); }
void* default_free() { return stub("ExFreePool"); }

// `allocate` and `free` take one argument more in the Ex form; the default routines do not mind.
void initialize(List& list, void* allocate, void* free, ULONG type, size_t size, ULONG tag)
{
    InitializeSListHead(&list.ListHead);
    list.Depth = kFirstDepth;
    list.MaximumDepth = kLargestDepth;
    list.TotalAllocates = 0;
    list.AllocateMisses = 0;
    list.TotalFrees = 0;
    list.FreeMisses = 0;
    list.Type = static_cast<POOL_TYPE>(type);
    list.Tag = tag;
    list.Size = static_cast<ULONG>(std::max<size_t>(size, LOOKASIDE_MINIMUM_BLOCK_SIZE));
    list.Allocate = reinterpret_cast<PALLOCATE_FUNCTION>(allocate ? allocate : default_allocate());
    list.Free = reinterpret_cast<PFREE_FUNCTION>(free ? free : default_free());
    list.LastTotalAllocates = 0;
    list.LastAllocateMisses = 0;
    list.Future[0] = list.Future[1] = 0;
    list.ListEntry.Flink = list.ListEntry.Blink = &list.ListEntry;
    LookasideLists& lists = executive().lookasides;
    std::erase_if(lists.records, [&](auto const& record) { return record.list == &list; });
    lists.records.push_back({ &list, tag, mm::calling_driver(), ++lists.born });
}

void free_entry(List& list, void* entry)
{
    if (reinterpret_cast<void*>(list.Free) == default_free())
        ExFreePool(entry);
    else
        ke::through_door(ke::DoorPassage { .door = ke::Door::Other, .function = nullptr }, list.FreeEx, entry,
                         reinterpret_cast<LOOKASIDE_LIST_EX*>(&list));
}

void flush(List& list)
{
    SLIST_ENTRY* entry = ExpInterlockedFlushSList(&list.ListHead);
    while (entry) {
        SLIST_ENTRY* const next = entry->Next;
        free_entry(list, entry);
        entry = next;
    }
}

void remove(List& list)
{
    auto& records = executive().lookasides.records;
    auto it = std::ranges::find(records, &list, &LookasideRecord::list);
    if (it == records.end())
        ke::bug_check(KERNEL_SECURITY_CHECK_FAILURE, kCorruptListEntry, 0, 0, 0,
                      "a lookaside list was deleted that is not initialized");
    records.erase(it);
    flush(list);
}

PVOID allocate_from(List& list)
{
    ++list.TotalAllocates;
    if (PVOID entry = ExpInterlockedPopEntrySList(&list.ListHead))
        return entry;
    ++list.AllocateMisses;
    if (reinterpret_cast<void*>(list.Allocate) == default_allocate())
        return ExAllocatePoolWithTag(list.Type, list.Size, list.Tag);
    return ke::through_door(ke::DoorPassage { .door = ke::Door::Other, .function = nullptr }, list.AllocateEx,
                            list.Type, static_cast<SIZE_T>(list.Size), list.Tag,
                            reinterpret_cast<LOOKASIDE_LIST_EX*>(&list));
}

void free_to(List& list, PVOID entry)
{
    ++list.TotalFrees;
    if (ExQueryDepthSList(&list.ListHead) < list.Depth) {
        ExpInterlockedPushEntrySList(&list.ListHead, static_cast<SLIST_ENTRY*>(entry));
        return;
    }
    ++list.FreeMisses;
    free_entry(list, entry);
}

} // namespace

void ExInitializeNPagedLookasideList(NPAGED_LOOKASIDE_LIST* list, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                                     ULONG flags, SIZE_T size, ULONG tag, USHORT)
{
    initialize(general(list), reinterpret_cast<void*>(allocate), reinterpret_cast<void*>(free), NonPagedPool | flags,
               size, tag);
}

void ExInitializePagedLookasideList(PAGED_LOOKASIDE_LIST* list, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                                    ULONG flags, SIZE_T size, ULONG tag, USHORT)
{
    // POOL_NX_ALLOCATION has no effect here: no paged memory can be executed anyway.
    ULONG const type = PagedPool | (flags & ~POOL_NX_ALLOCATION);
    initialize(general(list), reinterpret_cast<void*>(allocate), reinterpret_cast<void*>(free), type, size, tag);
}

NTSTATUS ExInitializeLookasideListEx(LOOKASIDE_LIST_EX* list, PALLOCATE_FUNCTION_EX allocate, PFREE_FUNCTION_EX free,
                                     POOL_TYPE type, ULONG flags, SIZE_T size, ULONG tag, USHORT)
{
    auto bits = static_cast<ULONG>(type);
    ULONG const base = bits & ~ULONG { NonPagedPoolNx } & ~ULONG { NonPagedPoolSession };
    if (base != NonPagedPool && base != PagedPool && base != NonPagedPoolCacheAligned && base != PagedPoolCacheAligned)
        return STATUS_INVALID_PARAMETER_4;
    if (flags == EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL)
        bits |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    else if (flags == EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
        bits |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    else if (flags)
        return STATUS_INVALID_PARAMETER_5;
    initialize(general(list), reinterpret_cast<void*>(allocate), reinterpret_cast<void*>(free), bits, size, tag);
    return STATUS_SUCCESS;
}

void ExDeleteNPagedLookasideList(NPAGED_LOOKASIDE_LIST* list) { remove(general(list)); }
void ExDeletePagedLookasideList(PAGED_LOOKASIDE_LIST* list) { remove(general(list)); }
void ExDeleteLookasideListEx(LOOKASIDE_LIST_EX* list) { remove(general(list)); }
void ExFlushLookasideListEx(LOOKASIDE_LIST_EX* list) { flush(general(list)); }

PVOID ExAllocateFromNPagedLookasideList(NPAGED_LOOKASIDE_LIST* list) { return allocate_from(general(list)); }
PVOID ExAllocateFromPagedLookasideList(PAGED_LOOKASIDE_LIST* list) { return allocate_from(general(list)); }
PVOID ExAllocateFromLookasideListEx(LOOKASIDE_LIST_EX* list) { return allocate_from(general(list)); }
void ExFreeToNPagedLookasideList(NPAGED_LOOKASIDE_LIST* list, PVOID entry) { free_to(general(list), entry); }
void ExFreeToPagedLookasideList(PAGED_LOOKASIDE_LIST* list, PVOID entry) { free_to(general(list), entry); }
void ExFreeToLookasideListEx(LOOKASIDE_LIST_EX* list, PVOID entry) { free_to(general(list), entry); }

} // namespace ringside::ex
