// SPDX-License-Identifier: MIT
#include "se/security.h"

#include "base/check.h"
#include "ke/door.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "ob/object.h"
#include "se/object_security.h"

namespace ringside::se {

Security* g_security = nullptr;

namespace {

uint64_t key_of(LUID luid) { return static_cast<uint64_t>(static_cast<uint32_t>(luid.HighPart)) << 32 | luid.LowPart; }

// @cite(win32): page=services/localsystem-account
Token system_model()
{
    constexpr ULONG kOn = SE_PRIVILEGE_ENABLED | SE_PRIVILEGE_ENABLED_BY_DEFAULT;
    Token t;
    t.authentication_id = kSystemLogon;
    t.user = { sids::local_system, 0 };
    t.groups = { { sids::administrators, SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED | SE_GROUP_OWNER },
                 { sids::world, SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED },
                 { sids::authenticated_users, SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED } };
    t.privileges = { { SE_CREATE_TOKEN_PRIVILEGE, 0 },
                     { SE_ASSIGNPRIMARYTOKEN_PRIVILEGE, 0 },
                     { SE_LOCK_MEMORY_PRIVILEGE, kOn },
                     { SE_INCREASE_QUOTA_PRIVILEGE, 0 },
                     { SE_TCB_PRIVILEGE, kOn },
                     { SE_SECURITY_PRIVILEGE, 0 },
                     { SE_TAKE_OWNERSHIP_PRIVILEGE, 0 },
                     { SE_LOAD_DRIVER_PRIVILEGE, 0 },
                     { SE_SYSTEM_PROFILE_PRIVILEGE, kOn },
                     { SE_SYSTEMTIME_PRIVILEGE, 0 },
                     { SE_PROF_SINGLE_PROCESS_PRIVILEGE, kOn },
                     { SE_INC_BASE_PRIORITY_PRIVILEGE, kOn },
                     { SE_CREATE_PAGEFILE_PRIVILEGE, kOn },
                     { SE_CREATE_PERMANENT_PRIVILEGE, kOn },
                     { SE_BACKUP_PRIVILEGE, 0 },
                     { SE_RESTORE_PRIVILEGE, 0 },
                     { SE_SHUTDOWN_PRIVILEGE, 0 },
                     { SE_DEBUG_PRIVILEGE, kOn },
                     { SE_AUDIT_PRIVILEGE, kOn },
                     { SE_SYSTEM_ENVIRONMENT_PRIVILEGE, 0 },
                     { SE_CHANGE_NOTIFY_PRIVILEGE, kOn },
                     { SE_UNDOCK_PRIVILEGE, 0 },
                     { SE_MANAGE_VOLUME_PRIVILEGE, 0 },
                     { SE_IMPERSONATE_PRIVILEGE, kOn },
                     { SE_CREATE_GLOBAL_PRIVILEGE, kOn },
                     { SE_INC_WORKING_SET_PRIVILEGE, kOn },
                     { SE_TIME_ZONE_PRIVILEGE, kOn },
                     { SE_CREATE_SYMBOLIC_LINK_PRIVILEGE, kOn } };
    t.owner = sids::administrators;
    t.primary_group = sids::local_system;
    t.default_dacl.emplace();
    t.default_dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, sids::local_system);
    t.default_dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, READ_CONTROL | GENERIC_READ | GENERIC_EXECUTE,
                        sids::administrators);
    std::memcpy(t.source.SourceName, "*SYSTEM*", sizeof t.source.SourceName);
    t.integrity = kSystemIntegrity;
    t.origin = kSystemLogon;
    return t;
}

} // namespace

Security::Security()
{
    CHECK(!g_security, "one machine is live per process at a time");
    g_security = this;
    ob::token_type.deleted = token_deleted;
    write_exports();
    auto made = make(system_model());
    CHECK(made.ok(), "physical memory is too small to boot");
    m_system = (*made)->body;
    hook_objects();
}

