// SPDX-License-Identifier: MIT
// Tokens as drivers use them: questions, filtering, copies, privileges switched on and off.
#include "ke/kernel.h"
#include "mm/probe.h"
#include "ob/capture.h"
#include "se/ddi.h"
#include "se/object_security.h"

namespace ringside::se {

using ob::get;
using ob::put;

namespace {

constexpr ULONG kListMax = 1024;

// The SIDs of a TOKEN_GROUPS; nothing for none. STATUS_INVALID_PARAMETER, STATUS_INVALID_SID.
Result<std::vector<Group>> capture_groups(TOKEN_GROUPS* groups)
{
    std::vector<Group> made;
    if (!groups)
        return made;
    ULONG const count = get(&groups->GroupCount);
    if (count > kListMax)
        return Failure { STATUS_INVALID_PARAMETER };
    for (ULONG i = 0; i < count; ++i) {
        SID_AND_ATTRIBUTES const one = get(&groups->Groups[i]);
        made.push_back({ TRY(capture_sid(one.Sid)), one.Attributes });
    }
    return made;
}

void deny_only(Group& group)
{
    group.attributes &= ~(SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT);
    group.attributes |= SE_GROUP_USE_FOR_DENY_ONLY;
}

bool names(std::vector<Group> const& list, Sid const& sid)
{
    for (Group const& group : list)
        if (group.sid == sid)
            return true;
    return false;
}

} // namespace

TOKEN_TYPE SeTokenType(PACCESS_TOKEN token) { return required_token(token).type; }

SECURITY_IMPERSONATION_LEVEL SeTokenImpersonationLevel(PACCESS_TOKEN token) { return required_token(token).level; }

// A member of Administrators, not only for denying; of a restricted token both sets of SIDs must say so.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-setokenisadmin
BOOLEAN SeTokenIsAdmin(PACCESS_TOKEN given)
{
    Token const& token = required_token(given);
    return token.contains(sids::administrators.bytes, false)
        && (!token.is_restricted() || token.write_restricted || token.restricted_contains(sids::administrators.bytes));
}

BOOLEAN SeTokenIsRestricted(PACCESS_TOKEN token) { return required_token(token).is_restricted(); }

BOOLEAN SeTokenIsWriteRestricted(PACCESS_TOKEN token) { return required_token(token).write_restricted; }

NTSTATUS SeQueryAuthenticationIdToken(PACCESS_TOKEN token, LUID* id)
{
    put(id, required_token(token).authentication_id);
    return STATUS_SUCCESS;
}

NTSTATUS SeQuerySessionIdToken(PACCESS_TOKEN token, ULONG* session)
{
    put(session, required_token(token).session);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-sefiltertoken
NTSTATUS SeFilterToken(PACCESS_TOKEN given, ULONG flags, TOKEN_GROUPS* disable, TOKEN_PRIVILEGES* remove,
                       TOKEN_GROUPS* restrict, PACCESS_TOKEN* filtered)
{
    put(filtered, nullptr);
    Token model = required_token(given);
    if (flags & ~(DISABLE_MAX_PRIVILEGE | SANDBOX_INERT | WRITE_RESTRICTED))
        return STATUS_INVALID_PARAMETER;
    auto const disabled = capture_groups(disable);
    if (!disabled.ok())
        return disabled.status();
    auto const restricting = capture_groups(restrict);
    if (!restricting.ok())
        return restricting.status();
    for (Group const& group : restricting.value())
        if (group.attributes)
            return STATUS_INVALID_PARAMETER;
    if (names(disabled.value(), model.user.sid))
        model.user.attributes = SE_GROUP_USE_FOR_DENY_ONLY;
    for (Group& group : model.groups)
        if (names(disabled.value(), group.sid))
            deny_only(group);
    if (flags & DISABLE_MAX_PRIVILEGE)
        std::erase_if(model.privileges, [](Privilege const& p) { return p.number != SE_CHANGE_NOTIFY_PRIVILEGE; });
    else if (remove) {
        ULONG const count = get(&remove->PrivilegeCount);
        if (count > kListMax)
            return STATUS_INVALID_PARAMETER;
        for (ULONG i = 0; i < count; ++i) {
            LUID const gone = get(&remove->Privileges[i]).Luid;
            std::erase_if(model.privileges, [&](Privilege const& p) { return same(privilege_luid(p.number), gone); });
        }
    }
    if (restrict) {
        std::vector<Group> wanted;
        for (Group group : restricting.value())
            if (!model.is_restricted() || model.restricted_contains(group.sid.bytes)) {
                group.attributes = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;
                wanted.push_back(group);
            }
        // Nothing in common with an earlier restriction restricts to nobody at all.
        if (wanted.empty() && model.is_restricted())
            wanted.push_back({ Sid { 0, { 0 } }, SE_GROUP_MANDATORY | SE_GROUP_ENABLED });
        model.restricted = wanted;
    }
    model.sandbox_inert |= (flags & SANDBOX_INERT) != 0;
    model.write_restricted |= (flags & WRITE_RESTRICTED) && model.is_restricted();
    model.filtered = true;
    if (!model.may_own(model.owner))
        model.owner = model.user.sid;
    auto made = security().make(model);
    if (!made.ok())
        return made.status();
    put(filtered, (*made)->body);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-setokensetnochildprocessrestricted
NTSTATUS SeTokenSetNoChildProcessRestricted(PACCESS_TOKEN given, BOOLEAN unless_secure, BOOLEAN audit_only)
{
    Token& token = required_token(given);
    if ((unless_secure && audit_only) || (audit_only && token.no_child_process))
        return STATUS_INVALID_PARAMETER;
    token.no_child_audit_only = audit_only;
    token.no_child_process = !audit_only;
    token.no_child_unless_secure = unless_secure;
    return STATUS_SUCCESS;
}

void SeTokenGetNoChildProcessRestricted(PACCESS_TOKEN given, BOOLEAN* enforced, BOOLEAN* unless_secure,
                                        BOOLEAN* audit_only)
{
    Token const& token = required_token(given);
    put(enforced, token.no_child_process);
    put(unless_secure, token.no_child_unless_secure);
    put(audit_only, token.no_child_audit_only);
}

BOOLEAN SeTokenIsNoChildProcessRestrictionEnforced(PACCESS_TOKEN given, BOOLEAN* unless_secure)
{
    Token const& token = required_token(given);
    if (unless_secure)
        put(unless_secure, token.no_child_process && token.no_child_unless_secure);
    return token.no_child_process;
}

Result<Token*> duplicate(Token const& token, TOKEN_TYPE type, SECURITY_IMPERSONATION_LEVEL level, bool effective_only)
{
    // A copy never reaches further than its original.
    if (token.type == TokenImpersonation && type == TokenImpersonation && level > token.level)
        return Failure { STATUS_BAD_IMPERSONATION_LEVEL };
    if (token.type == TokenImpersonation && type == TokenPrimary && token.level < SecurityImpersonation)
        return Failure { STATUS_BAD_IMPERSONATION_LEVEL };
    Token model = token;
    model.type = type;
    model.level = type == TokenImpersonation ? level : SecurityAnonymous;
    if (effective_only) {
        std::erase_if(model.privileges, [](Privilege const& p) { return !(p.attributes & SE_PRIVILEGE_ENABLED); });
        std::erase_if(model.groups,
                      [](Group const& g) { return !(g.attributes & (SE_GROUP_ENABLED | SE_GROUP_USE_FOR_DENY_ONLY)); });
    }
    return security().make(model);
}

// The quality of service says the level; without one an impersonation token is anonymous.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwduplicatetoken
NTSTATUS duplicate_token(HANDLE handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, BOOLEAN effective_only,
                         TOKEN_TYPE type, HANDLE* made, KPROCESSOR_MODE mode)
{
    if (type != TokenPrimary && type != TokenImpersonation)
        return STATUS_INVALID_PARAMETER;
    if (mode != KernelMode)
        mm::ProbeForWrite(made, sizeof *made, sizeof(void*));
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
    ULONG flags = 0;
    if (attributes) {
        OBJECT_ATTRIBUTES const given = get(attributes);
        if (given.Length != sizeof given)
            return STATUS_INVALID_PARAMETER;
        flags = given.Attributes;
        if (given.SecurityQualityOfService) {
            auto const qos = get(static_cast<SECURITY_QUALITY_OF_SERVICE*>(given.SecurityQualityOfService));
            if (qos.ImpersonationLevel < SecurityAnonymous || qos.ImpersonationLevel > SecurityDelegation)
                return STATUS_INVALID_PARAMETER;
            level = qos.ImpersonationLevel;
        }
    }
    auto found = ob::reference_by_handle(handle, TOKEN_DUPLICATE, &ob::token_type, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    auto copy = duplicate(required_token(found->body), type, level, effective_only != 0);
    if (!copy.ok())
        return copy.status();
    ob::Held held_copy((*copy)->body);
    // Nothing asked is what the original was opened for.
    ACCESS_MASK const granted = desired ? ob::granted_access(ob::token_type, desired) : found->granted;
    bool const kernel = mode == KernelMode && (flags & OBJ_KERNEL_HANDLE);
    auto opened = ob::open_handle(ob::current_process(), (*copy)->body, granted, kernel, flags & OBJ_INHERIT);
    if (!opened.ok())
        return opened.status();
    put(made, *opened);
    return STATUS_SUCCESS;
}

// STATUS_NOT_ALL_ASSIGNED is a success: what the token holds was changed.
NTSTATUS adjust_privileges(HANDLE handle, BOOLEAN disable_all, TOKEN_PRIVILEGES* change, ULONG bytes,
                           TOKEN_PRIVILEGES* before, ULONG* needed, KPROCESSOR_MODE mode)
{
    if (!disable_all && !change)
        return STATUS_INVALID_PARAMETER;
    if (mode != KernelMode && before)
        mm::ProbeForWrite(before, bytes, sizeof(ULONG));
    ACCESS_MASK const access = TOKEN_ADJUST_PRIVILEGES | (before ? TOKEN_QUERY : 0);
    auto found = ob::reference_by_handle(handle, access, &ob::token_type, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    Token& token = required_token(found->body);
    std::vector<LUID_AND_ATTRIBUTES> wanted;
    ULONG const count = disable_all ? 0 : get(&change->PrivilegeCount);
    if (count > kListMax)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < count; ++i)
        wanted.push_back(get(&change->Privileges[i]));
    if (disable_all)
        for (Privilege const& p : token.privileges)
            wanted.push_back({ privilege_luid(p.number), 0 });
    std::vector<Privilege> after = token.privileges;
    std::vector<LUID_AND_ATTRIBUTES> changed;
    ULONG matched = 0;
    for (LUID_AND_ATTRIBUTES const& one : wanted)
        for (auto p = after.begin(); p != after.end(); ++p) {
            if (!same(privilege_luid(p->number), one.Luid))
                continue;
            ++matched;
            bool const gone = one.Attributes & SE_PRIVILEGE_REMOVED;
            bool const on = one.Attributes & SE_PRIVILEGE_ENABLED;
            if (gone || on != ((p->attributes & SE_PRIVILEGE_ENABLED) != 0))
                changed.push_back({ one.Luid, p->attributes });
            if (gone)
                after.erase(p);
            else
                p->attributes = (p->attributes & ~SE_PRIVILEGE_ENABLED) | (on ? SE_PRIVILEGE_ENABLED : 0);
            break;
        }
    if (before) {
        ULONG const size = static_cast<ULONG>(sizeof(ULONG) + changed.size() * sizeof(LUID_AND_ATTRIBUTES));
        if (needed)
            put(needed, size);
        if (bytes < size)
            return STATUS_BUFFER_TOO_SMALL; // and nothing was changed
        put(&before->PrivilegeCount, static_cast<ULONG>(changed.size()));
        for (size_t i = 0; i < changed.size(); ++i)
            put(&before->Privileges[i], changed[i]);
    }
    token.privileges = after;
    if (!changed.empty())
        token.modified_id = security().next_luid();
    return matched < wanted.size() ? STATUS_NOT_ALL_ASSIGNED : STATUS_SUCCESS;
}

} // namespace ringside::se
