// SPDX-License-Identifier: MIT
// GUID partition tables: read, written, changed, repaired, created.
#include "disk_images.h"

#include "ke/dispatcher_objects.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class GptDisk : public Disks {
protected:
    void SetUp() override
    {
        Disks::SetUp();
        put_gpt_image(disk);
    }
    NTSTATUS verify(bool fix)
    {
        return call([=](DEVICE_OBJECT* device) { return io::IoVerifyPartitionTable(device, fix); });
    }
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
    // Each request is answered a millisecond later, by a DPC.
    void answer_later()
    {
        on_system([this] {
            m_later = static_cast<Later*>(ex::allocate(NonPagedPoolNx, sizeof(Later), 'retL', ex::Owner::Kernel, true));
            m_later->disk = &disk;
            ke::KeInitializeTimer(&m_later->timer);
            ke::KeInitializeDpc(&m_later->dpc, &answer, m_later);
        });
        for (UCHAR major : { IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL })
            m_behaviour.dispatch[major] = [this](DEVICE_OBJECT* device, IRP* irp) {
                io::mark_pending(irp);
                m_later->device = device;
                m_later->irp = irp;
                ke::KeSetTimer(&m_later->timer, { .QuadPart = -10'000 }, &m_later->dpc);
                return STATUS_PENDING;
            };
    }
    NTSTATUS create(CREATE_DISK const* wanted)
    {
        return call([&](DEVICE_OBJECT* device) { return io::IoCreateDisk(device, const_cast<CREATE_DISK*>(wanted)); });
    }

private:
    struct Later {
        KTIMER timer;
        KDPC dpc;
        RamDisk* disk;
        DEVICE_OBJECT* device;
        IRP* irp;
    };
    NTAPI static void answer(KDPC*, void* context, void*, void*)
    {
        auto& later = *static_cast<Later*>(context);
        (void)later.disk->serve(later.device, later.irp);
    }
    Later* m_later = nullptr;
};

// Of the image; and the CHS address of its last sector, which sfdisk leaves out of the protective entry.
constexpr GUID kDiskId { 0x11223344, 0x5566, 0x7788, { 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x00 } };
constexpr size_t kProtectiveEnd = 0x1c3;

} // namespace

// A disk with two partitions.
// Shows: used entries only, with their names; the usable space; what was read.
TEST_F(GptDisk, Layout)
{
    EXPECT_EQ(layout(), kGptImageLayout);
    EXPECT_EQ(disk.took(), "x r0 r1 r2+32");
}

