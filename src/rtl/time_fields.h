// SPDX-License-Identifier: MIT
// System time, which counts 100 ns since 1 January 1601, and the calendar. No leap seconds, no time zones.
#pragma once

#include "nt/rtl.h"

namespace ringside::rtl {

inline constexpr int64_t kTicksPerMillisecond = 10'000;
inline constexpr int64_t kTicksPerSecond = 1000 * kTicksPerMillisecond;
inline constexpr int64_t kSecondsTo1970 = 11'644'473'600;
inline constexpr int64_t kSecondsTo1980 = 11'960'006'400;

void RtlTimeToTimeFields(LARGE_INTEGER const* time, TIME_FIELDS* fields);
// FALSE for fields out of range; the weekday is ignored.
BOOLEAN RtlTimeFieldsToTime(TIME_FIELDS const* fields, LARGE_INTEGER* time);
// A duration: days, not months and years.
void RtlTimeToElapsedTimeFields(LARGE_INTEGER const* time, TIME_FIELDS* fields);

// FALSE for a time that does not fit into 32 bits of seconds.
BOOLEAN RtlTimeToSecondsSince1970(LARGE_INTEGER const* time, ULONG* seconds);
BOOLEAN RtlTimeToSecondsSince1980(LARGE_INTEGER const* time, ULONG* seconds);
void RtlSecondsSince1970ToTime(ULONG seconds, LARGE_INTEGER* time);
void RtlSecondsSince1980ToTime(ULONG seconds, LARGE_INTEGER* time);

} // namespace ringside::rtl
