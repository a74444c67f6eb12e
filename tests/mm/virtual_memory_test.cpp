// SPDX-License-Identifier: MIT
// Virtual memory of processes: states of pages, protections, guard pages, what is told about them, copies between
// processes.
#include "ke/guarded.h"
#include "memory_machine.h"
#include "mm/mdl.h"
#include "mm/probe.h"
#include "mm/process_copy.h"
#include "mm/virtual_memory.h"

#include <cstring>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::nt;
using hal::kPageSize;
using test::MemoryMachine;
using test::raised;

namespace {

struct Client : MemoryMachine {
    Client()
    {
        EXPECT_TRUE(mm::create_slice(process));
        base = process.slice + mm::kGranularity;
    }
    ~Client()
    {
        if (!kernel.crash())
            mm::delete_slice(process);
    }
    mm::Region allocate(size_t bytes, ULONG type = MEM_RESERVE | MEM_COMMIT, ULONG protect = PAGE_READWRITE,
                        uintptr_t at = 0)
    {
        auto region = mm::allocate_memory(process, at, 0, bytes, type, protect);
        EXPECT_TRUE(region.ok()) << std::hex << region.status();
        return region.ok() ? *region : mm::Region {};
    }
    NTSTATUS allocation(uintptr_t at, size_t bytes, ULONG type, ULONG protect, uint64_t zero_bits = 0)
    {
        return mm::allocate_memory(process, at, zero_bits, bytes, type, protect).status();
    }
    NTSTATUS freeing(uintptr_t at, size_t bytes, ULONG type)
    {
        return mm::free_memory(process, at, bytes, type, KernelMode).status();
    }
    NTSTATUS protecting(uintptr_t at, size_t bytes, ULONG protect)
    {
        return mm::protect_memory(process, at, bytes, protect, KernelMode).status();
    }
    // The regions from the slice's start to the end of its last allocation, one line each.
    std::string map(uintptr_t from, uintptr_t to)
    {
        std::string lines;
        for (uintptr_t at = from; at < to;) {
            auto const info = *mm::query_memory(process, at);
            char const* state = info.State == MEM_FREE ? "free" : info.State == MEM_RESERVE ? "reserve" : "commit";
            lines += fmt::format("+{:x} {} pages {} protect {:x} of {:x}\n", at - from, info.RegionSize / kPageSize,
                                 state, info.Protect, info.AllocationProtect);
            at += info.RegionSize;
        }
        return lines;
    }
    ke::Process process;
    uintptr_t base;
};

char* pointer(uintptr_t at) { return reinterpret_cast<char*>(at); }

} // namespace

// A region is reserved, parts of it committed, committed again with another protection, decommitted, released.
// Shows: the whole map after each step; sizes are rounded; a page that comes back is zero.
TEST(mm_virtual_memory, states_of_pages)
{
    Client client;
    client.run_client(client.process, [&] {
        auto region = client.allocate(0x12345, MEM_RESERVE);
        EXPECT_EQ(region.base, client.base);
        EXPECT_EQ(region.bytes, 0x13000u);
        uintptr_t const end = region.base + region.bytes;
        EXPECT_EQ(client.map(region.base, end), "+0 19 pages reserve protect 0 of 4\n");
        EXPECT_FALSE(ke::read_guarded<char>(pointer(region.base)));

        // Two bytes over a border commit two pages.
        EXPECT_EQ(client.allocation(region.base + 0x2FFF, 2, MEM_COMMIT, PAGE_READWRITE), STATUS_SUCCESS);
        EXPECT_EQ(client.map(region.base, end),
                  "+0 2 pages reserve protect 0 of 4\n"
                  "+2000 2 pages commit protect 4 of 4\n"
                  "+4000 15 pages reserve protect 0 of 4\n");
        EXPECT_TRUE(ke::write_guarded(pointer(region.base + 0x2FFF), 'x'));
        EXPECT_EQ(client.allocation(region.base + 0x1000, 0x2000, MEM_COMMIT, PAGE_READONLY), STATUS_SUCCESS);
        EXPECT_EQ(client.map(region.base, end),
                  "+0 1 pages reserve protect 0 of 4\n"
                  "+1000 2 pages commit protect 2 of 4\n"
                  "+3000 1 pages commit protect 4 of 4\n"
                  "+4000 15 pages reserve protect 0 of 4\n");
        EXPECT_EQ(ke::read_guarded<char>(pointer(region.base + 0x2FFF)), 'x') << "what was there stays";
        EXPECT_FALSE(ke::write_guarded(pointer(region.base + 0x2FFF), 'x'));

        EXPECT_EQ(client.freeing(region.base + 0x2000, 0x8000, MEM_DECOMMIT), STATUS_SUCCESS);
        EXPECT_EQ(client.map(region.base, end),
                  "+0 1 pages reserve protect 0 of 4\n"
                  "+1000 1 pages commit protect 2 of 4\n"
                  "+2000 17 pages reserve protect 0 of 4\n");
        EXPECT_EQ(client.allocation(region.base + 0x2000, 0x1000, MEM_COMMIT, PAGE_READWRITE), STATUS_SUCCESS);
        EXPECT_EQ(ke::read_guarded<char>(pointer(region.base + 0x2FFF)), '\0');
        EXPECT_EQ(client.freeing(region.base, 0, MEM_DECOMMIT), STATUS_SUCCESS);
        EXPECT_EQ(client.map(region.base, end), "+0 19 pages reserve protect 0 of 4\n");
        EXPECT_EQ(client.freeing(region.base, 0, MEM_RELEASE), STATUS_SUCCESS);
        EXPECT_EQ(mm::query_memory(client.process, region.base)->State, MEM_FREE);
        EXPECT_EQ(mm::query_memory(client.process, region.base)->RegionSize, hal::kUserProbeAddress - region.base);
    });
    EXPECT_EQ(client.kernel.crash(), nullptr);
}

