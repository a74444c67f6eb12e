// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=ifs/file-system-device-objects
#include "fs/file_system.h"

#include "base/check.h"
#include "ex/pool.h"
#include "hal/layout.h"
#include "io/complete.h"
#include "io/device.h"
#include "io/dispatch.h"
#include "io/event.h"
#include "io/manager.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "mm/mdl.h"
#include "mm/memory.h"
#include "ob/namespace.h"

namespace ringside::fs {

FileSystem* g_file_system = nullptr;

namespace {

constexpr CSHORT kFcbNodeType = 0x0702; // ours: no other file system looks at it

NTSTATUS complete(IRP* irp, Outcome const& outcome)
{
    irp->IoStatus.Status = outcome.status;
    irp->IoStatus.Information = outcome.information;
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    return outcome.status;
}

// The volume's own device: opened for its attributes alone, it has nothing to read.
Outcome volume_request(UCHAR major)
{
    bool const life = major == IRP_MJ_CREATE || major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE;
    if (!life)
        return { STATUS_INVALID_DEVICE_REQUEST };
    return { STATUS_SUCCESS, major == IRP_MJ_CREATE ? FILE_OPENED : 0 };
}

Outcome file_request(IRP* irp, IO_STACK_LOCATION& location)
{
    switch (location.MajorFunction) {
    case IRP_MJ_CREATE:
        return create(irp, location);
    case IRP_MJ_CLEANUP:
        return cleanup(location);
    case IRP_MJ_CLOSE:
        return close(location);
    case IRP_MJ_READ:
        return read(irp, location);
    case IRP_MJ_WRITE:
        return write(irp, location);
    case IRP_MJ_FLUSH_BUFFERS:
        return flush(location);
    case IRP_MJ_QUERY_INFORMATION:
        return query_information(irp, location);
    case IRP_MJ_SET_INFORMATION:
        return set_information(irp, location);
    case IRP_MJ_QUERY_EA:
    case IRP_MJ_SET_EA:
        return { STATUS_EAS_NOT_SUPPORTED };
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
        return query_volume(irp, location);
    case IRP_MJ_SET_VOLUME_INFORMATION:
        return set_volume(irp, location);
    case IRP_MJ_DIRECTORY_CONTROL:
        return directory_control(irp, location);
    case IRP_MJ_LOCK_CONTROL:
        return lock_control(irp, location);
    default: // IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MJ_DEVICE_CONTROL, IRP_MJ_SHUTDOWN
        return { STATUS_INVALID_DEVICE_REQUEST };
    }
}

NTAPI NTSTATUS dispatch(DEVICE_OBJECT* device, IRP* irp)
{
    IO_STACK_LOCATION& location = *io::current_location(irp);
    if (device != file_system().device())
        return complete(irp, volume_request(location.MajorFunction));
    UCHAR const major = location.MajorFunction;
    FILE_OBJECT* const file = location.FileObject;
    Open* const open = file ? file_system().find(file) : nullptr;
    // Held by its file object, which the IRP holds.
    Node* const node = open && !open->cleaned_up ? open->node : nullptr;
    Outcome const outcome = file_request(irp, location);
    if (outcome.status == STATUS_PENDING)
        return STATUS_PENDING;
    // Others wait for a lock that may be free now. Not after the close: the node may have gone.
    if (node && (major == IRP_MJ_CLEANUP || major == IRP_MJ_LOCK_CONTROL) && !node->locks.waiting().empty())
        settle_locks(*node, major == IRP_MJ_CLEANUP ? file : nullptr);
    return complete(irp, outcome);
}

} // namespace

NTSTATUS make_devices(DRIVER_OBJECT* driver)
{
    FileSystem& files = file_system();
    for (UCHAR major : { IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE, IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_FLUSH_BUFFERS,
                         IRP_MJ_QUERY_INFORMATION, IRP_MJ_SET_INFORMATION, IRP_MJ_QUERY_EA, IRP_MJ_SET_EA,
                         IRP_MJ_QUERY_VOLUME_INFORMATION, IRP_MJ_SET_VOLUME_INFORMATION, IRP_MJ_DIRECTORY_CONTROL,
                         IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MJ_DEVICE_CONTROL, IRP_MJ_LOCK_CONTROL })
        driver->MajorFunction[major] = &dispatch;
    char16_t name[] = u"\\Device\\HarddiskVolume1";
    UNICODE_STRING string { sizeof name - sizeof *name, sizeof name, name };
    NTSTATUS status = io::IoCreateDevice(driver, 0, &string, FILE_DEVICE_DISK, 0, FALSE, &files.m_volume_device);
    if (!NT_SUCCESS(status))
        return status;
    status = io::IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE, &files.m_device);
    if (!NT_SUCCESS(status))
        return status;
    auto* vpb = const_cast<VPB*>(files.m_volume_device->Vpb);
    vpb->DeviceObject = files.m_device;
    vpb->SerialNumber = kSerialNumber;
    vpb->Flags |= VPB_MOUNTED;
    files.m_device->SectorSize = kSectorBytes;
    files.set_label(files.label());
    return STATUS_SUCCESS;
}

namespace {

NTAPI NTSTATUS driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING*) { return make_devices(driver); }

} // namespace

FileSystem::FileSystem()
{
    CHECK(!g_file_system, "one machine is live per process at a time");
    g_file_system = this;
    io::g_path_on_volume = [](FILE_OBJECT const* file, std::u16string& path) {
        Open const* open = file_system().find(file);
        if (open && open->node)
            path = path_of(*open->node);
        return open && open->node;
    };
    mm::g_file_data = &file_data;
}

