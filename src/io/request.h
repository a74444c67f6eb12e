// SPDX-License-Identifier: MIT
// A request on an open file: the road that NtReadFile, NtDeviceIoControlFile and their kind share, for drivers (Zw*)
// and for the machine's clients.
//
//   file lock (synchronous file objects)  ->  fast I/O, where the driver has it  ->  IRP, buffers  ->  IoCallDriver
//   ->  wait, when the file object or the service is synchronous  ->  unlock
#pragma once

#include "base/result.h"
#include "io/buffering.h"
#include "io/irp.h"

#include <optional>

namespace ringside::io {

struct Request {
    HANDLE handle = nullptr;
    UCHAR major = IRP_MJ_DEVICE_CONTROL; // READ, WRITE, FLUSH_BUFFERS, QUERY_/SET_INFORMATION, _VOLUME_INFORMATION, _EA,
                                         // _SECURITY, _QUOTA, DIRECTORY_CONTROL, LOCK_CONTROL, DEVICE_CONTROL,
                                         // INTERNAL_DEVICE_CONTROL, FILE_SYSTEM_CONTROL
    UCHAR minor = 0;
    ULONG code = 0;                      // control codes; the information class of queries and sets; which parts of a
                                         // descriptor; what changes to tell; the bytes of a quota query's first SID
    TransferBuffers buffers {};          // a read's and a query's data are `output`, a write's and a set's `input`
    std::optional<int64_t> offset;       // none: the file object's own position
    ULONG key = 0;
    KPROCESSOR_MODE mode = UserMode;
    UCHAR flags = 0;                     // SL_RESTART_SCAN, SL_EXCLUSIVE_LOCK ... of directory, lock and EA requests
    // Pool with kAuxiliaryTag: a directory query's UNICODE_STRING, an EA query's list, a lock's length, a new
    // descriptor, a quota query's SIDs. Whoever sends the
    // request frees it, or the IRP does.
    void* auxiliary = nullptr;
    ULONG auxiliary_bytes = 0;
    FILE_OBJECT* target = nullptr;       // a rename's new folder; held by the caller
};
void drop_auxiliary(Request const& request);
// Where a quota query's list stands behind its first SID.
constexpr ULONG list_offset(ULONG sid_bytes) { return (sid_bytes + 7) & ~ULONG { 7 }; }

// Where the outcome goes.
struct Completion {
    IO_STATUS_BLOCK* status = nullptr;
    KEVENT* event = nullptr;
    bool event_is_object = false;        // it was referenced for the request, which drops that reference in any case
    PIO_APC_ROUTINE routine = nullptr;
    void* routine_context = nullptr;
    // (routine_context: without a routine it names the request to the file object's completion port; null: no packet)
    Operation* operation = nullptr;      // held by the IRP while it lives
    ACCESS_MASK granted = 0;             // of the handle: a control's location tells the driver
};

// Sends a request for a file object, whose reference it takes over; STATUS_PENDING when it goes on without the caller.
// PASSIVE_LEVEL. Access to the handle was checked. On a synchronous file object it never returns STATUS_PENDING.
NTSTATUS issue(FILE_OBJECT* file, Request const& request, Completion const& completion);

// Whether a handle with this access may make the request.
bool is_granted(Request const& request, ACCESS_MASK granted);

// --- The machine's clients: host code on a client's thread ---

struct Reply {
    NTSTATUS status = 0;
    uint64_t information = 0;
};

// Waits for the outcome, also on a file object that was opened for overlapped use.
Reply transact(Request const& request);

// The same on a file object, whose reference it takes over; `granted` as if it had a handle.
Reply transact_on(FILE_OBJECT* file, ACCESS_MASK granted, Request const& request);

// How a program wants to hear of the end, beside its status block.
struct Notification {
    HANDLE event = nullptr;
    PIO_APC_ROUTINE routine = nullptr; // a user-mode APC's
    void* context = nullptr;           // the routine's, or the packet's of a completion port
};

// Overlapped: sends and returns. With a status that is no error, `operation` is the issuer's to poll and to release. Its
// status block says STATUS_PENDING until the end.
NTSTATUS start(Request const& request, Operation*& operation, Notification const& notification = {});
bool is_done(Operation const& operation);
Reply reply_of(Operation const& operation); // of one that is done
Reply wait_for_operation(Operation& operation);
void release_operation(Operation& operation);
// IoCancelIrp for its IRP; false when that is gone or has no cancel routine.
bool cancel(Operation& operation);

} // namespace ringside::io
