// SPDX-License-Identifier: MIT
// Disks that lie, disks that refuse, and a kernel without memory, under the partition services.
#include "disk_images.h"

#include "rtl/memory.h"

#include <random>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr char const* kCorrupt = "c0000032";

class HostileDisk : public Disks {
protected:
    explicit HostileDisk(BootOptions const& options = {})
        : Disks(options)
    {
    }

    NTSTATUS verify(bool fix = false)
    {
        return call([=](DEVICE_OBJECT* device) { return io::IoVerifyPartitionTable(device, fix); });
    }
    // A primary table whose only entry is an extended partition from sector 10 on, to the end.
    void put_extended()
    {
        disk.put(0x1be, "00000000 05000000 0a000000 f6070000");
        disk.put(0x1fe, "55aa");
    }
    // A table of the chain with one way on, counted from sector 10.
    void put_link(uint64_t sector, uint32_t relative)
    {
        uint8_t* at = disk.sector(sector);
        at[0x1be + 4] = PARTITION_EXTENDED;
        std::memcpy(at + 0x1be + 8, &relative, 4);
        at[0x1be + 12] = 1;
        at[0x1fe] = 0x55, at[0x1ff] = 0xAA;
    }
    // Puts a number into the first header, and makes both checksums right again.
    template <typename T>
    void set_in_header(size_t offset, T value)
    {
        uint8_t* header = disk.sector(1);
        std::memcpy(header + offset, &value, sizeof value);
        std::memset(header + 16, 0, 4);
        uint32_t const crc = rtl::RtlComputeCrc32(0, header, 92);
        std::memcpy(header + 16, &crc, 4);
    }
    void set_in_entries(size_t offset, uint64_t value)
    {
        std::memcpy(disk.sector(2) + offset, &value, sizeof value);
        set_in_header(88, rtl::RtlComputeCrc32(0, disk.sector(2), 128 * 128));
    }
    // Only the first copy counts.
    void put_one_gpt()
    {
        put_gpt_image(disk);
        std::memset(disk.sector(2047), 0, 512);
    }
    std::string every_service();
};

ULONG bits(NTSTATUS status) { return static_cast<ULONG>(status); }

// How each of them ends, on whatever the disk holds.
std::string HostileDisk::every_service()
{
    std::string ends = layout() + "\n" + old_layout(false) + "\n";
    auto const end = [&](auto function) { ends += fmt::format("{:08x} ", bits(call(function))); };
    end([](DEVICE_OBJECT* device) { return io::IoVerifyPartitionTable(device, FALSE); });
    end([](DEVICE_OBJECT* device) {
        DISK_SIGNATURE signature;
        return io::IoReadDiskSignature(device, 512, &signature);
    });
    end([](DEVICE_OBJECT* device) { return io::IoSetPartitionInformation(device, 512, 1, 7); });
    end([](DEVICE_OBJECT* device) {
        SET_PARTITION_INFORMATION_EX to { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = {} };
        return io::IoSetPartitionInformationEx(device, 1, &to);
    });
    end([](DEVICE_OBJECT* device) { return io::IoVerifyPartitionTable(device, TRUE); });
    return ends;
}

class WithoutPool : public HostileDisk {
protected:
    // A small machine, so that its memory is soon taken.
    WithoutPool()
        : HostileDisk({ .memory_bytes = 16 * hal::kMiB })
    {
    }
};

} // namespace

// A disk without a table.
// Shows: raw; a bad master boot record where there is no word for raw; nothing to verify.
TEST_F(HostileDisk, NoTable)
{
    EXPECT_EQ(layout(), "RAW 0\n");
    EXPECT_EQ(old_layout(false), "c00000a9");
    EXPECT_EQ(verify(true), STATUS_DISK_CORRUPT_ERROR);
    DISK_SIGNATURE signature {};
    EXPECT_EQ(call([&](DEVICE_OBJECT* device) { return io::IoReadDiskSignature(device, 512, &signature); }),
              STATUS_DISK_CORRUPT_ERROR);
    EXPECT_EQ(call([](DEVICE_OBJECT* device) { return io::IoSetPartitionInformation(device, 512, 1, 7); }),
              STATUS_BAD_MASTER_BOOT_RECORD);
}

