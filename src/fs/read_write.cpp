// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-zwreadfile
// @cite(wdk-ddi): page=wdm/nf-wdm-zwwritefile
#include "fs/file_system.h"
#include "io/irp.h"
#include "mm/memory.h"

#include <algorithm>
#include <array>

namespace ringside::fs {

namespace {

constexpr int64_t kUseFilePosition = -2; // FILE_USE_FILE_POINTER_POSITION
constexpr int64_t kWriteToEnd = -1;      // FILE_WRITE_TO_END_OF_FILE
constexpr uint64_t kFileBytesMax = Volume::kClusters * Volume::kClusterBytes;

using Piece = std::array<std::byte, kPageBytes>;

// What reads and writes have in common before their bytes move.
struct Transfer {
    Open* open;
    uint64_t at;
    uint64_t bytes;
    void* buffer;
};

Result<Transfer> begin(IRP* irp, IO_STACK_LOCATION& location, bool is_write)
{
    // Both parameters have the same shape.
    auto const& parameters = location.Parameters.Read;
    if (location.MinorFunction != IRP_MN_NORMAL)
        return Failure { STATUS_INVALID_DEVICE_REQUEST };
    Open* const open = file_system().find(location.FileObject);
    if (!open || !open->node || open->node->folder)
        return Failure { STATUS_INVALID_DEVICE_REQUEST };
    if (open->cleaned_up && !(irp->Flags & IRP_PAGING_IO))
        return Failure { STATUS_FILE_CLOSED };
    int64_t at = parameters.ByteOffset.QuadPart;
    if (is_write && at == kWriteToEnd)
        at = static_cast<int64_t>(open->node->bytes());
    else if (at == kUseFilePosition)
        at = open->file->CurrentByteOffset.QuadPart;
    uint64_t const bytes = parameters.Length;
    if (at < 0 || bytes > static_cast<uint64_t>(INT64_MAX - at))
        return Failure { STATUS_INVALID_PARAMETER };
    bool const whole_sectors = open->file->Flags & FO_NO_INTERMEDIATE_BUFFERING;
    if (whole_sectors && (at % kSectorBytes || bytes % kSectorBytes))
        return Failure { STATUS_INVALID_PARAMETER };
    return Transfer { open, static_cast<uint64_t>(at), bytes, nullptr };
}

// A transfer of no bytes succeeds without a buffer.
Result<void> find_buffer(IRP* irp, Transfer& transfer)
{
    transfer.buffer = transfer_buffer(irp);
    if (irp->MdlAddress && !transfer.buffer)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    return {};
}

void advance_position(Transfer const& transfer, uint64_t done)
{
    if (transfer.open->file->Flags & FO_SYNCHRONOUS_IO)
        transfer.open->file->CurrentByteOffset.QuadPart = static_cast<int64_t>(transfer.at + done);
}

Result<uint64_t> read_bytes(IRP* irp, IO_STACK_LOCATION& location)
{
    Transfer transfer = TRY(begin(irp, location, false));
    if (!transfer.bytes)
        return uint64_t { 0 };
    Node& node = *transfer.open->node;
    LockOwner const owner = lock_owner(irp, transfer.open->file, location.Parameters.Read.Key);
    if (!node.locks.may_read(owner, { transfer.at, transfer.bytes }))
        return Failure { STATUS_FILE_LOCK_CONFLICT };
    if (transfer.at >= node.bytes())
        return Failure { STATUS_END_OF_FILE };
    TRY(find_buffer(irp, transfer));
    uint64_t const bytes = std::min(transfer.bytes, node.bytes() - transfer.at);
    Piece piece;
    for (uint64_t done = 0; done < bytes;) {
        size_t const now = static_cast<size_t>(std::min<uint64_t>(bytes - done, piece.size()));
        TRY(file_system().volume().read(node, transfer.at + done, { piece.data(), now }));
        mm::memory().sections.read_shown(sections_of(node), transfer.at + done, { piece.data(), now });
        if (!copy_caller(static_cast<std::byte*>(transfer.buffer) + done, piece.data(), now))
            return Failure { STATUS_INVALID_USER_BUFFER };
        done += now;
    }
    advance_position(transfer, bytes);
    return bytes;
}

Result<void> put_bytes(Transfer const& transfer)
{
    Piece piece;
    for (uint64_t done = 0; done < transfer.bytes;) {
        size_t const now = static_cast<size_t>(std::min<uint64_t>(transfer.bytes - done, piece.size()));
        if (!copy_caller(piece.data(), static_cast<std::byte*>(transfer.buffer) + done, now))
            return Failure { STATUS_INVALID_USER_BUFFER };
        Node& node = *transfer.open->node;
        TRY(file_system().volume().write(node, transfer.at + done, { piece.data(), now }));
        mm::memory().sections.write_shown(sections_of(node), transfer.at + done, { piece.data(), now });
        done += now;
    }
    return {};
}

Result<uint64_t> write_bytes(IRP* irp, IO_STACK_LOCATION& location)
{
    Transfer transfer = TRY(begin(irp, location, true));
    if (!transfer.bytes)
        return uint64_t { 0 };
    Node& node = *transfer.open->node;
    LockOwner const owner = lock_owner(irp, transfer.open->file, location.Parameters.Write.Key);
    if (!node.locks.may_write(owner, { transfer.at, transfer.bytes }))
        return Failure { STATUS_FILE_LOCK_CONFLICT };
    uint64_t const end = transfer.at + transfer.bytes, before = node.bytes();
    if (end > kFileBytesMax)
        return Failure { STATUS_DISK_FULL };
    TRY(find_buffer(irp, transfer));
    Volume& volume = file_system().volume();
    if (end > before)
        TRY(volume.resize(node, end));
    if (auto put = put_bytes(transfer); !put.ok()) {
        if (end > before)
            (void)volume.resize(node, before); // as if nothing had been asked
        return put.failure();
    }
    if (transfer.open->keep_written)
        node.times.changed = volume.now();
    else
        volume.touch(node);
    transfer.open->file->Flags |= FO_FILE_MODIFIED | (end > before ? FO_FILE_SIZE_CHANGED : 0);
    show_sizes(node);
    advance_position(transfer, transfer.bytes);
    return transfer.bytes;
}

Outcome outcome_of(Result<uint64_t> const& result) { return { result.status(), result.ok() ? result.value() : 0 }; }

} // namespace

Outcome read(IRP* irp, IO_STACK_LOCATION& location) { return outcome_of(read_bytes(irp, location)); }
Outcome write(IRP* irp, IO_STACK_LOCATION& location) { return outcome_of(write_bytes(irp, location)); }

Outcome flush(IO_STACK_LOCATION& location)
{
    Open* const open = file_system().find(location.FileObject);
    if (!open)
        return { STATUS_INVALID_PARAMETER };
    if (open->cleaned_up)
        return { STATUS_FILE_CLOSED };
    if (!open->node)
        return {};
    if (auto written = mm::memory().sections.flush_file(sections_of(*open->node)); !written.ok())
        return outcome(written);
    return outcome(file_system().volume().flush(*open->node));
}

} // namespace ringside::fs
