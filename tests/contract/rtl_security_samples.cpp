// SPDX-License-Identifier: MIT
// SIDs, access lists, security descriptors.
#include "contract.h"

#include "rtl/acl.h"
#include "rtl/security_descriptor.h"
#include "rtl/sid.h"
#include "rtl/strings.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

PSID sid(At& at, UCHAR authority, std::initializer_list<ULONG> subs)
{
    void* made = at.bytes(rtl::kSidBytesMax);
    SID_IDENTIFIER_AUTHORITY const a { { 0, 0, 0, 0, 0, authority } };
    rtl::initialize_sid(made, &a, static_cast<UCHAR>(subs.size()), subs.begin());
    return made;
}

// A list of that size with one entry: everybody may read.
ACL* list(At& at, ULONG bytes = 64)
{
    auto* acl = static_cast<ACL*>(at.bytes(bytes));
    rtl::RtlCreateAcl(acl, bytes, ACL_REVISION);
    rtl::RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_READ, sid(at, 1, { 0 }));
    return acl;
}

SECURITY_DESCRIPTOR& descriptor(At& at)
{
    auto& made = at.object<SECURITY_DESCRIPTOR>();
    rtl::RtlCreateSecurityDescriptor(&made, SECURITY_DESCRIPTOR_REVISION);
    rtl::RtlSetOwnerSecurityDescriptor(&made, sid(at, 5, { 18 }), FALSE);
    rtl::RtlSetGroupSecurityDescriptor(&made, sid(at, 5, { 32, 544 }), TRUE);
    rtl::RtlSetDaclSecurityDescriptor(&made, TRUE, list(at), FALSE);
    return made;
}

constexpr ULONG kRelativeBytes = 20 + 64 + 12 + 16;

void* relative(At& at)
{
    void* made = at.bytes(256);
    ULONG bytes = 256;
    rtl::RtlAbsoluteToSelfRelativeSD(&descriptor(at), made, &bytes);
    return made;
}

} // namespace

SAMPLE(RtlLengthRequiredSid) { at.returns(ULONG { 16 }, 2); }

SAMPLE(RtlLengthSid) { at.returns(ULONG { 16 }, sid(at, 5, { 32, 544 })); }

SAMPLE(RtlInitializeSid)
{
    auto& authority = at.object<SID_IDENTIFIER_AUTHORITY>();
    authority.Value[5] = 5;
    auto& made = at.object<SID>();
    at.status(STATUS_SUCCESS, &made, &authority, 1);
    EXPECT_EQ(made.Revision, 1);
    EXPECT_EQ(made.SubAuthorityCount, 1);
    EXPECT_EQ(made.IdentifierAuthority.Value[5], 5);
    at.status(STATUS_INVALID_PARAMETER, &made, &authority, 16);
}

SAMPLE(RtlSubAuthoritySid)
{
    PSID const given = sid(at, 5, { 32, 544 });
    at.returns(static_cast<uint8_t*>(given) + 12, given, 1);
}

SAMPLE(RtlSubAuthorityCountSid)
{
    PSID const given = sid(at, 5, { 32, 544 });
    at.returns(static_cast<uint8_t*>(given) + 1, given);
}

SAMPLE(RtlIdentifierAuthoritySid)
{
    PSID const given = sid(at, 5, { 18 });
    at.returns(static_cast<uint8_t*>(given) + 2, given);
}

SAMPLE(RtlValidSid)
{
    PSID const given = sid(at, 5, { 18 });
    at.returns(BOOLEAN { TRUE }, given);
    static_cast<SID*>(given)->SubAuthorityCount = 16;
    at.returns(BOOLEAN { FALSE }, given);
}

SAMPLE(RtlEqualSid)
{
    at.returns(BOOLEAN { TRUE }, sid(at, 5, { 18 }), sid(at, 5, { 18 }));
    at.returns(BOOLEAN { FALSE }, sid(at, 5, { 18 }), sid(at, 5, { 19 }));
}

SAMPLE(RtlEqualPrefixSid)
{
    at.returns(BOOLEAN { TRUE }, sid(at, 5, { 32, 544 }), sid(at, 5, { 32, 545 }));
    at.returns(BOOLEAN { FALSE }, sid(at, 5, { 32, 544 }), sid(at, 5, { 33, 544 }));
}

SAMPLE(RtlCopySid)
{
    PSID const from = sid(at, 5, { 18 });
    void* to = at.bytes(32);
    at.status(STATUS_SUCCESS, 12, to, from);
    EXPECT_EQ(std::memcmp(to, from, 12), 0);
    at.status(STATUS_BUFFER_TOO_SMALL, 11, to, from);
}