// The chain of extended partitions comes back to itself; to sector 0; leaves the disk; leads to data; is endless.
// Shows: what stands before is read, and reading ends; verifying says that the disk is corrupt, and repairs nothing.
TEST_F(HostileDisk, ChainsThatGoWrong)
{
    put_extended();
    disk.took();
    auto const reads = [&](char const* expected) {
        std::string const read = layout();
        EXPECT_EQ(read.substr(0, 13), "MBR 00000000 ");
        EXPECT_EQ(disk.took(), expected);
        EXPECT_EQ(verify(true), STATUS_DISK_CORRUPT_ERROR);
        EXPECT_EQ(disk.took().find('w'), std::string::npos);
    };
    reads("x r0 r0 r10"); // to a sector without a table
    put_link(10, 0);
    reads("x r0 r0 r10"); // to itself
    put_link(10, 5);
    put_link(15, 0);
    reads("x r0 r0 r10 r15"); // to the one before
    put_link(15, 0xFFFFFFF6);
    reads("x r0 r0 r10 r15"); // far out
    put_link(15, 2038);
    reads("x r0 r0 r10 r15"); // one sector too far
    for (uint32_t i = 0; i < 1000; ++i)
        put_link(10 + i, i + 1);
    EXPECT_EQ(layout().substr(0, 18), "MBR 00000000 1024\n");
    disk.took();
    EXPECT_EQ(verify(), STATUS_DISK_CORRUPT_ERROR);
}

// A table behind the first cannot be read.
// Shows: what was read is the layout, as documented; verifying says what the device said.
TEST_F(HostileDisk, ChainThatCannotBeRead)
{
    make_disk(8192);
    put_mbr_image(disk);
    disk.fails_at = 3;
    EXPECT_EQ(layout().substr(0, 15), "MBR cafebabe 4\n");
    disk.transfers = 0;
    EXPECT_EQ(verify(), STATUS_DEVICE_DATA_ERROR);
}

// MBRs with one thing wrong.
// Shows: verifying finds it.
TEST_F(HostileDisk, TablesThatAreWrong)
{
    auto const with = [&](uint64_t offset, char const* hex) {
        make_disk(8192);
        put_mbr_image(disk);
        disk.put(offset, hex);
        return verify(true);
    };
    EXPECT_EQ(with(0, ""), STATUS_SUCCESS);
    EXPECT_EQ(with(0x1be, "01"), STATUS_DISK_CORRUPT_ERROR) << "an indicator that is none";
    EXPECT_EQ(with(0x1ca, "00000000"), STATUS_DISK_CORRUPT_ERROR) << "a partition of no sectors";
    EXPECT_EQ(with(0x1c6, "00000000"), STATUS_DISK_CORRUPT_ERROR) << "a partition on the table";
    EXPECT_EQ(with(0x1ca, "ffffffff"), STATUS_DISK_CORRUPT_ERROR) << "a partition beyond the disk";
    EXPECT_EQ(with(0x1ca, "50040000"), STATUS_DISK_CORRUPT_ERROR) << "a partition on the next";
    EXPECT_EQ(with(0x1e2, "0f"), STATUS_DISK_CORRUPT_ERROR) << "two extended ones";
    EXPECT_EQ(with(0x899c6, "00000000"), STATUS_DISK_CORRUPT_ERROR) << "a partition on its table in the chain";
    EXPECT_EQ(with(0x899ca, "00100000"), STATUS_DISK_CORRUPT_ERROR) << "a partition on another one's table";
    EXPECT_EQ(with(0xe0fca, "00200000"), STATUS_DISK_CORRUPT_ERROR) << "a partition out of the extended one";
}

