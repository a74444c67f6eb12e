// SPDX-License-Identifier: MIT
// Handle tables: one per process, and the System process' own for OBJ_KERNEL_HANDLE, whose handles have the sign bit
// set as on Windows. Handles are multiples of four; the value freed last is given out first. In the System process both
// spellings name the same entry.
#pragma once

#include "ke/thread.h"
#include "ob/namespace.h"
#include "ob/object.h"

namespace ringside::ob {

inline constexpr uint64_t kSystemProcessId = 4;
inline constexpr uint64_t kKernelHandleBit = 0xFFFF'FFFF'8000'0000;

// NtCurrentProcess() and NtCurrentThread(): handles that need no table.
inline nt::HANDLE current_process_handle() { return reinterpret_cast<nt::HANDLE>(~uint64_t { 0 }); }
inline nt::HANDLE current_thread_handle() { return reinterpret_cast<nt::HANDLE>(~uint64_t { 1 }); }
bool is_kernel_handle(nt::HANDLE handle);

// An attribute of handles only: OBJ_PROTECT_CLOSE, what ObjectHandleFlagInformation sets.
inline constexpr nt::ULONG kProtectClose = 1;

struct HandleWish {
    nt::ACCESS_MASK access = 0; // specific rights
    nt::ULONG attributes = 0; // OBJ_KERNEL_HANDLE, OBJ_INHERIT, OBJ_EXCLUSIVE, kProtectClose
    ke::Process* copied_from = nullptr; // of a duplicate: the process that had the handle
};

// Adds a handle (and its reference) to the process' table, or the System process' for a kernel handle. Object callbacks
// are called for processes and threads; they may take rights away. STATUS_INSUFFICIENT_RESOURCES when the table is full,
// STATUS_ACCESS_DENIED when the object is another process' alone, STATUS_INVALID_PARAMETER when it was to be this
// process' alone and was not made so.
Result<nt::HANDLE> open_handle(ke::Process& process, void* body, HandleWish const& wish);
Result<nt::HANDLE> open_handle(ke::Process& process, void* body, nt::ACCESS_MASK granted, bool kernel, bool inherit);
// STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. Tells the type's `closed`, drops the name of a temporary object with its last handle, then
// drops the reference.
Result<void> close_handle(ke::Process& process, nt::HANDLE handle, nt::KPROCESSOR_MODE mode);
struct HandleTarget {
    void* body; // not referenced
    Type* type;
    nt::ACCESS_MASK granted;
    bool inherit;
    bool protect = false;
};
// STATUS_INVALID_HANDLE; kernel handles are refused to UserMode callers.
Result<HandleTarget> resolve_handle(ke::Process& process, nt::HANDLE handle, nt::KPROCESSOR_MODE mode);
// What ObReferenceObjectByHandle does, in the current process: type and (for UserMode) access are checked, the body is
// referenced. A null type accepts any.
Result<HandleTarget> reference_by_handle(nt::HANDLE handle, nt::ACCESS_MASK desired, Type const* type,
                                         nt::KPROCESSOR_MODE mode);
// Gives an open handle these attributes; STATUS_INVALID_HANDLE, also for the pseudo handles.
Result<void> set_handle_flags(ke::Process& process, nt::HANDLE handle, nt::KPROCESSOR_MODE mode, bool inherit,
                              bool protect);
// All handles of a process that ends, the protected ones too; its table goes with them.
void close_all_handles(ke::Process& process);
size_t open_handles_of(ke::Process const& process);
size_t open_handles(); // all tables
size_t open_kernel_handles(); // what a driver left open
// Open handles in order of table and value.
void for_each_handle(void (*visit)(void* context, uint32_t process, nt::HANDLE handle, void* body, Type& type),
                     void* context);

// The process whose addresses and handles the current thread uses: its own, or the one it is attached to.
ke::Process& current_process();
// The mode that an Nt* service was called from: a client's thread in a driver still counts as the client.
nt::KPROCESSOR_MODE previous_mode();

} // namespace ringside::ob
