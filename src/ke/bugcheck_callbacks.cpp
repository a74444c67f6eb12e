// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/writing-a-bug-check-callback-routine
// @cite(wdk-ddi): page=wdm/ns-wdm-_ktriage_dump_data_array
#include "ke/bugcheck_callbacks.h"

#include "hal/layout.h"
#include "ke/guarded.h"
#include "ke/kernel.h"

#include <algorithm>
#include <cstring>

namespace ringside::ke {

using namespace nt;

namespace {

// Registered records, by age; a driver's list links could be overwritten by the very fault being reported.
std::vector<KBUGCHECK_CALLBACK_RECORD*> g_records;
std::vector<KBUGCHECK_REASON_CALLBACK_RECORD*> g_reason_records;

// No dump file is written: what callbacks may give is as on a machine that writes one, what they gave is counted.
constexpr ULONG kMaximumAllowed = 1 << 20;
constexpr unsigned kCallsMax = 64; // of a callback that says there is more

template <typename Record>
bool drop(std::vector<Record*>& records, Record* record)
{
    if (!std::erase(records, record))
        return false;
    record->State = BufferEmpty;
    return true;
}

// KeInitializeCallbackRecord made it, and nobody registered it since.
template <typename Record>
bool is_free(std::vector<Record*> const& records, Record const* record)
{
    return record->State == BufferEmpty && std::ranges::find(records, record) == records.end();
}

bool is_reason(KBUGCHECK_CALLBACK_REASON reason)
{
    return reason >= KbCallbackSecondaryDumpData && reason <= KbCallbackTriageDumpData;
}

// The small buffer that the system lends to SecondaryDumpData callbacks: behind the KPCR's own pages.
void* lent_buffer() { return hal::processor().region() + 2 * hal::kPageSize; }
constexpr ULONG kLentBytes = hal::kPageSize;

void call(KBUGCHECK_REASON_CALLBACK_RECORD& record, void* data, size_t bytes)
{
    through_door(DoorPassage { Door::BugCheckCallback, nullptr }, record.CallbackRoutine, record.Reason, &record,
                 static_cast<PVOID>(data), static_cast<ULONG>(bytes));
}

// First the size is asked for (OutBuffer null), then the data (OutBuffer is InBuffer).
void secondary(KBUGCHECK_REASON_CALLBACK_RECORD& record, BugCheckRecord const&)
{
    for (void* out : { static_cast<void*>(nullptr), lent_buffer() }) {
        KBUGCHECK_SECONDARY_DUMP_DATA data { .InBuffer = lent_buffer(), .InBufferLength = kLentBytes,
                                             .MaximumAllowed = kMaximumAllowed, .OutBuffer = out };
        call(record, &data, sizeof data);
        if (!data.OutBuffer || !data.OutBufferLength)
            return;
    }
}

void multi_part(KBUGCHECK_REASON_CALLBACK_RECORD& record, BugCheckRecord const& crash)
{
    KBUGCHECK_SECONDARY_DUMP_DATA_EX data {};
    for (unsigned i = 0; i < kCallsMax; ++i) {
        data.InBuffer = data.OutBuffer = lent_buffer();
        data.InBufferLength = kLentBytes;
        data.MaximumAllowed = kMaximumAllowed;
        data.OutBufferLength = 0;
        data.Flags = 0;
        data.DumpType = DUMP_TYPE_FULL;
        data.BugCheckCode = crash.code;
        data.BugCheckParameter1 = crash.parameters[0];
        data.BugCheckParameter2 = crash.parameters[1];
        data.BugCheckParameter3 = crash.parameters[2];
        data.BugCheckParameter4 = crash.parameters[3];
        call(record, &data, sizeof data);
        if (!(data.Flags & KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST))
            return;
    }
}

// Context begins as null and is kept from call to call.
void pages(KBUGCHECK_REASON_CALLBACK_RECORD& record, BugCheckRecord const& crash)
{
    KBUGCHECK_ADD_PAGES data {};
    for (unsigned i = 0; i < kCallsMax; ++i) {
        data.Flags = 0;
        data.BugCheckCode = crash.code;
        data.Address = data.Count = 0;
        call(record, &data, sizeof data);
        if (!(data.Flags & KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST))
            return;
    }
}

void triage(KBUGCHECK_REASON_CALLBACK_RECORD& record, BugCheckRecord const& crash)
{
    KBUGCHECK_TRIAGE_DUMP_DATA data { .Flags = KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE,
                                      .MaxVirtMemSize = kMaximumAllowed,
                                      .BugCheckCode = crash.code,
                                      .BugCheckParameter1 = crash.parameters[0],
                                      .BugCheckParameter2 = crash.parameters[1],
                                      .BugCheckParameter3 = crash.parameters[2],
                                      .BugCheckParameter4 = crash.parameters[3] };
    call(record, &data, sizeof data);
}

// What a driver that writes the dump elsewhere hears: a file written in a row, here one that holds nothing.
void dump_io(KBUGCHECK_REASON_CALLBACK_RECORD& record, BugCheckRecord const&)
{
    KBUGCHECK_DUMP_IO data { .Offset = ~ULONG64 { 0 }, .Buffer = nullptr, .BufferLength = 0, .Type = KbDumpIoComplete };
    call(record, &data, sizeof data);
}

struct ReasonRow {
    KBUGCHECK_CALLBACK_REASON reason;
    void (*run)(KBUGCHECK_REASON_CALLBACK_RECORD& record, BugCheckRecord const& crash);
};
// In the order in which a crash dump is made: what belongs into it, what does not, what comes behind it, its end.
constexpr ReasonRow kReasons[] = {
    { KbCallbackTriageDumpData, triage },
    { KbCallbackAddPages, pages },
    { KbCallbackRemovePages, pages },
    { KbCallbackSecondaryDumpData, secondary },
    { KbCallbackSecondaryMultiPartDumpData, multi_part },
    { KbCallbackDumpIo, dump_io },
};

} // namespace

BOOLEAN KeRegisterBugCheckCallback(KBUGCHECK_CALLBACK_RECORD* record, PKBUGCHECK_CALLBACK_ROUTINE routine, PVOID buffer,
                                   ULONG length, PUCHAR component)
{
    if (!is_free(g_records, record))
        return 0;
    record->CallbackRoutine = routine;
    record->Buffer = buffer;
    record->Length = length;
    record->Component = component;
    record->State = BufferInserted;
    g_records.push_back(record);
    return 1;
}

BOOLEAN KeDeregisterBugCheckCallback(KBUGCHECK_CALLBACK_RECORD* record) { return drop(g_records, record); }

BOOLEAN KeRegisterBugCheckReasonCallback(KBUGCHECK_REASON_CALLBACK_RECORD* record,
                                         PKBUGCHECK_REASON_CALLBACK_ROUTINE routine, KBUGCHECK_CALLBACK_REASON reason,
                                         PUCHAR component)
{
    if (!is_reason(reason) || !is_free(g_reason_records, record))
        return 0;
    record->CallbackRoutine = routine;
    record->Reason = reason;
    record->Component = component;
    record->State = BufferInserted;
    g_reason_records.push_back(record);
    return 1;
}

BOOLEAN KeDeregisterBugCheckReasonCallback(KBUGCHECK_REASON_CALLBACK_RECORD* record)
{
    return drop(g_reason_records, record);
}

// Records whose memory is gone are passed over: the machine is ending for a reason of its own.
void run_bug_check_callbacks(BugCheckRecord const& crash)
{
    // Last registered, first called, as the documentation of the list's order has it for callbacks of one kind.
    auto const records = g_records;
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
        auto const copy = read_guarded<KBUGCHECK_CALLBACK_RECORD>(*it);
        if (!copy || copy->State != BufferInserted)
            continue;
        (*it)->State = BufferFinished;
        through_door(DoorPassage { Door::BugCheckCallback, nullptr }, copy->CallbackRoutine, copy->Buffer, copy->Length);
    }
    auto const reasons = g_reason_records;
    for (ReasonRow const& row : kReasons)
        for (auto it = reasons.rbegin(); it != reasons.rend(); ++it) {
            auto const copy = read_guarded<KBUGCHECK_REASON_CALLBACK_RECORD>(*it);
            if (!copy || copy->State != BufferInserted || copy->Reason != row.reason)
                continue;
            (*it)->State = BufferFinished;
            row.run(**it, crash);
        }
}

