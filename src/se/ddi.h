// SPDX-License-Identifier: MIT
// The room's contract rows, and the bodies behind them that other rooms and tests call by name.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"
#include "nt/token_information.h"
#include "se/security.h"

#include <span>

namespace ringside::se {

std::span<Ddi const> ddi_rows();

// Subjects and checks (subject.cpp)
void SeCaptureSubjectContext(SECURITY_SUBJECT_CONTEXT* subject);
// Both tokens are referenced; the thread may be null.
SECURITY_SUBJECT_CONTEXT capture_subject(ke::Thread const* thread, ke::Process const& process);
void SeLockSubjectContext(SECURITY_SUBJECT_CONTEXT* subject);
void SeUnlockSubjectContext(SECURITY_SUBJECT_CONTEXT* subject);
void SeReleaseSubjectContext(SECURITY_SUBJECT_CONTEXT* subject);
BOOLEAN SeAccessCheck(PSECURITY_DESCRIPTOR descriptor, SECURITY_SUBJECT_CONTEXT* subject, BOOLEAN locked,
                      ACCESS_MASK desired, ACCESS_MASK previously, PRIVILEGE_SET** privileges, GENERIC_MAPPING* mapping,
                      KPROCESSOR_MODE mode, ACCESS_MASK* granted, NTSTATUS* status);
BOOLEAN SePrivilegeCheck(PRIVILEGE_SET* required, SECURITY_SUBJECT_CONTEXT* subject, KPROCESSOR_MODE mode);
BOOLEAN SeSinglePrivilegeCheck(LUID privilege, KPROCESSOR_MODE mode);
NTSTATUS NtPrivilegeCheck(HANDLE token, PRIVILEGE_SET* required, BOOLEAN* result);
NTSTATUS SeAppendPrivileges(ACCESS_STATE* state, PRIVILEGE_SET* privileges);
void SeFreePrivileges(PRIVILEGE_SET* privileges);
NTSTATUS SeCreateAccessState(ACCESS_STATE* state, void* aux, ACCESS_MASK desired, GENERIC_MAPPING* mapping);
void SeDeleteAccessState(ACCESS_STATE* state);
void SeSetAccessStateGenericMapping(ACCESS_STATE* state, GENERIC_MAPPING* mapping);

// Descriptors (descriptor_ddi.cpp)
NTSTATUS SeAssignSecurity(PSECURITY_DESCRIPTOR parent, PSECURITY_DESCRIPTOR given, PSECURITY_DESCRIPTOR* made,
                          BOOLEAN container, SECURITY_SUBJECT_CONTEXT* subject, GENERIC_MAPPING* mapping,
                          POOL_TYPE pool);
NTSTATUS SeAssignSecurityEx(PSECURITY_DESCRIPTOR parent, PSECURITY_DESCRIPTOR given, PSECURITY_DESCRIPTOR* made,
                            GUID* object_type, BOOLEAN container, ULONG auto_inherit, SECURITY_SUBJECT_CONTEXT* subject,
                            GENERIC_MAPPING* mapping, POOL_TYPE pool);
NTSTATUS SeDeassignSecurity(PSECURITY_DESCRIPTOR* descriptor);
BOOLEAN SeValidSecurityDescriptor(ULONG bytes, PSECURITY_DESCRIPTOR descriptor);
NTSTATUS SeQuerySecurityDescriptorInfo(SECURITY_INFORMATION* information, PSECURITY_DESCRIPTOR into, ULONG* bytes,
                                       PSECURITY_DESCRIPTOR* object);
NTSTATUS SeSetSecurityDescriptorInfo(PVOID object, SECURITY_INFORMATION* information, PSECURITY_DESCRIPTOR from,
                                     PSECURITY_DESCRIPTOR* descriptor, POOL_TYPE pool, GENERIC_MAPPING* mapping);
NTSTATUS SeSetSecurityDescriptorInfoEx(PVOID object, SECURITY_INFORMATION* information, PSECURITY_DESCRIPTOR from,
                                       PSECURITY_DESCRIPTOR* descriptor, ULONG auto_inherit, POOL_TYPE pool,
                                       GENERIC_MAPPING* mapping);
NTSTATUS SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR from, KPROCESSOR_MODE mode, POOL_TYPE pool,
                                     BOOLEAN capture_if_kernel, PSECURITY_DESCRIPTOR* captured);
NTSTATUS SeReleaseSecurityDescriptor(PSECURITY_DESCRIPTOR captured, KPROCESSOR_MODE mode, BOOLEAN capture_if_kernel);
NTSTATUS ObGetObjectSecurity(PVOID object, PSECURITY_DESCRIPTOR* descriptor, BOOLEAN* allocated);
void ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR descriptor, BOOLEAN allocated);
NTSTATUS ObSetSecurityObjectByPointer(PVOID object, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR descriptor);
NTSTATUS query_security_object(HANDLE handle, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR into, ULONG bytes,
                               ULONG* needed, KPROCESSOR_MODE mode);
