// SPDX-License-Identifier: MIT
// One-time initialization, heaps, firmware.
#include "contract.h"

#include "ex/firmware.h"
#include "ex/heap.h"
#include "ex/run_once.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::ex;

namespace {
int g_initializations = 0;

ULONG NTAPI initialize(RTL_RUN_ONCE*, PVOID parameter, PVOID* context)
{
    ++g_initializations;
    *context = parameter;
    return parameter != nullptr;
}

PVOID heap_of(At& at, ULONG flags, SIZE_T reserve = 0)
{
    return reinterpret_cast<PVOID>(at.also("RtlCreateHeap", flags, nullptr, reserve, SIZE_T { 0 }, nullptr, nullptr));
}

GUID const kVendor { 0x1234, 5, 6, { 7 } };
GUID const kGlobal { 0x8BE4DF61, 0x93CA, 0x11D2, { 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C } };
} // namespace

SAMPLE(RtlRunOnceInitialize)
{
    auto& once = at.object<RTL_RUN_ONCE>();
    once.Ptr = &once;
    at.call(&once);
    EXPECT_EQ(once.Ptr, nullptr);
}

SAMPLE(RtlRunOnceExecuteOnce)
{
    auto& once = at.object<RTL_RUN_ONCE>();
    auto& context = at.object<PVOID>();
    g_initializations = 0;
    at.status(STATUS_UNSUCCESSFUL, &once, &initialize, nullptr, &context);
    EXPECT_EQ(once.Ptr, nullptr) << "the routine failed: another may try";
    auto& value = at.object<ULONG64>();
    at.status(STATUS_SUCCESS, &once, &initialize, &value, &context);
    EXPECT_EQ(context, &value);
    context = nullptr;
    at.status(STATUS_SUCCESS, &once, &initialize, nullptr, &context);
    EXPECT_EQ(context, &value) << "what the first made";
    EXPECT_EQ(g_initializations, 2);
    at.status(STATUS_SUCCESS, &once, &initialize, nullptr, nullptr);
}

SAMPLE(RtlRunOnceBeginInitialize)
{
    auto& once = at.object<RTL_RUN_ONCE>();
    auto& context = at.object<PVOID>();
    at.status(STATUS_UNSUCCESSFUL, &once, RTL_RUN_ONCE_CHECK_ONLY, &context);
    at.status(STATUS_INVALID_PARAMETER_2, &once, 8, &context);
    at.status(STATUS_INVALID_PARAMETER_2, &once, RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC, &context);
    at.status(STATUS_PENDING, &once, 0, &context);
    at.status(STATUS_INVALID_PARAMETER_2, &once, RTL_RUN_ONCE_ASYNC, &context);
    at.also("RtlRunOnceComplete", &once, 0, reinterpret_cast<PVOID>(0x1000));
    at.status(STATUS_SUCCESS, &once, RTL_RUN_ONCE_CHECK_ONLY, &context);
    EXPECT_EQ(context, reinterpret_cast<PVOID>(0x1000));
    auto& parallel = at.object<RTL_RUN_ONCE>();
    at.status(STATUS_PENDING, &parallel, RTL_RUN_ONCE_ASYNC, &context);
    at.status(STATUS_PENDING, &parallel, RTL_RUN_ONCE_ASYNC, &context);
}

SAMPLE(RtlRunOnceComplete)
{
    auto& once = at.object<RTL_RUN_ONCE>();
    auto& context = at.object<PVOID>();
    PVOID const made = reinterpret_cast<PVOID>(0x2000);
    at.status(STATUS_UNSUCCESSFUL, &once, 0, made);
    at.also("RtlRunOnceBeginInitialize", &once, 0, &context);
    at.status(STATUS_INVALID_PARAMETER_3, &once, 0, reinterpret_cast<PVOID>(0x2001));
    at.status(STATUS_INVALID_PARAMETER_3, &once, RTL_RUN_ONCE_INIT_FAILED, made);
    at.status(STATUS_INVALID_PARAMETER_2, &once, 8, made);
    at.status(STATUS_UNSUCCESSFUL, &once, RTL_RUN_ONCE_ASYNC, made);
    at.status(STATUS_SUCCESS, &once, RTL_RUN_ONCE_INIT_FAILED, nullptr);
    at.also("RtlRunOnceBeginInitialize", &once, RTL_RUN_ONCE_ASYNC, &context);
    at.status(STATUS_SUCCESS, &once, RTL_RUN_ONCE_ASYNC, made);
    EXPECT_EQ(once.Ptr, reinterpret_cast<PVOID>(0x2002));
    at.status(STATUS_UNSUCCESSFUL, &once, RTL_RUN_ONCE_ASYNC, made);
}

