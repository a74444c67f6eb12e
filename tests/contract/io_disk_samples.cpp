// SPDX-License-Identifier: MIT
// Partition tables and disks: a driver calls them for its own disk of 2048 sectors.
#include "io_stage.h"
#include "ram_disk.h"

#include "cm/registry.h"
#include "io/disk/partition_ddi.h"

#include <memory>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

RamDisk* g_disk = nullptr;

NTAPI NTSTATUS serve(DEVICE_OBJECT* device, IRP* irp) { return g_disk->serve(device, irp); }

struct DiskStage : Stage {
    explicit DiskStage(At& at)
        : Stage(at)
    {
        g_disk = &disk;
        for (UCHAR major : { IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL })
            driver->MajorFunction[major] = &serve;
        device->Flags |= DO_DIRECT_IO;
    }
    ~DiskStage() { g_disk = nullptr; }
    // One partition of type 7 at sector 64, 128 sectors long, and the signature 0x11223344.
    void put_table()
    {
        disk.put(0x1b8, "44332211");
        disk.put(0x1be, "00010200 07030300 40000000 80000000");
        disk.put(0x1fe, "55aa");
    }
    void make_gpt()
    {
        CREATE_DISK wanted { .PartitionStyle = PARTITION_STYLE_GPT, .Gpt = { kId, 128 } };
        EXPECT_EQ(io::IoCreateDisk(device, &wanted), STATUS_SUCCESS);
    }
    static constexpr GUID kId { 1, 2, 3, { 4 } };
    RamDisk& disk = new_disk();

private:
    // Kept outside of the stage: a bug check abandons the stack that a sample stands on.
    static RamDisk& new_disk()
    {
        static std::unique_ptr<RamDisk> kept;
        kept = std::make_unique<RamDisk>(2048);
        return *kept;
    }
};

// A name for the sample's device, as a volume has it.
void make_drive(At& at)
{
    at.also("IoCreateSymbolicLink", &at.string(u"\\DosDevices\\S:"), &at.string(u"\\Device\\Sample"));
}

} // namespace

SAMPLE(IoReadPartitionTable)
{
    DiskStage stage(at);
    auto& layout = at.object<DRIVE_LAYOUT_INFORMATION*>();
    stage.put_table();
    at.status(STATUS_SUCCESS, stage.device, 512, FALSE, &layout);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->PartitionCount, 4u);
    EXPECT_EQ(layout->Signature, 0x11223344u);
    EXPECT_EQ(layout->PartitionEntry[0].StartingOffset.QuadPart, 64 * 512);
    at.also("ExFreePool", layout);
    at.status(STATUS_SUCCESS, stage.device, 512, TRUE, &layout);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->PartitionCount, 1u);
    at.also("ExFreePool", layout);
    at.status(STATUS_INVALID_PARAMETER, stage.device, 3, TRUE, &layout);
    EXPECT_FALSE(layout);
    stage.disk.put(0x1fe, "0000");
    at.status(STATUS_BAD_MASTER_BOOT_RECORD, stage.device, 512, TRUE, &layout);
}

SAMPLE(IoReadPartitionTableEx)
{
    DiskStage stage(at);
    auto& layout = at.object<DRIVE_LAYOUT_INFORMATION_EX*>();
    stage.put_table();
    at.status(STATUS_SUCCESS, stage.device, &layout);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->PartitionStyle, PARTITION_STYLE_MBR);
    EXPECT_EQ(layout->PartitionCount, 4u);
    EXPECT_EQ(layout->PartitionEntry[0].PartitionLength.QuadPart, 128 * 512);
    at.also("ExFreePool", layout);
    stage.disk.knows_geometry = stage.disk.knows_extended_geometry = false;
    at.status(STATUS_DEVICE_NOT_READY, stage.device, &layout);
    EXPECT_FALSE(layout);
}

SAMPLE(IoReadDiskSignature)
{
    DiskStage stage(at);
    auto& signature = at.object<DISK_SIGNATURE>();
    stage.make_gpt();
    at.status(STATUS_SUCCESS, stage.device, 512, &signature);
    EXPECT_EQ(signature.PartitionStyle, PARTITION_STYLE_GPT);
    EXPECT_EQ(signature.Gpt.DiskId.Data1, 1u);
    stage.disk.sector(1)[0] = 0;
    at.status(STATUS_DISK_CORRUPT_ERROR, stage.device, 512, &signature);
}

SAMPLE(IoWritePartitionTable)
{
    DiskStage stage(at);
    auto& layout = at.object<DRIVE_LAYOUT_INFORMATION>();
    layout.PartitionCount = 1;
    layout.PartitionEntry[0] = { { .QuadPart = 64 * 512 }, { .QuadPart = 128 * 512 }, 0, 0, 7, FALSE, FALSE, TRUE };
    stage.put_table();
    stage.disk.put(0x1c6, "00000000");
    at.status(STATUS_SUCCESS, stage.device, 512, 63, 255, &layout);
    EXPECT_EQ(stage.disk.bytes[0x1c6], 64);
    stage.disk.put(0x1fe, "0000");
    at.status(STATUS_UNSUCCESSFUL, stage.device, 512, 63, 255, &layout);
    at.status(STATUS_INVALID_PARAMETER, stage.device, 512, 0, 255, &layout);
}

