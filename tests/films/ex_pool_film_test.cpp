// SPDX-License-Identifier: MIT
// Memory that all processors take and give back at once: pool of all sizes, whole pages, mappings; and what is made once.
#include "film.h"

#include "ke/guarded.h"

#include <cstring>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr ULONG kTag = 'mliF';

bool is_filled(void const* block, char with, size_t bytes)
{
    auto const* at = static_cast<char const*>(block);
    for (size_t i = 0; i < bytes; ++i)
        if (at[i] != with)
            return false;
    return true;
}

} // namespace

// Four threads allocate pool of all sizes, some of it on their process' quota, fill it, hand blocks to each other and
// free what they got.
// Shows: no block is had twice and none overlaps another; whoever frees gets it back, on whichever processor.
FILM(pool_on_all_processors, "handed on", "freed by its owner", "another was in it, too", "alone")
{
    LONG inside = 0; // threads between an allocation and what becomes of it
    struct Block {
        char* at;
        size_t bytes;
        char fill;
    };
    std::vector<Block> shared; // what somebody else may free
    for (int t = 0; t < 4; ++t)
        film.thread([&, t] {
            for (int i = 0; i < 6; ++i) {
                size_t const bytes = size_t { 1 } << film.draw(14);
                auto const flags = POOL_FLAG_NON_PAGED | (film.draw(2) ? POOL_FLAG_USE_QUOTA : 0);
                auto* at = reinterpret_cast<char*>(film.call("ExAllocatePool2", flags, bytes, kTag));
                ASSERT_NE(at, nullptr);
                EXPECT_TRUE(is_filled(at, 0, bytes)) << "ExAllocatePool2 zeroes";
                film.went(__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST) ? "another was in it, too" : "alone");
                Block block { at, bytes, static_cast<char>('a' + 6 * t + i) };
                std::memset(at, block.fill, bytes);
                film.linger(film.draw(4));
                EXPECT_TRUE(is_filled(at, block.fill, bytes));
                __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
                if (film.draw(2)) {
                    shared.push_back(block);
                    if (shared.size() < 3)
                        continue;
                    block = shared.front();
                    shared.erase(shared.begin());
                    film.went("handed on");
                } else
                    film.went("freed by its owner");
                EXPECT_TRUE(is_filled(block.at, block.fill, block.bytes));
                film.call("ExFreePoolWithTag", block.at, kTag);
            }
        });
    film.join();
    for (Block const& block : shared) {
        EXPECT_TRUE(is_filled(block.at, block.fill, block.bytes));
        film.call("ExFreePoolWithTag", block.at, kTag);
    }
}

