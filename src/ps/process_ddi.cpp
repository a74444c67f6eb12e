// SPDX-License-Identifier: MIT
#include "ps/ddi.h"

#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/security.h"
#include "ps/process.h"
#include "se/security.h"

#include <cstring>

namespace ringside::ps {

using namespace nt;

namespace {

HANDLE handle_of(uint64_t id) { return reinterpret_cast<HANDLE>(id); }

PEPROCESS pointer_to(ke::Process& process) { return reinterpret_cast<PEPROCESS>(process.guest); }

// What KAPC_STATE::Process says where there is nothing to go back to.
EPROCESS* const kWasNotAttached = nullptr;
EPROCESS* const kAlreadyThere = reinterpret_cast<EPROCESS*>(1);

void refuse_attach(ke::Thread const& self, ke::Process const& target, char const* words)
{
    ke::bug_check(INVALID_PROCESS_ATTACH_ATTEMPT, reinterpret_cast<uint64_t>(target.guest),
                  reinterpret_cast<uint64_t>(self.attached->guest), self.attached != self.process, self.in_dpc, words);
}

} // namespace

// --- Who is who ---

PEPROCESS PsGetCurrentProcess() { return pointer_to(ob::current_process()); }

// Of the thread's own process, also while it is attached to another.
HANDLE PsGetCurrentProcessId() { return handle_of(ke::kernel().current().process->id); }

HANDLE PsGetProcessId(PEPROCESS process) { return handle_of(required_process(process).id); }

UCHAR* PsGetProcessImageFileName(PEPROCESS process) { return image_file_name(required_process(process)); }

LONGLONG PsGetProcessCreateTimeQuadPart(PEPROCESS process)
{
    return manager().record_of(required_process(process))->create_time;
}

LARGE_INTEGER PsGetProcessExitTime()
{
    return { .QuadPart = manager().record_of(ob::current_process())->exit_time };
}

NTSTATUS PsGetProcessExitStatus(PEPROCESS process)
{
    return manager().record_of(required_process(process))->exit_status;
}

HANDLE PsGetProcessInheritedFromUniqueProcessId(PEPROCESS process)
{
    return handle_of(manager().record_of(required_process(process))->parent_id);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-pslookupprocessbyprocessid
NTSTATUS PsLookupProcessByProcessId(HANDLE id, PEPROCESS* process)
{
    ke::Process* found = manager().process_by_id(reinterpret_cast<uint64_t>(id));
    if (!found)
        return manager().windows() < Windows::vista ? STATUS_INVALID_PARAMETER : STATUS_INVALID_CID;
    ob::put(process, pointer_to(*found));
    ob::reference(found->guest);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-psgetversion
BOOLEAN PsGetVersion(ULONG* major, ULONG* minor, ULONG* build, UNICODE_STRING* service_pack)
{
    WindowsProfile const& profile = windows_profile(manager().windows());
    if (major)
        ob::put(major, profile.major);
    if (minor)
        ob::put(minor, profile.minor);
    if (build)
        ob::put(build, profile.build);
    if (service_pack) {
        auto* text = reinterpret_cast<char16_t*>(kServicePackText);
        auto const bytes = static_cast<USHORT>(std::char_traits<char16_t>::length(text) * sizeof(char16_t));
        ob::put(service_pack, { bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), text });
    }
    return FALSE; // a free build
}

// --- Handles ---

// @cite(wdk-ddi): page=ntddk/nf-ntddk-zwopenprocess
NTSTATUS ZwOpenProcess(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, CLIENT_ID* client_id)
{
    OBJECT_ATTRIBUTES const given = ob::get(attributes);
    if (given.Length != sizeof given || (given.Attributes & ~OBJ_VALID_ATTRIBUTES))
        return STATUS_INVALID_PARAMETER;
    if ((client_id != nullptr) == (given.ObjectName != nullptr))
        return STATUS_INVALID_PARAMETER_MIX;
    if (!client_id)
        return STATUS_OBJECT_TYPE_MISMATCH; // processes have no names to open them by
    CLIENT_ID const id = ob::get(client_id);
    void* body = nullptr;
    if (id.UniqueThread) {
        ke::Thread* thread = manager().thread_by_id(reinterpret_cast<uint64_t>(id.UniqueThread));
        if (!thread || (id.UniqueProcess && thread->process->id != reinterpret_cast<uint64_t>(id.UniqueProcess)))
            return STATUS_INVALID_CID;
        body = thread->process->guest;
    } else {
        ke::Process* process = manager().process_by_id(reinterpret_cast<uint64_t>(id.UniqueProcess));
        if (!process)
            return STATUS_INVALID_CID;
        body = process->guest;
    }
    // A debugger may do everything; anybody else what the process' descriptor says.
    bool const debugger = se::security().effective(ke::kernel().current()).has_enabled(SE_DEBUG_PRIVILEGE);
    auto const granted
        = ob::allowed_access(body, desired, KernelMode, debugger ? 0 : given.Attributes & OBJ_FORCE_ACCESS_CHECK);
    if (!granted.ok())
        return granted.status();
    auto opened = ob::open_handle(ob::current_process(), body, granted.value(),
                                  given.Attributes & OBJ_KERNEL_HANDLE, given.Attributes & OBJ_INHERIT);
    if (!opened.ok())
        return opened.status();
    ob::put(handle, *opened);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwduplicateobject
NTSTATUS ZwDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process, HANDLE* target,
                           ACCESS_MASK desired, ULONG attributes, ULONG options)
{
    ProcessManager& m = manager();
    auto from_body = ob::reference_by_handle(source_process, PROCESS_DUP_HANDLE, &ob::process_type, KernelMode);
    if (!from_body.ok())
        return from_body.status();
    ob::Held held_from(from_body->body);
    ke::Process& from = *m.process_of(from_body->body);
    auto found = ob::resolve_handle(from, source, KernelMode);
    if (!found.ok())
        return found.status();
    ob::Held held_object(found->body);
    ob::reference(found->body);
    NTSTATUS status = STATUS_SUCCESS;
    if (target_process) {
        auto to_body = ob::reference_by_handle(target_process, PROCESS_DUP_HANDLE, &ob::process_type, KernelMode);
        status = to_body.status();
        if (!status) {
            ob::Held held_to(to_body->body);
            bool const inherit
                = options & DUPLICATE_SAME_ATTRIBUTES ? found->inherit : (attributes & OBJ_INHERIT) != 0;
            ACCESS_MASK const granted
                = options & DUPLICATE_SAME_ACCESS ? found->granted : ob::granted_access(*found->type, desired);
            auto opened = ob::open_handle(*m.process_of(to_body->body), found->body, granted,
                                          attributes & OBJ_KERNEL_HANDLE, inherit);
            status = opened.status();
            if (!status && target)
                ob::put(target, *opened);
        }
    } else if (!(options & DUPLICATE_CLOSE_SOURCE))
        status = STATUS_INVALID_PARAMETER;
    // The source goes whatever became of the copy.
    if (options & DUPLICATE_CLOSE_SOURCE)
        static_cast<void>(ob::close_handle(from, source, KernelMode));
    return status;
}

// --- Attaching ---

// @cite(wdk-ddi): page=ntifs/nf-ntifs-kestackattachprocess
void KeStackAttachProcess(PKPROCESS process, KAPC_STATE* state)
{
    ke::Thread& self = ke::kernel().current();
    ke::Process& target = required_process(process);
    if (self.in_dpc)
        refuse_attach(self, target, "a DPC attached to a process");
    KAPC_STATE saved {};
    saved.KernelApcInProgress = self.kernel_apc_in_progress;
    saved.KernelApcPending = self.kernel_apc_pending;
    saved.UserApcPending = self.user_apc_pending;
    if (self.attached == &target)
        saved.Process = kAlreadyThere;
    else
        saved.Process = self.attached == self.process ? kWasNotAttached : pointer_to(*self.attached);
    ob::put(state, saved);
    if (self.attached != &target)
        ke::kernel().use_process(&target);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-keunstackdetachprocess
void KeUnstackDetachProcess(KAPC_STATE* state)
{
    KAPC_STATE const saved = ob::get(state);
    if (saved.Process == kAlreadyThere)
        return;
    ke::Thread& self = ke::kernel().current();
    if (self.attached == self.process || self.in_dpc)
        refuse_attach(self, *self.process, "KeUnstackDetachProcess without an attach to undo");
    ke::kernel().use_process(saved.Process == kWasNotAttached ? self.process : &required_process(saved.Process));
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-keattachprocess
void KeAttachProcess(PKPROCESS process)
{
    ke::Thread& self = ke::kernel().current();
    ke::Process& target = required_process(process);
    if (self.attached == &target)
        return;
    if (self.attached != self.process || self.in_dpc)
        refuse_attach(self, target, "KeAttachProcess while attached to another process already, or in a DPC");
    ke::kernel().use_process(&target);
}

void KeDetachProcess()
{
    ke::Thread& self = ke::kernel().current();
    if (self.attached != self.process)
        ke::kernel().use_process(self.process);
}

} // namespace ringside::ps
