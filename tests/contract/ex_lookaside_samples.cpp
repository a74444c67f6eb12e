// SPDX-License-Identifier: MIT
// Lookaside lists: non-paged, paged, and the kind whose routines are told their list.
#include "contract.h"

#include "ex/pool_ddi.h"

#include <vector>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kTag = 'kooL';
constexpr SIZE_T kBytes = 100;
constexpr SIZE_T kTooMuch = 0x7000'0000; // more than the machine's memory
constexpr USHORT kKept = 4; // entries that a fresh list keeps

// --- A driver's own routines, and what they were asked for ---

struct Asked {
    POOL_TYPE type;
    SIZE_T bytes;
    ULONG tag;
    void* list;
};
std::vector<Asked> g_asked;
std::vector<void*> g_freed;
void* g_freed_of;
bool g_out_of_memory;

// The fourth argument comes with LOOKASIDE_LIST_EX alone.
PVOID NTAPI own_allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag, PVOID list)
{
    g_asked.push_back({ type, bytes, tag, list });
    return g_out_of_memory ? nullptr : ex::ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag);
}
void NTAPI own_free(PVOID entry, PVOID list)
{
    g_freed.push_back(entry);
    g_freed_of = list;
    ex::ExFreePool(entry);
}

// --- What is common to the three kinds ---

struct Kind {
    char const* initialize;
    char const* allocate;
    char const* free;
    char const* remove;
    POOL_TYPE pool;
};
Kind kind_of(NPAGED_LOOKASIDE_LIST const&)
{
    return { "ExInitializeNPagedLookasideList", "ExAllocateFromNPagedLookasideList", "ExFreeToNPagedLookasideList",
             "ExDeleteNPagedLookasideList", NonPagedPool };
}
Kind kind_of(PAGED_LOOKASIDE_LIST const&)
{
    return { "ExInitializePagedLookasideList", "ExAllocateFromPagedLookasideList", "ExFreeToPagedLookasideList",
             "ExDeletePagedLookasideList", PagedPool };
}
Kind kind_of(LOOKASIDE_LIST_EX const&)
{
    return { "ExInitializeLookasideListEx", "ExAllocateFromLookasideListEx", "ExFreeToLookasideListEx",
             "ExDeleteLookasideListEx", NonPagedPoolNx };
}

constexpr bool kOwnRoutines = true;

template <typename List>
void initialize(At& at, List& list, bool own = false, SIZE_T bytes = kBytes, bool raise = false)
{
    g_asked.clear();
    g_freed.clear();
    g_freed_of = nullptr;
    g_out_of_memory = false;
    auto* const allocate = own ? reinterpret_cast<void*>(&own_allocate) : nullptr;
    auto* const free = own ? reinterpret_cast<void*>(&own_free) : nullptr;
    char const* const name = kind_of(list).initialize;
    if constexpr (std::is_same_v<List, LOOKASIDE_LIST_EX>)
        at.also(name, &list, allocate, free, NonPagedPoolNx, ULONG { raise }, bytes, kTag, USHORT { 0 });
    else
        at.also(name, &list, allocate, free, raise ? POOL_RAISE_IF_ALLOCATION_FAILURE : ULONG { 0 }, bytes, kTag,
                USHORT { 0 });
}

template <typename List>
void* entry_of(At& at, List& list)
{
    return reinterpret_cast<void*>(at.also(kind_of(list).allocate, &list));
}
template <typename List>
void put_back(At& at, List& list, void* entry)
{
    at.also(kind_of(list).free, &list, entry);
}
size_t lists(At& at) { return at.rooms().executive.residue().lookaside_lists; }
bool is_live(void* entry) { return ex::is_block(entry); }

// Both routines are the system's, as its exports are called.
void uses_the_pool(At& at, GENERAL_LOOKASIDE_POOL const& list)
{
    EXPECT_EQ(reinterpret_cast<void*>(list.Allocate), at.rooms().exports.stub_for("ExAllocatePoolWithTag"));
    EXPECT_EQ(reinterpret_cast<void*>(list.Free), at.rooms().exports.stub_for("ExFreePool"));
}
GENERAL_LOOKASIDE_POOL& general(void* list) { return *static_cast<GENERAL_LOOKASIDE_POOL*>(list); }

