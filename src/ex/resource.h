// SPDX-License-Identifier: MIT
// Executive resources (ERESOURCE): many readers or one writer, recursive, owned by threads. The truth is a record
// beside the driver's bytes; of those the counts that drivers read are kept right. A releaser hands the resource over:
//
//   exclusive released   all shared waiters get it; if there are none, the first exclusive one
//   last shared released the first exclusive waiter gets it; if there is none, all shared ones
#pragma once

#include "nt/nt.h"

#include <unordered_map>
#include <vector>

namespace ringside::ex {

struct ResourceWaiter;

struct ResourceOwner {
    nt::ERESOURCE_THREAD thread;
    uint32_t count;
};

struct ResourceRecord {
    nt::ERESOURCE* guest = nullptr;
    uint32_t number = 0; // of birth
    uint64_t caller = 0; // return address in the driver
    ResourceOwner exclusive {};     // count 0: nobody
    std::vector<ResourceOwner> shared;
    ResourceWaiter* first_waiter = nullptr; // in order of arrival; on the waiters' stacks
};

class Resources {
public:
    ResourceRecord& make(nt::ERESOURCE* resource);
    // Bug check for bytes that are no initialized resource.
    ResourceRecord& require(nt::ERESOURCE* resource)
    {
        return m_newest && m_newest->guest == resource ? *m_newest : look_up(resource);
    }
    void remove(nt::ERESOURCE* resource)
    {
        m_newest = nullptr;
        m_records.erase(resource);
    }
    size_t live() const { return m_records.size(); }
    // In no order: reports sort by number.
    std::unordered_map<nt::ERESOURCE*, ResourceRecord> const& records() const { return m_records; }

private:
    ResourceRecord& look_up(nt::ERESOURCE* resource);

    std::unordered_map<nt::ERESOURCE*, ResourceRecord> m_records;
    ResourceRecord* m_newest = nullptr; // the one that was used last: most calls come in pairs
    uint32_t m_born = 0;
};

nt::NTSTATUS ExInitializeResourceLite(nt::ERESOURCE* resource);
nt::NTSTATUS ExReinitializeResourceLite(nt::ERESOURCE* resource);
nt::NTSTATUS ExDeleteResourceLite(nt::ERESOURCE* resource);
nt::BOOLEAN ExAcquireResourceExclusiveLite(nt::ERESOURCE* resource, nt::BOOLEAN wait);
nt::BOOLEAN ExAcquireResourceSharedLite(nt::ERESOURCE* resource, nt::BOOLEAN wait);
nt::BOOLEAN ExAcquireSharedStarveExclusive(nt::ERESOURCE* resource, nt::BOOLEAN wait);
nt::BOOLEAN ExAcquireSharedWaitForExclusive(nt::ERESOURCE* resource, nt::BOOLEAN wait);
void ExReleaseResourceLite(nt::ERESOURCE* resource);
void ExReleaseResourceForThreadLite(nt::ERESOURCE* resource, nt::ERESOURCE_THREAD thread);
void ExConvertExclusiveToSharedLite(nt::ERESOURCE* resource);
void ExSetResourceOwnerPointer(nt::ERESOURCE* resource, nt::PVOID owner);
void ExSetResourceOwnerPointerEx(nt::ERESOURCE* resource, nt::PVOID owner, nt::ULONG flags);
nt::BOOLEAN ExIsResourceAcquiredExclusiveLite(nt::ERESOURCE* resource);
nt::ULONG ExIsResourceAcquiredSharedLite(nt::ERESOURCE* resource);
nt::ULONG ExGetExclusiveWaiterCount(nt::ERESOURCE* resource);
nt::ULONG ExGetSharedWaiterCount(nt::ERESOURCE* resource);
nt::PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(nt::ERESOURCE* resource);
nt::PVOID ExEnterCriticalRegionAndAcquireResourceShared(nt::ERESOURCE* resource);
nt::PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(nt::ERESOURCE* resource);
void ExReleaseResourceAndLeaveCriticalRegion(nt::ERESOURCE* resource);

} // namespace ringside::ex
