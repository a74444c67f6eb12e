// SPDX-License-Identifier: MIT
// Processors, groups and nodes, as drivers ask for them. Services without a group in their name know group 0 only.
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/topology.h"
#include "nt/topology.h"

namespace ringside::ke {

using namespace nt;

namespace {

constexpr USHORT kAllProcessorGroups = 0xFFFF;         // ALL_PROCESSOR_GROUPS
constexpr ULONG kInvalidProcessorIndex = ~ULONG { 0 }; // INVALID_PROCESSOR_INDEX
constexpr ULONG kCacheLine = 64;

template <typename T>
void put(T* to, T const& value)
{
    if (to)
        copy_or_raise(to, &value, sizeof value);
}

} // namespace

// --- How many, and which one is this ---

KAFFINITY KeQueryActiveProcessors() { return group_affinity(0); }

ULONG KeQueryActiveProcessorCount(KAFFINITY* active)
{
    put(active, group_affinity(0));
    return group_size(0);
}

ULONG KeQueryActiveProcessorCountEx(USHORT group)
{
    if (group == kAllProcessorGroups)
        return kernel().options().processors;
    return group < group_count() ? group_size(group) : 0;
}

// Processors do not come and go: as many as there are is as many as there can be.
ULONG KeQueryMaximumProcessorCountEx(USHORT group) { return KeQueryActiveProcessorCountEx(group); }
ULONG KeQueryMaximumProcessorCount() { return group_size(0); }
USHORT KeQueryActiveGroupCount() { return static_cast<USHORT>(group_count()); }
USHORT KeQueryMaximumGroupCount() { return static_cast<USHORT>(group_count()); }
KAFFINITY KeQueryGroupAffinity(USHORT group) { return group_affinity(group); }

ULONG KeGetCurrentProcessorNumberEx(PROCESSOR_NUMBER* number)
{
    unsigned const index = kernel().cpu().number();
    put(number, processor_number(index));
    return index;
}

NTSTATUS KeGetProcessorNumberFromIndex(ULONG index, PROCESSOR_NUMBER* number)
{
    if (index >= kernel().options().processors)
        return STATUS_INVALID_PARAMETER;
    put(number, processor_number(index));
    return STATUS_SUCCESS;
}

ULONG KeGetProcessorIndexFromNumber(PROCESSOR_NUMBER* number)
{
    PROCESSOR_NUMBER given;
    copy_or_raise(&given, number, sizeof given);
    unsigned const index = processor_index(given);
    return index == kNoProcessor ? kInvalidProcessorIndex : index;
}

// --- Nodes: one per group ---

USHORT KeQueryHighestNodeNumber() { return static_cast<USHORT>(group_count() - 1); }
USHORT KeGetCurrentNodeNumber() { return static_cast<USHORT>(group_of(kernel().cpu().number())); }
USHORT KeQueryNodeMaximumProcessorCount(USHORT node)
{
    return static_cast<USHORT>(node < group_count() ? group_size(node) : 0);
}

void KeQueryNodeActiveAffinity(USHORT node, GROUP_AFFINITY* affinity, USHORT* count)
{
    bool const exists = node < group_count();
    put(affinity, exists ? GROUP_AFFINITY { group_affinity(node), node, {} } : GROUP_AFFINITY {});
    put(count, static_cast<USHORT>(exists ? group_size(node) : 0));
}

ULONG KeGetRecommendedSharedDataAlignment() { return kCacheLine; }

// --- Relationships ---

namespace {

// Appends records to the driver's buffer while they fit, and counts what all of them need.
struct Answer {
    uint8_t* to;
    uint64_t space;
    uint64_t needed = 0;

