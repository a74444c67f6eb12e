// SPDX-License-Identifier: MIT
// Processors, groups and nodes as a driver counts them.
#include "core.h"
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/topology.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

// Calls a service by its row, as a driver's import would.
template <typename... A>
uint64_t call(char const* name, A... arguments)
{
    for (Ddi const& row : ke::topology_rows())
        if (std::string_view(row.name) == name) {
            uint64_t slots[] = { contract::to_slot(arguments)..., 0 };
            return row.body.invoke(slots);
        }
    ADD_FAILURE() << name;
    return 0;
}

} // namespace

// Seven processors in three groups.
// Shows: groups of 3, 2 and 2; services without a group know group 0; numbers and indices convert both ways.
TEST(ke_topology, groups_and_nodes)
{
    Core core({ .processors = 7, .groups = 3 });
    core.thread([&] {
        EXPECT_EQ(call("KeQueryActiveGroupCount"), 3u);
        EXPECT_EQ(call("KeQueryMaximumGroupCount"), 3u);
        uint64_t const sizes[] = { 3, 2, 2, 0 }, masks[] = { 0b111, 0b11, 0b11, 0 };
        for (USHORT g = 0; g < 4; ++g) {
            EXPECT_EQ(call("KeQueryActiveProcessorCountEx", g), sizes[g]);
            EXPECT_EQ(call("KeQueryMaximumProcessorCountEx", g), sizes[g]);
            EXPECT_EQ(call("KeQueryGroupAffinity", g), masks[g]);
            EXPECT_EQ(call("KeQueryNodeMaximumProcessorCount", g), sizes[g]);
            GROUP_AFFINITY affinity { 9, 9, {} };
            USHORT count = 9;
            call("KeQueryNodeActiveAffinity", g, &affinity, &count);
            EXPECT_EQ(affinity.Mask, masks[g]);
            EXPECT_EQ(affinity.Group, g < 3 ? g : 0);
            EXPECT_EQ(count, sizes[g]);
        }
        EXPECT_EQ(call("KeQueryActiveProcessorCountEx", USHORT { 0xFFFF }), 7u);
        KAFFINITY active = 0;
        EXPECT_EQ(call("KeQueryActiveProcessorCount", &active), 3u);
        EXPECT_EQ(active, 0b111u);
        EXPECT_EQ(call("KeQueryActiveProcessors"), 0b111u);
        EXPECT_EQ(call("KeQueryMaximumProcessorCount"), 3u);
        EXPECT_EQ(call("KeQueryHighestNodeNumber"), 2u);
        std::vector<std::pair<int, int>> numbers;
        for (ULONG i = 0; i < 7; ++i) {
            PROCESSOR_NUMBER number { 9, 9, 9 };
            EXPECT_EQ(call("KeGetProcessorNumberFromIndex", i, &number), 0u);
            numbers.emplace_back(number.Group, number.Number);
            EXPECT_EQ(number.Reserved, 0);
            EXPECT_EQ(call("KeGetProcessorIndexFromNumber", &number), i);
            core.kernel.set_affinity(core.kernel.current(), uint64_t { 1 } << i);
            PROCESSOR_NUMBER now { 9, 9, 9 };
            EXPECT_EQ(call("KeGetCurrentProcessorNumberEx", &now), i);
            EXPECT_EQ(now.Group, number.Group);
            EXPECT_EQ(now.Number, number.Number);
            EXPECT_EQ(call("KeGetCurrentNodeNumber"), number.Group);
        }
        EXPECT_EQ(numbers,
                  (std::vector<std::pair<int, int>> {
                      { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 0 }, { 1, 1 }, { 2, 0 }, { 2, 1 } }));
        PROCESSOR_NUMBER none {};
        EXPECT_EQ(static_cast<NTSTATUS>(call("KeGetProcessorNumberFromIndex", ULONG { 7 }, &none)),
                  STATUS_INVALID_PARAMETER);
        for (PROCESSOR_NUMBER wrong : { PROCESSOR_NUMBER { 3, 0, 0 }, { 1, 2, 0 }, { 0, 0, 1 } })
            EXPECT_EQ(static_cast<uint32_t>(call("KeGetProcessorIndexFromNumber", &wrong)), 0xFFFFFFFFu);
        EXPECT_EQ(call("KeGetRecommendedSharedDataAlignment"), 64u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// Three processors in two groups; all relationships, those of one processor, too small a buffer, and wrong questions.
TEST(ke_topology, relationships)
{
    Core core({ .processors = 3, .groups = 2 });
    core.thread([&] {
        auto ask = [&](PROCESSOR_NUMBER* of, int32_t what, void* to, ULONG* length) {
            return static_cast<NTSTATUS>(call("KeQueryLogicalProcessorRelationship", of, what, to, length));
        };
        auto list = [&](PROCESSOR_NUMBER* of, int32_t what) {
            alignas(8) uint8_t buffer[4096] {};
            ULONG needed = 0, length = sizeof buffer;
            EXPECT_EQ(ask(of, what, nullptr, &needed), STATUS_INFO_LENGTH_MISMATCH);
            EXPECT_EQ(ask(of, what, buffer, &length), STATUS_SUCCESS);
            EXPECT_EQ(length, needed);
            ULONG less = needed - 1;
            EXPECT_EQ(ask(of, what, buffer, &less), STATUS_INFO_LENGTH_MISMATCH);
            EXPECT_EQ(less, needed);
            std::string text;
            for (ULONG at = 0; at < needed;) {
                auto const& record = *reinterpret_cast<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(buffer + at);
                auto place = [](GROUP_AFFINITY const& a) {
                    return std::to_string(a.Group) + ":" + std::to_string(a.Mask) + " ";
                };
                switch (record.Relationship) {
                case RelationProcessorCore:
                    text += "core " + place(record.Processor.GroupMask[0]);
                    break;
                case RelationProcessorPackage:
                    text += "package " + place(record.Processor.GroupMask[0]);
                    break;
                case RelationNumaNode:
                    text += "node " + place(record.NumaNode.GroupMask);
                    break;
                case RelationCache:
                    text += "L" + std::to_string(record.Cache.Level) + " " + place(record.Cache.GroupMask);
                    break;
                default:
                    text += "groups " + std::to_string(record.Group.ActiveGroupCount) + " of "
                        + std::to_string(record.Group.GroupInfo[0].ActiveProcessorCount) + " and "
                        + std::to_string(record.Group.GroupInfo[1].ActiveProcessorCount) + " ";
                }
                at += record.Size;
            }
            return text;
        };
        EXPECT_EQ(list(nullptr, RelationAll),
                  "core 0:1 core 0:2 core 1:1 package 0:3 package 1:1 node 0:3 node 1:1 "
                  "L1 0:1 L1 0:2 L1 1:1 L1 0:1 L1 0:2 L1 1:1 L2 0:1 L2 0:2 L2 1:1 L3 0:3 L3 1:1 groups 2 of 2 and 1 ");
        PROCESSOR_NUMBER second { 0, 1, 0 };
        EXPECT_EQ(list(&second, RelationProcessorCore), "core 0:2 ");
        EXPECT_EQ(list(&second, RelationCache), "L1 0:2 L1 0:2 L2 0:2 L3 0:3 ");
        EXPECT_EQ(list(&second, RelationNumaNode), "node 0:3 ");
        PROCESSOR_NUMBER wrong { 0, 2, 0 };
        ULONG length = 0;
        EXPECT_EQ(ask(&wrong, RelationAll, nullptr, &length), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ask(nullptr, 77, nullptr, &length), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ke::guard_raise([&] { ask(reinterpret_cast<PROCESSOR_NUMBER*>(8), RelationAll, nullptr, &length); }),
                  STATUS_ACCESS_VIOLATION);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}

// Shows: the configuration is kept and told again; too many counters, and too small a buffer, are refused.
TEST(ke_topology, hardware_counters)
{
    Core core;
    core.thread([&] {
        HARDWARE_COUNTER given[17] {}, told[17] {};
        given[0].Index = 5;
        given[1].Index = 6;
        ULONG count = 9;
        auto set = [&](ULONG n) { return static_cast<NTSTATUS>(call("KeSetHardwareCounterConfiguration", given, n)); };
        auto query = [&](ULONG n) {
            return static_cast<NTSTATUS>(call("KeQueryHardwareCounterConfiguration", told, n, &count));
        };
        EXPECT_EQ(query(0), STATUS_SUCCESS);
        EXPECT_EQ(count, 0u);
        EXPECT_EQ(set(17), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(set(2), STATUS_SUCCESS);
        EXPECT_EQ(query(1), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(count, 2u);
        EXPECT_EQ(told[0].Index, 0u);
        EXPECT_EQ(query(2), STATUS_SUCCESS);
        EXPECT_EQ(told[0].Index, 5u);
        EXPECT_EQ(told[1].Index, 6u);
        EXPECT_EQ(set(0), STATUS_SUCCESS);
        EXPECT_EQ(query(0), STATUS_SUCCESS);
        EXPECT_EQ(count, 0u);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
}
