// SPDX-License-Identifier: MIT
// Lookaside lists, sequenced lists, interlocked lists, rundown protection, and the small services.
#include "ex/lookaside.h"
#include "ex/pool_ddi.h"
#include "ex/rundown.h"
#include "ex/slist.h"
#include "ex/system_time.h"
#include "ke/dispatcher_objects.h"
#include "../mm/memory_machine.h"

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;
using test::raised;

namespace {
constexpr ULONG kTag = 'tseT';
NTAPI void* pool_stub(POOL_TYPE type, SIZE_T bytes, ULONG tag) { return ex::ExAllocatePoolWithTag(type, bytes, tag); }
NTAPI void free_stub(PVOID block) { ex::ExFreePool(block); }
void* stub(char const* name)
{
    bool const free = std::string(name) == "ExFreePool";
    return free ? reinterpret_cast<void*>(&free_stub) : reinterpret_cast<void*>(&pool_stub);
}
int g_allocated, g_freed;
NTAPI PVOID own_allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag, LOOKASIDE_LIST_EX* list)
{
    EXPECT_EQ(list->L.Tag, tag);
    ++g_allocated;
    return ex::ExAllocatePoolWithTag(type, bytes, tag);
}
NTAPI void own_free(PVOID block, LOOKASIDE_LIST_EX*)
{
    ++g_freed;
    ex::ExFreePool(block);
}
}

// The bytes that inline code in drivers reads.
TEST(ex_slist, layout_and_order)
{
    MemoryMachine machine;
    alignas(16) SLIST_HEADER head;
    alignas(16) SLIST_ENTRY entries[3] {};
    ex::InitializeSListHead(&head);
    EXPECT_EQ(ex::ExpInterlockedPopEntrySList(&head), nullptr);
    EXPECT_EQ(ex::ExpInterlockedPushEntrySList(&head, &entries[0]), nullptr);
    EXPECT_EQ(ex::ExpInterlockedPushEntrySList(&head, &entries[1]), &entries[0]);
    EXPECT_EQ(ex::ExpInterlockedPushEntrySList(&head, &entries[2]), &entries[1]);
    EXPECT_EQ(head.Alignment & 0xFFFF, 3u);
    EXPECT_EQ(head.Region & ~15ull, reinterpret_cast<uint64_t>(&entries[2]));
    EXPECT_EQ(ex::FirstEntrySList(&head), &entries[2]);
    EXPECT_EQ(ex::ExpInterlockedPopEntrySList(&head), &entries[2]);
    EXPECT_EQ(ex::ExQueryDepthSList(&head), 2u);
    EXPECT_EQ(ex::ExpInterlockedFlushSList(&head), &entries[1]);
    EXPECT_EQ(entries[1].Next, &entries[0]);
    EXPECT_EQ(ex::ExQueryDepthSList(&head), 0u);
    machine.run_system([&] {
        auto* odd = reinterpret_cast<SLIST_HEADER*>(reinterpret_cast<char*>(&head) + 8);
        EXPECT_EQ(raised([&] { ex::InitializeSListHead(odd); }), STATUS_DATATYPE_MISALIGNMENT);
    });
}

// Two processors' threads push and pop under one spin lock.
TEST(ex_interlocked, lists_under_a_lock)
{
    MemoryMachine machine({ .seed = 3, .mean_steps = 2 });
    auto& head = machine.object<LIST_ENTRY>();
    auto& lock = machine.object<KSPIN_LOCK>();
    head.Flink = head.Blink = &head;
    int taken = 0;
    for (int t = 0; t < 4; ++t)
        machine.thread([&] {
            for (int i = 0; i < 50; ++i) {
                auto& entry = machine.object<LIST_ENTRY>();
                (i % 2 ? ex::ExInterlockedInsertHeadList : ex::ExInterlockedInsertTailList)(&head, &entry, &lock);
                ke::kernel().schedule_point();
                taken += ex::ExInterlockedRemoveHeadList(&head, &lock) != nullptr;
            }
        });
    EXPECT_EQ(machine.run(), ke::Stop::Quiet);
    EXPECT_EQ(taken, 200);
    EXPECT_EQ(head.Flink, &head);
    EXPECT_EQ(lock, 0u);
    LARGE_INTEGER sum { .QuadPart = 0xFFFFFFFF };
    machine.run_system([&] {
        EXPECT_EQ(ex::ExInterlockedAddLargeInteger(&sum, { .QuadPart = 1 }, &lock).QuadPart, 0xFFFFFFFF);
    });
    EXPECT_EQ(sum.QuadPart, 0x100000000);
}