// Where the system puts regions, and where it is told to.
TEST(mm_virtual_memory, addresses)
{
    Client client;
    uintptr_t const end = client.process.slice + hal::kUserSliceBytes;
    EXPECT_EQ(client.allocate(1).base, client.base);
    EXPECT_EQ(client.allocate(1).base, client.base + 0x10000) << "in units of 64 KiB";
    EXPECT_EQ(client.allocate(0x11000, MEM_RESERVE | MEM_TOP_DOWN).base, end - 0x20000);
    EXPECT_EQ(client.allocate(0x10000, MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN).base, end - 0x30000);
    // An address is rounded down to 64 KiB, and the size grows by what that adds.
    auto region = client.allocate(0x1000, MEM_RESERVE, PAGE_READWRITE, client.base + 0x5F234);
    EXPECT_EQ(region.base, client.base + 0x50000);
    EXPECT_EQ(region.bytes, 0x11000u);
    EXPECT_EQ(client.allocate(1).base, client.base + 0x20000);
    EXPECT_EQ(client.allocate(0x20000).base, client.base + 0x30000);
    EXPECT_EQ(client.allocate(0x20000).base, client.base + 0x70000) << "around what was put at an address";
}

// Every refusal of an allocation.
TEST(mm_virtual_memory, refused_allocations)
{
    Client client;
    auto const region = client.allocate(0x4000, MEM_RESERVE);
    constexpr ULONG kBoth = MEM_RESERVE | MEM_COMMIT;
    struct {
        NTSTATUS expected;
        uintptr_t base;
        size_t bytes;
        ULONG type, protect;
        uint64_t zero_bits = 0;
    } const cases[] = {
        { STATUS_INVALID_PARAMETER_2, hal::kUserProbeAddress, 1, kBoth, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_2, hal::kDirectMap, 1, kBoth, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_3, 0, 1, kBoth, PAGE_READWRITE, 21 },
        { STATUS_NO_MEMORY, 0, 1, kBoth, PAGE_READWRITE, 1 },
        { STATUS_INVALID_PARAMETER_4, 0, 0, kBoth, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_4, region.base, hal::kUserProbeAddress, kBoth, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_5, 0, 1, 0, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_5, 0, 1, MEM_TOP_DOWN, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_5, 0, 1, MEM_RELEASE | MEM_COMMIT, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_5, 0, 1, kBoth | MEM_LARGE_PAGES, PAGE_READWRITE },
        { STATUS_INVALID_PARAMETER_5, 0, 1, MEM_RESET | MEM_COMMIT, PAGE_READWRITE },
        { STATUS_INVALID_PAGE_PROTECTION, 0, 1, kBoth, 0 },
        { STATUS_INVALID_PAGE_PROTECTION, 0, 1, kBoth, PAGE_READONLY | PAGE_READWRITE },
        { STATUS_INVALID_PAGE_PROTECTION, 0, 1, kBoth, PAGE_NOACCESS | PAGE_GUARD },
        { STATUS_INVALID_PAGE_PROTECTION, 0, 1, kBoth, PAGE_WRITECOPY },
        { STATUS_INVALID_PAGE_PROTECTION, 0, 1, kBoth, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE },
        { STATUS_CONFLICTING_ADDRESSES, region.base, 1, kBoth, PAGE_READWRITE },
        { STATUS_CONFLICTING_ADDRESSES, 0x1000, 1, kBoth, PAGE_READWRITE },
        { STATUS_CONFLICTING_ADDRESSES, client.process.slice, 1, kBoth, PAGE_READWRITE },
        { STATUS_CONFLICTING_ADDRESSES, region.base + 0x10000, 1, MEM_COMMIT, PAGE_READWRITE },
        { STATUS_CONFLICTING_ADDRESSES, region.base, 0x5000, MEM_COMMIT, PAGE_READWRITE },
        { STATUS_CONFLICTING_ADDRESSES, region.base, 0x5000, MEM_RESET, PAGE_READWRITE },
        { STATUS_NO_MEMORY, 0, hal::kUserSliceBytes, MEM_RESERVE, PAGE_READWRITE },
        { STATUS_COMMITMENT_LIMIT, 0, hal::kGiB, kBoth, PAGE_READWRITE },
    };
    for (auto const& c : cases)
        EXPECT_EQ(client.allocation(c.base, c.bytes, c.type, c.protect, c.zero_bits), c.expected)
            << std::hex << c.base << " " << c.bytes << " " << c.type << " " << c.protect;
    EXPECT_EQ(client.allocation(region.base, 0x4000, MEM_RESET, PAGE_READONLY), STATUS_SUCCESS);
    EXPECT_EQ(client.map(region.base, region.base + 0x4000), "+0 4 pages reserve protect 0 of 4\n")
        << "refusals change nothing";
}