// Headers with one number wrong, under right checksums.
// Shows: each is refused, and no number of a disk's leads to a read outside, an endless one, or all of pool.
TEST_F(HostileDisk, HeadersThatLie)
{
    auto const lies = [&](char const* what, size_t offset, auto value) {
        make_disk(2048);
        put_one_gpt();
        set_in_header(offset, value);
        disk.took();
        EXPECT_EQ(layout(), kCorrupt) << what;
        EXPECT_EQ(disk.took(), "x r0 r1 r2047") << what;
        EXPECT_EQ(verify(), STATUS_DISK_CORRUPT_ERROR) << what;
    };
    lies("header of no bytes", 12, uint32_t { 0 });
    lies("header larger than the sector", 12, uint32_t { 513 });
    lies("header of all bytes", 12, uint32_t { 0xFFFFFFFF });
    lies("stands elsewhere", 24, uint64_t { 2 });
    lies("is its own copy", 32, uint64_t { 1 });
    lies("copy outside", 32, uint64_t { 2048 });
    lies("usable space in the table", 40, uint64_t { 33 });
    lies("usable space ends before it begins", 40, uint64_t { 0x7df });
    lies("usable space beyond the disk", 48, UINT64_MAX);
    lies("usable space in the other table", 48, uint64_t { 0x7df });
    lies("entries on the header", 72, uint64_t { 1 });
    lies("entries on sector 0", 72, uint64_t { 0 });
    lies("entries in the usable space", 72, uint64_t { 3 });
    lies("entries beyond the disk", 72, uint64_t { 2047 });
    lies("entries nowhere", 72, UINT64_MAX);
    lies("no entries", 80, uint32_t { 0 });
    lies("more entries than sectors", 80, uint32_t { 129 });
    lies("as many entries as can be said", 80, uint32_t { 0xFFFFFFFF });
    lies("entries of no bytes", 84, uint32_t { 0 });
    lies("entries too small", 84, uint32_t { 64 });
    lies("entries of an odd size", 84, uint32_t { 129 });
    lies("entries as large as can be said", 84, uint32_t { 0x80000000 });
}

// Entries that cannot be, under right checksums.
// Shows: each is refused.
TEST_F(HostileDisk, EntriesThatLie)
{
    auto const lies = [&](char const* what, size_t offset, uint64_t value) {
        make_disk(2048);
        put_one_gpt();
        set_in_entries(offset, value);
        EXPECT_EQ(layout(), kCorrupt) << what;
        EXPECT_EQ(verify(), STATUS_DISK_CORRUPT_ERROR) << what;
    };
    put_one_gpt();
    set_in_entries(32, 41);
    EXPECT_EQ(layout().substr(0, 3), "GPT");
    lies("ends before it begins", 32, 140);
    lies("begins in the table", 32, 33);
    lies("begins at the end of all numbers", 32, UINT64_MAX);
    lies("ends in the other table", 128 + 40, 0x7df);
    lies("ends at the end of all numbers", 128 + 40, UINT64_MAX);
    lies("lies on another", 128 + 32, 139);
}

// Sectors of sizes that there are not, told by the device or by the caller; a disk without sectors.
// Shows: not ready, or an invalid parameter; the device is not read.
TEST_F(HostileDisk, SectorsOfNoSize)
{
    put_mbr_image(disk = RamDisk(8192));
    for (uint32_t bytes : { 1u, 3u, 256u, 511u, 513u, 0x20000u, 0x80000000u }) {
        disk.sector_bytes = bytes;
        EXPECT_EQ(layout(), "c00000a3") << bytes;
        EXPECT_EQ(verify(), STATUS_DEVICE_NOT_READY) << bytes;
        EXPECT_EQ(old_layout(false, bytes), "c000000d") << bytes;
        EXPECT_EQ(disk.took(), "x x");
    }
    disk.sector_bytes = 0;
    EXPECT_EQ(layout(), "c00000a3");
    EXPECT_EQ(old_layout(false, 0), "c000000d");
    disk = RamDisk(0);
    EXPECT_EQ(layout(), "c00000a3");
}

// A device that moves fewer bytes than it was asked for, and says that it succeeded.
// Shows: that is no success.
TEST_F(HostileDisk, ShortTransfers)
{
    put_gpt_image(disk);
    disk.short_by = 1;
    EXPECT_EQ(layout(), "c0000185");
    EXPECT_EQ(call([](DEVICE_OBJECT* device) { return io::IoCreateDisk(device, nullptr); }), STATUS_IO_DEVICE_ERROR);
}

