// SPDX-License-Identifier: MIT
// Services on open files beside opening, reading and writing: Zw* as KernelMode, Nt* as whoever's thread it is.
#include "ex/pool.h"
#include "io/ddi.h"
#include "io/event.h"
#include "io/file_calls.h"
#include "io/information.h"
#include "io/information_class.h"
#include "io/manager.h"
#include "io/open.h"
#include "ob/capture.h"
#include "ob/object.h"

#include <cstddef>

namespace ringside::io {

namespace {

// --- A rename's or a link's new folder ---

bool names_target(ULONG information)
{
    return information == FileRenameInformation || information == FileRenameInformationEx
        || information == FileLinkInformation || information == FileLinkInformationEx;
}

struct NewName {
    bool elsewhere = false; // in a folder that is still to be opened
    std::u16string path;
    void* root = nullptr;
};

// What the buffer says. STATUS_INVALID_PARAMETER for lengths that do not fit, STATUS_INVALID_HANDLE.
Result<NewName> read_new_name(void const* buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    constexpr ULONG fixed = offsetof(FILE_RENAME_INFORMATION, FileName);
    if (!probe(buffer, bytes, mode))
        return Failure { STATUS_ACCESS_VIOLATION };
    auto const header = ob::get(static_cast<FILE_RENAME_INFORMATION const*>(buffer));
    if (!header.FileNameLength || header.FileNameLength > bytes - fixed || header.FileNameLength % sizeof(char16_t))
        return Failure { STATUS_INVALID_PARAMETER };
    NewName name;
    name.elsewhere = header.RootDirectory || header.FileName[0] == u'\\';
    if (!name.elsewhere)
        return name;
    if (header.FileNameLength > 0xFFFE)
        return Failure { STATUS_OBJECT_NAME_INVALID };
    auto const length = static_cast<USHORT>(header.FileNameLength);
    auto const* text = static_cast<FILE_RENAME_INFORMATION const*>(buffer)->FileName;
    UNICODE_STRING const string { length, length, const_cast<char16_t*>(text) };
    name.path = TRY(ob::read_string(&string));
    if (header.RootDirectory)
        name.root = TRY(ob::resolve_handle(ob::current_process(), header.RootDirectory, mode)).body;
    return name;
}

// Nothing is owned when drivers begin to run. A null handle: the new name stands in the same folder.
Result<HANDLE> open_target(void const* buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    OpenRequest request;
    request.access = FILE_WRITE_DATA | SYNCHRONIZE;
    request.share = FILE_SHARE_VALID_FLAGS;
    request.options = FILE_OPEN_FOR_BACKUP_INTENT;
    request.target_directory = true;
    request.kernel_handle = true;
    request.mode = mode;
    auto prepared = [&]() -> Result<PreparedOpen> {
        NewName const name = TRY(read_new_name(buffer, bytes, mode));
        if (!name.elsewhere)
            return PreparedOpen {};
        request.path = name.path;
        request.root = name.root;
        return prepare_open(request);
    }();
    if (!prepared.ok())
        return prepared.failure();
    if (!prepared->file)
        return static_cast<HANDLE>(nullptr);
    return TRY(finish_open(*prepared, request)).handle;
}

FILE_OBJECT* file_of(HANDLE handle)
{
    auto target = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    return target.ok() && target->type == &ob::file_type ? static_cast<FILE_OBJECT*>(target->body) : nullptr;
}

NTSTATUS set_with_target(Request request, IO_STATUS_BLOCK* status)
{
    if (!file_of(request.handle))
        return STATUS_OBJECT_TYPE_MISMATCH;
    auto target = open_target(request.buffers.input, request.buffers.input_bytes, request.mode);
    if (!target.ok())
        return target.status();
    if (!*target)
        return synchronously(request, status);
    request.target = file_of(*target);
    FILE_OBJECT const* file = file_of(request.handle);
    NTSTATUS const outcome = file && target_of(*file) == target_of(*request.target) ? synchronously(request, status)
                                                                                    : STATUS_NOT_SAME_DEVICE;
    (void)ob::close_handle(ob::current_process(), *target, KernelMode);
    return outcome;
}

} // namespace

NTSTATUS set_file(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode)
{
    ULONG const least = set_bytes(static_cast<ULONG>(information));
    if (!least)
        return STATUS_INVALID_INFO_CLASS;
    if (bytes < least)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (auto answered = answer_set(handle, buffer, bytes, information, mode)) {
        if (!NT_ERROR(answered->Status))
            ob::put(status, *answered);
        return answered->Status;
    }
    Request const request { .handle = handle, .major = IRP_MJ_SET_INFORMATION, .code = static_cast<ULONG>(information),
                            .buffers = { buffer, bytes, nullptr, 0 }, .mode = mode };
    return names_target(request.code) ? set_with_target(request, status) : synchronously(request, status);
}

namespace {

template <Mode mode>
NTSTATUS SetInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information)
{
    return set_file(handle, status, buffer, bytes, information, mode());
}

// --- Volumes ---

// The device says itself what it is.
std::optional<FILE_FS_DEVICE_INFORMATION> device_information(HANDLE handle, KPROCESSOR_MODE mode)
{
    auto target = ob::resolve_handle(ob::current_process(), handle, mode);
    if (!target.ok() || target->type != &ob::file_type)
        return std::nullopt;
    DEVICE_OBJECT const* device = static_cast<FILE_OBJECT*>(target->body)->DeviceObject;
    VPB const* vpb = device->Vpb;
    return FILE_FS_DEVICE_INFORMATION { device->DeviceType,
                                        device->Characteristics
                                            | (vpb && (vpb->Flags & VPB_MOUNTED) ? FILE_DEVICE_IS_MOUNTED : 0) };
}

} // namespace

