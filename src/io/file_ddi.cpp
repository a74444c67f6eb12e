// SPDX-License-Identifier: MIT
// The file services that drivers call: Zw* (as KernelMode), Nt* (as whoever's thread it is), and IoCreateFile.
#include "io/file_calls.h"

#include "ex/pool.h"
#include "io/ddi.h"

#include "hal/layout.h"
#include "io/event.h"
#include "io/information.h"
#include "io/information_class.h"
#include "io/manager.h"
#include "io/open.h"
#include "io/request.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ob/object.h"

#include <cstddef>

namespace ringside::io {

namespace {

// A copy of the caller's extended attributes in pool, for the driver; null: there are none.
Result<void*> copy_ea(CreateArguments const& arguments)
{
    if (!arguments.ea || !arguments.ea_bytes)
        return static_cast<void*>(nullptr);
    void* copy = ex::allocate(NonPagedPoolNx, arguments.ea_bytes, kAuxiliaryTag, ex::Owner::Kernel, false);
    if (!copy)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    NTSTATUS status = copy_named(copy, arguments.ea, arguments.ea_bytes);
    if (NT_SUCCESS(status))
        status = check_ea(copy, arguments.ea_bytes);
    if (NT_SUCCESS(status))
        return copy;
    ex::free(copy, kAuxiliaryTag);
    return Failure { status };
}

// Names and arguments only: what this owns is gone before a driver runs.
Result<PreparedOpen> prepare(CreateArguments const& arguments, KPROCESSOR_MODE mode, OpenRequest& request)
{
    if (arguments.allocation_size)
        request.allocation_size = ob::get(arguments.allocation_size);
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
    request.hint = arguments.hint;
    request.target_directory = arguments.target_directory;
    request.ignores_sharing = arguments.ignores_sharing;
    request.major = arguments.major;
    request.parameters = arguments.parameters;
    request.force_check = attributes.flags & OBJ_FORCE_ACCESS_CHECK;
    return prepare_open(request);
}

} // namespace

Pool::~Pool()
{
    if (block)
        ex::free(block, kAuxiliaryTag);
}

NTSTATUS copy_named(void* to, void const* from, size_t bytes)
{
    auto const at = reinterpret_cast<uintptr_t>(from);
    if (hal::is_user(at))
        return ke::copy_guarded(to, from, bytes) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
    ke::copy_or_raise(to, from, bytes);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iocheckeabuffervalidity
NTSTATUS check_ea(void const* list, ULONG bytes)
{
    ULONG where = 0;
    return check_ea_at(list, bytes, where);
}

NTSTATUS check_ea_at(void const* list, ULONG bytes, ULONG& where)
{
    constexpr ULONG fixed = offsetof(FILE_FULL_EA_INFORMATION, EaName);
    for (ULONG at = 0;;) {
        where = at;
        if (bytes - at < fixed)
            return STATUS_EA_LIST_INCONSISTENT;
        auto const* ea = reinterpret_cast<FILE_FULL_EA_INFORMATION const*>(static_cast<uint8_t const*>(list) + at);
        ULONG const used = fixed + ea->EaNameLength + 1u + ea->EaValueLength; // a zero ends the name
        if (bytes - at < used || ea->EaName[ea->EaNameLength])
            return STATUS_EA_LIST_INCONSISTENT;
        if (!ea->NextEntryOffset)
            return STATUS_SUCCESS;
        if (ea->NextEntryOffset % sizeof(ULONG) || ea->NextEntryOffset < used || ea->NextEntryOffset > bytes - at)
            return STATUS_EA_LIST_INCONSISTENT;
        at += ea->NextEntryOffset;
    }
}

NTSTATUS create_file(CreateArguments const& arguments, KPROCESSOR_MODE mode)
{
    OpenRequest request;
    // The outcome's places are touched first, so that a bad pointer is known before anything is opened.
    ob::put(arguments.handle, nullptr);
    auto copied = copy_ea(arguments);
    if (!copied.ok())
        return copied.status();
    Pool const ea { *copied };
    request.ea = ea.block;
    request.ea_bytes = ea.block ? arguments.ea_bytes : 0;
    request.network = arguments.network;
    auto prepared = prepare(arguments, mode, request);
    Result<Opened> opened = prepared.ok() ? finish_open(*prepared, request) : Result<Opened>(prepared.failure());
    if (!opened.ok())
        return opened.status();
    ob::put(arguments.handle, opened->handle);
    IO_STATUS_BLOCK status {};
    status.Information = opened->information;
    ob::put(arguments.status, status);
    return STATUS_SUCCESS;
}

NTSTATUS create_file_of_type(CreateArguments arguments, CREATE_FILE_TYPE type, void* extra, KPROCESSOR_MODE mode)
{
    // A copy in this frame, which outlasts the create: the caller may be a program.
    NAMED_PIPE_CREATE_PARAMETERS pipe {};
    MAILSLOT_CREATE_PARAMETERS mailslot {};
    switch (type) {
    case CreateFileTypeNone:
        return create_file(arguments, mode);
    case CreateFileTypeNamedPipe:
        if (!extra)
            return STATUS_INVALID_PARAMETER;
        pipe = ob::get(static_cast<NAMED_PIPE_CREATE_PARAMETERS const*>(extra));
        arguments.major = IRP_MJ_CREATE_NAMED_PIPE;
        arguments.parameters = &pipe;
        return create_file(arguments, mode);
    case CreateFileTypeMailslot:
        if (!extra)
            return STATUS_INVALID_PARAMETER;
        mailslot = ob::get(static_cast<MAILSLOT_CREATE_PARAMETERS const*>(extra));
        arguments.major = IRP_MJ_CREATE_MAILSLOT;
        arguments.parameters = &mailslot;
        return create_file(arguments, mode);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS prepare_completion(FILE_OBJECT const& file, Notification const& notification, KPROCESSOR_MODE mode,
                            Completion& completion)
{
    if (notification.routine && file.CompletionContext)
        return STATUS_INVALID_PARAMETER;
    completion.routine = notification.routine;
    completion.routine_context = notification.context;
    if (!notification.event)
        return STATUS_SUCCESS;
    auto event = ob::reference_by_handle(notification.event, EVENT_MODIFY_STATE, &ob::event_type, mode);
    if (!event.ok())
        return event.status();
    completion.event = static_cast<KEVENT*>(event->body);
    completion.event_is_object = true;
    completion.event->Header.SignalState = 0;
    return STATUS_SUCCESS;
}

// A request by handle; the event handle, when there is one, is signalled at the end.
NTSTATUS by_handle(Request const& request, HANDLE event_handle, PIO_APC_ROUTINE routine, void* routine_context,
                   IO_STATUS_BLOCK* status)
{
    auto target = ob::reference_by_handle(request.handle, 0, &ob::file_type, request.mode);
    if (!target.ok()) {
        drop_auxiliary(request);
        return target.status();
    }
    auto* file = static_cast<FILE_OBJECT*>(target->body);
    if (!is_granted(request, target->granted)) {
        drop_auxiliary(request);
        ob::dereference(file);
        return STATUS_ACCESS_DENIED;
    }
    Completion completion;
    completion.granted = target->granted;
    completion.status = status;
    if (NTSTATUS const prepared
        = prepare_completion(*file, { event_handle, routine, routine_context }, request.mode, completion);
        NT_ERROR(prepared)) {
        drop_auxiliary(request);
        ob::dereference(file);
        return prepared;
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

namespace {

// --- Bodies; `Mode` says as whom: KernelMode for Zw*, the thread's for Nt* ---

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

} // namespace

NTSTATUS query_file(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode)
{
    ULONG const least = query_bytes(static_cast<ULONG>(information));
    if (!least)
        return STATUS_INVALID_INFO_CLASS;
    if (bytes < least)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (auto answered = answer_query(handle, buffer, bytes, information, mode)) {
        if (!NT_ERROR(answered->Status))
            ob::put(status, *answered);
        return answered->Status;
    }
    return synchronously({ .handle = handle, .major = IRP_MJ_QUERY_INFORMATION, .code = static_cast<ULONG>(information),
                           .buffers = { nullptr, 0, buffer, bytes }, .mode = mode },
                         status);
}

namespace {

template <Mode mode>
NTSTATUS QueryInformationFile(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information)
{
    return query_file(handle, status, buffer, bytes, information, mode());
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iocreatefile
NTSTATUS IoCreateFile(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes, IO_STATUS_BLOCK* status,
                      LARGE_INTEGER* allocation_size, ULONG file_attributes, ULONG share, ULONG disposition,
                      ULONG options, void* ea, ULONG ea_bytes, CREATE_FILE_TYPE type, void* extra, ULONG flags)
{
    KPROCESSOR_MODE const mode = flags & IO_FORCE_ACCESS_CHECK ? ob::previous_mode() : KernelMode;
    return create_file_of_type({ handle, access, attributes, status, allocation_size, file_attributes, share,
                                 disposition, options, ea, ea_bytes, nullptr, (flags & IO_OPEN_TARGET_DIRECTORY) != 0,
                                 (flags & IO_IGNORE_SHARE_ACCESS_CHECK) != 0 },
                               type, extra, mode);
}

} // namespace

std::span<Ddi const> file_rows()
{
    static Ddi const rows[] = {
        { .name = "ZwCreateFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwcreatefile", .rules = "PowerIrpDDis",
          .body = body<&CreateFile<kernel_mode>>() },
        { .name = "NtCreateFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntcreatefile", .rules = "PowerIrpDDis",
          .body = body<&CreateFile<ob::previous_mode>>() },
        { .name = "IoCreateFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-iocreatefile", .rules = "IrqlIoPassive4,PowerIrpDDis",
          .body = body<&IoCreateFile>() },
        { .name = "ZwOpenFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwopenfile", .rules = "PowerIrpDDis",
          .body = body<&OpenFile<kernel_mode>>() },
        { .name = "NtOpenFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntopenfile", .rules = "PowerIrpDDis",
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
        { .name = "NtFsControlFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntfscontrolfile", .rules = "PowerIrpDDis",
          .body = body<&ControlFile<ob::previous_mode, IRP_MJ_FILE_SYSTEM_CONTROL>>() },
        { .name = "ZwQueryInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwqueryinformationfile", .rules = "PowerIrpDDis",
          .body = body<&QueryInformationFile<kernel_mode>>() },
        { .name = "NtQueryInformationFile", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-ntqueryinformationfile", .rules = "PowerIrpDDis",
          .body = body<&QueryInformationFile<ob::previous_mode>>() },
    };
    return rows;
}

} // namespace ringside::io
