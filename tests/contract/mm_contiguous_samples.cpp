// SPDX-License-Identifier: MIT
// Memory by whole pages with addresses: contiguous and non-cached blocks.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/contiguous.h"
#include "mm/mdl.h"
#include "mm/memory.h"
#include "mm/physical_address.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr PHYSICAL_ADDRESS physical(uint64_t address) { return { .QuadPart = static_cast<LONGLONG>(address) }; }
constexpr PHYSICAL_ADDRESS kLowest = physical(0);
constexpr PHYSICAL_ADDRESS kHighest = physical(~uint64_t { 0 });
constexpr PHYSICAL_ADDRESS kNoBoundary = physical(0);
constexpr SIZE_T kPage = hal::kPageSize;
constexpr SIZE_T kTooMuch = SIZE_T { 1 } << 40;

uint64_t physical_of(char* address) { return static_cast<uint64_t>(mm::MmGetPhysicalAddress(address).QuadPart); }
size_t blocks() { return mm::memory().residue().contiguous_blocks; }
PVOID some_block(At& at, SIZE_T bytes = 100)
{
    return reinterpret_cast<PVOID>(at.also("MmAllocateContiguousMemory", bytes, kHighest));
}

// Three pages in a row from [lowest, highest], at a page's beginning, to be written.
void is_contiguous(uint64_t made, uint64_t lowest, uint64_t highest)
{
    auto* block = reinterpret_cast<char*>(made);
    ASSERT_TRUE(block);
    EXPECT_EQ(made % kPage, 0u);
    uint64_t const first = physical_of(block);
    EXPECT_GE(first, lowest);
    EXPECT_LE(first + 3 * kPage - 1, highest);
    for (SIZE_T offset = 0; offset < 3 * kPage; offset += kPage) {
        EXPECT_EQ(physical_of(block + offset), first + offset);
        EXPECT_TRUE(ke::write_guarded(block + offset, 'x'));
    }
}

// Code in a block runs, which it does from its first call on.
void executes(uint64_t made)
{
    ASSERT_TRUE(made);
    uint8_t const code[] = { 0xB8, 0x2A, 0, 0, 0, 0xC3 }; // mov eax, 42; ret
    std::memcpy(reinterpret_cast<void*>(made + 64), code, sizeof code);
    EXPECT_EQ(reinterpret_cast<int (*)()>(made + 64)(), 42);
}

// The services that name lowest, highest and boundary; `rest` is what each wants behind.
template <typename... A>
void keeps_its_limits(At& at, A... rest)
{
    is_contiguous(at.call(3 * kPage, physical(0x80'0000), physical(0xFF'FFFF), kNoBoundary, rest...), 0x80'0000,
                  0xFF'FFFF);
    for (int i = 0; i < 8; ++i) {
        auto const made = at.call(3 * kPage, kLowest, kHighest, physical(4 * kPage), rest...);
        is_contiguous(made, 0, ~uint64_t { 0 });
        uint64_t const first = physical_of(reinterpret_cast<char*>(made));
        EXPECT_EQ(first / (4 * kPage), (first + 3 * kPage - 1) / (4 * kPage)) << "it crosses the boundary";
    }
    PVOID const none = nullptr;
    at.returns(none, kTooMuch, kLowest, kHighest, kNoBoundary, rest...);
    at.returns(none, SIZE_T { 0 }, kLowest, kHighest, kNoBoundary, rest...);
    at.returns(none, 3 * kPage, physical(0x80'0000), physical(0x80'2FFE), kNoBoundary, rest...); // a byte too few
    at.returns(none, 3 * kPage, kLowest, kHighest, physical(2 * kPage), rest...); // must cross
    at.returns(none, 3 * kPage, kLowest, kHighest, physical(6 * kPage), rest...); // no power of two
    at.returns(none, 3 * kPage, physical(1ull << 40), kHighest, kNoBoundary, rest...); // above all memory
}

} // namespace

