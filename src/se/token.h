// SPDX-License-Identifier: MIT
// Access tokens: who somebody is (a user and groups), what they may do beyond access lists (privileges), and how far
// they are trusted (integrity level, restricting SIDs). A token is an object; its body is opaque to drivers, and this
// record beside it decides.
//
//   primary:        a process' own; every thread of the process acts with it
//   impersonation:  a thread's for a while, at a level: Anonymous < Identification < Impersonation < Delegation
//
// Invariants
//   T1  a token's user, groups and restricting SIDs never grow; filtering makes another token
//   T2  a privilege that a token does not hold cannot be enabled
//   T3  a token below SecurityImpersonation opens nothing
#pragma once

#include "se/values.h"

namespace ringside::se {

struct Group {
    Sid sid;
    ULONG attributes = 0;
};

struct Privilege {
    ULONG number = 0; // LowPart of its LUID; HighPart is 0 for all that exist
    ULONG attributes = 0;
};

enum class Elevation : uint8_t { Default = 1, Full, Limited }; // as TokenElevationType says it

struct Token {
    void* body = nullptr;
    LUID id {};
    LUID authentication_id {};
    LUID modified_id {};
    LUID origin {};
    TOKEN_TYPE type = TokenPrimary;
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous; // of impersonation tokens
    Group user;                // attributes: 0 or SE_GROUP_USE_FOR_DENY_ONLY
    std::vector<Group> groups; // without the integrity level
    std::vector<Group> restricted;
    std::vector<Privilege> privileges;
    Sid owner;                 // what new objects get
    Sid primary_group;
    std::optional<Acl> default_dacl;
    TOKEN_SOURCE source {};
    ULONG session = 0;
    ULONG integrity = kMediumIntegrity;
    ULONG mandatory_policy = 1; // TOKEN_MANDATORY_POLICY_NO_WRITE_UP
    Elevation elevation = Elevation::Default;
    bool sandbox_inert = false;
    bool write_restricted = false;
    bool filtered = false;
    bool no_child_process = false, no_child_unless_secure = false, no_child_audit_only = false;

    bool is_restricted() const { return !restricted.empty(); }
    Privilege* privilege(ULONG number);
    Privilege const* privilege(ULONG number) const { return const_cast<Token*>(this)->privilege(number); }
    bool has_enabled(ULONG number) const
    {
        Privilege const* held = privilege(number);
        return held && (held->attributes & SE_PRIVILEGE_ENABLED);
    }
    // Whether an entry for this SID concerns the token: a deny entry also by SIDs that are for denying only.
    bool contains(void const* sid, bool for_deny) const;
    bool restricted_contains(void const* sid) const;
    // May become the owner of something: the user, or a group marked so.
    bool may_own(Sid const& sid) const;
};

// Who a client process acts as.
enum class Account : uint8_t {
    System,        // LocalSystem, as services and the System process
    Administrator, // elevated
    FilteredAdministrator, // the same before elevation: Administrators is for denying only
    User,
};

inline constexpr uint32_t kTokenTag = 'ekoT'; // "Toke"
inline constexpr size_t kTokenBytes = 0x80;
inline constexpr ULONG kPrivilegeMax = 36; // SeDelegateSessionUserImpersonatePrivilege

LUID privilege_luid(ULONG number);
inline bool same(LUID a, LUID b) { return a.LowPart == b.LowPart && a.HighPart == b.HighPart; }

} // namespace ringside::se