SAMPLE(RtlConvertSidToUnicodeString)
{
    auto& text = at.object<UNICODE_STRING>();
    text.Buffer = static_cast<PWSTR>(at.bytes(64));
    text.MaximumLength = 64;
    at.status(STATUS_SUCCESS, &text, sid(at, 5, { 18 }), FALSE);
    EXPECT_EQ(rtl::view(text), u"S-1-5-18");
    text.MaximumLength = 4;
    at.status(STATUS_BUFFER_OVERFLOW, &text, sid(at, 5, { 18 }), FALSE);
    at.status(STATUS_INVALID_SID, &text, at.bytes(16), FALSE);
    at.status(STATUS_SUCCESS, &text, sid(at, 5, { 18 }), TRUE);
    EXPECT_EQ(rtl::view(text), u"S-1-5-18");
    EXPECT_TRUE(ex::is_block(text.Buffer));
}

SAMPLE(RtlEqualLuid)
{
    auto& one = at.object<LUID>();
    auto& other = at.object<LUID>();
    one = other = { 7, -1 };
    at.returns(BOOLEAN { TRUE }, &one, &other);
    other.HighPart = 1;
    at.returns(BOOLEAN { FALSE }, &one, &other);
    other = { 8, -1 };
    at.returns(BOOLEAN { FALSE }, &one, &other);
}

SAMPLE(RtlCopyLuid)
{
    auto& from = at.object<LUID>();
    auto& to = at.object<LUID>();
    from = { 7, -1 };
    at.call(&to, &from);
    EXPECT_EQ(to.LowPart, 7u);
    EXPECT_EQ(to.HighPart, -1);
}

SAMPLE(RtlCreateAcl)
{
    auto& acl = at.object<ACL>();
    at.status(STATUS_SUCCESS, &acl, 64, ACL_REVISION);
    EXPECT_EQ(acl.AclSize, 64);
    at.status(STATUS_BUFFER_TOO_SMALL, &acl, 7, ACL_REVISION);
    at.status(STATUS_INVALID_PARAMETER, &acl, 64, 9);
}

SAMPLE(RtlAddAccessAllowedAce)
{
    ACL* const acl = list(at, 48);
    at.status(STATUS_SUCCESS, acl, ACL_REVISION, GENERIC_ALL, sid(at, 5, { 18 }));
    EXPECT_EQ(acl->AceCount, 2);
    at.status(STATUS_ALLOTTED_SPACE_EXCEEDED, acl, ACL_REVISION, GENERIC_ALL, sid(at, 5, { 18 }));
    at.status(STATUS_REVISION_MISMATCH, acl, 9, GENERIC_ALL, sid(at, 5, { 18 }));
    at.status(STATUS_INVALID_SID, acl, ACL_REVISION, GENERIC_ALL, at.bytes(16));
    acl->AclSize = 3;
    at.status(STATUS_INVALID_ACL, acl, ACL_REVISION, GENERIC_ALL, sid(at, 5, { 18 }));
}

SAMPLE(RtlAddAccessAllowedAceEx)
{
    ACL* const acl = list(at);
    at.status(STATUS_SUCCESS, acl, ACL_REVISION, OBJECT_INHERIT_ACE, GENERIC_ALL, sid(at, 5, { 18 }));
    EXPECT_EQ(acl->AceCount, 2);
    at.status(STATUS_INVALID_PARAMETER, acl, ACL_REVISION, 0x20, GENERIC_ALL, sid(at, 5, { 18 }));
}

SAMPLE(RtlAddAccessDeniedAce)
{
    ACL* const acl = list(at);
    at.status(STATUS_SUCCESS, acl, ACL_REVISION, GENERIC_ALL, sid(at, 5, { 18 }));
    EXPECT_EQ(reinterpret_cast<ACE_HEADER*>(reinterpret_cast<uint8_t*>(acl) + 28)->AceType, ACCESS_DENIED_ACE_TYPE);
}

SAMPLE(RtlAddAccessDeniedAceEx)
{
    ACL* const acl = list(at);
    at.status(STATUS_SUCCESS, acl, ACL_REVISION, OBJECT_INHERIT_ACE, GENERIC_ALL, sid(at, 5, { 18 }));
    EXPECT_EQ(acl->AceCount, 2);
}

SAMPLE(RtlAddAce)
{
    ACL* const acl = list(at);
    at.status(STATUS_SUCCESS, acl, ACL_REVISION, 0, list(at) + 1, 20);
    EXPECT_EQ(acl->AceCount, 2);
    at.status(STATUS_INVALID_PARAMETER, acl, ACL_REVISION, 0, list(at) + 1, 19);
    ACL* const full = list(at, 28);
    at.status(STATUS_BUFFER_TOO_SMALL, full, ACL_REVISION, 0, list(at) + 1, 20);
}

