// SPDX-License-Identifier: MIT
// Tokens of processes and threads as drivers ask for them.
#pragma once

#include "base/contract.h"
#include "nt/nt.h"

#include <span>

namespace ringside::ps {

std::span<Ddi const> token_rows();

struct ImpersonationState { // SE_IMPERSONATION_STATE
    nt::PACCESS_TOKEN Token;
    nt::BOOLEAN CopyOnOpen;
    nt::BOOLEAN EffectiveOnly;
    nt::SECURITY_IMPERSONATION_LEVEL Level;
};
static_assert(sizeof(ImpersonationState) == 16);

void SeCaptureSubjectContextEx(nt::PETHREAD thread, nt::PEPROCESS process, nt::SECURITY_SUBJECT_CONTEXT* subject);
nt::PACCESS_TOKEN PsReferencePrimaryToken(nt::PEPROCESS process);
void PsDereferencePrimaryToken(nt::PACCESS_TOKEN token);
nt::PACCESS_TOKEN PsReferenceImpersonationToken(nt::PETHREAD thread, nt::BOOLEAN* copy_on_open,
                                                nt::BOOLEAN* effective_only, nt::SECURITY_IMPERSONATION_LEVEL* level);
nt::PACCESS_TOKEN PsReferenceEffectiveToken(nt::PETHREAD thread, nt::TOKEN_TYPE* type, nt::BOOLEAN* effective_only,
                                            nt::SECURITY_IMPERSONATION_LEVEL* level);
nt::NTSTATUS PsImpersonateClient(nt::PETHREAD thread, nt::PACCESS_TOKEN token, nt::BOOLEAN copy_on_open,
                                 nt::BOOLEAN effective_only, nt::SECURITY_IMPERSONATION_LEVEL level);
void PsRevertToSelf();
nt::BOOLEAN PsDisableImpersonation(nt::PETHREAD thread, ImpersonationState* state);
void PsRestoreImpersonation(nt::PETHREAD thread, ImpersonationState* state);
nt::NTSTATUS open_process_token(nt::HANDLE process, nt::ACCESS_MASK desired, nt::ULONG attributes, nt::HANDLE* token,
                                nt::KPROCESSOR_MODE mode);
nt::NTSTATUS open_thread_token(nt::HANDLE thread, nt::ACCESS_MASK desired, nt::BOOLEAN as_self, nt::ULONG attributes,
                               nt::HANDLE* token, nt::KPROCESSOR_MODE mode);

} // namespace ringside::ps
