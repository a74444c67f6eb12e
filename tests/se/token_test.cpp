// SPDX-License-Identifier: MIT
// Tokens in a whole kernel: the System process', clients', filtered and duplicated ones, privileges, impersonation.
#include "boot.h"
#include "ex/pool.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ps/ddi.h"
#include "ps/token.h"
#include "se/ddi.h"
#include "se/object_security.h"
#include "se/sddl.h"

#include <gmock/gmock.h>

namespace ringside::se {

namespace {

using test::BootedKernel;

Token* client_token(BootedKernel& boot, Account account)
{
    auto made = boot.rooms.security.make_primary(account);
    EXPECT_TRUE(made.ok());
    return *made;
}

ULONG query_long(void* token, TOKEN_INFORMATION_CLASS what)
{
    PVOID block = nullptr;
    if (SeQueryInformationToken(token, what, &block))
        return ~0u;
    ULONG const value = *static_cast<ULONG*>(block);
    ex::free(block, 0);
    return value;
}

std::vector<LUID> g_ended;
NTAPI NTSTATUS session_ended(LUID* logon)
{
    g_ended.push_back(*logon);
    return STATUS_SUCCESS;
}

} // namespace

// The accounts that a client can have, and the system's.
// Shows: who is an administrator, elevation, integrity, session, number of privileges: the whole row for each.
TEST(se_token, accounts)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        struct Row {
            bool admin;
            ULONG elevation_type, elevated, session, integrity, privileges;
            bool operator==(Row const&) const = default;
        };
        auto row = [&](Account account) {
            Token* token = client_token(boot, account);
            void* body = token->body;
            PVOID level = nullptr, session = nullptr;
            EXPECT_EQ(SeQueryInformationToken(body, TokenIntegrityLevel, &level), STATUS_SUCCESS);
            EXPECT_EQ(SeQueryInformationToken(body, TokenSessionId, &session), STATUS_SUCCESS);
            Row made { SeTokenIsAdmin(body) != 0,
                       query_long(body, TokenElevationType),
                       query_long(body, TokenElevation),
                       static_cast<ULONG>(reinterpret_cast<uint64_t>(session)),
                       static_cast<ULONG>(reinterpret_cast<uint64_t>(level)),
                       query_long(body, TokenPrivileges) };
            EXPECT_EQ(SeTokenType(body), TokenPrimary);
            EXPECT_FALSE(SeTokenIsRestricted(body));
            ob::dereference(body);
            return made;
        };
        EXPECT_EQ(row(Account::System), (Row { true, 1, 1, 0, 0x4000, 28 }));
        EXPECT_EQ(row(Account::Administrator), (Row { true, 2, 1, 1, 0x3000, 23 }));
        EXPECT_EQ(row(Account::FilteredAdministrator), (Row { false, 3, 0, 1, 0x2000, 5 }));
        EXPECT_EQ(row(Account::User), (Row { false, 1, 0, 1, 0x2000, 5 }));
        PVOID block = nullptr;
        EXPECT_EQ(SeQueryInformationToken(boot.rooms.security.system_token(), MaxTokenInfoClass, &block),
                  STATUS_INVALID_INFO_CLASS);
    });
}

// A token is filtered: a group for denying, a privilege gone, restricting SIDs; then filtered again.
// Shows: what the new one can no longer do, that the old one still can, and that restrictions only grow.
TEST(se_token, filtering)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        Token* token = client_token(boot, Account::Administrator);
        TOKEN_GROUPS disable { 1, { { sids::administrators.pointer(), 0 } } };
        TOKEN_PRIVILEGES remove { 1, { { privilege_luid(SE_DEBUG_PRIVILEGE), 0 } } };
        TOKEN_GROUPS restrict { 1, { { sids::restricted.pointer(), 0 } } };
        PACCESS_TOKEN first = nullptr, second = nullptr, last = nullptr;
        ASSERT_EQ(SeFilterToken(token->body, 0, &disable, &remove, & restrict, &first), STATUS_SUCCESS);
        EXPECT_TRUE(SeTokenIsAdmin(token->body));
        EXPECT_FALSE(SeTokenIsAdmin(first));
        EXPECT_TRUE(SeTokenIsRestricted(first));
        EXPECT_EQ(required_token(first).privilege(SE_DEBUG_PRIVILEGE), nullptr);
        EXPECT_EQ(query_long(first, TokenPrivileges), 22u);
        EXPECT_EQ(query_long(first, TokenRestrictedSids), 1u);
        ASSERT_EQ(SeFilterToken(first, DISABLE_MAX_PRIVILEGE, nullptr, nullptr, nullptr, &second), STATUS_SUCCESS);
        EXPECT_EQ(query_long(second, TokenPrivileges), 1u);
        TOKEN_GROUPS others { 1, { { sids::world.pointer(), 0 } } };
        ASSERT_EQ(SeFilterToken(first, 0, nullptr, nullptr, &others, &last), STATUS_SUCCESS);
        EXPECT_FALSE(required_token(last).restricted_contains(sids::world.bytes)) << "nothing in common";
        EXPECT_TRUE(SeTokenIsRestricted(last));
        restrict.Groups[0].Attributes = 1;
        PACCESS_TOKEN none = token->body;
        EXPECT_EQ(SeFilterToken(token->body, 0, nullptr, nullptr, & restrict, &none), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(none, nullptr);
        EXPECT_EQ(SeFilterToken(token->body, 0x80, nullptr, nullptr, nullptr, &none), STATUS_INVALID_PARAMETER);
        for (void* body : { first, second, last, static_cast<void*>(token->body) })
            ob::dereference(body);
    });
}

