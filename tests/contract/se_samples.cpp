// SPDX-License-Identifier: MIT
// Subjects, access checks, descriptors, tokens.
#include "contract.h"

#include "ke/kernel.h"
#include "ob/ddi.h"
#include "ob/handle.h"
#include "ps/token.h"
#include "rtl/strings.h"
#include "se/ddi.h"
#include "se/object_security.h"
#include "se/sddl.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

se::Security& state(At& at) { return at.rooms().security; }
void* system_token(At& at) { return state(at).system_token(); }

SECURITY_SUBJECT_CONTEXT& subject(At& at)
{
    auto& made = at.object<SECURITY_SUBJECT_CONTEXT>();
    se::SeCaptureSubjectContext(&made);
    return made;
}

void* words(At& at, std::u16string_view sddl)
{
    auto const bytes = se::parse_sddl(sddl)->relative();
    void* made = at.bytes(bytes.size());
    std::memcpy(made, bytes.data(), bytes.size());
    return made;
}

std::u16string text_of(void* descriptor) { return se::print_sddl(se::Descriptor(descriptor), 0xF); }

GENERIC_MAPPING& mapping(At& at)
{
    auto& made = at.object<GENERIC_MAPPING>();
    made = { 0x120089, 0x120116, 0x1200A0, 0x1F01FF };
    return made;
}

PETHREAD self() { return reinterpret_cast<PETHREAD>(ke::kernel().current().guest); }
PEPROCESS process() { return reinterpret_cast<PEPROCESS>(ob::current_process().guest); }

HANDLE token_handle()
{
    HANDLE handle = nullptr;
    ps::open_process_token(ob::current_process_handle(), TOKEN_ALL_ACCESS, OBJ_KERNEL_HANDLE, &handle, KernelMode);
    return handle;
}

HANDLE event_handle()
{
    HANDLE handle = nullptr;
    ob::ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
    return handle;
}

LUID const kDebug { SE_DEBUG_PRIVILEGE, 0 };
LUID const kBackup { SE_BACKUP_PRIVILEGE, 0 };

PRIVILEGE_SET& set_of(At& at, LUID luid)
{
    auto& made = at.object<PRIVILEGE_SET>();
    made = { 1, PRIVILEGE_SET_ALL_NECESSARY, { { luid, 0 } } };
    return made;
}

void impersonate_system(At& at)
{
    se::Token* copy = *se::duplicate(*state(at).token_of(system_token(at)), TokenImpersonation, SecurityImpersonation, false);
    state(at).impersonate(ke::kernel().current(), { copy->body, SecurityImpersonation });
}

} // namespace

// --- Subjects and checks ---

SAMPLE(SeCaptureSubjectContext)
{
    auto& made = at.object<SECURITY_SUBJECT_CONTEXT>();
    uint32_t const before = ob::references(system_token(at));
    at.call(&made);
    EXPECT_EQ(made.PrimaryToken, system_token(at));
    EXPECT_EQ(ob::references(system_token(at)), before + 1);
}

SAMPLE(SeCaptureSubjectContextEx)
{
    auto& made = at.object<SECURITY_SUBJECT_CONTEXT>();
    at.call(self(), process(), &made);
    EXPECT_EQ(made.PrimaryToken, system_token(at));
}

SAMPLE(SeReleaseSubjectContext)
{
    auto& given = subject(at);
    uint32_t const before = ob::references(system_token(at));
    at.call(&given);
    EXPECT_EQ(ob::references(system_token(at)), before - 1);
    EXPECT_EQ(given.PrimaryToken, nullptr);
}

SAMPLE(SeAccessCheck)
{
    auto& granted = at.object<ACCESS_MASK>();
    auto& status = at.object<NTSTATUS>();
    auto& who = subject(at);
    at.returns(BOOLEAN { TRUE }, words(at, u"D:(A;;GR;;;SY)"), &who, FALSE, GENERIC_READ, 0, nullptr, &mapping(at),
               UserMode, &granted, &status);
    EXPECT_EQ(granted, 0x120089u);
    at.returns(BOOLEAN { FALSE }, words(at, u"D:(A;;GR;;;SY)"), &who, FALSE, GENERIC_WRITE, 0, nullptr, &mapping(at),
               UserMode, &granted, &status);
    EXPECT_EQ(status, STATUS_ACCESS_DENIED);
    EXPECT_EQ(granted, 0u);
    at.returns(BOOLEAN { FALSE }, words(at, u"D:"), &who, FALSE, ACCESS_SYSTEM_SECURITY, 0, nullptr, &mapping(at), UserMode,
               &granted, &status);
    EXPECT_EQ(status, STATUS_PRIVILEGE_NOT_HELD);
}

