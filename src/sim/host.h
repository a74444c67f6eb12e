// SPDX-License-Identifier: MIT
// What the machine takes from the host: memory at fixed addresses, a memory file for physical memory, files, the
// segment base, the output stream, and an alarm for drivers that never come back. No other room calls the host.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::sim::host {

enum class Access : uint8_t { None = 0, Read = 1, ReadWrite = 3, ReadExecute = 5, All = 7 };

// A file of zeroed memory that exists only while open: the machine's physical memory. The size is virtual.
int create_memory_file(size_t bytes);
void close_file(int descriptor);

// Maps at exactly `address` (page aligned); a range already mapped by the host is our bug (CHECK). Address space used
// by the machine is first reserved whole with no access.
void reserve(uintptr_t address, size_t bytes);
void map_memory_file(uintptr_t address, size_t bytes, int descriptor, uint64_t offset, Access access);
void map_private(uintptr_t address, size_t bytes, Access access);
void set_access(uintptr_t address, size_t bytes, Access access);
// Back to reserved: no access, contents given back.
void discard(uintptr_t address, size_t bytes);
void release(uintptr_t address, size_t bytes);
// Whether the host left [address, address + bytes) unmapped; maps it private with `access` if so.
bool try_map_private(uintptr_t address, size_t bytes, Access access);
// Gives a memory file's pages back to the host: they read as zero again.
void punch(int descriptor, uint64_t offset, size_t bytes);

// The GS base of the host thread; Windows drivers read the processor control region through it.
void set_gs_base(uintptr_t base);

// The whole file, or nothing with errno's words in `error`.
bool read_file(std::string const& path, std::vector<std::byte>& into, std::string& error);

// Live output of the machine (DbgPrint and friends); goes to standard error at once, or to nobody.
void print_live(std::string_view text);

// Calls `handler` on this thread about every `milliseconds` of host processor time from a signal, while armed. Only to end or
// pre-empt a driver that does not come back: whatever it causes is not reproducible.
using AlarmHandler = void (*)(void* ucontext);
void arm_alarm(unsigned milliseconds, AlarmHandler handler);
void disarm_alarm();

// Installs handlers for the synchronous faults (SIGSEGV SIGBUS SIGILL SIGFPE SIGTRAP) on an alternate stack. The
// handler gets siginfo_t* and ucontext_t* and may rewrite the context. restore puts back what was there.
using FaultHandler = void (*)(int signal, void* siginfo, void* ucontext);
void install_fault_handlers(FaultHandler handler);
void restore_fault_handlers();

} // namespace ringside::sim::host