NTSTATUS query_volume(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FS_INFORMATION_CLASS information, KPROCESSOR_MODE mode)
{
    ULONG const least = volume_query_bytes(static_cast<ULONG>(information));
    if (!least)
        return STATUS_INVALID_INFO_CLASS;
    if (bytes < least)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (information == FileFsDeviceInformation)
        if (auto const device = device_information(handle, mode)) {
            if (!probe(buffer, bytes, mode))
                return STATUS_ACCESS_VIOLATION;
            ob::put(static_cast<FILE_FS_DEVICE_INFORMATION*>(buffer), *device);
            IO_STATUS_BLOCK done {};
            done.Information = sizeof *device;
            ob::put(status, done);
            return STATUS_SUCCESS;
        }
    return synchronously({ .handle = handle, .major = IRP_MJ_QUERY_VOLUME_INFORMATION,
                           .code = static_cast<ULONG>(information), .buffers = { nullptr, 0, buffer, bytes },
                           .mode = mode },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS QueryVolumeInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FS_INFORMATION_CLASS information)
{
    return query_volume(handle, status, buffer, bytes, information, mode());
}

} // namespace

NTSTATUS set_volume(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FS_INFORMATION_CLASS information, KPROCESSOR_MODE mode)
{
    ULONG const least = volume_set_bytes(static_cast<ULONG>(information));
    if (!least)
        return STATUS_INVALID_INFO_CLASS;
    if (bytes < least)
        return STATUS_INFO_LENGTH_MISMATCH;
    return synchronously({ .handle = handle, .major = IRP_MJ_SET_VOLUME_INFORMATION,
                           .code = static_cast<ULONG>(information), .buffers = { buffer, bytes, nullptr, 0 },
                           .mode = mode },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS SetVolumeInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FS_INFORMATION_CLASS information)
{
    return set_volume(handle, status, buffer, bytes, information, mode());
}

// --- Flushing ---

template <Mode mode>
NTSTATUS FlushBuffersFile(HANDLE handle, IO_STATUS_BLOCK* status)
{
    return synchronously({ .handle = handle, .major = IRP_MJ_FLUSH_BUFFERS, .mode = mode() }, status);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntflushbuffersfileex
} // namespace

NTSTATUS flush_file(HANDLE handle, ULONG flags, void* parameters, ULONG parameters_bytes, IO_STATUS_BLOCK* status, KPROCESSOR_MODE mode)
{
    constexpr ULONG data_only = 1, no_sync = 2, data_sync_only = 4; // FLUSH_FLAGS_...
    if ((flags & ~(data_only | no_sync | data_sync_only)) || parameters || parameters_bytes)
        return STATUS_INVALID_PARAMETER;
    return synchronously({ .handle = handle, .major = IRP_MJ_FLUSH_BUFFERS, .minor = static_cast<UCHAR>(flags),
                           .mode = mode },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS FlushBuffersFileEx(HANDLE handle, ULONG flags, void* parameters, ULONG parameters_bytes, IO_STATUS_BLOCK* status)
{
    return flush_file(handle, flags, parameters, parameters_bytes, status, mode());
}

// --- By file object ---

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ioqueryfileinformation
NTSTATUS query_object(FILE_OBJECT* file, UCHAR major, ULONG information, ULONG bytes, void* buffer, ULONG* returned)
{
    if (!manager().files().find(file))
        return STATUS_INVALID_PARAMETER;
    ob::reference(file);
    Reply const reply = transact_on(file, FILE_ALL_ACCESS,
                                    { .major = major, .code = information, .buffers = { nullptr, 0, buffer, bytes },
                                      .mode = KernelMode });
    if (!NT_ERROR(reply.status))
        ob::put(returned, static_cast<ULONG>(reply.information));
    return reply.status;
}

NTSTATUS IoQueryFileInformation(FILE_OBJECT* file, FILE_INFORMATION_CLASS information, ULONG bytes, void* buffer,
                                ULONG* returned)
{
    return query_object(file, IRP_MJ_QUERY_INFORMATION, static_cast<ULONG>(information), bytes, buffer, returned);
}

NTSTATUS IoQueryVolumeInformation(FILE_OBJECT* file, FS_INFORMATION_CLASS information, ULONG bytes, void* buffer,
                                  ULONG* returned)
{
    return query_object(file, IRP_MJ_QUERY_VOLUME_INFORMATION, static_cast<ULONG>(information), bytes, buffer,
                        returned);
}

} // namespace

std::span<Ddi const> file_service_rows()
{
    constexpr char const* kUndocumented = "not documented; the Nt form of a documented Zw service";
    static Ddi const rows[] = {
        { .name = "ZwSetInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwsetinformationfile", .rules = "PowerIrpDDis",
          .body = body<&SetInformationFile<kernel_mode>>() },
        { .name = "NtSetInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntsetinformationfile", .rules = "PowerIrpDDis",
          .body = body<&SetInformationFile<ob::previous_mode>>() },
        { .name = "ZwQueryVolumeInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntddk/nf-ntddk-zwqueryvolumeinformationfile", .rules = "PowerIrpDDis",
          .body = body<&QueryVolumeInformationFile<kernel_mode>>() },
        { .name = "NtQueryVolumeInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntqueryvolumeinformationfile", .rules = "PowerIrpDDis",
          .body = body<&QueryVolumeInformationFile<ob::previous_mode>>() },
        { .name = "ZwSetVolumeInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwsetvolumeinformationfile", .rules = "PowerIrpDDis",
          .body = body<&SetVolumeInformationFile<kernel_mode>>() },
        { .name = "NtSetVolumeInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kUndocumented, .body = body<&SetVolumeInformationFile<ob::previous_mode>>() },
        { .name = "ZwFlushBuffersFile", .since = Windows::vista, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-zwflushbuffersfile",
          .rules = "PowerIrpDDis", .body = body<&FlushBuffersFile<kernel_mode>>() },
        { .name = "ZwFlushBuffersFileEx", .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-zwflushbuffersfileex",
          .body = body<&FlushBuffersFileEx<kernel_mode>>() },
        { .name = "NtFlushBuffersFileEx", .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-ntflushbuffersfileex",
          .body = body<&FlushBuffersFileEx<ob::previous_mode>>() },
        { .name = "IoQueryFileInformation", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ioqueryfileinformation", .because = "the page gives no IRQL; it waits for the driver",
          .body = body<&IoQueryFileInformation>() },
        { .name = "IoQueryVolumeInformation", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = "not documented; IoQueryFileInformation's kin", .body = body<&IoQueryVolumeInformation>() },
    };
    return rows;
}

} // namespace ringside::io