// --- Allocating ---

template <typename List>
void allocates(At& at)
{
    auto& list = at.object<List>();
    initialize(at, list);
    auto* const entry = reinterpret_cast<void*>(at.call(&list));
    auto const block = ex::find_block(entry);
    ASSERT_TRUE(block) << "an empty list allocates";
    EXPECT_EQ(block->bytes, kBytes);
    EXPECT_EQ(block->tag, kTag);
    EXPECT_EQ(block->type, kind_of(list).pool);
    auto* const other = entry_of(at, list);
    put_back(at, list, entry);
    put_back(at, list, other);
    at.returns(other, &list); // the last one in is the first one out
    at.returns(entry, &list);
    auto& large = at.object<List>();
    initialize(at, large, false, kTooMuch);
    at.returns(PVOID { nullptr }, &large);
    auto& raising = at.object<List>();
    initialize(at, raising, false, kTooMuch, true);
    at.raises(STATUS_INSUFFICIENT_RESOURCES, &raising);
}

template <typename List>
void allocates_by_the_drivers_routine(At& at, ULONG more = 0)
{
    auto& list = at.object<List>();
    initialize(at, list, kOwnRoutines, kBytes, more != 0);
    auto* const entry = reinterpret_cast<void*>(at.call(&list));
    EXPECT_TRUE(is_live(entry));
    ASSERT_EQ(g_asked.size(), 1u);
    EXPECT_EQ(g_asked[0].type, static_cast<POOL_TYPE>(kind_of(list).pool | more));
    EXPECT_EQ(g_asked[0].bytes, kBytes);
    EXPECT_EQ(g_asked[0].tag, kTag);
    if (std::is_same_v<List, LOOKASIDE_LIST_EX>)
        EXPECT_EQ(g_asked[0].list, &list);
    put_back(at, list, entry);
    at.returns(entry, &list);
    EXPECT_EQ(g_asked.size(), 1u) << "what the list has needs no routine";
    g_out_of_memory = true;
    at.returns(PVOID { nullptr }, &list);
}

// --- Freeing ---

template <typename List>
void frees(At& at)
{
    auto& list = at.object<List>();
    initialize(at, list);
    void* entries[kKept + 1];
    for (auto*& entry : entries)
        entry = entry_of(at, list);
    for (auto* entry : entries)
        at.call(&list, entry);
    for (USHORT i = 0; i < kKept; ++i)
        EXPECT_TRUE(is_live(entries[i])) << "entry " << i << " is the list's";
    EXPECT_FALSE(is_live(entries[kKept])) << "a full list frees";
    EXPECT_EQ(entry_of(at, list), entries[kKept - 1]) << "an entry goes to the front";
}

template <typename List>
void frees_by_the_drivers_routine(At& at)
{
    auto& list = at.object<List>();
    initialize(at, list, kOwnRoutines);
    void* entries[kKept + 1];
    for (auto*& entry : entries)
        entry = entry_of(at, list);
    for (auto* entry : entries)
        at.call(&list, entry);
    EXPECT_EQ(g_freed, std::vector<void*> { entries[kKept] });
    if (std::is_same_v<List, LOOKASIDE_LIST_EX>)
        EXPECT_EQ(g_freed_of, &list);
}

template <typename List>
void deletes(At& at)
{
    auto& list = at.object<List>();
    initialize(at, list, kOwnRoutines);
    void* const entry = entry_of(at, list);
    void* const in_use = entry_of(at, list);
    put_back(at, list, entry);
    EXPECT_EQ(lists(at), 1u);
    at.call(&list);
    EXPECT_EQ(lists(at), 0u);
    EXPECT_EQ(g_freed, std::vector<void*> { entry });
    EXPECT_TRUE(is_live(in_use)) << "what the driver has is not the list's";
    at.bug_checks(KERNEL_SECURITY_CHECK_FAILURE, &list);
}

} // namespace