FileSystem::~FileSystem()
{
    // What is still mapped is written as a shutdown would; a crash writes nothing more.
    mm::memory().sections.forget_files(!ke::kernel().crash());
    mm::g_file_data = nullptr;
    io::g_path_on_volume = nullptr;
    g_file_system = nullptr;
}

Result<void> FileSystem::mount(std::unique_ptr<sim::HostFolder> folder)
{
    CHECK(!m_volume, "a machine has one volume");
    m_volume = std::make_unique<Volume>(std::move(folder));
    io::DriverImage image;
    image.name = u"ringsidefs";
    image.folder = u"\\FileSystem\\";
    image.entry = &driver_entry;
    image.internal = true;
    TRY(io::create_driver(image));
    TRY(ob::create_symbolic_link(u"\\GLOBAL??\\C:", u"\\Device\\HarddiskVolume1"));
    TRY(ob::create_symbolic_link(u"\\Device\\BootDevice", u"\\Device\\HarddiskVolume1"));
    return {};
}

void FileSystem::set_label(std::u16string label)
{
    m_label = std::move(label);
    auto* vpb = const_cast<VPB*>(m_volume_device->Vpb);
    vpb->VolumeLabelLength = static_cast<USHORT>(m_label.size() * sizeof(char16_t));
    m_label.copy(vpb->VolumeLabel, m_label.size());
}

Open* FileSystem::find(FILE_OBJECT const* file)
{
    io::FileRecord const* record = file ? io::manager().files().find(file) : nullptr;
    if (!record || record->index >= m_opens.size())
        return nullptr;
    Open* open = m_opens[record->index].get();
    return open && open->file == file ? open : nullptr;
}

namespace {

GuestFcb* make_fcb()
{
    auto* fcb
        = static_cast<GuestFcb*>(ex::allocate(NonPagedPoolNx, sizeof(GuestFcb), kFcbTag, ex::Owner::Kernel, true));
    if (!fcb)
        return nullptr;
    fcb->header.NodeTypeCode = kFcbNodeType;
    fcb->header.NodeByteSize = sizeof(GuestFcb);
    fcb->header.Flags = 0x40; // FSRTL_FLAG_ADVANCED_HEADER
    fcb->header.Version = 1;
    fcb->header.FastMutex = &fcb->fast_mutex;
    fcb->header.FilterContexts.Flink = fcb->header.FilterContexts.Blink = &fcb->header.FilterContexts;
    fcb->fast_mutex.Count = 1;
    io::initialize_event(fcb->fast_mutex.Event, SynchronizationEvent, false);
    return fcb;
}

} // namespace

Result<Open*> FileSystem::add(FILE_OBJECT& file, Node* node)
{
    auto* ccb
        = static_cast<GuestCcb*>(ex::allocate(NonPagedPoolNx, sizeof(GuestCcb), kCcbTag, ex::Owner::Kernel, true));
    if (ccb && node && !node->guest)
        node->guest = make_fcb();
    if (!ccb || (node && !node->guest)) {
        if (ccb)
            ex::free(ccb, kCcbTag);
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    }
    ccb->number = ++m_opened;
    size_t const index = io::manager().files().find(&file)->index;
    if (index >= m_opens.size())
        m_opens.resize(index + 1);
    m_opens[index] = std::make_unique<Open>();
    Open& open = *m_opens[index];
    open.file = &file;
    open.node = node;
    open.ccb = ccb;
    file.FsContext2 = ccb;
    if (node) {
        ++node->opens;
        ++node->handles;
        file.FsContext = &node->guest->header;
        file.SectionObjectPointer = &node->guest->sections;
        show_sizes(*node);
    } else
        file.Flags |= FO_VOLUME_OPEN;
    return &open;
}

void FileSystem::remove(Open& open)
{
    ex::free(open.ccb, kCcbTag);
    if (Node* node = open.node) {
        CHECK(node->opens && node->opens > node->handles, "N1");
        if (--node->opens == 0) {
            ex::free(node->guest, kFcbTag);
            node->guest = nullptr;
            m_volume->closed(*node);
        }
    }
    m_opens[io::manager().files().find(open.file)->index] = nullptr;
}

void show_sizes(Node& node)
{
    if (!node.guest)
        return;
    auto const bytes = static_cast<int64_t>(node.bytes());
    node.guest->header.FileSize.QuadPart = node.guest->header.ValidDataLength.QuadPart = bytes;
    node.guest->header.AllocationSize.QuadPart = (bytes + 4095) & ~int64_t { 4095 };
}

Result<Open*> live(FILE_OBJECT const* file)
{
    Open* const open = file_system().find(file);
    if (!open || !open->node)
        return Failure { STATUS_INVALID_PARAMETER };
    if (open->cleaned_up)
        return Failure { STATUS_FILE_CLOSED };
    return open;
}

std::u16string path_of(Node const& node)
{
    std::u16string path;
    for (Node const* at = &node; !at->name.empty(); at = at->parent) {
        path.insert(0, u"\\" + at->name);
        if (!at->parent)
            break;
    }
    return path.empty() ? u"\\" : path;
}

void* transfer_buffer(IRP* irp)
{
    if (irp->MdlAddress)
        return mm::system_address(irp->MdlAddress);
    if ((irp->Flags & IRP_BUFFERED_IO) && irp->AssociatedIrp.SystemBuffer)
        return irp->AssociatedIrp.SystemBuffer;
    return irp->UserBuffer;
}

bool copy_caller(void* to, void const* from, size_t bytes)
{
    auto theirs = [](void const* address) {
        auto const at = reinterpret_cast<uintptr_t>(address);
        return !at || hal::is_user(at);
    };
    if (theirs(to) || theirs(from))
        return ke::copy_guarded(to, from, bytes);
    ke::copy_or_raise(to, from, bytes);
    return true;
}

} // namespace ringside::fs
