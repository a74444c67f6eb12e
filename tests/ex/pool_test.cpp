// SPDX-License-Identifier: MIT
// Pool: where blocks stand, what is counted, and what becomes of drivers that do not keep to their blocks.
#include "ex/pool.h"
#include "ex/pool_ddi.h"
#include "../mm/memory_machine.h"
#include "mm/mdl.h"
#include "mm/physical_address.h"

#include <algorithm>
#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;
using test::raised;

namespace {
constexpr ULONG kTag = 'tseT';
uintptr_t address(void* block) { return reinterpret_cast<uintptr_t>(block); }
char* driver_block(size_t bytes) { return static_cast<char*>(ex::ExAllocatePoolWithTag(NonPagedPoolNx, bytes, kTag)); }
}

// Every size up to three pages.
// Shows: alignment and page rules of the documentation; a block never reaches into another.
TEST(ex_pool, geometry)
{
    MemoryMachine machine;
    machine.run_system([] {
        for (POOL_TYPE type : { NonPagedPoolNx, PagedPool, NonPagedPoolNxCacheAligned }) {
            std::vector<std::pair<uintptr_t, size_t>> blocks;
            for (size_t bytes = 0; bytes < 3 * 4096; bytes += bytes < 600 ? 1 : 61) {
                void* block = ex::ExAllocatePoolWithTag(type, bytes, kTag);
                ASSERT_TRUE(block);
                EXPECT_EQ(address(block) % (type & 4 ? 64 : 16), 0u);
                if (bytes >= 4096) {
                    EXPECT_EQ(address(block) % 4096, 0u);
                } else if (bytes) {
                    EXPECT_EQ(address(block) / 4096, (address(block) + bytes - 1) / 4096);
                }
                std::memset(block, 0xAB, bytes);
                blocks.push_back({ address(block), bytes });
            }
            auto sorted = blocks;
            std::ranges::sort(sorted);
            for (size_t i = 1; i < sorted.size(); ++i)
                EXPECT_LE(sorted[i - 1].first + sorted[i - 1].second, sorted[i].first);
            EXPECT_EQ(ex::driver_blocks(), blocks.size());
            for (auto const& [block, bytes] : blocks)
                ex::ExFreePoolWithTag(reinterpret_cast<void*>(block), kTag);
            EXPECT_EQ(ex::driver_blocks(), 0u);
            EXPECT_EQ(ex::driver_bytes(), 0u);
        }
    });
}

// The same calls on two machines.
// Shows: addresses are a function of the calls.
TEST(ex_pool, addresses_repeat)
{
    auto run = [] {
        MemoryMachine machine;
        std::vector<void*> blocks;
        uint64_t mixed = 0;
        for (unsigned i = 0; i < 4000; ++i) {
            mixed = mixed * 6364136223846793005u + 1442695040888963407u;
            if (blocks.size() > 50 && (mixed >> 60) < 8) {
                size_t at = (mixed >> 33) % blocks.size();
                ex::ExFreePool(blocks[at]);
                blocks.erase(blocks.begin() + static_cast<long>(at));
            } else
                blocks.push_back(ex::ExAllocatePool(NonPagedPoolNx, (mixed >> 40) % 6000));
        }
        return blocks;
    };
    EXPECT_EQ(run(), run());
}

// The records: what a leak report says.
TEST(ex_pool, leaks_are_listed_by_birth)
{
    MemoryMachine machine;
    void* kernels = ex::allocate(NonPagedPoolNx, 100, 'nreK', ex::Owner::Kernel, false);
    void* a = driver_block(10);
    void* b = driver_block(5000);
    void* c = driver_block(20);
    ex::ExFreePool(a);
    std::vector<ex::Block> left;
    ex::for_each_block([](void* list, ex::Block const& block) {
        if (block.owner == ex::Owner::Driver)
            static_cast<std::vector<ex::Block>*>(list)->push_back(block);
    }, &left);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].address, b);
    EXPECT_EQ(left[0].bytes, 5000u);
    EXPECT_EQ(left[1].address, c);
    EXPECT_EQ(left[1].tag, kTag);
    EXPECT_EQ(ex::driver_bytes(), 5020u);
    EXPECT_EQ(machine.executive.residue().pool_blocks, 2u);
    EXPECT_TRUE(ex::is_block(kernels));
    EXPECT_FALSE(ex::is_block(a));
    EXPECT_EQ(ex::block_around(static_cast<char*>(b) + 4999)->address, b);
    EXPECT_FALSE(ex::block_around(static_cast<char*>(b) + 5000));
}