// Handles: the process' token is opened, asked, a privilege is switched on and off, a copy is made and impersonated.
// Shows: statuses of ZwQueryInformationToken, of adjusting, and that a thread acts with what it impersonates.
TEST(se_token, by_handle)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        HANDLE handle = nullptr;
        ASSERT_EQ(ps::open_process_token(ob::current_process_handle(), TOKEN_ALL_ACCESS, OBJ_KERNEL_HANDLE, &handle,
                                         KernelMode),
                  STATUS_SUCCESS);
        ULONG needed = 0;
        alignas(8) uint8_t buffer[64];
        EXPECT_EQ(query_token(handle, TokenUser, buffer, 4, &needed, KernelMode), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(needed, 16u + 12);
        ASSERT_EQ(query_token(handle, TokenUser, buffer, sizeof buffer, &needed, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(rtl::sid_text(reinterpret_cast<TOKEN_USER*>(buffer)->User.Sid), u"S-1-5-18");

        LUID const backup = privilege_luid(SE_BACKUP_PRIVILEGE);
        TOKEN_PRIVILEGES change { 1, { { backup, SE_PRIVILEGE_ENABLED } } }, before {};
        EXPECT_FALSE(SeSinglePrivilegeCheck(backup, UserMode));
        EXPECT_TRUE(SeSinglePrivilegeCheck(backup, KernelMode));
        EXPECT_EQ(adjust_privileges(handle, FALSE, &change, 4, &before, &needed, KernelMode), STATUS_BUFFER_TOO_SMALL);
        EXPECT_FALSE(SeSinglePrivilegeCheck(backup, UserMode)) << "nothing was changed";
        EXPECT_EQ(adjust_privileges(handle, FALSE, &change, sizeof before, &before, &needed, KernelMode),
                  STATUS_SUCCESS);
        EXPECT_TRUE(SeSinglePrivilegeCheck(backup, UserMode));
        EXPECT_EQ(before.PrivilegeCount, 1u);
        EXPECT_EQ(adjust_privileges(handle, FALSE, &before, 0, nullptr, nullptr, KernelMode), STATUS_SUCCESS);
        EXPECT_FALSE(SeSinglePrivilegeCheck(backup, UserMode));
        change.Privileges[0].Luid.LowPart = 99;
        EXPECT_EQ(adjust_privileges(handle, FALSE, &change, 0, nullptr, nullptr, KernelMode), STATUS_NOT_ALL_ASSIGNED);

        HANDLE copy = nullptr;
        EXPECT_EQ(ps::open_thread_token(ob::current_thread_handle(), TOKEN_QUERY, FALSE, 0, &copy, KernelMode),
                  STATUS_NO_TOKEN);
        SECURITY_QUALITY_OF_SERVICE qos { sizeof qos, SecurityImpersonation, 0, FALSE };
        OBJECT_ATTRIBUTES attributes { sizeof attributes };
        attributes.SecurityQualityOfService = &qos;
        ASSERT_EQ(duplicate_token(handle, 0, &attributes, FALSE, TokenImpersonation, &copy, KernelMode),
                  STATUS_SUCCESS);
        EXPECT_EQ(duplicate_token(handle, 0, nullptr, FALSE, TOKEN_TYPE(3), &copy, KernelMode),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(ob::close_handle(ob::current_process(), copy, KernelMode).status(), STATUS_SUCCESS);
        EXPECT_EQ(ob::close_handle(ob::current_process(), handle, KernelMode).status(), STATUS_SUCCESS);
    });
}

// A thread of the system impersonates a user, at two levels, and comes back; impersonation is set aside for a while.
// Shows: contexts name both tokens, the check asks the client's, a level below impersonation is refused, and every
// reference is given back.
TEST(se_token, impersonation)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        size_t const objects = ob::count();
        Token* user = client_token(boot, Account::User);
        auto self = reinterpret_cast<PETHREAD>(ps::PsGetCurrentThread());
        auto may = [&](std::u16string_view sddl, ACCESS_MASK desired) {
            auto const bytes = parse_sddl(sddl)->relative();
            GENERIC_MAPPING mapping { 0x120089, 0x120116, 0x1200A0, 0x1F01FF };
            SECURITY_SUBJECT_CONTEXT subject;
            SeCaptureSubjectContext(&subject);
            ACCESS_MASK granted = 0;
            NTSTATUS status = 0;
            BOOLEAN const yes = SeAccessCheck(const_cast<uint8_t*>(bytes.data()), &subject, FALSE, desired, 0, nullptr,
                                              &mapping, UserMode, &granted, &status);
            EXPECT_EQ(yes != 0, status == STATUS_SUCCESS);
            SeReleaseSubjectContext(&subject);
            return status;
        };
        EXPECT_EQ(may(u"D:(A;;GA;;;SY)", GENERIC_WRITE), STATUS_SUCCESS);
        ASSERT_EQ(ps::PsImpersonateClient(self, user->body, FALSE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
        EXPECT_EQ(may(u"D:(A;;GA;;;SY)", GENERIC_WRITE), STATUS_ACCESS_DENIED);
        EXPECT_EQ(may(u"D:(A;;GA;;;BU)", GENERIC_WRITE), STATUS_SUCCESS);
        BOOLEAN copy = TRUE, effective = TRUE;
        SECURITY_IMPERSONATION_LEVEL level {};
        EXPECT_EQ(ps::PsReferenceImpersonationToken(self, &copy, &effective, &level), user->body);
        EXPECT_EQ(level, SecurityImpersonation);
        ps::PsDereferencePrimaryToken(user->body);

        ps::ImpersonationState aside;
        EXPECT_TRUE(ps::PsDisableImpersonation(self, &aside));
        EXPECT_EQ(may(u"D:(A;;GA;;;SY)", GENERIC_WRITE), STATUS_SUCCESS);
        ps::PsRestoreImpersonation(self, &aside);
        EXPECT_EQ(may(u"D:(A;;GA;;;SY)", GENERIC_WRITE), STATUS_ACCESS_DENIED);

        // The user's own server could not be impersonated for more than a look.
        SECURITY_QUALITY_OF_SERVICE qos { sizeof qos, SecurityIdentification, 0, FALSE };
        SECURITY_CLIENT_CONTEXT context;
        ASSERT_EQ(SeCreateClientSecurity(self, &qos, FALSE, &context), STATUS_SUCCESS);
        ASSERT_EQ(SeImpersonateClientEx(&context, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(may(u"D:(A;;GA;;;BU)", GENERIC_WRITE), STATUS_BAD_IMPERSONATION_LEVEL);
        qos.ImpersonationLevel = SecurityImpersonation;
        SECURITY_CLIENT_CONTEXT further;
        EXPECT_EQ(SeCreateClientSecurity(self, &qos, FALSE, &further), STATUS_BAD_IMPERSONATION_LEVEL);
        ps::PsRevertToSelf();
        ob::dereference(context.ClientToken);
        EXPECT_EQ(may(u"D:(A;;GA;;;SY)", GENERIC_WRITE), STATUS_SUCCESS);
        ob::dereference(user->body);
        EXPECT_EQ(ob::count(), objects);
    });
}

// A logon session is marked; its last token goes.
// Shows: the routine hears of it, once; a session that is not there, and one that nobody marked.
TEST(se_token, logon_sessions_end)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        g_ended.clear();
        Token* token = client_token(boot, Account::User);
        Token* unmarked = client_token(boot, Account::User);
        LUID const id = token->authentication_id;
        EXPECT_EQ(SeRegisterLogonSessionTerminatedRoutine(nullptr), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(SeRegisterLogonSessionTerminatedRoutine(session_ended), STATUS_SUCCESS);
        LUID wanted = id, missing { 77, 7 };
        EXPECT_EQ(SeMarkLogonSessionForTerminationNotification(&wanted), STATUS_SUCCESS);
        EXPECT_EQ(SeMarkLogonSessionForTerminationNotification(&missing), STATUS_NOT_FOUND);
        PACCESS_TOKEN filtered = nullptr;
        ASSERT_EQ(SeFilterToken(token->body, 0, nullptr, nullptr, nullptr, &filtered), STATUS_SUCCESS);
        ob::dereference(token->body);
        ob::dereference(unmarked->body);
        EXPECT_EQ(g_ended.size(), 0u);
        ob::dereference(filtered);
        ASSERT_EQ(g_ended.size(), 1u);
        EXPECT_TRUE(same(g_ended[0], id));
        EXPECT_EQ(SeUnregisterLogonSessionTerminatedRoutine(session_ended), STATUS_SUCCESS);
        EXPECT_EQ(SeUnregisterLogonSessionTerminatedRoutine(session_ended), STATUS_NOT_FOUND);
    });
}

// A pointer that is no token.
// Shows: bug check 0x18, as for any object that is not what it was taken for.
TEST(se_token, a_pointer_that_is_none)
{
    BootedKernel boot;
    boot.run_on_thread([&] { SeTokenIsAdmin(ob::current_process().guest); });
    ASSERT_NE(boot.crash(), nullptr);
    EXPECT_EQ(boot.crash()->code, REFERENCE_BY_POINTER);
}

} // namespace ringside::se
