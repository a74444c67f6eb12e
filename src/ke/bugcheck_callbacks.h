// SPDX-License-Identifier: MIT
// Bug-check callbacks that drivers registered; they run once, at HIGH_LEVEL, on the failing fiber's stack.
// @cite(wdk-ddi): page=wdm/nf-wdm-keregisterbugcheckcallback
#pragma once

#include "nt/interrupt.h"
#include "nt/nt.h"

namespace ringside::ke {

nt::BOOLEAN KeRegisterBugCheckCallback(nt::KBUGCHECK_CALLBACK_RECORD* record, nt::PKBUGCHECK_CALLBACK_ROUTINE routine,
                                       nt::PVOID buffer, nt::ULONG length, nt::PUCHAR component);
nt::BOOLEAN KeDeregisterBugCheckCallback(nt::KBUGCHECK_CALLBACK_RECORD* record);
nt::BOOLEAN KeRegisterBugCheckReasonCallback(nt::KBUGCHECK_REASON_CALLBACK_RECORD* record,
                                             nt::PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
                                             nt::KBUGCHECK_CALLBACK_REASON reason, nt::PUCHAR component);
nt::BOOLEAN KeDeregisterBugCheckReasonCallback(nt::KBUGCHECK_REASON_CALLBACK_RECORD* record);

nt::NTSTATUS KeInitializeTriageDumpDataArray(nt::KTRIAGE_DUMP_DATA_ARRAY* array, nt::ULONG bytes);
nt::NTSTATUS KeAddTriageDumpDataBlock(nt::KTRIAGE_DUMP_DATA_ARRAY* array, nt::PVOID address, nt::SIZE_T size);

struct BugCheckRecord;
// All kinds, with what is told of the crash.
void run_bug_check_callbacks(BugCheckRecord const& crash);
// Forgets all of them: a machine begins.
void reset_bug_check_callbacks();
// Registered and not deregistered: a leak when the driver is gone.
unsigned bug_check_callbacks();

} // namespace ringside::ke
