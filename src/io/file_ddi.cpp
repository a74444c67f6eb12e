// SPDX-License-Identifier: MIT
// The file services that drivers call: Zw* (as KernelMode), Nt* (as whoever's thread it is), and IoCreateFile.
// Files are devices here: there is no file system, so a path that leads to none is not found.
#include "io/ddi.h"

#include "io/event.h"
#include "io/information.h"
#include "io/manager.h"
#include "io/open.h"
#include "io/request.h"
#include "ke/exception.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

struct CreateArguments {
    HANDLE* handle;
    ACCESS_MASK access;
    OBJECT_ATTRIBUTES* attributes;
    IO_STATUS_BLOCK* status;
    LARGE_INTEGER* allocation_size;
    ULONG file_attributes;
    ULONG share;
    ULONG disposition;
    ULONG options;
    void* ea;
    ULONG ea_bytes;
};

// Names and arguments only: what this owns is gone before a driver runs.
Result<PreparedOpen> prepare(CreateArguments const& arguments, KPROCESSOR_MODE mode, OpenRequest& request)
{
    if (arguments.allocation_size)
        request.allocation_size = ob::get(arguments.allocation_size);
    if (arguments.ea_bytes)
        return Failure { STATUS_EAS_NOT_SUPPORTED };
    ob::Attributes const attributes = TRY(ob::read_attributes(arguments.attributes, mode));
    if (!attributes.named)
        return Failure { STATUS_OBJECT_PATH_SYNTAX_BAD };
    request.path = attributes.path;
    request.root = attributes.root;
    request.access = arguments.access;
    request.attributes = arguments.file_attributes;
    request.share = arguments.share;
    request.disposition = arguments.disposition;
    request.options = arguments.options;
    request.mode = mode;
    request.case_insensitive = attributes.flags & OBJ_CASE_INSENSITIVE;
    request.kernel_handle = attributes.kernel_handle();
    request.inherit = attributes.flags & OBJ_INHERIT;
    request.force_check = attributes.flags & OBJ_FORCE_ACCESS_CHECK;
    return prepare_open(request);
}

NTSTATUS create_file(CreateArguments const& arguments, KPROCESSOR_MODE mode)
{
    OpenRequest request;
    // The outcome's places are touched first, so that a bad pointer is known before anything is opened.
    ob::put(arguments.handle, nullptr);
    auto prepared = prepare(arguments, mode, request);
    if (!prepared.ok())
        return prepared.status();
    auto opened = finish_open(*prepared, request);
    if (!opened.ok())
        return opened.status();
    ob::put(arguments.handle, opened->handle);
    IO_STATUS_BLOCK status {};
    status.Information = opened->information;
    ob::put(arguments.status, status);
    return STATUS_SUCCESS;
}

// A request by handle; the event handle, when there is one, is signalled at the end.
NTSTATUS by_handle(Request const& request, HANDLE event_handle, PIO_APC_ROUTINE routine, void* routine_context,
                   IO_STATUS_BLOCK* status)
{
    auto target = ob::reference_by_handle(request.handle, 0, &ob::file_type, request.mode);
    if (!target.ok())
        return target.status();
    auto* file = static_cast<FILE_OBJECT*>(target->body);
    if (!is_granted(request, target->granted)) {
        ob::dereference(file);
        return STATUS_ACCESS_DENIED;
    }
    Completion completion;
    completion.granted = target->granted;
    completion.status = status;
    completion.routine = routine;
    completion.routine_context = routine_context;
    if (event_handle) {
        auto event = ob::reference_by_handle(event_handle, EVENT_MODIFY_STATE, &ob::event_type, request.mode);
        if (!event.ok()) {
            ob::dereference(file);
            return event.status();
        }
        completion.event = static_cast<KEVENT*>(event->body);
        completion.event_is_object = true;
        completion.event->Header.SignalState = 0;
    }
    return issue(file, request, completion);
}

