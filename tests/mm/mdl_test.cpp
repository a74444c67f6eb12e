// SPDX-License-Identifier: MIT
// MDLs: what they describe is the memory itself, whichever way it is looked at, and what is left undone is counted.
#include "ex/pool.h"
#include "ke/guarded.h"
#include "memory_machine.h"
#include "mm/mdl.h"
#include "mm/physical_address.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;
using test::raised;

namespace {

struct Client : MemoryMachine {
    explicit Client(ke::Binding binding = ke::Binding::Observed)
    {
        ke::g_binding = binding;
        EXPECT_TRUE(mm::create_slice(process));
        memory = static_cast<char*>(*mm::allocate_user(process, 4 * hal::kPageSize, true));
        read_only = static_cast<char*>(*mm::allocate_user(process, hal::kPageSize, false));
    }
    ~Client()
    {
        ke::g_binding = ke::Binding::Observed;
        if (!kernel.crash())
            mm::delete_slice(process);
    }
    ke::Process process;
    char* memory;
    char* read_only;
};

constexpr PHYSICAL_ADDRESS kAnywhere { .QuadPart = -1 };

}

class mm_mdl : public ::testing::TestWithParam<ke::Binding> { };

// Direct I/O: a client's buffer is locked, mapped, written through the mapping.
// Shows: the client sees the bytes; fields and flags are what inline macros expect; unlocking drops the mapping.
TEST_P(mm_mdl, lock_map_unlock)
{
    Client machine(GetParam());
    machine.run_client(machine.process, [&] {
        char* buffer = machine.memory + 100;
        ULONG const length = 2 * 4096;
        MDL* mdl = mm::IoAllocateMdl(buffer, length, FALSE, FALSE, nullptr);
        ASSERT_TRUE(mdl);
        EXPECT_EQ(mdl->StartVa, machine.memory);
        EXPECT_EQ(mdl->ByteOffset, 100u);
        EXPECT_EQ(mdl->ByteCount, length);
        EXPECT_EQ(mdl->Size, CSHORT(sizeof(MDL) + 3 * 8));
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        EXPECT_EQ(mdl->MdlFlags, CSHORT(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
        EXPECT_EQ(mm::frames_of(mdl)[1], uint64_t(mm::MmGetPhysicalAddress(machine.memory + 4096).QuadPart) >> 12);
        EXPECT_EQ(mm::locked_pages(machine.process), 3u);

        auto* mapped = static_cast<char*>(mm::system_address(mdl));
        ASSERT_TRUE(mapped);
        EXPECT_GE(reinterpret_cast<uintptr_t>(mapped), hal::kKernelLow);
        EXPECT_EQ(mm::system_address(mdl), mapped);
        EXPECT_TRUE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
        std::strcpy(mapped + 4000, "across");
        EXPECT_STREQ(buffer + 4000, "across");
        EXPECT_EQ(mm::locked_mdls(), 1u);
        EXPECT_EQ(mm::mapped_mdls(), 1u);

        mm::MmUnlockPages(mdl);
        EXPECT_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0u);
        if (GetParam() == ke::Binding::Verified) {
            EXPECT_FALSE(ke::read_guarded<char>(mapped));
        }
        mm::IoFreeMdl(mdl);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
    EXPECT_EQ(ex::driver_blocks(), 0u);
}

// A transfer is split.
// Shows: a partial MDL shares its parent's mapping when there is one and makes its own when there is none.
TEST_P(mm_mdl, partial)
{
    Client machine(GetParam());
    machine.run_client(machine.process, [&] {
        MDL* mdl = mm::IoAllocateMdl(machine.memory + 10, 3 * 4096, FALSE, FALSE, nullptr);
        MDL* part = mm::IoAllocateMdl(machine.memory + 10, 3 * 4096, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);

        mm::IoBuildPartialMdl(mdl, part, machine.memory + 5000, 100);
        EXPECT_EQ(mm::frames_of(part)[0], mm::frames_of(mdl)[1]);
        EXPECT_TRUE(part->MdlFlags & MDL_PARTIAL);
        auto* own = static_cast<char*>(mm::system_address(part));
        own[0] = 'p';
        EXPECT_EQ(machine.memory[5000], 'p');
        EXPECT_TRUE(part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED);
        mm::MmUnmapLockedPages(part->MappedSystemVa, part); // MmPrepareMdlForReuse

        auto* whole = static_cast<char*>(mm::system_address(mdl));
        mm::IoBuildPartialMdl(mdl, part, machine.memory + 20, 0);
        EXPECT_EQ(part->ByteCount, 3u * 4096 - 10);
        EXPECT_EQ(mm::system_address(part), whole + 10);
        EXPECT_EQ(mm::mapped_mdls(), 1u);
        mm::IoFreeMdl(part);
        EXPECT_EQ(mm::mapped_mdls(), 1u);
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// The client frees its buffer while a driver still transfers into it.
// Shows: the frames stay until the last lock goes, and nobody else gets them before.
TEST_P(mm_mdl, frames_outlive_the_buffer)
{
    Client machine(GetParam());
    machine.run_client(machine.process, [&] {
        MDL* mdl = mm::IoAllocateMdl(machine.memory, 4096, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        auto const pfn = mm::frames_of(mdl)[0];
        size_t const free = machine.Core::memory.free_pages();
        EXPECT_TRUE(mm::free_user(machine.process, machine.memory));
        EXPECT_EQ(machine.Core::memory.free_pages(), free + 3);
        for (int i = 0; i < 8; ++i)
            EXPECT_NE(machine.Core::memory.allocate(1), pfn);
        *static_cast<char*>(mm::system_address(mdl)) = 1;
        mm::MmUnlockPages(mdl);
        EXPECT_EQ(machine.Core::memory.free_pages(), free + 4 - 8);
        mm::IoFreeMdl(mdl);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(bindings, mm_mdl, ::testing::Values(ke::Binding::Bare, ke::Binding::Observed,
                                                             ke::Binding::Verified));

// Buffers that do not permit the operation.
TEST(mm_mdl_probe, refusals)
{
    Client machine;
    machine.run_client(machine.process, [&] {
        auto status = [&](void* address, ULONG length, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
            MDL* mdl = mm::IoAllocateMdl(address, length, FALSE, FALSE, nullptr);
            NTSTATUS const result = raised([&] { mm::MmProbeAndLockPages(mdl, mode, operation); });
            if (!result)
                mm::MmUnlockPages(mdl);
            mm::IoFreeMdl(mdl);
            return result;
        };
        void* pool = ex::allocate(NonPagedPoolNx, 64, 'tseT', ex::Owner::Kernel, false);
        EXPECT_EQ(status(machine.read_only, 4096, UserMode, IoReadAccess), STATUS_SUCCESS);
        EXPECT_EQ(status(machine.read_only, 4096, UserMode, IoWriteAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(status(machine.read_only, 4096, KernelMode, IoModifyAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(status(machine.memory, 5 * 4096, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(status(nullptr, 10, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(status(pool, 64, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(status(pool, 64, KernelMode, IoWriteAccess), STATUS_SUCCESS);
        auto* on_the_stack = reinterpret_cast<void*>(ke::kernel().current().stack.low + 64);
        EXPECT_EQ(status(on_the_stack, 4, KernelMode, IoWriteAccess), STATUS_SUCCESS);
        EXPECT_EQ(mm::locked_mdls(), 0u);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

// Non-paged memory: pool and its neighbours.
// Shows: the MDL's frames are the memory's; its system address is the memory's own.
TEST(mm_mdl_pool, build_for_nonpaged_pool)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto* block = static_cast<char*>(ex::allocate(NonPagedPoolNx, 9000, 'tseT', ex::Owner::Kernel, true));
        MDL* mdl = mm::IoAllocateMdl(block + 4000, 5000, FALSE, FALSE, nullptr);
        mm::MmBuildMdlForNonPagedPool(mdl);
        EXPECT_EQ(mdl->MdlFlags, CSHORT(MDL_SOURCE_IS_NONPAGED_POOL));
        EXPECT_EQ(mm::system_address(mdl), block + 4000);
        EXPECT_EQ(mm::page_count(mdl), 3u);
        for (size_t i = 0; i < 3; ++i)
            EXPECT_EQ(hal::PhysicalMemory::address_of(mm::frames_of(mdl)[i]), block + i * 4096);
        MDL* part = mm::IoAllocateMdl(block + 4000, 5000, FALSE, FALSE, nullptr);
        mm::IoBuildPartialMdl(mdl, part, block + 4100, 8);
        EXPECT_EQ(mm::system_address(part), block + 4100);
        mm::IoFreeMdl(part);
        mm::IoFreeMdl(mdl);
        ex::free(block, 0);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// A driver shares its memory with a client.
// Shows: the view is the client's, honours the read-only wish, and is counted until unmapped.
TEST(mm_mdl_map, user_view)
{
    Client machine;
    machine.run_client(machine.process, [&] {
        auto* block = static_cast<char*>(ex::allocate(NonPagedPoolNx, 8192, 'tseT', ex::Owner::Kernel, true));
        MDL* mdl = mm::IoAllocateMdl(block, 8192, FALSE, FALSE, nullptr);
        mm::MmBuildMdlForNonPagedPool(mdl);
        auto* view = static_cast<char*>(
            mm::MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, nullptr, FALSE, NormalPagePriority));
        EXPECT_TRUE(hal::is_user(reinterpret_cast<uintptr_t>(view)));
        view[5000] = 'v';
        EXPECT_EQ(block[5000], 'v');
        auto* fixed = static_cast<char*>(mm::MmMapLockedPagesSpecifyCache(
            mdl, UserMode, MmCached, view + 0x100000, FALSE, NormalPagePriority | MdlMappingNoWrite));
        EXPECT_EQ(fixed, view + 0x100000);
        EXPECT_FALSE(ke::write_guarded(fixed, 'x'));
        EXPECT_EQ(raised([&] {
                      mm::MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, view, FALSE, NormalPagePriority);
                  }),
                  STATUS_CONFLICTING_ADDRESSES);
        EXPECT_EQ(machine.rooms_memory.residue().user_views, 2u);
        mm::MmUnmapLockedPages(fixed, mdl);
        mm::MmUnmapLockedPages(view, mdl);
        EXPECT_FALSE(ke::read_guarded<char>(view));
        mm::IoFreeMdl(mdl);
        ex::free(block, 0);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// Code is patched through an alias: what hooking drivers do.
// Shows: MmProtectMdlSystemAddress changes the alias and not the memory's own addresses.
TEST(mm_mdl_map, protect_alias)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto* block = static_cast<char*>(ex::allocate(NonPagedPoolNx, 4096, 'tseT', ex::Owner::Kernel, true));
        MDL* mdl = mm::IoAllocateMdl(block, 4096, FALSE, FALSE, nullptr);
        EXPECT_EQ(mm::MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
        mm::MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
        auto* alias = static_cast<char*>(mm::system_address(mdl));
        EXPECT_NE(alias, block);
        EXPECT_EQ(mm::MmProtectMdlSystemAddress(mdl, PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(mm::MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_SUCCESS);
        EXPECT_FALSE(ke::write_guarded(alias, 'x'));
        EXPECT_TRUE(ke::write_guarded(block, 'x'));
        EXPECT_EQ(mm::MmProtectMdlSystemAddress(mdl, PAGE_READWRITE), STATUS_SUCCESS);
        EXPECT_TRUE(ke::write_guarded(alias, 'y'));
        EXPECT_EQ(block[0], 'y');
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
        ex::free(block, 0);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

// A range is reserved at start-up, for the day when there is no memory.
TEST(mm_mdl_map, reserved_mapping)
{
    Client machine;
    constexpr ULONG kTag = 'vseR';
    machine.run_client(machine.process, [&] {
        void* range = mm::MmAllocateMappingAddress(2 * 4096, kTag);
        ASSERT_TRUE(range);
        EXPECT_FALSE(ke::read_guarded<char>(range));
        MDL* mdl = mm::IoAllocateMdl(machine.memory + 7, 4096, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        auto* mapped = static_cast<char*>(mm::MmMapLockedPagesWithReservedMapping(range, kTag, mdl, MmCached));
        EXPECT_EQ(mapped, static_cast<char*>(range) + 7);
        EXPECT_EQ(mdl->MappedSystemVa, range);
        mapped[0] = 'r';
        EXPECT_EQ(machine.memory[7], 'r');
        mm::MmUnmapReservedMapping(range, kTag, mdl);
        EXPECT_FALSE(ke::read_guarded<char>(mapped));
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
        EXPECT_EQ(machine.rooms_memory.residue().reserved_ranges, 1u);
        mm::MmFreeMappingAddress(range, kTag);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// Pages without addresses.
// Shows: they lie where asked, are zeroed, are mapped on wish, and are freed with their mapping.
TEST(mm_mdl_pages, allocate_map_free)
{
    MemoryMachine machine;
    machine.run_system([&] {
        PHYSICAL_ADDRESS const low { .QuadPart = 0x1000000 }, high { .QuadPart = 0x1FFFFFF }, none {};
        size_t const free = machine.memory.free_pages();
        MDL* mdl = mm::MmAllocatePagesForMdlEx(low, high, none, 5 * 4096 - 1, MmCached, 0);
        ASSERT_TRUE(mdl);
        EXPECT_EQ(mdl->ByteCount, 5u * 4096);
        for (size_t i = 0; i < 5; ++i) {
            EXPECT_GE(mm::frames_of(mdl)[i], 0x1000u);
            EXPECT_LE(mm::frames_of(mdl)[i], 0x1FFFu);
        }
        auto* mapped = static_cast<char*>(mm::system_address(mdl));
        EXPECT_EQ(mapped[5 * 4096 - 1], 0);
        EXPECT_EQ(machine.rooms_memory.residue().mdl_page_sets, 1u);
        mm::MmFreePagesFromMdl(mdl);
        ex::free(mdl, 0);
        EXPECT_EQ(machine.memory.free_pages(), free - 1); // the MDL's slab
        EXPECT_FALSE(mm::MmAllocatePagesForMdlEx(low, high, none, 64 << 20, MmCached, MM_ALLOCATE_FULLY_REQUIRED));
        mdl = mm::MmAllocatePagesForMdlEx(low, high, none, 64 << 20, MmCached, 0);
        EXPECT_EQ(mdl->ByteCount, 16u << 20) << "as much as the range has";
        mm::MmFreePagesFromMdl(mdl);
        ex::free(mdl, 0);
        EXPECT_FALSE(mm::MmAllocatePagesForMdlEx(none, kAnywhere, none, 4096, MmCached, 0x40));
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// MmAdvanceMdl past a page.
TEST(mm_mdl_lock, advance)
{
    Client machine;
    machine.run_client(machine.process, [&] {
        MDL* mdl = mm::IoAllocateMdl(machine.memory + 100, 8192, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        auto* mapped = static_cast<char*>(mm::system_address(mdl));
        auto const second = mm::frames_of(mdl)[1];
        EXPECT_EQ(mm::MmAdvanceMdl(mdl, 8193), STATUS_INVALID_PARAMETER_2);
        EXPECT_EQ(mm::MmAdvanceMdl(mdl, 4096), STATUS_SUCCESS);
        EXPECT_EQ(mm::frames_of(mdl)[0], second);
        EXPECT_EQ(mm::system_address(mdl), mapped + 4096);
        EXPECT_EQ(mdl->ByteCount, 4096u);
        EXPECT_EQ(mm::locked_pages(machine.process), 2u);
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
    EXPECT_EQ(machine.rooms_memory.locks.total(), 0u);
}

// What drivers do wrong, and what Windows calls it.
TEST(mm_mdl_misuse, unlocked_twice)
{
    Client machine;
    EXPECT_TRUE(machine.bug_checks(PROCESS_HAS_LOCKED_PAGES, 1, [&] {
        MDL* mdl = mm::IoAllocateMdl(machine.memory, 10, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        mm::MmUnlockPages(mdl);
        mm::MmUnlockPages(mdl);
    }, &machine.process));
}

TEST(mm_mdl_misuse, unmapped_without_mapping)
{
    Client machine;
    EXPECT_TRUE(machine.bug_checks(SYSTEM_PTE_MISUSE, 6, [&] {
        MDL* mdl = mm::IoAllocateMdl(machine.memory, 10, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        void* mapped = mm::system_address(mdl);
        mm::MmUnmapLockedPages(mapped, mdl);
        mm::MmUnmapLockedPages(mapped, mdl);
    }, &machine.process));
}

TEST(mm_mdl_misuse, partial_larger_than_source)
{
    MemoryMachine machine;
    auto* block = static_cast<char*>(ex::allocate(NonPagedPoolNx, 100, 'tseT', ex::Owner::Kernel, true));
    MDL* source = mm::IoAllocateMdl(block, 100, FALSE, FALSE, nullptr);
    MDL* target = mm::IoAllocateMdl(block, 100, FALSE, FALSE, nullptr);
    EXPECT_TRUE(machine.bug_checks(INVALID_MDL_RANGE, reinterpret_cast<uint64_t>(source),
                                   [&] { mm::IoBuildPartialMdl(source, target, block + 1, 100); }));
}

TEST(mm_mdl_misuse, invalid_system_address)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(PAGE_FAULT_IN_NONPAGED_AREA, hal::kSystemMappings, [&] {
        MDL* mdl = mm::IoAllocateMdl(reinterpret_cast<void*>(hal::kSystemMappings), 10, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    }));
}
