// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exacquireresourcesharedlite
// @cite(wdk-ddi): page=wdm/nf-wdm-exacquiresharedwaitforexclusive
// @cite(wdk-ddi): page=wdm/nf-wdm-exsetresourceownerpointerex
// @cite(wdk-docs): page=debugger/bug-check-0xe3--resource-not-owned
#include "ex/resource.h"

#include "ex/at_dispatch.h"
#include "ex/executive.h"
#include "ke/bugcheck.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"
#include "mm/caller.h"

#include <algorithm>

namespace ringside::ex {

using namespace nt;

// On the stack of the thread that waits, which is a fiber's and never freed while it waits.
struct ResourceWaiter {
    KEVENT granted;
    ERESOURCE_THREAD thread;
    bool exclusive;
    ResourceWaiter* next;
};

namespace {

ERESOURCE_THREAD current_thread() { return reinterpret_cast<ERESOURCE_THREAD>(ke::kernel().current().pointer()); }

ResourceRecord& record_of(ERESOURCE* resource) { return executive().resources.require(resource); }

ResourceOwner* shared_owner(ResourceRecord& record, ERESOURCE_THREAD thread)
{
    auto it = std::ranges::find(record.shared, thread, &ResourceOwner::thread);
    return it == record.shared.end() ? nullptr : &*it;
}

size_t waiters(ResourceRecord const& record, bool exclusive)
{
    size_t count = 0;
    for (auto const* waiter = record.first_waiter; waiter; waiter = waiter->next)
        count += waiter->exclusive == exclusive;
    return count;
}

// What drivers (and debuggers) read of the resource.
void show(ResourceRecord const& record)
{
    ERESOURCE& guest = *record.guest;
    bool const exclusive = record.exclusive.count;
    guest.ActiveCount = static_cast<SHORT>(exclusive ? 1 : record.shared.size());
    guest.ActiveEntries = static_cast<ULONG>(guest.ActiveCount);
    guest.Flag = static_cast<USHORT>((guest.Flag & ~ResourceOwnedExclusive) | (exclusive ? ResourceOwnedExclusive : 0));
    guest.OwnerEntry.OwnerThread = record.exclusive.thread;
    guest.OwnerEntry.OwnerCount = record.exclusive.count;
    guest.NumberOfExclusiveWaiters = static_cast<ULONG>(waiters(record, true));
    guest.NumberOfSharedWaiters = static_cast<ULONG>(waiters(record, false));
}

void take_shared(ResourceRecord& record, ERESOURCE_THREAD thread)
{
    if (ResourceOwner* mine = shared_owner(record, thread))
        ++mine->count;
    else
        record.shared.push_back({ thread, 1 });
}

// Takes the first waiter of that kind out of the queue and lets it go on as an owner.
bool grant_one(ResourceRecord& record, bool exclusive)
{
    ResourceWaiter** link = &record.first_waiter;
    while (*link && (*link)->exclusive != exclusive)
        link = &(*link)->next;
    ResourceWaiter* waiter = *link;
    if (!waiter)
        return false;
    *link = waiter->next;
    if (exclusive)
        record.exclusive = { waiter->thread, 1 };
    else
        take_shared(record, waiter->thread);
    ke::KeSetEvent(&waiter->granted, EVENT_INCREMENT, FALSE);
    return true;
}

bool grant_shared(ResourceRecord& record)
{
    bool any = false;
    while (grant_one(record, false))
        any = true;
    return any;
}

void wait_for(ResourceRecord& record, ERESOURCE_THREAD thread, bool exclusive)
{
    ResourceWaiter waiter { {}, thread, exclusive, nullptr };
    ke::KeInitializeEvent(&waiter.granted, NotificationEvent, FALSE);
    ResourceWaiter** link = &record.first_waiter;
    while (*link)
        link = &(*link)->next;
    *link = &waiter;
    ++record.guest->ContentionCount;
    show(record);
    ke::KeWaitForSingleObject(&waiter.granted, WrResource, KernelMode, FALSE, nullptr);
}

enum class Manners { Ordinary, StarveExclusive, WaitForExclusive };

BOOLEAN acquire_shared(ERESOURCE* resource, BOOLEAN wait, Manners manners)
{
    ResourceRecord& record = record_of(resource);
    ERESOURCE_THREAD const self = current_thread();
    if (record.exclusive.count && record.exclusive.thread == self) {
        ++record.exclusive.count;
        show(record);
        return TRUE;
    }
    bool free = !record.exclusive.count;
    if (free && waiters(record, true))
        free = manners == Manners::StarveExclusive || (manners == Manners::Ordinary && shared_owner(record, self));
    if (free) {
        take_shared(record, self);
        show(record);
        return TRUE;
    }
    if (!wait)
        return FALSE;
    wait_for(record, self, false);
    return TRUE;
}

void release(ERESOURCE* resource, ERESOURCE_THREAD thread)
{
    AtDispatch whole;
    ResourceRecord& record = record_of(resource);
    if (record.exclusive.count && record.exclusive.thread == thread) {
        if (--record.exclusive.count == 0) {
            record.exclusive = {};
            if (!grant_shared(record))
                grant_one(record, true);
        }
    } else if (ResourceOwner* owner = shared_owner(record, thread)) {
        if (--owner->count == 0) {
            record.shared.erase(record.shared.begin() + (owner - record.shared.data()));
            if (record.shared.empty() && !grant_one(record, true))
                grant_shared(record);
        }
    } else
        ke::bug_check(RESOURCE_NOT_OWNED, reinterpret_cast<uint64_t>(resource), thread,
                      reinterpret_cast<uint64_t>(resource->OwnerTable), 0,
                      "a thread released a resource that it does not own");
    show(record);
}

} // namespace

ResourceRecord& Resources::make(ERESOURCE* resource)
{
    ResourceRecord& record = m_records[resource];
    record = {}; // also when it is initialized again without a delete
    record.guest = resource;
    record.number = ++m_born;
    record.caller = mm::calling_driver();
    *resource = {};
    resource->SystemResourcesList.Flink = resource->SystemResourcesList.Blink = &resource->SystemResourcesList;
    return record;
}

ResourceRecord& Resources::look_up(ERESOURCE* resource)
{
    auto it = m_records.find(resource);
    if (it == m_records.end())
        ke::bug_check(INVALID_DATA_ACCESS_TRAP, reinterpret_cast<uint64_t>(resource), 0, 0, 0,
                      "a resource was used that is not initialized");
    m_newest = &it->second;
    return it->second;
}

NTSTATUS ExInitializeResourceLite(ERESOURCE* resource)
{
    executive().resources.make(resource);
    return STATUS_SUCCESS;
}

NTSTATUS ExReinitializeResourceLite(ERESOURCE* resource)
{
    executive().resources.require(resource);
    executive().resources.make(resource);
    return STATUS_SUCCESS;
}

NTSTATUS ExDeleteResourceLite(ERESOURCE* resource)
{
    executive().resources.remove(record_of(resource).guest);
    return STATUS_SUCCESS;
}

BOOLEAN ExAcquireResourceExclusiveLite(ERESOURCE* resource, BOOLEAN wait)
{
    ResourceRecord& record = record_of(resource);
    ERESOURCE_THREAD const self = current_thread();
    if (record.exclusive.count && record.exclusive.thread == self)
        ++record.exclusive.count;
    else if (!record.exclusive.count && record.shared.empty())
        record.exclusive = { self, 1 };
    else if (!wait)
        return FALSE;
    else {
        wait_for(record, self, true); // for ever, if the thread itself holds it shared
        return TRUE;
    }
    show(record);
    return TRUE;
}

BOOLEAN ExAcquireResourceSharedLite(ERESOURCE* resource, BOOLEAN wait)
{
    return acquire_shared(resource, wait, Manners::Ordinary);
}

BOOLEAN ExAcquireSharedStarveExclusive(ERESOURCE* resource, BOOLEAN wait)
{
    return acquire_shared(resource, wait, Manners::StarveExclusive);
}

BOOLEAN ExAcquireSharedWaitForExclusive(ERESOURCE* resource, BOOLEAN wait)
{
    return acquire_shared(resource, wait, Manners::WaitForExclusive);
}

void ExReleaseResourceLite(ERESOURCE* resource) { release(resource, current_thread()); }
void ExReleaseResourceForThreadLite(ERESOURCE* resource, ERESOURCE_THREAD thread) { release(resource, thread); }

void ExConvertExclusiveToSharedLite(ERESOURCE* resource)
{
    AtDispatch whole;
    ResourceRecord& record = record_of(resource);
    if (!record.exclusive.count || record.exclusive.thread != current_thread())
        ke::bug_check(SHARED_RESOURCE_CONV_ERROR, reinterpret_cast<uint64_t>(resource), current_thread(), 0, 0,
                      "a thread converted a resource to shared that it does not own exclusively");
    record.shared.push_back(record.exclusive);
    record.exclusive = {};
    grant_shared(record);
    show(record);
}

void ExSetResourceOwnerPointer(ERESOURCE* resource, PVOID owner)
{
    ResourceRecord& record = record_of(resource);
    auto const to = reinterpret_cast<ERESOURCE_THREAD>(owner);
    ERESOURCE_THREAD const self = current_thread();
    if ((to & 3) != 3)
        ke::bug_check(RESOURCE_OWNER_POINTER_INVALID, reinterpret_cast<uint64_t>(resource), to, 0, 0,
                      "an owner pointer must have its two lowest bits set");
    if (record.exclusive.count && record.exclusive.thread == self)
        record.exclusive.thread = to;
    else if (ResourceOwner* mine = shared_owner(record, self)) {
        uint32_t const count = mine->count;
        if (ResourceOwner* other = shared_owner(record, to)) {
            other->count += count;
            record.shared.erase(record.shared.begin() + (shared_owner(record, self) - record.shared.data()));
        } else
            mine->thread = to;
    } else
        ke::bug_check(RESOURCE_NOT_OWNED, reinterpret_cast<uint64_t>(resource), self, 0, 0,
                      "a thread gave away a resource that it does not own");
    show(record);
}

void ExSetResourceOwnerPointerEx(ERESOURCE* resource, PVOID owner, ULONG)
{
    ExSetResourceOwnerPointer(resource, owner);
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(ERESOURCE* resource)
{
    ResourceRecord const& record = record_of(resource);
    return record.exclusive.count && record.exclusive.thread == current_thread();
}

ULONG ExIsResourceAcquiredSharedLite(ERESOURCE* resource)
{
    ResourceRecord& record = record_of(resource);
    if (record.exclusive.count && record.exclusive.thread == current_thread())
        return record.exclusive.count;
    ResourceOwner const* mine = shared_owner(record, current_thread());
    return mine ? mine->count : 0;
}

ULONG ExGetExclusiveWaiterCount(ERESOURCE* resource) { return static_cast<ULONG>(waiters(record_of(resource), true)); }
ULONG ExGetSharedWaiterCount(ERESOURCE* resource) { return static_cast<ULONG>(waiters(record_of(resource), false)); }

// These return the thread's Win32Thread, which only threads with windows have.
PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(ERESOURCE* resource)
{
    ke::KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(resource, TRUE);
    return nullptr;
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(ERESOURCE* resource)
{
    ke::KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(resource, TRUE);
    return nullptr;
}

PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(ERESOURCE* resource)
{
    ke::KeEnterCriticalRegion();
    ExAcquireSharedWaitForExclusive(resource, TRUE);
    return nullptr;
}

void ExReleaseResourceAndLeaveCriticalRegion(ERESOURCE* resource)
{
    ExReleaseResourceLite(resource);
    ke::KeLeaveCriticalRegion();
}

} // namespace ringside::ex
