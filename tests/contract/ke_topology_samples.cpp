// SPDX-License-Identifier: MIT
// Processors, groups, nodes. The samples' machine has two processors in one group.
#include "contract.h"

#include "ke/kernel.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(KeQueryActiveProcessors) { at.returns(KAFFINITY { 3 }); }
SAMPLE(KeQueryActiveProcessorCount)
{
    auto& mask = at.object<KAFFINITY>();
    at.returns(ULONG { 2 }, &mask);
    EXPECT_EQ(mask, 3u);
    at.returns(ULONG { 2 }, nullptr);
}
SAMPLE(KeQueryActiveProcessorCountEx)
{
    at.returns(ULONG { 2 }, USHORT { 0 });
    at.returns(ULONG { 2 }, USHORT { 0xFFFF });
    at.returns(ULONG { 0 }, USHORT { 1 });
}
SAMPLE(KeQueryMaximumProcessorCount) { at.returns(ULONG { 2 }); }
SAMPLE(KeQueryMaximumProcessorCountEx)
{
    at.returns(ULONG { 2 }, USHORT { 0xFFFF });
    at.returns(ULONG { 0 }, USHORT { 1 });
}
SAMPLE(KeQueryActiveGroupCount) { at.returns(USHORT { 1 }); }
SAMPLE(KeQueryMaximumGroupCount) { at.returns(USHORT { 1 }); }
SAMPLE(KeQueryGroupAffinity)
{
    at.returns(KAFFINITY { 3 }, USHORT { 0 });
    at.returns(KAFFINITY { 0 }, USHORT { 1 });
}
SAMPLE(KeGetCurrentProcessorNumberEx)
{
    auto& number = at.object<PROCESSOR_NUMBER>();
    ke::kernel().set_affinity(ke::kernel().current(), 2);
    number.Group = 7;
    at.returns(ULONG { 1 }, &number);
    EXPECT_EQ(number.Group, 0);
    EXPECT_EQ(number.Number, 1);
}
SAMPLE(KeGetProcessorNumberFromIndex)
{
    auto& number = at.object<PROCESSOR_NUMBER>();
    at.status(STATUS_SUCCESS, ULONG { 1 }, &number);
    EXPECT_EQ(number.Number, 1);
    at.status(STATUS_INVALID_PARAMETER, ULONG { 2 }, &number);
}
SAMPLE(KeGetProcessorIndexFromNumber)
{
    auto& number = at.object<PROCESSOR_NUMBER>();
    number.Number = 1;
    at.returns(ULONG { 1 }, &number);
    number.Group = 1;
    at.returns(~ULONG { 0 }, &number); // INVALID_PROCESSOR_INDEX
}
SAMPLE_OF_NOTHING(KeQueryHighestNodeNumber, "there is one node, number 0") { at.returns(USHORT { 0 }); }
SAMPLE_OF_NOTHING(KeGetCurrentNodeNumber, "there is one node, number 0") { at.returns(USHORT { 0 }); }
SAMPLE(KeQueryNodeMaximumProcessorCount)
{
    at.returns(USHORT { 2 }, USHORT { 0 });
    at.returns(USHORT { 0 }, USHORT { 1 });
}
SAMPLE(KeQueryNodeActiveAffinity)
{
    auto& affinity = at.object<GROUP_AFFINITY>();
    auto& count = at.object<USHORT>();
    at.call(USHORT { 0 }, &affinity, &count);
    EXPECT_EQ(affinity.Mask, 3u);
    EXPECT_EQ(count, 2u);
    at.call(USHORT { 0 }, nullptr, nullptr);
}
SAMPLE(KeGetRecommendedSharedDataAlignment) { at.returns(ULONG { 64 }); }
SAMPLE(KeQueryLogicalProcessorRelationship)
{
    auto& length = at.object<ULONG>();
    auto& number = at.object<PROCESSOR_NUMBER>();
    auto& record = at.object<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX>();
    at.status(STATUS_INFO_LENGTH_MISMATCH, nullptr, RelationProcessorPackage, nullptr, &length);
    EXPECT_EQ(length, 0x30u);
    at.status(STATUS_SUCCESS, nullptr, RelationProcessorPackage, &record, &length);
    EXPECT_EQ(record.Processor.GroupMask[0].Mask, 3u);
    number.Number = 2;
    at.status(STATUS_INVALID_PARAMETER, &number, RelationProcessorPackage, &record, &length);
}
SAMPLE(KeSetHardwareCounterConfiguration)
{
    auto& counter = at.object<HARDWARE_COUNTER>();
    at.status(STATUS_SUCCESS, &counter, ULONG { 1 });
    EXPECT_EQ(ke::kernel().hardware_counters().count, 1u);
    at.status(STATUS_INVALID_PARAMETER, &counter, ULONG { MAX_HW_COUNTERS } + 1);
}
SAMPLE(KeQueryHardwareCounterConfiguration)
{
    auto& counter = at.object<HARDWARE_COUNTER>();
    auto& count = at.object<ULONG>();
    ke::kernel().hardware_counters().count = 1;
    ke::kernel().hardware_counters().counters[0].Index = 9;
    at.status(STATUS_BUFFER_TOO_SMALL, &counter, ULONG { 0 }, &count);
    EXPECT_EQ(count, 1u);
    at.status(STATUS_SUCCESS, &counter, ULONG { 1 }, &count);
    EXPECT_EQ(counter.Index, 9u);
}