// `bytes` holds the array's header and as many blocks as fit.
NTSTATUS KeInitializeTriageDumpDataArray(KTRIAGE_DUMP_DATA_ARRAY* array, ULONG bytes)
{
    constexpr size_t kHeader = offsetof(KTRIAGE_DUMP_DATA_ARRAY, Blocks);
    if (!array || bytes < sizeof(KTRIAGE_DUMP_DATA_ARRAY))
        return STATUS_INVALID_PARAMETER;
    std::memset(array, 0, kHeader);
    array->List.Flink = array->List.Blink = &array->List;
    array->NumBlocksTotal = static_cast<ULONG>((bytes - kHeader) / sizeof(KADDRESS_RANGE));
    array->MaxDataSize = kMaximumAllowed;
    return STATUS_SUCCESS;
}

NTSTATUS KeAddTriageDumpDataBlock(KTRIAGE_DUMP_DATA_ARRAY* array, PVOID address, SIZE_T size)
{
    if (!array || !address || !size)
        return STATUS_INVALID_PARAMETER;
    if (array->NumBlocksUsed >= array->NumBlocksTotal || size > array->MaxDataSize
        || array->DataSize > array->MaxDataSize - size)
        return STATUS_BUFFER_TOO_SMALL;
    KADDRESS_RANGE* const blocks = array->Blocks;
    blocks[array->NumBlocksUsed++] = { address, size };
    array->DataSize += static_cast<ULONG>(size);
    return STATUS_SUCCESS;
}

void reset_bug_check_callbacks()
{
    g_records.clear();
    g_reason_records.clear();
}

unsigned bug_check_callbacks() { return static_cast<unsigned>(g_records.size() + g_reason_records.size()); }

} // namespace ringside::ke
