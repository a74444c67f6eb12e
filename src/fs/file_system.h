// SPDX-License-Identifier: MIT
// The file system driver: its devices, its open files, its dispatch routines. It is a driver like any other: requests
// come as IRPs, through the doors, on the requestor's thread; a filter may attach to its device.
//
//   \??\C: --> \Device\HarddiskVolume1 (the volume)        opened for its attributes alone: IRPs end here
//                      |  VPB, mounted
//                      v
//              a nameless device (the file system)         everything else
//
// Nothing in it waits, but a byte-range lock for its turn; no frame below IoCompleteRequest owns host memory (D10).
#pragma once

#include "fs/volume.h"
#include "io/driver.h"
#include "mm/file_data.h"

#include <optional>
#include <vector>

namespace ringside::fs {

// What a dispatch routine came to. A pending IRP belongs to whoever queued it.
struct Outcome {
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR information = 0;
};
inline Outcome outcome(Result<void> const& result) { return { result.status() }; }

// Behind FILE_OBJECT.FsContext2.
struct GuestCcb {
    uint64_t number; // of birth, from 1
};

// One open file, folder or volume.
struct Open {
    FILE_OBJECT* file = nullptr;
    Node* node = nullptr; // null: the volume
    GuestCcb* ccb = nullptr;
    bool cleaned_up = false;
    bool delete_on_close = false;
    bool posix_delete = false; // the name goes when this handle does
    bool keep_written = false; // FILE_BASIC_INFORMATION: -1
    // A folder's enumeration.
    std::optional<std::u16string> pattern; // in upper case; "" for all names
    uint8_t dots_told = 0;                 // of "." and ".."
    std::u16string last_told;              // upper case
};

class FileSystem {
public:
    FileSystem();
    ~FileSystem();
    FileSystem(FileSystem const&) = delete;
    FileSystem& operator=(FileSystem const&) = delete;

    // Makes the volume and its links; once per machine, on a system thread.
    Result<void> mount(std::unique_ptr<sim::HostFolder> folder);
    bool mounted() const { return m_volume != nullptr; }
    Volume& volume() { return *m_volume; }

    DEVICE_OBJECT* volume_device() const { return m_volume_device; }
    DEVICE_OBJECT* device() const { return m_device; }
    std::u16string const& label() const { return m_label; }
    void set_label(std::u16string label);

    // Null for a file object that is not one of ours, or not open.
    Open* find(FILE_OBJECT const* file);
    // STATUS_INSUFFICIENT_RESOURCES; fills the file object's contexts and counts in the node.
    Result<Open*> add(FILE_OBJECT& file, Node* node);
    void remove(Open& open);

    std::vector<std::byte> listing; // what a directory query gathers

private:
    friend NTSTATUS make_devices(DRIVER_OBJECT* driver);

    std::unique_ptr<Volume> m_volume;
    DEVICE_OBJECT* m_volume_device = nullptr;
    DEVICE_OBJECT* m_device = nullptr;
    std::u16string m_label = u"Ringside";
    std::vector<std::unique_ptr<Open>> m_opens; // by io::FileRecord::index
    uint64_t m_opened = 0;
};

extern FileSystem* g_file_system;
inline FileSystem& file_system() { return *g_file_system; }

inline constexpr ULONG kFcbTag = 0x62636652;   // 'Rfcb'
inline constexpr ULONG kCcbTag = 0x62636352;   // 'Rccb'
inline constexpr ULONG kSectorBytes = 512;
inline constexpr ULONG kSerialNumber = 0x52'49'4E'47;

// Shows the file's sizes where drivers may look for them.
void show_sizes(Node& node);

// --- One per major function; `location` is the IRP's current one ---

Outcome create(IRP* irp, IO_STACK_LOCATION& location);
Outcome cleanup(IO_STACK_LOCATION& location);
Outcome close(IO_STACK_LOCATION& location);
Outcome read(IRP* irp, IO_STACK_LOCATION& location);
Outcome write(IRP* irp, IO_STACK_LOCATION& location);
Outcome flush(IO_STACK_LOCATION& location);
Outcome query_information(IRP* irp, IO_STACK_LOCATION& location);
Outcome set_information(IRP* irp, IO_STACK_LOCATION& location);
Outcome query_volume(IRP* irp, IO_STACK_LOCATION& location);
Outcome set_volume(IRP* irp, IO_STACK_LOCATION& location);
Outcome directory_control(IRP* irp, IO_STACK_LOCATION& location);
Outcome lock_control(IRP* irp, IO_STACK_LOCATION& location);

// --- Shared by them ---

// An open file or folder, not cleaned up. STATUS_INVALID_PARAMETER, STATUS_FILE_CLOSED.
Result<Open*> live(FILE_OBJECT const* file);
// "\folder\file" below the volume.
std::u16string path_of(Node const& node);
// Whether the node may be deleted now: STATUS_CANNOT_DELETE, STATUS_DIRECTORY_NOT_EMPTY.
Result<void> check_delete(Node& node, bool ignore_read_only);
Result<void> rename(Open& open, FILE_OBJECT* target, std::u16string_view name, bool replace, bool posix,
                    bool ignore_read_only);
// Completes the waiting locks that can be granted now, and those of `gone` with STATUS_RANGE_NOT_LOCKED. Runs drivers.
void settle_locks(Node& node, FILE_OBJECT const* gone);
LockOwner lock_owner(IRP* irp, FILE_OBJECT* file, ULONG key);

// Sections of files (mapped.cpp): mm::g_file_data; whether the node has one, and may be cut off so
// (STATUS_USER_MAPPED_FILE).
Result<std::unique_ptr<mm::FileData>> file_data(FILE_OBJECT* file);
SECTION_OBJECT_POINTERS const* sections_of(Node const& node);
bool is_mapped(Node const& node);
Result<void> check_resize(Node const& node, uint64_t bytes);

// Where a read or write finds its caller's bytes: an MDL's mapping, the system buffer, or the caller's own address.
void* transfer_buffer(IRP* irp);
// Copies bytes of the caller; false for a user address that cannot be touched. A kernel address that cannot is the
// caller's bug check.
bool copy_caller(void* to, void const* from, size_t bytes);

} // namespace ringside::fs
