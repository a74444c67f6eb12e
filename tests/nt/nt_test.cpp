// SPDX-License-Identifier: MIT
// The ABI headers' few words that are more than layout: severities, control codes, the tables of names, and the places
// that drivers read inline. Layouts are asserted in the headers and compared with other headers by the ABI probe.
#include "nt/io.h"
#include "nt/nt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

namespace ringside {
namespace {

// Names of the ABI are visible unqualified inside ringside.
TEST(Nt, SeverityIsInTheTopTwoBits)
{
    EXPECT_TRUE(NT_SUCCESS(STATUS_SUCCESS));
    EXPECT_TRUE(NT_SUCCESS(STATUS_PENDING));
    EXPECT_TRUE(NT_INFORMATION(STATUS_OBJECT_NAME_EXISTS));
    EXPECT_TRUE(NT_SUCCESS(STATUS_OBJECT_NAME_EXISTS));
    EXPECT_TRUE(NT_WARNING(STATUS_BUFFER_OVERFLOW));
    EXPECT_FALSE(NT_SUCCESS(STATUS_BUFFER_OVERFLOW));
    EXPECT_TRUE(NT_ERROR(STATUS_UNSUCCESSFUL));
    EXPECT_FALSE(NT_ERROR(STATUS_BUFFER_OVERFLOW));
}

// The codes of Microsoft's sioctl sample, one per transfer method.
TEST(Nt, ControlCodesComposeAndComeApart)
{
    EXPECT_EQ(CTL_CODE(40000, 0x900, METHOD_IN_DIRECT, FILE_ANY_ACCESS), 0x9C402401u);
    EXPECT_EQ(CTL_CODE(40000, 0x901, METHOD_OUT_DIRECT, FILE_ANY_ACCESS), 0x9C402406u);
    EXPECT_EQ(CTL_CODE(40000, 0x902, METHOD_BUFFERED, FILE_ANY_ACCESS), 0x9C402408u);
    EXPECT_EQ(CTL_CODE(40000, 0x903, METHOD_NEITHER, FILE_ANY_ACCESS), 0x9C40240Fu);
    EXPECT_EQ(DEVICE_TYPE_FROM_CTL_CODE(0x9C40240F), 40000u);
    EXPECT_EQ(METHOD_FROM_CTL_CODE(0x9C40240F), ULONG{METHOD_NEITHER});
}

TEST(Nt, NamesOfStatusCodesAreInOrderAndSingle)
{
    auto unsigned_less = [](StatusName const& a, StatusName const& b) { return ULONG(a.status) < ULONG(b.status); };
    EXPECT_TRUE(std::is_sorted(std::begin(kStatusNames), std::end(kStatusNames), unsigned_less));
    std::set<std::string> names;
    for (StatusName const& row : kStatusNames)
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_STREQ(kStatusNames[0].name, "STATUS_SUCCESS");
}

TEST(Nt, NamesOfBugChecksAreInOrderAndSingle)
{
    std::set<std::string> names;
    for (size_t i = 0; i < std::size(kBugCheckNames); ++i) {
        EXPECT_TRUE(names.insert(kBugCheckNames[i].name).second) << kBugCheckNames[i].name;
        if (i > 0)
            EXPECT_LT(kBugCheckNames[i - 1].code, kBugCheckNames[i].code);
    }
    EXPECT_EQ(MULTIPLE_IRP_COMPLETE_REQUESTS, 0x44u);
    EXPECT_EQ(DRIVER_IRQL_NOT_LESS_OR_EQUAL, 0xD1u);
    EXPECT_EQ(DPC_WATCHDOG_VIOLATION, 0x133u);
}

// What compiled drivers read with fixed displacements from GS and from the shared page.
TEST(Nt, PlacesReadInlineByDrivers)
{
    EXPECT_EQ(offsetof(KPCR, Self), 0x18u);
    EXPECT_EQ(offsetof(KPCR, CurrentPrcb), 0x20u);
    EXPECT_EQ(offsetof(KPCR, Irql), 0x50u);
    EXPECT_EQ(offsetof(KPCR, Prcb.CurrentThread), 0x188u);
    EXPECT_EQ(offsetof(KPCR, Prcb.Number), 0x1A4u);
    EXPECT_EQ(KI_USER_SHARED_DATA + offsetof(KUSER_SHARED_DATA, InterruptTime), 0xFFFFF78000000008u);
    EXPECT_EQ(KI_USER_SHARED_DATA + offsetof(KUSER_SHARED_DATA, SystemTime), 0xFFFFF78000000014u);
    EXPECT_EQ(KI_USER_SHARED_DATA + offsetof(KUSER_SHARED_DATA, NtMajorVersion), 0xFFFFF7800000026Cu);
    EXPECT_EQ(KI_USER_SHARED_DATA + offsetof(KUSER_SHARED_DATA, TickCount), 0xFFFFF78000000320u);
    EXPECT_EQ(KI_USER_SHARED_DATA + offsetof(KUSER_SHARED_DATA, ActiveProcessorCount), 0xFFFFF780000003C0u);
}

// An address inside a structure leads back to the structure, and a boundary function uses the Windows convention.
NTSTATUS NTAPI dispatch(PDEVICE_OBJECT, PIRP irp)
{
    return irp->IoStatus.Status;
}

TEST(Nt, RecordsAndCallbacks)
{
    IRP irp{};
    irp.IoStatus.Status = STATUS_CANCELLED;
    LIST_ENTRY* entry = &irp.Tail.Overlay.ListEntry;
    EXPECT_EQ(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), &irp);
    PDRIVER_DISPATCH routine = dispatch;
    EXPECT_EQ(routine(nullptr, &irp), STATUS_CANCELLED);
}

} // namespace
} // namespace ringside
