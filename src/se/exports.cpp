// SPDX-License-Identifier: MIT
// SeExports, SePublicDefaultDacl, SeSystemDefaultDacl: pointer variables, and what they point at, at fixed addresses.
#include "se/security.h"

namespace ringside::se {

void Security::write_exports()
{
    uintptr_t at = kExportedBytes + sizeof(SE_EXPORTS);
    auto put = [&](void const* bytes, size_t size) {
        auto* to = reinterpret_cast<void*>(at);
        std::memcpy(to, bytes, size);
        at += (size + 7) & ~size_t { 7 };
        return to;
    };
    auto sid = [&](uint8_t authority, std::initializer_list<ULONG> subs) {
        Sid const made(authority, subs);
        return put(made.bytes, made.size());
    };
    auto luid = [](ULONG number) { return privilege_luid(number); };
    SE_EXPORTS e {};
    e.SeCreateTokenPrivilege = luid(SE_CREATE_TOKEN_PRIVILEGE);
    e.SeAssignPrimaryTokenPrivilege = luid(SE_ASSIGNPRIMARYTOKEN_PRIVILEGE);
    e.SeLockMemoryPrivilege = luid(SE_LOCK_MEMORY_PRIVILEGE);
    e.SeIncreaseQuotaPrivilege = luid(SE_INCREASE_QUOTA_PRIVILEGE);
    e.SeUnsolicitedInputPrivilege = luid(SE_UNSOLICITED_INPUT_PRIVILEGE);
    e.SeTcbPrivilege = luid(SE_TCB_PRIVILEGE);
    e.SeSecurityPrivilege = luid(SE_SECURITY_PRIVILEGE);
    e.SeTakeOwnershipPrivilege = luid(SE_TAKE_OWNERSHIP_PRIVILEGE);
    e.SeLoadDriverPrivilege = luid(SE_LOAD_DRIVER_PRIVILEGE);
    e.SeCreatePagefilePrivilege = luid(SE_CREATE_PAGEFILE_PRIVILEGE);
    e.SeIncreaseBasePriorityPrivilege = luid(SE_INC_BASE_PRIORITY_PRIVILEGE);
    e.SeSystemProfilePrivilege = luid(SE_SYSTEM_PROFILE_PRIVILEGE);
    e.SeSystemtimePrivilege = luid(SE_SYSTEMTIME_PRIVILEGE);
    e.SeProfileSingleProcessPrivilege = luid(SE_PROF_SINGLE_PROCESS_PRIVILEGE);
    e.SeCreatePermanentPrivilege = luid(SE_CREATE_PERMANENT_PRIVILEGE);
    e.SeBackupPrivilege = luid(SE_BACKUP_PRIVILEGE);
    e.SeRestorePrivilege = luid(SE_RESTORE_PRIVILEGE);
    e.SeShutdownPrivilege = luid(SE_SHUTDOWN_PRIVILEGE);
    e.SeDebugPrivilege = luid(SE_DEBUG_PRIVILEGE);
    e.SeAuditPrivilege = luid(SE_AUDIT_PRIVILEGE);
    e.SeSystemEnvironmentPrivilege = luid(SE_SYSTEM_ENVIRONMENT_PRIVILEGE);
    e.SeChangeNotifyPrivilege = luid(SE_CHANGE_NOTIFY_PRIVILEGE);
    e.SeRemoteShutdownPrivilege = luid(SE_REMOTE_SHUTDOWN_PRIVILEGE);
    e.SeUndockPrivilege = luid(SE_UNDOCK_PRIVILEGE);
    e.SeSyncAgentPrivilege = luid(SE_SYNC_AGENT_PRIVILEGE);
    e.SeEnableDelegationPrivilege = luid(SE_ENABLE_DELEGATION_PRIVILEGE);
    e.SeManageVolumePrivilege = luid(SE_MANAGE_VOLUME_PRIVILEGE);
    e.SeImpersonatePrivilege = luid(SE_IMPERSONATE_PRIVILEGE);
    e.SeCreateGlobalPrivilege = luid(SE_CREATE_GLOBAL_PRIVILEGE);
    e.SeTrustedCredManAccessPrivilege = luid(SE_TRUSTED_CREDMAN_ACCESS_PRIVILEGE);
    e.SeRelabelPrivilege = luid(SE_RELABEL_PRIVILEGE);
    e.SeIncreaseWorkingSetPrivilege = luid(SE_INC_WORKING_SET_PRIVILEGE);
    e.SeTimeZonePrivilege = luid(SE_TIME_ZONE_PRIVILEGE);
    e.SeCreateSymbolicLinkPrivilege = luid(SE_CREATE_SYMBOLIC_LINK_PRIVILEGE);
    e.SeNullSid = sid(0, { 0 });
    e.SeWorldSid = sid(1, { 0 });
    e.SeLocalSid = sid(2, { 0 });
    e.SeCreatorOwnerSid = sid(3, { 0 });
    e.SeCreatorGroupSid = sid(3, { 1 });
    e.SeNtAuthoritySid = sid(5, {});
    e.SeDialupSid = sid(5, { 1 });
    e.SeNetworkSid = sid(5, { 2 });
    e.SeBatchSid = sid(5, { 3 });
    e.SeInteractiveSid = sid(5, { 4 });
    e.SeLocalSystemSid = sid(5, { 18 });
    e.SeAliasAdminsSid = sid(5, { 32, 544 });
    e.SeAliasUsersSid = sid(5, { 32, 545 });
    e.SeAliasGuestsSid = sid(5, { 32, 546 });
    e.SeAliasPowerUsersSid = sid(5, { 32, 547 });
    e.SeAliasAccountOpsSid = sid(5, { 32, 548 });
    e.SeAliasSystemOpsSid = sid(5, { 32, 549 });
    e.SeAliasPrintOpsSid = sid(5, { 32, 550 });
    e.SeAliasBackupOpsSid = sid(5, { 32, 551 });
    e.SeAuthenticatedUsersSid = sid(5, { 11 });
    e.SeRestrictedSid = sid(5, { 12 });
    e.SeAnonymousLogonSid = sid(5, { 7 });
    e.SeLocalServiceSid = sid(5, { 19 });
    e.SeNetworkServiceSid = sid(5, { 20 });
    e.SeIUserSid = sid(5, { 17 });
    e.SeUntrustedMandatorySid = sid(16, { 0 });
    e.SeLowMandatorySid = sid(16, { kLowIntegrity });
    e.SeMediumMandatorySid = sid(16, { kMediumIntegrity });
    e.SeHighMandatorySid = sid(16, { kHighIntegrity });
    e.SeSystemMandatorySid = sid(16, { kSystemIntegrity });
    e.SeOwnerRightsSid = sid(3, { 4 });
    std::memcpy(reinterpret_cast<void*>(kExportedBytes), &e, sizeof e);

    Acl open, closed;
    open.add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_EXECUTE, sids::world);
    open.add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, sids::local_system);
    open.add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, sids::administrators);
    closed.add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, sids::local_system);
    closed.add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_READ | GENERIC_EXECUTE | READ_CONTROL, sids::administrators);
    auto point = [](uintptr_t variable, void const* target) {
        std::memcpy(reinterpret_cast<void*>(variable), &target, sizeof target);
    };
    point(kSeExportsVariable, reinterpret_cast<void*>(kExportedBytes));
    point(kPublicDaclVariable, put(open.get(), open.size()));
    point(kSystemDaclVariable, put(closed.get(), closed.size()));
}

} // namespace ringside::se