Security::~Security()
{
    unhook_objects();
    ob::token_type.deleted = nullptr;
    g_security = nullptr;
}

LUID Security::next_luid()
{
    uint64_t const value = m_next_luid++;
    return { static_cast<ULONG>(value), static_cast<LONG>(value >> 32) };
}

Token* Security::token_of(void const* body)
{
    if (ob::type_of(const_cast<void*>(body)) != &ob::token_type)
        return nullptr;
    auto it = m_tokens.find(ob::number_of(const_cast<void*>(body)));
    return it == m_tokens.end() ? nullptr : it->second.get();
}

Result<Token*> Security::make(Token const& model)
{
    void* body = TRY(ob::create(ob::token_type, kTokenBytes, kTokenTag));
    auto token = std::make_unique<Token>(model);
    token->body = body;
    token->id = next_luid();
    token->modified_id = next_luid();
    ++sessions[key_of(token->authentication_id)].tokens;
    Token* made = token.get();
    m_tokens.emplace(ob::number_of(body), std::move(token));
    if (auto secured = assign_default(body, *made); !secured.ok()) {
        ob::dereference(body);
        return secured.failure();
    }
    return made;
}

// The account's own SIDs are the machine's; the relative ids are those of the first accounts that a setup makes.
Token Security::client_model(Account account, LUID session)
{
    constexpr ULONG kOn = SE_PRIVILEGE_ENABLED | SE_PRIVILEGE_ENABLED_BY_DEFAULT;
    constexpr ULONG kMember = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;
    bool const elevated = account == Account::Administrator;
    bool const user = account == Account::User;
    auto local = [](ULONG rid) { return Sid { 5, { 21, 1004336348, 1177238915, 682003330, rid } }; };
    Token t;
    t.authentication_id = session;
    t.origin = kSystemLogon;
    t.user = { local(user ? 1002 : 1001), 0 };
    t.groups = { { local(513), kMember }, { sids::world, kMember } };
    if (!user) {
        ULONG const attributes = elevated ? kMember | SE_GROUP_OWNER : SE_GROUP_USE_FOR_DENY_ONLY;
        t.groups.push_back({ Sid { 5, { 114 } }, elevated ? kMember : SE_GROUP_USE_FOR_DENY_ONLY });
        t.groups.push_back({ sids::administrators, attributes });
    }
    for (Sid const& sid : { sids::users, Sid { 5, { 4 } }, Sid { 2, { 1 } }, sids::authenticated_users,
                            Sid { 5, { 15 } }, Sid { 5, { 113 } } })
        t.groups.push_back({ sid, kMember });
    t.groups.push_back(
        { Sid { 5, { 5, static_cast<ULONG>(session.HighPart), session.LowPart } }, kMember | SE_GROUP_LOGON_ID });
    t.groups.push_back({ Sid { 2, { 0 } }, kMember });
    t.groups.push_back({ Sid { 5, { 64, 10 } }, kMember });
    if (elevated)
        for (ULONG number : { SE_INCREASE_QUOTA_PRIVILEGE, SE_SECURITY_PRIVILEGE, SE_TAKE_OWNERSHIP_PRIVILEGE,
                              SE_LOAD_DRIVER_PRIVILEGE, SE_SYSTEM_PROFILE_PRIVILEGE, SE_SYSTEMTIME_PRIVILEGE,
                              SE_PROF_SINGLE_PROCESS_PRIVILEGE, SE_INC_BASE_PRIORITY_PRIVILEGE,
                              SE_CREATE_PAGEFILE_PRIVILEGE, SE_BACKUP_PRIVILEGE, SE_RESTORE_PRIVILEGE })
            t.privileges.push_back({ number, 0 });
    t.privileges.push_back({ SE_SHUTDOWN_PRIVILEGE, 0 });
    if (elevated) {
        t.privileges.push_back({ SE_DEBUG_PRIVILEGE, 0 });
        t.privileges.push_back({ SE_SYSTEM_ENVIRONMENT_PRIVILEGE, 0 });
    }
    t.privileges.push_back({ SE_CHANGE_NOTIFY_PRIVILEGE, kOn });
    if (elevated)
        t.privileges.push_back({ SE_REMOTE_SHUTDOWN_PRIVILEGE, 0 });
    t.privileges.push_back({ SE_UNDOCK_PRIVILEGE, 0 });
    if (elevated) {
        t.privileges.push_back({ SE_MANAGE_VOLUME_PRIVILEGE, 0 });
        t.privileges.push_back({ SE_IMPERSONATE_PRIVILEGE, kOn });
        t.privileges.push_back({ SE_CREATE_GLOBAL_PRIVILEGE, kOn });
    }
    t.privileges.push_back({ SE_INC_WORKING_SET_PRIVILEGE, 0 });
    t.privileges.push_back({ SE_TIME_ZONE_PRIVILEGE, 0 });
    if (elevated)
        t.privileges.push_back({ SE_CREATE_SYMBOLIC_LINK_PRIVILEGE, 0 });
    t.owner = elevated ? sids::administrators : t.user.sid;
    t.primary_group = local(513);
    t.default_dacl.emplace();
    t.default_dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, t.owner);
    t.default_dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, sids::local_system);
    std::memcpy(t.source.SourceName, "User32 ", 7);
    t.session = 1;
    t.integrity = elevated ? kHighIntegrity : kMediumIntegrity;
    t.mandatory_policy = 3; // NO_WRITE_UP, NEW_PROCESS_MIN
    t.elevation = user ? Elevation::Default : elevated ? Elevation::Full : Elevation::Limited;
    t.filtered = account == Account::FilteredAdministrator;
    return t;
}

