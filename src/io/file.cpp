// SPDX-License-Identifier: MIT
// A file object's record, its clean-up and its close.
#include "io/file.h"

#include "base/check.h"
#include "io/completion_port.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/fast_io.h"
#include "io/file_lock.h"
#include "io/guest_string.h"
#include "io/manager.h"
#include "io/open.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ob/object.h"

namespace ringside::io {

bool (*g_path_on_volume)(FILE_OBJECT const* file, std::u16string& path) = nullptr;

namespace {

GuestFile& guest_of(FILE_OBJECT const* object)
{
    return *reinterpret_cast<GuestFile*>(const_cast<FILE_OBJECT*>(object));
}

// IRP_MJ_CLEANUP and IRP_MJ_CLOSE: sent on the calling thread, waited for, and freed here and not by completion.
NTSTATUS send_closing(FileRecord& file, UCHAR major, DEVICE_OBJECT* top, UCHAR minor = 0)
{
    Manager& io = manager();
    IRP* irp = io.irps().allocate(top->StackSize, IrpOrigin::Threaded);
    if (!irp)
        ke::bug_check(MUST_SUCCEED_POOL_EMPTY, size_of_irp(top->StackSize), 0, 0, 0,
                      "no memory is left for the IRP that closes a file object");
    IrpRecord& record = *io.irps().find_ours(irp);
    KEVENT event;
    initialize_event(event, SynchronizationEvent, false);
    irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->UserIosb = &irp->IoStatus;
    irp->UserEvent = &event;
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    irp->ApcEnvironment = static_cast<CCHAR>(ke::kernel().current().apc_environment);
    irp->Tail.Overlay.OriginalFileObject = file.object;
    IO_STACK_LOCATION* location = next_location(irp);
    location->MajorFunction = major;
    location->MinorFunction = minor;
    location->FileObject = file.object;
    io.link_to_thread(record, ke::kernel().current());
    if (IofCallDriver(top, irp) == STATUS_PENDING)
        wait_for(event);
    NTSTATUS const status = irp->IoStatus.Status;
    io.release(record);
    return status;
}

} // namespace

NTSTATUS ask_while_closing(FILE_OBJECT* file, UCHAR major, UCHAR minor)
{
    FileRecord* const record = manager().files().find(file);
    return record ? send_closing(*record, major, target_of(*file), minor) : STATUS_INVALID_PARAMETER;
}

FileRecord* FileTable::find(FILE_OBJECT const* object)
{
    uint64_t const index = guest_of(object).record_index;
    if (index >= m_records.size() || m_records[index].object != object || !object)
        return nullptr;
    return &m_records[index];
}

FileRecord& FileTable::add(FILE_OBJECT* object)
{
    size_t index = m_records.size();
    if (m_free.empty())
        m_records.emplace_back();
    else {
        index = m_free.back();
        m_free.pop_back();
    }
    FileRecord& record = m_records[index];
    record = {};
    record.object = object;
    record.index = index;
    record.number = ++m_born;
    guest_of(object).record_index = index;
    ++m_live;
    return record;
}

void FileTable::remove(FileRecord& record)
{
    record.object = nullptr;
    m_free.push_back(record.index);
    --m_live;
}

void FileTable::for_each(void (*visit)(void* context, FileRecord const& record), void* context) const
{
    for (FileRecord const& record : m_records)
        if (record.object)
            visit(context, record);
}

void file_closed(void* body, uint32_t remaining)
{
    FileRecord* file = manager().files().find(static_cast<FILE_OBJECT*>(body));
    if (!file || remaining || !file->opened || file->cleaned_up)
        return;
    file->cleaned_up = true;
    // A request in progress on a synchronous file object holds its lock: closing waits for it.
    if (file->synchronous)
        acquire_file_lock(*file->object);
    if (file->object->LockOperation)
        unlock_all(file->object);
    send_closing(*file, IRP_MJ_CLEANUP, target_of(*file->object));
    file->object->Flags |= FO_CLEANUP_COMPLETE;
    if (file->synchronous)
        release_file_lock(*file->object);
}

void file_deleted(void* body)
{
    FileRecord* file = manager().files().find(static_cast<FILE_OBJECT*>(body));
    CHECK(file, "a file object without a record");
    if (file->opened)
        send_closing(*file, IRP_MJ_CLOSE, target_of(*file->object));
    DeviceRecord* device = file->device;
    DEVICE_OBJECT* hint = file->hint;
    leave_port(*file->object);
    if (file->vpb)
        --file->vpb->ReferenceCount;
    free_string(file->object->FileName, kFileNameTag);
    if (file->shadow) [[unlikely]]
        ex::free(std::exchange(file->shadow, nullptr), kAuxiliaryTag);
    manager().files().remove(*file);
    if (hint)
        ob::dereference(hint);
    if (device)
        remove_open(*device);
}

std::u16string file_name(void* body)
{
    FileRecord* file = manager().files().find(static_cast<FILE_OBJECT*>(body));
    if (!file || !file->device)
        return {};
    std::u16string name = file->device->name;
    if (std::u16string path; g_path_on_volume && g_path_on_volume(file->object, path))
        return name + path;
    UNICODE_STRING const& rest = file->object->FileName;
    if (rest.Buffer)
        name.append(rest.Buffer, rest.Length / sizeof(char16_t));
    return name;
}

NTSTATUS open_by_name(UNICODE_STRING* name, ACCESS_MASK access, HANDLE* handle)
{
    OpenRequest request;
    request.access = access;
    request.options = FILE_NON_DIRECTORY_FILE;
    request.kernel_handle = true;
    // The path is given up as soon as the names are looked up: what follows runs drivers.
    auto prepared = [&]() -> Result<PreparedOpen> {
        std::u16string const path = TRY(ob::read_string(name));
        request.path = path;
        return prepare_open(request);
    }();
    if (!prepared.ok())
        return prepared.status();
    auto opened = finish_open(*prepared, request);
    if (opened.ok())
        *handle = opened->handle;
    return opened.status();
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetrelateddeviceobject
DEVICE_OBJECT* IoGetRelatedDeviceObject(FILE_OBJECT* file) { return target_of(*file); }

DEVICE_OBJECT* hinted_target(FILE_OBJECT const& file)
{
    FileRecord const* record = manager().files().find(&file);
    return record ? record->hint : nullptr;
}

bool ignores_sharing(FILE_OBJECT const& file)
{
    FileRecord const* record = file.FileObjectExtension ? manager().files().find(&file) : nullptr;
    return record && record->ignores_sharing;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iocancelfileopen
void IoCancelFileOpen(DEVICE_OBJECT* device, FILE_OBJECT* file)
{
    FileRecord* record = manager().files().find(file);
    if (!record || (file->Flags & FO_HANDLE_CREATED) || record->opened)
        ke::bug_check(INVALID_CANCEL_OF_FILE_OPEN, reinterpret_cast<uint64_t>(file), reinterpret_cast<uint64_t>(device), 0,
                      0, "IoCancelFileOpen: the file object has a handle, or is none");
    file->Flags |= FO_FILE_OPEN_CANCELLED;
    send_closing(*record, IRP_MJ_CLEANUP, device);
    file->Flags |= FO_CLEANUP_COMPLETE;
    send_closing(*record, IRP_MJ_CLOSE, device);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iogetdeviceobjectpointer
NTSTATUS IoGetDeviceObjectPointer(UNICODE_STRING* name, ACCESS_MASK access, FILE_OBJECT** file, DEVICE_OBJECT** device)
{
    HANDLE handle = nullptr;
    NTSTATUS const status = open_by_name(name, access, &handle);
    if (!NT_SUCCESS(status))
        return status;
    auto target = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    auto* object = static_cast<FILE_OBJECT*>(target->body);
    ob::reference(object);
    *file = object;
    *device = IoGetRelatedDeviceObject(object);
    // The last handle goes and the file object stays, by its pointer.
    (void)ob::close_handle(ob::current_process(), handle, KernelMode);
    return STATUS_SUCCESS;
}

} // namespace ringside::io