// Three threads want the same thing, made by whoever comes first; the first attempt fails.
// Shows: the routine runs once at a time and succeeds once; everybody gets what it made; who came while it failed tries
// again.
FILM(what_is_made_once, "made it", "found it made", "failed to make it")
{
    struct Shared {
        RTL_RUN_ONCE once;
        Film* film;
        LONG inside, attempts;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    film.call("RtlRunOnceInitialize", &s.once);
    auto routine = +[](PRTL_RUN_ONCE, PVOID parameter, PVOID* context) NTAPI -> ULONG {
        auto& x = *static_cast<Shared*>(parameter);
        EXPECT_EQ(__atomic_add_fetch(&x.inside, 1, __ATOMIC_SEQ_CST), 1);
        x.film->linger(x.film->draw(8));
        EXPECT_EQ(__atomic_sub_fetch(&x.inside, 1, __ATOMIC_SEQ_CST), 0);
        *context = &x;
        return ++x.attempts > 1;
    };
    for (int t = 0; t < 3; ++t)
        film.thread([&] {
            film.linger(film.draw(12));
            for (;;) {
                LONG const before = s.attempts;
                PVOID context = nullptr;
                NTSTATUS const status = film.status("RtlRunOnceExecuteOnce", &s.once, routine, &s, &context);
                if (status != STATUS_SUCCESS) {
                    EXPECT_EQ(status, STATUS_UNSUCCESSFUL);
                    film.went("failed to make it");
                    continue;
                }
                EXPECT_EQ(context, &s);
                film.went(before == 2 ? "found it made" : "made it");
                return;
            }
        });
    film.join();
    EXPECT_EQ(s.attempts, 2);
}

// Two threads allocate contiguous memory and pages for MDLs; a third maps locked pages into a range it reserved before.
// Shows: nobody gets a page that somebody has; contiguous memory is contiguous; a reserved range takes one mapping after
// another.
FILM(pages_and_mappings_on_all_processors, "another had pages, too", "alone")
{
    LONG holders = 0;
    auto enter = [&] {
        film.went(__atomic_fetch_add(&holders, 1, __ATOMIC_SEQ_CST) ? "another had pages, too" : "alone");
    };
    auto leave = [&] { __atomic_sub_fetch(&holders, 1, __ATOMIC_SEQ_CST); };
    constexpr SIZE_T kPage = hal::kPageSize;
    for (int t = 0; t < 2; ++t)
        film.thread([&, t] {
            for (int i = 0; i < 3; ++i) {
                film.linger(film.draw(6));
                auto* block = reinterpret_cast<char*>(
                    film.call("MmAllocateContiguousMemory", SIZE_T { 2 * kPage }, ~uint64_t { 0 }));
                ASSERT_NE(block, nullptr);
                enter();
                std::memset(block, 'a' + t, 2 * kPage);
                EXPECT_EQ(film.call("MmGetPhysicalAddress", block) + kPage,
                          film.call("MmGetPhysicalAddress", block + kPage));
                auto* mdl = reinterpret_cast<MDL*>(film.call("MmAllocatePagesForMdl", uint64_t { 0 }, ~uint64_t { 0 },
                                                             uint64_t { 0 }, SIZE_T { 3 * kPage }));
                ASSERT_NE(mdl, nullptr);
                auto* mapped = reinterpret_cast<char*>(film.call("MmMapLockedPagesSpecifyCache", mdl,
                                                                 KPROCESSOR_MODE { KernelMode }, MmCached, nullptr, 0u,
                                                                 ULONG { NormalPagePriority }));
                ASSERT_NE(mapped, nullptr);
                EXPECT_TRUE(is_filled(mapped, 0, 3 * kPage)) << "pages of an MDL are zeroed";
                std::memset(mapped, 'A' + t, 3 * kPage);
                film.linger(film.draw(6));
                EXPECT_TRUE(is_filled(block, static_cast<char>('a' + t), 2 * kPage));
                EXPECT_TRUE(is_filled(mapped, static_cast<char>('A' + t), 3 * kPage));
                leave();
                film.call("MmUnmapLockedPages", mapped, mdl);
                film.call("MmFreePagesFromMdl", mdl);
                film.call("ExFreePool", mdl);
                film.call("MmFreeContiguousMemory", block);
            }
        });
    film.thread([&] {
        auto* range = reinterpret_cast<char*>(film.call("MmAllocateMappingAddress", SIZE_T { 2 * kPage }, kTag));
        ASSERT_NE(range, nullptr);
        auto* buffer = static_cast<char*>(film.bytes(2 * kPage));
        for (int i = 0; i < 3; ++i) {
            film.linger(film.draw(10));
            std::memset(buffer, 'x' + i, 2 * kPage);
            auto* mdl = reinterpret_cast<MDL*>(
                film.call("IoAllocateMdl", buffer, ULONG { kPage }, BOOLEAN { FALSE }, BOOLEAN { FALSE }, nullptr));
            film.call("MmProbeAndLockPages", mdl, KPROCESSOR_MODE { KernelMode }, IoWriteAccess);
            auto* mapped = reinterpret_cast<char*>(
                film.call("MmMapLockedPagesWithReservedMapping", range, kTag, mdl, MmCached));
            ASSERT_NE(mapped, nullptr);
            EXPECT_EQ(reinterpret_cast<uintptr_t>(mapped) & ~(kPage - 1), reinterpret_cast<uintptr_t>(range));
            enter();
            film.linger(film.draw(6));
            EXPECT_TRUE(is_filled(mapped, static_cast<char>('x' + i), kPage));
            leave();
            film.call("MmUnmapReservedMapping", range, kTag, mdl);
            film.call("MmUnlockPages", mdl);
            film.call("IoFreeMdl", mdl);
        }
        film.call("MmFreeMappingAddress", range, kTag);
    });
    film.join();
}