// Each transfer of each service fails once, on a GPT disk.
// Shows: a reader uses the copy that can be read; a writer ends with the device's status; nothing is left.
TEST_F(HostileDisk, EveryTransferFails)
{
    CREATE_DISK wanted { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = {} };
    auto const fails = [&](unsigned nth, auto function) {
        make_disk(2048);
        put_gpt_image(disk);
        disk.fails_at = nth;
        return call(function);
    };
    auto const create = [&](DEVICE_OBJECT* device) { return io::IoCreateDisk(device, &wanted); };
    for (unsigned nth = 1; nth <= 5; ++nth)
        EXPECT_EQ(fails(nth, create), STATUS_DEVICE_DATA_ERROR) << nth;
    EXPECT_EQ(fails(6, create), STATUS_SUCCESS);
    auto const verify = [](DEVICE_OBJECT* device) { return io::IoVerifyPartitionTable(device, TRUE); };
    for (unsigned nth = 1; nth <= 5; ++nth)
        EXPECT_EQ(fails(nth, verify), STATUS_DEVICE_DATA_ERROR) << nth;
    EXPECT_EQ(fails(6, verify), STATUS_SUCCESS);
    auto const set = [](DEVICE_OBJECT* device) {
        SET_PARTITION_INFORMATION_EX to { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = {} };
        to.Gpt.PartitionType.Data1 = 1;
        return io::IoSetPartitionInformationEx(device, 1, &to);
    };
    EXPECT_EQ(fails(1, set), STATUS_DEVICE_DATA_ERROR);
    for (unsigned nth : { 2u, 3u })
        EXPECT_EQ(fails(nth, set), STATUS_SUCCESS) << "the other copy is read: " << nth;
    for (unsigned nth = 4; nth <= 7; ++nth)
        EXPECT_EQ(fails(nth, set), STATUS_DEVICE_DATA_ERROR) << nth;
    EXPECT_EQ(fails(8, set), STATUS_SUCCESS);
    for (unsigned nth = 1; nth <= 4; ++nth) {
        make_disk(2048);
        put_gpt_image(disk);
        disk.fails_at = nth;
        EXPECT_EQ(layout(), nth == 1 ? "c000009c" : std::string(kGptImageLayout)) << nth;
    }
}

// Three hundred disks of tables with a few bytes changed, and right checksums for half of them.
// Shows: every service ends, the same way twice, and nothing is left.
TEST_F(HostileDisk, ManyDisks)
{
    std::mt19937 random(7);
    for (unsigned i = 0; i < 300; ++i) {
        make_disk(i % 2 ? 2048 : 8192);
        i % 2 ? put_gpt_image(disk) : put_mbr_image(disk);
        for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
            constexpr uint64_t kTables[] = { 0x1be, 0x899be, 0xe0fbe, 0x200, 0x400, 0xffe00 };
            uint64_t const from = i % 2 ? kTables[3 + random() % 3] : kTables[random() % 3];
            disk.bytes[from + random() % 64] = static_cast<uint8_t>(random() % 3 ? random() : 0xFF);
        }
        if (i % 4 == 1)
            set_in_entries(0, random());
        RamDisk const before = disk;
        std::string const ends = every_service();
        disk = before;
        EXPECT_EQ(every_service(), ends) << i;
        ASSERT_EQ(boot.crash(), nullptr) << i;
    }
}

// Pool runs out: a little more is there each time, until all services have what they need.
// Shows: want of memory ends them with its status, and nothing of theirs is left.
TEST_F(WithoutPool, EveryAllocationFails)
{
    put_gpt_image(disk);
    std::string const good = every_service();
    std::vector<void*> pages, rest;
    on_system([&] {
        while (void* page = ex::allocate(NonPagedPoolNx, hal::kPageSize, 'lluF', ex::Owner::Kernel, false))
            pages.push_back(page);
        while (void* block = ex::allocate(NonPagedPoolNx, 64, 'lluF', ex::Owner::Kernel, false))
            rest.push_back(block);
    });
    unsigned failures = 0;
    for (std::string ends; ends != good && pages.size() > 1000; ++failures) {
        put_gpt_image(disk);
        ends = every_service();
        EXPECT_TRUE(ends == good || ends.find("c000009a") != std::string::npos) << ends;
        on_system([&] {
            ex::free(pages.back(), 0);
            pages.pop_back();
        });
    }
    EXPECT_GT(failures, 3u);
    put_gpt_image(disk);
    EXPECT_EQ(every_service(), good);
    on_system([&] {
        for (auto* blocks : { &pages, &rest })
            for (void* block : *blocks)
                ex::free(block, 0);
    });
}
