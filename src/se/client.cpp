// SPDX-License-Identifier: MIT
// A server acts for its clients: a client's security is taken down in a context, and a thread then impersonates it.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-secreateclientsecurity
#include "ke/kernel.h"
#include "ob/capture.h"
#include "se/ddi.h"

namespace ringside::se {

using ob::get;
using ob::put;

namespace {

ke::Thread& thread_or_self(PETHREAD thread)
{
    if (!thread)
        return ke::kernel().current();
    if (ke::Thread* found = ke::kernel().thread_of(reinterpret_cast<PKTHREAD>(thread)))
        return *found;
    uint64_t probe;
    ke::copy_or_raise(&probe, thread, sizeof probe);
    ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(ob::thread_type.guest),
                  reinterpret_cast<uint64_t>(thread), 0, 0, "a pointer that is no thread was used as one");
}

NTSTATUS create_context(Token& token, bool impersonating, SECURITY_IMPERSONATION_LEVEL level, bool effective_only,
                        SECURITY_QUALITY_OF_SERVICE* qos, BOOLEAN remote, SECURITY_CLIENT_CONTEXT* context)
{
    SECURITY_CLIENT_CONTEXT made {};
    made.SecurityQos = get(qos);
    SECURITY_IMPERSONATION_LEVEL const wanted = made.SecurityQos.ImpersonationLevel;
    if (wanted < SecurityAnonymous || wanted > SecurityDelegation)
        return STATUS_INVALID_PARAMETER;
    if (impersonating) {
        if (wanted > level || level < SecurityImpersonation || (remote && level != SecurityDelegation))
            return STATUS_BAD_IMPERSONATION_LEVEL;
    }
    made.ServerIsRemote = remote;
    made.SecurityQos.EffectiveOnly = made.SecurityQos.EffectiveOnly || effective_only;
    if (made.SecurityQos.ContextTrackingMode && !remote) { // SECURITY_DYNAMIC_TRACKING
        made.DirectlyAccessClientToken = TRUE;
        made.DirectAccessEffectiveOnly = made.SecurityQos.EffectiveOnly;
        made.ClientToken = token.body;
        ob::reference(token.body);
    } else {
        auto copy = duplicate(token, TokenImpersonation, wanted, made.SecurityQos.EffectiveOnly);
        if (!copy.ok())
            return copy.status();
        made.ClientToken = (*copy)->body;
    }
    Token const& kept = *security().token_of(made.ClientToken);
    made.ClientTokenControl = { kept.id, kept.authentication_id, kept.modified_id, kept.source };
    put(context, made);
    return STATUS_SUCCESS;
}

} // namespace

NTSTATUS SeCreateClientSecurity(PETHREAD thread, SECURITY_QUALITY_OF_SERVICE* qos, BOOLEAN remote,
                                SECURITY_CLIENT_CONTEXT* context)
{
    ke::Thread& client = thread_or_self(thread);
    Impersonation const* with = security().impersonation(client);
    return create_context(security().effective(client), with, with ? with->level : SecurityDelegation,
                          with && with->effective_only, qos, remote, context);
}

NTSTATUS SeCreateClientSecurityFromSubjectContext(SECURITY_SUBJECT_CONTEXT* subject, SECURITY_QUALITY_OF_SERVICE* qos,
                                                  BOOLEAN remote, SECURITY_CLIENT_CONTEXT* context)
{
    SECURITY_SUBJECT_CONTEXT const who = get(subject);
    Token& token = required_token(who.ClientToken ? who.ClientToken : who.PrimaryToken);
    return create_context(token, who.ClientToken, who.ImpersonationLevel, false, qos, remote, context);
}

// Whoever lacks SeImpersonatePrivilege may impersonate himself and nobody above him: another's token is only looked at.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-psimpersonateclient
NTSTATUS impersonate(ke::Thread& thread, void* token, bool copy_on_open, bool effective_only,
                     SECURITY_IMPERSONATION_LEVEL level)
{
    Security& s = security();
    if (!token) {
        s.impersonate(thread, {});
        return STATUS_SUCCESS;
    }
    Token& client = required_token(token);
    if (level < SecurityAnonymous || level > SecurityDelegation)
        return STATUS_INVALID_PARAMETER;
    if (client.type == TokenImpersonation && level > client.level)
        level = client.level;
    Token const& server = *s.token_of(s.primary(*thread.process));
    bool const may = server.has_enabled(SE_IMPERSONATE_PRIVILEGE) || level < SecurityImpersonation
        || same(client.authentication_id, kAnonymousLogon)
        || (client.user.sid == server.user.sid && client.is_restricted() == server.is_restricted()
            && client.integrity <= server.integrity);
    if (may) {
        ob::reference(token);
        s.impersonate(thread, { token, level, copy_on_open, effective_only });
        return STATUS_SUCCESS;
    }
    auto copy = duplicate(client, TokenImpersonation, SecurityIdentification, effective_only);
    if (!copy.ok())
        return STATUS_NO_MEMORY;
    s.impersonate(thread, { (*copy)->body, SecurityIdentification, copy_on_open, effective_only });
    return STATUS_SUCCESS;
}

NTSTATUS SeImpersonateClientEx(SECURITY_CLIENT_CONTEXT* context, PETHREAD thread)
{
    SECURITY_CLIENT_CONTEXT const c = get(context);
    bool const effective_only
        = c.DirectlyAccessClientToken ? c.DirectAccessEffectiveOnly != 0 : c.SecurityQos.EffectiveOnly != 0;
    return impersonate(thread_or_self(thread), c.ClientToken, c.DirectlyAccessClientToken != 0, effective_only,
                       c.SecurityQos.ImpersonationLevel);
}

void SeImpersonateClient(SECURITY_CLIENT_CONTEXT* context, PETHREAD thread)
{
    static_cast<void>(SeImpersonateClientEx(context, thread));
}

} // namespace ringside::se