    void add(LOGICAL_PROCESSOR_RELATIONSHIP what, void const* record, size_t bytes)
    {
        constexpr size_t head = offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Processor);
        uint64_t const at = needed;
        needed += head + bytes;
        if (!to || needed > space)
            return;
        struct {
            LOGICAL_PROCESSOR_RELATIONSHIP relationship;
            ULONG size;
        } const header { what, static_cast<ULONG>(head + bytes) };
        copy_or_raise(to + at, &header, head);
        copy_or_raise(to + at + head, record, bytes);
    }
};

struct CacheRow {
    UCHAR level;
    UCHAR ways;
    ULONG bytes;
    PROCESSOR_CACHE_TYPE type;
    bool per_group; // else per processor
};
constexpr CacheRow kCaches[] = {
    { 1, 8, 32 * 1024, CacheData, false },
    { 1, 8, 32 * 1024, CacheInstruction, false },
    { 2, 4, 256 * 1024, CacheUnified, false },
    { 3, 16, 8 * 1024 * 1024, CacheUnified, true },
};

void add_processors(Answer& answer, LOGICAL_PROCESSOR_RELATIONSHIP what, uint64_t mask)
{
    PROCESSOR_RELATIONSHIP record {};
    record.GroupCount = 1;
    record.GroupMask[0] = to_group_affinity(mask);
    answer.add(what, &record, sizeof record);
}

void add_node(Answer& answer, unsigned group)
{
    NUMA_NODE_RELATIONSHIP record {};
    record.NodeNumber = group;
    record.GroupMask = to_group_affinity(group_mask(group));
    answer.add(RelationNumaNode, &record, sizeof record);
}

void add_cache(Answer& answer, CacheRow const& row, uint64_t mask)
{
    CACHE_RELATIONSHIP record {};
    record.Level = row.level;
    record.Associativity = row.ways;
    record.LineSize = kCacheLine;
    record.CacheSize = row.bytes;
    record.Type = row.type;
    record.GroupMask = to_group_affinity(mask);
    answer.add(RelationCache, &record, sizeof record);
}

void add_groups(Answer& answer)
{
    struct {
        GROUP_RELATIONSHIP head;
        PROCESSOR_GROUP_INFO more[hal::kProcessorsMax];
    } record {};
    record.head.MaximumGroupCount = record.head.ActiveGroupCount = static_cast<USHORT>(group_count());
    for (unsigned g = 0; g < group_count(); ++g) {
        PROCESSOR_GROUP_INFO& info = g ? record.more[g - 1] : record.head.GroupInfo[0];
        info.MaximumProcessorCount = info.ActiveProcessorCount = static_cast<UCHAR>(group_size(g));
        info.ActiveProcessorMask = group_affinity(g);
    }
    answer.add(RelationGroup, &record,
               offsetof(GROUP_RELATIONSHIP, GroupInfo) + group_count() * sizeof(PROCESSOR_GROUP_INFO));
}

} // namespace

// Cores have one logical processor; a group is one package and one node.
// @cite(wdk-ddi): page=wdm/nf-wdm-kequerylogicalprocessorrelationship
NTSTATUS KeQueryLogicalProcessorRelationship(PROCESSOR_NUMBER* number, LOGICAL_PROCESSOR_RELATIONSHIP what,
                                             SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX* information, ULONG* length)
{
    unsigned only = kNoProcessor;
    if (number) {
        PROCESSOR_NUMBER given;
        copy_or_raise(&given, number, sizeof given);
        only = processor_index(given);
        if (only == kNoProcessor)
            return STATUS_INVALID_PARAMETER;
    }
    if (what != RelationAll && (what < RelationProcessorCore || what > RelationGroup))
        return STATUS_INVALID_PARAMETER;
    ULONG space;
    copy_or_raise(&space, length, sizeof space);
    Answer answer { reinterpret_cast<uint8_t*>(information), space };
    auto asked = [&](LOGICAL_PROCESSOR_RELATIONSHIP one) { return what == one || what == RelationAll; };
    unsigned const processors = kernel().options().processors;
    auto each_processor = [&](auto visit) {
        for (unsigned i = 0; i < processors; ++i)
            if (only == kNoProcessor || only == i)
                visit(uint64_t { 1 } << i);
    };
    auto each_group = [&](auto visit) {
        for (unsigned g = 0; g < group_count(); ++g)
            if (only == kNoProcessor || group_of(only) == g)
                visit(g);
    };
    if (asked(RelationProcessorCore))
        each_processor([&](uint64_t mask) { add_processors(answer, RelationProcessorCore, mask); });
    if (asked(RelationProcessorPackage))
        each_group([&](unsigned g) { add_processors(answer, RelationProcessorPackage, group_mask(g)); });
    if (asked(RelationNumaNode))
        each_group([&](unsigned g) { add_node(answer, g); });
    if (asked(RelationCache))
        for (CacheRow const& row : kCaches) {
            if (row.per_group)
                each_group([&](unsigned g) { add_cache(answer, row, group_mask(g)); });
            else
                each_processor([&](uint64_t mask) { add_cache(answer, row, mask); });
        }
    if (asked(RelationGroup))
        add_groups(answer);
    put(length, static_cast<ULONG>(answer.needed));
    return !information || answer.needed > space ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
}

// --- Hardware counters ---

