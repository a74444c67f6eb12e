// SPDX-License-Identifier: MIT
// What can be asked of a token: one block per class, whose pointers point into the block itself.
#include "ex/pool.h"
#include "ke/kernel.h"
#include "mm/probe.h"
#include "ob/capture.h"
#include "se/ddi.h"

namespace ringside::se {

using ob::get;
using ob::put;

namespace {

constexpr uint32_t kInformationTag = 'nIeS'; // "SeIn"

// A block that will stand at `at`: structures first, then what they point at.
class Block {
public:
    explicit Block(uint64_t at)
        : m_at(at)
    {
    }
    template <typename T>
    size_t add(T const& value)
    {
        size_t const where = m_bytes.size();
        m_bytes.resize(where + sizeof value);
        std::memcpy(m_bytes.data() + where, &value, sizeof value);
        return where;
    }
    void* add_behind(void const* bytes, size_t size)
    {
        size_t const where = m_bytes.size();
        auto const* from = static_cast<uint8_t const*>(bytes);
        m_bytes.insert(m_bytes.end(), from, from + size);
        m_bytes.resize((m_bytes.size() + 3) & ~size_t { 3 });
        return reinterpret_cast<void*>(m_at + where);
    }
    template <typename T>
    void set(size_t where, T const& value)
    {
        std::memcpy(m_bytes.data() + where, &value, sizeof value);
    }
    void align8() { m_bytes.resize((m_bytes.size() + 7) & ~size_t { 7 }); }
    uint64_t here() const { return m_at + m_bytes.size(); }
    std::vector<uint8_t> const& bytes() const { return m_bytes; }

private:
    uint64_t m_at;
    std::vector<uint8_t> m_bytes;
};

void add_groups(Block& block, std::vector<Group> const& groups)
{
    block.add<ULONG>(static_cast<ULONG>(groups.size()));
    block.align8();
    std::vector<size_t> places;
    for (Group const& group : groups)
        places.push_back(block.add(SID_AND_ATTRIBUTES { nullptr, group.attributes }));
    for (size_t i = 0; i < groups.size(); ++i)
        block.set(places[i], static_cast<PSID>(block.add_behind(groups[i].sid.bytes, groups[i].sid.size())));
}

void add_sid(Block& block, Sid const& sid)
{
    size_t const place = block.add<PSID>(nullptr);
    block.set(place, static_cast<PSID>(block.add_behind(sid.bytes, sid.size())));
}

void add_sid_and_attributes(Block& block, Sid const& sid, ULONG attributes)
{
    size_t const place = block.add(SID_AND_ATTRIBUTES { nullptr, attributes });
    block.set(place, static_cast<PSID>(block.add_behind(sid.bytes, sid.size())));
}

std::vector<LUID_AND_ATTRIBUTES> privileges_of(Token const& token)
{
    std::vector<LUID_AND_ATTRIBUTES> all;
    for (Privilege const& p : token.privileges)
        all.push_back({ privilege_luid(p.number), p.attributes });
    return all;
}

Group integrity_group(Token const& token)
{
    return { sids::integrity(token.integrity), SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED };
}

void add_groups_and_privileges(Block& block, Token const& token)
{
    TOKEN_GROUPS_AND_PRIVILEGES made {};
    size_t const head = block.add(made);
    auto list = [&](std::vector<Group> const& groups, ULONG& count, ULONG& length, SID_AND_ATTRIBUTES*& first) {
        count = static_cast<ULONG>(groups.size());
        if (groups.empty())
            return;
        block.align8();
        uint64_t const begins = block.here();
        first = reinterpret_cast<SID_AND_ATTRIBUTES*>(begins);
        std::vector<size_t> places;
        for (Group const& group : groups)
            places.push_back(block.add(SID_AND_ATTRIBUTES { nullptr, group.attributes }));
        for (size_t i = 0; i < groups.size(); ++i)
            block.set(places[i], static_cast<PSID>(block.add_behind(groups[i].sid.bytes, groups[i].sid.size())));
        length = static_cast<ULONG>(block.here() - begins);
    };
    std::vector<Group> everybody { token.user };
    everybody.insert(everybody.end(), token.groups.begin(), token.groups.end());
    everybody.push_back(integrity_group(token));
    list(everybody, made.SidCount, made.SidLength, made.Sids);
    list(token.restricted, made.RestrictedSidCount, made.RestrictedSidLength, made.RestrictedSids);
    auto const privileges = privileges_of(token);
    made.PrivilegeCount = static_cast<ULONG>(privileges.size());
    made.PrivilegeLength = static_cast<ULONG>(privileges.size() * sizeof privileges[0]);
    if (!privileges.empty())
        made.Privileges = static_cast<LUID_AND_ATTRIBUTES*>(block.add_behind(privileges.data(), made.PrivilegeLength));
    made.AuthenticationId = token.authentication_id;
    block.set(head, made);
}

TOKEN_STATISTICS statistics_of(Token const& token)
{
    TOKEN_STATISTICS s {};
    s.TokenId = token.id;
    s.AuthenticationId = token.authentication_id;
    s.ExpirationTime.QuadPart = INT64_MAX;
    s.TokenType = token.type;
    s.ImpersonationLevel = token.type == TokenPrimary ? SecurityAnonymous : token.level;
    s.DynamicCharged = 4096;
    s.DynamicAvailable = 4096 - static_cast<ULONG>(token.default_dacl ? token.default_dacl->size() : 0);
    s.GroupCount = static_cast<ULONG>(token.groups.size() + 1);
    s.PrivilegeCount = static_cast<ULONG>(token.privileges.size());
    s.ModifiedId = token.modified_id;
    return s;
}

// STATUS_INVALID_INFO_CLASS for what is not offered.
NTSTATUS fill(Block& block, Token const& token, TOKEN_INFORMATION_CLASS what)
{
    switch (what) {
    case TokenUser:
        add_sid_and_attributes(block, token.user.sid, token.user.attributes);
        return STATUS_SUCCESS;
    case TokenGroups: {
        std::vector<Group> groups = token.groups;
        groups.push_back(integrity_group(token));
        add_groups(block, groups);
        return STATUS_SUCCESS;
    }
    case TokenRestrictedSids:
        add_groups(block, token.restricted);
        return STATUS_SUCCESS;
    case TokenPrivileges: {
        auto const privileges = privileges_of(token);
        block.add<ULONG>(static_cast<ULONG>(privileges.size()));
        block.add_behind(privileges.data(), privileges.size() * sizeof(LUID_AND_ATTRIBUTES));
        return STATUS_SUCCESS;
    }
    case TokenOwner:
        add_sid(block, token.owner);
        return STATUS_SUCCESS;
    case TokenPrimaryGroup:
        add_sid(block, token.primary_group);
        return STATUS_SUCCESS;
    case TokenDefaultDacl: {
        size_t const place = block.add<ACL*>(nullptr);
        if (token.default_dacl)
            block.set(place,
                      static_cast<ACL*>(block.add_behind(token.default_dacl->get(), token.default_dacl->size())));
        return STATUS_SUCCESS;
    }
    case TokenSource:
        block.add(token.source);
        return STATUS_SUCCESS;
    case TokenType:
        block.add(token.type);
        return STATUS_SUCCESS;
    case TokenImpersonationLevel:
        if (token.type != TokenImpersonation)
            return STATUS_INVALID_INFO_CLASS;
        block.add(token.level);
        return STATUS_SUCCESS;
    case TokenStatistics:
        block.add(statistics_of(token));
        return STATUS_SUCCESS;
    case TokenSessionId:
        block.add(token.session);
        return STATUS_SUCCESS;
    case TokenGroupsAndPrivileges:
        add_groups_and_privileges(block, token);
        return STATUS_SUCCESS;
    case TokenSandBoxInert:
        block.add<ULONG>(token.sandbox_inert);
        return STATUS_SUCCESS;
    case TokenOrigin:
        block.add(token.origin);
        return STATUS_SUCCESS;
    case TokenElevationType:
        block.add<ULONG>(static_cast<ULONG>(token.elevation));
        return STATUS_SUCCESS;
    case TokenElevation:
        block.add<ULONG>(token.elevation == Elevation::Full || token.integrity >= kHighIntegrity);
        return STATUS_SUCCESS;
    case TokenHasRestrictions:
        block.add<ULONG>(token.is_restricted() || token.filtered);
        return STATUS_SUCCESS;
    case TokenVirtualizationAllowed:
    case TokenVirtualizationEnabled:
    case TokenUIAccess:
        block.add<ULONG>(0);
        return STATUS_SUCCESS;
    case TokenIntegrityLevel:
        add_sid_and_attributes(block, sids::integrity(token.integrity),
                               SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED);
        return STATUS_SUCCESS;
    case TokenMandatoryPolicy:
        block.add(token.mandatory_policy);
        return STATUS_SUCCESS;
    case TokenLogonSid: {
        std::vector<Group> logon;
        for (Group const& group : token.groups)
            if ((group.attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
                logon.push_back(group);
        add_groups(block, logon);
        return STATUS_SUCCESS;
    }
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

// Two classes are values in the pointer's own place, as the page says.
bool is_value(TOKEN_INFORMATION_CLASS what) { return what == TokenSessionId || what == TokenIntegrityLevel; }

} // namespace

// The block is the caller's to free.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-sequeryinformationtoken
NTSTATUS SeQueryInformationToken(PACCESS_TOKEN given, TOKEN_INFORMATION_CLASS what, PVOID* information)
{
    Token const& token = required_token(given);
    if (is_value(what)) {
        put(reinterpret_cast<ULONG*>(information), what == TokenSessionId ? token.session : token.integrity);
        return STATUS_SUCCESS;
    }
    Block sizes(0);
    if (NTSTATUS status = fill(sizes, token, what); status)
        return status;
    void* at = ex::allocate(PagedPool, sizes.bytes().size(), kInformationTag, ex::Owner::Driver, true);
    if (!at)
        return STATUS_INSUFFICIENT_RESOURCES;
    Block block(reinterpret_cast<uint64_t>(at));
    fill(block, token, what);
    std::memcpy(at, block.bytes().data(), block.bytes().size());
    put(information, at);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwqueryinformationtoken
NTSTATUS query_token(HANDLE handle, TOKEN_INFORMATION_CLASS what, PVOID into, ULONG bytes, ULONG* needed,
                     KPROCESSOR_MODE mode)
{
    if (mode != KernelMode) {
        mm::ProbeForWrite(into, bytes, sizeof(ULONG));
        mm::ProbeForWrite(needed, sizeof *needed, sizeof(ULONG));
    }
    ACCESS_MASK const access = what == TokenSource ? TOKEN_QUERY_SOURCE : TOKEN_QUERY;
    auto found = ob::reference_by_handle(handle, access, &ob::token_type, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    Block block(reinterpret_cast<uint64_t>(into));
    if (NTSTATUS status = fill(block, required_token(found->body), what); status)
        return status;
    put(needed, static_cast<ULONG>(block.bytes().size()));
    if (bytes < block.bytes().size())
        return STATUS_BUFFER_TOO_SMALL;
    ke::copy_or_raise(into, block.bytes().data(), block.bytes().size());
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwsetinformationtoken
NTSTATUS set_token(HANDLE handle, TOKEN_INFORMATION_CLASS what, PVOID from, ULONG bytes, KPROCESSOR_MODE mode)
{
    if (mode != KernelMode)
        mm::ProbeForRead(from, bytes, sizeof(ULONG));
    size_t const size = what == TokenSessionId                                        ? sizeof(ULONG)
        : what == TokenOrigin                                                         ? sizeof(LUID)
        : what == TokenIntegrityLevel                                                 ? sizeof(TOKEN_MANDATORY_LABEL)
        : what == TokenOwner || what == TokenPrimaryGroup || what == TokenDefaultDacl ? sizeof(void*)
                                                                                      : 0;
    if (!size)
        return STATUS_INVALID_INFO_CLASS;
    if (bytes < size)
        return STATUS_INFO_LENGTH_MISMATCH;
    ACCESS_MASK const access
        = what == TokenSessionId ? TOKEN_ADJUST_SESSIONID | TOKEN_ADJUST_DEFAULT : TOKEN_ADJUST_DEFAULT;
    auto found = ob::reference_by_handle(handle, access, &ob::token_type, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    Token& token = required_token(found->body);
    Token const& caller = security().effective(ke::kernel().current());
    bool const trusted = mode == KernelMode || caller.has_enabled(SE_TCB_PRIVILEGE);
    switch (what) {
    case TokenOwner: {
        auto sid = capture_sid(get(static_cast<PSID*>(from)));
        if (!sid.ok() || !token.may_own(*sid))
            return STATUS_INVALID_OWNER;
        token.owner = *sid;
        break;
    }
    case TokenPrimaryGroup: {
        auto sid = capture_sid(get(static_cast<PSID*>(from)));
        bool member = sid.ok() && token.user.sid == *sid;
        for (Group const& group : token.groups)
            member |= sid.ok() && group.sid == *sid;
        if (!member)
            return STATUS_INVALID_PRIMARY_GROUP;
        token.primary_group = *sid;
        break;
    }
    case TokenDefaultDacl: {
        ACL* const list = get(static_cast<ACL**>(from));
        if (!list) {
            token.default_dacl.reset();
            break;
        }
        auto acl = capture_acl(list);
        if (!acl.ok())
            return acl.status();
        token.default_dacl = acl.take();
        break;
    }
    case TokenSessionId:
        if (!trusted)
            return STATUS_PRIVILEGE_NOT_HELD;
        token.session = get(static_cast<ULONG*>(from));
        break;
    case TokenOrigin:
        if (!trusted)
            return STATUS_PRIVILEGE_NOT_HELD;
        token.origin = get(static_cast<LUID*>(from));
        break;
    default: { // TokenIntegrityLevel
        auto sid = capture_sid(get(static_cast<TOKEN_MANDATORY_LABEL*>(from)).Label.Sid);
        if (!sid.ok() || sid->bytes[7] != 16 || sid->bytes[1] != 1)
            return STATUS_INVALID_LABEL;
        if (sid->last() > token.integrity && !trusted)
            return STATUS_PRIVILEGE_NOT_HELD;
        token.integrity = sid->last();
    }
    }
    token.modified_id = security().next_luid();
    return STATUS_SUCCESS;
}

} // namespace ringside::se