SAMPLE(IoWritePartitionTableEx)
{
    DiskStage stage(at);
    auto& layout = at.object<DRIVE_LAYOUT_INFORMATION_EX>();
    layout.PartitionStyle = PARTITION_STYLE_GPT;
    layout.PartitionCount = 1;
    PARTITION_INFORMATION_EX& entry = layout.PartitionEntry[0];
    entry.PartitionStyle = PARTITION_STYLE_GPT;
    entry.StartingOffset.QuadPart = 64 * 512;
    entry.PartitionLength.QuadPart = 128 * 512;
    entry.Gpt.PartitionType.Data1 = 7;
    stage.put_table();
    at.status(STATUS_SUCCESS, stage.device, &layout);
    EXPECT_EQ(stage.disk.bytes[0x1c2], 0xEE);
    EXPECT_EQ(stage.disk.sector(2)[0], 7);
    EXPECT_EQ(stage.disk.sector(2)[32], 64);
    entry.StartingOffset.QuadPart += 1;
    at.status(STATUS_INVALID_PARAMETER, stage.device, &layout);
    layout.PartitionStyle = PARTITION_STYLE_RAW;
    at.status(STATUS_INVALID_PARAMETER, stage.device, &layout);
}

SAMPLE(IoSetPartitionInformation)
{
    DiskStage stage(at);
    stage.put_table();
    at.status(STATUS_SUCCESS, stage.device, 512, 1, PARTITION_FAT32);
    EXPECT_EQ(stage.disk.bytes[0x1c2], PARTITION_FAT32);
    at.status(STATUS_INVALID_PARAMETER, stage.device, 512, 2, PARTITION_FAT32);
}

SAMPLE(IoSetPartitionInformationEx)
{
    DiskStage stage(at);
    auto& information = at.object<SET_PARTITION_INFORMATION_EX>();
    information.PartitionStyle = PARTITION_STYLE_MBR;
    information.Mbr.PartitionType = PARTITION_FAT32;
    stage.put_table();
    at.status(STATUS_SUCCESS, stage.device, 1, &information);
    EXPECT_EQ(stage.disk.bytes[0x1c2], PARTITION_FAT32);
    information.PartitionStyle = PARTITION_STYLE_GPT;
    at.status(STATUS_INVALID_PARAMETER, stage.device, 1, &information);
}

SAMPLE(IoCreateDisk)
{
    DiskStage stage(at);
    auto& wanted = at.object<CREATE_DISK>();
    wanted.PartitionStyle = PARTITION_STYLE_GPT;
    wanted.Gpt.DiskId = DiskStage::kId;
    at.status(STATUS_SUCCESS, stage.device, &wanted);
    EXPECT_EQ(stage.disk.bytes[0x1c2], 0xEE);
    EXPECT_EQ(stage.disk.sector(1)[56], 1);
    EXPECT_EQ(stage.disk.sector(2047)[56], 1);
    at.status(STATUS_SUCCESS, stage.device, nullptr);
    EXPECT_EQ(stage.disk.bytes[0x1fe], 0);
    wanted.PartitionStyle = 3;
    at.status(STATUS_NOT_SUPPORTED, stage.device, &wanted);
}

// The first copy is damaged: found, repaired, not found any more.
SAMPLE(IoVerifyPartitionTable)
{
    DiskStage stage(at);
    stage.make_gpt();
    stage.disk.sector(1)[56] = 9;
    at.status(STATUS_DISK_CORRUPT_ERROR, stage.device, FALSE);
    at.status(STATUS_SUCCESS, stage.device, TRUE);
    EXPECT_EQ(stage.disk.sector(1)[56], 1);
    at.status(STATUS_SUCCESS, stage.device, FALSE);
}

SAMPLE(IoGetBootDiskInformation)
{
    auto& information = at.object<BOOTDISK_INFORMATION>();
    at.status(STATUS_TOO_LATE, &information, sizeof information);
    at.status(STATUS_INVALID_PARAMETER, &information, sizeof information - 1);
}

// The registry says which device it is; a name that leads to none is refused.
SAMPLE(IoSetSystemPartition)
{
    Stage stage(at);
    make_drive(at);
    at.status(STATUS_SUCCESS, &at.string(u"S:"));
    cm::Key* setup = at.rooms().registry.find(u"\\Registry\\Machine\\System\\Setup");
    ASSERT_TRUE(setup);
    cm::Value const* value = setup->value(u"SystemPartition");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->type, REG_SZ);
    EXPECT_EQ(std::u16string(reinterpret_cast<char16_t const*>(value->data.data())), u"\\Device\\Sample");
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &at.string(u"T:"));
    at.status(STATUS_OBJECT_NAME_INVALID, &at.string(u""));
    at.status(STATUS_OBJECT_TYPE_MISMATCH, &at.string(u"\\Driver\\sample"));
}