// The layout that was read is written onto an empty MBR disk.
// Shows: byte for byte what another system made of the same partitions; the copy at the end is written first, in each
// copy the entries before the header, and the protective MBR last.
TEST_F(GptDisk, RoundTrip)
{
    std::vector<uint8_t> good = disk.bytes;
    EXPECT_EQ(rewrite([&](DRIVE_LAYOUT_INFORMATION_EX&) {
                  make_disk(2048);
                  disk.put(0x1fe, "55aa");
              }),
              STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r0 w2015+32 w2047 w2+32 w1 r0 w0");
    EXPECT_EQ(hex_of(disk.bytes.data() + kProtectiveEnd, 3), "202000");
    std::fill_n(disk.bytes.begin() + kProtectiveEnd, 3, 0xFF);
    EXPECT_TRUE(disk.bytes == good);
    EXPECT_EQ(layout(), kGptImageLayout);
}

// An empty GPT is made on a disk that is full of other things.
// Shows: the reference's bytes without its partitions; sector 0 is empty but for the protective entry; fewer than 128
// entries become 128.
TEST_F(GptDisk, Create)
{
    std::fill(disk.bytes.begin(), disk.bytes.end(), 0x5A);
    CREATE_DISK wanted { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = { kDiskId, 4 } };
    EXPECT_EQ(create(&wanted), STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x w2015+32 w2047 w2+32 w1 w0");
    EXPECT_EQ(layout(), "GPT 443322116655887799aabbccddeeff00 0x4400+0xf7a00 0 of 128\n");
    EXPECT_EQ(hex_of(disk.bytes.data(), 512),
              std::string(2 * 0x1be, '0') + "00000200ee20200001000000ff070000" + std::string(96, '0') + "55aa");
    EXPECT_EQ(verify(false), STATUS_SUCCESS);
    EXPECT_EQ(disk.bytes[34 * 512], 0x5A) << "the partitions' space is not touched";
}

// The same with more entries than 128, and with more than can be; on a disk that is too small for them.
// Shows: room is made for them; what cannot be is refused, and nothing is written.
TEST_F(GptDisk, CreateWithManyEntries)
{
    CREATE_DISK wanted { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = { kDiskId, 1000 } };
    EXPECT_EQ(create(&wanted), STATUS_SUCCESS);
    EXPECT_EQ(layout(), "GPT 443322116655887799aabbccddeeff00 0x1f800+0xc1200 0 of 1000\n");
    std::vector<uint8_t> const before = disk.bytes;
    for (ULONG count : { 0x2001u, 0x10000000u, 0xFFFFFFFFu }) {
        wanted.Gpt.MaxPartitionCount = count;
        EXPECT_EQ(create(&wanted), STATUS_INVALID_PARAMETER);
    }
    EXPECT_TRUE(disk.bytes == before);
    wanted.Gpt.MaxPartitionCount = 0;
    make_disk(67);
    EXPECT_EQ(create(&wanted), STATUS_INVALID_PARAMETER);
    make_disk(68);
    EXPECT_EQ(create(&wanted), STATUS_SUCCESS);
    EXPECT_EQ(layout(), "GPT 443322116655887799aabbccddeeff00 0x4400+0x200 0 of 128\n");
}

// The GPT disk becomes an MBR disk, then a raw one; a style there is not.
// Shows: an empty MBR with its signature; no header of either copy is left; a raw disk has no partitions, and keeps its
// boot code.
TEST_F(GptDisk, BecomesAnother)
{
    CREATE_DISK wanted { .PartitionStyle = PARTITION_STYLE_MBR, .Mbr = { 0xcafebabe } };
    EXPECT_EQ(create(&wanted), STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r1 w1 r2047 w2047 w0");
    EXPECT_EQ(hex_of(disk.bytes.data(), 512), std::string(880, '0') + "bebafeca" + std::string(132, '0') + "55aa");
    EXPECT_EQ(layout(), "MBR cafebabe 4\n0 0x0+0x0 00 0\n0 0x0+0x0 00 0\n0 0x0+0x0 00 0\n0 0x0+0x0 00 0\n");
    disk.took();
    disk.put(0, "fa33c08ed0");
    disk.put(439, "77");
    EXPECT_EQ(create(nullptr), STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r1 r2047 r0 w0");
    EXPECT_EQ(hex_of(disk.bytes.data(), 512), "fa33c08ed0" + std::string(868, '0') + "77" + std::string(144, '0'));
    EXPECT_EQ(layout(), "RAW 0\n");
    put_gpt_image(disk);
    wanted.PartitionStyle = PARTITION_STYLE_RAW;
    EXPECT_EQ(create(&wanted), STATUS_SUCCESS);
    EXPECT_EQ(layout(), "RAW 0\n");
    wanted.PartitionStyle = 3;
    EXPECT_EQ(create(&wanted), STATUS_NOT_SUPPORTED);
}

// One copy is damaged, in its header or its entries; the first, then the other.
// Shows: the layout is still there; the damage is found; it is repaired when that is asked for, to what it was.
TEST_F(GptDisk, OneCopyIsDamaged)
{
    std::vector<uint8_t> const good = disk.bytes;
    for (size_t at : { 0x200, 0x210, 0x228, 0x238, 0x24c, 0x410, 0xffe00, 0xffe20, 0xfbe80 }) {
        disk.bytes[at] ^= 0x10;
        EXPECT_EQ(layout(), kGptImageLayout) << at;
        EXPECT_EQ(verify(false), STATUS_DISK_CORRUPT_ERROR) << at;
        EXPECT_EQ(verify(true), STATUS_SUCCESS) << at;
        EXPECT_TRUE(disk.bytes == good) << at;
        EXPECT_EQ(verify(false), STATUS_SUCCESS) << at;
    }
}

// Both copies are damaged.
// Shows: STATUS_DISK_CORRUPT_ERROR from all who read it, and nothing is written.
TEST_F(GptDisk, BothCopiesAreDamaged)
{
    disk.bytes[0x410] ^= 1;
    disk.bytes[0xffe20] ^= 1;
    std::vector<uint8_t> const before = disk.bytes;
    EXPECT_EQ(layout(), "c0000032");
    EXPECT_EQ(verify(false), STATUS_DISK_CORRUPT_ERROR);
    EXPECT_EQ(verify(true), STATUS_DISK_CORRUPT_ERROR);
    DISK_SIGNATURE signature {};
    EXPECT_EQ(call([&](DEVICE_OBJECT* device) { return io::IoReadDiskSignature(device, 512, &signature); }),
              STATUS_DISK_CORRUPT_ERROR);
    EXPECT_EQ(call([](DEVICE_OBJECT* device) {
                  SET_PARTITION_INFORMATION_EX to { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = {} };
                  return io::IoSetPartitionInformationEx(device, 1, &to);
              }),
              STATUS_DISK_CORRUPT_ERROR);
    EXPECT_TRUE(disk.bytes == before);
}

// The second partition gets another type, identity, attributes and name.
// Shows: both copies have them; the rest is as it was; a partition that is not there, and the other style, are refused.
TEST_F(GptDisk, SetInformation)
{
    SET_PARTITION_INFORMATION_EX to { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = {} };
    to.Gpt.PartitionType = { 0xAABBCCDD, 1, 2, {} };
    to.Gpt.PartitionId = { 0x55667788, 3, 4, {} };
    to.Gpt.Attributes = 0x8000000000000000;
    std::copy_n(u"new", 4, to.Gpt.Name);
    auto const set = [&](ULONG partition) {
        return call([&](DEVICE_OBJECT* device) { return io::IoSetPartitionInformationEx(device, partition, &to); });
    };
    EXPECT_EQ(set(2), STATUS_SUCCESS);
    EXPECT_EQ(layout(),
              "GPT 443322116655887799aabbccddeeff00 0x4400+0xf7a00 2 of 128\n"
              "1 0x5000+0xc800 a2a0d0eb a4a3a2a1 0 data\n"
              "2 0x19000+0x7d000 ddccbbaa 88776655 8000000000000000 new\n");
    EXPECT_EQ(verify(false), STATUS_SUCCESS);
    std::vector<uint8_t> const before = disk.bytes;
    for (ULONG partition : { 0u, 3u, 0xFFFFFFFFu })
        EXPECT_EQ(set(partition), STATUS_INVALID_PARAMETER);
    to.PartitionStyle = PARTITION_STYLE_MBR;
    EXPECT_EQ(set(1), STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(disk.bytes == before);
}

// What tells this disk from others.
// Shows: the header's identity.
TEST_F(GptDisk, Signature)
{
    DISK_SIGNATURE signature {};
    EXPECT_EQ(call([&](DEVICE_OBJECT* device) { return io::IoReadDiskSignature(device, 512, &signature); }),
              STATUS_SUCCESS);
    EXPECT_EQ(signature.PartitionStyle, PARTITION_STYLE_GPT);
    EXPECT_EQ(hex_of(&signature.Gpt.DiskId, 16), hex_of(&kDiskId, 16));
}

// Layouts that no GPT can have.
// Shows: STATUS_INVALID_PARAMETER, and not one sector is written.
TEST_F(GptDisk, LayoutsThatCannotBe)
{
    auto const refused = [&](char const* what, auto change) {
        EXPECT_EQ(rewrite([&](DRIVE_LAYOUT_INFORMATION_EX& layout) { change(layout, layout.PartitionEntry); }),
                  STATUS_INVALID_PARAMETER)
            << what;
        EXPECT_EQ(disk.took().find('w'), std::string::npos) << what;
    };
    using Layout = DRIVE_LAYOUT_INFORMATION_EX;
    using Entry = PARTITION_INFORMATION_EX*;
    refused("part of a sector", [](Layout&, Entry entry) { entry[0].StartingOffset.QuadPart += 100; });
    refused("in the table", [](Layout&, Entry entry) { entry[0].StartingOffset.QuadPart = 33 * 512; });
    refused("in the other table", [](Layout&, Entry entry) { entry[1].PartitionLength.QuadPart = 1816 * 512; });
    refused("beyond the disk", [](Layout&, Entry entry) { entry[1].PartitionLength.QuadPart = INT64_MAX & ~511ll; });
    refused("negative", [](Layout&, Entry entry) { entry[1].StartingOffset.QuadPart = INT64_MIN; });
    refused("no length", [](Layout&, Entry entry) { entry[1].PartitionLength.QuadPart = 0; });
    refused("on another", [](Layout&, Entry entry) { entry[1].StartingOffset.QuadPart = 139 * 512; });
    refused("of another style", [](Layout&, Entry entry) { entry[0].PartitionStyle = PARTITION_STYLE_MBR; });
    refused("more than there are", [](Layout& layout, Entry) { layout.PartitionCount = 129; });
    refused("too many", [](Layout& layout, Entry) { layout.Gpt.MaxPartitionCount = 0xFFFFFFFF; });
}

// The disk grew: it ends behind the copy that was at its end.
// Shows: the layout is there; the missing copy is an error, which is repaired by one at the new end.
TEST_F(GptDisk, DiskGrew)
{
    disk.bytes.resize(4096 * 512);
    EXPECT_EQ(layout(), kGptImageLayout);
    EXPECT_EQ(verify(false), STATUS_DISK_CORRUPT_ERROR);
    EXPECT_EQ(verify(true), STATUS_SUCCESS);
    EXPECT_EQ(hex_of(disk.sector(4095), 8), "4546492050415254");
    disk.bytes[0x200] = 0;
    EXPECT_EQ(layout(), kGptImageLayout);
}

// A device that answers later; the caller is at APC_LEVEL, where no special kernel APC reaches it.
// Shows: the damage is repaired all the same.
TEST_F(GptDisk, VerifiedAtApcLevel)
{
    std::vector<uint8_t> const good = disk.bytes;
    disk.bytes[0x200] = 0;
    answer_later();
    EXPECT_EQ(call([](DEVICE_OBJECT* device) {
                  uint8_t const old = ke::kernel().raise_irql(APC_LEVEL);
                  NTSTATUS const status = io::IoVerifyPartitionTable(device, TRUE);
                  EXPECT_EQ(ke::Kernel::irql(), APC_LEVEL);
                  ke::kernel().lower_irql(old);
                  return status;
              }),
              STATUS_SUCCESS);
    EXPECT_EQ(disk.took(), "x r0 r1 r2047 r2015+32 w2015+32 w2047 w2+32 w1");
    EXPECT_TRUE(disk.bytes == good);
}
