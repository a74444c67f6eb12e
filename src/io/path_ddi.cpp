// SPDX-License-Identifier: MIT
// Services that take a path and leave no handle, the extended forms of IoCreateFile, and names of volumes.
#include "io/ddi.h"
#include "io/file_calls.h"
#include "io/information_class.h"
#include "io/volume_name.h"
#include "nt/fsrtl.h"
#include "ob/capture.h"

namespace ringside::io {

namespace {

constexpr ULONG kQuietly = FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT;

// Opened for a moment.
class Brief {
public:
    // `network`: see CreateArguments.
    Brief(OBJECT_ATTRIBUTES* attributes, ACCESS_MASK access, ULONG options, KPROCESSOR_MODE mode,
          FILE_NETWORK_OPEN_INFORMATION* network = nullptr)
        : m_mode(mode)
    {
        IO_STATUS_BLOCK block {};
        m_status = create_file({ .handle = &m_handle, .access = access, .attributes = attributes, .status = &block,
                                 .share = FILE_SHARE_VALID_FLAGS, .disposition = FILE_OPEN, .options = options,
                                 .network = network },
                               mode);
    }
    ~Brief()
    {
        if (m_handle)
            (void)ob::close_handle(ob::current_process(), m_handle, m_mode);
    }
    Brief(Brief const&) = delete;
    Brief& operator=(Brief const&) = delete;
    NTSTATUS status() const { return m_status; }
    HANDLE handle() const { return m_handle; }

private:
    HANDLE m_handle = nullptr;
    KPROCESSOR_MODE m_mode;
    NTSTATUS m_status;
};

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwdeletefile
template <Mode mode>
NTSTATUS DeleteFile(OBJECT_ATTRIBUTES* attributes)
{
    Brief const file(attributes, DELETE, FILE_DELETE_ON_CLOSE | kQuietly, mode());
    return file.status();
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwqueryfullattributesfile
template <Mode mode>
NTSTATUS QueryFullAttributesFile(OBJECT_ATTRIBUTES* attributes, FILE_NETWORK_OPEN_INFORMATION* information)
{
    FILE_NETWORK_OPEN_INFORMATION answer {};
    Brief const file(attributes, FILE_READ_ATTRIBUTES, kQuietly, mode(), &answer);
    if (!NT_SUCCESS(file.status()))
        return file.status();
    if (!file.handle()) {
        ob::put(information, answer);
        return STATUS_SUCCESS;
    }
    return transact({ .handle = file.handle(), .major = IRP_MJ_QUERY_INFORMATION, .code = FileNetworkOpenInformation,
                      .buffers = { nullptr, 0, information, sizeof *information }, .mode = mode() })
        .status;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntqueryinformationbyname
template <Mode mode>
NTSTATUS QueryInformationByName(OBJECT_ATTRIBUTES* attributes, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                                FILE_INFORMATION_CLASS information)
{
    ULONG least = 0;
    switch (information) {
    case FileStatInformation:
        least = sizeof(FILE_STAT_INFORMATION);
        break;
    case FileCaseSensitiveInformation:
        least = sizeof(FILE_CASE_SENSITIVE_INFORMATION);
        break;
    case FileStatLxInformation:
        return STATUS_NOT_SUPPORTED;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (bytes < least)
        return STATUS_INFO_LENGTH_MISMATCH;
    Brief const file(attributes, FILE_READ_ATTRIBUTES, kQuietly, mode());
    if (!NT_SUCCESS(file.status()))
        return file.status();
    return synchronously({ .handle = file.handle(), .major = IRP_MJ_QUERY_INFORMATION,
                           .code = static_cast<ULONG>(information), .buffers = { nullptr, 0, buffer, bytes },
                           .mode = mode() },
                         status);
}

KPROCESSOR_MODE mode_for(ULONG flags) { return flags & IO_FORCE_ACCESS_CHECK ? ob::previous_mode() : KernelMode; }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iocreatefilespecifydeviceobjecthint
NTSTATUS IoCreateFileSpecifyDeviceObjectHint(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes,
                                             IO_STATUS_BLOCK* status, LARGE_INTEGER* allocation_size,
                                             ULONG file_attributes, ULONG share, ULONG disposition, ULONG options,
                                             void* ea, ULONG ea_bytes, CREATE_FILE_TYPE type, void* extra,
                                             ULONG flags, void* device)
{
    return create_file_of_type({ handle, access, attributes, status, allocation_size, file_attributes, share,
                                 disposition, options, ea, ea_bytes, static_cast<DEVICE_OBJECT*>(device),
                                 (flags & IO_OPEN_TARGET_DIRECTORY) != 0, (flags & IO_IGNORE_SHARE_ACCESS_CHECK) != 0 },
                               type, extra, mode_for(flags));
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iocreatefileex
NTSTATUS IoCreateFileEx(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes, IO_STATUS_BLOCK* status,
                        LARGE_INTEGER* allocation_size, ULONG file_attributes, ULONG share, ULONG disposition,
                        ULONG options, void* ea, ULONG ea_bytes, CREATE_FILE_TYPE type, void* extra, ULONG flags,
                        IO_DRIVER_CREATE_CONTEXT* context)
{
    void* device = nullptr;
    if (context) {
        auto const given = ob::get(context);
        // The structure has grown over time; an older one ends with the transaction.
        if (given.Size < static_cast<CSHORT>(sizeof given))
            return STATUS_INVALID_PARAMETER;
        if (given.ExtraCreateParameter || given.TxnParameters)
            return STATUS_NOT_SUPPORTED;
        device = given.DeviceObjectHint;
    }
    return IoCreateFileSpecifyDeviceObjectHint(handle, access, attributes, status, allocation_size, file_attributes,
                                               share, disposition, options, ea, ea_bytes, type, extra, flags, device);
}

} // namespace

NTSTATUS query_attributes(OpenRequest request, FILE_NETWORK_OPEN_INFORMATION& answer)
{
    request.access = FILE_READ_ATTRIBUTES;
    request.share = FILE_SHARE_VALID_FLAGS;
    request.options = kQuietly;
    request.network = &answer;
    auto opened = open(request);
    if (!opened.ok() || opened->answered)
        return opened.status();
    NTSTATUS const status
        = transact({ .handle = opened->handle, .major = IRP_MJ_QUERY_INFORMATION, .code = FileNetworkOpenInformation,
                     .buffers = { nullptr, 0, &answer, sizeof answer }, .mode = KernelMode })
              .status;
    (void)ob::close_handle(ob::current_process(), opened->handle, request.mode);
    return status;
}

std::span<Ddi const> path_rows()
{
    constexpr char const* kNtForm = "not documented; the Nt form of a documented Zw service";
    static Ddi const rows[] = {
        { .name = "ZwDeleteFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwdeletefile", .rules = "PowerIrpDDis", .body = body<&DeleteFile<kernel_mode>>() },
        { .name = "NtDeleteFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kNtForm, .body = body<&DeleteFile<ob::previous_mode>>() },
        { .name = "ZwQueryFullAttributesFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwqueryfullattributesfile", .rules = "PowerIrpDDis",
          .body = body<&QueryFullAttributesFile<kernel_mode>>() },
        { .name = "NtQueryInformationByName", .since = Windows::v10_1703, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-ntqueryinformationbyname",
          .partial = "FileStatLxInformation is not supported",
          .body = body<&QueryInformationByName<ob::previous_mode>>() },
        { .name = "ZwQueryInformationByName", .since = Windows::v10_1703, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .partial = "FileStatLxInformation is not supported",
          .because = "not documented; the Zw form of a documented Nt service",
          .body = body<&QueryInformationByName<kernel_mode>>() },
        { .name = "IoCreateFileEx", .since = Windows::vista, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iocreatefileex",
          .partial = "extra create parameters and transactions are refused",
          .body = body<&IoCreateFileEx>() },
        { .name = "IoCreateFileSpecifyDeviceObjectHint", .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-iocreatefilespecifydeviceobjecthint",
          .body = body<&IoCreateFileSpecifyDeviceObjectHint>() },
        { .name = "IoQueryFileDosDeviceName", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ioqueryfiledosdevicename", .body = body<&IoQueryFileDosDeviceName>() },
        { .name = "IoVolumeDeviceToDosName", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntddk/nf-ntddk-iovolumedevicetodosname", .body = body<&IoVolumeDeviceToDosName>() },
        { .name = "RtlVolumeDeviceToDosName", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntddk/nf-ntddk-rtlvolumedevicetodosname",
          .because = "the page gives no IRQL; IoVolumeDeviceToDosName by its older name",
          .body = body<&IoVolumeDeviceToDosName>() },
    };
    return rows;
}

} // namespace ringside::io