SAMPLE(SePrivilegeCheck)
{
    auto& held = set_of(at, kDebug);
    at.returns(BOOLEAN { TRUE }, &held, &subject(at), UserMode);
    EXPECT_EQ(held.Privilege[0].Attributes, SE_PRIVILEGE_USED_FOR_ACCESS);
    at.returns(BOOLEAN { FALSE }, &set_of(at, kBackup), &subject(at), UserMode);
    at.returns(BOOLEAN { TRUE }, &set_of(at, kBackup), &subject(at), KernelMode);
}

SAMPLE(SeSinglePrivilegeCheck)
{
    at.returns(BOOLEAN { TRUE }, kDebug, UserMode);
    at.returns(BOOLEAN { FALSE }, kBackup, UserMode);
    at.returns(BOOLEAN { TRUE }, kBackup, KernelMode);
}

SAMPLE(NtPrivilegeCheck)
{
    auto& result = at.object<BOOLEAN>();
    HANDLE const handle = token_handle();
    at.status(STATUS_SUCCESS, handle, &set_of(at, kDebug), &result);
    EXPECT_TRUE(result);
    at.status(STATUS_SUCCESS, handle, &set_of(at, kBackup), &result);
    EXPECT_FALSE(result);
    at.status(STATUS_INVALID_HANDLE, nullptr, &set_of(at, kDebug), &result);
}

SAMPLE(SeAppendPrivileges)
{
    auto& access = at.object<ACCESS_STATE>();
    at.status(STATUS_SUCCESS, &access, &set_of(at, kDebug));
    EXPECT_EQ(access.Privileges.PrivilegeSet.PrivilegeCount, 1u);
    for (int i = 0; i < 3; ++i)
        at.status(STATUS_SUCCESS, &access, &set_of(at, kBackup));
    EXPECT_TRUE(access.PrivilegesAllocated) << "the fourth does not fit";
    EXPECT_EQ(static_cast<PRIVILEGE_SET*>(access.AuxData)->PrivilegeCount, 4u);
}

SAMPLE(SeCreateAccessState)
{
    auto& made = at.object<ACCESS_STATE>();
    at.status(STATUS_SUCCESS, &made, at.bytes(0xE0), GENERIC_READ, &mapping(at));
    EXPECT_EQ(made.RemainingDesiredAccess, 0x120089u);
    EXPECT_EQ(made.SubjectSecurityContext.PrimaryToken, system_token(at));
}

SAMPLE(SeDeleteAccessState)
{
    auto& made = at.object<ACCESS_STATE>();
    se::SeCreateAccessState(&made, nullptr, 1, nullptr);
    uint32_t const before = ob::references(system_token(at));
    at.call(&made);
    EXPECT_EQ(ob::references(system_token(at)), before - 1);
}

SAMPLE(SeSetAccessStateGenericMapping)
{
    auto& made = at.object<ACCESS_STATE>();
    made.RemainingDesiredAccess = GENERIC_WRITE;
    at.call(&made, &mapping(at));
    EXPECT_EQ(made.RemainingDesiredAccess, 0x120116u);
}

// --- Descriptors ---

SAMPLE(SeAssignSecurity)
{
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    at.status(STATUS_SUCCESS, nullptr, words(at, u"D:(A;;GR;;;BU)"), &made, FALSE, &subject(at), &mapping(at), PagedPool);
    EXPECT_EQ(text_of(made), u"O:BAG:SYD:(A;;FR;;;BU)");
}

SAMPLE(SeAssignSecurityEx)
{
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    at.status(STATUS_SUCCESS, words(at, u"D:(A;OI;GR;;;BU)"), nullptr, &made, nullptr, FALSE, SEF_DACL_AUTO_INHERIT,
              &subject(at), &mapping(at), PagedPool);
    EXPECT_EQ(text_of(made), u"O:BAG:SYD:AI(A;ID;FR;;;BU)");
}

SAMPLE(SeDeassignSecurity)
{
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    se::SeAssignSecurity(nullptr, nullptr, &made, FALSE, &subject(at), &mapping(at), PagedPool);
    at.status(STATUS_SUCCESS, &made);
    EXPECT_EQ(made, nullptr);
}

SAMPLE(SeValidSecurityDescriptor)
{
    at.returns(BOOLEAN { TRUE }, 32, words(at, u"O:SY"));
    at.returns(BOOLEAN { FALSE }, 31, words(at, u"O:SY"));
}

SAMPLE(SeQuerySecurityDescriptorInfo)
{
    auto& what = at.object<SECURITY_INFORMATION>();
    auto& bytes = at.object<ULONG>();
    auto& object = at.object<PSECURITY_DESCRIPTOR>();
    what = OWNER_SECURITY_INFORMATION;
    bytes = 64;
    object = words(at, u"O:SYG:SYD:");
    void* into = at.bytes(64);
    at.status(STATUS_SUCCESS, &what, into, &bytes, &object);
    EXPECT_EQ(text_of(into), u"O:SY");
    bytes = 4;
    at.status(STATUS_BUFFER_TOO_SMALL, &what, into, &bytes, &object);
    EXPECT_EQ(bytes, 32u);
}

