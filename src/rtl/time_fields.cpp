// SPDX-License-Identifier: MIT
// The calendar. Days are converted with std::chrono's proleptic Gregorian arithmetic, which is exact for all years
// here.
#include "rtl/time_fields.h"

#include <chrono>

namespace ringside::rtl {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int64_t kTicksPerDay = 86'400 * kTicksPerSecond;
constexpr int kLastYear = 30'827; // the last full one that 63 bits reach
constexpr sys_days kEpoch = year(1601) / 1 / 1;

// The parts below a day; every one fits.
void split_day(int64_t ticks, TIME_FIELDS& fields)
{
    int64_t milliseconds = ticks / kTicksPerMillisecond;
    fields.Milliseconds = static_cast<CSHORT>(milliseconds % 1000);
    int64_t seconds = milliseconds / 1000;
    fields.Second = static_cast<CSHORT>(seconds % 60);
    fields.Minute = static_cast<CSHORT>(seconds / 60 % 60);
    fields.Hour = static_cast<CSHORT>(seconds / 3600);
}

bool within(int value, int low, int high) { return value >= low && value <= high; }

BOOLEAN seconds_since(LARGE_INTEGER const& time, int64_t start, ULONG& seconds)
{
    int64_t elapsed = time.QuadPart / kTicksPerSecond - start;
    if (time.QuadPart < 0 || elapsed < 0 || elapsed > UINT32_MAX)
        return FALSE;
    seconds = static_cast<ULONG>(elapsed);
    return TRUE;
}

} // namespace

void RtlTimeToTimeFields(LARGE_INTEGER const* time, TIME_FIELDS* fields)
{
    int64_t day = time->QuadPart / kTicksPerDay;
    int64_t rest = time->QuadPart % kTicksPerDay;
    if (rest < 0) {
        rest += kTicksPerDay;
        --day;
    }
    sys_days date = kEpoch + days(day);
    year_month_day calendar(date);
    fields->Year = static_cast<CSHORT>(static_cast<int>(calendar.year()));
    fields->Month = static_cast<CSHORT>(static_cast<unsigned>(calendar.month()));
    fields->Day = static_cast<CSHORT>(static_cast<unsigned>(calendar.day()));
    fields->Weekday = static_cast<CSHORT>(std::chrono::weekday(date).c_encoding());
    split_day(rest, *fields);
}

BOOLEAN RtlTimeFieldsToTime(TIME_FIELDS const* fields, LARGE_INTEGER* time)
{
    if (!within(fields->Year, 1601, kLastYear) || !within(fields->Hour, 0, 23) || !within(fields->Minute, 0, 59)
        || !within(fields->Second, 0, 59) || !within(fields->Milliseconds, 0, 999) || !within(fields->Month, 1, 12)
        || !within(fields->Day, 1, 31))
        return FALSE;
    auto date = year(fields->Year) / fields->Month / fields->Day;
    if (!date.ok())
        return FALSE;
    int64_t seconds = (fields->Hour * 60 + fields->Minute) * 60 + fields->Second;
    time->QuadPart = (sys_days(date) - kEpoch).count() * kTicksPerDay + seconds * kTicksPerSecond
        + fields->Milliseconds * kTicksPerMillisecond;
    return TRUE;
}

void RtlTimeToElapsedTimeFields(LARGE_INTEGER const* time, TIME_FIELDS* fields)
{
    *fields = {};
    fields->Day = static_cast<CSHORT>(time->QuadPart / kTicksPerDay);
    split_day(time->QuadPart % kTicksPerDay, *fields);
}

BOOLEAN RtlTimeToSecondsSince1970(LARGE_INTEGER const* time, ULONG* seconds)
{
    return seconds_since(*time, kSecondsTo1970, *seconds);
}

BOOLEAN RtlTimeToSecondsSince1980(LARGE_INTEGER const* time, ULONG* seconds)
{
    return seconds_since(*time, kSecondsTo1980, *seconds);
}

void RtlSecondsSince1970ToTime(ULONG seconds, LARGE_INTEGER* time)
{
    time->QuadPart = (seconds + kSecondsTo1970) * kTicksPerSecond;
}

void RtlSecondsSince1980ToTime(ULONG seconds, LARGE_INTEGER* time)
{
    time->QuadPart = (seconds + kSecondsTo1980) * kTicksPerSecond;
}

} // namespace ringside::rtl
