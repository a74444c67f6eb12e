// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatefile
// @cite(wdk-docs): page=kernel/irp-mj-create
#include "io/open.h"

#include "io/complete.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/fast_io.h"
#include "io/guest_string.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "ob/handle.h"
#include "ob/namespace.h"
#include "ob/object.h"
#include "ob/security.h"
#include "se/ddi.h"

namespace ringside::io {

namespace {

constexpr ULONG kSynchronous = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
constexpr int kReparsesMax = 32;

Result<void> check_parameters(OpenRequest const& request)
{
    bool const both = (request.options & kSynchronous) == kSynchronous;
    bool const unwaitable = (request.options & kSynchronous) && !(request.access & SYNCHRONIZE)
        && !(request.access & (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED));
    // A folder is neither overwritten nor superseded; a file that goes with its handle must be one that may go.
    bool const folder = (request.options & FILE_DIRECTORY_FILE) && request.disposition != FILE_CREATE
        && request.disposition != FILE_OPEN && request.disposition != FILE_OPEN_IF;
    bool const undeletable = (request.options & FILE_DELETE_ON_CLOSE)
        && !(request.access & (DELETE | GENERIC_ALL | MAXIMUM_ALLOWED));
    bool const unaligned = (request.options & FILE_NO_INTERMEDIATE_BUFFERING) && (request.access & FILE_APPEND_DATA);
    bool const contradiction = (request.options & FILE_DIRECTORY_FILE) && (request.options & FILE_NON_DIRECTORY_FILE);
    if (request.disposition > FILE_MAXIMUM_DISPOSITION || (request.share & ~FILE_SHARE_VALID_FLAGS)
        || (request.options & ~FILE_VALID_OPTION_FLAGS) || (request.attributes & ~FILE_ATTRIBUTE_VALID_FLAGS) || both
        || unwaitable || folder || undeletable || unaligned || contradiction)
        return Failure { STATUS_INVALID_PARAMETER };
    return {};
}

ULONG flags_for(OpenRequest const& request, bool names_device_itself)
{
    constexpr struct { ULONG option, flag; } kFlags[] = {
        { kSynchronous, FO_SYNCHRONOUS_IO },
        { FILE_SYNCHRONOUS_IO_ALERT, FO_ALERTABLE_IO },
        { FILE_NO_INTERMEDIATE_BUFFERING, FO_NO_INTERMEDIATE_BUFFERING },
        { FILE_WRITE_THROUGH, FO_WRITE_THROUGH },
        { FILE_SEQUENTIAL_ONLY, FO_SEQUENTIAL_ONLY },
        { FILE_RANDOM_ACCESS, FO_RANDOM_ACCESS },
    };
    ULONG flags = request.case_insensitive ? 0 : FO_OPENED_CASE_SENSITIVE;
    for (auto const& [option, flag] : kFlags)
        if (request.options & option)
            flags |= flag;
    if (request.major != IRP_MJ_CREATE)
        flags |= request.major == IRP_MJ_CREATE_NAMED_PIPE ? FO_NAMED_PIPE : FO_MAILSLOT;
    constexpr ULONG only_attributes = SYNCHRONIZE | FILE_READ_ATTRIBUTES | READ_CONTROL | WRITE_DAC | WRITE_OWNER;
    if (names_device_itself && !(request.access & ~only_attributes))
        flags |= FO_DIRECT_DEVICE_OPEN;
    return flags;
}

Result<FILE_OBJECT*> make_file(DeviceRecord& device, OpenRequest const& request, std::u16string_view name,
                               FILE_OBJECT* related)
{
    auto* file = static_cast<FILE_OBJECT*>(TRY(ob::create(ob::file_type, sizeof(GuestFile), kFileTag)));
    FileRecord& record = manager().files().add(file);
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof(FILE_OBJECT);
    file->DeviceObject = device.device;
    file->RelatedFileObject = related;
    file->Flags = flags_for(request, name.empty() && !related);
    record.synchronous = file->Flags & FO_SYNCHRONOUS_IO;
    // A mounted volume's files are its file system's; who asks for the device's attributes alone gets the device.
    bool const direct = (file->Flags & FO_DIRECT_DEVICE_OPEN) || (related && (related->Flags & FO_DIRECT_DEVICE_OPEN));
    if (VPB* vpb = device.device->Vpb; vpb && (vpb->Flags & VPB_MOUNTED) && !direct) {
        file->Vpb = record.vpb = vpb;
        ++vpb->ReferenceCount;
    }
    if (request.ignores_sharing) {
        record.ignores_sharing = true;
        file->FileObjectExtension = &record;
    }
    initialize_event(file->Lock, SynchronizationEvent, false);
    initialize_event(file->Event, NotificationEvent, false);
    file->IrpList.Flink = file->IrpList.Blink = &file->IrpList;
    if (!name.empty() && !make_string(file->FileName, name, kFileNameTag)) {
        ob::dereference(file);
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    }
    record.device = &device;
    add_open(device);
    return file;
}

// The create and what follows go to a device in the middle of the stack.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iocreatefilespecifydeviceobjecthint
Result<void> take_hint(FILE_OBJECT& file, DEVICE_OBJECT* hint)
{
    DEVICE_OBJECT* at = file.Vpb && file.Vpb->DeviceObject ? file.Vpb->DeviceObject : file.DeviceObject;
    while (at && at != hint)
        at = at->AttachedDevice;
    if (!at)
        return Failure { STATUS_INVALID_DEVICE_OBJECT_PARAMETER };
    FileRecord& record = *manager().files().find(&file);
    ob::reference(hint);
    record.hint = hint;
    file.FileObjectExtension = &record; // opaque to drivers: see target_of
    return {};
}

// Who opens, for the driver to look at as long as the create lasts.
class Subject {
public:
    explicit Subject(SECURITY_SUBJECT_CONTEXT& context) : m_context(context) { se::SeCaptureSubjectContext(&context); }
    ~Subject() { se::SeReleaseSubjectContext(&m_context); }
    Subject(Subject const&) = delete;
    Subject& operator=(Subject const&) = delete;

private:
    SECURITY_SUBJECT_CONTEXT& m_context;
};

// What a create points at. It stands in the frame of who sends it, as on Windows: it is the driver's until the create is
// completed.
struct CreateContext {
    CreateContext(OpenRequest const& request, ACCESS_MASK granted)
        : subject(access.SubjectSecurityContext)
        , security { nullptr, &access, granted, request.options }
    {
        access.OriginalDesiredAccess = request.access;
        access.PreviouslyGrantedAccess = granted;
        access.SecurityDescriptor = request.security;
    }

