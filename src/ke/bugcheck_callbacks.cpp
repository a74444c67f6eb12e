// SPDX-License-Identifier: MIT
#include "ke/bugcheck_callbacks.h"

#include "ke/kernel.h"

namespace ringside::ke {

using namespace nt;

namespace {

// Registered records, by age; a driver's list links could be overwritten by the very fault being reported.
std::vector<KBUGCHECK_CALLBACK_RECORD*> g_records;
std::vector<KBUGCHECK_REASON_CALLBACK_RECORD*> g_reason_records;

constexpr UCHAR kInserted = 1;
constexpr UCHAR kFinished = 3;

template <typename Record>
bool drop(std::vector<Record*>& records, Record* record)
{
    for (auto it = records.begin(); it != records.end(); ++it)
        if (*it == record) {
            records.erase(it);
            record->State = 0;
            return true;
        }
    return false;
}

} // namespace

BOOLEAN KeRegisterBugCheckCallback(KBUGCHECK_CALLBACK_RECORD* record, PKBUGCHECK_CALLBACK_ROUTINE routine, PVOID buffer,
                                   ULONG length, PUCHAR component)
{
    for (auto* r : g_records)
        if (r == record)
            return 0;
    record->CallbackRoutine = routine;
    record->Buffer = buffer;
    record->Length = length;
    record->Component = component;
    record->State = kInserted;
    g_records.push_back(record);
    return 1;
}

BOOLEAN KeDeregisterBugCheckCallback(KBUGCHECK_CALLBACK_RECORD* record) { return drop(g_records, record); }

BOOLEAN KeRegisterBugCheckReasonCallback(KBUGCHECK_REASON_CALLBACK_RECORD* record,
                                         PKBUGCHECK_REASON_CALLBACK_ROUTINE routine, KBUGCHECK_CALLBACK_REASON reason,
                                         PUCHAR component)
{
    for (auto* r : g_reason_records)
        if (r == record)
            return 0;
    record->CallbackRoutine = routine;
    record->Reason = reason;
    record->Component = component;
    record->State = kInserted;
    g_reason_records.push_back(record);
    return 1;
}

BOOLEAN KeDeregisterBugCheckReasonCallback(KBUGCHECK_REASON_CALLBACK_RECORD* record)
{
    return drop(g_reason_records, record);
}

void run_bug_check_callbacks()
{
    // Last registered, first called, as the documentation of the list's order has it for callbacks of one kind.
    auto records = g_records;
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
        auto& record = **it;
        if (record.State != kInserted)
            continue;
        record.State = kFinished;
        through_door(DoorPassage { Door::BugCheckCallback, nullptr }, record.CallbackRoutine, record.Buffer, record.Length);
    }
    auto reasons = g_reason_records;
    for (auto it = reasons.rbegin(); it != reasons.rend(); ++it) {
        auto& record = **it;
        if (record.State != kInserted || record.Reason != KbCallbackSecondaryDumpData)
            continue;
        record.State = kFinished;
        KBUGCHECK_SECONDARY_DUMP_DATA data {};
        through_door(DoorPassage { Door::BugCheckCallback, nullptr }, record.CallbackRoutine, record.Reason, &record,
                     static_cast<PVOID>(&data), ULONG { sizeof data });
    }
}

void reset_bug_check_callbacks()
{
    g_records.clear();
    g_reason_records.clear();
}

unsigned bug_check_callbacks() { return static_cast<unsigned>(g_records.size() + g_reason_records.size()); }

} // namespace ringside::ke
