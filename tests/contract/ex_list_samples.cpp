// SPDX-License-Identifier: MIT
// Interlocked lists and rundown protection.
#include "contract.h"

#include "ex/rundown.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

LIST_ENTRY& list(At& at)
{
    auto& head = at.object<LIST_ENTRY>();
    head.Flink = head.Blink = &head;
    return head;
}

constexpr uint64_t kHolder = 2; // what one holder adds to the word
constexpr uint64_t kOver = 1;

} // namespace

SAMPLE(ExInterlockedInsertHeadList)
{
    auto& head = list(at);
    auto& a = at.object<LIST_ENTRY>();
    auto& b = at.object<LIST_ENTRY>();
    auto& lock = at.object<KSPIN_LOCK>();
    at.returns(PVOID { nullptr }, &head, &a, &lock);
    at.returns(&a, &head, &b, &lock);
    EXPECT_EQ(head.Flink, &b);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(ExInterlockedInsertTailList)
{
    auto& head = list(at);
    auto& a = at.object<LIST_ENTRY>();
    auto& b = at.object<LIST_ENTRY>();
    auto& lock = at.object<KSPIN_LOCK>();
    at.returns(PVOID { nullptr }, &head, &a, &lock);
    at.returns(&a, &head, &b, &lock);
    EXPECT_EQ(head.Blink, &b);
}

SAMPLE(ExInterlockedRemoveHeadList)
{
    auto& head = list(at);
    auto& a = at.object<LIST_ENTRY>();
    auto& lock = at.object<KSPIN_LOCK>();
    at.also("ExInterlockedInsertTailList", &head, &a, &lock);
    at.returns(&a, &head, &lock);
    at.returns(PVOID { nullptr }, &head, &lock);
}

SAMPLE(ExInterlockedPushEntryList)
{
    auto& head = at.object<SINGLE_LIST_ENTRY>();
    auto& a = at.object<SINGLE_LIST_ENTRY>();
    auto& b = at.object<SINGLE_LIST_ENTRY>();
    auto& lock = at.object<KSPIN_LOCK>();
    at.returns(PVOID { nullptr }, &head, &a, &lock);
    at.returns(&a, &head, &b, &lock);
    EXPECT_EQ(head.Next, &b);
}

SAMPLE(ExInterlockedPopEntryList)
{
    auto& head = at.object<SINGLE_LIST_ENTRY>();
    auto& a = at.object<SINGLE_LIST_ENTRY>();
    auto& lock = at.object<KSPIN_LOCK>();
    head.Next = &a;
    at.returns(&a, &head, &lock);
    at.returns(PVOID { nullptr }, &head, &lock);
}

SAMPLE(ExInterlockedAddLargeInteger)
{
    auto& number = at.object<LARGE_INTEGER>();
    auto& lock = at.object<KSPIN_LOCK>();
    number.QuadPart = 40;
    at.returns(LONGLONG { 40 }, &number, LONGLONG { -50 }, &lock);
    EXPECT_EQ(number.QuadPart, -10);
}

SAMPLE(ExInterlockedAddUlong)
{
    auto& number = at.object<ULONG>();
    auto& lock = at.object<KSPIN_LOCK>();
    number = 40;
    at.returns(ULONG { 40 }, &number, 2, &lock);
    EXPECT_EQ(number, 42u);
}

SAMPLE(InitializeSListHead)
{
    auto& head = at.object<SLIST_HEADER>();
    std::memset(&head, 0xFF, sizeof head);
    at.call(&head);
    EXPECT_EQ(at.also("ExpInterlockedPopEntrySList", &head), 0u);
}

SAMPLE(ExpInterlockedPushEntrySList)
{
    auto& head = at.object<SLIST_HEADER>();
    auto& a = at.object<SLIST_ENTRY>();
    auto& b = at.object<SLIST_ENTRY>();
    at.returns(PVOID { nullptr }, &head, &a);
    at.returns(&a, &head, &b);
    EXPECT_EQ(b.Next, &a);
}

SAMPLE(ExpInterlockedPopEntrySList)
{
    auto& head = at.object<SLIST_HEADER>();
    auto& a = at.object<SLIST_ENTRY>();
    at.also("ExpInterlockedPushEntrySList", &head, &a);
    at.returns(&a, &head);
    at.returns(PVOID { nullptr }, &head);
}

SAMPLE(ExpInterlockedFlushSList)
{
    auto& head = at.object<SLIST_HEADER>();
    auto& a = at.object<SLIST_ENTRY>();
    auto& b = at.object<SLIST_ENTRY>();
    at.also("ExpInterlockedPushEntrySList", &head, &a);
    at.also("ExpInterlockedPushEntrySList", &head, &b);
    at.returns(&b, &head);
    at.returns(PVOID { nullptr }, &head);
}

SAMPLE(FirstEntrySList)
{
    auto& head = at.object<SLIST_HEADER>();
    auto& a = at.object<SLIST_ENTRY>();
    at.also("ExpInterlockedPushEntrySList", &head, &a);
    at.returns(&a, &head);
}

SAMPLE(ExQueryDepthSList)
{
    auto& head = at.object<SLIST_HEADER>();
    at.returns(USHORT { 0 }, &head);
    at.also("ExpInterlockedPushEntrySList", &head, &at.object<SLIST_ENTRY>());
    at.also("ExpInterlockedPushEntrySList", &head, &at.object<SLIST_ENTRY>());
    at.returns(USHORT { 2 }, &head);
}

// --- Rundown protection, plain and cache-aware: the latter's word has the same meaning ---

#define RINGSIDE_RUNDOWN(suffix)                                                                                       \
    SAMPLE(ExReInitializeRundownProtection##suffix)                                                                    \
    {                                                                                                                  \
        auto& word = at.object<uint64_t>();                                                                            \
        word = kOver;                                                                                                  \
        at.call(&word);                                                                                                \
        EXPECT_EQ(word, 0u);                                                                                           \
    }                                                                                                                  \
    SAMPLE(ExAcquireRundownProtection##suffix)                                                                         \
    {                                                                                                                  \
        auto& word = at.object<uint64_t>();                                                                            \
        at.returns(BOOLEAN { TRUE }, &word);                                                                           \
        EXPECT_EQ(word, kHolder);                                                                                      \
        word = kOver;                                                                                                  \
        at.returns(BOOLEAN { FALSE }, &word);                                                                          \
    }                                                                                                                  \
    SAMPLE(ExReleaseRundownProtection##suffix)                                                                         \
    {                                                                                                                  \
        auto& word = at.object<uint64_t>();                                                                            \
        word = 3 * kHolder;                                                                                            \
        at.call(&word);                                                                                                \
        EXPECT_EQ(word, 2 * kHolder);                                                                                  \
    }                                                                                                                  \
    SAMPLE(ExWaitForRundownProtectionRelease##suffix)                                                                  \
    {                                                                                                                  \
        auto& word = at.object<uint64_t>();                                                                            \
        at.call(&word);                                                                                                \
        EXPECT_EQ(word, kOver);                                                                                        \
        at.call(&word);                                                                                                \
        EXPECT_EQ(word, kOver);                                                                                        \
    }                                                                                                                  \
    SAMPLE(ExRundownCompleted##suffix)                                                                                 \
    {                                                                                                                  \
        auto& word = at.object<uint64_t>();                                                                            \
        at.call(&word);                                                                                                \
        EXPECT_EQ(word, kOver);                                                                                        \
    }
RINGSIDE_RUNDOWN()
RINGSIDE_RUNDOWN(CacheAware)
#undef RINGSIDE_RUNDOWN

SAMPLE(ExInitializeRundownProtection)
{
    auto& word = at.object<uint64_t>();
    word = 77;
    at.call(&word);
    EXPECT_EQ(word, 0u);
}

SAMPLE(ExInitializeRundownProtectionCacheAware)
{
    auto& word = at.object<uint64_t>();
    word = 77;
    at.call(&word, SIZE_T { 8 });
    EXPECT_EQ(word, 0u);
}

SAMPLE(ExAcquireRundownProtectionEx)
{
    auto& word = at.object<uint64_t>();
    at.returns(BOOLEAN { TRUE }, &word, 3);
    EXPECT_EQ(word, 3 * kHolder);
}

SAMPLE(ExReleaseRundownProtectionEx)
{
    auto& word = at.object<uint64_t>();
    word = 3 * kHolder;
    at.call(&word, 3);
    EXPECT_EQ(word, 0u);
}

SAMPLE(ExAcquireRundownProtectionCacheAwareEx)
{
    auto& word = at.object<uint64_t>();
    at.returns(BOOLEAN { TRUE }, &word, 3);
    EXPECT_EQ(word, 3 * kHolder);
}

SAMPLE(ExReleaseRundownProtectionCacheAwareEx)
{
    auto& word = at.object<uint64_t>();
    word = 3 * kHolder;
    at.call(&word, 3);
    EXPECT_EQ(word, 0u);
}

SAMPLE(ExSizeOfRundownProtectionCacheAware) { at.returns(sizeof(ex::EX_RUNDOWN_REF_CACHE_AWARE)); }

SAMPLE(ExAllocateCacheAwareRundownProtection)
{
    auto const made = at.call(NonPagedPoolNx, 'lpmS');
    EXPECT_TRUE(ex::is_block(reinterpret_cast<PVOID>(made)));
}

SAMPLE(ExFreeCacheAwareRundownProtection)
{
    auto const made = at.also("ExAllocateCacheAwareRundownProtection", NonPagedPoolNx, 'lpmS');
    at.call(made);
    EXPECT_FALSE(ex::is_block(reinterpret_cast<PVOID>(made)));
}
