// SPDX-License-Identifier: MIT
// Whole pages: contiguous blocks, physical ranges, translation.
#include "ke/guarded.h"
#include "memory_machine.h"
#include "mm/contiguous.h"
#include "mm/ddi.h"
#include "mm/physical_address.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;

namespace {
constexpr PHYSICAL_ADDRESS at(int64_t address) { return { .QuadPart = address }; }
uint64_t physical(void* address) { return static_cast<uint64_t>(mm::MmGetPhysicalAddress(address).QuadPart); }
}

// A device that reaches only the first 16 MiB and cannot cross 64 KiB.
TEST(mm_contiguous, limits_are_kept)
{
    MemoryMachine machine;
    void* blocks[8];
    for (auto& block : blocks) {
        block = mm::MmAllocateContiguousMemorySpecifyCache(12 * 4096, at(0x200000), at(0xFFFFFF), at(0x10000),
                                                           MmCached);
        ASSERT_TRUE(block);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 4096, 0u);
        uint64_t const first = physical(block);
        EXPECT_GE(first, 0x200000u);
        EXPECT_LE(first + 12 * 4096 - 1, 0xFFFFFFu);
        EXPECT_EQ(first / 0x10000, (first + 12 * 4096 - 1) / 0x10000);
        EXPECT_EQ(physical(static_cast<char*>(block) + 4097), first + 4097);
    }
    EXPECT_FALSE(mm::MmAllocateContiguousMemorySpecifyCache(0x20000, at(0), at(-1), at(0x10000), MmCached));
    EXPECT_FALSE(mm::MmAllocateContiguousMemory(4096, at(0xFFF)));
    EXPECT_FALSE(mm::MmAllocateContiguousMemory(0, at(-1)));
    EXPECT_EQ(machine.rooms_memory.residue().contiguous_blocks, 8u);
    for (auto* block : blocks)
        mm::MmFreeContiguousMemory(block);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

TEST(mm_contiguous, freed_twice)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(BAD_POOL_CALLER, 0x60, [&] {
        void* block = mm::MmAllocateContiguousMemory(100, at(-1));
        mm::MmFreeContiguousMemory(block);
        mm::MmFreeContiguousMemory(block);
    }));
}

// A second view of frames, by physical address.
TEST(mm_physical, io_space_is_an_alias)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto* block = static_cast<char*>(mm::MmAllocateContiguousMemory(8192, at(-1)));
        auto const where = static_cast<int64_t>(physical(block));
        auto* view = static_cast<char*>(mm::MmMapIoSpace(at(where + 4000), 200, MmCached));
        ASSERT_TRUE(view);
        std::strcpy(view + 90, "over the border");
        EXPECT_STREQ(block + 4090, "over the border");
        EXPECT_EQ(physical(view), physical(block) + 4000);
        EXPECT_EQ(machine.rooms_memory.residue().io_mappings, 1u);
        mm::MmUnmapIoSpace(view, 200);
        EXPECT_FALSE(ke::read_guarded<char>(view));
        EXPECT_FALSE(mm::MmIsAddressValid(view));
        auto* read_only = mm::MmMapIoSpaceEx(at(where), 1, PAGE_READONLY);
        EXPECT_TRUE(mm::MmIsAddressValid(read_only));
        EXPECT_FALSE(ke::write_guarded(read_only, 'x'));
        mm::MmUnmapIoSpace(read_only, 1);
        EXPECT_FALSE(mm::MmMapIoSpace(at(0xFEC00000), 4096, MmNonCached)) << "no device is there";
        EXPECT_FALSE(mm::MmMapIoSpaceEx(at(0x1000), 1, PAGE_NOACCESS));
        mm::MmFreeContiguousMemory(block);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// Copying from anywhere.
// Shows: bytes that are not there end the copy with a status and never the machine.
TEST(mm_physical, copy_memory)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto* block = static_cast<char*>(mm::MmAllocateContiguousMemory(4096, at(-1)));
        std::strcpy(block, "bytes");
        char into[16] {};
        SIZE_T done = 0;
        EXPECT_EQ(mm::MmCopyMemory(into, physical(block), 6, 1, &done), STATUS_SUCCESS);
        EXPECT_STREQ(into, "bytes");
        EXPECT_EQ(done, 6u);
        EXPECT_EQ(mm::MmCopyMemory(into, reinterpret_cast<uint64_t>(block), 6, 2, &done), STATUS_SUCCESS);
        EXPECT_EQ(mm::MmCopyMemory(into, hal::kSystemMappings, 6, 2, &done), STATUS_INVALID_ADDRESS);
        EXPECT_EQ(done, 0u);
        EXPECT_EQ(mm::MmCopyMemory(into, machine.memory.bytes() - 4, 6, 1, &done), STATUS_INVALID_ADDRESS);
        EXPECT_EQ(done, 4u);
        EXPECT_EQ(mm::MmCopyMemory(into, 0, 6, 3, &done), STATUS_INVALID_PARAMETER_4);
        mm::MmFreeContiguousMemory(block);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

// The exported variables.
TEST(mm_ddi, data_exports)
{
    MemoryMachine machine;
    auto value = [](char const* name) -> uint64_t {
        for (Ddi const& row : mm::ddi_rows())
            if (std::string(row.name) == name)
                return *static_cast<uint64_t*>(row.data);
        return 0;
    };
    EXPECT_EQ(value("MmUserProbeAddress"), hal::kUserProbeAddress);
    EXPECT_EQ(value("MmHighestUserAddress"), hal::kUserProbeAddress - 1);
    EXPECT_EQ(value("MmSystemRangeStart"), hal::kSystemRangeStart);
    EXPECT_FALSE(mm::MmIsAddressValid(reinterpret_cast<void*>(value("MmBadPointer"))));
}
