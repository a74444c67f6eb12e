// SPDX-License-Identifier: MIT
// Subject contexts (who acts), access and privilege checks on them, and access states.
#include "ex/pool.h"
#include "ke/kernel.h"
#include "ob/capture.h"
#include "se/access_check.h"
#include "se/ddi.h"

namespace ringside::se {

using ob::get;
using ob::put;

namespace {

constexpr uint32_t kPrivilegesTag = 'rPeS'; // "SePr"
constexpr size_t kPrivilegesMax = 1024;

Token& effective_of(SECURITY_SUBJECT_CONTEXT const& subject)
{
    return required_token(subject.ClientToken ? subject.ClientToken : subject.PrimaryToken);
}

// The level of the context counts: a thread may impersonate below the token's own.
bool level_suffices(SECURITY_SUBJECT_CONTEXT const& subject)
{
    return !subject.ClientToken || subject.ImpersonationLevel >= SecurityImpersonation;
}

NTSTATUS check_privileges(Token const& token, PRIVILEGE_SET* required, KPROCESSOR_MODE mode, bool& result)
{
    ULONG const count = get(&required->PrivilegeCount);
    if (count > kPrivilegesMax)
        return STATUS_INVALID_PARAMETER;
    bool const all = get(&required->Control) & PRIVILEGE_SET_ALL_NECESSARY;
    ULONG held = 0;
    for (ULONG i = 0; i < count; ++i) {
        LUID_AND_ATTRIBUTES one = get(&required->Privilege[i]);
        bool const enabled = mode == KernelMode || (!one.Luid.HighPart && token.has_enabled(one.Luid.LowPart));
        if (!enabled)
            continue;
        ++held;
        one.Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
        put(&required->Privilege[i], one);
    }
    result = mode == KernelMode || (all ? held == count : held != 0);
    return STATUS_SUCCESS;
}

PRIVILEGE_SET* used_privileges(Access const& access)
{
    size_t const bytes = sizeof(PRIVILEGE_SET) + (access.privilege_count - 1) * sizeof(LUID_AND_ATTRIBUTES);
    auto* made = static_cast<PRIVILEGE_SET*>(ex::allocate(PagedPool, bytes, kPrivilegesTag, ex::Owner::Driver, true));
    if (!made)
        return nullptr;
    made->PrivilegeCount = static_cast<ULONG>(access.privilege_count);
    made->Control = PRIVILEGE_SET_ALL_NECESSARY;
    for (size_t i = 0; i < access.privilege_count; ++i)
        made->Privilege[i] = { privilege_luid(access.privileges[i]), SE_PRIVILEGE_USED_FOR_ACCESS };
    return made;
}

} // namespace

SECURITY_SUBJECT_CONTEXT capture_subject(ke::Thread const* thread, ke::Process const& process)
{
    SECURITY_SUBJECT_CONTEXT made {};
    Impersonation const* with = thread ? security().impersonation(*thread) : nullptr;
    if (with) {
        made.ClientToken = with->token;
        made.ImpersonationLevel = with->level;
        ob::reference(with->token);
    }
    made.PrimaryToken = security().primary(process);
    ob::reference(made.PrimaryToken);
    made.ProcessAuditId = reinterpret_cast<PVOID>(process.id);
    return made;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-secapturesubjectcontext
void SeCaptureSubjectContext(SECURITY_SUBJECT_CONTEXT* subject)
{
    ke::Thread& self = ke::kernel().current();
    put(subject, capture_subject(&self, *self.process));
}

// Tokens here change only between schedule points, so that a lock has nothing to keep out; the pointers are looked at.
void SeLockSubjectContext(SECURITY_SUBJECT_CONTEXT* subject) { static_cast<void>(effective_of(get(subject))); }

void SeUnlockSubjectContext(SECURITY_SUBJECT_CONTEXT* subject) { static_cast<void>(effective_of(get(subject))); }

void SeReleaseSubjectContext(SECURITY_SUBJECT_CONTEXT* subject)
{
    SECURITY_SUBJECT_CONTEXT const given = get(subject);
    for (PACCESS_TOKEN token : { given.PrimaryToken, given.ClientToken })
        if (token)
            ob::dereference(required_token(token).body);
    SECURITY_SUBJECT_CONTEXT released = given;
    released.PrimaryToken = released.ClientToken = nullptr;
    put(subject, released);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-seaccesscheck
BOOLEAN SeAccessCheck(PSECURITY_DESCRIPTOR descriptor, SECURITY_SUBJECT_CONTEXT* subject, BOOLEAN, ACCESS_MASK desired,
                      ACCESS_MASK previously, PRIVILEGE_SET** privileges, GENERIC_MAPPING* mapping,
                      KPROCESSOR_MODE mode, ACCESS_MASK* granted, NTSTATUS* status)
{
    if (privileges)
        put(privileges, nullptr);
    GENERIC_MAPPING const map = get(mapping);
    Access access;
    if (mode == KernelMode)
        access = check_access({}, {}, desired, previously, map, KernelMode);
    else if (!descriptor)
        access.status = STATUS_ACCESS_DENIED;
    else {
        SECURITY_SUBJECT_CONTEXT const who = get(subject);
        Token const& token = effective_of(who);
        auto captured = capture_descriptor(descriptor);
        if (!captured.ok())
            access.status = captured.status();
        else if (!level_suffices(who))
            access.status = STATUS_BAD_IMPERSONATION_LEVEL;
        else
            access = check_access(token, captured->parts(), desired, previously, map, UserMode);
    }
    if (!access.status && access.privilege_count && privileges) {
        PRIVILEGE_SET* used = used_privileges(access);
        if (!used)
            access = { .status = STATUS_INSUFFICIENT_RESOURCES };
        put(privileges, used);
    }
    put(granted, access.status ? 0 : access.granted);
    put(status, access.status);
    return access.status == STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-seprivilegecheck
BOOLEAN SePrivilegeCheck(PRIVILEGE_SET* required, SECURITY_SUBJECT_CONTEXT* subject, KPROCESSOR_MODE mode)
{
    SECURITY_SUBJECT_CONTEXT const who = get(subject);
    if (mode != KernelMode && !level_suffices(who))
        return FALSE;
    bool result = false;
    return !check_privileges(effective_of(who), required, mode, result) && result;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-sesingleprivilegecheck
BOOLEAN SeSinglePrivilegeCheck(LUID privilege, KPROCESSOR_MODE mode)
{
    if (mode == KernelMode)
        return TRUE;
    ke::Thread& self = ke::kernel().current();
    Impersonation const* with = security().impersonation(self);
    return (!with || with->level >= SecurityImpersonation) && !privilege.HighPart
        && security().effective(self).has_enabled(privilege.LowPart);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntprivilegecheck
NTSTATUS NtPrivilegeCheck(HANDLE handle, PRIVILEGE_SET* required, BOOLEAN* result)
{
    auto found = ob::reference_by_handle(handle, TOKEN_QUERY, &ob::token_type, ob::previous_mode());
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    Token const& token = required_token(found->body);
    if (token.type == TokenImpersonation && token.level < SecurityIdentification)
        return STATUS_BAD_IMPERSONATION_LEVEL;
    bool all = false;
    if (NTSTATUS status = check_privileges(token, required, UserMode, all); status)
        return status;
    put(result, all);
    return STATUS_SUCCESS;
}

// Three privileges stand in the access state itself; a larger set is allocated in their place.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-seappendprivileges
NTSTATUS SeAppendPrivileges(ACCESS_STATE* given, PRIVILEGE_SET* privileges)
{
    ACCESS_STATE state = get(given);
    ULONG const added = get(&privileges->PrivilegeCount);
    PRIVILEGE_SET* now = state.PrivilegesAllocated ? static_cast<PRIVILEGE_SET*>(state.AuxData) : nullptr;
    ULONG const before = now ? get(&now->PrivilegeCount) : state.Privileges.InitialPrivilegeSet.PrivilegeCount;
    if (added > kPrivilegesMax || before > kPrivilegesMax)
        return STATUS_INVALID_PARAMETER;
    PRIVILEGE_SET* to = &given->Privileges.PrivilegeSet;
    PRIVILEGE_SET* from = now ? now : to;
    if (before + added > 3) {
        size_t const bytes = sizeof(PRIVILEGE_SET) + (before + added) * sizeof(LUID_AND_ATTRIBUTES);
        to = static_cast<PRIVILEGE_SET*>(ex::allocate(PagedPool, bytes, kPrivilegesTag, ex::Owner::Driver, true));
        if (!to)
            return STATUS_INSUFFICIENT_RESOURCES;
        for (ULONG i = 0; i < before; ++i)
            put(&to->Privilege[i], get(&from->Privilege[i]));
        if (now)
            ex::free(now, kPrivilegesTag);
        put(&given->PrivilegesAllocated, TRUE);
        put(&given->AuxData, to);
    }
    for (ULONG i = 0; i < added; ++i)
        put(&to->Privilege[before + i], get(&privileges->Privilege[i]));
    put(&to->PrivilegeCount, before + added);
    return STATUS_SUCCESS;
}

void SeFreePrivileges(PRIVILEGE_SET* privileges) { ex::free(privileges, 0); }

NTSTATUS SeCreateAccessState(ACCESS_STATE* state, void*, ACCESS_MASK desired, GENERIC_MAPPING* mapping)
{
    ACCESS_STATE made {};
    if (mapping) {
        GENERIC_MAPPING const map = get(mapping);
        rtl::RtlMapGenericMask(&desired, &map);
    }
    made.OperationID = security().next_luid();
    made.OriginalDesiredAccess = made.RemainingDesiredAccess = desired;
    SeCaptureSubjectContext(&made.SubjectSecurityContext);
    if (effective_of(made.SubjectSecurityContext).has_enabled(SE_CHANGE_NOTIFY_PRIVILEGE))
        made.Flags = 1; // TOKEN_HAS_TRAVERSE_PRIVILEGE
    put(state, made);
    return STATUS_SUCCESS;
}

void SeDeleteAccessState(ACCESS_STATE* state)
{
    ACCESS_STATE const given = get(state);
    if (given.PrivilegesAllocated && given.AuxData)
        ex::free(given.AuxData, kPrivilegesTag);
    SeReleaseSubjectContext(&state->SubjectSecurityContext);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-sesetaccessstategenericmapping
void SeSetAccessStateGenericMapping(ACCESS_STATE* state, GENERIC_MAPPING* mapping)
{
    GENERIC_MAPPING const map = get(mapping);
    ACCESS_STATE changed = get(state);
    rtl::RtlMapGenericMask(&changed.RemainingDesiredAccess, &map);
    put(&state->RemainingDesiredAccess, changed.RemainingDesiredAccess);
}

} // namespace ringside::se
