// SPDX-License-Identifier: MIT
// Cache types. A page has one at a time: an MDL's mapping takes the one that is there, and who maps a page by its
// physical address with another one has a fault that only hardware shows, so it is counted.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/mdl.h"
#include "mm/memory.h"
#include "mm/physical_address.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr PHYSICAL_ADDRESS physical(uint64_t address) { return { .QuadPart = static_cast<LONGLONG>(address) }; }
constexpr PHYSICAL_ADDRESS kLowest = physical(0);
constexpr PHYSICAL_ADDRESS kHighest = physical(~uint64_t { 0 });
constexpr SIZE_T kPage = hal::kPageSize;
constexpr uint64_t kDevice = 0xFEB0'0000;

size_t conflicts() { return mm::memory().residue().cache_conflicts; }
void device(At& at) { EXPECT_TRUE(at.rooms().physical.add_device(kDevice, 4 * kPage, "registers")); }
PHYSICAL_ADDRESS block(At& at, MEMORY_CACHING_TYPE cache)
{
    auto* made = reinterpret_cast<PVOID>(
        at.also("MmAllocateContiguousMemorySpecifyCache", 2 * kPage, kLowest, kHighest, physical(0), cache));
    return mm::MmGetPhysicalAddress(made);
}
// The first page of an MDL that comes with its pages.
PHYSICAL_ADDRESS page_of(MDL* mdl) { return physical(mm::frames_of(mdl)[0] << hal::kPageShift); }
MDL* pages(At& at)
{
    return reinterpret_cast<MDL*>(at.also("MmAllocatePagesForMdl", kLowest, kHighest, kLowest, kPage));
}
MDL* pages(At& at, MEMORY_CACHING_TYPE cache)
{
    return reinterpret_cast<MDL*>(at.also("MmAllocatePagesForMdlEx", kLowest, kHighest, kLowest, kPage, cache, 0));
}
MDL* locked(void* buffer)
{
    MDL* mdl = mm::IoAllocateMdl(buffer, kPage, FALSE, FALSE, nullptr);
    mm::MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    return mdl;
}

} // namespace

SAMPLE_AS(MmMapIoSpace, cache_types_of_a_device)
{
    device(at);
    auto map = [&](uint64_t offset, SIZE_T bytes, MEMORY_CACHING_TYPE cache) {
        auto* mapped = reinterpret_cast<char*>(at.call(physical(kDevice + offset), bytes, cache));
        EXPECT_TRUE(mapped && ke::write_guarded(mapped, 'r')) << "it is mapped all the same";
        return mapped;
    };
    char* const first = map(0, 2 * kPage, MmNonCached);
    char* const second = map(kPage, kPage, MmNonCached);
    map(2 * kPage, 2 * kPage, MmWriteCombined);
    EXPECT_EQ(conflicts(), 0u) << "the same twice, and another one for other pages";
    char* const wrong = map(kPage + 8, 8, MmCached);
    EXPECT_EQ(conflicts(), 1u);
    at.also("MmUnmapIoSpace", wrong, SIZE_T { 8 });
    at.also("MmUnmapIoSpace", first, 2 * kPage);
    at.also("MmUnmapIoSpace", second, kPage);
    map(0, kPage, MmCached);
    EXPECT_EQ(conflicts(), 1u) << "nothing maps it any more";
}

SAMPLE_AS(MmMapIoSpace, cache_types_of_memory)
{
    auto conflicts_after = [&](PHYSICAL_ADDRESS where, MEMORY_CACHING_TYPE cache) {
        auto const before = conflicts();
        EXPECT_TRUE(at.call(where, SIZE_T { 16 }, cache));
        return conflicts() - before;
    };
    auto const pool = mm::MmGetPhysicalAddress(at.bytes(16));
    EXPECT_EQ(conflicts_after(pool, MmCached), 0u);
    EXPECT_EQ(conflicts_after(pool, MmNonCached), 1u);
    auto const shared = block(at, MmWriteCombined);
    EXPECT_EQ(conflicts_after(shared, MmWriteCombined), 0u);
    EXPECT_EQ(conflicts_after(shared, MmCached), 1u);
    auto const asked_for = page_of(pages(at, MmNonCached));
    EXPECT_EQ(conflicts_after(asked_for, MmNonCached), 0u);
    EXPECT_EQ(conflicts_after(asked_for, MmCached), 1u);
    MDL* const open = pages(at); // no type yet
    EXPECT_EQ(conflicts_after(page_of(open), MmCached), 0u);
}

