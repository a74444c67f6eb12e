// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntdddisk/ni-ntdddisk-ioctl_disk_get_drive_geometry_ex
// @cite(wdk-ddi): page=ntdddisk/ni-ntdddisk-ioctl_disk_get_length_info
#include "io/disk/disk.h"

#include "ex/pool.h"
#include "hal/layout.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/irp.h"
#include "ke/kernel.h"
#include "mm/mdl.h"

#include <algorithm>
#include <bit>

namespace ringside::io::disk {

namespace {

constexpr ULONG kSectorsTag = 0x6B446F49;      // 'IoDk'
constexpr uint32_t kTransferBytesMax = 0x10000; // MM_MAXIMUM_DISK_IO_SIZE: every disk driver takes that much
// What a disk says that has no heads: cylinders, heads and sectors in a partition table are then the usual ones.
constexpr uint32_t kUsualHeads = 255, kUsualSectorsPerTrack = 63;

NTAPI NTSTATUS came_back(DEVICE_OBJECT*, IRP*, void* event)
{
    set_event(*static_cast<KEVENT*>(event));
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// Sends a request whose next location is filled, waits, and frees it: how many bytes it moved.
Result<uint64_t> send(DEVICE_OBJECT* device, IRP* irp)
{
    KEVENT event;
    initialize_event(event, NotificationEvent, false);
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    set_completion_routine(irp, &came_back, &event, true, true, true);
    (void)IofCallDriver(device, irp);
    wait_for(event);
    IO_STATUS_BLOCK const end = irp->IoStatus;
    IoFreeIrp(irp);
    if (!NT_SUCCESS(end.Status))
        return Failure { end.Status };
    return end.Information;
}

Result<uint64_t> control(DEVICE_OBJECT* device, ULONG code, Buffer const& answer)
{
    IRP* irp = IoAllocateIrp(device->StackSize, FALSE);
    if (!irp)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    irp->Flags = IRP_BUFFERED_IO | IRP_INPUT_OPERATION;
    irp->AssociatedIrp.SystemBuffer = irp->UserBuffer = answer.data();
    IO_STACK_LOCATION& location = *next_location(irp);
    location.MajorFunction = IRP_MJ_DEVICE_CONTROL;
    location.Parameters.DeviceIoControl.IoControlCode = code;
    location.Parameters.DeviceIoControl.OutputBufferLength = static_cast<ULONG>(answer.size());
    return send(device, irp);
}

// The buffer as the device takes it. The MDL is ours, whatever the driver leaves in the IRP.
Result<MDL*> attach(DEVICE_OBJECT const& device, IRP* irp, uint8_t* bytes, uint32_t count)
{
    irp->UserBuffer = bytes;
    if (device.Flags & DO_BUFFERED_IO)
        irp->AssociatedIrp.SystemBuffer = bytes;
    else if (device.Flags & DO_DIRECT_IO) {
        MDL* mdl = mm::IoAllocateMdl(bytes, count, FALSE, FALSE, nullptr);
        if (!mdl)
            return Failure { STATUS_INSUFFICIENT_RESOURCES };
        mm::MmBuildMdlForNonPagedPool(mdl);
        irp->MdlAddress = mdl;
        return mdl;
    }
    return nullptr;
}

Result<void> transfer(Disk const& disk, UCHAR major, uint64_t sector, uint8_t* bytes, uint32_t count)
{
    IRP* irp = IoAllocateIrp(disk.device->StackSize, FALSE);
    if (!irp)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    auto mdl = attach(*disk.device, irp, bytes, count);
    if (!mdl.ok()) {
        IoFreeIrp(irp);
        return mdl.failure();
    }
    IO_STACK_LOCATION& location = *next_location(irp);
    location.MajorFunction = major;
    // The medium's table is read before anybody can have verified the medium.
    location.Flags = SL_OVERRIDE_VERIFY_VOLUME;
    // Reads and writes have their parameters in the same places.
    location.Parameters.Read.Length = count;
    location.Parameters.Read.ByteOffset.QuadPart = disk.bytes(sector);
    auto const moved = send(disk.device, irp);
    if (*mdl)
        mm::IoFreeMdl(*mdl);
    if (!moved.ok())
        return moved.failure();
    if (moved.value() < count)
        return Failure { STATUS_IO_DEVICE_ERROR };
    return {};
}

Result<void> transfer_all(Disk const& disk, UCHAR major, uint64_t sector, uint32_t count, uint8_t* bytes)
{
    if (!disk.holds(sector, count))
        return Failure { STATUS_DISK_CORRUPT_ERROR };
    uint32_t const most = std::max(1u, kTransferBytesMax / disk.sector_bytes);
    for (uint32_t done = 0; done < count;) {
        uint32_t const now = std::min(most, count - done);
        TRY(transfer(disk, major, sector + done, bytes + size_t { done } * disk.sector_bytes, now * disk.sector_bytes));
        done += now;
    }
    return {};
}

bool is_sector_size(uint32_t bytes)
{
    return std::has_single_bit(bytes) && bytes >= kSectorBytesMin && bytes <= kSectorBytesMax;
}

// 0: the product is no size.
uint64_t bytes_of(DISK_GEOMETRY const& geometry)
{
    int64_t bytes = geometry.Cylinders.QuadPart;
    for (ULONG factor : { geometry.TracksPerCylinder, geometry.SectorsPerTrack, geometry.BytesPerSector })
        if (__builtin_mul_overflow(bytes, int64_t { factor }, &bytes))
            return 0;
    return bytes > 0 ? static_cast<uint64_t>(bytes) : 0;
}

// A device older than the extended request: geometry and length are two questions, the second of which it may not know.
Result<DISK_GEOMETRY_EX> ask_in_two(DEVICE_OBJECT* device)
{
    Buffer answer;
    TRY(answer.allocate(sizeof(DISK_GEOMETRY)));
    auto const geometry = control(device, IOCTL_DISK_GET_DRIVE_GEOMETRY, answer);
    if (geometry.status() == STATUS_INSUFFICIENT_RESOURCES)
        return geometry.failure();
    if (!geometry.ok() || geometry.value() < sizeof(DISK_GEOMETRY))
        return Failure { STATUS_DEVICE_NOT_READY };
    DISK_GEOMETRY_EX told {};
    told.Geometry = *answer.as<DISK_GEOMETRY>();
    TRY(answer.allocate(sizeof(GET_LENGTH_INFORMATION)));
    auto const length = control(device, IOCTL_DISK_GET_LENGTH_INFO, answer);
    if (length.status() == STATUS_INSUFFICIENT_RESOURCES)
        return length.failure();
    if (length.ok() && length.value() >= sizeof(GET_LENGTH_INFORMATION))
        told.DiskSize = answer.as<GET_LENGTH_INFORMATION>()->Length;
    else
        told.DiskSize.QuadPart = static_cast<int64_t>(bytes_of(told.Geometry));
    return told;
}

Result<DISK_GEOMETRY_EX> geometry_of(DEVICE_OBJECT* device)
{
    Buffer answer;
    TRY(answer.allocate(sizeof(DISK_GEOMETRY_EX)));
    auto const whole = control(device, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, answer);
    if (whole.status() == STATUS_INSUFFICIENT_RESOURCES)
        return whole.failure();
    if (whole.ok() && whole.value() >= offsetof(DISK_GEOMETRY_EX, Data))
        return *answer.as<DISK_GEOMETRY_EX>();
    return ask_in_two(device);
}

} // namespace

Buffer::~Buffer()
{
    if (m_data)
        ex::free(m_data, kSectorsTag);
}

Result<void> Buffer::allocate(size_t bytes)
{
    if (m_data)
        ex::free(m_data, kSectorsTag);
    m_size = bytes;
    m_data = static_cast<uint8_t*>(
        ex::allocate(NonPagedPoolNx, std::max<size_t>(bytes, hal::kPageSize), kSectorsTag, ex::Owner::Kernel, true));
    if (!m_data)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    return {};
}

Result<Disk> ask(DEVICE_OBJECT* device)
{
    DISK_GEOMETRY_EX const told = TRY(geometry_of(device));
    DISK_GEOMETRY const& geometry = told.Geometry;
    if (!is_sector_size(geometry.BytesPerSector) || told.DiskSize.QuadPart < geometry.BytesPerSector)
        return Failure { STATUS_DEVICE_NOT_READY };
    bool const usual = geometry.SectorsPerTrack == 0 || geometry.SectorsPerTrack > 63 || geometry.TracksPerCylinder == 0
        || geometry.TracksPerCylinder > 255;
    return Disk { device, geometry.BytesPerSector,
                  static_cast<uint64_t>(told.DiskSize.QuadPart) / geometry.BytesPerSector,
                  usual ? kUsualSectorsPerTrack : geometry.SectorsPerTrack,
                  usual ? kUsualHeads : geometry.TracksPerCylinder };
}

Result<Disk> assume(DEVICE_OBJECT* device, uint32_t sector_bytes)
{
    if (!is_sector_size(sector_bytes))
        return Failure { STATUS_INVALID_PARAMETER };
    return Disk { device, sector_bytes, static_cast<uint64_t>(INT64_MAX) / sector_bytes, kUsualSectorsPerTrack,
                  kUsualHeads };
}

Result<void> read(Disk const& disk, uint64_t sector, uint32_t count, uint8_t* into)
{
    return transfer_all(disk, IRP_MJ_READ, sector, count, into);
}

Result<void> write(Disk const& disk, uint64_t sector, uint32_t count, uint8_t const* from)
{
    return transfer_all(disk, IRP_MJ_WRITE, sector, count, const_cast<uint8_t*>(from));
}

} // namespace ringside::io::disk