SAMPLE(SeSetSecurityDescriptorInfo)
{
    auto& what = at.object<SECURITY_INFORMATION>();
    auto& object = at.object<PSECURITY_DESCRIPTOR>();
    what = DACL_SECURITY_INFORMATION;
    object = words(at, u"O:SYG:SYD:");
    at.status(STATUS_SUCCESS, nullptr, &what, words(at, u"D:(A;;GR;;;WD)"), &object, PagedPool, &mapping(at));
    EXPECT_EQ(text_of(object), u"O:SYG:SYD:(A;;FR;;;WD)");
    object = nullptr;
    at.status(STATUS_NO_SECURITY_ON_OBJECT, nullptr, &what, words(at, u"D:"), &object, PagedPool, &mapping(at));
}

SAMPLE(SeSetSecurityDescriptorInfoEx)
{
    auto& what = at.object<SECURITY_INFORMATION>();
    auto& object = at.object<PSECURITY_DESCRIPTOR>();
    what = OWNER_SECURITY_INFORMATION;
    object = words(at, u"O:SYG:SYD:");
    at.status(STATUS_SUCCESS, nullptr, &what, words(at, u"O:BA"), &object, 0, PagedPool, &mapping(at));
    EXPECT_EQ(text_of(object), u"O:BAG:SYD:");
    auto& absolute = at.object<SECURITY_DESCRIPTOR>();
    absolute.Revision = 1;
    object = &absolute;
    at.status(STATUS_BAD_DESCRIPTOR_FORMAT, nullptr, &what, words(at, u"O:BA"), &object, 0, PagedPool, &mapping(at));
}

SAMPLE(SeCaptureSecurityDescriptor)
{
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    void* const given = words(at, u"O:SY");
    at.status(STATUS_SUCCESS, given, KernelMode, PagedPool, TRUE, &made);
    EXPECT_NE(made, given);
    EXPECT_EQ(text_of(made), u"O:SY");
    at.status(STATUS_UNKNOWN_REVISION, at.bytes(40), KernelMode, PagedPool, TRUE, &made);
}

SAMPLE(SeReleaseSecurityDescriptor)
{
    PSECURITY_DESCRIPTOR made = nullptr;
    se::SeCaptureSecurityDescriptor(words(at, u"O:SY"), KernelMode, PagedPool, TRUE, &made);
    at.status(STATUS_SUCCESS, made, KernelMode, TRUE);
    EXPECT_EQ(static_cast<uint8_t*>(made)[0] == 1 && text_of(made) == u"O:SY", false) << "the block is free";
}

SAMPLE(ObGetObjectSecurity)
{
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    auto& allocated = at.object<BOOLEAN>();
    at.status(STATUS_SUCCESS, ke::kernel().current().guest, &made, &allocated);
    EXPECT_TRUE(allocated);
    EXPECT_EQ(text_of(made), u"O:BAG:SYD:(A;;0x1fffff;;;SY)(A;;0x120048;;;BA)");
}

SAMPLE(ObSetSecurityObjectByPointer)
{
    void* const thread = ke::kernel().current().guest;
    at.status(STATUS_SUCCESS, thread, DACL_SECURITY_INFORMATION, words(at, u"D:"));
    EXPECT_EQ(se::print_sddl(*se::object_descriptor(thread), DACL_SECURITY_INFORMATION), u"D:");
    at.status(STATUS_INVALID_OWNER, thread, OWNER_SECURITY_INFORMATION, words(at, u"D:"));
}

SAMPLE(ZwSetSecurityObject)
{
    HANDLE const handle = event_handle();
    at.status(STATUS_SUCCESS, handle, DACL_SECURITY_INFORMATION, words(at, u"D:"));
    at.status(STATUS_INVALID_SECURITY_DESCR, handle, OWNER_SECURITY_INFORMATION, words(at, u"D:"));
    at.status(STATUS_INVALID_HANDLE, nullptr, DACL_SECURITY_INFORMATION, words(at, u"D:"));
    void* const body = ob::resolve_handle(ob::current_process(), handle, KernelMode)->body;
    EXPECT_TRUE(se::object_descriptor(body).has_value());
}

SAMPLE(ZwQuerySecurityObject)
{
    auto& needed = at.object<ULONG>();
    HANDLE const handle = event_handle();
    se::set_security_object(handle, DACL_SECURITY_INFORMATION, words(at, u"D:"), KernelMode);
    void* into = at.bytes(64);
    at.status(STATUS_SUCCESS, handle, DACL_SECURITY_INFORMATION, into, 64, &needed);
    EXPECT_EQ(text_of(into), u"D:");
    at.status(STATUS_BUFFER_TOO_SMALL, handle, DACL_SECURITY_INFORMATION, into, 4, &needed);
    at.status(STATUS_INVALID_HANDLE, nullptr, DACL_SECURITY_INFORMATION, into, 64, &needed);
}