SAMPLE(ExInitializeNPagedLookasideList)
{
    auto& list = at.object<NPAGED_LOOKASIDE_LIST>();
    ULONG const flags = POOL_NX_ALLOCATION | POOL_RAISE_IF_ALLOCATION_FAILURE;
    at.call(&list, nullptr, nullptr, flags, kBytes, kTag, USHORT { 0 });
    EXPECT_EQ(static_cast<ULONG>(list.L.Type), ULONG { NonPagedPool } | flags);
    EXPECT_EQ(list.L.Size, kBytes);
    EXPECT_EQ(list.L.Tag, kTag);
    EXPECT_EQ(list.L.TotalAllocates, 0u);
    uses_the_pool(at, general(&list));
    EXPECT_EQ(ex::find_block(entry_of(at, list))->type, NonPagedPoolNx);
    EXPECT_EQ(lists(at), 1u);
    auto& own = at.object<NPAGED_LOOKASIDE_LIST>();
    at.call(&own, &own_allocate, &own_free, 0, SIZE_T { 1 }, kTag, USHORT { 0 });
    EXPECT_EQ(reinterpret_cast<void*>(own.L.Allocate), reinterpret_cast<void*>(&own_allocate));
    EXPECT_EQ(reinterpret_cast<void*>(own.L.Free), reinterpret_cast<void*>(&own_free));
    EXPECT_EQ(own.L.Size, LOOKASIDE_MINIMUM_BLOCK_SIZE) << "an entry holds at least the list's link";
    EXPECT_EQ(lists(at), 2u);
}

SAMPLE(ExInitializePagedLookasideList)
{
    auto& list = at.object<PAGED_LOOKASIDE_LIST>();
    at.call(&list, nullptr, nullptr, POOL_NX_ALLOCATION, kBytes, kTag, USHORT { 0 });
    EXPECT_EQ(list.L.Size, kBytes);
    EXPECT_EQ(list.L.Tag, kTag);
    uses_the_pool(at, general(&list));
    auto const block = ex::find_block(entry_of(at, list));
    ASSERT_TRUE(block);
    EXPECT_EQ(block->type, PagedPool) << "POOL_NX_ALLOCATION has no effect";
    EXPECT_EQ(lists(at), 1u);
    auto& raising = at.object<PAGED_LOOKASIDE_LIST>();
    at.call(&raising, &own_allocate, &own_free, POOL_RAISE_IF_ALLOCATION_FAILURE, kBytes, kTag, USHORT { 0 });
    EXPECT_EQ(static_cast<ULONG>(raising.L.Type), ULONG { PagedPool } | POOL_RAISE_IF_ALLOCATION_FAILURE);
    EXPECT_EQ(reinterpret_cast<void*>(raising.L.Allocate), reinterpret_cast<void*>(&own_allocate));
    EXPECT_EQ(reinterpret_cast<void*>(raising.L.Free), reinterpret_cast<void*>(&own_free));
}

