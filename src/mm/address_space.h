// SPDX-License-Identifier: MIT
// User address slices: each client process has its own 64 GiB, accessible only while a thread of it runs or is
// attached. Client buffers live there, made of physical frames, so that drivers can lock and map them.
//
//   slice n:  kUserLow + n * 64 GiB
//             | 64 KiB never used | allocation | ... | view of an MDL | ...                      |
//
// Invariants
//   A1  at most one slice is accessible; every page of the others has no access
//   A2  every accessible user byte is named by a Range of the open slice, with the access the host grants
#pragma once

#include "base/result.h"
#include "hal/physical.h"
#include "ke/thread.h"
#include "mm/frames.h"
#include "nt/nt.h"
#include "sim/host.h"

#include <array>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace ringside::mm {

// Gives the process a slice of addresses (the n-th process made gets the n-th slice while there are fresh ones).
// STATUS_INSUFFICIENT_RESOURCES when 240 processes live.
Result<void> create_slice(ke::Process& process);
// Frees all that is in it. Pages that an MDL still holds locked are bug check 0x76 (PROCESS_HAS_LOCKED_PAGES): then the
// caller must be on a fiber of the machine.
void delete_slice(ke::Process& process);

// Zeroed, page-aligned user memory. STATUS_NO_MEMORY when the slice or physical memory is full.
Result<void*> allocate_user(ke::Process& process, size_t bytes, bool writable);
// `address` is what allocate_user gave. STATUS_INVALID_PAGE_PROTECTION when a driver secured a part of it
// (MmSecureVirtualMemory), STATUS_MEMORY_NOT_ALLOCATED for an address that is none.
Result<void> free_user(ke::Process& process, void* address);
// STATUS_INVALID_PAGE_PROTECTION as above; STATUS_NOT_COMMITTED when a page of the range is not there.
Result<void> protect_user(ke::Process& process, void* address, size_t bytes, bool readable, bool writable);

// Makes this process' slice the accessible one (null: none); the dispatcher's hook, cheap when nothing changes.
void use_slice(ke::Process* process);

// Whether every byte can be read / written now, by address ranges the machine knows; never touches the memory.
// Kernel addresses: whether they are mapped at all.
bool is_accessible(void const* address, size_t bytes, bool write);

// Copies between the host and a process' memory, whether its slice is open or not and whatever its access: for clients
// and tests. False when a byte is not there; then part of the copy may have been made.
bool read_process(ke::Process& process, void* to, void const* address, size_t bytes);
bool write_process(ke::Process& process, void* address, void const* from, size_t bytes);

// Pages of the process that MDLs hold locked.
size_t locked_pages(ke::Process const& process);

// Room-internal from here on.

struct UserRange { // of equal access
    size_t pages;
    sim::host::Access access;
};

struct UserAllocation {
    struct Run {
        hal::Pfn first;
        size_t count;
    };
    size_t pages;
    bool view; // the frames are somebody else's (MmMapLockedPages in UserMode)
    std::vector<Run> runs;
};

struct SecuredRange {
    uint64_t handle;
    uintptr_t begin, end;
    bool write;
};

struct Slice {
    ke::Process* process = nullptr; // null: nobody's
    bool reserved = false; // its addresses are the machine's; they stay so until the machine ends
    uintptr_t base = 0;
    uintptr_t next = 0; // where the search for free addresses begins
    uintptr_t low = 0;  // of what is mapped
    uintptr_t high = 0;
    size_t locked_pages = 0;
    std::map<uintptr_t, UserRange> ranges;
    std::map<uintptr_t, UserAllocation> allocations;
    std::vector<SecuredRange> secured;
};

class AddressSpaces {
public:
    AddressSpaces(hal::PhysicalMemory& physical, FrameLocks& locks) : m_physical(physical), m_locks(locks) {}
    ~AddressSpaces();
    AddressSpaces(AddressSpaces const&) = delete;
    AddressSpaces& operator=(AddressSpaces const&) = delete;

    Result<void> create(ke::Process& process);
    void remove(ke::Process& process);
    Slice* slice_of(ke::Process const* process);
    void use(ke::Process* process);

    Result<uintptr_t> allocate(Slice& slice, size_t pages, bool writable);
    // Maps frames that stay somebody else's; at `requested` (page aligned) or, with 0, where there is room.
    Result<uintptr_t> map_view(Slice& slice, std::span<hal::Pfn const> frames, bool writable, uintptr_t requested);
    Result<void> free(Slice& slice, uintptr_t address, bool view);
    Result<void> protect(Slice& slice, uintptr_t begin, uintptr_t end, sim::host::Access access);
    bool accessible(Slice const& slice, uintptr_t begin, uintptr_t end, bool write) const;

    Slice* current() { return m_open; }
    size_t views() const { return m_views; }
    size_t secured() const;
    uint64_t next_secure_handle() { return ++m_secure_handles; }

private:
    std::optional<uintptr_t> find_room(Slice& slice, size_t pages, uintptr_t requested) const;
    void map_runs(Slice& slice, uintptr_t address, UserAllocation const& allocation, sim::host::Access access);
    void drop(Slice& slice, std::map<uintptr_t, UserAllocation>::iterator it);
    void cut(Slice& slice, uintptr_t begin, uintptr_t end);
    void set_host_access(Slice const& slice, bool open) const;

    static constexpr size_t kSlices = (hal::kUserHigh - hal::kUserLow) / hal::kUserSliceBytes;
    hal::PhysicalMemory& m_physical;
    FrameLocks& m_locks;
    std::array<Slice, kSlices> m_slices;
    Slice* m_open = nullptr;
    size_t m_views = 0;
    uint64_t m_secure_handles = 0;
};

} // namespace ringside::mm