NTSTATUS set_security_object(HANDLE handle, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR descriptor,
                             KPROCESSOR_MODE mode);

// Text (sddl_ddi.cpp)
NTSTATUS SeConvertStringSecurityDescriptorToSecurityDescriptor(UNICODE_STRING* text, ULONG revision,
                                                               PSECURITY_DESCRIPTOR* descriptor, ULONG* bytes);
NTSTATUS SeConvertSecurityDescriptorToStringSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision,
                                                               SECURITY_INFORMATION information, UNICODE_STRING* text);

// Tokens (token_ddi.cpp, token_information.cpp)
TOKEN_TYPE SeTokenType(PACCESS_TOKEN token);
SECURITY_IMPERSONATION_LEVEL SeTokenImpersonationLevel(PACCESS_TOKEN token);
BOOLEAN SeTokenIsAdmin(PACCESS_TOKEN token);
BOOLEAN SeTokenIsRestricted(PACCESS_TOKEN token);
BOOLEAN SeTokenIsWriteRestricted(PACCESS_TOKEN token);
NTSTATUS SeQueryAuthenticationIdToken(PACCESS_TOKEN token, LUID* id);
NTSTATUS SeQuerySessionIdToken(PACCESS_TOKEN token, ULONG* session);
NTSTATUS SeQueryInformationToken(PACCESS_TOKEN token, TOKEN_INFORMATION_CLASS what, PVOID* information);
NTSTATUS SeFilterToken(PACCESS_TOKEN token, ULONG flags, TOKEN_GROUPS* disable, TOKEN_PRIVILEGES* remove,
                       TOKEN_GROUPS* restrict, PACCESS_TOKEN* filtered);
NTSTATUS SeTokenSetNoChildProcessRestricted(PACCESS_TOKEN token, BOOLEAN unless_secure, BOOLEAN audit_only);
void SeTokenGetNoChildProcessRestricted(PACCESS_TOKEN token, BOOLEAN* enforced, BOOLEAN* unless_secure,
                                        BOOLEAN* audit_only);
BOOLEAN SeTokenIsNoChildProcessRestrictionEnforced(PACCESS_TOKEN token, BOOLEAN* unless_secure);
NTSTATUS query_token(HANDLE handle, TOKEN_INFORMATION_CLASS what, PVOID into, ULONG bytes, ULONG* needed,
                     KPROCESSOR_MODE mode);
NTSTATUS set_token(HANDLE handle, TOKEN_INFORMATION_CLASS what, PVOID from, ULONG bytes, KPROCESSOR_MODE mode);
NTSTATUS duplicate_token(HANDLE handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, BOOLEAN effective_only,
                         TOKEN_TYPE type, HANDLE* made, KPROCESSOR_MODE mode);
NTSTATUS adjust_privileges(HANDLE handle, BOOLEAN disable_all, TOKEN_PRIVILEGES* change, ULONG bytes,
                           TOKEN_PRIVILEGES* before, ULONG* needed, KPROCESSOR_MODE mode);
// A copy as a token of this kind. STATUS_BAD_IMPERSONATION_LEVEL, STATUS_INSUFFICIENT_RESOURCES.
Result<Token*> duplicate(Token const& token, TOKEN_TYPE type, SECURITY_IMPERSONATION_LEVEL level, bool effective_only);

// Clients of a server (client.cpp)
NTSTATUS SeCreateClientSecurity(PETHREAD thread, SECURITY_QUALITY_OF_SERVICE* qos, BOOLEAN remote,
                                SECURITY_CLIENT_CONTEXT* context);
NTSTATUS SeCreateClientSecurityFromSubjectContext(SECURITY_SUBJECT_CONTEXT* subject, SECURITY_QUALITY_OF_SERVICE* qos,
                                                  BOOLEAN remote, SECURITY_CLIENT_CONTEXT* context);
void SeImpersonateClient(SECURITY_CLIENT_CONTEXT* context, PETHREAD thread);
NTSTATUS SeImpersonateClientEx(SECURITY_CLIENT_CONTEXT* context, PETHREAD thread);
NTSTATUS impersonate(ke::Thread& thread, void* token, bool copy_on_open, bool effective_only,
                     SECURITY_IMPERSONATION_LEVEL level);

// Logon sessions and auditing (logon.cpp)
NTSTATUS SeMarkLogonSessionForTerminationNotification(LUID* logon);
NTSTATUS SeRegisterLogonSessionTerminatedRoutine(LogonRoutine routine);
NTSTATUS SeUnregisterLogonSessionTerminatedRoutine(LogonRoutine routine);
NTSTATUS SeEtwWriteKMCveEvent(UNICODE_STRING* cve, UNICODE_STRING* details);

} // namespace ringside::se