Result<Token*> Security::make_primary(Account account)
{
    return make(account == Account::System ? system_model() : client_model(account, next_luid()));
}

void Security::assign_primary(ke::Process const& process, void* token)
{
    void*& slot = m_primaries[process.number];
    void* const before = slot;
    slot = token;
    if (!token)
        m_primaries.erase(process.number);
    if (before)
        ob::dereference(before);
}

void* Security::primary(ke::Process const& process) const
{
    auto it = m_primaries.find(process.number);
    return it == m_primaries.end() ? m_system : it->second;
}

void Security::impersonate(ke::Thread const& thread, Impersonation with)
{
    auto it = m_impersonations.find(thread.number);
    void* const before = it == m_impersonations.end() ? nullptr : it->second.token;
    if (with.token)
        m_impersonations[thread.number] = with;
    else if (before)
        m_impersonations.erase(it);
    if (before)
        ob::dereference(before);
}

Impersonation const* Security::impersonation(ke::Thread const& thread) const
{
    auto it = m_impersonations.find(thread.number);
    return it == m_impersonations.end() ? nullptr : &it->second;
}

Token& Security::effective(ke::Thread const& thread)
{
    if (Impersonation const* with = impersonation(thread))
        return *token_of(with->token);
    return *token_of(primary(*thread.process));
}

// The last token of a logon session ends it, and whoever asked hears of it.
void Security::token_deleted(void* body)
{
    Security& s = security();
    auto it = s.m_tokens.find(ob::number_of(body));
    LUID logon = it->second->authentication_id;
    s.m_tokens.erase(it);
    auto session = s.sessions.find(key_of(logon));
    if (--session->second.tokens)
        return;
    bool const marked = session->second.marked;
    s.sessions.erase(session);
    for (size_t i = 0; marked && i < s.logon_routines.size(); ++i)
        ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, s.logon_routines[i], &logon);
}

Token& required_token(void const* token)
{
    if (Token* found = security().token_of(token))
        return *found;
    uint64_t probe;
    ke::copy_or_raise(&probe, token, sizeof probe);
    ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(ob::token_type.guest),
                  reinterpret_cast<uint64_t>(token), 0, 0, "a pointer that is no token was used as one");
}

} // namespace ringside::se
