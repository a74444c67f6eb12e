// SPDX-License-Identifier: MIT
// What the file services share: opening, sending a request by handle, waiting for one.
#pragma once

#include "io/file.h"
#include "io/request.h"
#include "ob/handle.h"

namespace ringside::io {

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
    DEVICE_OBJECT* hint = nullptr;
    bool target_directory = false;
    bool ignores_sharing = false;
    UCHAR major = IRP_MJ_CREATE;
    void* parameters = nullptr; // of a pipe or a mailslot, in kernel memory
    FILE_NETWORK_OPEN_INFORMATION* network = nullptr; // OpenRequest::network; the handle is null when it was filled
};

NTSTATUS create_file(CreateArguments const& arguments, KPROCESSOR_MODE mode);
// The attributes of what the request names, without a handle that stays. PASSIVE_LEVEL.
NTSTATUS query_attributes(OpenRequest request, FILE_NETWORK_OPEN_INFORMATION& answer);
// What IoCreateFile and its kin do with their last arguments. STATUS_INVALID_PARAMETER for a type that is none, or
// parameters that are missing.
NTSTATUS create_file_of_type(CreateArguments arguments, CREATE_FILE_TYPE type, void* extra, KPROCESSOR_MODE mode);

// A request by handle; the event handle, when there is one, is signalled at the end. Takes the request's auxiliary over.
NTSTATUS by_handle(Request const& request, HANDLE event_handle, PIO_APC_ROUTINE routine, void* routine_context,
                   IO_STATUS_BLOCK* status);
// The event, routine and context of a request on this file, whose event object it references and resets.
// STATUS_INVALID_PARAMETER for a routine where a completion port is, STATUS_INVALID_HANDLE and its like for the event.
NTSTATUS prepare_completion(FILE_OBJECT const& file, Notification const& notification, KPROCESSOR_MODE mode,
                            Completion& completion);
// Services that always wait: their own event, and the caller's status block written on return.
NTSTATUS synchronously(Request const& request, IO_STATUS_BLOCK* status);

// The services themselves, as `mode`: what Zw*, Nt* and the machine's clients call. They check what NT checks before a
// driver hears of it, and wait for the driver.
NTSTATUS query_file(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                    FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode);
NTSTATUS set_file(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                  FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode);
NTSTATUS query_volume(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                      FS_INFORMATION_CLASS information, KPROCESSOR_MODE mode);
NTSTATUS set_volume(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes,
                    FS_INFORMATION_CLASS information, KPROCESSOR_MODE mode);
NTSTATUS flush_file(HANDLE handle, ULONG flags, void* parameters, ULONG parameters_bytes, IO_STATUS_BLOCK* status,
                    KPROCESSOR_MODE mode);
NTSTATUS query_ea(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, BOOLEAN single, void* list,
                  ULONG list_bytes, ULONG* index, BOOLEAN restart, KPROCESSOR_MODE mode);
NTSTATUS set_ea(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, KPROCESSOR_MODE mode);
NTSTATUS query_quota(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, BOOLEAN single, void* list,
                     ULONG list_bytes, void* start, BOOLEAN restart, KPROCESSOR_MODE mode);
NTSTATUS set_quota(HANDLE handle, IO_STATUS_BLOCK* status, void* buffer, ULONG bytes, KPROCESSOR_MODE mode);
NTSTATUS unlock_file(HANDLE handle, IO_STATUS_BLOCK* status, LARGE_INTEGER* offset, LARGE_INTEGER* length, ULONG key,
                     KPROCESSOR_MODE mode);
// Requests that need not wait, with what of them stands in pool.
Result<Request> directory_request(HANDLE handle, void* buffer, ULONG bytes, FILE_INFORMATION_CLASS information,
                                  ULONG flags, UNICODE_STRING const* name, KPROCESSOR_MODE mode);
Result<Request> lock_request(HANDLE handle, int64_t offset, LARGE_INTEGER const* length, ULONG key, UCHAR flags,
                             KPROCESSOR_MODE mode);

// Auxiliary pool for the length of a scope; it outlives nothing.
struct Pool {
    void* block = nullptr;
    explicit Pool(void* given)
        : block(given)
    {
    }
    ~Pool();
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;
};

// Memory that the caller named: a user address that cannot be touched is STATUS_ACCESS_VIOLATION, a kernel address the
// caller's bug check.
NTSTATUS copy_named(void* to, void const* from, size_t bytes);
// STATUS_EA_LIST_INCONSISTENT for a list of FILE_FULL_EA_INFORMATION that is none.
NTSTATUS check_ea(void const* list, ULONG bytes);
// `where`: of the entry that it stopped at.
NTSTATUS check_ea_at(void const* list, ULONG bytes, ULONG& where);

// As whom a service is called: Zw* as the kernel, Nt* as whoever's thread it is.
using Mode = KPROCESSOR_MODE (*)();
inline KPROCESSOR_MODE kernel_mode() { return KernelMode; }

} // namespace ringside::io