SAMPLE_AS(MmMapIoSpaceEx, cache_types)
{
    device(at);
    for (ULONG protect : { PAGE_READWRITE | PAGE_NOCACHE, PAGE_READONLY | PAGE_NOCACHE })
        EXPECT_TRUE(at.call(physical(kDevice), kPage, protect));
    EXPECT_EQ(conflicts(), 0u);
    EXPECT_TRUE(at.call(physical(kDevice), kPage, PAGE_READWRITE));
    EXPECT_TRUE(at.call(physical(kDevice), kPage, PAGE_READWRITE | PAGE_WRITECOMBINE));
    EXPECT_EQ(conflicts(), 2u);
}

SAMPLE_AS(MmMapLockedPagesSpecifyCache, cache_types)
{
    auto map = [&](MDL* mdl, MEMORY_CACHING_TYPE cache) {
        return reinterpret_cast<char*>(at.call(mdl, KernelMode, cache, nullptr, FALSE, NormalPagePriority));
    };
    auto* buffer = static_cast<char*>(at.bytes(kPage));
    char* const mapped = map(locked(buffer), MmNonCached);
    EXPECT_TRUE(mapped && ke::write_guarded(mapped, 'm'));
    EXPECT_EQ(*buffer, 'm');
    EXPECT_TRUE(mm::MmMapIoSpace(mm::MmGetPhysicalAddress(buffer), kPage, MmCached));
    EXPECT_EQ(conflicts(), 0u) << "pool is cached, and stays so whatever is asked for";
    MDL* const own = pages(at);
    EXPECT_TRUE(map(own, MmWriteCombined)); // pages of MmAllocatePagesForMdl take what the first mapping asks for
    EXPECT_TRUE(mm::MmMapIoSpace(page_of(own), kPage, MmWriteCombined));
    EXPECT_EQ(conflicts(), 0u);
    EXPECT_TRUE(mm::MmMapIoSpace(page_of(own), kPage, MmCached));
    EXPECT_EQ(conflicts(), 1u);
    device(at);
    EXPECT_TRUE(mm::MmMapIoSpace(physical(kDevice), kPage, MmNonCached));
    auto& list = at.object<MM_PHYSICAL_ADDRESS_LIST>();
    list = { physical(kDevice), kPage };
    auto& registers = at.object<MDL*>();
    at.also("MmAllocateMdlForIoSpace", &list, SIZE_T { 1 }, &registers);
    EXPECT_TRUE(map(registers, MmCached)) << "it takes the type that the registers have";
    EXPECT_TRUE(mm::MmMapIoSpace(physical(kDevice), kPage, MmNonCached));
    EXPECT_EQ(conflicts(), 1u);
}

SAMPLE_AS(MmMapLockedPagesWithReservedMapping, cache_types)
{
    auto const range = at.also("MmAllocateMappingAddress", kPage, ULONG { 'lpmS' });
    MDL* const own = pages(at);
    at.returns(range, range, ULONG { 'lpmS' }, own, MmNonCached);
    EXPECT_TRUE(mm::MmMapIoSpace(page_of(own), kPage, MmNonCached));
    EXPECT_EQ(conflicts(), 0u);
    EXPECT_TRUE(mm::MmMapIoSpace(page_of(own), kPage, MmCached));
    EXPECT_EQ(conflicts(), 1u);
}
