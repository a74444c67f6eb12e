// SPDX-License-Identifier: MIT
// A disk behind a device, layouts as lines of text, and sectors as other systems write them. The two images were made
// with sfdisk (util-linux 2.38.1) from the partitions that the tests name; only bytes that are not zero stand here.
#pragma once

#include "host_driver.h"
#include "io/disk/partition_ddi.h"
#include "ram_disk.h"

namespace ringside::test {

class Disks : public IoTest {
protected:
    explicit Disks(BootOptions const& options = {})
        : IoTest(options)
    {
    }
    void SetUp() override
    {
        m_driver = driver(u"ramdisk");
        m_device = device(m_driver, m_behaviour, u"\\Device\\RamDisk", nullptr, DO_DIRECT_IO);
        for (UCHAR major : { IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL })
            m_behaviour.dispatch[major] = [this](DEVICE_OBJECT* at, IRP* irp) { return disk.serve(at, irp); };
    }
    void TearDown() override
    {
        EXPECT_EQ(boot.crash(), nullptr);
        EXPECT_EQ(io().irps().live(), 0u);
        EXPECT_EQ(ex::driver_blocks(), 0u);
    }
    // A fresh disk.
    void make_disk(size_t sectors, uint32_t sector_bytes = 512) { disk = RamDisk(sectors, sector_bytes); }

    template <typename Function>
    NTSTATUS call(Function function)
    {
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        on_system([&] { status = function(m_device); });
        return status;
    }
    // What IoReadPartitionTableEx gives: lines, or the status.
    std::string layout();
    std::string old_layout(bool recognized_only, uint32_t sector_bytes = 512);