    ACCESS_STATE access {};
    Subject const subject;
    IO_SECURITY_CONTEXT security;
};

void fill_create(IRP* irp, FILE_OBJECT* file, OpenRequest const& request, CreateContext& context)
{
    ke::Thread& self = ke::kernel().current();
    irp->Flags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
    irp->RequestorMode = request.mode;
    irp->AssociatedIrp.SystemBuffer = request.ea;
    irp->Overlay.AllocationSize = request.allocation_size;
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(self.guest);
    irp->ApcEnvironment = static_cast<CCHAR>(self.apc_environment);
    irp->Tail.Overlay.OriginalFileObject = file;
    IO_STACK_LOCATION* location = next_location(irp);
    location->MajorFunction = request.major;
    location->Flags = static_cast<UCHAR>((request.case_insensitive ? 0 : SL_CASE_SENSITIVE)
                                         | (request.target_directory ? SL_OPEN_TARGET_DIRECTORY : 0));
    location->FileObject = file;
    auto& create = location->Parameters.Create;
    create.SecurityContext = &context.security;
    create.Options = request.disposition << 24 | (request.options & FILE_VALID_OPTION_FLAGS);
    create.FileAttributes = static_cast<USHORT>(request.attributes);
    create.ShareAccess = static_cast<USHORT>(request.share);
    create.EaLength = request.ea_bytes;
    if (request.major != IRP_MJ_CREATE)
        location->Parameters.CreatePipe.Parameters = static_cast<NAMED_PIPE_CREATE_PARAMETERS*>(request.parameters);
}

// Asks the top driver for the attributes; whether it answered, `status` being its outcome. What is left to do by a create
// is a name that leads elsewhere, too.
bool answered_fast(FILE_OBJECT* file, OpenRequest const& request, ACCESS_MASK granted, NTSTATUS& status)
{
    Manager& io = manager();
    DEVICE_OBJECT* const top = target_of(*file);
    if (!has_query_open(top))
        return false;
    IRP* const irp = io.irps().allocate(top->StackSize, IrpOrigin::Threaded);
    if (!irp)
        return false;
    IrpRecord& record = *io.irps().find_ours(irp);
    record.file = file;
    ob::reference(file);
    CreateContext context(request, granted);
    fill_create(irp, file, request, context);
    --irp->CurrentLocation;
    --irp->Tail.Overlay.CurrentStackLocation;
    current_location(irp)->DeviceObject = top;
    io.link_to_thread(record, ke::kernel().current());
    uint32_t const number = record.number;
    bool const answered = query_open(irp, request.network, top);
    status = irp->IoStatus.Status;
    if (record.number == number && record.state == IrpState::Owned)
        io.release(record);
    return answered && status != STATUS_REPARSE;
}

// Sends IRP_MJ_CREATE and waits; the driver's status. Information goes to `information`.
NTSTATUS send_create(FILE_OBJECT* file, OpenRequest const& request, ACCESS_MASK granted, ULONG_PTR& information)
{
    Manager& io = manager();
    DEVICE_OBJECT* top = target_of(*file);
    Operation* operation = io.operations().allocate();
    IRP* irp = operation ? io.irps().allocate(top->StackSize, IrpOrigin::Threaded) : nullptr;
    if (!irp) {
        if (operation)
            io.operations().issuer_gone(*operation);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ke::Thread& self = ke::kernel().current();
    IrpRecord& record = *io.irps().find_ours(irp);
    record.file = file;
    ob::reference(file);
    io.attach_operation(record, *operation);

    CreateContext context(request, granted);
    fill_create(irp, file, request, context);
    irp->UserIosb = &operation->status;
    io.link_to_thread(record, self);
    uint32_t const number = record.number;
    NTSTATUS status = IofCallDriver(top, irp);
    if (status == STATUS_PENDING) {
        wait_for(file->Event);
        status = operation->status.Status;
    } else
        finish_deferred(irp, number);
    information = operation->status.Information;
    io.operations().issuer_gone(*operation);
    return status;
}

// The driver refused (F1): the file object goes without clean-up and close.
void abandon(FILE_OBJECT* file) { ob::dereference(file); }

} // namespace

Result<PreparedOpen> prepare_open(OpenRequest const& request)
{
    TRY(check_parameters(request));
    ob::Lookup found = TRY(ob::look_up({ request.root, request.path, request.case_insensitive }));
    FILE_OBJECT* related = nullptr;
    DeviceRecord* device = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    if (found.type == &ob::device_type)
        device = manager().devices().find(static_cast<DEVICE_OBJECT*>(found.body));
    else if (found.type == &ob::file_type) {
        related = static_cast<FILE_OBJECT*>(found.body);
        if (FileRecord* record = manager().files().find(related))
            device = record->device;
    } else
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (NT_SUCCESS(status))
        status = device ? check_openable(*device).status() : STATUS_NO_SUCH_DEVICE;
    // The device's descriptor guards the device itself. What lies below its name is the driver's to guard, unless the
    // device asks for the check there, too.
    ACCESS_MASK granted = ob::granted_access(ob::file_type, request.access);
    bool const device_itself = found.type == &ob::device_type && found.remaining.empty();
    if (NT_SUCCESS(status) && request.checked()
        && (device_itself || (device->device->Characteristics & FILE_DEVICE_SECURE_OPEN))) {
        auto const allowed = ob::allowed_access(device->device, request.access, UserMode, 0);
        status = allowed.status();
        if (allowed.ok())
            granted = allowed.value();
    }
    if (!NT_SUCCESS(status)) {
        ob::dereference(found.body);
        return Failure { status };
    }
    auto file = make_file(*device, request, found.remaining, related);
    // The device lives on by its opens; a related file object by our reference.
    if (!related || !file.ok())
        ob::dereference(found.body);
    if (!file.ok())
        return file.failure();
    if (request.hint)
        if (auto hinted = take_hint(**file, request.hint); !hinted.ok()) {
            ob::dereference(*file);
            if (related)
                ob::dereference(related);
            return hinted.failure();
        }
    return PreparedOpen { *file, related, granted };
}

Result<Opened> finish_open(PreparedOpen prepared, OpenRequest const& request)
{
    Opened opened;
    NTSTATUS status = STATUS_SUCCESS;
    for (int reparses = 0;; ++reparses) {
        FILE_OBJECT* file = prepared.file;
        opened.answered = request.network && answered_fast(file, request, prepared.granted, status);
        if (!opened.answered)
            status = send_create(file, request, prepared.granted, opened.information);
        file->RelatedFileObject = nullptr;
        if (prepared.related)
            ob::dereference(prepared.related);
        if (status != STATUS_REPARSE)
            break;
        // The driver put another path into the file object: begin again there.
        UNICODE_STRING path = file->FileName;
        file->FileName = {};
        abandon(file);
        OpenRequest next = request;
        next.root = nullptr;
        next.path = { path.Buffer, path.Length / sizeof(char16_t) };
        auto again = reparses < kReparsesMax ? prepare_open(next) : Failure { STATUS_OBJECT_NAME_INVALID };
        free_string(path, kFileNameTag);
        prepared = TRY(std::move(again));
    }
    FILE_OBJECT* file = prepared.file;
    if (!NT_SUCCESS(status)) {
        abandon(file);
        return Failure { status };
    }
    if (opened.answered) {
        abandon(file);
        return opened;
    }
    FileRecord& record = *manager().files().find(file);
    record.opened = true;
    file->Flags |= FO_HANDLE_CREATED;
    auto handle = ob::open_handle(ob::current_process(), file, prepared.granted,
                                  request.kernel_handle, request.inherit);
    if (!handle.ok()) {
        file_closed(file, 0);
        ob::dereference(file);
        return handle.failure();
    }
    ob::dereference(file);
    opened.handle = *handle;
    return opened;
}

Result<Opened> open(OpenRequest const& request) { return finish_open(TRY(prepare_open(request)), request); }

} // namespace ringside::io