// Every refusal of a free and of a change of protection.
TEST(mm_virtual_memory, refused_frees_and_protections)
{
    Client client;
    auto const region = client.allocate(0x4000, MEM_RESERVE);
    client.allocation(region.base, 0x2000, MEM_COMMIT, PAGE_READWRITE);
    EXPECT_EQ(client.freeing(region.base, 0, MEM_RELEASE | MEM_DECOMMIT), STATUS_INVALID_PARAMETER_4);
    EXPECT_EQ(client.freeing(region.base, 0, 0), STATUS_INVALID_PARAMETER_4);
    EXPECT_EQ(client.freeing(hal::kDirectMap, 0, MEM_RELEASE), STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(client.freeing(region.base, ~size_t { 0 }, MEM_RELEASE), STATUS_INVALID_PARAMETER_3);
    EXPECT_EQ(client.freeing(region.base + 0x10000, 0, MEM_RELEASE), STATUS_MEMORY_NOT_ALLOCATED);
    EXPECT_EQ(client.freeing(region.base + 0x1000, 0, MEM_RELEASE), STATUS_FREE_VM_NOT_AT_BASE);
    EXPECT_EQ(client.freeing(region.base + 0x1000, 0, MEM_DECOMMIT), STATUS_FREE_VM_NOT_AT_BASE);
    EXPECT_EQ(client.freeing(region.base, 0x5000, MEM_DECOMMIT), STATUS_UNABLE_TO_FREE_VM);
    EXPECT_EQ(client.freeing(region.base, 0x3000, MEM_RELEASE), STATUS_UNABLE_TO_FREE_VM);

    EXPECT_EQ(client.protecting(region.base, 0x1000, 0), STATUS_INVALID_PAGE_PROTECTION);
    EXPECT_EQ(client.protecting(region.base, 0x1000, PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
    EXPECT_EQ(client.protecting(region.base, 0, PAGE_READONLY), STATUS_INVALID_PARAMETER_3);
    EXPECT_EQ(client.protecting(hal::kDirectMap, 1, PAGE_READONLY), STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(client.protecting(region.base, 0x3000, PAGE_READONLY), STATUS_NOT_COMMITTED);
    EXPECT_EQ(client.protecting(region.base, 0x5000, PAGE_READONLY), STATUS_CONFLICTING_ADDRESSES);
    EXPECT_EQ(client.protecting(region.base + 0x10000, 1, PAGE_READONLY), STATUS_CONFLICTING_ADDRESSES);
    EXPECT_EQ(mm::query_memory(client.process, hal::kUserProbeAddress).status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(client.map(region.base, region.base + 0x4000),
              "+0 2 pages commit protect 4 of 4\n"
              "+2000 2 pages reserve protect 0 of 4\n");

    auto done = mm::protect_memory(client.process, region.base + 0xFFF, 2, PAGE_EXECUTE_READ, KernelMode);
    ASSERT_TRUE(done.ok());
    EXPECT_EQ(done->before, PAGE_READWRITE);
    EXPECT_EQ(done->region.base, region.base);
    EXPECT_EQ(done->region.bytes, 0x2000u);
    EXPECT_EQ(client.freeing(region.base, 0x4000, MEM_RELEASE), STATUS_SUCCESS) << "the whole size is as good as none";
    ke::Process ended;
    EXPECT_EQ(mm::allocate_memory(ended, 0, 0, 1, MEM_COMMIT, PAGE_READWRITE).status(), STATUS_PROCESS_IS_TERMINATING);
}

// A guard page is touched by a read, by a write, by a probe, and by a lock.
// Shows: the first touch raises STATUS_GUARD_PAGE_VIOLATION and turns the guard off; the second is an ordinary one.
TEST(mm_virtual_memory, guard_pages_fire_once)
{
    Client client;
    client.run_client(client.process, [&] {
        auto region = client.allocate(0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
        char byte = 'x';
        auto read
            = [&](size_t at) { return raised([&, at] { ke::copy_or_raise(&byte, pointer(region.base + at), 1); }); };
        auto write
            = [&](size_t at) { return raised([&, at] { ke::copy_or_raise(pointer(region.base + at), &byte, 1); }); };
        EXPECT_EQ(read(0x10), STATUS_GUARD_PAGE_VIOLATION);
        EXPECT_EQ(read(0x10), STATUS_SUCCESS);
        EXPECT_EQ(write(0x1010), STATUS_GUARD_PAGE_VIOLATION);
        EXPECT_EQ(write(0x1010), STATUS_SUCCESS);
        EXPECT_EQ(raised([&] { mm::ProbeForWrite(pointer(region.base), 0x3000, 1); }), STATUS_GUARD_PAGE_VIOLATION);
        EXPECT_EQ(raised([&] { mm::ProbeForWrite(pointer(region.base), 0x3000, 1); }), STATUS_SUCCESS);
        EXPECT_EQ(client.map(region.base, region.base + 0x4000),
                  "+0 3 pages commit protect 4 of 104\n"
                  "+3000 1 pages commit protect 104 of 104\n");
        MDL* mdl = mm::IoAllocateMdl(pointer(region.base), 0x4000, FALSE, FALSE, nullptr);
        EXPECT_EQ(raised([&] { mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); }), STATUS_GUARD_PAGE_VIOLATION);
        EXPECT_EQ(mm::locked_mdls(), 0u);
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
        // An address that is nothing is still an ordinary fault afterwards.
        EXPECT_EQ(raised([&] { ke::copy_or_raise(&byte, pointer(region.base + 0x4000), 1); }), STATUS_ACCESS_VIOLATION);
    });
    EXPECT_EQ(client.kernel.crash(), nullptr);
}

// A buffer is decommitted while a driver holds its pages locked.
// Shows: the locked frames stay out of circulation until the last lock goes.
TEST(mm_virtual_memory, locked_frames_outlive_their_region)
{
    Client client;
    client.run_client(client.process, [&] {
        auto region = client.allocate(0x2000);
        MDL* mdl = mm::IoAllocateMdl(pointer(region.base), 0x2000, FALSE, FALSE, nullptr);
        size_t const before = client.memory.free_pages();
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        auto* view = static_cast<char*>(mm::system_address(mdl));
        EXPECT_EQ(client.freeing(region.base, 0, MEM_RELEASE), STATUS_SUCCESS);
        EXPECT_FALSE(ke::write_guarded(pointer(region.base), 'x'));
        view[0] = 'x';
        EXPECT_LE(client.memory.free_pages(), before);
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
        EXPECT_EQ(client.memory.free_pages(), before + 2);
    });
    EXPECT_EQ(client.kernel.crash(), nullptr);
}

// A driver secures ranges in every way there is.
// Shows: who may change what, as the flags say; freeing is never allowed while it lasts.
TEST(mm_virtual_memory, secured_ranges)
{
    Client client;
    client.run_client(client.process, [&] {
        auto region = client.allocate(0x2000);
        auto* memory = pointer(region.base);
        auto protect = [&](ULONG protection, KPROCESSOR_MODE mode) {
            return mm::protect_memory(client.process, region.base, 1, protection, mode).status();
        };
        HANDLE handle = mm::MmSecureVirtualMemory(memory, 0x1000, PAGE_READONLY);
        EXPECT_EQ(protect(PAGE_NOACCESS, KernelMode), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(protect(PAGE_READWRITE | PAGE_GUARD, KernelMode), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(protect(PAGE_READONLY, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(protect(PAGE_READWRITE, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(client.freeing(region.base, 0, MEM_RELEASE), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(client.freeing(region.base, 0, MEM_DECOMMIT), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(client.freeing(region.base + 0x1000, 0x1000, MEM_DECOMMIT), STATUS_SUCCESS) << "beside it";
        EXPECT_FALSE(mm::MmSecureVirtualMemoryEx(memory, 1, PAGE_READONLY, MM_SECURE_EXCLUSIVE));
        mm::MmUnsecureVirtualMemory(handle);

        handle = mm::MmSecureVirtualMemoryEx(memory, 1, PAGE_READONLY, MM_SECURE_NO_CHANGE | MM_SECURE_EXCLUSIVE);
        ASSERT_TRUE(handle);
        EXPECT_EQ(protect(PAGE_READWRITE, KernelMode), STATUS_INVALID_PAGE_PROTECTION);
        mm::MmUnsecureVirtualMemory(handle);

        handle = mm::MmSecureVirtualMemoryEx(memory, 1, PAGE_READWRITE, MM_SECURE_USER_MODE_ONLY);
        EXPECT_EQ(protect(PAGE_READONLY, UserMode), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(protect(PAGE_READONLY, KernelMode), STATUS_SUCCESS);
        mm::MmUnsecureVirtualMemory(handle);

        EXPECT_FALSE(mm::MmSecureVirtualMemory(memory, 1, PAGE_READWRITE)) << "it is read-only now";
        EXPECT_FALSE(mm::MmSecureVirtualMemory(memory, 0, PAGE_READONLY));
        EXPECT_FALSE(mm::MmSecureVirtualMemory(memory, 0x2000, PAGE_READONLY)) << "a page is not committed";
        EXPECT_FALSE(mm::MmSecureVirtualMemory(memory, 1, PAGE_NOACCESS));
        EXPECT_FALSE(mm::MmSecureVirtualMemoryEx(memory, 1, PAGE_READONLY, 0x100));
        EXPECT_FALSE(mm::MmSecureVirtualMemory(pointer(hal::kDirectMap), 1, PAGE_READONLY));
    });
    EXPECT_EQ(client.kernel.crash(), nullptr);
    EXPECT_EQ(client.rooms_memory.residue(), mm::Residue {});
}

// Bytes go from one client to another, neither of which runs.
// Shows: protections hold; a guard page fires; what was copied before that is told.
TEST(mm_process_copy, between_two_clients)
{
    Client client;
    ke::Process other;
    ASSERT_TRUE(mm::create_slice(other));
    client.run_system([&] {
        auto from = client.allocate(0x3000);
        uintptr_t const to = mm::allocate_memory(other, 0, 0, 0x3000, MEM_COMMIT, PAGE_READWRITE)->base;
        mm::write_process(client.process, pointer(from.base + 0xFFC), "across the border", 18);
        auto copy = [&](size_t bytes) {
            return mm::copy_between({ &other, to + 0xFF0 }, { &client.process, from.base + 0xFFC }, bytes);
        };
        EXPECT_EQ(copy(18).status, STATUS_SUCCESS);
        char seen[18] {};
        EXPECT_TRUE(mm::read_process(other, seen, pointer(to + 0xFF0), 18));
        EXPECT_STREQ(seen, "across the border");

        client.protecting(from.base + 0x1000, 1, PAGE_READWRITE | PAGE_GUARD);
        mm::Copied done = copy(18);
        EXPECT_EQ(done.bytes, 4u);
        EXPECT_EQ(done.status, STATUS_GUARD_PAGE_VIOLATION);
        EXPECT_EQ(copy(18).status, STATUS_SUCCESS);

        (void)mm::protect_memory(other, to + 0x1000, 1, PAGE_READONLY, KernelMode);
        done = copy(18);
        EXPECT_EQ(done.bytes, 0x10u);
        EXPECT_EQ(done.status, STATUS_ACCESS_VIOLATION);
        EXPECT_FALSE(ke::read_guarded<char>(pointer(to))) << "nobody attached";
    });
    EXPECT_EQ(client.kernel.crash(), nullptr);
    mm::delete_slice(other);
}
