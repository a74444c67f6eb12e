// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-initializeslisthead
// @cite(wdk-ddi): page=wdm/nf-wdm-exinterlockedinsertheadlist
#include "ex/slist.h"

#include "ke/exception.h"
#include "ke/kernel.h"
#include "ke/spin_lock.h"

namespace ringside::ex {

using namespace nt;

namespace {

SLIST_ENTRY* first_of(SLIST_HEADER const& head)
{
    return reinterpret_cast<SLIST_ENTRY*>(static_cast<uint64_t>(head.HeaderX64.NextEntry) << 4);
}

void set_first(SLIST_HEADER& head, SLIST_ENTRY* entry)
{
    head.HeaderX64.NextEntry = reinterpret_cast<uint64_t>(entry) >> 4;
}

// Holds the lock with all interrupts off, as the routines must that an ISR may call.
template <typename Change>
auto locked(KSPIN_LOCK* lock, Change change)
{
    ke::Kernel& k = ke::kernel();
    uint8_t const old = k.raise_irql(HIGH_LEVEL);
    ke::acquire_spin_lock(*lock);
    auto result = change();
    ke::release_spin_lock(*lock);
    k.lower_irql(old);
    return result;
}

} // namespace

void InitializeSListHead(SLIST_HEADER* head)
{
    if (reinterpret_cast<uintptr_t>(head) % alignof(SLIST_HEADER))
        ke::raise(STATUS_DATATYPE_MISALIGNMENT);
    head->Alignment = 0;
    head->Region = 0;
    head->HeaderX64.HeaderType = 1; // the 16-byte form
}

SLIST_ENTRY* FirstEntrySList(SLIST_HEADER const* head) { return first_of(*head); }
USHORT ExQueryDepthSList(SLIST_HEADER* head) { return static_cast<USHORT>(head->HeaderX64.Depth); }

SLIST_ENTRY* ExpInterlockedPushEntrySList(SLIST_HEADER* head, SLIST_ENTRY* entry)
{
    SLIST_ENTRY* const first = first_of(*head);
    entry->Next = first;
    set_first(*head, entry);
    head->HeaderX64.Depth = head->HeaderX64.Depth + 1;
    head->HeaderX64.Sequence = head->HeaderX64.Sequence + 1;
    return first;
}

SLIST_ENTRY* ExpInterlockedPopEntrySList(SLIST_HEADER* head)
{
    SLIST_ENTRY* const first = first_of(*head);
    if (!first)
        return nullptr;
    set_first(*head, first->Next);
    head->HeaderX64.Depth = head->HeaderX64.Depth - 1;
    head->HeaderX64.Sequence = head->HeaderX64.Sequence + 1;
    return first;
}

SLIST_ENTRY* ExpInterlockedFlushSList(SLIST_HEADER* head)
{
    SLIST_ENTRY* const first = first_of(*head);
    if (first) {
        set_first(*head, nullptr);
        head->HeaderX64.Depth = 0;
        head->HeaderX64.Sequence = head->HeaderX64.Sequence + 1;
    }
    return first;
}

LIST_ENTRY* ExInterlockedInsertHeadList(LIST_ENTRY* head, LIST_ENTRY* entry, KSPIN_LOCK* lock)
{
    return locked(lock, [=]() -> LIST_ENTRY* {
        LIST_ENTRY* const first = head->Flink;
        entry->Flink = first;
        entry->Blink = head;
        first->Blink = entry;
        head->Flink = entry;
        return first == head ? nullptr : first;
    });
}

LIST_ENTRY* ExInterlockedInsertTailList(LIST_ENTRY* head, LIST_ENTRY* entry, KSPIN_LOCK* lock)
{
    return locked(lock, [=]() -> LIST_ENTRY* {
        LIST_ENTRY* const last = head->Blink;
        entry->Flink = head;
        entry->Blink = last;
        last->Flink = entry;
        head->Blink = entry;
        return last == head ? nullptr : last;
    });
}

LIST_ENTRY* ExInterlockedRemoveHeadList(LIST_ENTRY* head, KSPIN_LOCK* lock)
{
    return locked(lock, [=]() -> LIST_ENTRY* {
        LIST_ENTRY* const first = head->Flink;
        if (first == head)
            return nullptr;
        head->Flink = first->Flink;
        first->Flink->Blink = head;
        return first;
    });
}

SINGLE_LIST_ENTRY* ExInterlockedPushEntryList(SINGLE_LIST_ENTRY* head, SINGLE_LIST_ENTRY* entry, KSPIN_LOCK* lock)
{
    return locked(lock, [=] {
        SINGLE_LIST_ENTRY* const first = head->Next;
        entry->Next = first;
        head->Next = entry;
        return first;
    });
}

SINGLE_LIST_ENTRY* ExInterlockedPopEntryList(SINGLE_LIST_ENTRY* head, KSPIN_LOCK* lock)
{
    return locked(lock, [=] {
        SINGLE_LIST_ENTRY* const first = head->Next;
        if (first)
            head->Next = first->Next;
        return first;
    });
}

LARGE_INTEGER ExInterlockedAddLargeInteger(LARGE_INTEGER* addend, LARGE_INTEGER increment, KSPIN_LOCK* lock)
{
    return locked(lock, [=] {
        LARGE_INTEGER const before = *addend;
        addend->QuadPart = static_cast<LONGLONG>(static_cast<uint64_t>(before.QuadPart)
                                                 + static_cast<uint64_t>(increment.QuadPart));
        return before;
    });
}

ULONG ExInterlockedAddUlong(ULONG* addend, ULONG increment, KSPIN_LOCK* lock)
{
    return locked(lock, [=] {
        ULONG const before = *addend;
        *addend = before + increment;
        return before;
    });
}

} // namespace ringside::ex
