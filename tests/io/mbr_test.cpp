// SPDX-License-Identifier: MIT
// Partition tables of the MBR kind: read, written, changed.
#include "disk_images.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class Mbr : public Disks {
protected:
    void SetUp() override
    {
        Disks::SetUp();
        make_disk(8192);
        put_mbr_image(disk);
    }
    // Reads the layout, lets `change` change it, writes it.
    template <typename Change>
    NTSTATUS rewrite(Change change)
    {
        return call([&](DEVICE_OBJECT* device) {
            DRIVE_LAYOUT_INFORMATION_EX* read = nullptr;
            EXPECT_EQ(io::IoReadPartitionTableEx(device, &read), STATUS_SUCCESS);
            disk.took();
            change(*read);
            NTSTATUS const status = io::IoWritePartitionTableEx(device, read);
            ex::free(read, 0);
            return status;
        });
    }
};

void mark_all(DRIVE_LAYOUT_INFORMATION_EX& layout)
{
    for (ULONG i = 0; i < layout.PartitionCount; ++i)
        layout.PartitionEntry[i].RewritePartition = TRUE;
}

} // namespace

// A disk with two primary partitions, and two more behind an extended one.
// Shows: four entries for each table, in the chain's order; numbers for partitions only; offsets are the disk's.
TEST_F(Mbr, LayoutOfAChain)
{
    EXPECT_EQ(layout(), kMbrImageLayout);
    EXPECT_EQ(disk.took(), "x r0 r0 r1100 r1799");
}