// The newer allocators.
TEST(ex_pool, allocate2_and_3)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto* block = static_cast<char*>(driver_block(64));
        std::memset(block, 0xFF, 64);
        ex::ExFreePool(block);
        auto* zeroed = static_cast<char*>(ex::ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, kTag));
        EXPECT_EQ(zeroed, block) << "the block just freed";
        EXPECT_TRUE(std::all_of(zeroed, zeroed + 64, [](char c) { return c == 0; }));
        EXPECT_FALSE(ex::ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 0)) << "no tag";
        EXPECT_FALSE(ex::ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 64, kTag)) << "two kinds";
        EXPECT_FALSE(ex::ExAllocatePool2(0, 64, kTag)) << "no kind";
        EXPECT_FALSE(ex::ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_RESERVED2, 64, kTag));
        void* hinted = ex::ExAllocatePool2(POOL_FLAG_PAGED | (POOL_FLAGS { 1 } << 50), 64, kTag);
        EXPECT_TRUE(hinted) << "unknown hints do not matter";
        EXPECT_EQ(raised([&] { ex::ExAllocatePool2(POOL_FLAG_RAISE_ON_FAILURE, 64, kTag); }), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(raised([&] {
                      ex::ExAllocatePool2(POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED, size_t { 1 } << 40, kTag);
                  }),
                  STATUS_INSUFFICIENT_RESOURCES);
        ex::POOL_EXTENDED_PARAMETER secure {};
        secure.Type = PoolExtendedParameterSecurePool;
        EXPECT_FALSE(ex::ExAllocatePool3(POOL_FLAG_NON_PAGED, 8, kTag, &secure, 1));
        secure.Optional = 1;
        void* plain = ex::ExAllocatePool3(POOL_FLAG_NON_PAGED, 8, kTag, &secure, 1);
        EXPECT_TRUE(plain);
        EXPECT_FALSE(ex::ExAllocatePoolWithTag(NonPagedPoolNx, size_t { 1 } << 40, kTag));
        auto const raising = static_cast<POOL_TYPE>(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE);
        EXPECT_EQ(raised([&] { ex::ExAllocatePoolWithTag(raising, size_t { 1 } << 40, kTag); }),
                  STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(raised([&] { ex::ExAllocatePoolWithQuotaTag(PagedPool, size_t { 1 } << 40, kTag); }),
                  STATUS_INSUFFICIENT_RESOURCES);
        for (void* each : { static_cast<void*>(zeroed), hinted, plain })
            ex::ExFreePool(each);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.executive.residue(), ex::Residue {});
}

