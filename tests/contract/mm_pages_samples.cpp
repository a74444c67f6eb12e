// SPDX-License-Identifier: MIT
// Pages without addresses: MDLs that come with theirs, and addresses that wait for pages.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/mdl.h"
#include "mm/memory.h"

#include <algorithm>
#include <bit>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr PHYSICAL_ADDRESS physical(uint64_t address) { return { .QuadPart = static_cast<LONGLONG>(address) }; }
constexpr PHYSICAL_ADDRESS kLowest = physical(0);
constexpr PHYSICAL_ADDRESS kHighest = physical(~uint64_t { 0 });
constexpr PHYSICAL_ADDRESS kNoSkip = physical(0);
constexpr SIZE_T kPage = hal::kPageSize;
constexpr SIZE_T kMiB = hal::kMiB;
constexpr ULONG kTag = 'lpmS';

size_t page_sets() { return mm::memory().residue().mdl_page_sets; }
std::span<PFN_NUMBER> pages_of(MDL* mdl) { return { mm::frames_of(mdl), mm::page_count(mdl) }; }

MDL* some_pages(At& at, SIZE_T bytes = 2 * kPage)
{
    return reinterpret_cast<MDL*>(at.also("MmAllocatePagesForMdlEx", kLowest, kHighest, kNoSkip, bytes, MmCached, 0));
}
MDL* locked(void* buffer, ULONG bytes)
{
    MDL* mdl = mm::IoAllocateMdl(buffer, bytes, FALSE, FALSE, nullptr);
    mm::MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    return mdl;
}

// Whether the MDL's pages all hold zeros; writes to each.
bool zeroed(MDL* mdl)
{
    auto* mapped = static_cast<char*>(mm::system_address(mdl));
    bool all = mapped != nullptr;
    for (size_t i = 0; all && i < mdl->ByteCount; i += kPage)
        all = ke::read_guarded<char>(mapped + i) == 0 && ke::write_guarded(mapped + i, 'x');
    return all;
}

// `rest` is what the service wants behind the number of bytes.
template <typename... A>
void allocates(At& at, A... rest)
{
    PVOID const none = nullptr;
    auto pages = [&](uint64_t low, uint64_t high, uint64_t skip, SIZE_T bytes) {
        return reinterpret_cast<MDL*>(at.call(physical(low), physical(high), physical(skip), bytes, rest...));
    };
    MDL* mdl = pages(0x80'0000, 0xFF'FFFF, 0, kPage + 1);
    ASSERT_TRUE(mdl);
    EXPECT_EQ(mdl->ByteCount, 2 * kPage);
    EXPECT_TRUE(mdl->MdlFlags & MDL_PAGES_LOCKED);
    EXPECT_FALSE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) << "the pages have no addresses";
    for (PFN_NUMBER const page : pages_of(mdl)) {
        EXPECT_GE(page, 0x800u);
        EXPECT_LE(page, 0xFFFu);
    }
    EXPECT_TRUE(zeroed(mdl));
    mm::MmFreePagesFromMdl(mdl);
    mdl = pages(0x80'0000, 0xFF'FFFF, 0, 2 * kPage);
    EXPECT_TRUE(zeroed(mdl)) << "also when somebody has written to them before";
    // What there is, when there is too little: 2 MiB of the first range, 2 MiB of the next.
    mdl = pages(0x100'0000, 0x11F'FFFF, 0, 4 * kMiB);
    ASSERT_TRUE(mdl);
    EXPECT_EQ(mdl->ByteCount, 2 * kMiB);
    mdl = pages(0x200'0000, 0x21F'FFFF, 0x80'0000, 4 * kMiB);
    ASSERT_TRUE(mdl);
    EXPECT_EQ(mdl->ByteCount, 4 * kMiB);
    auto const in = [&](PFN_NUMBER from, PFN_NUMBER to) {
        return std::ranges::count_if(pages_of(mdl), [&](PFN_NUMBER page) { return page >= from && page <= to; });
    };
    EXPECT_EQ(in(0x2000, 0x21FF), 512);
    EXPECT_EQ(in(0x2800, 0x29FF), 512);
    EXPECT_EQ(page_sets(), 3u);
    auto nothing = [&](uint64_t low, uint64_t high, uint64_t skip, SIZE_T bytes) {
        at.returns(none, physical(low), physical(high), physical(skip), bytes, rest...);
    };
    nothing(0x100'0000, 0x11F'FFFF, 0, kPage); // all in use
    nothing(0x1'0000'0000, ~uint64_t { 0 }, 0, kPage); // no memory there
    nothing(0x80'0000, 0x80'0FFE, 0, kPage); // not a whole page
    nothing(0, ~uint64_t { 0 }, kPage + 1, kPage); // skips no whole pages
    nothing(0, ~uint64_t { 0 }, 0, 0);
    nothing(0, ~uint64_t { 0 }, 0, 4 * hal::kGiB - kPage + 1); // the most is 4 GiB less a page
}