SAMPLE(SeConvertStringSecurityDescriptorToSecurityDescriptor)
{
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    auto& bytes = at.object<ULONG>();
    at.status(STATUS_SUCCESS, &at.string(u"O:SYD:P(A;;GA;;;BA)"), 1, &made, &bytes);
    EXPECT_EQ(bytes, 20u + 12 + 8 + 24);
    EXPECT_EQ(text_of(made), u"O:SYD:P(A;;GA;;;BA)");
    at.status(STATUS_INVALID_PARAMETER, &at.string(u"Q:"), 1, &made, &bytes);
    at.status(STATUS_INVALID_SID, &at.string(u"O:QQ"), 1, &made, &bytes);
    at.status(STATUS_UNKNOWN_REVISION, &at.string(u"O:SY"), 2, &made, &bytes);
}

SAMPLE(SeConvertSecurityDescriptorToStringSecurityDescriptor)
{
    auto& text = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, words(at, u"O:SYG:BA"), 1, OWNER_SECURITY_INFORMATION, &text);
    EXPECT_EQ(rtl::view(text), u"O:SY");
    at.status(STATUS_UNKNOWN_REVISION, words(at, u"O:SYG:BA"), 2, OWNER_SECURITY_INFORMATION, &text);
}

// --- Tokens ---

SAMPLE(SeTokenType) { at.returns(TokenPrimary, system_token(at)); }

SAMPLE(SeTokenIsAdmin)
{
    at.returns(BOOLEAN { TRUE }, system_token(at));
    at.returns(BOOLEAN { FALSE }, (*state(at).make_primary(se::Account::User))->body);
}

SAMPLE(SeTokenIsRestricted)
{
    auto& groups = at.object<TOKEN_GROUPS>();
    groups = { 1, { { se::sids::world.pointer(), 0 } } };
    PACCESS_TOKEN restricted = nullptr;
    se::SeFilterToken(system_token(at), WRITE_RESTRICTED, nullptr, nullptr, &groups, &restricted);
    at.returns(BOOLEAN { TRUE }, restricted);
    at.returns(BOOLEAN { FALSE }, system_token(at));
}

SAMPLE(SeTokenIsWriteRestricted)
{
    auto& groups = at.object<TOKEN_GROUPS>();
    groups = { 1, { { se::sids::world.pointer(), 0 } } };
    PACCESS_TOKEN restricted = nullptr;
    se::SeFilterToken(system_token(at), WRITE_RESTRICTED, nullptr, nullptr, &groups, &restricted);
    at.returns(BOOLEAN { TRUE }, restricted);
    at.returns(BOOLEAN { FALSE }, system_token(at));
}

SAMPLE(SeTokenImpersonationLevel)
{
    impersonate_system(at);
    at.returns(SecurityImpersonation, state(at).impersonation(ke::kernel().current())->token);
}

SAMPLE(SeQueryAuthenticationIdToken)
{
    auto& id = at.object<LUID>();
    at.status(STATUS_SUCCESS, system_token(at), &id);
    EXPECT_EQ(id.LowPart, 0x3E7u);
}

SAMPLE(SeQuerySessionIdToken)
{
    auto& number = at.object<ULONG>();
    number = 9;
    at.status(STATUS_SUCCESS, system_token(at), &number);
    EXPECT_EQ(number, 0u);
}

SAMPLE(SeQueryInformationToken)
{
    auto& block = at.object<PVOID>();
    at.status(STATUS_SUCCESS, system_token(at), TokenUser, &block);
    EXPECT_EQ(rtl::sid_text(static_cast<TOKEN_USER*>(block)->User.Sid), u"S-1-5-18");
    at.status(STATUS_INVALID_INFO_CLASS, system_token(at), MaxTokenInfoClass, &block);
}

SAMPLE(SeFilterToken)
{
    auto& made = at.object<PACCESS_TOKEN>();
    at.status(STATUS_SUCCESS, system_token(at), DISABLE_MAX_PRIVILEGE, nullptr, nullptr, nullptr, &made);
    EXPECT_EQ(state(at).token_of(made)->privileges.size(), 1u);
    at.status(STATUS_INVALID_PARAMETER, system_token(at), 0x100, nullptr, nullptr, nullptr, &made);
}

SAMPLE(ZwQueryInformationToken)
{
    auto& needed = at.object<ULONG>();
    void* into = at.bytes(64);
    HANDLE const handle = token_handle();
    at.status(STATUS_SUCCESS, handle, TokenUser, into, 64, &needed);
    EXPECT_EQ(needed, 28u);
    at.status(STATUS_BUFFER_TOO_SMALL, handle, TokenUser, into, 8, &needed);
    at.status(STATUS_INVALID_INFO_CLASS, handle, MaxTokenInfoClass, into, 64, &needed);
    at.status(STATUS_INVALID_HANDLE, nullptr, TokenUser, into, 64, &needed);
}

