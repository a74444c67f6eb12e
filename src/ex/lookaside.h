// SPDX-License-Identifier: MIT
// Lookaside lists. Allocating from and freeing to them is inline in drivers (push, pop, and calls through the function
// pointers in the list); the exports of old kits for the same are here too.
#pragma once

#include "nt/nt.h"

#include <vector>

namespace ringside::ex {

struct LookasideRecord {
    nt::GENERAL_LOOKASIDE_POOL* list;
    uint32_t tag;
    uint64_t caller; // return address in the driver
    uint32_t number; // of birth
};

struct LookasideLists {
    std::vector<LookasideRecord> records; // initialized and not deleted
    uint32_t born = 0;
};

void ExInitializeNPagedLookasideList(nt::NPAGED_LOOKASIDE_LIST* list, nt::PALLOCATE_FUNCTION allocate,
                                     nt::PFREE_FUNCTION free, nt::ULONG flags, nt::SIZE_T size, nt::ULONG tag,
                                     nt::USHORT depth);
void ExInitializePagedLookasideList(nt::PAGED_LOOKASIDE_LIST* list, nt::PALLOCATE_FUNCTION allocate,
                                    nt::PFREE_FUNCTION free, nt::ULONG flags, nt::SIZE_T size, nt::ULONG tag,
                                    nt::USHORT depth);
nt::NTSTATUS ExInitializeLookasideListEx(nt::LOOKASIDE_LIST_EX* list, nt::PALLOCATE_FUNCTION_EX allocate,
                                         nt::PFREE_FUNCTION_EX free, nt::POOL_TYPE type, nt::ULONG flags,
                                         nt::SIZE_T size, nt::ULONG tag, nt::USHORT depth);
void ExDeleteNPagedLookasideList(nt::NPAGED_LOOKASIDE_LIST* list);
void ExDeletePagedLookasideList(nt::PAGED_LOOKASIDE_LIST* list);
void ExDeleteLookasideListEx(nt::LOOKASIDE_LIST_EX* list);
void ExFlushLookasideListEx(nt::LOOKASIDE_LIST_EX* list);

nt::PVOID ExAllocateFromNPagedLookasideList(nt::NPAGED_LOOKASIDE_LIST* list);
nt::PVOID ExAllocateFromPagedLookasideList(nt::PAGED_LOOKASIDE_LIST* list);
nt::PVOID ExAllocateFromLookasideListEx(nt::LOOKASIDE_LIST_EX* list);
void ExFreeToNPagedLookasideList(nt::NPAGED_LOOKASIDE_LIST* list, nt::PVOID entry);
void ExFreeToPagedLookasideList(nt::PAGED_LOOKASIDE_LIST* list, nt::PVOID entry);
void ExFreeToLookasideListEx(nt::LOOKASIDE_LIST_EX* list, nt::PVOID entry);

} // namespace ringside::ex