// Profiling is never on, so no counter can be in use.
NTSTATUS KeSetHardwareCounterConfiguration(HARDWARE_COUNTER* counters, ULONG count)
{
    if (count > MAX_HW_COUNTERS)
        return STATUS_INVALID_PARAMETER;
    HardwareCounters given;
    given.count = count;
    if (count)
        copy_or_raise(given.counters, counters, count * sizeof *counters);
    kernel().hardware_counters() = given;
    return STATUS_SUCCESS;
}

NTSTATUS KeQueryHardwareCounterConfiguration(HARDWARE_COUNTER* counters, ULONG maximum, ULONG* count)
{
    HardwareCounters const& known = kernel().hardware_counters();
    put(count, ULONG { known.count });
    if (known.count > maximum)
        return STATUS_BUFFER_TOO_SMALL;
    if (known.count)
        copy_or_raise(counters, known.counters, known.count * sizeof *counters);
    return STATUS_SUCCESS;
}

std::span<Ddi const> topology_rows()
{
    static Ddi const rows[] = {
        { .name = "KeQueryActiveProcessors",
          .irql = { 0, 15 },
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryactiveprocessors",
          .because = "the remarks: any IRQL since Vista",
          .body = body<&KeQueryActiveProcessors>() },
        { .name = "KeQueryActiveProcessorCount",
          .irql = { 0, 15 },
          .since = Windows::vista,
          .page = "wdm/nf-wdm-kequeryactiveprocessorcount",
          .body = body<&KeQueryActiveProcessorCount>() },
        { .name = "KeQueryActiveProcessorCountEx",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryactiveprocessorcountex",
          .body = body<&KeQueryActiveProcessorCountEx>() },
        { .name = "KeQueryMaximumProcessorCount",
          .irql = { 0, 15 },
          .since = Windows::vista,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerymaximumprocessorcount",
          .body = body<&KeQueryMaximumProcessorCount>() },
        { .name = "KeQueryMaximumProcessorCountEx",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerymaximumprocessorcountex",
          .body = body<&KeQueryMaximumProcessorCountEx>() },
        { .name = "KeQueryActiveGroupCount",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryactivegroupcount",
          .body = body<&KeQueryActiveGroupCount>() },
        { .name = "KeQueryMaximumGroupCount",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerymaximumgroupcount",
          .body = body<&KeQueryMaximumGroupCount>() },
        { .name = "KeQueryGroupAffinity",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerygroupaffinity",
          .body = body<&KeQueryGroupAffinity>() },
        { .name = "KeGetCurrentProcessorNumberEx",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kegetcurrentprocessornumberex",
          .body = body<&KeGetCurrentProcessorNumberEx>() },
        { .name = "KeGetProcessorNumberFromIndex",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kegetprocessornumberfromindex",
          .body = body<&KeGetProcessorNumberFromIndex>() },
        { .name = "KeGetProcessorIndexFromNumber",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kegetprocessorindexfromnumber",
          .body = body<&KeGetProcessorIndexFromNumber>() },
        { .name = "KeQueryHighestNodeNumber",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequeryhighestnodenumber",
          .body = body<&KeQueryHighestNodeNumber>() },
        { .name = "KeGetCurrentNodeNumber",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kegetcurrentnodenumber",
          .body = body<&KeGetCurrentNodeNumber>() },
        { .name = "KeQueryNodeMaximumProcessorCount",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kequerynodemaximumprocessorcount",
          .body = body<&KeQueryNodeMaximumProcessorCount>() },
        { .name = "KeQueryNodeActiveAffinity",
          .irql = { 0, 15 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kequerynodeactiveaffinity",
          .body = body<&KeQueryNodeActiveAffinity>() },
        { .name = "KeGetRecommendedSharedDataAlignment",
          .irql = { 0, 15 },
          .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-kegetrecommendedshareddataalignment",
          .body = body<&KeGetRecommendedSharedDataAlignment>() },
        { .name = "KeQueryLogicalProcessorRelationship",
          .irql = { 0, 2 },
          .since = Windows::win7,
          .page = "wdm/nf-wdm-kequerylogicalprocessorrelationship",
          .body = body<&KeQueryLogicalProcessorRelationship>() },
        { .name = "KeSetHardwareCounterConfiguration",
          .irql = { 0, 1 },
          .since = Windows::win7,
          .page = "ntddk/nf-ntddk-kesethardwarecounterconfiguration",
          .body = body<&KeSetHardwareCounterConfiguration>() },
        { .name = "KeQueryHardwareCounterConfiguration",
          .irql = { 0, 1 },
          .since = Windows::win7,
          .page = "ntddk/nf-ntddk-kequeryhardwarecounterconfiguration",
          .body = body<&KeQueryHardwareCounterConfiguration>() },
    };
    return rows;
}

} // namespace ringside::ke