SAMPLE(ZwSetInformationToken)
{
    auto& session = at.object<ULONG>();
    session = 3;
    HANDLE const handle = token_handle();
    at.status(STATUS_SUCCESS, handle, TokenSessionId, &session, sizeof session);
    EXPECT_EQ(state(at).token_of(system_token(at))->session, 3u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, TokenSessionId, &session, 2);
    at.status(STATUS_INVALID_INFO_CLASS, handle, TokenUser, &session, sizeof session);
    at.status(STATUS_INVALID_HANDLE, nullptr, TokenSessionId, &session, sizeof session);
}

SAMPLE(ZwDuplicateToken)
{
    auto& made = at.object<HANDLE>();
    HANDLE const handle = token_handle();
    at.status(STATUS_SUCCESS, handle, TOKEN_QUERY, nullptr, FALSE, TokenImpersonation, &made);
    EXPECT_NE(made, nullptr);
    at.status(STATUS_INVALID_PARAMETER, handle, TOKEN_QUERY, nullptr, FALSE, 7, &made);
    at.status(STATUS_INVALID_HANDLE, nullptr, TOKEN_QUERY, nullptr, FALSE, TokenPrimary, &made);
}

SAMPLE(ZwAdjustPrivilegesToken)
{
    auto& change = at.object<TOKEN_PRIVILEGES>();
    change = { 1, { { kBackup, SE_PRIVILEGE_ENABLED } } };
    HANDLE const handle = token_handle();
    at.status(STATUS_SUCCESS, handle, FALSE, &change, 0, nullptr, nullptr);
    EXPECT_TRUE(state(at).token_of(system_token(at))->has_enabled(SE_BACKUP_PRIVILEGE));
    change.Privileges[0].Luid.LowPart = 99;
    at.status(STATUS_NOT_ALL_ASSIGNED, handle, FALSE, &change, 0, nullptr, nullptr);
    at.status(STATUS_INVALID_PARAMETER, handle, FALSE, nullptr, 0, nullptr, nullptr);
}

// --- Processes and threads ---

SAMPLE(PsReferencePrimaryToken)
{
    uint32_t const before = ob::references(system_token(at));
    at.returns(system_token(at), process());
    EXPECT_EQ(ob::references(system_token(at)), before + 1);
}

SAMPLE(PsDereferencePrimaryToken)
{
    ob::reference(system_token(at));
    uint32_t const before = ob::references(system_token(at));
    at.call(system_token(at));
    EXPECT_EQ(ob::references(system_token(at)), before - 1);
}

SAMPLE(PsDereferenceImpersonationToken)
{
    ob::reference(system_token(at));
    uint32_t const before = ob::references(system_token(at));
    at.call(system_token(at));
    EXPECT_EQ(ob::references(system_token(at)), before - 1);
}

SAMPLE(PsReferenceImpersonationToken)
{
    auto& copy = at.object<BOOLEAN>();
    auto& effective = at.object<BOOLEAN>();
    auto& level = at.object<SECURITY_IMPERSONATION_LEVEL>();
    impersonate_system(at);
    at.returns(state(at).impersonation(ke::kernel().current())->token, self(), &copy, &effective, &level);
    EXPECT_EQ(level, SecurityImpersonation);
}

SAMPLE(PsReferenceEffectiveToken)
{
    auto& type = at.object<TOKEN_TYPE>();
    auto& effective = at.object<BOOLEAN>();
    auto& level = at.object<SECURITY_IMPERSONATION_LEVEL>();
    at.returns(system_token(at), self(), &type, &effective, &level);
    EXPECT_EQ(type, TokenPrimary);
}

SAMPLE(PsImpersonateClient)
{
    void* const user = (*state(at).make_primary(se::Account::User))->body;
    at.status(STATUS_SUCCESS, self(), user, FALSE, FALSE, SecurityImpersonation);
    EXPECT_EQ(state(at).effective(ke::kernel().current()).body, user);
    at.status(STATUS_SUCCESS, self(), nullptr, FALSE, FALSE, SecurityImpersonation);
    EXPECT_EQ(state(at).impersonation(ke::kernel().current()), nullptr);
}

SAMPLE(PsRevertToSelf)
{
    impersonate_system(at);
    at.call();
    EXPECT_EQ(state(at).impersonation(ke::kernel().current()), nullptr);
}

SAMPLE(PsIsThreadImpersonating)
{
    at.returns(BOOLEAN { FALSE }, self());
    impersonate_system(at);
    at.returns(BOOLEAN { TRUE }, self());
}

SAMPLE(PsDisableImpersonation)
{
    auto& aside = at.object<ps::ImpersonationState>();
    impersonate_system(at);
    at.returns(BOOLEAN { TRUE }, self(), &aside);
    EXPECT_NE(aside.Token, nullptr);
    at.returns(BOOLEAN { FALSE }, self(), &aside);
}

SAMPLE(PsRestoreImpersonation)
{
    auto& aside = at.object<ps::ImpersonationState>();
    impersonate_system(at);
    ps::PsDisableImpersonation(self(), &aside);
    at.call(self(), &aside);
    EXPECT_EQ(state(at).impersonation(ke::kernel().current())->token, aside.Token);
}