// Services that always wait: their own event, and the caller's status block written on return.
NTSTATUS synchronously(Request const& request, IO_STATUS_BLOCK* status)
{
    ob::put(status, {});
    Reply const reply = transact(request);
    IO_STATUS_BLOCK block {};
    block.Status = reply.status;
    block.Information = reply.information;
    if (!NT_ERROR(reply.status))
        ob::put(status, block);
    return reply.status;
}

// --- Bodies; `Mode` says as whom: KernelMode for Zw*, the thread's for Nt* ---

using Mode = KPROCESSOR_MODE (*)();
KPROCESSOR_MODE kernel_mode() { return KernelMode; }

template <Mode mode>
NTSTATUS CreateFile(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes, IO_STATUS_BLOCK* status,
                    LARGE_INTEGER* allocation_size, ULONG file_attributes, ULONG share, ULONG disposition,
                    ULONG options, void* ea, ULONG ea_bytes)
{
    return create_file({ handle, access, attributes, status, allocation_size, file_attributes, share, disposition,
                         options, ea, ea_bytes },
                       mode());
}

template <Mode mode>
NTSTATUS OpenFile(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes, IO_STATUS_BLOCK* status,
                  ULONG share, ULONG options)
{
    return create_file({ handle, access, attributes, status, nullptr, 0, share, FILE_OPEN, options, nullptr, 0 },
                       mode());
}

template <Mode mode>
NTSTATUS ReadFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context, IO_STATUS_BLOCK* status,
                  void* buffer, ULONG bytes, LARGE_INTEGER* offset, ULONG* key)
{
    Request request { .handle = handle, .major = IRP_MJ_READ, .mode = mode() };
    request.buffers.output = buffer;
    request.buffers.output_bytes = bytes;
    if (offset)
        request.offset = ob::get(offset).QuadPart;
    if (key)
        request.key = ob::get(key);
    return by_handle(request, event, routine, routine_context, status);
}

template <Mode mode>
NTSTATUS WriteFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context, IO_STATUS_BLOCK* status,
                   void* buffer, ULONG bytes, LARGE_INTEGER* offset, ULONG* key)
{
    Request request { .handle = handle, .major = IRP_MJ_WRITE, .mode = mode() };
    request.buffers.input = buffer;
    request.buffers.input_bytes = bytes;
    if (offset)
        request.offset = ob::get(offset).QuadPart;
    if (key)
        request.key = ob::get(key);
    return by_handle(request, event, routine, routine_context, status);
}

template <Mode mode, UCHAR major>
NTSTATUS ControlFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, void* routine_context,
                     IO_STATUS_BLOCK* status, ULONG code, void* input, ULONG input_bytes, void* output,
                     ULONG output_bytes)
{
    Request request { .handle = handle, .major = major, .code = code,
                      .buffers = { input, input_bytes, output, output_bytes }, .mode = mode() };
    return by_handle(request, event, routine, routine_context, status);
}

template <Mode mode>
NTSTATUS QueryInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                              FILE_INFORMATION_CLASS information)
{
    if (auto answered = answer_query(handle, buffer, bytes, information, mode())) {
        if (!NT_ERROR(answered->Status))
            ob::put(status, *answered);
        return answered->Status;
    }
    return synchronously({ .handle = handle, .major = IRP_MJ_QUERY_INFORMATION, .code = static_cast<ULONG>(information),
                           .buffers = { nullptr, 0, buffer, bytes }, .mode = mode() },
                         status);
}

template <Mode mode>
NTSTATUS SetInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                            FILE_INFORMATION_CLASS information)
{
    if (auto answered = answer_set(handle, buffer, bytes, information, mode())) {
        if (!NT_ERROR(answered->Status))
            ob::put(status, *answered);
        return answered->Status;
    }
    return synchronously({ .handle = handle, .major = IRP_MJ_SET_INFORMATION, .code = static_cast<ULONG>(information),
                           .buffers = { buffer, bytes, nullptr, 0 }, .mode = mode() },
                         status);
}

