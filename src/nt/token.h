// SPDX-License-Identifier: MIT
// Tokens: what they hold, what can be asked of them, privileges, and the identifiers that the kernel exports.
#pragma once

#include "nt/se.h"

namespace ringside::nt {

enum TOKEN_TYPE : int32_t { TokenPrimary = 1, TokenImpersonation };

enum TOKEN_INFORMATION_CLASS : int32_t {
    TokenUser = 1, TokenGroups, TokenPrivileges, TokenOwner, TokenPrimaryGroup, TokenDefaultDacl, TokenSource,
    TokenType, TokenImpersonationLevel, TokenStatistics, TokenRestrictedSids, TokenSessionId,
    TokenGroupsAndPrivileges, TokenSessionReference, TokenSandBoxInert, TokenAuditPolicy, TokenOrigin,
    TokenElevationType, TokenLinkedToken, TokenElevation, TokenHasRestrictions, TokenAccessInformation,
    TokenVirtualizationAllowed, TokenVirtualizationEnabled, TokenIntegrityLevel, TokenUIAccess, TokenMandatoryPolicy,
    TokenLogonSid, MaxTokenInfoClass,
};

struct TOKEN_USER {
    SID_AND_ATTRIBUTES User;
};
NT_SIZE(TOKEN_USER, 0x10); NT_OFFSET(TOKEN_USER, User, 0x00);

struct TOKEN_GROUPS {
    ULONG GroupCount;
    SID_AND_ATTRIBUTES Groups[1];
};
NT_SIZE(TOKEN_GROUPS, 0x18); NT_OFFSET(TOKEN_GROUPS, GroupCount, 0x00); NT_OFFSET(TOKEN_GROUPS, Groups, 0x08);

struct TOKEN_PRIVILEGES {
    ULONG PrivilegeCount;
    LUID_AND_ATTRIBUTES Privileges[1];
};
NT_SIZE(TOKEN_PRIVILEGES, 0x10); NT_OFFSET(TOKEN_PRIVILEGES, PrivilegeCount, 0x00);
NT_OFFSET(TOKEN_PRIVILEGES, Privileges, 0x04);

struct TOKEN_OWNER {
    PSID Owner;
};
NT_SIZE(TOKEN_OWNER, 0x08); NT_OFFSET(TOKEN_OWNER, Owner, 0x00);

struct TOKEN_PRIMARY_GROUP {
    PSID PrimaryGroup;
};
NT_SIZE(TOKEN_PRIMARY_GROUP, 0x08); NT_OFFSET(TOKEN_PRIMARY_GROUP, PrimaryGroup, 0x00);

struct TOKEN_DEFAULT_DACL {
    ACL* DefaultDacl;
};
NT_SIZE(TOKEN_DEFAULT_DACL, 0x08); NT_OFFSET(TOKEN_DEFAULT_DACL, DefaultDacl, 0x00);

struct TOKEN_SOURCE {
    CHAR SourceName[8];
    LUID SourceIdentifier;
};
NT_SIZE(TOKEN_SOURCE, 0x10); NT_OFFSET(TOKEN_SOURCE, SourceName, 0x00); NT_OFFSET(TOKEN_SOURCE, SourceIdentifier, 0x08);

struct TOKEN_STATISTICS {
    LUID TokenId;
    LUID AuthenticationId;
    LARGE_INTEGER ExpirationTime;
    TOKEN_TYPE TokenType;
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    ULONG DynamicCharged;
    ULONG DynamicAvailable;
    ULONG GroupCount;
    ULONG PrivilegeCount;
    LUID ModifiedId;
};
NT_SIZE(TOKEN_STATISTICS, 0x38); NT_OFFSET(TOKEN_STATISTICS, TokenId, 0x00);
NT_OFFSET(TOKEN_STATISTICS, AuthenticationId, 0x08); NT_OFFSET(TOKEN_STATISTICS, ExpirationTime, 0x10);
NT_OFFSET(TOKEN_STATISTICS, TokenType, 0x18); NT_OFFSET(TOKEN_STATISTICS, ImpersonationLevel, 0x1c);
NT_OFFSET(TOKEN_STATISTICS, DynamicCharged, 0x20); NT_OFFSET(TOKEN_STATISTICS, DynamicAvailable, 0x24);
NT_OFFSET(TOKEN_STATISTICS, GroupCount, 0x28); NT_OFFSET(TOKEN_STATISTICS, PrivilegeCount, 0x2c);
NT_OFFSET(TOKEN_STATISTICS, ModifiedId, 0x30);

struct TOKEN_CONTROL {
    LUID TokenId;
    LUID AuthenticationId;
    LUID ModifiedId;
    TOKEN_SOURCE TokenSource;
};
NT_SIZE(TOKEN_CONTROL, 0x28); NT_OFFSET(TOKEN_CONTROL, TokenId, 0x00); NT_OFFSET(TOKEN_CONTROL, AuthenticationId, 0x08);
NT_OFFSET(TOKEN_CONTROL, ModifiedId, 0x10); NT_OFFSET(TOKEN_CONTROL, TokenSource, 0x18);

struct SE_EXPORTS {
    LUID SeCreateTokenPrivilege;
    LUID SeAssignPrimaryTokenPrivilege;
    LUID SeLockMemoryPrivilege;
    LUID SeIncreaseQuotaPrivilege;
    LUID SeUnsolicitedInputPrivilege;
    LUID SeTcbPrivilege;
    LUID SeSecurityPrivilege;
    LUID SeTakeOwnershipPrivilege;
    LUID SeLoadDriverPrivilege;
    LUID SeCreatePagefilePrivilege;
    LUID SeIncreaseBasePriorityPrivilege;
    LUID SeSystemProfilePrivilege;
    LUID SeSystemtimePrivilege;
    LUID SeProfileSingleProcessPrivilege;
    LUID SeCreatePermanentPrivilege;
    LUID SeBackupPrivilege;
    LUID SeRestorePrivilege;
    LUID SeShutdownPrivilege;
    LUID SeDebugPrivilege;
    LUID SeAuditPrivilege;
    LUID SeSystemEnvironmentPrivilege;
    LUID SeChangeNotifyPrivilege;
    LUID SeRemoteShutdownPrivilege;
    PSID SeNullSid;
    PSID SeWorldSid;
    PSID SeLocalSid;
    PSID SeCreatorOwnerSid;
    PSID SeCreatorGroupSid;
    PSID SeNtAuthoritySid;
    PSID SeDialupSid;
    PSID SeNetworkSid;
    PSID SeBatchSid;
    PSID SeInteractiveSid;
    PSID SeLocalSystemSid;
    PSID SeAliasAdminsSid;
    PSID SeAliasUsersSid;
    PSID SeAliasGuestsSid;
    PSID SeAliasPowerUsersSid;
    PSID SeAliasAccountOpsSid;
    PSID SeAliasSystemOpsSid;
    PSID SeAliasPrintOpsSid;
    PSID SeAliasBackupOpsSid;
    PSID SeAuthenticatedUsersSid;
    PSID SeRestrictedSid;
    PSID SeAnonymousLogonSid;
    LUID SeUndockPrivilege;
    LUID SeSyncAgentPrivilege;
    LUID SeEnableDelegationPrivilege;
    PSID SeLocalServiceSid;
    PSID SeNetworkServiceSid;
    LUID SeManageVolumePrivilege;
    LUID SeImpersonatePrivilege;
    LUID SeCreateGlobalPrivilege;
    LUID SeTrustedCredManAccessPrivilege;
    LUID SeRelabelPrivilege;
    LUID SeIncreaseWorkingSetPrivilege;
    LUID SeTimeZonePrivilege;
    LUID SeCreateSymbolicLinkPrivilege;
    PSID SeIUserSid;
    PSID SeUntrustedMandatorySid;
    PSID SeLowMandatorySid;
    PSID SeMediumMandatorySid;
    PSID SeHighMandatorySid;
    PSID SeSystemMandatorySid;
    PSID SeOwnerRightsSid;
};
NT_SIZE(SE_EXPORTS, 0x208); NT_OFFSET(SE_EXPORTS, SeCreateTokenPrivilege, 0x00);
NT_OFFSET(SE_EXPORTS, SeAssignPrimaryTokenPrivilege, 0x08); NT_OFFSET(SE_EXPORTS, SeLockMemoryPrivilege, 0x10);
NT_OFFSET(SE_EXPORTS, SeIncreaseQuotaPrivilege, 0x18); NT_OFFSET(SE_EXPORTS, SeUnsolicitedInputPrivilege, 0x20);
NT_OFFSET(SE_EXPORTS, SeTcbPrivilege, 0x28); NT_OFFSET(SE_EXPORTS, SeSecurityPrivilege, 0x30);
NT_OFFSET(SE_EXPORTS, SeTakeOwnershipPrivilege, 0x38); NT_OFFSET(SE_EXPORTS, SeLoadDriverPrivilege, 0x40);
NT_OFFSET(SE_EXPORTS, SeCreatePagefilePrivilege, 0x48); NT_OFFSET(SE_EXPORTS, SeIncreaseBasePriorityPrivilege, 0x50);
NT_OFFSET(SE_EXPORTS, SeSystemProfilePrivilege, 0x58); NT_OFFSET(SE_EXPORTS, SeSystemtimePrivilege, 0x60);
NT_OFFSET(SE_EXPORTS, SeProfileSingleProcessPrivilege, 0x68); NT_OFFSET(SE_EXPORTS, SeCreatePermanentPrivilege, 0x70);
NT_OFFSET(SE_EXPORTS, SeBackupPrivilege, 0x78); NT_OFFSET(SE_EXPORTS, SeRestorePrivilege, 0x80);
NT_OFFSET(SE_EXPORTS, SeShutdownPrivilege, 0x88); NT_OFFSET(SE_EXPORTS, SeDebugPrivilege, 0x90);
NT_OFFSET(SE_EXPORTS, SeAuditPrivilege, 0x98); NT_OFFSET(SE_EXPORTS, SeSystemEnvironmentPrivilege, 0xa0);
NT_OFFSET(SE_EXPORTS, SeChangeNotifyPrivilege, 0xa8); NT_OFFSET(SE_EXPORTS, SeRemoteShutdownPrivilege, 0xb0);
NT_OFFSET(SE_EXPORTS, SeNullSid, 0xb8); NT_OFFSET(SE_EXPORTS, SeWorldSid, 0xc0);
NT_OFFSET(SE_EXPORTS, SeLocalSid, 0xc8); NT_OFFSET(SE_EXPORTS, SeCreatorOwnerSid, 0xd0);
NT_OFFSET(SE_EXPORTS, SeCreatorGroupSid, 0xd8); NT_OFFSET(SE_EXPORTS, SeNtAuthoritySid, 0xe0);
NT_OFFSET(SE_EXPORTS, SeDialupSid, 0xe8); NT_OFFSET(SE_EXPORTS, SeNetworkSid, 0xf0);
NT_OFFSET(SE_EXPORTS, SeBatchSid, 0xf8); NT_OFFSET(SE_EXPORTS, SeInteractiveSid, 0x100);
NT_OFFSET(SE_EXPORTS, SeLocalSystemSid, 0x108); NT_OFFSET(SE_EXPORTS, SeAliasAdminsSid, 0x110);
NT_OFFSET(SE_EXPORTS, SeAliasUsersSid, 0x118); NT_OFFSET(SE_EXPORTS, SeAliasGuestsSid, 0x120);
NT_OFFSET(SE_EXPORTS, SeAliasPowerUsersSid, 0x128); NT_OFFSET(SE_EXPORTS, SeAliasAccountOpsSid, 0x130);
NT_OFFSET(SE_EXPORTS, SeAliasSystemOpsSid, 0x138); NT_OFFSET(SE_EXPORTS, SeAliasPrintOpsSid, 0x140);
NT_OFFSET(SE_EXPORTS, SeAliasBackupOpsSid, 0x148); NT_OFFSET(SE_EXPORTS, SeAuthenticatedUsersSid, 0x150);
NT_OFFSET(SE_EXPORTS, SeRestrictedSid, 0x158); NT_OFFSET(SE_EXPORTS, SeAnonymousLogonSid, 0x160);
NT_OFFSET(SE_EXPORTS, SeUndockPrivilege, 0x168); NT_OFFSET(SE_EXPORTS, SeSyncAgentPrivilege, 0x170);
NT_OFFSET(SE_EXPORTS, SeEnableDelegationPrivilege, 0x178); NT_OFFSET(SE_EXPORTS, SeLocalServiceSid, 0x180);
NT_OFFSET(SE_EXPORTS, SeNetworkServiceSid, 0x188); NT_OFFSET(SE_EXPORTS, SeManageVolumePrivilege, 0x190);
NT_OFFSET(SE_EXPORTS, SeImpersonatePrivilege, 0x198); NT_OFFSET(SE_EXPORTS, SeCreateGlobalPrivilege, 0x1a0);
NT_OFFSET(SE_EXPORTS, SeTrustedCredManAccessPrivilege, 0x1a8); NT_OFFSET(SE_EXPORTS, SeRelabelPrivilege, 0x1b0);
NT_OFFSET(SE_EXPORTS, SeIncreaseWorkingSetPrivilege, 0x1b8); NT_OFFSET(SE_EXPORTS, SeTimeZonePrivilege, 0x1c0);
NT_OFFSET(SE_EXPORTS, SeCreateSymbolicLinkPrivilege, 0x1c8); NT_OFFSET(SE_EXPORTS, SeIUserSid, 0x1d0);
NT_OFFSET(SE_EXPORTS, SeUntrustedMandatorySid, 0x1d8); NT_OFFSET(SE_EXPORTS, SeLowMandatorySid, 0x1e0);
NT_OFFSET(SE_EXPORTS, SeMediumMandatorySid, 0x1e8); NT_OFFSET(SE_EXPORTS, SeHighMandatorySid, 0x1f0);
NT_OFFSET(SE_EXPORTS, SeSystemMandatorySid, 0x1f8); NT_OFFSET(SE_EXPORTS, SeOwnerRightsSid, 0x200);

struct SECURITY_CLIENT_CONTEXT {
    SECURITY_QUALITY_OF_SERVICE SecurityQos;
    PACCESS_TOKEN ClientToken;
    BOOLEAN DirectlyAccessClientToken;
    BOOLEAN DirectAccessEffectiveOnly;
    BOOLEAN ServerIsRemote;
    TOKEN_CONTROL ClientTokenControl;
};
NT_SIZE(SECURITY_CLIENT_CONTEXT, 0x48); NT_OFFSET(SECURITY_CLIENT_CONTEXT, SecurityQos, 0x00);
NT_OFFSET(SECURITY_CLIENT_CONTEXT, ClientToken, 0x10);
NT_OFFSET(SECURITY_CLIENT_CONTEXT, DirectlyAccessClientToken, 0x18);
NT_OFFSET(SECURITY_CLIENT_CONTEXT, DirectAccessEffectiveOnly, 0x19);
NT_OFFSET(SECURITY_CLIENT_CONTEXT, ServerIsRemote, 0x1a); NT_OFFSET(SECURITY_CLIENT_CONTEXT, ClientTokenControl, 0x1c);

// Privileges, groups and token rights.
inline constexpr ULONG PRIVILEGE_SET_ALL_NECESSARY = 1;
inline constexpr ULONG
    SE_PRIVILEGE_ENABLED_BY_DEFAULT = 1, SE_CREATE_TOKEN_PRIVILEGE = 2, SE_MIN_WELL_KNOWN_PRIVILEGE = 2,
    SE_PRIVILEGE_ENABLED = 2, SE_ASSIGNPRIMARYTOKEN_PRIVILEGE = 3, SE_LOCK_MEMORY_PRIVILEGE = 4,
    SE_PRIVILEGE_REMOVED = 4, SE_INCREASE_QUOTA_PRIVILEGE = 5, SE_MACHINE_ACCOUNT_PRIVILEGE = 6,
    SE_UNSOLICITED_INPUT_PRIVILEGE = 6, SE_TCB_PRIVILEGE = 7, SE_SECURITY_PRIVILEGE = 8,
    SE_TAKE_OWNERSHIP_PRIVILEGE = 9, SE_LOAD_DRIVER_PRIVILEGE = 0xa, SE_SYSTEM_PROFILE_PRIVILEGE = 0xb,
    SE_SYSTEMTIME_PRIVILEGE = 0xc, SE_PROF_SINGLE_PROCESS_PRIVILEGE = 0xd, SE_INC_BASE_PRIORITY_PRIVILEGE = 0xe,
    SE_CREATE_PAGEFILE_PRIVILEGE = 0xf, SE_CREATE_PERMANENT_PRIVILEGE = 0x10, SE_BACKUP_PRIVILEGE = 0x11,
    SE_RESTORE_PRIVILEGE = 0x12, SE_SHUTDOWN_PRIVILEGE = 0x13, SE_DEBUG_PRIVILEGE = 0x14, SE_AUDIT_PRIVILEGE = 0x15,
    SE_SYSTEM_ENVIRONMENT_PRIVILEGE = 0x16, SE_CHANGE_NOTIFY_PRIVILEGE = 0x17, SE_REMOTE_SHUTDOWN_PRIVILEGE = 0x18,
    SE_UNDOCK_PRIVILEGE = 0x19, SE_SYNC_AGENT_PRIVILEGE = 0x1a, SE_ENABLE_DELEGATION_PRIVILEGE = 0x1b,
    SE_MANAGE_VOLUME_PRIVILEGE = 0x1c, SE_IMPERSONATE_PRIVILEGE = 0x1d, SE_CREATE_GLOBAL_PRIVILEGE = 0x1e,
    SE_TRUSTED_CREDMAN_ACCESS_PRIVILEGE = 0x1f, SE_RELABEL_PRIVILEGE = 0x20, SE_INC_WORKING_SET_PRIVILEGE = 0x21,
    SE_TIME_ZONE_PRIVILEGE = 0x22, SE_CREATE_SYMBOLIC_LINK_PRIVILEGE = 0x23, SE_MAX_WELL_KNOWN_PRIVILEGE = 0x23,
    SE_PRIVILEGE_USED_FOR_ACCESS = 0x80000000, SE_PRIVILEGE_VALID_ATTRIBUTES = 0x80000007;
inline constexpr ULONG
    TOKEN_ASSIGN_PRIMARY = 1, TOKEN_DUPLICATE = 2, TOKEN_IMPERSONATE = 4, TOKEN_QUERY = 8, TOKEN_QUERY_SOURCE = 0x10,
    TOKEN_ADJUST_PRIVILEGES = 0x20, TOKEN_ADJUST_GROUPS = 0x40, TOKEN_ADJUST_DEFAULT = 0x80,
    TOKEN_ADJUST_SESSIONID = 0x100, TOKEN_EXECUTE = 0x20000, TOKEN_READ = 0x20008, TOKEN_WRITE = 0x200e0,
    TOKEN_ALL_ACCESS_P = 0xf00ff, TOKEN_ALL_ACCESS = 0xf01ff;

} // namespace ringside::nt
