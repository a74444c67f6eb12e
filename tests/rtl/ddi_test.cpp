// SPDX-License-Identifier: MIT
// The contract rows: what each must state, and that bodies can be called as gates do.
#include "nt/rtl.h"
#include "rtl/ddi.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace ringside::rtl {

TEST(Rows, AreWellFormed)
{
    std::set<std::string> names;
    // ke owns what writes memory that a driver names.
    std::set<std::string> const foreign {
        "memcpy",        "memmove",       "memset",        "RtlCopyMemory",
        "RtlMoveMemory", "RtlFillMemory", "RtlZeroMemory", "RtlCopyMemoryNonTemporal"
    };
    for (Ddi const& row : ddi_rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name << " twice";
        EXPECT_FALSE(foreign.contains(row.name)) << row.name;
        EXPECT_EQ(row.body.invoke == nullptr, row.declined != nullptr) << row.name;
        EXPECT_TRUE(row.page || row.because) << row.name;
        EXPECT_LE(row.irql.lowest, row.irql.highest) << row.name;
        EXPECT_LE(row.irql.highest, 15) << row.name;
        EXPECT_EQ(row.body.straight == nullptr, row.needs == Needs::Gate && row.body.arguments == 0) << row.name;
    }
    EXPECT_GT(names.size(), 250u);
}

// A row's body, called as a gate does: with slots whose unused upper halves are garbage.
TEST(Rows, BodiesTakeSlots)
{
    std::map<std::string, Ddi const*> rows;
    for (Ddi const& row : ddi_rows())
        rows[row.name] = &row;
    char text[] = "abc";
    uint64_t arguments[] { reinterpret_cast<uint64_t>(text), 0xdddddddd00000062 };
    EXPECT_EQ(rows["strchr"]->body.invoke(arguments), reinterpret_cast<uint64_t>(text + 1));
    uint64_t character[] { 0xdddddddddddd0061 };
    EXPECT_EQ(rows["RtlUpcaseUnicodeChar"]->body.invoke(character), 0x41u);
    using Straight = uint16_t(NTAPI*)(uint64_t);
    EXPECT_EQ(reinterpret_cast<Straight>(rows["RtlUpcaseUnicodeChar"]->body.straight)(0x61), 0x41);
    uint64_t times[] { 0, 0 };
    LARGE_INTEGER time {};
    TIME_FIELDS fields {};
    times[0] = reinterpret_cast<uint64_t>(&time);
    times[1] = reinterpret_cast<uint64_t>(&fields);
    rows["RtlTimeToTimeFields"]->body.invoke(times);
    EXPECT_EQ(fields.Year, 1601);
}

} // namespace ringside::rtl