// A list's life.
// Shows: up to its depth it keeps what is freed; deleting frees that; until then it is counted.
TEST(ex_lookaside, keeps_and_frees)
{
    MemoryMachine machine;
    ex::g_stub = stub;
    auto& list = machine.object<NPAGED_LOOKASIDE_LIST>();
    machine.run_system([&] {
        ex::ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 100, kTag, 0);
        EXPECT_EQ(reinterpret_cast<void*>(list.L.Allocate), reinterpret_cast<void*>(&pool_stub));
        EXPECT_EQ(machine.executive.residue().lookaside_lists, 1u);
        PVOID entries[6];
        for (auto& entry : entries)
            entry = ex::ExAllocateFromNPagedLookasideList(&list);
        for (auto* entry : entries)
            ex::ExFreeToNPagedLookasideList(&list, entry);
        EXPECT_EQ(ex::ExQueryDepthSList(&list.L.ListHead), 4u);
        EXPECT_EQ(list.L.TotalFrees, 6u);
        EXPECT_EQ(list.L.FreeMisses, 2u);
        EXPECT_EQ(ex::driver_blocks(), 4u);
        ex::ExDeleteNPagedLookasideList(&list);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.executive.residue(), ex::Residue {});
}

// The driver's own routines, which get the list itself.
TEST(ex_lookaside, own_routines)
{
    MemoryMachine machine;
    ex::g_stub = stub;
    g_allocated = g_freed = 0;
    auto& list = machine.object<LOOKASIDE_LIST_EX>();
    machine.run_system([&] {
        EXPECT_EQ(ex::ExInitializeLookasideListEx(&list, nullptr, nullptr, MaxPoolType, 0, 8, kTag, 0),
                  STATUS_INVALID_PARAMETER_4);
        EXPECT_EQ(ex::ExInitializeLookasideListEx(&list, nullptr, nullptr, PagedPool, 3, 8, kTag, 0),
                  STATUS_INVALID_PARAMETER_5);
        EXPECT_EQ(ex::ExInitializeLookasideListEx(&list, own_allocate, own_free, PagedPool,
                                                  EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, 8, kTag, 0),
                  STATUS_SUCCESS);
        EXPECT_EQ(list.L.Type, PagedPool | int(POOL_RAISE_IF_ALLOCATION_FAILURE));
        PVOID entry = ex::ExAllocateFromLookasideListEx(&list);
        ex::ExFreeToLookasideListEx(&list, entry);
        EXPECT_EQ(ex::ExAllocateFromLookasideListEx(&list), entry);
        ex::ExFreeToLookasideListEx(&list, entry);
        ex::ExFlushLookasideListEx(&list);
        ex::ExDeleteLookasideListEx(&list);
    });
    EXPECT_EQ(g_allocated, 1);
    EXPECT_EQ(g_freed, 1);
    EXPECT_EQ(machine.executive.residue(), ex::Residue {});
}

// An object is run down while two threads use it.
// Shows: the owner waits for both; nobody gets in afterwards; reinitialized it can be used again.
TEST(ex_rundown, waits_for_holders)
{
    MemoryMachine machine;
    auto& reference = machine.object<EX_RUNDOWN_REF>();
    ex::ExInitializeRundownProtection(&reference);
    int inside = 0;
    bool down = false;
    for (int t = 0; t < 2; ++t)
        machine.thread([&] {
            ASSERT_TRUE(ex::ExAcquireRundownProtection(&reference));
            ++inside;
            LARGE_INTEGER pause { .QuadPart = -1000 };
            ke::KeDelayExecutionThread(KernelMode, FALSE, &pause);
            EXPECT_FALSE(down);
            EXPECT_FALSE(ex::ExAcquireRundownProtection(&reference));
            --inside;
            ex::ExReleaseRundownProtection(&reference);
        });
    machine.thread([&] {
        LARGE_INTEGER pause { .QuadPart = -500 };
        ke::KeDelayExecutionThread(KernelMode, FALSE, &pause);
        EXPECT_EQ(inside, 2);
        ex::ExWaitForRundownProtectionRelease(&reference);
        down = true;
        EXPECT_EQ(inside, 0);
        ex::ExWaitForRundownProtectionRelease(&reference);
        ex::ExReInitializeRundownProtection(&reference);
        EXPECT_TRUE(ex::ExAcquireRundownProtectionEx(&reference, 3));
        ex::ExReleaseRundownProtectionEx(&reference, 3);
        EXPECT_EQ(reference.Count, 0u);
    });
    EXPECT_EQ(machine.run(), ke::Stop::Quiet);
    EXPECT_TRUE(down);
}

// Identifiers come from the seed.
TEST(ex_services, uuid_and_resolution)
{
    auto uuid = [](uint64_t seed) {
        MemoryMachine machine({ .seed = seed });
        GUID made;
        ex::ExUuidCreate(&made);
        EXPECT_EQ(made.Data3 >> 12, 4);
        EXPECT_EQ(made.Data4[0] >> 6, 2);
        return std::string(reinterpret_cast<char*>(&made), sizeof made);
    };
    EXPECT_EQ(uuid(1), uuid(1));
    EXPECT_NE(uuid(1), uuid(2));

    MemoryMachine machine;
    EXPECT_EQ(ex::ExSetTimerResolution(10'000, TRUE), 10'000u);
    EXPECT_EQ(ex::ExSetTimerResolution(50'000, TRUE), 10'000u);
    EXPECT_EQ(ex::ExSetTimerResolution(0, FALSE), 10'000u);
    EXPECT_EQ(ex::ExSetTimerResolution(0, FALSE), 156'250u);
}
