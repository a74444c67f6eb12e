// SPDX-License-Identifier: MIT
// Small services: local time, clock resolution, identifiers, what the processor and the product can do.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

// The machine's time zone is UTC.
void ExSystemTimeToLocalTime(nt::LARGE_INTEGER* system_time, nt::LARGE_INTEGER* local_time);
void ExLocalTimeToSystemTime(nt::LARGE_INTEGER* local_time, nt::LARGE_INTEGER* system_time);
nt::ULONG ExSetTimerResolution(nt::ULONG desired_100ns, nt::BOOLEAN set);
void ExQueryTimerResolution(nt::ULONG* maximum, nt::ULONG* minimum, nt::ULONG* current);
nt::NTSTATUS ExUuidCreate(nt::GUID* uuid);
nt::BOOLEAN ExIsProcessorFeaturePresent(nt::ULONG feature);
nt::BOOLEAN ExVerifySuite(nt::ULONG suite);
nt::KPROCESSOR_MODE ExGetPreviousMode();

} // namespace ringside::ex