SAMPLE(RtlCreateHeap)
{
    PVOID const heap
        = reinterpret_cast<PVOID>(at.call(HEAP_GROWABLE, nullptr, SIZE_T { 0 }, SIZE_T { 0 }, nullptr, nullptr));
    EXPECT_TRUE(heap);
    at.returns(PVOID { nullptr }, HEAP_NO_SERIALIZE, nullptr, SIZE_T { 0 }, SIZE_T { 0 }, at.bytes(64), nullptr);
    PVOID const memory = at.bytes(8192);
    at.returns(memory, 0, memory, SIZE_T { 8192 }, SIZE_T { 0 }, nullptr, nullptr);
    auto inside = at.also("RtlAllocateHeap", memory, 0, SIZE_T { 100 });
    EXPECT_TRUE(inside > reinterpret_cast<uintptr_t>(memory)
                && inside + 100 <= reinterpret_cast<uintptr_t>(memory) + 8192);
    EXPECT_EQ(at.also("RtlAllocateHeap", memory, 0, SIZE_T { 8192 }), 0u);
    EXPECT_EQ(at.rooms().executive.residue().heaps, 2u);
}

SAMPLE(RtlDestroyHeap)
{
    PVOID const heap = heap_of(at, HEAP_GROWABLE);
    at.also("RtlAllocateHeap", heap, 0, SIZE_T { 100 });
    at.returns(PVOID { nullptr }, heap);
    EXPECT_EQ(at.rooms().executive.residue().heaps, 0u);
    EXPECT_EQ(at.rooms().executive.residue().pool_blocks, 0u) << "its blocks went with it";
    at.returns(heap, heap);
}

SAMPLE(RtlAllocateHeap)
{
    PVOID const heap = heap_of(at, 0, 2 * 4096);
    auto* block = reinterpret_cast<char*>(at.call(heap, HEAP_ZERO_MEMORY, SIZE_T { 4096 }));
    if (!block) {
        ADD_FAILURE() << "no block";
        return;
    }
    EXPECT_EQ(std::count(block, block + 4096, 0), 4096);
    at.returns(PVOID { nullptr }, heap, 0, SIZE_T { 4097 });
    at.raises(STATUS_NO_MEMORY, heap, HEAP_GENERATE_EXCEPTIONS, SIZE_T { 4097 });
    at.returns(PVOID { nullptr }, nullptr, 0, SIZE_T { 1 });
    PVOID const other = heap_of(at, HEAP_GROWABLE, 4096);
    EXPECT_TRUE(at.call(other, 0, SIZE_T { 1 << 20 })) << "it grows";
}

SAMPLE(RtlFreeHeap)
{
    PVOID const heap = heap_of(at, 0, 4096);
    auto const block = at.also("RtlAllocateHeap", heap, 0, SIZE_T { 4096 });
    at.returns(BOOLEAN { TRUE }, heap, 0, block);
    at.returns(BOOLEAN { FALSE }, heap, 0, block);
    at.returns(BOOLEAN { FALSE }, nullptr, 0, block);
    EXPECT_NE(at.also("RtlAllocateHeap", heap, 0, SIZE_T { 4096 }), 0u) << "there is room again";
}

SAMPLE(RtlSizeHeap)
{
    PVOID const heap = heap_of(at, HEAP_GROWABLE);
    auto const block = at.also("RtlAllocateHeap", heap, 0, SIZE_T { 100 });
    at.returns(SIZE_T { 100 }, heap, 0, block);
    at.returns(~SIZE_T { 0 }, heap, 0, nullptr);
}