// The same through every kind of buffer, and through a device that answers later.
// Shows: the requests suit the device; the layout does not depend on it.
TEST_F(Mbr, EveryKindOfDevice)
{
    for (ULONG flags : { 0u, ULONG { DO_BUFFERED_IO }, ULONG { DO_DIRECT_IO } })
        for (bool pending : { false, true }) {
            m_device->Flags = (m_device->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flags;
            disk.keeps_pending = pending;
            EXPECT_EQ(layout(), kMbrImageLayout);
        }
}

// A device that does not know the extended geometry request; one that does not know its length, either.
// Shows: what is asked then; without a geometry the device is not ready.
TEST_F(Mbr, OlderDevices)
{
    disk.knows_extended_geometry = false;
    EXPECT_EQ(layout(), kMbrImageLayout);
    EXPECT_EQ(disk.took(), "x g l r0 r0 r1100 r1799");
    disk.knows_length = false;
    EXPECT_EQ(layout(), kMbrImageLayout);
    disk.took();
    disk.knows_geometry = false;
    EXPECT_EQ(layout(), "c00000a3");
    EXPECT_EQ(disk.took(), "x g");
}

// The older service, which asks for no geometry: all entries, and recognized ones only.
// Shows: without extended and unknown partitions the others keep their numbers.
TEST_F(Mbr, OldLayout)
{
    EXPECT_EQ(old_layout(false), "cafebabe" + std::string(kMbrImageLayout).substr(12));
    EXPECT_EQ(old_layout(true),
              "cafebabe 3\n"
              "1 0x7e00+0x7d000 07 b r 63\n"
              "2 0x307000+0x19000 0c r 6200\n"
              "3 0x91600+0x3e800 0b r 63\n");
    EXPECT_EQ(disk.took(), "r0 r1100 r1799 r0 r1100 r1799");
}

// The layout that was read is written onto a disk that holds nothing but an empty MBR.
// Shows: byte for byte what another system made of the same partitions.
TEST_F(Mbr, RoundTrip)
{
    std::vector<uint8_t> const good = disk.bytes;
    EXPECT_EQ(rewrite([&](DRIVE_LAYOUT_INFORMATION_EX& layout) {
                  mark_all(layout);
                  make_disk(8192);
                  disk.put(0x1fe, "55aa");
              }),
              STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r0 w0 r1100 w1100 r1799 w1799");
    EXPECT_TRUE(disk.bytes == good);
    EXPECT_EQ(layout(), kMbrImageLayout);
}

// One entry of the last table is marked as changed; then none is, but the disk's signature differs; then nothing.
// Shows: only the table of a marked entry is written, and sector 0 for the signature. Boot code stays.
TEST_F(Mbr, OnlyWhatChanged)
{
    disk.put(0, "fa33c08ed0");
    std::vector<uint8_t> const before = disk.bytes;
    EXPECT_EQ(rewrite([](DRIVE_LAYOUT_INFORMATION_EX& layout) {
                  layout.PartitionEntry[8].Mbr.PartitionType = PARTITION_IFS;
                  layout.PartitionEntry[8].RewritePartition = TRUE;
              }),
              STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r0 r1799 w1799");
    EXPECT_EQ(disk.bytes[0xe0fc2], PARTITION_IFS);
    EXPECT_EQ(rewrite([](DRIVE_LAYOUT_INFORMATION_EX& layout) { layout.Mbr.Signature = 0x11223344; }), STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r0 w0");
    EXPECT_EQ(hex_of(disk.bytes.data() + 0x1b8, 4), "44332211");
    EXPECT_EQ(rewrite([](DRIVE_LAYOUT_INFORMATION_EX&) { }), STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r0");
    disk.put(0x1b8, "bebafeca");
    disk.put(0xe0fc2, "83");
    EXPECT_TRUE(disk.bytes == before);
}

// The table of a Windows 7 installation: 100 MB to boot from at 1 MB, and the rest of a 20 GB disk, written by the
// older service onto a small one that holds sector 0.
// Shows: cylinders, heads and sectors as Windows has them, where they reach, and the largest where they do not.
TEST_F(Mbr, SectorOfAWindowsDisk)
{
    make_disk(1);
    disk.put(0x1fe, "55aa");
    EXPECT_EQ(call([](DEVICE_OBJECT* device) {
                  auto* layout = static_cast<DRIVE_LAYOUT_INFORMATION*>(
                      ex::allocate(NonPagedPoolNx, 512, 'tseT', ex::Owner::Kernel, true));
                  layout->PartitionCount = 4;
                  layout->Signature = 0x12345678;
                  PARTITION_INFORMATION* entry = layout->PartitionEntry;
                  entry[0] = { { .QuadPart = 1 << 20 }, { .QuadPart = 100 << 20 }, 0, 1, 7, TRUE, TRUE, TRUE };
                  entry[1] = { { .QuadPart = 101 << 20 }, { .QuadPart = 20378ll << 20 }, 0, 2, 7, FALSE, TRUE, TRUE };
                  NTSTATUS const status = io::IoWritePartitionTable(device, 512, 63, 255, layout);
                  ex::free(layout, 0);
                  return status;
              }),
              STATUS_SUCCESS);
    EXPECT_EQ(hex_of(disk.bytes.data() + 0x1b8, 72),
              "785634120000"
              "80202100"
              "07df130c"
              "00080000"
              "00200300"
              "00df140c"
              "07feffff"
              "00280300"
              "00d07c02"
                  + std::string(64, '0') + "55aa");
    EXPECT_EQ(disk.took(), "r0 w0");
}

// Layouts that no disk can have.
// Shows: STATUS_INVALID_PARAMETER, and not one sector is written.
TEST_F(Mbr, LayoutsThatCannotBe)
{
    auto const refused = [&](char const* what, auto change) {
        EXPECT_EQ(rewrite([&](DRIVE_LAYOUT_INFORMATION_EX& layout) {
                      mark_all(layout);
                      change(layout, layout.PartitionEntry);
                  }),
                  STATUS_INVALID_PARAMETER)
            << what;
        EXPECT_EQ(disk.took().find('w'), std::string::npos) << what;
    };
    using Layout = DRIVE_LAYOUT_INFORMATION_EX;
    using Entry = PARTITION_INFORMATION_EX*;
    refused("part of a sector", [](Layout&, Entry entry) { entry[0].StartingOffset.QuadPart += 100; });
    refused("length of part of a sector", [](Layout&, Entry entry) { entry[0].PartitionLength.QuadPart += 1; });
    refused("negative", [](Layout&, Entry entry) { entry[0].StartingOffset.QuadPart = -512; });
    refused("negative length", [](Layout&, Entry entry) { entry[0].PartitionLength.QuadPart = INT64_MIN; });
    refused("no length", [](Layout&, Entry entry) { entry[0].PartitionLength.QuadPart = 0; });
    refused("on its table", [](Layout&, Entry entry) { entry[0].StartingOffset.QuadPart = 0; });
    refused("beyond the disk", [](Layout&, Entry entry) { entry[2].PartitionLength.QuadPart = 4 << 20; });
    refused("far beyond it", [](Layout&, Entry entry) { entry[2].StartingOffset.QuadPart = INT64_MAX & ~511ll; });
    refused("before its table", [](Layout&, Entry entry) { entry[4].StartingOffset.QuadPart = 63 * 512; });
    refused("two extended", [](Layout&, Entry entry) { entry[0].Mbr.PartitionType = PARTITION_EXTENDED; });
    refused("no way on", [](Layout&, Entry entry) { entry[1].Mbr.PartitionType = PARTITION_IFS; });
    refused("backwards", [](Layout&, Entry entry) { entry[5].StartingOffset.QuadPart = 1100 * 512; });
    refused("a style there is not", [](Layout& layout, Entry) { layout.PartitionStyle = 7; });
    refused("raw", [](Layout& layout, Entry) { layout.PartitionStyle = PARTITION_STYLE_RAW; });
    refused("more than any chain has", [](Layout& layout, Entry) { layout.PartitionCount = 0xFFFFFFFC; });
}

// Sector 0 of the disk that is written to holds no table.
// Shows: STATUS_UNSUCCESSFUL, and nothing is written.
TEST_F(Mbr, WriteNeedsATable)
{
    EXPECT_EQ(rewrite([&](DRIVE_LAYOUT_INFORMATION_EX& layout) {
                  mark_all(layout);
                  disk.put(0x1fe, "0000");
              }),
              STATUS_UNSUCCESSFUL);
    EXPECT_EQ(disk.took(), "x r0");
}

// The type of the third partition, the first one of the chain, is set by its order; by both services.
// Shows: one byte of one sector changes; who does not exist, or has a type of more than a byte, is refused.
TEST_F(Mbr, SetType)
{
    std::vector<uint8_t> const before = disk.bytes;
    auto const set = [&](ULONG partition, ULONG type) {
        return call([=](DEVICE_OBJECT* device) { return io::IoSetPartitionInformation(device, 512, partition, type); });
    };
    EXPECT_EQ(set(3, PARTITION_IFS), STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "r0 r1100 r1799 r1100 w1100");
    EXPECT_EQ(disk.bytes[0x899c2], PARTITION_IFS);
    for (ULONG partition : { 0u, 5u, 0xFFFFFFFFu })
        EXPECT_EQ(set(partition, PARTITION_IFS), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(set(3, 0x100), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(call([](DEVICE_OBJECT* device) {
                  SET_PARTITION_INFORMATION_EX to { .PartitionStyle = PARTITION_STYLE_MBR, .Mbr = { 0x0B } };
                  return io::IoSetPartitionInformationEx(device, 3, &to);
              }),
              STATUS_SUCCESS);
    EXPECT_TRUE(disk.bytes == before);
    EXPECT_EQ(call([](DEVICE_OBJECT* device) {
                  SET_PARTITION_INFORMATION_EX to { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = {} };
                  return io::IoSetPartitionInformationEx(device, 3, &to);
              }),
              STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(disk.bytes == before);
}

// What tells this disk from others.
// Shows: its signature, and a checksum that makes the sum of the sector's words 0.
TEST_F(Mbr, Signature)
{
    DISK_SIGNATURE signature {};
    EXPECT_EQ(call([&](DEVICE_OBJECT* device) { return io::IoReadDiskSignature(device, 512, &signature); }),
              STATUS_SUCCESS);
    EXPECT_EQ(signature.PartitionStyle, PARTITION_STYLE_MBR);
    EXPECT_EQ(signature.Mbr.Signature, 0xcafebabe);
    uint32_t sum = signature.Mbr.CheckSum;
    for (size_t at = 0; at < 512; at += 4)
        sum += *reinterpret_cast<uint32_t*>(disk.bytes.data() + at);
    EXPECT_EQ(sum, 0u);
    EXPECT_EQ(disk.took(), "r0");
}

// Sectors of 4096 bytes.
// Shows: the same table means eight times as much; the array of entries stays at the sector's byte 446.
TEST_F(Mbr, LargeSectors)
{
    make_disk(1024, 4096);
    disk.put(0x1b8, "bebafeca 0000 80010100 07103700 10000000 20000000");
    disk.put(0x1fe, "55aa");
    std::string const rest = "0 0x0+0x0 00 0\n0 0x0+0x0 00 0\n0 0x0+0x0 00 0\n";
    EXPECT_EQ(layout(), "MBR cafebabe 4\n1 0x10000+0x20000 07 b r 16\n" + rest);
    EXPECT_EQ(old_layout(false, 4096), "cafebabe 4\n1 0x10000+0x20000 07 b r 16\n" + rest);
}