SAMPLE(RtlGetAce)
{
    auto& ace = at.object<PVOID>();
    ACL* const acl = list(at);
    at.status(STATUS_SUCCESS, acl, 0, &ace);
    EXPECT_EQ(ace, acl + 1);
    at.status(STATUS_INVALID_PARAMETER, acl, 1, &ace);
}

SAMPLE(RtlDeleteAce)
{
    ACL* const acl = list(at);
    at.status(STATUS_SUCCESS, acl, 0);
    EXPECT_EQ(acl->AceCount, 0);
    at.status(STATUS_INVALID_PARAMETER, acl, 0);
}

SAMPLE(RtlMapGenericMask)
{
    auto& mask = at.object<ACCESS_MASK>();
    auto& mapping = at.object<GENERIC_MAPPING>();
    mapping = { 1, 2, 4, 8 };
    mask = GENERIC_READ | GENERIC_EXECUTE | 0x100;
    at.call(&mask, &mapping);
    EXPECT_EQ(mask, 0x105u);
}

SAMPLE(RtlCreateSecurityDescriptor)
{
    auto& made = at.object<SECURITY_DESCRIPTOR>();
    at.status(STATUS_SUCCESS, &made, 1);
    EXPECT_EQ(made.Revision, 1);
    at.status(STATUS_UNKNOWN_REVISION, &made, 2);
}

SAMPLE(RtlCreateSecurityDescriptorRelative)
{
    auto& made = at.object<SECURITY_DESCRIPTOR_RELATIVE>();
    at.status(STATUS_SUCCESS, &made, 1);
    EXPECT_EQ(made.Control, SE_SELF_RELATIVE);
    at.status(STATUS_UNKNOWN_REVISION, &made, 2);
}

SAMPLE(RtlLengthSecurityDescriptor) { at.returns(ULONG { 40 + 64 + 12 + 16 }, &descriptor(at)); }

SAMPLE(RtlValidSecurityDescriptor)
{
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.returns(BOOLEAN { TRUE }, &given);
    given.Revision = 2;
    at.returns(BOOLEAN { FALSE }, &given);
}

SAMPLE(RtlValidRelativeSecurityDescriptor)
{
    at.returns(BOOLEAN { TRUE }, relative(at), kRelativeBytes, OWNER_SECURITY_INFORMATION);
    at.returns(BOOLEAN { FALSE }, relative(at), kRelativeBytes, SACL_SECURITY_INFORMATION);
    at.returns(BOOLEAN { FALSE }, relative(at), kRelativeBytes - 1, 0);
}

SAMPLE(RtlGetControlSecurityDescriptor)
{
    auto& control = at.object<USHORT>();
    auto& revision = at.object<ULONG>();
    at.status(STATUS_SUCCESS, &descriptor(at), &control, &revision);
    EXPECT_EQ(control, SE_DACL_PRESENT | SE_GROUP_DEFAULTED);
    EXPECT_EQ(revision, 1u);
}

SAMPLE(RtlGetDaclSecurityDescriptor)
{
    auto& present = at.object<BOOLEAN>();
    auto& acl = at.object<ACL*>();
    auto& defaulted = at.object<BOOLEAN>();
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, &present, &acl, &defaulted);
    EXPECT_TRUE(present);
    EXPECT_EQ(acl, given.Dacl);
    given.Revision = 2;
    at.status(STATUS_UNKNOWN_REVISION, &given, &present, &acl, &defaulted);
}

SAMPLE(RtlSetDaclSecurityDescriptor)
{
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, TRUE, nullptr, TRUE);
    EXPECT_EQ(given.Dacl, nullptr);
    at.status(STATUS_INVALID_SECURITY_DESCR, relative(at), TRUE, nullptr, TRUE);
    given.Revision = 2;
    at.status(STATUS_UNKNOWN_REVISION, &given, TRUE, nullptr, TRUE);
}

SAMPLE(RtlGetSaclSecurityDescriptor)
{
    auto& present = at.object<BOOLEAN>();
    auto& acl = at.object<ACL*>();
    auto& defaulted = at.object<BOOLEAN>();
    SECURITY_DESCRIPTOR& given = descriptor(at);
    present = TRUE;
    at.status(STATUS_SUCCESS, &given, &present, &acl, &defaulted);
    EXPECT_FALSE(present);
    given.Revision = 2;
    at.status(STATUS_UNKNOWN_REVISION, &given, &present, &acl, &defaulted);
}