SAMPLE(ZwOpenProcessTokenEx)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, ob::current_process_handle(), TOKEN_QUERY, OBJ_KERNEL_HANDLE, &handle);
    EXPECT_EQ(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body, system_token(at));
    at.status(STATUS_INVALID_HANDLE, nullptr, TOKEN_QUERY, 0, &handle);
}

SAMPLE(ZwOpenThreadTokenEx)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_NO_TOKEN, ob::current_thread_handle(), TOKEN_QUERY, TRUE, OBJ_KERNEL_HANDLE, &handle);
    impersonate_system(at);
    at.status(STATUS_SUCCESS, ob::current_thread_handle(), TOKEN_QUERY, TRUE, OBJ_KERNEL_HANDLE, &handle);
    EXPECT_NE(handle, nullptr);
    at.status(STATUS_INVALID_HANDLE, nullptr, TOKEN_QUERY, TRUE, 0, &handle);
}

// --- Clients, logons, auditing ---

SAMPLE(SeCreateClientSecurity)
{
    auto& context = at.object<SECURITY_CLIENT_CONTEXT>();
    auto& qos = at.object<SECURITY_QUALITY_OF_SERVICE>();
    qos = { sizeof qos, SecurityImpersonation, 0, FALSE };
    at.status(STATUS_SUCCESS, self(), &qos, FALSE, &context);
    EXPECT_EQ(state(at).token_of(context.ClientToken)->level, SecurityImpersonation);
    impersonate_system(at);
    qos.ImpersonationLevel = SecurityDelegation;
    at.status(STATUS_BAD_IMPERSONATION_LEVEL, self(), &qos, FALSE, &context);
}

SAMPLE(SeCreateClientSecurityFromSubjectContext)
{
    auto& context = at.object<SECURITY_CLIENT_CONTEXT>();
    auto& qos = at.object<SECURITY_QUALITY_OF_SERVICE>();
    qos = { sizeof qos, SecurityImpersonation, 1, FALSE };
    at.status(STATUS_SUCCESS, &subject(at), &qos, FALSE, &context);
    EXPECT_EQ(context.ClientToken, system_token(at)) << "dynamic tracking: the token itself";
}

SAMPLE(SeImpersonateClientEx)
{
    auto& context = at.object<SECURITY_CLIENT_CONTEXT>();
    context.ClientToken = (*state(at).make_primary(se::Account::User))->body;
    context.SecurityQos.ImpersonationLevel = SecurityImpersonation;
    at.status(STATUS_SUCCESS, &context, nullptr);
    EXPECT_EQ(state(at).effective(ke::kernel().current()).body, context.ClientToken);
}

SAMPLE(SeMarkLogonSessionForTerminationNotification)
{
    auto& id = at.object<LUID>();
    id = se::kSystemLogon;
    at.status(STATUS_SUCCESS, &id);
    EXPECT_TRUE(state(at).sessions.begin()->second.marked);
    id.LowPart = 1;
    at.status(STATUS_NOT_FOUND, &id);
}

SAMPLE(SeRegisterLogonSessionTerminatedRoutine)
{
    at.status(STATUS_SUCCESS, at.bytes(16));
    EXPECT_EQ(state(at).logon_routines.size(), 1u);
    at.status(STATUS_INVALID_PARAMETER, nullptr);
}

SAMPLE(SeUnregisterLogonSessionTerminatedRoutine)
{
    auto routine = reinterpret_cast<se::LogonRoutine>(at.bytes(16));
    se::SeRegisterLogonSessionTerminatedRoutine(routine);
    at.status(STATUS_SUCCESS, routine);
    EXPECT_EQ(state(at).logon_routines.size(), 0u);
    at.status(STATUS_NOT_FOUND, routine);
    at.status(STATUS_INVALID_PARAMETER, nullptr);
}

SAMPLE(SeOpenObjectAuditAlarm)
{
    auto& on_close = at.object<BOOLEAN>();
    on_close = TRUE;
    at.call(nullptr, nullptr, nullptr, nullptr, nullptr, FALSE, TRUE, KernelMode, &on_close);
    EXPECT_FALSE(on_close);
}

SAMPLE(SeOpenObjectForDeleteAuditAlarm)
{
    auto& on_close = at.object<BOOLEAN>();
    on_close = TRUE;
    at.call(nullptr, nullptr, nullptr, nullptr, nullptr, FALSE, TRUE, KernelMode, &on_close);
    EXPECT_FALSE(on_close);
}

SAMPLE(SeImpersonateClient)
{
    auto& context = at.object<SECURITY_CLIENT_CONTEXT>();
    context.ClientToken = (*state(at).make_primary(se::Account::User))->body;
    context.SecurityQos.ImpersonationLevel = SecurityImpersonation;
    at.call(&context, nullptr);
    EXPECT_EQ(state(at).effective(ke::kernel().current()).body, context.ClientToken);
}

