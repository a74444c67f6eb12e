// SPDX-License-Identifier: MIT
// System time and the calendar: known dates both ways, the limits, seconds since 1970 and 1980.
#include "rtl/time_fields.h"

#include <cstring>
#include <gtest/gtest.h>

namespace ringside::rtl {

TEST(Time, FieldsBothWays)
{
    struct {
        int64_t time;
        TIME_FIELDS fields; // year, month, day, hour, minute, second, milliseconds, weekday
    } const table[] {
        { 0, { 1601, 1, 1, 0, 0, 0, 0, 1 } }, // a Monday
        { 116444736000000000, { 1970, 1, 1, 0, 0, 0, 0, 4 } }, // a Thursday
        { 125963423999990000, { 2000, 2, 29, 23, 59, 59, 999, 2 } }, // a leap day of a century
        { 133485408000000000, { 2024, 1, 1, 0, 0, 0, 0, 1 } },
        { 9223149888000000000 - 10000, { 30827, 12, 31, 23, 59, 59, 999, 5 } },
    };
    for (auto const& row : table) {
        LARGE_INTEGER time { .QuadPart = row.time };
        TIME_FIELDS fields {};
        RtlTimeToTimeFields(&time, &fields);
        EXPECT_EQ(std::memcmp(&fields, &row.fields, sizeof fields), 0) << row.time;
        fields.Weekday = 99; // ignored
        LARGE_INTEGER back { .QuadPart = -1 };
        EXPECT_TRUE(RtlTimeFieldsToTime(&fields, &back));
        EXPECT_EQ(back.QuadPart, row.time);
    }
}

TEST(Time, FieldsOutOfRange)
{
    TIME_FIELDS const good { 2023, 6, 15, 12, 30, 30, 500, 0 };
    TIME_FIELDS const bad[] {
        { 1600, 6, 15, 12, 30, 30, 500, 0 },  { 30828, 6, 15, 12, 30, 30, 500, 0 }, { 2023, 0, 15, 12, 30, 30, 500, 0 },
        { 2023, 13, 15, 12, 30, 30, 500, 0 }, { 2023, 2, 29, 12, 30, 30, 500, 0 },  { 2023, 6, 0, 12, 30, 30, 500, 0 },
        { 2023, 6, 15, 24, 30, 30, 500, 0 },  { 2023, 6, 15, 12, 60, 30, 500, 0 },  { 2023, 6, 15, 12, 30, 60, 500, 0 },
        { 2023, 6, 15, 12, 30, 30, 1000, 0 }, { 2023, 6, 15, -1, 30, 30, 500, 0 },
    };
    LARGE_INTEGER time;
    EXPECT_TRUE(RtlTimeFieldsToTime(&good, &time));
    for (auto const& fields : bad)
        EXPECT_FALSE(RtlTimeFieldsToTime(&fields, &time));
}

TEST(Time, Seconds)
{
    LARGE_INTEGER time;
    ULONG seconds = 0;
    RtlSecondsSince1970ToTime(0, &time);
    EXPECT_EQ(time.QuadPart, 116444736000000000);
    EXPECT_TRUE(RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 0u);
    RtlSecondsSince1970ToTime(0xffffffff, &time);
    EXPECT_TRUE(RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 0xffffffffu);
    time.QuadPart += 10'000'000;
    EXPECT_FALSE(RtlTimeToSecondsSince1970(&time, &seconds));
    time.QuadPart = 116444736000000000 - 10'000'000;
    EXPECT_FALSE(RtlTimeToSecondsSince1970(&time, &seconds));
    RtlSecondsSince1980ToTime(1, &time);
    EXPECT_TRUE(RtlTimeToSecondsSince1980(&time, &seconds));
    EXPECT_EQ(seconds, 1u);
    EXPECT_TRUE(RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 315532801u);
    LARGE_INTEGER elapsed { .QuadPart = (2 * 86400LL + 3 * 3600 + 4) * 10'000'000 };
    TIME_FIELDS fields;
    RtlTimeToElapsedTimeFields(&elapsed, &fields);
    EXPECT_EQ(fields.Day, 2);
    EXPECT_EQ(fields.Hour, 3);
    EXPECT_EQ(fields.Second, 4);
    EXPECT_EQ(fields.Year, 0);
}

} // namespace ringside::rtl
