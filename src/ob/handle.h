// SPDX-License-Identifier: MIT
// Handle tables: one per process, and the System process' own for OBJ_KERNEL_HANDLE, whose handles have the sign bit
// set as on Windows. Handles are multiples of four, lowest free first. In the System process both spellings name the
// same entry.
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

// Adds a handle (and its reference) to the process' table, or the System process' when `kernel` is set.
// STATUS_INSUFFICIENT_RESOURCES when the table is full.
Result<nt::HANDLE> open_handle(ke::Process& process, void* body, nt::ACCESS_MASK granted, bool kernel, bool inherit);
// STATUS_INVALID_HANDLE. Tells the type's `closed`, drops the name of a temporary object with its last handle, then
// drops the reference.
Result<void> close_handle(ke::Process& process, nt::HANDLE handle, nt::KPROCESSOR_MODE mode);
struct HandleTarget {
    void* body; // not referenced
    Type* type;
    nt::ACCESS_MASK granted;
    bool inherit;
};
// STATUS_INVALID_HANDLE; kernel handles are refused to UserMode callers.
Result<HandleTarget> resolve_handle(ke::Process& process, nt::HANDLE handle, nt::KPROCESSOR_MODE mode);
// What ObReferenceObjectByHandle does, in the current process: type and (for UserMode) access are checked, the body is
// referenced. A null type accepts any.
Result<HandleTarget> reference_by_handle(nt::HANDLE handle, nt::ACCESS_MASK desired, Type const* type,
                                         nt::KPROCESSOR_MODE mode);
void close_all_handles(ke::Process& process);
size_t open_handles();        // all tables
size_t open_kernel_handles(); // what a driver left open
// Open handles in order of table and value.
void for_each_handle(void (*visit)(void* context, uint32_t process, nt::HANDLE handle, void* body, Type& type),
                     void* context);

// The process whose addresses and handles the current thread uses: its own, or the one it is attached to.
ke::Process& current_process();
// The mode that an Nt* service was called from: a client's thread in a driver still counts as the client.
nt::KPROCESSOR_MODE previous_mode();

} // namespace ringside::ob
