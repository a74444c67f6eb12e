// SPDX-License-Identifier: MIT
// A disk driver (tests/drivers/platter.c) that leaves partition tables to the kernel, and a program that partitions its
// disk with disk control codes. The structures are those that drivers have: the ABI's own.
#include <ringside/ringside.h>

#include "drivers/platter.h"
#include "nt/disk.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/platter.sys";
constexpr char const* kDisk = "\\\\.\\Platter";
constexpr int32_t kSuccess = 0;
constexpr int32_t kCorrupt = static_cast<int32_t>(0xC0000032);

constexpr uint32_t code_of(uint32_t function, uint32_t access)
{
    return CTL_CODE(FILE_DEVICE_DISK, function, 0, access);
}
constexpr uint32_t kGetLayout = code_of(0x14, FILE_ANY_ACCESS);
constexpr uint32_t kSetLayout = code_of(0x15, FILE_READ_ACCESS | FILE_WRITE_ACCESS);
constexpr uint32_t kCreateDisk = code_of(0x16, FILE_READ_ACCESS | FILE_WRITE_ACCESS);

template <typename T>
std::span<std::byte const> bytes_of(T const& value)
{
    return std::as_bytes(std::span(&value, 1));
}

// A layout with room for two partitions.
struct Layout {
    DRIVE_LAYOUT_INFORMATION_EX head;
    PARTITION_INFORMATION_EX more;
};

Layout two_partitions()
{
    Layout layout {};
    layout.head.PartitionStyle = PARTITION_STYLE_GPT;
    layout.head.PartitionCount = 2;
    layout.head.Gpt.DiskId = { 7, 8, 9, {} };
    for (ULONG i = 0; i < 2; ++i) {
        PARTITION_INFORMATION_EX& entry = (&layout.head.PartitionEntry[0])[i];
        entry.PartitionStyle = PARTITION_STYLE_GPT;
        entry.StartingOffset.QuadPart = 0x10000 * (i + 1);
        entry.PartitionLength.QuadPart = 0x8000;
        entry.Gpt.PartitionType = { 0xEBD0A0A2, 0xB9E5, 0x4433, { 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7 } };
        entry.Gpt.PartitionId = { 100 + i, 0, 0, {} };
    }
    return layout;
}

int32_t create(File& disk)
{
    CREATE_DISK const wanted { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = { { 7, 8, 9, {} }, 128 } };
    return disk.ioctl(kCreateDisk, bytes_of(wanted), 0).status;
}

int32_t verify(File& disk, bool repair)
{
    return disk.ioctl(IOCTL_PLATTER_VERIFY, std::string_view(repair ? "\1" : "\0", 1), 0).status;
}

} // namespace

// The program creates a GPT, puts two partitions on it, and reads them back. It damages the first sector of the first
// header, as a program that writes past the driver may, and has the disk repaired.
// Shows: through client, driver and kernel the layout is what was set; damage is found and mended.
TEST(disk, a_program_partitions_it)
{
    Machine machine({ .seed = 9 });
    Driver driver = machine.load(kDriver);
    File disk = machine.open(kDisk);
    EXPECT_EQ(create(disk), kSuccess);
    Layout const wanted = two_partitions();
    EXPECT_EQ(disk.ioctl(kSetLayout, bytes_of(wanted), 0).status, kSuccess);
    Reply reply = disk.ioctl(kGetLayout, std::string_view(), sizeof(Layout));
    EXPECT_EQ(reply.status, kSuccess);
    ASSERT_EQ(reply.bytes.size(), sizeof(Layout));
    Layout expected = wanted;
    expected.head.Gpt.StartingUsableOffset.QuadPart = 34 * 512;
    expected.head.Gpt.UsableLength.QuadPart = (2048 - 34 - 33) * 512;
    expected.head.Gpt.MaxPartitionCount = 128;
    expected.head.PartitionEntry[0].PartitionNumber = 1;
    expected.more.PartitionNumber = 2;
    EXPECT_EQ(std::memcmp(reply.bytes.data(), &expected, sizeof expected), 0);
    EXPECT_EQ(verify(disk, false), kSuccess);
    disk.write(std::string(512, '\0'), 512);
    EXPECT_EQ(verify(disk, false), kCorrupt);
    EXPECT_EQ(disk.ioctl(kGetLayout, std::string_view(), sizeof(Layout)).bytes, reply.bytes);
    EXPECT_EQ(verify(disk, true), kSuccess);
    EXPECT_EQ(verify(disk, false), kSuccess);
    disk.close();
    driver.unload();
    machine.expect_quiet();
}

// Every fallible call of the kernel fails once, one after another, until a run meets no failure.
// Shows: the driver and its disk survive each, and nothing is left behind.
TEST(disk, survives_each_failure)
{
    uint64_t nth = 0;
    for (bool failed = true; failed;) {
        Machine machine({ .faults = { .nth = ++nth } });
        Driver driver = machine.load(kDriver);
        if (driver.status() >= 0) {
            File disk = machine.open(kDisk);
            create(disk);
            disk.ioctl(kSetLayout, bytes_of(two_partitions()), 0);
            disk.ioctl(kGetLayout, std::string_view(), sizeof(Layout));
            verify(disk, true);
            disk.close();
        }
        Report report = machine.finish();
        EXPECT_EQ(report.exit_code, 0) << "failure of call " << nth << ": " << report.words;
        failed = report.faults_injected != 0;
        ASSERT_LT(nth, 1000u);
    }
    EXPECT_GT(nth, 7u);
}