SAMPLE_OF_NOTHING(SeAuditingHardLinkEvents, "nothing is audited: FALSE is the answer")
{
    at.returns(BOOLEAN { FALSE }, TRUE, nullptr);
}
SAMPLE_OF_NOTHING(SeAuditHardLinkCreation, "nothing is audited")
{
    at.call(&at.string(u"a"), &at.string(u"b"), TRUE);
}
SAMPLE(ZwAllocateLocallyUniqueId)
{
    auto* ids = static_cast<LUID*>(at.bytes(2 * sizeof(LUID)));
    at.status(STATUS_SUCCESS, ids);
    at.status(STATUS_SUCCESS, ids + 1);
    EXPECT_GE(ids[0].LowPart, 1001u) << "those below are fixed ones";
    EXPECT_NE(ids[0].LowPart, ids[1].LowPart);
}
CLIENT_SAMPLE(NtAllocateLocallyUniqueId)
{
    auto* ids = static_cast<LUID*>(at.user_bytes(2 * sizeof(LUID)));
    at.status(STATUS_SUCCESS, ids);
    at.status(STATUS_SUCCESS, ids + 1);
    EXPECT_NE(ids[0].LowPart, ids[1].LowPart);
    at.status(STATUS_ACCESS_VIOLATION, &at.object<LUID>());
}
SAMPLE_OF_NOTHING(SeAuditingFileEvents, "nothing is audited: FALSE is the answer")
{
    at.returns(BOOLEAN { FALSE }, TRUE, nullptr);
}

SAMPLE_OF_NOTHING(SeAuditingFileOrGlobalEvents, "nothing is audited: FALSE is the answer")
{
    at.returns(BOOLEAN { FALSE }, TRUE, nullptr, nullptr);
}

SAMPLE_OF_NOTHING(SeDeleteObjectAuditAlarm, "nothing is audited: there is nothing to log")
{
    at.call(ke::kernel().current().guest, nullptr);
}

SAMPLE_OF_NOTHING(SeLockSubjectContext, "tokens change between schedule points only: there is nothing to keep out")
{
    at.call(&subject(at));
}

SAMPLE_OF_NOTHING(SeUnlockSubjectContext, "tokens change between schedule points only: there is nothing to keep out")
{
    at.call(&subject(at));
}

SAMPLE(SeFreePrivileges)
{
    auto* set = static_cast<PRIVILEGE_SET*>(ex::allocate(PagedPool, sizeof(PRIVILEGE_SET), 'rPeS', ex::Owner::Driver, true));
    size_t const before = ex::driver_blocks();
    at.call(set);
    EXPECT_EQ(ex::driver_blocks(), before - 1);
}

SAMPLE(ObReleaseObjectSecurity)
{
    PSECURITY_DESCRIPTOR made = nullptr;
    BOOLEAN allocated = FALSE;
    se::ObGetObjectSecurity(ke::kernel().current().guest, &made, &allocated);
    at.call(made, allocated);
    EXPECT_FALSE(static_cast<uint8_t*>(made)[0] == 1 && text_of(made) == u"O:BAG:SYD:(A;;0x1fffff;;;SY)(A;;0x120048;;;BA)")
        << "the block is free";
}

SAMPLE(SeTokenSetNoChildProcessRestricted)
{
    at.status(STATUS_SUCCESS, system_token(at), TRUE, FALSE);
    EXPECT_TRUE(state(at).token_of(system_token(at))->no_child_process);
    at.status(STATUS_INVALID_PARAMETER, system_token(at), TRUE, TRUE);
    at.status(STATUS_INVALID_PARAMETER, system_token(at), FALSE, TRUE);
}

SAMPLE(SeTokenGetNoChildProcessRestricted)
{
    auto* answers = static_cast<BOOLEAN*>(at.bytes(3));
    se::SeTokenSetNoChildProcessRestricted(system_token(at), TRUE, FALSE);
    at.call(system_token(at), answers, answers + 1, answers + 2);
    EXPECT_TRUE(answers[0] && answers[1] && !answers[2]);
}

SAMPLE(SeTokenIsNoChildProcessRestrictionEnforced)
{
    auto& unless_secure = at.object<BOOLEAN>();
    at.returns(BOOLEAN { FALSE }, system_token(at), &unless_secure);
    se::SeTokenSetNoChildProcessRestricted(system_token(at), TRUE, FALSE);
    at.returns(BOOLEAN { TRUE }, system_token(at), &unless_secure);
    EXPECT_TRUE(unless_secure);
}

SAMPLE(PsRevertThreadToSelf)
{
    impersonate_system(at);
    at.call(self());
    EXPECT_EQ(state(at).impersonation(ke::kernel().current()), nullptr);
}