SAMPLE(MmAllocateContiguousMemory)
{
    is_contiguous(at.call(3 * kPage - 1, physical(0xFF'FFFF)), 0, 0xFF'FFFF);
    executes(at.call(SIZE_T { 100 }, kHighest));
    EXPECT_EQ(blocks(), 2u);
    at.returns(PVOID { nullptr }, kTooMuch, kHighest);
    at.returns(PVOID { nullptr }, SIZE_T { 0 }, kHighest);
    at.returns(PVOID { nullptr }, SIZE_T { 1 }, physical(kPage - 1));
    EXPECT_EQ(blocks(), 2u);
}

SAMPLE(MmAllocateContiguousMemorySpecifyCache)
{
    keeps_its_limits(at, MmNonCached);
    for (MEMORY_CACHING_TYPE cache : { MmCached, MmWriteCombined })
        is_contiguous(at.call(3 * kPage, kLowest, kHighest, kNoBoundary, cache), 0, ~uint64_t { 0 });
    executes(at.call(kPage, kLowest, kHighest, kNoBoundary, MmCached));
}

SAMPLE(MmAllocateContiguousMemorySpecifyCacheNode)
{
    keeps_its_limits(at, MmCached, MM_ANY_NODE_OK);
    is_contiguous(at.call(3 * kPage, kLowest, kHighest, kNoBoundary, MmNonCached, ULONG { 0 }), 0, ~uint64_t { 0 });
    executes(at.call(kPage, kLowest, kHighest, kNoBoundary, MmCached, MM_ANY_NODE_OK));
}

SAMPLE(MmAllocateContiguousNodeMemory)
{
    keeps_its_limits(at, PAGE_READWRITE, MM_ANY_NODE_OK);
    for (ULONG cache : { PAGE_NOCACHE, PAGE_WRITECOMBINE })
        is_contiguous(at.call(3 * kPage, kLowest, kHighest, kNoBoundary, PAGE_READWRITE | cache, ULONG { 0 }), 0,
                      ~uint64_t { 0 });
    EXPECT_FALSE(mm::let_execute(at.call(kPage, kLowest, kHighest, kNoBoundary, PAGE_READWRITE, MM_ANY_NODE_OK)));
    executes(at.call(kPage, kLowest, kHighest, kNoBoundary, PAGE_EXECUTE_READWRITE, MM_ANY_NODE_OK));
    for (ULONG protect : { PAGE_READONLY, PAGE_NOCACHE, PAGE_READWRITE | PAGE_EXECUTE_READWRITE,
                           PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE })
        at.returns(PVOID { nullptr }, 3 * kPage, kLowest, kHighest, kNoBoundary, protect, MM_ANY_NODE_OK);
}

namespace {
template <typename... A>
void frees(At& at, A... rest)
{
    PVOID const block = some_block(at);
    at.call(block, rest...);
    EXPECT_EQ(blocks(), 0u);
    at.bug_checks(BAD_POOL_CALLER, block, rest...); // freed already
}
template <typename... A>
void frees_from_the_base_only(At& at, A... rest)
{
    auto* block = static_cast<char*>(some_block(at, 2 * kPage));
    at.bug_checks(BAD_POOL_CALLER, block + kPage, rest...);
}
} // namespace

SAMPLE(MmFreeContiguousMemory) { frees(at); }
SAMPLE_AS(MmFreeContiguousMemory, inside) { frees_from_the_base_only(at); }
SAMPLE_AS(MmFreeContiguousMemory, locked)
{
    PVOID const block = some_block(at);
    MDL* mdl = mm::IoAllocateMdl(block, 100, FALSE, FALSE, nullptr);
    mm::MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    at.bug_checks(PFN_LIST_CORRUPT, block);
}

SAMPLE(MmFreeContiguousMemorySpecifyCache) { frees(at, SIZE_T { 100 }, MmCached); }
SAMPLE_AS(MmFreeContiguousMemorySpecifyCache, inside) { frees_from_the_base_only(at, 2 * kPage, MmCached); }

SAMPLE(MmAllocateNonCachedMemory)
{
    auto* block = reinterpret_cast<char*>(at.call(kPage + 1));
    ASSERT_TRUE(block);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u) << "aligned to the cache's lines";
    EXPECT_TRUE(ke::write_guarded(block + 2 * kPage - 1, 'x')) << "whole pages";
    EXPECT_EQ(blocks(), 1u);
    at.returns(PVOID { nullptr }, kTooMuch);
    at.returns(PVOID { nullptr }, SIZE_T { 0 });
}

SAMPLE(MmFreeNonCachedMemory)
{
    auto const block = at.also("MmAllocateNonCachedMemory", kPage + 1);
    at.call(block, kPage + 1);
    EXPECT_EQ(blocks(), 0u);
    at.bug_checks(SYSTEM_PTE_MISUSE, block, kPage + 1); // freed already
}
SAMPLE_AS(MmFreeNonCachedMemory, other_size)
{
    auto const block = at.also("MmAllocateNonCachedMemory", kPage + 1);
    at.bug_checks(SYSTEM_PTE_MISUSE, block, kPage);
}