SAMPLE(ExGetFirmwareEnvironmentVariable)
{
    auto& name = at.string(u"SecureBoot");
    auto& value = at.object<UCHAR>();
    value = 9;
    auto& length = at.object<ULONG>();
    auto& attributes = at.object<ULONG>();
    length = 1;
    at.status(STATUS_SUCCESS, &name, &kGlobal, &value, &length, &attributes);
    EXPECT_EQ(value, 0);
    EXPECT_EQ(attributes, 6u);
    length = 0;
    at.status(STATUS_BUFFER_TOO_SMALL, &name, &kGlobal, &value, &length, &attributes);
    EXPECT_EQ(length, 1u);
    at.status(STATUS_VARIABLE_NOT_FOUND, &name, &kVendor, &value, &length, nullptr);
    at.status(STATUS_INVALID_PARAMETER, nullptr, &kGlobal, &value, &length, nullptr);
    at.status(STATUS_INVALID_PARAMETER, &name, &kGlobal, &value, nullptr, nullptr);
}

SAMPLE(ExSetFirmwareEnvironmentVariable)
{
    auto& name = at.string(u"Mine");
    auto& value = at.object<ULONG>();
    value = 0x1234;
    at.status(STATUS_SUCCESS, &name, &kVendor, &value, 4, 7);
    at.status(STATUS_SUCCESS, &name, &kVendor, &value, 2, 7 | 0x40);
    auto& read = at.object<ULONG64>();
    auto& length = at.object<ULONG>();
    length = 8;
    at.also("ExGetFirmwareEnvironmentVariable", &name, &kVendor, &read, &length, nullptr);
    EXPECT_EQ(length, 6u);
    EXPECT_EQ(read, 0x1234'00001234u);
    at.status(STATUS_INVALID_PARAMETER, &name, &kVendor, &value, 4, 6); // not non-volatile
    at.status(STATUS_INVALID_PARAMETER, &name, &kVendor, &value, 4, 3); // other attributes than it has
    at.status(STATUS_SUCCESS, &name, &kVendor, nullptr, 0, 7);
    at.status(STATUS_VARIABLE_NOT_FOUND, &name, &kVendor, nullptr, 0, 7);
    auto& fixed = at.string(u"SecureBoot");
    at.status(STATUS_UNSUCCESSFUL, &fixed, &kGlobal, &value, 1, 7);
    at.status(STATUS_INSUFFICIENT_RESOURCES, &name, &kVendor, &value, 65537, 7);
}

SAMPLE(ExGetFirmwareType) { at.returns(ULONG { 2 }); }

SAMPLE_OF_NOTHING(ExIsSoftBoot, "the machine always boots through its firmware: FALSE")
{
    at.returns(BOOLEAN { FALSE });
}

SAMPLE(RtlQueryProcessPlaceholderCompatibilityMode)
{
    at.returns(CHAR { 0 });
    at.also("RtlSetProcessPlaceholderCompatibilityMode", CHAR { 2 });
    at.returns(CHAR { 2 });
}

SAMPLE(RtlSetProcessPlaceholderCompatibilityMode)
{
    at.returns(CHAR { 0 }, CHAR { 1 });
    at.returns(CHAR { 1 }, CHAR { 2 });
    at.returns(CHAR { -1 }, CHAR { 3 });
    at.returns(CHAR { 2 }, CHAR { 0 });
}

SAMPLE(ExAllocateCacheAwarePushLock)
{
    auto const lock = at.call();
    EXPECT_TRUE(lock && lock % 64 == 0);
    if (lock) {
        EXPECT_EQ(*reinterpret_cast<EX_PUSH_LOCK*>(lock), 0u);
    }
}

SAMPLE(ExFreeCacheAwarePushLock)
{
    auto const lock = at.also("ExAllocateCacheAwarePushLock");
    at.call(lock);
    EXPECT_FALSE(ex::is_block(reinterpret_cast<PVOID>(lock)));
}

SAMPLE(ExAcquireCacheAwarePushLockExclusive)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    at.call(&lock);
    EXPECT_EQ(lock, 1u);
}

SAMPLE(ExReleaseCacheAwarePushLockExclusive)
{
    auto& lock = at.object<EX_PUSH_LOCK>();
    lock = 1;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
    at.bug_checks(RESOURCE_NOT_OWNED, &lock);
}
