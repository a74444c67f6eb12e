// SPDX-License-Identifier: MIT
#include "ps/ddi.h"

#include "ke/apc.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "ps/process.h"

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

LARGE_INTEGER PsGetProcessExitTime() { return { .QuadPart = manager().record_of(ob::current_process())->exit_time }; }

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

namespace {

NTSTATUS duplicate(ke::Process& from, ob::HandleTarget const& source, HANDLE target_process, HANDLE* target,
                   ACCESS_MASK desired, ULONG attributes, ULONG options)
{
    auto to_body = ob::reference_by_handle(target_process, PROCESS_DUP_HANDLE, &ob::process_type, KernelMode);
    if (!to_body.ok())
        return to_body.status();
    ob::Held held_to(to_body->body);
    ke::Process& to = *manager().process_of(to_body->body);
    if (manager().record_of(to)->exited)
        return STATUS_PROCESS_IS_TERMINATING;
    ob::HandleWish wish { options & DUPLICATE_SAME_ACCESS ? source.granted : ob::granted_access(*source.type, desired),
                          attributes & (OBJ_INHERIT | OBJ_KERNEL_HANDLE), &from };
    if (options & DUPLICATE_SAME_ATTRIBUTES)
        wish.attributes = (attributes & OBJ_KERNEL_HANDLE) | (source.inherit ? OBJ_INHERIT : 0)
            | (source.protect ? ob::kProtectClose : 0);
    auto opened = ob::open_handle(to, source.body, wish);
    if (opened.ok() && target)
        ob::put(target, *opened);
    return opened.status();
}

} // namespace

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwduplicateobject
NTSTATUS ZwDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process, HANDLE* target,
                           ACCESS_MASK desired, ULONG attributes, ULONG options)
{
    if (target)
        ob::put(target, nullptr);
    if (options & ~(DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES))
        return STATUS_INVALID_PARAMETER;
    auto from_body = ob::reference_by_handle(source_process, PROCESS_DUP_HANDLE, &ob::process_type, KernelMode);
    if (!from_body.ok())
        return from_body.status();
    ob::Held held_from(from_body->body);
    ke::Process& from = *manager().process_of(from_body->body);
    auto found = ob::resolve_handle(from, source, KernelMode);
    if (!found.ok())
        return found.status();
    ob::Held held_object(found->body);
    ob::reference(found->body);
    NTSTATUS status = STATUS_SUCCESS;
    if (target_process)
        status = duplicate(from, *found, target_process, target, desired, attributes, options);
    else if (!(options & DUPLICATE_CLOSE_SOURCE))
        status = STATUS_INVALID_PARAMETER;
    // The source goes whatever became of the copy; one that is protected stays, and that is no failure.
    if (options & DUPLICATE_CLOSE_SOURCE)
        static_cast<void>(ob::close_handle(from, source, KernelMode));
    return status;
}

// --- Attaching ---

// @cite(wdk-ddi): page=ntifs/nf-ntifs-kestackattachprocess
void KeStackAttachProcess(PKPROCESS process, KAPC_STATE* state)
{
    ke::Kernel& k = ke::kernel();
    ke::Thread& self = k.current();
    ke::Process& target = required_process(process);
    if (self.in_dpc)
        refuse_attach(self, target, "a DPC attached to a process");
    bool const was_attached = self.attached != self.process;
    KAPC_STATE saved {};
    saved.KernelApcInProgress = self.kernel_apc_in_progress;
    saved.KernelApcPending = self.kernel_apc_pending;
    saved.UserApcPending = self.user_apc_pending;
    if (self.attached == &target)
        saved.Process = kAlreadyThere;
    else
        saved.Process = was_attached ? pointer_to(*self.attached) : kWasNotAttached;
    ob::put(state, saved);
    if (self.attached == &target)
        return;
    ke::put_apc_state_aside(self, was_attached ? state : nullptr);
    k.use_process(&target);
    k.check_kernel_apcs();
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-keunstackdetachprocess
void KeUnstackDetachProcess(KAPC_STATE* state)
{
    ke::Kernel& k = ke::kernel();
    ke::Thread& self = k.current();
    KAPC_STATE const saved = ob::get(state);
    if (saved.Process == kAlreadyThere)
        return;
    if (self.attached == self.process || self.in_dpc)
        refuse_attach(self, *self.process, "KeUnstackDetachProcess without an attach to undo");
    bool const to_own = saved.Process == kWasNotAttached;
    ke::Process& target = to_own ? *self.process : required_process(saved.Process);
    ke::bring_apc_state_back(self, to_own ? nullptr : state);
    k.use_process(&target);
    k.check_kernel_apcs();
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-keattachprocess
void KeAttachProcess(PKPROCESS process)
{
    ke::Kernel& k = ke::kernel();
    ke::Thread& self = k.current();
    ke::Process& target = required_process(process);
    if (self.attached == &target)
        return;
    if (self.attached != self.process || self.in_dpc)
        refuse_attach(self, target, "KeAttachProcess while attached to another process already, or in a DPC");
    ke::put_apc_state_aside(self, nullptr);
    k.use_process(&target);
    k.check_kernel_apcs();
}

void KeDetachProcess()
{
    ke::Kernel& k = ke::kernel();
    ke::Thread& self = k.current();
    if (self.attached == self.process)
        return;
    ke::bring_apc_state_back(self, nullptr);
    k.use_process(self.process);
    k.check_kernel_apcs();
}

BOOLEAN KeIsAttachedProcess()
{
    ke::Thread const& self = ke::kernel().current();
    return self.attached != self.process;
}

} // namespace ringside::ps
