// SPDX-License-Identifier: MIT
// I/O completion ports: objects that are kernel queues. A file object that is associated with one has its port and key
// in CompletionContext; a request that is done goes into the queue as it is, its IRP the packet, and is freed when
// somebody takes it out. What is posted is a small packet of pool.
//
//   port_of(file)       FILE_OBJECT.CompletionContext, referenced: a port lives as long as its last file
//   last handle closed  who waits for it ends with STATUS_ABANDONED (since Windows Vista), nothing more is queued
//   deleted             packets that nobody took are freed
//
// @cite(win32): page=fileio/i-o-completion-ports
#pragma once

#include "base/result.h"
#include "io/irp.h"

namespace ringside::io {

struct PortPacket {
    void* key = nullptr;
    void* context = nullptr;
    NTSTATUS status = 0;
    ULONG_PTR information = 0;
};

// A port and a handle to it in the current process. `concurrent` threads of it run at once; 0: as many as processors.
Result<HANDLE> create_port(ULONG concurrent);
// What FileCompletionInformation sets. STATUS_INVALID_PARAMETER for a synchronous file object or one that has a port,
// STATUS_INVALID_HANDLE and its like for what is no port.
NTSTATUS associate(FILE_OBJECT& file, HANDLE port, void* key, KPROCESSOR_MODE mode);
// Since Windows 8.1, FileReplaceCompletionInformation: another port, or with a null handle none.
NTSTATUS replace_port(FILE_OBJECT& file, HANDLE port, void* key, KPROCESSOR_MODE mode);
// PASSIVE_LEVEL: takes the oldest packet, or waits. STATUS_TIMEOUT, STATUS_ABANDONED, STATUS_USER_APC.
NTSTATUS take_packet(KQUEUE& port, KPROCESSOR_MODE mode, LARGE_INTEGER const* timeout, PortPacket& packet);
// Up to DISPATCH_LEVEL. STATUS_INSUFFICIENT_RESOURCES when pool is empty.
NTSTATUS post_packet(KQUEUE& port, PortPacket const& packet);

// Whether the end of this request goes to its file object's port.
inline bool has_port(FILE_OBJECT const* file) { return file && file->CompletionContext; }
// By fast I/O, which has no IRP.
NTSTATUS post_fast(FILE_OBJECT& file, void* context, IO_STATUS_BLOCK const& status);
// The IRP, which is done and off its thread's list, becomes a packet.
void queue_irp(IrpRecord& record);
// At the end of a file object.
void leave_port(FILE_OBJECT& file);

// The type's calls.
void connect_ports();

} // namespace ringside::io
