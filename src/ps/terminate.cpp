// SPDX-License-Identifier: MIT
// The end of a client process from outside. Its threads are asked to end, and do so where they are in user mode or wait
// on its behalf; a thread inside a driver first comes back from there.
#include "ps/process.h"

#include "base/check.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"
#include "ob/capture.h"

#include <algorithm>

namespace ringside::ps {

using namespace nt;

void ProcessManager::ask_to_end(ThreadRecord& record, NTSTATUS status)
{
    ke::Thread& thread = *record.thread;
    if (record.end_asked || record.terminating || record.start_routine)
        return; // a driver's thread in a client ends by itself
    record.end_asked = true;
    record.end_status = status;
    thread.ending = true;
    if (thread.state != ke::ThreadState::Waiting || thread.wait_mode != UserMode)
        return;
    uint8_t const old = ke::Kernel::irql();
    ke::kernel().raise_irql(std::max<uint8_t>(old, DISPATCH_LEVEL));
    ke::kernel().end_wait(thread, STATUS_USER_APC, 0);
    ke::kernel().lower_irql(old);
}

NTSTATUS ProcessManager::terminate(ke::Process& process, NTSTATUS status, bool sparing_current)
{
    if (&process == m_system)
        return STATUS_ACCESS_DENIED;
    ProcessRecord& record = *record_of(process);
    ke::Thread const& self = ke::kernel().current();
    if (!sparing_current) {
        if (record.terminating)
            return STATUS_PROCESS_IS_TERMINATING;
        if (record.critical)
            ke::bug_check(CRITICAL_PROCESS_DIED, reinterpret_cast<uint64_t>(process.guest), 0, 0, 0,
                          "a process was terminated that had been set to break on termination");
        record.terminating = true;
        record.exit_status = status;
    }
    for (auto& [number, thread] : m_threads)
        if (thread.thread->process == &process && thread.thread != &self && !thread.ended)
            ask_to_end(thread, status);
    if (sparing_current)
        return STATUS_SUCCESS;
    if (self.process == &process)
        exit_thread(status);
    if (!record.live_threads)
        end_client(process, status);
    return STATUS_SUCCESS;
}

void ProcessManager::return_to_user_mode(ThreadRecord const& record)
{
    if (record.end_asked && !record.terminating)
        exit_thread(record.end_status);
}

NTSTATUS ProcessManager::hold_exit(ke::Process& process)
{
    ProcessRecord& record = *record_of(process);
    if (record.terminating)
        return STATUS_PROCESS_IS_TERMINATING;
    ++record.exit_holds;
    return STATUS_SUCCESS;
}

void ProcessManager::release_exit(ke::Process& process)
{
    ProcessRecord& record = *record_of(process);
    // Of rundown protection that nobody has: the count would go below zero.
    if (!record.exit_holds)
        ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(ob::process_type.guest),
                      reinterpret_cast<uint64_t>(process.guest), 0, 0,
                      "PsReleaseProcessExitSynchronization without PsAcquireProcessExitSynchronization");
    if (--record.exit_holds == 0)
        ke::KeSetEvent(m_exit_released, IO_NO_INCREMENT, FALSE);
}

// --- Pool quota ---

// Windows grows a process' quota as long as there is memory: half of it for each kind of pool here. The System process
// answers for nothing.
bool ProcessManager::charge(ke::Process& process, bool paged, uint64_t bytes)
{
    if (&process == m_system)
        return true;
    Quota& quota = record_of(process)->quota[paged];
    uint64_t const limit = ke::kernel().memory().bytes() / 2;
    if (bytes > limit - std::min(limit, quota.used))
        return false;
    quota.used += bytes;
    quota.most = std::max(quota.most, quota.used);
    return true;
}

// @cite(wdk-docs): page=debugger/bug-check-0x21--quota-underflow
void ProcessManager::give_back(ke::Process& process, bool paged, uint64_t bytes)
{
    if (&process == m_system)
        return;
    Quota& quota = record_of(process)->quota[paged];
    if (bytes > quota.used)
        ke::bug_check(QUOTA_UNDERFLOW, reinterpret_cast<uint64_t>(process.guest), paged, bytes, bytes - quota.used,
                      "more pool quota was returned than had been charged");
    quota.used -= bytes;
}

} // namespace ringside::ps