SAMPLE(RtlSetSaclSecurityDescriptor)
{
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, TRUE, given.Dacl, FALSE);
    EXPECT_EQ(given.Sacl, given.Dacl);
    EXPECT_EQ(given.Control & SE_SACL_PRESENT, SE_SACL_PRESENT);
}

SAMPLE(RtlGetOwnerSecurityDescriptor)
{
    auto& owner = at.object<PSID>();
    auto& defaulted = at.object<BOOLEAN>();
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, &owner, &defaulted);
    EXPECT_EQ(owner, given.Owner);
    given.Revision = 2;
    at.status(STATUS_UNKNOWN_REVISION, &given, &owner, &defaulted);
}

SAMPLE(RtlSetOwnerSecurityDescriptor)
{
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, given.Group, FALSE);
    EXPECT_EQ(given.Owner, given.Group);
    at.status(STATUS_INVALID_SECURITY_DESCR, relative(at), nullptr, FALSE);
}

SAMPLE(RtlGetGroupSecurityDescriptor)
{
    auto& group = at.object<PSID>();
    auto& defaulted = at.object<BOOLEAN>();
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, &group, &defaulted);
    EXPECT_EQ(group, given.Group);
    EXPECT_TRUE(defaulted);
}

SAMPLE(RtlSetGroupSecurityDescriptor)
{
    SECURITY_DESCRIPTOR& given = descriptor(at);
    at.status(STATUS_SUCCESS, &given, given.Owner, FALSE);
    EXPECT_EQ(given.Group, given.Owner);
}

SAMPLE(RtlAbsoluteToSelfRelativeSD)
{
    auto& bytes = at.object<ULONG>();
    void* into = at.bytes(256);
    SECURITY_DESCRIPTOR& given = descriptor(at);
    bytes = 256;
    at.status(STATUS_SUCCESS, &given, into, &bytes);
    EXPECT_EQ(bytes, kRelativeBytes);
    EXPECT_TRUE(rtl::relative_descriptor_fits(into, bytes));
    bytes = 5;
    at.status(STATUS_BUFFER_TOO_SMALL, &given, into, &bytes);
    bytes = 256;
    at.status(STATUS_BAD_DESCRIPTOR_FORMAT, relative(at), into, &bytes);
}

SAMPLE(RtlSelfRelativeToAbsoluteSD)
{
    auto* sizes = static_cast<ULONG*>(at.bytes(sizeof(ULONG) * 5));
    auto& made = at.object<SECURITY_DESCRIPTOR>();
    auto* dacl = static_cast<ACL*>(at.bytes(64));
    void* const owner = at.bytes(16);
    void* const group = at.bytes(16);
    void* const given = relative(at);
    auto prepare = [&](ULONG room) {
        sizes[0] = sizeof made;
        sizes[1] = 64;
        sizes[2] = 0;
        sizes[3] = sizes[4] = room;
    };
    prepare(16);
    at.status(STATUS_SUCCESS, given, &made, &sizes[0], dacl, &sizes[1], nullptr, &sizes[2], owner, &sizes[3], group,
              &sizes[4]);
    EXPECT_EQ(made.Dacl, dacl);
    EXPECT_EQ(sizes[3], 12u);
    prepare(4);
    at.status(STATUS_BUFFER_TOO_SMALL, given, &made, &sizes[0], dacl, &sizes[1], nullptr, &sizes[2], owner, &sizes[3],
              group, &sizes[4]);
}

SAMPLE(RtlNormalizeSecurityDescriptor)
{
    auto& given = at.object<PSECURITY_DESCRIPTOR>();
    given = relative(at);
    auto& made = at.object<PSECURITY_DESCRIPTOR>();
    made = at.bytes(256);
    auto& bytes = at.object<ULONG>();
    at.returns(BOOLEAN { TRUE }, &given, kRelativeBytes, &made, &bytes, FALSE);
    EXPECT_EQ(bytes, 20u + 28 + 12 + 16) << "the unused room of the list is gone";
    given = made;
    at.returns(BOOLEAN { FALSE }, &given, bytes, nullptr, nullptr, TRUE);
}

SAMPLE(RtlInitializeSidEx)
{
    auto& authority = at.object<SID_IDENTIFIER_AUTHORITY>();
    authority.Value[5] = 5;
    void* made = at.bytes(rtl::kSidBytesMax);
    at.status(STATUS_SUCCESS, made, &authority, 2, 32, 544);
    EXPECT_TRUE(rtl::RtlEqualSid(made, sid(at, 5, { 32, 544 })));
    at.status(STATUS_INVALID_PARAMETER, made, &authority, 16);
}
