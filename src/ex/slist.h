// SPDX-License-Identifier: MIT
// Lists that drivers share between processors: sequenced singly linked lists (SLIST_HEADER), and the older lists under
// a spin lock. A body runs without a schedule point inside, so the sequenced lists need no lock here; the sequence is
// kept because drivers read it.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

void InitializeSListHead(nt::SLIST_HEADER* head);
nt::SLIST_ENTRY* FirstEntrySList(nt::SLIST_HEADER const* head);
nt::USHORT ExQueryDepthSList(nt::SLIST_HEADER* head);
nt::SLIST_ENTRY* ExpInterlockedPushEntrySList(nt::SLIST_HEADER* head, nt::SLIST_ENTRY* entry);
nt::SLIST_ENTRY* ExpInterlockedPopEntrySList(nt::SLIST_HEADER* head);
nt::SLIST_ENTRY* ExpInterlockedFlushSList(nt::SLIST_HEADER* head);

nt::LIST_ENTRY* ExInterlockedInsertHeadList(nt::LIST_ENTRY* head, nt::LIST_ENTRY* entry, nt::KSPIN_LOCK* lock);
nt::LIST_ENTRY* ExInterlockedInsertTailList(nt::LIST_ENTRY* head, nt::LIST_ENTRY* entry, nt::KSPIN_LOCK* lock);
nt::LIST_ENTRY* ExInterlockedRemoveHeadList(nt::LIST_ENTRY* head, nt::KSPIN_LOCK* lock);
nt::SINGLE_LIST_ENTRY* ExInterlockedPushEntryList(nt::SINGLE_LIST_ENTRY* head, nt::SINGLE_LIST_ENTRY* entry,
                                                  nt::KSPIN_LOCK* lock);
nt::SINGLE_LIST_ENTRY* ExInterlockedPopEntryList(nt::SINGLE_LIST_ENTRY* head, nt::KSPIN_LOCK* lock);
nt::LARGE_INTEGER ExInterlockedAddLargeInteger(nt::LARGE_INTEGER* addend, nt::LARGE_INTEGER increment,
                                               nt::KSPIN_LOCK* lock);
nt::ULONG ExInterlockedAddUlong(nt::ULONG* addend, nt::ULONG increment, nt::KSPIN_LOCK* lock);

} // namespace ringside::ex
