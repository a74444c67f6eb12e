// SPDX-License-Identifier: MIT
// @cite(ms-dtyp): page=2.5.3.2
// @cite(win32): page=secauthz/how-dacls-control-access-to-an-object
#include "se/access_check.h"

namespace ringside::se {

namespace {

enum class Verdict : uint8_t { Ignore, Allow, Deny };

// Entries for a certain kind of sub-object say nothing about the object itself. The condition of a conditional entry is
// not evaluated: unknown, which never allows and always denies.
Verdict verdict_of(rtl::Ace const& ace)
{
    if (!ace.sid || (ace.header->AceFlags & INHERIT_ONLY_ACE) || ace.object)
        return Verdict::Ignore;
    switch (ace.header->AceType) {
    case ACCESS_ALLOWED_ACE_TYPE:
    case ACCESS_ALLOWED_OBJECT_ACE_TYPE:
        return Verdict::Allow;
    case ACCESS_ALLOWED_CALLBACK_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE:
        return ace.extra_bytes ? Verdict::Ignore : Verdict::Allow;
    case ACCESS_DENIED_ACE_TYPE:
    case ACCESS_DENIED_OBJECT_ACE_TYPE:
    case ACCESS_DENIED_CALLBACK_ACE_TYPE:
    case ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE:
        return Verdict::Deny;
    default:
        return Verdict::Ignore;
    }
}

bool names_owner_rights(ACL const* dacl)
{
    bool found = false;
    rtl::for_each_ace(dacl, [&](rtl::Ace const& ace) {
        found = verdict_of(ace) != Verdict::Ignore && sids::owner_rights.equals(ace.sid);
        return !found;
    });
    return found;
}

// What a list grants of everything, or of `wanted` only: then the walk ends as soon as nothing is left to decide.
template <typename Contains>
ACCESS_MASK walk(rtl::Parts const& descriptor, GENERIC_MAPPING const& mapping, ACCESS_MASK everything,
                 Contains contains)
{
    if (!descriptor.dacl)
        return everything;
    ACCESS_MASK granted = 0, denied = 0;
    bool const owns = descriptor.owner && contains(descriptor.owner, false);
    if (owns && !names_owner_rights(descriptor.dacl))
        granted = READ_CONTROL | WRITE_DAC;
    rtl::for_each_ace(descriptor.dacl, [&](rtl::Ace const& ace) {
        Verdict const verdict = verdict_of(ace);
        if (verdict == Verdict::Ignore)
            return true;
        ACCESS_MASK mask = ace.mask;
        rtl::RtlMapGenericMask(&mask, &mapping);
        bool const concerns
            = (owns && sids::owner_rights.equals(ace.sid)) || contains(ace.sid, verdict == Verdict::Deny);
        if (concerns && verdict == Verdict::Allow)
            granted |= mask & ~denied;
        else if (concerns)
            denied |= mask & ~granted;
        return true;
    });
    return granted & everything;
}

// The rights that the object's label leaves to a token of a lower level.
ACCESS_MASK mandatory_limit(Token const& token, ACL const* sacl, GENERIC_MAPPING const& mapping)
{
    ULONG level = kMediumIntegrity;
    ACCESS_MASK policy = SYSTEM_MANDATORY_LABEL_NO_WRITE_UP;
    rtl::for_each_ace(sacl, [&](rtl::Ace const& ace) {
        if (ace.header->AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE || (ace.header->AceFlags & INHERIT_ONLY_ACE)
            || !ace.sid)
            return true;
        level = Sid(ace.sid).last();
        policy = ace.mask;
        return false;
    });
    if (token.integrity >= level || !(token.mandatory_policy & 1))
        return ~ACCESS_MASK { 0 };
    ACCESS_MASK left = 0;
    if (!(policy & SYSTEM_MANDATORY_LABEL_NO_READ_UP))
        left |= mapping.GenericRead;
    if (!(policy & SYSTEM_MANDATORY_LABEL_NO_WRITE_UP))
        left |= mapping.GenericWrite | (mapping.GenericAll & ~(mapping.GenericRead | mapping.GenericExecute));
    if (!(policy & SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP))
        left |= mapping.GenericExecute;
    return left;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-seaccesscheck
Access check_access(Token const& token, rtl::Parts const& descriptor, ACCESS_MASK desired, ACCESS_MASK previously,
                    GENERIC_MAPPING const& mapping, KPROCESSOR_MODE mode)
{
    Access access;
    bool const maximum = desired & MAXIMUM_ALLOWED;
    ACCESS_MASK wanted = desired & ~MAXIMUM_ALLOWED;
    rtl::RtlMapGenericMask(&wanted, &mapping);
    if (mode == KernelMode) {
        access.granted = previously | wanted | (maximum ? mapping.GenericAll : 0);
        access.status = STATUS_SUCCESS;
        return access;
    }
    if (token.type == TokenImpersonation && token.level < SecurityImpersonation) {
        access.status = STATUS_BAD_IMPERSONATION_LEVEL;
        return access;
    }
    access.granted = previously;
    if (wanted & ACCESS_SYSTEM_SECURITY) {
        if (!token.has_enabled(SE_SECURITY_PRIVILEGE)) {
            access.granted = 0;
            access.status = STATUS_PRIVILEGE_NOT_HELD;
            return access;
        }
        access.granted |= ACCESS_SYSTEM_SECURITY;
        access.privileges[access.privilege_count++] = SE_SECURITY_PRIVILEGE;
    }
    ACCESS_MASK limit = mandatory_limit(token, descriptor.sacl, mapping);
    if (token.has_enabled(SE_RELABEL_PRIVILEGE))
        limit |= WRITE_OWNER;
    ACCESS_MASK const everything = (mapping.GenericAll | (wanted & ~ACCESS_SYSTEM_SECURITY)) & limit;
    ACCESS_MASK allowed
        = walk(descriptor, mapping, everything, [&](void const* sid, bool deny) { return token.contains(sid, deny); });
    if (token.is_restricted()) {
        ACCESS_MASK const second = walk(descriptor, mapping, everything,
                                        [&](void const* sid, bool) { return token.restricted_contains(sid); });
        // A write-restricted token is asked twice for writing only.
        allowed &= second | (token.write_restricted ? ~(mapping.GenericWrite & ~mapping.GenericRead) : 0);
    }
    ACCESS_MASK missing = wanted & ~access.granted & ~allowed;
    if ((missing & WRITE_OWNER || maximum) && !(allowed & WRITE_OWNER) && (limit & WRITE_OWNER)
        && (mapping.GenericAll & WRITE_OWNER) && token.has_enabled(SE_TAKE_OWNERSHIP_PRIVILEGE)) {
        allowed |= WRITE_OWNER;
        missing &= ~WRITE_OWNER;
        access.privileges[access.privilege_count++] = SE_TAKE_OWNERSHIP_PRIVILEGE;
    }
    if (missing) {
        access = {};
        return access;
    }
    access.granted |= maximum ? wanted | allowed : wanted;
    access.status = access.granted ? STATUS_SUCCESS : STATUS_ACCESS_DENIED; // nothing asked is nothing granted
    return access;
}

ACCESS_MASK access_to_query(SECURITY_INFORMATION information)
{
    ACCESS_MASK access = 0;
    if (information
        & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION
           | LABEL_SECURITY_INFORMATION))
        access |= READ_CONTROL;
    if (information & SACL_SECURITY_INFORMATION)
        access |= ACCESS_SYSTEM_SECURITY;
    return access;
}

ACCESS_MASK access_to_set(SECURITY_INFORMATION information)
{
    ACCESS_MASK access = 0;
    if (information & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION))
        access |= WRITE_OWNER;
    if (information & DACL_SECURITY_INFORMATION)
        access |= WRITE_DAC;
    if (information & SACL_SECURITY_INFORMATION)
        access |= ACCESS_SYSTEM_SECURITY;
    return access;
}

} // namespace ringside::se