// Memory runs out and comes back.
TEST(ex_pool, exhaustion)
{
    MemoryMachine machine;
    std::vector<void*> blocks;
    while (void* block = driver_block(100'000))
        blocks.push_back(block);
    EXPECT_GT(blocks.size(), 400u);
    EXPECT_FALSE(driver_block(100'000));
    for (void* block : blocks)
        ex::ExFreePool(block);
    void* again = driver_block(40 << 20);
    EXPECT_TRUE(again);
    ex::ExFreePool(again);
}

// One bad free each; the parameters that the documentation names.
struct BadFree {
    char const* name;
    uint64_t subcode;
    void (*free)();
};
class ex_pool_bad_free : public ::testing::TestWithParam<BadFree> { };

TEST_P(ex_pool_bad_free, is_bad_pool_caller)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(BAD_POOL_CALLER, GetParam().subcode, GetParam().free));
}

INSTANTIATE_TEST_SUITE_P(
    , ex_pool_bad_free,
    ::testing::Values(
        BadFree { "Null", 0x46, [] { ex::ExFreePool(nullptr); } },
        BadFree { "User", 0x40, [] { ex::ExFreePool(reinterpret_cast<void*>(hal::kUserLow)); } },
        BadFree { "Stack", 0x42, [] { int here; ex::ExFreePool(&here); } },
        BadFree { "NotPool", 0x47, [] { ex::ExFreePool(reinterpret_cast<void*>(hal::kDirectMap + (60 << 20))); } },
        BadFree { "Inside", 0x99, [] { ex::ExFreePool(driver_block(100) + 16); } },
        BadFree { "InsideRun", 0x99, [] { ex::ExFreePool(driver_block(10'000) + 4096); } },
        BadFree { "Twice", 7, [] {
            char* block = driver_block(100);
            driver_block(100);
            ex::ExFreePool(block);
            ex::ExFreePool(block);
        } },
        BadFree { "RunTwice", 7, [] {
            char* block = driver_block(10'000);
            ex::ExFreePool(block);
            ex::ExFreePool(block);
        } },
        BadFree { "ProtectedTag", 0xA, [] {
            ex::ExFreePoolWithTag(ex::ExAllocatePoolWithTag(PagedPool, 8, kTag | PROTECTED_POOL), kTag);
        } },
        BadFree { "MustSucceed", 0x9A, [] { ex::ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 8, kTag); } }),
    [](auto const& info) { return info.param.name; });

// A byte too far.
// Shows: the guard behind tells on the block that was overrun, also behind a block of whole pages.
TEST(ex_pool_misuse, overrun_small)
{
    MemoryMachine machine;
    char* block = nullptr;
    EXPECT_TRUE(machine.bug_checks(BAD_POOL_HEADER, 0x21, [&] {
        block = driver_block(32);
        driver_block(32);
        block[32] = 1;
        ex::ExFreePool(block);
    }));
    EXPECT_EQ(machine.kernel.crash()->parameters[1], reinterpret_cast<uint64_t>(block));
}

TEST(ex_pool_misuse, overrun_large)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(BAD_POOL_HEADER, 0x21, [&] {
        char* block = driver_block(5000);
        block[5000] = 1;
        ex::ExFreePool(block);
    }));
}

TEST(ex_pool_misuse, underrun)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(BAD_POOL_HEADER, 0x20, [&] {
        char* block = driver_block(32);
        block[-1] = 1;
        ex::ExFreePool(block);
    }));
}

// Blocks of the kernel's own were run over, and the machine's end frees them from the host's stack; a pointer to one of
// them was overwritten, too.
// Shows: what is not in order stays where it is and is told, by the block that was run over, once; the rest is freed.
TEST(ex_pool_misuse, noticed_when_the_machine_is_over)
{
    MemoryMachine machine;
    constexpr uint32_t kKernelTag = 'lnrK';
    std::vector<char*> blocks;
    machine.run_system([&] {
        for (size_t bytes : { 32, 32, 32, 5000, 5000 })
            blocks.push_back(
                static_cast<char*>(ex::allocate(NonPagedPool, bytes, kKernelTag, ex::Owner::Kernel, false)));
    });
    auto damaged = [] {
        std::vector<void*> found;
        ex::for_each_damaged_block(
            [](void* context, ex::Block const& block) {
                static_cast<std::vector<void*>*>(context)->push_back(block.address);
            },
            &found);
        return found;
    };
    ASSERT_EQ(blocks[0] + 48, blocks[1]) << "neighbours";
    EXPECT_TRUE(damaged().empty());
    blocks[0][32] = 1;
    blocks[3][5000] = 1;
    EXPECT_EQ(damaged(), (std::vector<void*> { blocks[0], blocks[3] }));
    for (char* block : blocks)
        ex::free(block, kKernelTag);
    ex::free(blocks[2], kKernelTag); // free already
    ex::free(reinterpret_cast<void*>(0x1234'5678), kKernelTag);
    EXPECT_FALSE(machine.kernel.crash());
    EXPECT_EQ(damaged(), (std::vector<void*> { blocks[0], blocks[3] }));
    for (size_t i = 0; i < blocks.size(); ++i)
        EXPECT_EQ(ex::is_block(blocks[i]), i == 0 || i == 1 || i == 3) << i; // block 1's header is gone with 0's end
}

// Pool is freed while an MDL holds its pages.
TEST(ex_pool_misuse, freed_while_locked)
{
    MemoryMachine machine;
    EXPECT_TRUE(machine.bug_checks(PFN_LIST_CORRUPT, 0x9A, [&] {
        char* block = driver_block(8192);
        MDL* mdl = mm::IoAllocateMdl(block, 8192, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
        ex::ExFreePool(block);
    }));
}

// Verified mode fills what was freed.
TEST(ex_pool, freed_blocks_are_filled)
{
    MemoryMachine machine;
    ke::g_binding = ke::Binding::Verified;
    char* block = driver_block(64);
    driver_block(64);
    std::memset(block, 1, 64);
    ex::ExFreePool(block);
    EXPECT_TRUE(std::all_of(block, block + 64, [](char c) { return static_cast<uint8_t>(c) == 0xDD; }));
    ke::g_binding = ke::Binding::Observed;
}
