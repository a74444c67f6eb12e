// SPDX-License-Identifier: MIT
#include "io/request.h"

#include "ex/pool.h"
#include "io/cancel.h"
#include "io/complete.h"
#include "io/completion_port.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/fast_io.h"
#include "io/file_lock.h"
#include "io/information.h"
#include "io/information_class.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

constexpr int64_t kUseFilePosition = -2; // FILE_USE_FILE_POINTER_POSITION
constexpr int64_t kWriteToEnd = -1;      // FILE_WRITE_TO_END_OF_FILE

bool is_control(UCHAR major)
{
    return major == IRP_MJ_DEVICE_CONTROL || major == IRP_MJ_INTERNAL_DEVICE_CONTROL
        || major == IRP_MJ_FILE_SYSTEM_CONTROL;
}

// Services that return when the driver is done, whatever the file object is.
bool waits_always(UCHAR major)
{
    switch (major) {
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_SET_INFORMATION:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
    case IRP_MJ_SET_VOLUME_INFORMATION:
    case IRP_MJ_QUERY_EA:
    case IRP_MJ_SET_EA:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
    case IRP_MJ_QUERY_QUOTA:
    case IRP_MJ_SET_QUOTA:
        return true;
    default:
        return false;
    }
}

Result<LARGE_INTEGER> offset_of(Request const& request, FILE_OBJECT const& file, ACCESS_MASK granted)
{
    // A handle that may append and not write adds to the end, whatever it says.
    if (request.major == IRP_MJ_WRITE && (granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == FILE_APPEND_DATA)
        return LARGE_INTEGER { .QuadPart = kWriteToEnd };
    if (request.offset && *request.offset != kUseFilePosition) {
        bool const append = request.major == IRP_MJ_WRITE && *request.offset == kWriteToEnd;
        if (*request.offset < 0 && !append)
            return Failure { STATUS_INVALID_PARAMETER };
        return LARGE_INTEGER { .QuadPart = *request.offset };
    }
    if (!(file.Flags & FO_SYNCHRONOUS_IO))
        return Failure { STATUS_INVALID_PARAMETER };
    return file.CurrentByteOffset;
}

Result<void> fill_directory(IrpRecord& record, DEVICE_OBJECT const& top, Request const& request)
{
    IRP* irp = record.irp;
    IO_STACK_LOCATION* location = next_location(irp);
    if (request.minor == IRP_MN_NOTIFY_CHANGE_DIRECTORY) {
        location->Parameters.NotifyDirectory.Length = request.buffers.output_bytes;
        location->Parameters.NotifyDirectory.CompletionFilter = request.code;
        location->Flags = request.flags;
        return buffer_read(record, top, request.buffers.output, request.buffers.output_bytes, request.mode);
    }
    auto& parameters = location->Parameters.QueryDirectory;
    parameters.Length = request.buffers.output_bytes;
    parameters.FileInformationClass = static_cast<FILE_INFORMATION_CLASS>(request.code);
    location->Flags = request.flags;
    irp->Flags = IRP_DEFER_IO_COMPLETION;
    parameters.FileName = static_cast<UNICODE_STRING*>(request.auxiliary);
    return buffer_read(record, top, request.buffers.output, request.buffers.output_bytes, request.mode);
}

void fill_lock(IrpRecord& record, Request const& request)
{
    IO_STACK_LOCATION* location = next_location(record.irp);
    auto& parameters = location->Parameters.LockControl;
    location->Flags = request.flags;
    parameters.Key = request.key;
    parameters.ByteOffset.QuadPart = request.offset.value_or(0);
    record.irp->Flags = IRP_DEFER_IO_COMPLETION;
    parameters.Length = static_cast<LARGE_INTEGER*>(request.auxiliary);
}

// The first SID stands in front of the list.
Result<void> fill_quota_query(IrpRecord& record, DEVICE_OBJECT const& top, Request const& request)
{
    IO_STACK_LOCATION* location = next_location(record.irp);
    auto& parameters = location->Parameters.QueryQuota;
    auto* const block = static_cast<uint8_t*>(request.auxiliary);
    location->Flags = request.flags;
    parameters.Length = request.buffers.output_bytes;
    parameters.StartSid = request.code ? block : nullptr;
    parameters.SidListLength = request.auxiliary_bytes;
    parameters.SidList = request.auxiliary_bytes
        ? reinterpret_cast<FILE_GET_QUOTA_INFORMATION*>(block + list_offset(request.code))
        : nullptr;
    return buffer_read(record, top, request.buffers.output, request.buffers.output_bytes, request.mode);
}

// Of FileAllInformation the I/O manager knows three parts.
void fill_known_parts(IrpRecord& record, Request const& request, ACCESS_MASK granted, FILE_OBJECT const& file)
{
    auto* all = static_cast<FILE_ALL_INFORMATION*>(record.irp->AssociatedIrp.SystemBuffer);
    if (request.code != FileAllInformation || request.buffers.output_bytes < sizeof *all)
        return;
    *all = {};
    all->AccessInformation.AccessFlags = granted;
    all->ModeInformation.Mode = mode_of(file);
    all->AlignmentInformation.AlignmentRequirement = target_of(file)->AlignmentRequirement;
}

// Flags, parameters and buffers of the first location.
Result<void> fill(IrpRecord& record, DEVICE_OBJECT const& top, Request const& request, ACCESS_MASK granted,
                  FILE_OBJECT const& file)
{
    IRP* irp = record.irp;
    IO_STACK_LOCATION* location = next_location(irp);
    TransferBuffers const& buffers = request.buffers;
    location->MajorFunction = request.major;
    location->MinorFunction = request.minor;
    location->FileObject = record.file;
    switch (request.major) {
    case IRP_MJ_READ: {
        location->Parameters.Read.Length = buffers.output_bytes;
        location->Parameters.Read.Key = request.key;
        location->Parameters.Read.ByteOffset = TRY(offset_of(request, file, granted));
        irp->Flags = IRP_READ_OPERATION | IRP_DEFER_IO_COMPLETION;
        return buffer_read(record, top, buffers.output, buffers.output_bytes, request.mode);
    }
    case IRP_MJ_WRITE: {
        location->Parameters.Write.Length = buffers.input_bytes;
        location->Parameters.Write.Key = request.key;
        location->Parameters.Write.ByteOffset = TRY(offset_of(request, file, granted));
        if (file.Flags & FO_WRITE_THROUGH)
            location->Flags = SL_WRITE_THROUGH;
        irp->Flags = IRP_WRITE_OPERATION | IRP_DEFER_IO_COMPLETION;
        return buffer_write(record, top, buffers.input, buffers.input_bytes, request.mode);
    }
    case IRP_MJ_FLUSH_BUFFERS:
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return {};
    case IRP_MJ_QUERY_INFORMATION:
        location->Parameters.QueryFile.Length = buffers.output_bytes;
        location->Parameters.QueryFile.FileInformationClass = static_cast<FILE_INFORMATION_CLASS>(request.code);
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        TRY(buffer_query(record, buffers.output, buffers.output_bytes, request.mode));
        fill_known_parts(record, request, granted, file);
        return {};
    case IRP_MJ_SET_INFORMATION:
        location->Parameters.SetFile.Length = buffers.input_bytes;
        location->Parameters.SetFile.FileInformationClass = static_cast<FILE_INFORMATION_CLASS>(request.code);
        location->Parameters.SetFile.FileObject = request.target;
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        TRY(buffer_set(record, buffers.input, buffers.input_bytes, request.mode));
        if ((request.code == FileRenameInformation || request.code == FileLinkInformation) && buffers.input_bytes)
            location->Parameters.SetFile.ReplaceIfExists = *static_cast<BOOLEAN*>(irp->AssociatedIrp.SystemBuffer);
        return {};
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        location->Parameters.QueryVolume.Length = buffers.output_bytes;
        location->Parameters.QueryVolume.FsInformationClass = static_cast<FS_INFORMATION_CLASS>(request.code);
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return buffer_query(record, buffers.output, buffers.output_bytes, request.mode);
    case IRP_MJ_SET_VOLUME_INFORMATION:
        location->Parameters.SetVolume.Length = buffers.input_bytes;
        location->Parameters.SetVolume.FsInformationClass = static_cast<FS_INFORMATION_CLASS>(request.code);
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return buffer_set(record, buffers.input, buffers.input_bytes, request.mode);
    case IRP_MJ_DIRECTORY_CONTROL:
        return fill_directory(record, top, request);
    case IRP_MJ_LOCK_CONTROL:
        fill_lock(record, request);
        return {};
    case IRP_MJ_QUERY_EA:
        location->Parameters.QueryEa.Length = buffers.output_bytes;
        location->Parameters.QueryEa.EaIndex = request.code;
        location->Flags = request.flags;
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        location->Parameters.QueryEa.EaList = request.auxiliary;
        location->Parameters.QueryEa.EaListLength = request.auxiliary_bytes;
        return buffer_query(record, buffers.output, buffers.output_bytes, request.mode);
    case IRP_MJ_QUERY_SECURITY: // neither buffered nor direct: the driver writes where the caller said
        location->Parameters.QuerySecurity.SecurityInformation = request.code;
        location->Parameters.QuerySecurity.Length = buffers.output_bytes;
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        irp->UserBuffer = buffers.output;
        return {};
    case IRP_MJ_SET_SECURITY:
        location->Parameters.SetSecurity.SecurityInformation = request.code;
        location->Parameters.SetSecurity.SecurityDescriptor = request.auxiliary;
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return {};
    case IRP_MJ_QUERY_QUOTA:
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return fill_quota_query(record, top, request);
    case IRP_MJ_SET_QUOTA:
        location->Parameters.SetQuota.Length = buffers.input_bytes;
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return buffer_write(record, top, buffers.input, buffers.input_bytes, request.mode);
    case IRP_MJ_SET_EA:
        location->Parameters.SetEa.Length = buffers.input_bytes;
        irp->Flags = IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
        return buffer_set(record, buffers.input, buffers.input_bytes, request.mode);
    default:
        if (!is_control(request.major))
            return Failure { STATUS_INVALID_PARAMETER };
        location->Flags = static_cast<UCHAR>((granted & FILE_READ_DATA ? SL_READ_ACCESS_GRANTED : 0)
                                             | (granted & FILE_WRITE_DATA ? SL_WRITE_ACCESS_GRANTED : 0));
        return buffer_device_control(record, request.code, buffers, request.mode);
    }
}

void drop_event(Completion const& completion)
{
    if (completion.event && completion.event_is_object)
        ob::dereference(completion.event);
}

// On a synchronous file object: alertable when it was opened so; an alert cancels the request.
NTSTATUS wait_on_file(FILE_OBJECT* file, IRP* irp, uint32_t number, KPROCESSOR_MODE mode)
{
    bool const alertable = file->Flags & FO_ALERTABLE_IO;
    while (file->Event.Header.SignalState == 0) {
        NTSTATUS const waited = wait_for(file->Event, Executive, mode, alertable);
        if (waited == STATUS_SUCCESS)
            break;
        IrpRecord* record = manager().irps().find_ours(irp);
        if (record && record->number == number && record->state != IrpState::Freed)
            IoCancelIrp(irp);
        wait_for(file->Event);
    }
    return file->FinalStatus;
}

// The reference to the file object becomes the IRP's.
NTSTATUS send(FILE_OBJECT* file, DEVICE_OBJECT* top, Request const& request, Completion const& completion)
{
    Manager& io = manager();
    bool const synchronous_file = file->Flags & FO_SYNCHRONOUS_IO;
    IRP* irp = io.irps().allocate(top->StackSize, IrpOrigin::Threaded);
    if (!irp) {
        drop_auxiliary(request);
        drop_event(completion);
        ob::dereference(file);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IrpRecord& record = *io.irps().find_ours(irp);
    ke::Thread& self = ke::kernel().current();
    record.file = file;
    record.event = completion.event_is_object ? completion.event : nullptr;
    record.auxiliary = request.auxiliary;
    irp->Tail.Overlay.AuxiliaryBuffer = static_cast<PCHAR>(request.auxiliary);
    irp->UserIosb = completion.status;
    irp->UserEvent = completion.event;
    irp->RequestorMode = request.mode;
    irp->Overlay.AsynchronousParameters.UserApcRoutine = completion.routine;
    irp->Overlay.AsynchronousParameters.UserApcContext = completion.routine_context;
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(self.guest);
    irp->ApcEnvironment = static_cast<CCHAR>(self.apc_environment);
    irp->Tail.Overlay.OriginalFileObject = file;
    if (auto filled = fill(record, *top, request, completion.granted, *file); !filled.ok()) {
        io.release(record);
        return filled.status();
    }
    if (completion.operation)
        io.attach_operation(record, *completion.operation);
    io.link_to_thread(record, self);

    uint32_t const number = record.number;
    bool const deferred = irp->Flags & IRP_DEFER_IO_COMPLETION;
    NTSTATUS status = IofCallDriver(top, irp);
    if (status != STATUS_PENDING) {
        if (deferred)
            finish_deferred(irp, number);
    } else if (synchronous_file)
        status = wait_on_file(file, irp, number, request.mode);
    else if (waits_always(request.major)) {
        wait_for(*completion.event);
        status = completion.status->Status;
    }
    return status;
}

} // namespace

void drop_auxiliary(Request const& request)
{
    if (request.auxiliary)
        ex::free(request.auxiliary, kAuxiliaryTag);
}

bool is_granted(Request const& request, ACCESS_MASK granted)
{
    if (request.mode == KernelMode)
        return true;
    switch (request.major) {
    case IRP_MJ_READ:
    case IRP_MJ_QUERY_QUOTA:
        return granted & FILE_READ_DATA;
    case IRP_MJ_WRITE:
    case IRP_MJ_FLUSH_BUFFERS:
        return granted & (FILE_WRITE_DATA | FILE_APPEND_DATA);
    case IRP_MJ_DIRECTORY_CONTROL:
        return granted & FILE_LIST_DIRECTORY;
    case IRP_MJ_LOCK_CONTROL:
        return granted & (FILE_READ_DATA | FILE_WRITE_DATA);
    case IRP_MJ_QUERY_EA:
        return granted & FILE_READ_EA;
    case IRP_MJ_SET_EA:
        return granted & FILE_WRITE_EA;
    case IRP_MJ_SET_VOLUME_INFORMATION:
    case IRP_MJ_SET_QUOTA:
        return granted & FILE_WRITE_DATA;
    case IRP_MJ_QUERY_INFORMATION:
        return (granted & query_access(request.code)) == query_access(request.code);
    case IRP_MJ_SET_INFORMATION:
        return (granted & set_access(request.code)) == set_access(request.code);
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL: {
        ACCESS_MASK const needed = request.code >> 14 & (FILE_READ_ACCESS | FILE_WRITE_ACCESS);
        return (granted & needed) == needed;
    }
    default:
        return true;
    }
}

NTSTATUS issue(FILE_OBJECT* file, Request const& request, Completion const& completion)
{
    bool const synchronous = file->Flags & FO_SYNCHRONOUS_IO;
    if (synchronous) {
        ob::reference(file); // for its lock, which outlives the IRP
        acquire_file_lock(*file);
    }
    DEVICE_OBJECT* top = target_of(*file);
    if (request.major == IRP_MJ_LOCK_CONTROL && request.minor == IRP_MN_LOCK)
        file->LockOperation = TRUE;
    IO_STATUS_BLOCK fast {};
    NTSTATUS status;
    // A routine is told by an APC, which only an IRP brings.
    if (!completion.routine && try_fast(top, file, request, fast)) {
        *completion.status = fast;
        if (completion.event && !(completion.event_is_object && (file->Flags & FO_SKIP_SET_FAST_IO)))
            set_event(*completion.event);
        drop_event(completion);
        drop_auxiliary(request);
        if (has_port(file))
            (void)post_fast(*file, completion.routine_context, fast);
        ob::dereference(file);
        status = fast.Status;
    } else {
        file->Event.Header.SignalState = 0;
        status = send(file, top, request, completion);
    }
    if (synchronous) {
        release_file_lock(*file);
        ob::dereference(file);
    }
    return status;
}

} // namespace ringside::io
