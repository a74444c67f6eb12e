// SPDX-License-Identifier: MIT
// A disk in memory, behind a device of a host-written driver: it answers reads, writes and what partition services ask
// about geometry, and can be told to refuse or to lie. What it was asked stands in a journal of one word per request.
#pragma once

#include "io/complete.h"
#include "io/irp.h"
#include "nt/nt.h"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::test {

using namespace ringside::nt;

struct RamDisk {
    explicit RamDisk(size_t sectors, uint32_t sector_bytes = 512)
        : bytes(sectors * sector_bytes)
        , sector_bytes(sector_bytes)
    {
    }

    std::vector<uint8_t> bytes;
    uint32_t sector_bytes; // as told, too
    bool knows_extended_geometry = true;
    bool knows_length = true;
    bool knows_geometry = true;
    bool keeps_pending = false;  // requests are marked pending, and completed before the routine returns
    uint64_t short_by = 0;       // bytes that a transfer says it moved too few
    unsigned fails_at = 0;       // the n-th transfer fails; 0: none
    NTSTATUS failure = STATUS_DEVICE_DATA_ERROR;

    unsigned transfers = 0;
    std::string journal; // "r0 w0 r1+32 g x l": sector, sectors; geometry, extended, length

    uint8_t* sector(uint64_t which) { return bytes.data() + which * sector_bytes; }
    std::string took()
    {
        std::string text;
        std::swap(text, journal);
        if (!text.empty())
            text.pop_back();
        return text;
    }
    // Bytes in hexadecimal, spaces as one likes.
    void put(uint64_t offset, std::string_view hex)
    {
        unsigned nibbles = 0, value = 0;
        for (char c : hex) {
            if (c == ' ')
                continue;
            value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
            if (++nibbles % 2 == 0)
                bytes.at(offset++) = static_cast<uint8_t>(value);
        }
    }

    NTSTATUS serve(DEVICE_OBJECT* device, IRP* irp)
    {
        IO_STACK_LOCATION const& location = *io::current_location(irp);
        switch (location.MajorFunction) {
        case IRP_MJ_READ:
        case IRP_MJ_WRITE:
            return end(irp, transfer(*device, *irp, location));
        case IRP_MJ_DEVICE_CONTROL:
            return end(irp, control(*irp, location));
        default:
            return end(irp, { STATUS_SUCCESS, 0 });
        }
    }

private:
    struct Outcome {
        NTSTATUS status;
        uint64_t information;
    };
    NTSTATUS end(IRP* irp, Outcome outcome)
    {
        if (keeps_pending)
            io::mark_pending(irp);
        irp->IoStatus.Status = outcome.status;
        irp->IoStatus.Information = outcome.information;
        io::IofCompleteRequest(irp, IO_NO_INCREMENT);
        return keeps_pending ? STATUS_PENDING : outcome.status;
    }
    static uint8_t* buffer_of(DEVICE_OBJECT const& device, IRP const& irp)
    {
        if (device.Flags & DO_BUFFERED_IO)
            return static_cast<uint8_t*>(irp.AssociatedIrp.SystemBuffer);
        if (device.Flags & DO_DIRECT_IO)
            return static_cast<uint8_t*>(irp.MdlAddress->MappedSystemVa);
        return static_cast<uint8_t*>(irp.UserBuffer);
    }
    Outcome transfer(DEVICE_OBJECT const& device, IRP const& irp, IO_STACK_LOCATION const& location)
    {
        auto const offset = static_cast<uint64_t>(location.Parameters.Read.ByteOffset.QuadPart);
        uint64_t const count = location.Parameters.Read.Length;
        bool const is_read = location.MajorFunction == IRP_MJ_READ;
        journal += (is_read ? "r" : "w") + std::to_string(offset / sector_bytes);
        if (count != sector_bytes)
            journal += "+" + std::to_string(count / sector_bytes);
        journal += " ";
        if (++transfers == fails_at)
            return { failure, 0 };
        if (offset > bytes.size() || count > bytes.size() - offset)
            return { STATUS_INVALID_PARAMETER, 0 };
        uint8_t* theirs = buffer_of(device, irp);
        std::memcpy(is_read ? theirs : bytes.data() + offset, is_read ? bytes.data() + offset : theirs, count);
        return { STATUS_SUCCESS, count - short_by };
    }
    template <typename T>
    static Outcome answer(IRP const& irp, T const& value, size_t count = sizeof(T))
    {
        std::memcpy(irp.AssociatedIrp.SystemBuffer, &value, count);
        return { STATUS_SUCCESS, count };
    }
    DISK_GEOMETRY geometry() const
    {
        DISK_GEOMETRY told {};
        uint32_t const cylinder = 255 * 63 * 512;
        told.Cylinders.QuadPart = static_cast<int64_t>(bytes.size() / cylinder + 1);
        told.MediaType = 12; // FixedMedia
        told.TracksPerCylinder = 255;
        told.SectorsPerTrack = 63;
        told.BytesPerSector = sector_bytes;
        return told;
    }
    Outcome control(IRP const& irp, IO_STACK_LOCATION const& location)
    {
        DISK_GEOMETRY_EX whole {};
        whole.Geometry = geometry();
        whole.DiskSize.QuadPart = static_cast<int64_t>(bytes.size());
        switch (location.Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_DISK_GET_DRIVE_GEOMETRY_EX:
            journal += "x ";
            if (knows_extended_geometry)
                return answer(irp, whole, offsetof(DISK_GEOMETRY_EX, Data));
            break;
        case IOCTL_DISK_GET_DRIVE_GEOMETRY:
            journal += "g ";
            if (knows_geometry)
                return answer(irp, whole.Geometry);
            break;
        case IOCTL_DISK_GET_LENGTH_INFO:
            journal += "l ";
            if (knows_length)
                return answer(irp, whole.DiskSize);
            break;
        }
        return { STATUS_INVALID_DEVICE_REQUEST, 0 };
    }
};

} // namespace ringside::test