SAMPLE(PsAssignImpersonationToken)
{
    at.status(STATUS_BAD_TOKEN_TYPE, self(), token_handle());
    HANDLE copy = nullptr;
    se::duplicate_token(token_handle(), TOKEN_ALL_ACCESS, nullptr, FALSE, TokenImpersonation, &copy, KernelMode);
    at.status(STATUS_SUCCESS, self(), copy);
    EXPECT_NE(state(at).impersonation(ke::kernel().current()), nullptr);
    at.status(STATUS_SUCCESS, self(), nullptr);
    EXPECT_EQ(state(at).impersonation(ke::kernel().current()), nullptr);
}

SAMPLE(ZwOpenProcessToken)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, ob::current_process_handle(), TOKEN_QUERY, &handle);
    EXPECT_EQ(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body, system_token(at));
}

SAMPLE(NtOpenProcessToken)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, ob::current_process_handle(), TOKEN_QUERY, &handle);
    EXPECT_EQ(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body, system_token(at));
    at.status(STATUS_INVALID_HANDLE, nullptr, TOKEN_QUERY, &handle);
}

// A client asks for more of its own token than the token's list gives it.
CLIENT_SAMPLE(NtOpenProcessTokenEx)
{
    auto* handle = static_cast<HANDLE*>(at.user_bytes(8));
    at.status(STATUS_SUCCESS, ob::current_process_handle(), TOKEN_QUERY, 0, handle);
    EXPECT_EQ(ob::resolve_handle(ob::current_process(), *handle, UserMode)->granted, TOKEN_QUERY);
    at.status(STATUS_PRIVILEGE_NOT_HELD, ob::current_process_handle(), ACCESS_SYSTEM_SECURITY, 0, handle);
}

SAMPLE(ZwOpenThreadToken)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_NO_TOKEN, ob::current_thread_handle(), TOKEN_QUERY, TRUE, &handle);
    impersonate_system(at);
    at.status(STATUS_SUCCESS, ob::current_thread_handle(), TOKEN_QUERY, TRUE, &handle);
    EXPECT_NE(handle, nullptr);
}

SAMPLE(NtOpenThreadToken)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_NO_TOKEN, ob::current_thread_handle(), TOKEN_QUERY, TRUE, &handle);
    impersonate_system(at);
    at.status(STATUS_SUCCESS, ob::current_thread_handle(), TOKEN_QUERY, TRUE, &handle);
    EXPECT_NE(handle, nullptr);
}

SAMPLE(NtOpenThreadTokenEx)
{
    auto& handle = at.object<HANDLE>();
    at.status(STATUS_NO_TOKEN, ob::current_thread_handle(), TOKEN_QUERY, TRUE, 0, &handle);
    impersonate_system(at);
    state(at).impersonate(ke::kernel().current(),
                          { (*state(at).make_primary(se::Account::User))->body, SecurityAnonymous });
    at.status(STATUS_CANT_OPEN_ANONYMOUS, ob::current_thread_handle(), TOKEN_QUERY, TRUE, 0, &handle);
}

SAMPLE(NtQueryInformationToken)
{
    auto& needed = at.object<ULONG>();
    void* into = at.bytes(64);
    at.status(STATUS_SUCCESS, token_handle(), TokenUser, into, 64, &needed);
    EXPECT_EQ(needed, 28u);
    at.status(STATUS_BUFFER_TOO_SMALL, token_handle(), TokenUser, into, 8, &needed);
}

SAMPLE(NtSetInformationToken)
{
    auto& number = at.object<ULONG>();
    number = 3;
    at.status(STATUS_SUCCESS, token_handle(), TokenSessionId, &number, sizeof number);
    EXPECT_EQ(state(at).token_of(system_token(at))->session, 3u);
}

SAMPLE(NtDuplicateToken)
{
    auto& made = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, token_handle(), TOKEN_QUERY, nullptr, FALSE, TokenImpersonation, &made);
    EXPECT_NE(made, nullptr);
}

SAMPLE(NtAdjustPrivilegesToken)
{
    auto& change = at.object<TOKEN_PRIVILEGES>();
    change = { 1, { { kBackup, SE_PRIVILEGE_ENABLED } } };
    at.status(STATUS_SUCCESS, token_handle(), FALSE, &change, 0, nullptr, nullptr);
    EXPECT_TRUE(state(at).token_of(system_token(at))->has_enabled(SE_BACKUP_PRIVILEGE));
}

SAMPLE(NtSetSecurityObject)
{
    HANDLE const handle = event_handle();
    at.status(STATUS_SUCCESS, handle, DACL_SECURITY_INFORMATION, words(at, u"D:"));
    EXPECT_TRUE(se::object_descriptor(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body).has_value());
}

SAMPLE(NtQuerySecurityObject)
{
    auto& needed = at.object<ULONG>();
    HANDLE const handle = event_handle();
    se::set_security_object(handle, DACL_SECURITY_INFORMATION, words(at, u"D:"), KernelMode);
    void* into = at.bytes(64);
    at.status(STATUS_SUCCESS, handle, DACL_SECURITY_INFORMATION, into, 64, &needed);
    EXPECT_EQ(text_of(into), u"D:");
}
