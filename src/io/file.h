// SPDX-License-Identifier: MIT
// File objects: one per open of a device.
//
//            open: IRP_MJ_CREATE            last handle closed              last reference dropped
//   (none) ----------------------> open ------------------------> closing ------------------------> gone
//                |                          IRP_MJ_CLEANUP                   IRP_MJ_CLOSE
//                | failure: no clean-up, no close
//                v
//              gone
//
// Invariants
//   F1  a driver that failed IRP_MJ_CREATE hears nothing more of the file object
//   F2  IRP_MJ_CLEANUP comes once, before IRP_MJ_CLOSE, which comes once, after the file object's last IRP
//   F3  the opened device cannot go away before IRP_MJ_CLOSE has returned (DeviceRecord::opens)
#pragma once

#include "base/result.h"
#include "io/device.h"
#include "io/irp.h"

#include <deque>
#include <string_view>

namespace ringside::io {

struct DeviceRecord;

// FILE_OBJECT.FileObjectExtension is set for file objects that have one of these.
DEVICE_OBJECT* hinted_target(FILE_OBJECT const& file); // null: no hint
bool ignores_sharing(FILE_OBJECT const& file);

// The bytes behind a PFILE_OBJECT.
struct GuestFile {
    FILE_OBJECT object;
    uint64_t record_index; // checked against the record's own pointer
};

struct FileRecord {
    FILE_OBJECT* object = nullptr; // null: gone
    uint32_t number = 0;           // of birth, from 1
    size_t index = 0;
    DeviceRecord* device = nullptr; // counted in its opens; null: the create failed
    bool opened = false;            // IRP_MJ_CREATE succeeded
    bool cleaned_up = false;
    bool synchronous = false;
    VPB* vpb = nullptr; // of the mounted volume that it is a file of; counted in its references
    // IoCreateFileSpecifyDeviceObjectHint: requests go to this device of the stack and not to its top; referenced.
    DEVICE_OBJECT* hint = nullptr;
    bool ignores_sharing = false; // IO_IGNORE_SHARE_ACCESS_CHECK
    IO_FOEXT_SHADOW_FILE* shadow = nullptr; // IoSetShadowFileInformation; pool of ours
};

class FileTable {
public:
    // Null for a pointer that is no live file object.
    FileRecord* find(FILE_OBJECT const* object);
    FileRecord& add(FILE_OBJECT* object);
    void remove(FileRecord& record);
    void for_each(void (*visit)(void* context, FileRecord const& record), void* context) const;
    size_t live() const { return m_live; }

private:
    std::deque<FileRecord> m_records;
    std::vector<size_t> m_free;
    uint32_t m_born = 0;
    size_t m_live = 0;
};

struct OpenRequest {
    std::u16string_view path;      // "\??\Toaster", "\Device\Toaster\name"; copied before a driver runs
    void* root = nullptr;          // body of the object that `path` is relative to
    ACCESS_MASK access = 0;
    ULONG attributes = 0;          // FILE_ATTRIBUTE_*
    ULONG share = 0;               // FILE_SHARE_*
    ULONG disposition = FILE_OPEN;
    ULONG options = 0;             // FILE_SYNCHRONOUS_IO_NONALERT ...
    void* ea = nullptr;            // system buffer; the create's AssociatedIrp.SystemBuffer
    ULONG ea_bytes = 0;
    LARGE_INTEGER allocation_size {};
    KPROCESSOR_MODE mode = KernelMode;
    bool case_insensitive = true;
    bool kernel_handle = false;
    bool inherit = false;
    bool target_directory = false; // SL_OPEN_TARGET_DIRECTORY: the folder that holds the path's last component
    DEVICE_OBJECT* hint = nullptr; // FileRecord::hint
    bool ignores_sharing = false;  // FileRecord::ignores_sharing
    UCHAR major = IRP_MJ_CREATE;   // or CREATE_NAMED_PIPE, CREATE_MAILSLOT
    void* parameters = nullptr;    // NAMED_PIPE_CREATE_PARAMETERS, MAILSLOT_CREATE_PARAMETERS; outlive the create
    void* security = nullptr;      // a descriptor for what is created, in pool; likewise
    // Only asked for: the top driver's FastIoQueryOpen may answer in place of the create. In kernel memory.
    FILE_NETWORK_OPEN_INFORMATION* network = nullptr;
    bool force_check = false; // OBJ_FORCE_ACCESS_CHECK: kernel mode is asked, too
    bool checked() const { return mode != KernelMode || force_check; }
};

struct Opened {
    HANDLE handle = nullptr;
    ULONG_PTR information = 0; // FILE_OPENED ...
    bool answered = false;     // by FastIoQueryOpen: there is no handle
};

// Opens a device: looks the path up, makes a file object, sends IRP_MJ_CREATE to the top of the device's stack and
// waits for it, and adds a handle to the current process. PASSIVE_LEVEL. `path` may be freed as soon as a driver runs.
// STATUS_OBJECT_NAME_NOT_FOUND and its like, STATUS_OBJECT_TYPE_MISMATCH, STATUS_NO_SUCH_DEVICE, STATUS_ACCESS_DENIED,
// STATUS_INVALID_PARAMETER, or the driver's own.
Result<Opened> open(OpenRequest const& request);
// By name, synchronously usable, with a kernel handle.
NTSTATUS open_by_name(UNICODE_STRING* name, ACCESS_MASK access, HANDLE* handle);

// The top of the stack that a file object's requests go to: the file system's where the device is a mounted volume, the
// hint's where it has one.
inline DEVICE_OBJECT* target_of(FILE_OBJECT const& file)
{
    if (file.FileObjectExtension) [[unlikely]]
        if (DEVICE_OBJECT* hint = hinted_target(file))
            return hint;
    if (file.Vpb && file.Vpb->DeviceObject)
        return top_of(file.Vpb->DeviceObject);
    return top_of(file.DeviceObject);
}
DEVICE_OBJECT* IoGetRelatedDeviceObject(FILE_OBJECT* file);
// PASSIVE_LEVEL. For a filter whose lower drivers succeeded IRP_MJ_CREATE and which will fail it: they get IRP_MJ_CLEANUP
// and IRP_MJ_CLOSE by `device`, the top of what is below the filter. With a handle: bug check 0xE8.
void IoCancelFileOpen(DEVICE_OBJECT* device, FILE_OBJECT* file);
NTSTATUS IoGetDeviceObjectPointer(UNICODE_STRING* name, ACCESS_MASK access, FILE_OBJECT** file, DEVICE_OBJECT** device);

// A request without parameters on a file object whose last handle goes: sent on this thread and waited for.
NTSTATUS ask_while_closing(FILE_OBJECT* file, UCHAR major, UCHAR minor);
// ob's calls.
void file_closed(void* body, uint32_t remaining);
void file_deleted(void* body);
std::u16string file_name(void* body);
// Set by the file system's room: where an open file of its stands on its volume now. False: it is none of its files.
extern bool (*g_path_on_volume)(FILE_OBJECT const* file, std::u16string& path);

} // namespace ringside::io