// The flags; `node` where the service has that argument.
template <typename... Node>
void keeps_flags(At& at, Node... node)
{
    auto with = [&](uint64_t low, uint64_t high, uint64_t skip, SIZE_T bytes, ULONG flags) {
        return reinterpret_cast<MDL*>(
            at.call(physical(low), physical(high), physical(skip), bytes, MmCached, node..., flags));
    };
    constexpr uint64_t kTop = ~uint64_t { 0 };
    for (ULONG flag : { MM_DONT_ZERO_ALLOCATION, MM_ALLOCATE_FROM_LOCAL_NODE_ONLY, MM_ALLOCATE_NO_WAIT,
                        MM_ALLOCATE_PREFER_CONTIGUOUS, MM_ALLOCATE_FULLY_REQUIRED }) {
        MDL* mdl = with(0, kTop, 0, 3 * kPage, flag);
        ASSERT_TRUE(mdl) << "flag " << flag;
        EXPECT_EQ(mdl->ByteCount, 3 * kPage);
    }
    EXPECT_FALSE(with(0x100'0000, 0x11F'FFFF, 0, 4 * kMiB, MM_ALLOCATE_FULLY_REQUIRED)) << "all or nothing";
    ULONG const chunks = MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS;
    MDL* whole = with(0x100'0000, 0x11F'FFFF, 0, 3 * kPage, chunks);
    ASSERT_TRUE(whole);
    EXPECT_EQ(pages_of(whole)[2], pages_of(whole)[0] + 2);
    EXPECT_FALSE(with(0x100'0000, 0x11F'FFFF, 0, 4 * kMiB, chunks)) << "one block is never partial";
    MDL* blocks = with(0x200'0000, 0x21F'FFFF, 4 * kPage, 8 * kPage, chunks);
    ASSERT_TRUE(blocks);
    for (size_t i = 0; i < 8; i += 4) {
        EXPECT_EQ(pages_of(blocks)[i] % 4, 0u) << "aligned to its size";
        EXPECT_EQ(pages_of(blocks)[i + 3], pages_of(blocks)[i] + 3);
    }
    EXPECT_FALSE(with(0, kTop, 3 * kPage, 6 * kPage, chunks)) << "no power of two";
    EXPECT_FALSE(with(0, kTop, 4 * kPage, 6 * kPage, chunks)) << "no multiple of the block";
    EXPECT_FALSE(with(0, kTop, 0, kPage, 0x8000'0000)) << "no such flag";
    // 2 MiB less what `blocks` has: so many blocks are to be had, and each is whole.
    MDL* partial = with(0x200'0000, 0x21F'FFFF, 0x10'0000, 4 * kMiB, chunks);
    ASSERT_TRUE(partial) << "several blocks may be fewer";
    EXPECT_EQ(partial->ByteCount, 0x10'0000u);
    EXPECT_FALSE(with(0x300'0000, 0x31F'FFFF, 0x10'0000, 4 * kMiB, chunks | MM_ALLOCATE_FULLY_REQUIRED));
}

} // namespace

SAMPLE(MmAllocatePagesForMdl) { allocates(at); }
SAMPLE(MmAllocatePagesForMdlEx) { allocates(at, MmNonCached, ULONG { 0 }); }
SAMPLE(MmAllocateNodePagesForMdlEx) { allocates(at, MmWriteCombined, ULONG { 0 }, ULONG { 0 }); }
SAMPLE_AS(MmAllocatePagesForMdlEx, flags) { keeps_flags(at); }
SAMPLE_AS(MmAllocateNodePagesForMdlEx, flags) { keeps_flags(at, ULONG { 0 }); }

SAMPLE(MmFreePagesFromMdl)
{
    MDL* mdl = some_pages(at);
    PVOID const mapped = mm::system_address(mdl);
    auto const before = at.rooms().physical.free_pages();
    at.call(mdl);
    EXPECT_EQ(page_sets(), 0u);
    EXPECT_EQ(at.rooms().physical.free_pages(), before + 2);
    EXPECT_FALSE(ke::read_guarded<char>(mapped)) << "the mapping goes with the pages";
    EXPECT_TRUE(ex::is_block(mdl)) << "the MDL is the caller's to free";
    at.also("ExFreePool", mdl);
    at.bug_checks(PFN_LIST_CORRUPT, locked(at.bytes(kPage), kPage)); // pages of somebody else
}
SAMPLE_AS(MmFreePagesFromMdl, twice)
{
    MDL* mdl = some_pages(at);
    at.call(mdl);
    at.bug_checks(PFN_LIST_CORRUPT, mdl);
}

// --- Reserved addresses ------------------------------------------------------------------------------------------

namespace {
char* reserved(At& at, SIZE_T bytes)
{
    return reinterpret_cast<char*>(at.also("MmAllocateMappingAddress", bytes, kTag));
}
size_t ranges() { return mm::memory().residue().reserved_ranges; }
void map(At& at, PVOID range, MDL* mdl) { at.also("MmMapLockedPagesWithReservedMapping", range, kTag, mdl, MmCached); }
} // namespace

SAMPLE(MmAllocateMappingAddress)
{
    auto* range = reinterpret_cast<char*>(at.call(2 * kPage + 1, kTag));
    ASSERT_TRUE(range);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(range) % kPage, 0u);
    EXPECT_FALSE(ke::read_guarded<char>(range)) << "no memory is there yet";
    EXPECT_EQ(ranges(), 1u);
    map(at, range, locked(at.bytes(3 * kPage), 3 * kPage));
    EXPECT_TRUE(ke::read_guarded<char>(range + 2 * kPage)) << "whole pages were reserved";
    at.returns(PVOID { nullptr }, SIZE_T { 1 } << 46, kTag);
    at.bug_checks(SYSTEM_PTE_MISUSE, SIZE_T { 0 }, kTag);
}

SAMPLE(MmFreeMappingAddress)
{
    PVOID const range = reserved(at, kPage);
    at.call(range, kTag);
    EXPECT_EQ(ranges(), 0u);
    at.bug_checks(SYSTEM_PTE_MISUSE, range, kTag); // freed already
}
SAMPLE_AS(MmFreeMappingAddress, other_tag) { at.bug_checks(SYSTEM_PTE_MISUSE, reserved(at, kPage), kTag + 1); }
SAMPLE_AS(MmFreeMappingAddress, mapped)
{
    PVOID const range = reserved(at, kPage);
    map(at, range, locked(at.bytes(kPage), kPage));
    at.bug_checks(SYSTEM_PTE_MISUSE, range, kTag);
}

SAMPLE(MmMapLockedPagesWithReservedMapping)
{
    char* const range = reserved(at, 2 * kPage);
    auto* buffer = static_cast<char*>(at.bytes(3 * kPage));
    MDL* mdl = locked(buffer + 9, kPage);
    at.returns(range + 9, range, kTag, mdl, MmCached); // with the byte offset
    EXPECT_EQ(mdl->MappedSystemVa, range) << "without it";
    EXPECT_TRUE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    EXPECT_TRUE(ke::write_guarded(range + 9, 'm'));
    EXPECT_EQ(buffer[9], 'm');
    at.also("MmUnmapReservedMapping", range, kTag, mdl);
    MDL* subrange = locked(buffer, 1);
    at.returns(range, range, kTag, subrange, MmNonCached); // less than was reserved
    at.also("MmUnmapReservedMapping", range, kTag, subrange);
    at.returns(PVOID { nullptr }, range, kTag, locked(buffer, 3 * kPage), MmCached); // more than was reserved
    map(at, range, subrange);
    at.bug_checks(SYSTEM_PTE_MISUSE, range, kTag, mdl, MmCached); // mapped already
}
SAMPLE_AS(MmMapLockedPagesWithReservedMapping, other_tag)
{
    at.bug_checks(SYSTEM_PTE_MISUSE, reserved(at, kPage), kTag + 1, locked(at.bytes(kPage), kPage), MmCached);
}
SAMPLE_AS(MmMapLockedPagesWithReservedMapping, not_the_beginning)
{
    at.bug_checks(SYSTEM_PTE_MISUSE, reserved(at, 2 * kPage) + kPage, kTag, locked(at.bytes(kPage), kPage), MmCached);
}

SAMPLE(MmUnmapReservedMapping)
{
    char* const range = reserved(at, 2 * kPage);
    MDL* mdl = locked(at.bytes(kPage), kPage);
    map(at, range, mdl);
    at.call(range, kTag, mdl);
    EXPECT_FALSE(ke::read_guarded<char>(range));
    EXPECT_FALSE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    EXPECT_EQ(ranges(), 1u) << "the addresses stay reserved";
    map(at, range, mdl);
    EXPECT_TRUE(ke::read_guarded<char>(range)) << "and serve again";
    at.call(range, kTag, mdl);
    at.bug_checks(SYSTEM_PTE_MISUSE, range, kTag, mdl); // unmapped already
}

namespace {
// A range of two pages with one MDL of `pages` mapped.
void unmaps_badly(At& at, SIZE_T mapped, SIZE_T unmapped, ULONG tag)
{
    char* const range = reserved(at, 2 * kPage);
    map(at, range, locked(at.bytes(mapped), static_cast<ULONG>(mapped)));
    at.bug_checks(SYSTEM_PTE_MISUSE, range, tag, locked(at.bytes(unmapped), static_cast<ULONG>(unmapped)));
}
} // namespace
SAMPLE_AS(MmUnmapReservedMapping, other_tag) { unmaps_badly(at, kPage, kPage, kTag + 1); }
SAMPLE_AS(MmUnmapReservedMapping, a_part) { unmaps_badly(at, 2 * kPage, kPage, kTag); }
SAMPLE_AS(MmUnmapReservedMapping, more_than_is_mapped) { unmaps_badly(at, kPage, 2 * kPage, kTag); }
SAMPLE_AS(MmUnmapReservedMapping, more_than_is_reserved) { unmaps_badly(at, kPage, 3 * kPage, kTag); }
