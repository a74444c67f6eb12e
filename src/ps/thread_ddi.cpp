// SPDX-License-Identifier: MIT
#include "ps/ddi.h"

#include "ke/kernel.h"
#include "ob/capture.h"
#include "ps/process.h"

namespace ringside::ps {

using namespace nt;

namespace {

constexpr ACCESS_MASK kProcessCreateThread = 0x2;

HANDLE handle_of(uint64_t id) { return reinterpret_cast<HANDLE>(id); }

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-pscreatesystemthread
NTSTATUS PsCreateSystemThread(HANDLE* handle, ULONG desired, OBJECT_ATTRIBUTES* attributes, HANDLE process,
                              CLIENT_ID* client_id, PKSTART_ROUTINE routine, PVOID context)
{
    ProcessManager& m = manager();
    uint32_t flags = 0;
    if (attributes) {
        OBJECT_ATTRIBUTES const given = ob::get(attributes);
        if (given.Length != sizeof given || (given.Attributes & ~OBJ_VALID_ATTRIBUTES)
            || (given.Attributes & (OBJ_PERMANENT | OBJ_EXCLUSIVE | OBJ_OPENIF)))
            return STATUS_INVALID_PARAMETER;
        flags = given.Attributes;
    }
    ob::put(handle, nullptr);
    ke::Process* owner = &m.system();
    ob::Held held_process(nullptr);
    if (process) {
        auto found = ob::reference_by_handle(process, kProcessCreateThread, &ob::process_type, KernelMode);
        if (!found.ok())
            return found.status();
        held_process.reset(found->body);
        owner = m.process_of(found->body);
    }
    auto created = m.create_driver_thread(*owner, routine, context);
    if (!created.ok())
        return created.status();
    ke::Thread& thread = **created;
    CLIENT_ID const id { handle_of(owner->id), handle_of(thread.id) };
    // The new thread may end before this call returns.
    ob::Held held_thread(thread.guest);
    ob::reference(thread.guest);
    bool const kernel_handle = m.windows() >= Windows::vista || (flags & OBJ_KERNEL_HANDLE);
    auto opened = ob::open_handle(ob::current_process(), thread.guest, ob::granted_access(ob::thread_type, desired),
                                  kernel_handle, flags & OBJ_INHERIT);
    NTSTATUS status = opened.status();
    if (!status)
        status = m.start(thread);
    if (status) {
        ob::dereference(thread.guest);
        if (opened.ok())
            static_cast<void>(ob::close_handle(ob::current_process(), *opened, KernelMode));
        return status;
    }
    ob::put(handle, *opened);
    if (client_id)
        ob::put(client_id, id);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-psterminatesystemthread
NTSTATUS PsTerminateSystemThread(NTSTATUS status)
{
    if (ke::kernel().current().client)
        return STATUS_INVALID_PARAMETER;
    manager().exit_thread(status);
}

PKTHREAD PsGetCurrentThread() { return ke::kernel().current().pointer(); }

HANDLE PsGetCurrentThreadId() { return handle_of(ke::kernel().current().id); }

HANDLE PsGetThreadId(PETHREAD thread) { return handle_of(required_thread(thread).id); }

PEPROCESS PsGetThreadProcess(PETHREAD thread)
{
    return reinterpret_cast<PEPROCESS>(required_thread(thread).process->guest);
}

HANDLE PsGetThreadProcessId(PETHREAD thread) { return handle_of(required_thread(thread).process->id); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-pslookupthreadbythreadid
NTSTATUS PsLookupThreadByThreadId(HANDLE id, PETHREAD* thread)
{
    ke::Thread* found = manager().thread_by_id(reinterpret_cast<uint64_t>(id));
    if (!found || found->state == ke::ThreadState::Terminated)
        return STATUS_INVALID_PARAMETER;
    ob::put(thread, found->pointer());
    ob::reference(found->guest);
    return STATUS_SUCCESS;
}

BOOLEAN PsIsSystemThread(PETHREAD thread) { return !required_thread(thread).client; }

BOOLEAN PsIsThreadTerminating(PETHREAD thread)
{
    ThreadRecord const* record = manager().record_of(required_thread(thread));
    return record && record->terminating;
}

NTSTATUS PsGetThreadExitStatus(PETHREAD thread)
{
    ke::Thread const& known = required_thread(thread);
    return known.state == ke::ThreadState::Terminated ? known.exit_status : STATUS_PENDING;
}

LONGLONG PsGetThreadCreateTime(PETHREAD thread)
{
    ThreadRecord const* record = manager().record_of(required_thread(thread));
    return record ? record->create_time : 0;
}

} // namespace ringside::ps
