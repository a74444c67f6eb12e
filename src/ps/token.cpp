// SPDX-License-Identifier: MIT
#include "ps/token.h"

#include "ke/kernel.h"
#include "mm/probe.h"
#include "ob/capture.h"
#include "ps/process.h"
#include "se/ddi.h"
#include "se/object_security.h"

namespace ringside::ps {

using namespace nt;
using ob::put;

namespace {

// The right to ask, and the limited one that will do as well.
constexpr ACCESS_MASK kQueryProcess = 0x0400 | 0x1000;
constexpr ACCESS_MASK kQueryThread = 0x0040 | 0x0800;

Result<void*> reference_for_token(HANDLE handle, ob::Type const& type, ACCESS_MASK either, KPROCESSOR_MODE mode)
{
    ob::HandleTarget const found = TRY(ob::reference_by_handle(handle, 0, &type, mode));
    if (mode != KernelMode && !(found.granted & either)) {
        ob::dereference(found.body);
        return Failure { STATUS_ACCESS_DENIED };
    }
    return found.body;
}

// The opener is the effective token, or the process' own when the caller says so.
NTSTATUS open_token(se::Token const& opener, void* token, ACCESS_MASK desired, ULONG attributes, HANDLE* handle,
                    KPROCESSOR_MODE mode)
{
    ACCESS_MASK granted = ob::granted_access(ob::token_type, desired);
    auto const descriptor = se::object_descriptor(token);
    if (mode != KernelMode && descriptor) {
        se::Access const access
            = se::check_access(opener, descriptor->parts(), desired, 0, ob::token_type.mapping, UserMode);
        if (access.status)
            return access.status;
        granted = access.granted;
    }
    bool const kernel = mode == KernelMode && (attributes & OBJ_KERNEL_HANDLE);
    auto opened = ob::open_handle(ob::current_process(), token, granted, kernel, attributes & OBJ_INHERIT);
    if (!opened.ok())
        return opened.status();
    put(handle, *opened);
    return STATUS_SUCCESS;
}

} // namespace

// @cite(wdk-ddi): page=ntifs/nf-ntifs-secapturesubjectcontextex
void SeCaptureSubjectContextEx(PETHREAD thread, PEPROCESS process, SECURITY_SUBJECT_CONTEXT* subject)
{
    ke::Thread const* of = thread ? &required_thread(thread) : nullptr;
    put(subject, se::capture_subject(of, required_process(process)));
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-psreferenceprimarytoken
PACCESS_TOKEN PsReferencePrimaryToken(PEPROCESS process)
{
    void* token = se::security().primary(required_process(process));
    ob::reference(token);
    return token;
}

void PsDereferencePrimaryToken(PACCESS_TOKEN token) { ob::dereference(se::required_token(token).body); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-psreferenceimpersonationtoken
PACCESS_TOKEN PsReferenceImpersonationToken(PETHREAD thread, BOOLEAN* copy_on_open, BOOLEAN* effective_only,
                                            SECURITY_IMPERSONATION_LEVEL* level)
{
    se::Impersonation const* with = se::security().impersonation(required_thread(thread));
    if (!with)
        return nullptr;
    put(copy_on_open, with->copy_on_open);
    put(effective_only, with->effective_only);
    put(level, with->level);
    ob::reference(with->token);
    return with->token;
}

PACCESS_TOKEN PsReferenceEffectiveToken(PETHREAD thread, TOKEN_TYPE* type, BOOLEAN* effective_only,
                                        SECURITY_IMPERSONATION_LEVEL* level)
{
    ke::Thread const& of = required_thread(thread);
    se::Impersonation const* with = se::security().impersonation(of);
    put(type, with ? TokenImpersonation : TokenPrimary);
    put(effective_only, with && with->effective_only);
    put(level, with ? with->level : SecurityAnonymous);
    void* token = with ? with->token : se::security().primary(*of.process);
    ob::reference(token);
    return token;
}

NTSTATUS PsImpersonateClient(PETHREAD thread, PACCESS_TOKEN token, BOOLEAN copy_on_open, BOOLEAN effective_only,
                             SECURITY_IMPERSONATION_LEVEL level)
{
    return se::impersonate(required_thread(thread), token, copy_on_open, effective_only, level);
}

void PsRevertToSelf() { se::security().impersonate(ke::kernel().current(), {}); }

static void PsRevertThreadToSelf(PETHREAD thread) { se::security().impersonate(required_thread(thread), {}); }

static BOOLEAN PsIsThreadImpersonating(PETHREAD thread)
{
    return se::security().impersonation(required_thread(thread)) != nullptr;
}

static NTSTATUS PsAssignImpersonationToken(PETHREAD thread, HANDLE handle)
{
    ke::Thread& of = required_thread(thread);
    if (!handle) {
        se::security().impersonate(of, {});
        return STATUS_SUCCESS;
    }
    auto found = ob::reference_by_handle(handle, TOKEN_IMPERSONATE, &ob::token_type, KernelMode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    se::Token const& token = se::required_token(found->body);
    if (token.type != TokenImpersonation)
        return STATUS_BAD_TOKEN_TYPE;
    return se::impersonate(of, found->body, false, false, token.level);
}

BOOLEAN PsDisableImpersonation(PETHREAD thread, ImpersonationState* state)
{
    ke::Thread const& of = required_thread(thread);
    se::Impersonation const* with = se::security().impersonation(of);
    put(state, {});
    if (!with)
        return FALSE;
    put(state, { with->token, with->copy_on_open, with->effective_only, with->level });
    ob::reference(with->token);
    se::security().impersonate(of, {});
    return TRUE;
}

void PsRestoreImpersonation(PETHREAD thread, ImpersonationState* state)
{
    ImpersonationState const s = ob::get(state);
    if (s.Token)
        se::security().impersonate(required_thread(thread), { se::required_token(s.Token).body, s.Level,
                                                              s.CopyOnOpen != 0, s.EffectiveOnly != 0 });
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwopenprocesstokenex
NTSTATUS open_process_token(HANDLE process, ACCESS_MASK desired, ULONG attributes, HANDLE* token, KPROCESSOR_MODE mode)
{
    if (mode != KernelMode)
        mm::ProbeForWrite(token, sizeof *token, sizeof(void*));
    auto found = reference_for_token(process, ob::process_type, kQueryProcess, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(*found);
    se::Token const& self = se::security().effective(ke::kernel().current());
    return open_token(self, se::security().primary(*manager().process_of(*found)), desired, attributes, token, mode);
}

// A token that may not be opened itself is copied.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwopenthreadtokenex
NTSTATUS open_thread_token(HANDLE thread, ACCESS_MASK desired, BOOLEAN as_self, ULONG attributes, HANDLE* token,
                           KPROCESSOR_MODE mode)
{
    if (mode != KernelMode)
        mm::ProbeForWrite(token, sizeof *token, sizeof(void*));
    auto found = reference_for_token(thread, ob::thread_type, kQueryThread, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(*found);
    se::Security& s = se::security();
    se::Impersonation const* with = s.impersonation(required_thread(*found));
    if (!with)
        return STATUS_NO_TOKEN;
    if (with->level == SecurityAnonymous)
        return STATUS_CANT_OPEN_ANONYMOUS;
    ke::Thread const& self = ke::kernel().current();
    se::Token const& opener = as_self ? *s.token_of(s.primary(*self.process)) : s.effective(self);
    if (!with->copy_on_open && !with->effective_only)
        return open_token(opener, with->token, desired, attributes, token, mode);
    auto copy = se::duplicate(*s.token_of(with->token), TokenImpersonation, with->level, with->effective_only);
    if (!copy.ok())
        return copy.status();
    ob::Held held_copy((*copy)->body);
    return open_token(opener, (*copy)->body, desired, attributes, token, mode);
}

namespace {

KPROCESSOR_MODE kernel_mode() { return KernelMode; }
using Mode = KPROCESSOR_MODE (*)();

template <Mode mode>
NTSTATUS OpenProcessTokenEx(HANDLE process, ACCESS_MASK desired, ULONG attributes, HANDLE* token)
{
    return open_process_token(process, desired, attributes, token, mode());
}
template <Mode mode>
NTSTATUS OpenProcessToken(HANDLE process, ACCESS_MASK desired, HANDLE* token)
{
    return open_process_token(process, desired, 0, token, mode());
}
template <Mode mode>
NTSTATUS OpenThreadTokenEx(HANDLE thread, ACCESS_MASK desired, BOOLEAN as_self, ULONG attributes, HANDLE* token)
{
    return open_thread_token(thread, desired, as_self, attributes, token, mode());
}
template <Mode mode>
NTSTATUS OpenThreadToken(HANDLE thread, ACCESS_MASK desired, BOOLEAN as_self, HANDLE* token)
{
    return open_thread_token(thread, desired, as_self, 0, token, mode());
}

} // namespace

std::span<Ddi const> token_rows()
{
    constexpr char const* kExported = "exported and in use, but not documented";
    constexpr auto kNoResources = STATUS_INSUFFICIENT_RESOURCES;
    // clang-format off
    static Ddi const rows[] = {
        { .name = "SeCaptureSubjectContextEx", .since = Windows::vista,
          .page = "ntifs/nf-ntifs-secapturesubjectcontextex", .body = body<&SeCaptureSubjectContextEx>() },
        { .name = "PsReferencePrimaryToken", .page = "ntifs/nf-ntifs-psreferenceprimarytoken",
          .body = body<&PsReferencePrimaryToken>() },
        { .name = "PsDereferencePrimaryToken", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-psdereferenceprimarytoken", .body = body<&PsDereferencePrimaryToken>() },
        { .name = "PsReferenceImpersonationToken", .page = "ntifs/nf-ntifs-psreferenceimpersonationtoken",
          .body = body<&PsReferenceImpersonationToken>() },
        { .name = "PsDereferenceImpersonationToken", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-psdereferenceimpersonationtoken", .body = body<&PsDereferencePrimaryToken>() },
        { .name = "PsReferenceEffectiveToken", .because = kExported, .body = body<&PsReferenceEffectiveToken>() },
        { .name = "PsImpersonateClient", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "ntifs/nf-ntifs-psimpersonateclient", .body = body<&PsImpersonateClient>() },
        { .name = "PsRevertToSelf", .page = "ntifs/nf-ntifs-psreverttoself", .body = body<&PsRevertToSelf>() },
        { .name = "PsRevertThreadToSelf", .because = kExported, .body = body<&PsRevertThreadToSelf>() },
        { .name = "PsIsThreadImpersonating", .irql = { .highest = DISPATCH_LEVEL }, .because = kExported,
          .body = body<&PsIsThreadImpersonating>() },
        { .name = "PsAssignImpersonationToken", .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .because = kExported, .body = body<&PsAssignImpersonationToken>() },
        { .name = "PsDisableImpersonation", .because = kExported, .body = body<&PsDisableImpersonation>() },
        { .name = "PsRestoreImpersonation", .because = kExported, .body = body<&PsRestoreImpersonation>() },
        { .name = "ZwOpenProcessTokenEx", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-zwopenprocesstokenex", .rules = "PowerIrpDDis",
          .body = body<&OpenProcessTokenEx<kernel_mode>>() },
        { .name = "NtOpenProcessTokenEx", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-ntopenprocesstokenex", .rules = "PowerIrpDDis",
          .body = body<&OpenProcessTokenEx<ob::previous_mode>>() },
        { .name = "ZwOpenProcessToken", .fail = Fail::Status, .fail_status = kNoResources, .because = kExported,
          .body = body<&OpenProcessToken<kernel_mode>>() },
        { .name = "NtOpenProcessToken", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-ntopenprocesstoken", .body = body<&OpenProcessToken<ob::previous_mode>>() },
        { .name = "ZwOpenThreadTokenEx", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-zwopenthreadtokenex", .rules = "PowerIrpDDis",
          .body = body<&OpenThreadTokenEx<kernel_mode>>() },
        { .name = "NtOpenThreadTokenEx", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-ntopenthreadtokenex", .rules = "PowerIrpDDis",
          .body = body<&OpenThreadTokenEx<ob::previous_mode>>() },
        { .name = "ZwOpenThreadToken", .fail = Fail::Status, .fail_status = kNoResources, .because = kExported,
          .body = body<&OpenThreadToken<kernel_mode>>() },
        { .name = "NtOpenThreadToken", .fail = Fail::Status, .fail_status = kNoResources,
          .page = "ntifs/nf-ntifs-ntopenthreadtoken", .body = body<&OpenThreadToken<ob::previous_mode>>() },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::ps
