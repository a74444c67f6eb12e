// SPDX-License-Identifier: MIT
// User address slices: each process has its own 64 GiB, accessible only while a thread of it runs or is attached. What
// stands in them is made of physical frames, so that drivers can lock and map it.
//
//   slice n:  kUserLow + n * 64 GiB; of 32-bit clients: kNarrowLow + n * 128 MiB, below 2 GiB
//             | 64 KiB never used | allocation | ... | view of a section | ... | view of an MDL | ... |
//
//   a page:   free --reserve--> reserved --commit--> committed --free--> free
//                                   ^---- decommit ----+
//
// Clients have the lowest slices in the order of their birth; the System process gets the highest when it first needs
// one (a driver that maps a section from DriverEntry).
//
// Invariants
//   A1  at most one slice is accessible; every page of the others has no access
//   A2  every accessible user byte is named by a Range of the open slice, with the access the host grants
//   A3  a committed page has exactly one Range and one frame; a reserved one has neither
//   A4  the process owns the frames of private pages and of pages copied on write; all others belong to somebody else
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
#include <set>
#include <span>
#include <vector>

namespace ringside::mm {

struct Section;

// What a process' pointers hold: a 32-bit one (WOW64) has addresses that fit into 32 bits.
enum class Width : uint8_t { Bits64, Bits32 };

// 32-bit programs that are not told to be aware of more see addresses below 2 GiB; the address sanitizer's shadow, which
// begins there, agrees.
inline constexpr uintptr_t kNarrowLow = 0x1000'0000;
inline constexpr size_t kNarrowSliceBytes = 128 * hal::kMiB;
inline constexpr unsigned kNarrowSlices = 12;

// Gives the process a slice of addresses (the n-th process made gets the n-th slice while there are fresh ones).
// STATUS_INSUFFICIENT_RESOURCES when 240 processes live, or 12 of 32 bits.
Result<void> create_slice(ke::Process& process, Width width = Width::Bits64);
// False once the process has given up its addresses.
inline bool is_32bit(ke::Process const& process) { return process.slice && process.slice < hal::kUserLow; }
// The same for the System process, from the other end. Does nothing when there is one.
Result<void> create_system_slice(ke::Process& process);
// Frees all that is in it. Pages that an MDL still holds locked are bug check 0x76 (PROCESS_HAS_LOCKED_PAGES): then the
// caller must be on a fiber of the machine.
void delete_slice(ke::Process& process);

// Zeroed, page-aligned user memory. STATUS_NO_MEMORY when the slice is full, STATUS_COMMITMENT_LIMIT when physical
// memory is.
Result<void*> allocate_user(ke::Process& process, size_t bytes, bool writable);
// `address` is what allocate_user gave. STATUS_INVALID_PAGE_PROTECTION when a driver secured a part of it
// (MmSecureVirtualMemory), STATUS_MEMORY_NOT_ALLOCATED for an address that is none.
Result<void> free_user(ke::Process& process, void* address);
// STATUS_INVALID_PAGE_PROTECTION as above; STATUS_NOT_COMMITTED and STATUS_CONFLICTING_ADDRESSES when a page of the
// range is not there.
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

// Windows hands out user addresses in units of 64 KiB; drivers see such addresses.
inline constexpr size_t kGranularity = 64 * 1024;

struct UserRange { // committed pages of equal protection in one allocation
    size_t pages;
    nt::ULONG protect;
};

struct UserAllocation {
    enum class Kind : uint8_t {
        Private,
        MdlView, // MmMapLockedPages in UserMode
        SectionView,
        Image, // its pages are the process' own, as private ones are
    };
    size_t pages;
    Kind kind;
    nt::ULONG protect; // as allocated
    Section* section = nullptr; // SectionView
    uint64_t first_page = 0; // of the section
};

struct SecuredRange {
    uint64_t handle;
    uintptr_t begin, end;
    bool write;
    bool no_change = false; // MM_SECURE_NO_CHANGE
    bool user_mode_only = false; // MM_SECURE_USER_MODE_ONLY: kernel-mode callers may change what it protects
};

struct Slice {
    ke::Process* process = nullptr; // null: nobody's
    bool system = false; // the System process'
    bool reserved = false; // its addresses are the machine's; they stay so until the machine ends
    uintptr_t base = 0;
    size_t bytes = hal::kUserSliceBytes;
    uintptr_t next = 0; // where the search for free addresses begins
    uintptr_t low = 0; // of what is mapped
    uintptr_t high = 0;
    size_t locked_pages = 0;
    std::map<uintptr_t, UserRange> ranges;
    std::map<uintptr_t, UserAllocation> allocations;
    std::set<uintptr_t> copied; // pages of section views that have frames of their own
    std::vector<SecuredRange> secured;

