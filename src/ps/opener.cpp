// SPDX-License-Identifier: MIT
// Processes and threads opened by their ids.
#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/security.h"
#include "ob/service.h"
#include "ps/ddi.h"
#include "ps/process.h"
#include "se/security.h"

namespace ringside::ps {

using namespace nt;

namespace {

uint64_t id_of(HANDLE handle) { return reinterpret_cast<uint64_t>(handle); }

// What stands behind a client id; null: nothing.
void* process_body(CLIENT_ID const& id)
{
    if (!id.UniqueThread) {
        ke::Process* process = manager().process_by_id(id_of(id.UniqueProcess));
        return process ? process->guest : nullptr;
    }
    ke::Thread* thread = manager().thread_by_id(id_of(id.UniqueThread));
    if (!thread || (id.UniqueProcess && thread->process->id != id_of(id.UniqueProcess)))
        return nullptr;
    return thread->process->guest;
}

void* thread_body(CLIENT_ID const& id)
{
    ke::Thread* thread = manager().thread_by_id(id_of(id.UniqueThread));
    return thread && (!id.UniqueProcess || thread->process->id == id_of(id.UniqueProcess)) ? thread->guest : nullptr;
}

// The descriptor is asked for a user-mode caller and with OBJ_FORCE_ACCESS_CHECK. A debugger may do everything.
Result<ACCESS_MASK> opener_access(void* body, ACCESS_MASK desired, ULONG attributes, KPROCESSOR_MODE mode)
{
    bool const debugger = se::security().effective(ke::kernel().current()).has_enabled(SE_DEBUG_PRIVILEGE);
    return debugger ? ob::allowed_access(body, desired, KernelMode, 0)
                    : ob::allowed_access(body, desired, mode, attributes);
}

NTSTATUS open_by_id(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES const* attributes,
                    CLIENT_ID const* client_id, KPROCESSOR_MODE mode, void* (*body_of)(CLIENT_ID const& id))
{
    OBJECT_ATTRIBUTES const given = ob::get(attributes);
    if (given.Length != sizeof given || (given.Attributes & ~OBJ_VALID_ATTRIBUTES))
        return STATUS_INVALID_PARAMETER;
    // Before Windows Vista a name would do; no process or thread has one here.
    if (!client_id && given.ObjectName && manager().windows() < Windows::vista)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (!client_id || given.ObjectName)
        return STATUS_INVALID_PARAMETER_MIX;
    CLIENT_ID const id = ob::get(client_id);
    void* const body = body_of(id);
    if (!body)
        return STATUS_INVALID_CID;
    auto const granted = opener_access(body, desired, given.Attributes, mode);
    if (!granted.ok())
        return granted.status();
    // A client gets no kernel handle, whatever it asks for.
    ULONG const kept = mode == KernelMode ? OBJ_KERNEL_HANDLE | OBJ_INHERIT : OBJ_INHERIT;
    auto opened = ob::open_handle(ob::current_process(), body, { granted.value(), given.Attributes & kept });
    if (!opened.ok())
        return opened.status();
    ob::put(handle, *opened);
    return STATUS_SUCCESS;
}

NTSTATUS native_open(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES const* attributes,
                     CLIENT_ID const* client_id, void* (*body_of)(CLIENT_ID const& id))
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&]() -> NTSTATUS {
        if (NTSTATUS status = ob::probe(mode, handle, sizeof *handle, sizeof(ULONG)); status)
            return status;
        if (NTSTATUS status = ob::probe(mode, attributes, sizeof *attributes, sizeof(ULONG)); status)
            return status;
        if (NTSTATUS status = ob::probe(mode, client_id, sizeof *client_id, sizeof(ULONG)); status)
            return status;
        return open_by_id(handle, desired, attributes, client_id, mode, body_of);
    });
}

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-zwopenprocess
NTSTATUS ZwOpenProcess(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, CLIENT_ID* client_id)
{
    return open_by_id(handle, desired, attributes, client_id, KernelMode, process_body);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ntopenprocess
NTSTATUS NtOpenProcess(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, CLIENT_ID* client_id)
{
    return native_open(handle, desired, attributes, client_id, process_body);
}

NTSTATUS ZwOpenThread(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, CLIENT_ID* client_id)
{
    return open_by_id(handle, desired, attributes, client_id, KernelMode, thread_body);
}

NTSTATUS NtOpenThread(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, CLIENT_ID* client_id)
{
    return native_open(handle, desired, attributes, client_id, thread_body);
}

} // namespace ringside::ps