    RamDisk disk { 2048 };
    DRIVER_OBJECT* m_driver = nullptr;
    DEVICE_OBJECT* m_device = nullptr;
    Behaviour m_behaviour { "ramdisk" };
};

inline std::string hex_of(void const* bytes, size_t count)
{
    std::string text;
    for (size_t i = 0; i < count; ++i)
        text += fmt::format("{:02x}", static_cast<uint8_t const*>(bytes)[i]);
    return text;
}

// "[style] ..." for the disk, then one line per entry: number, first byte + bytes, type, b: to boot from,
// r: recognized, hidden sectors.
inline std::string lines_of(DRIVE_LAYOUT_INFORMATION_EX const& layout)
{
    std::string text;
    if (layout.PartitionStyle == PARTITION_STYLE_MBR)
        text = fmt::format("MBR {:08x} {}\n", layout.Mbr.Signature, layout.PartitionCount);
    else if (layout.PartitionStyle == PARTITION_STYLE_GPT)
        text = fmt::format("GPT {} {:#x}+{:#x} {} of {}\n", hex_of(&layout.Gpt.DiskId, 16),
                           layout.Gpt.StartingUsableOffset.QuadPart, layout.Gpt.UsableLength.QuadPart,
                           layout.PartitionCount, layout.Gpt.MaxPartitionCount);
    else
        text = fmt::format("RAW {}\n", layout.PartitionCount);
    for (ULONG i = 0; i < layout.PartitionCount; ++i) {
        PARTITION_INFORMATION_EX const& entry = layout.PartitionEntry[i];
        text += fmt::format("{} {:#x}+{:#x}", entry.PartitionNumber, entry.StartingOffset.QuadPart,
                            entry.PartitionLength.QuadPart);
        if (entry.PartitionStyle == PARTITION_STYLE_MBR)
            text += fmt::format(" {:02x}{}{} {}\n", entry.Mbr.PartitionType, entry.Mbr.BootIndicator ? " b" : "",
                                entry.Mbr.RecognizedPartition ? " r" : "", entry.Mbr.HiddenSectors);
        else
            text += fmt::format(" {} {} {:x} {}\n", hex_of(&entry.Gpt.PartitionType, 4),
                                hex_of(&entry.Gpt.PartitionId, 4), entry.Gpt.Attributes,
                                std::string(entry.Gpt.Name, std::find(entry.Gpt.Name, entry.Gpt.Name + 36, u'\0')));
    }
    return text;
}

inline std::string Disks::layout()
{
    std::string text;
    NTSTATUS const status = call([&](DEVICE_OBJECT* device) {
        auto* read = reinterpret_cast<DRIVE_LAYOUT_INFORMATION_EX*>(uintptr_t { 1 });
        NTSTATUS const status = io::IoReadPartitionTableEx(device, &read);
        if (!NT_SUCCESS(status)) {
            EXPECT_EQ(read, nullptr);
            return status;
        }
        EXPECT_EQ(ex::find_block(read)->type, NonPagedPoolNx);
        text = lines_of(*read);
        ex::free(read, 0);
        return status;
    });
    return NT_SUCCESS(status) ? text : fmt::format("{:08x}", static_cast<ULONG>(status));
}

inline std::string Disks::old_layout(bool recognized_only, uint32_t sector_bytes)
{
    std::string text;
    NTSTATUS const status = call([&](DEVICE_OBJECT* device) {
        auto* read = reinterpret_cast<DRIVE_LAYOUT_INFORMATION*>(uintptr_t { 1 });
        NTSTATUS const status = io::IoReadPartitionTable(device, sector_bytes, recognized_only, &read);
        if (!NT_SUCCESS(status)) {
            EXPECT_EQ(read, nullptr);
            return status;
        }
        text = fmt::format("{:08x} {}\n", read->Signature, read->PartitionCount);
        for (ULONG i = 0; i < read->PartitionCount; ++i) {
            PARTITION_INFORMATION const& entry = read->PartitionEntry[i];
            text += fmt::format("{} {:#x}+{:#x} {:02x}{}{} {}\n", entry.PartitionNumber, entry.StartingOffset.QuadPart,
                                entry.PartitionLength.QuadPart, entry.PartitionType, entry.BootIndicator ? " b" : "",
                                entry.RecognizedPartition ? " r" : "", entry.HiddenSectors);
        }
        ex::free(read, 0);
        return status;
    });
    return NT_SUCCESS(status) ? text : fmt::format("{:08x}", static_cast<ULONG>(status));
}

// 8192 sectors: NTFS at 63+1000, to boot from; extended at 1100+5000 with FAT32 at 1163+500 and Linux at 1800+400;
// FAT32 (LBA) at 6200+200.
inline void put_mbr_image(RamDisk& disk)
{
    disk.put(0x1b8,
             "bebafeca 0000 80010100 07103700 3f000000 e8030000 00111e00 05603400 4c040000 88130000"
             "00621b00 0c652500 38180000 c8000000");
    disk.put(0x1fe, "55aa");
    disk.put(0x899be, "00121e00 0b1a1900 3f000000 f4010000 001c2400 05223a00 bb020000 91010000");
    disk.put(0x899fe, "55aa");
    disk.put(0xe0fbe, "001c2500 83223a00 01000000 90010000");
    disk.put(0xe0ffe, "55aa");
}
inline constexpr char const* kMbrImageLayout = "MBR cafebabe 12\n"
                                               "1 0x7e00+0x7d000 07 b r 63\n"
                                               "0 0x89800+0x271000 05 1100\n"
                                               "2 0x307000+0x19000 0c r 6200\n"
                                               "0 0x0+0x0 00 0\n"
                                               "3 0x91600+0x3e800 0b r 63\n"
                                               "0 0xe0e00+0x32200 05 699\n"
                                               "0 0x0+0x0 00 0\n"
                                               "0 0x0+0x0 00 0\n"
                                               "4 0xe1000+0x32000 83 1\n"
                                               "0 0x0+0x0 00 0\n"
                                               "0 0x0+0x0 00 0\n"
                                               "0 0x0+0x0 00 0\n";

// 2048 sectors: basic data at 40+100 "data"; EFI system at 200+1000 "EFI system partition", required.
inline void put_gpt_image(RamDisk& disk)
{
    disk.put(0x1be, "00000200 eeffffff 01000000 ff070000");
    disk.put(0x1fe, "55aa");
    constexpr char const* usable = "2200000000000000 de07000000000000 4433221166558877 99aabbccddeeff00";
    disk.put(0x200, "4546492050415254 000001005c000000 aed0da2e00000000 0100000000000000 ff07000000000000");
    disk.put(0x228, usable);
    disk.put(0x248, "0200000000000000 8000000080000000 1a096542");
    disk.put(0xffe00, "4546492050415254 000001005c000000 a5fea89d00000000 ff07000000000000 0100000000000000");
    disk.put(0xffe28, usable);
    disk.put(0xffe48, "df07000000000000 8000000080000000 1a096542");
    for (uint64_t at : { 0x400, 0xfbe00 }) {
        disk.put(at,
                 "a2a0d0ebe5b93344 87c068b6b72699c7 a4a3a2a1b2b1c2c1 d1d2e1e2e3e4e5e6 2800000000000000"
                 "8b00000000000000 0000000000000000 6400610074006100");
        disk.put(at + 128,
                 "28732ac11ff8d211 ba4b00a0c93ec93b 0403020106050807 090a0b0c0d0e0f10 c800000000000000"
                 "af04000000000000 0100000000000000 4500460049002000 7300790073007400 65006d0020007000"
                 "6100720074006900 740069006f006e00");
    }
}
inline constexpr char const* kGptImageLayout = "GPT 443322116655887799aabbccddeeff00 0x4400+0xf7a00 2 of 128\n"
                                               "1 0x5000+0xc800 a2a0d0eb a4a3a2a1 0 data\n"
                                               "2 0x19000+0x7d000 28732ac1 04030201 1 EFI system partition\n";

} // namespace ringside::test