NTSTATUS ZwFlushBuffersFile(HANDLE handle, IO_STATUS_BLOCK* status)
{
    return synchronously({ .handle = handle, .major = IRP_MJ_FLUSH_BUFFERS, .mode = KernelMode }, status);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocreatefile
NTSTATUS IoCreateFile(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes, IO_STATUS_BLOCK* status,
                      LARGE_INTEGER* allocation_size, ULONG file_attributes, ULONG share, ULONG disposition,
                      ULONG options, void* ea, ULONG ea_bytes, CREATE_FILE_TYPE type, void* extra, ULONG flags)
{
    if (type != CreateFileTypeNone)
        return STATUS_INVALID_PARAMETER; // pipes and mailslots belong to file systems that are not here
    KPROCESSOR_MODE const mode = flags & IO_FORCE_ACCESS_CHECK ? ob::previous_mode() : KernelMode;
    return create_file({ handle, access, attributes, status, allocation_size, file_attributes, share, disposition,
                         options, ea, ea_bytes },
                       mode);
}

} // namespace

std::span<Ddi const> file_rows()
{
    constexpr char const* devices_only
        = "opens devices and what they name: there is no file system; extended attributes are refused";
    static Ddi const rows[] = {
        { .name = "ZwCreateFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwcreatefile", .rules = "PowerIrpDDis", .partial = devices_only,
          .body = body<&CreateFile<kernel_mode>>() },
        { .name = "NtCreateFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntcreatefile", .rules = "PowerIrpDDis", .partial = devices_only,
          .body = body<&CreateFile<ob::previous_mode>>() },
        { .name = "IoCreateFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-iocreatefile", .rules = "IrqlIoPassive4,PowerIrpDDis", .partial = devices_only,
          .body = body<&IoCreateFile>() },
        { .name = "ZwOpenFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwopenfile", .rules = "PowerIrpDDis", .partial = devices_only,
          .body = body<&OpenFile<kernel_mode>>() },
        { .name = "NtOpenFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntopenfile", .rules = "PowerIrpDDis", .partial = devices_only,
          .body = body<&OpenFile<ob::previous_mode>>() },
        { .name = "ZwReadFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwreadfile", .rules = "PowerIrpDDis", .body = body<&ReadFile<kernel_mode>>() },
        { .name = "NtReadFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntreadfile", .rules = "PowerIrpDDis", .body = body<&ReadFile<ob::previous_mode>>() },
        { .name = "ZwWriteFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwwritefile", .rules = "PowerIrpDDis", .body = body<&WriteFile<kernel_mode>>() },
        { .name = "NtWriteFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntwritefile", .rules = "PowerIrpDDis",
          .body = body<&WriteFile<ob::previous_mode>>() },
        { .name = "ZwDeviceIoControlFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwdeviceiocontrolfile", .rules = "PowerIrpDDis",
          .body = body<&ControlFile<kernel_mode, IRP_MJ_DEVICE_CONTROL>>() },
        { .name = "NtDeviceIoControlFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntdeviceiocontrolfile", .rules = "PowerIrpDDis",
          .body = body<&ControlFile<ob::previous_mode, IRP_MJ_DEVICE_CONTROL>>() },
        { .name = "ZwFsControlFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwfscontrolfile", .rules = "PowerIrpDDis",
          .body = body<&ControlFile<kernel_mode, IRP_MJ_FILE_SYSTEM_CONTROL>>() },
        { .name = "ZwQueryInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwqueryinformationfile", .rules = "PowerIrpDDis",
          .body = body<&QueryInformationFile<kernel_mode>>() },
        { .name = "NtQueryInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntqueryinformationfile", .rules = "PowerIrpDDis",
          .body = body<&QueryInformationFile<ob::previous_mode>>() },
        { .name = "ZwSetInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwsetinformationfile", .rules = "PowerIrpDDis",
          .body = body<&SetInformationFile<kernel_mode>>() },
        { .name = "NtSetInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntsetinformationfile", .rules = "PowerIrpDDis",
          .body = body<&SetInformationFile<ob::previous_mode>>() },
        { .name = "ZwFlushBuffersFile", .since = Windows::vista, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-zwflushbuffersfile",
          .rules = "PowerIrpDDis", .body = body<&ZwFlushBuffersFile>() },
    };
    return rows;
}

} // namespace ringside::io