SAMPLE(ExInitializeLookasideListEx)
{
    auto& list = at.object<LOOKASIDE_LIST_EX>();
    auto with = [&](NTSTATUS expected, POOL_TYPE type, ULONG flags) {
        at.status(expected, &list, &own_allocate, &own_free, type, flags, kBytes, kTag, USHORT { 0 });
    };
    at.status(STATUS_SUCCESS, &list, nullptr, nullptr, PagedPool, 0, kBytes, kTag, USHORT { 0 });
    EXPECT_EQ(list.L.Type, PagedPool);
    EXPECT_EQ(list.L.Size, kBytes);
    EXPECT_EQ(list.L.Tag, kTag);
    uses_the_pool(at, list.L);
    with(STATUS_SUCCESS, NonPagedPoolNx, EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL);
    EXPECT_EQ(static_cast<ULONG>(list.L.Type), ULONG { NonPagedPoolNx } | POOL_RAISE_IF_ALLOCATION_FAILURE);
    EXPECT_EQ(reinterpret_cast<void*>(list.L.AllocateEx), reinterpret_cast<void*>(&own_allocate));
    EXPECT_EQ(reinterpret_cast<void*>(list.L.FreeEx), reinterpret_cast<void*>(&own_free));
    with(STATUS_SUCCESS, NonPagedPoolNx, EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE);
    EXPECT_EQ(static_cast<ULONG>(list.L.Type), ULONG { NonPagedPoolNx } | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
    EXPECT_EQ(lists(at), 1u) << "the same list, made anew";
    with(STATUS_INVALID_PARAMETER_4, static_cast<POOL_TYPE>(3), 0); // DontUseThisType
    with(STATUS_INVALID_PARAMETER_4, static_cast<POOL_TYPE>(0x4000), 0);
    with(STATUS_INVALID_PARAMETER_5, NonPagedPoolNx, 4);
    with(STATUS_INVALID_PARAMETER_5, NonPagedPoolNx,
         EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE);
}

SAMPLE(ExAllocateFromNPagedLookasideList) { allocates<NPAGED_LOOKASIDE_LIST>(at); }
SAMPLE(ExAllocateFromPagedLookasideList) { allocates<PAGED_LOOKASIDE_LIST>(at); }
SAMPLE(ExAllocateFromLookasideListEx) { allocates<LOOKASIDE_LIST_EX>(at); }

SAMPLE_AS(ExAllocateFromNPagedLookasideList, routine) { allocates_by_the_drivers_routine<NPAGED_LOOKASIDE_LIST>(at); }
SAMPLE_AS(ExAllocateFromPagedLookasideList, routine) { allocates_by_the_drivers_routine<PAGED_LOOKASIDE_LIST>(at); }
SAMPLE_AS(ExAllocateFromLookasideListEx, routine)
{
    allocates_by_the_drivers_routine<LOOKASIDE_LIST_EX>(at, POOL_RAISE_IF_ALLOCATION_FAILURE);
}

SAMPLE(ExFreeToNPagedLookasideList) { frees<NPAGED_LOOKASIDE_LIST>(at); }
SAMPLE(ExFreeToPagedLookasideList) { frees<PAGED_LOOKASIDE_LIST>(at); }
SAMPLE(ExFreeToLookasideListEx) { frees<LOOKASIDE_LIST_EX>(at); }

SAMPLE_AS(ExFreeToNPagedLookasideList, routine) { frees_by_the_drivers_routine<NPAGED_LOOKASIDE_LIST>(at); }
SAMPLE_AS(ExFreeToPagedLookasideList, routine) { frees_by_the_drivers_routine<PAGED_LOOKASIDE_LIST>(at); }
SAMPLE_AS(ExFreeToLookasideListEx, routine) { frees_by_the_drivers_routine<LOOKASIDE_LIST_EX>(at); }

SAMPLE(ExDeleteNPagedLookasideList) { deletes<NPAGED_LOOKASIDE_LIST>(at); }
SAMPLE(ExDeletePagedLookasideList) { deletes<PAGED_LOOKASIDE_LIST>(at); }
SAMPLE(ExDeleteLookasideListEx) { deletes<LOOKASIDE_LIST_EX>(at); }

SAMPLE(ExFlushLookasideListEx)
{
    auto& list = at.object<LOOKASIDE_LIST_EX>();
    initialize(at, list, kOwnRoutines);
    void* const first = entry_of(at, list);
    void* const second = entry_of(at, list);
    put_back(at, list, first);
    put_back(at, list, second);
    at.call(&list);
    EXPECT_EQ(g_freed, (std::vector<void*> { second, first }));
    EXPECT_EQ(lists(at), 1u) << "the list stays";
    EXPECT_TRUE(entry_of(at, list));
    EXPECT_EQ(g_asked.size(), 3u) << "it was empty";
    g_freed.clear();
    at.call(&list);
    EXPECT_TRUE(g_freed.empty());
}