    uintptr_t first() const { return base + kGranularity; }
    uintptr_t end() const { return base + bytes; }
};

using AllocationIterator = std::map<uintptr_t, UserAllocation>::iterator;

class AddressSpaces {
public:
    AddressSpaces(hal::PhysicalMemory& physical, FrameLocks& locks)
        : m_physical(physical)
        , m_locks(locks)
    {
    }
    ~AddressSpaces();
    AddressSpaces(AddressSpaces const&) = delete;
    AddressSpaces& operator=(AddressSpaces const&) = delete;

    Result<void> create(ke::Process& process, Width width, bool system);
    void remove(ke::Process& process);
    Slice* slice_of(ke::Process const* process);
    void use(ke::Process* process);

    // Free addresses: at `requested` (page aligned), or with 0 where there is room, from the top when asked for.
    std::optional<uintptr_t> find_room(Slice& slice, size_t pages, uintptr_t requested, bool top_down = false) const;
    // Takes addresses that find_room gave; every page is reserved.
    UserAllocation& reserve(Slice& slice, uintptr_t base, UserAllocation allocation);
    // Commits reserved pages with frames: zeroed ones that the process owns (STATUS_COMMITMENT_LIMIT), or somebody
    // else's. What is committed already keeps its frames and gets the protection.
    Result<void> commit(Slice& slice, uintptr_t begin, uintptr_t end, nt::ULONG protect);
    void commit_frames(Slice& slice, uintptr_t begin, hal::Pfn first, size_t count, nt::ULONG protect);
    // Committed pages become reserved ones.
    void decommit(Slice& slice, uintptr_t begin, uintptr_t end);
    void release(Slice& slice, AllocationIterator it);
    // Of committed pages.
    void set_protect(Slice& slice, uintptr_t begin, uintptr_t end, nt::ULONG protect);
    // Gives a page of a section view a frame of its own with the same contents; false when memory is full.
    bool copy_page(Slice& slice, uintptr_t page, nt::ULONG protect);

    // Maps frames that stay somebody else's.
    Result<uintptr_t> map_mdl(Slice& slice, std::span<hal::Pfn const> frames, bool writable, uintptr_t requested);
    Result<void> unmap_mdl(Slice& slice, uintptr_t address);

    // The allocation that an address lies in, and the protection of the committed page around it (0: none).
    AllocationIterator find(Slice& slice, uintptr_t address) const;
    static nt::ULONG protection_at(Slice const& slice, uintptr_t address);
    bool committed(Slice const& slice, uintptr_t begin, uintptr_t end) const;
    bool accessible(Slice const& slice, uintptr_t begin, uintptr_t end, bool write) const;

    Slice* current() { return m_open; }
    std::span<Slice> slices() { return m_slices; }
    size_t views() const { return m_views; }
    size_t secured() const;
    // Allocations and views of the System process.
    size_t system_regions() const;
    uint64_t next_secure_handle() { return ++m_secure_handles; }

private:
    void cut(Slice& slice, uintptr_t begin, uintptr_t end);
    void give_back(Slice& slice, UserAllocation const& allocation, uintptr_t begin, uintptr_t end);
    void set_host_access(Slice const& slice, bool open) const;

    hal::PhysicalMemory& m_physical;
    FrameLocks& m_locks;
    static constexpr size_t kWideSlices = (hal::kUserHigh - hal::kUserLow) / hal::kUserSliceBytes;
    std::array<Slice, kWideSlices + kNarrowSlices> m_slices; // the narrow ones last
    Slice* m_open = nullptr;
    size_t m_views = 0;
    uint64_t m_secure_handles = 0;
};

} // namespace ringside::mm
