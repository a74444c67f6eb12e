// SPDX-License-Identifier: MIT
// Security identifiers, access lists and descriptors: what they come to, byte for byte, and bytes that lie.
#include "allocator_fixture.h"
#include "rtl/acl.h"
#include "rtl/security_descriptor.h"
#include "rtl/sid.h"
#include "rtl/strings.h"

#include <cstring>
#include <gmock/gmock.h>
#include <vector>

namespace ringside::rtl {

namespace {

using ::testing::ElementsAre;

struct alignas(4) SidBuffer {
    uint8_t bytes[kSidBytesMax] {};
    operator PSID() { return bytes; }
};

SidBuffer make_sid(UCHAR authority, std::vector<ULONG> const& subs)
{
    SidBuffer sid;
    SID_IDENTIFIER_AUTHORITY const a { { 0, 0, 0, 0, 0, authority } };
    initialize_sid(sid, &a, static_cast<UCHAR>(subs.size()), subs.data());
    return sid;
}

SidBuffer const kWorld = make_sid(1, { 0 });
SidBuffer const kSystem = make_sid(5, { 18 });
SidBuffer const kAdministrators = make_sid(5, { 32, 544 });

PSID of(SidBuffer const& sid) { return const_cast<uint8_t*>(sid.bytes); }

std::vector<std::string> lines(ACL const* acl)
{
    std::vector<std::string> result;
    for_each_ace(acl, [&](Ace const& ace) {
        std::string text = std::to_string(ace.header->AceType) + "/" + std::to_string(ace.header->AceFlags) + " "
            + std::to_string(ace.mask) + " ";
        for (char16_t c : sid_text(ace.sid))
            text += static_cast<char>(c);
        result.push_back(text);
        return true;
    });
    return result;
}

struct alignas(8) AclBuffer {
    uint8_t bytes[256] {};
    ACL* acl() { return reinterpret_cast<ACL*>(bytes); }
};

} // namespace

class rtl_security : public WithAllocator { };

// SIDs are made, measured, compared, copied and written as text.
// Shows: lengths by sub-authority count, 16 sub-authorities refused, a large authority written in hexadecimal.
TEST_F(rtl_security, identifiers)
{
    EXPECT_EQ(RtlLengthRequiredSid(2), 16u);
    EXPECT_EQ(RtlLengthSid(of(kAdministrators)), 16u);
    SidBuffer sid;
    SID_IDENTIFIER_AUTHORITY authority { { 0, 0x28, 0x65, 0x1F, 0xE8, 0x48 } };
    EXPECT_EQ(RtlInitializeSid(sid, &authority, 16), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(RtlInitializeSid(sid, &authority, 2), STATUS_SUCCESS);
    *RtlSubAuthoritySid(sid, 0) = 12;
    *RtlSubAuthoritySid(sid, 1) = 4294967295;
    EXPECT_EQ(*RtlSubAuthorityCountSid(sid), 2);
    EXPECT_EQ(RtlIdentifierAuthoritySid(sid)->Value[5], 0x48);
    EXPECT_EQ(sid_text(sid), u"S-1-0x28651FE848-12-4294967295");
    EXPECT_TRUE(RtlValidSid(sid));
    EXPECT_FALSE(RtlEqualSid(sid, of(kSystem)));
    SidBuffer guests = make_sid(5, { 32, 546 });
    EXPECT_FALSE(RtlEqualSid(guests, of(kAdministrators)));
    EXPECT_TRUE(RtlEqualPrefixSid(guests, of(kAdministrators)));
    EXPECT_EQ(RtlCopySid(15, sid, of(kAdministrators)), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(RtlCopySid(16, sid, of(kAdministrators)), STATUS_SUCCESS);
    EXPECT_TRUE(RtlEqualSid(sid, of(kAdministrators)));

    UNICODE_STRING text {};
    ASSERT_EQ(RtlConvertSidToUnicodeString(&text, sid, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(view(text), u"S-1-5-32-544");
    RtlFreeUnicodeString(&text);
    char16_t small[8];
    text = { 0, sizeof small, small };
    EXPECT_EQ(RtlConvertSidToUnicodeString(&text, sid, FALSE), STATUS_BUFFER_OVERFLOW);
    s_dry = true;
    EXPECT_EQ(RtlConvertSidToUnicodeString(&text, sid, TRUE), STATUS_NO_MEMORY);
    sid.bytes[1] = 16;
    EXPECT_FALSE(RtlValidSid(sid));
    EXPECT_EQ(RtlConvertSidToUnicodeString(&text, sid, FALSE), STATUS_INVALID_SID);
    EXPECT_FALSE(RtlValidSid(nullptr));
}

// A list is filled until it is full, an entry is taken out, others are put in at places.
// Shows: order, flags, every documented error.
TEST_F(rtl_security, access_lists)
{
    AclBuffer buffer, other;
    EXPECT_EQ(RtlCreateAcl(buffer.acl(), 7, ACL_REVISION), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(RtlCreateAcl(buffer.acl(), 64, 1), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlCreateAcl(buffer.acl(), 0x10000, ACL_REVISION), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(RtlCreateAcl(buffer.acl(), 8 + 20 + 24 + 20, ACL_REVISION), STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAccessAllowedAce(buffer.acl(), ACL_REVISION, GENERIC_ALL, of(kSystem)), STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAccessDeniedAce(buffer.acl(), ACL_REVISION, 2, of(kAdministrators)), STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAccessAllowedAceEx(buffer.acl(), ACL_REVISION, 0x20, 3, of(kWorld)), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlAddAccessAllowedAce(buffer.acl(), 5, 3, of(kWorld)), STATUS_REVISION_MISMATCH);
    EXPECT_EQ(RtlAddAccessAllowedAceEx(buffer.acl(), ACL_REVISION, CONTAINER_INHERIT_ACE, 3, of(kWorld)),
              STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAccessAllowedAce(buffer.acl(), ACL_REVISION, 3, of(kWorld)), STATUS_ALLOTTED_SPACE_EXCEEDED);
    SidBuffer bad = kWorld;
    bad.bytes[0] = 2;
    EXPECT_EQ(RtlAddAccessAllowedAce(buffer.acl(), ACL_REVISION, 3, bad), STATUS_INVALID_SID);
    EXPECT_THAT(lines(buffer.acl()), ElementsAre("0/0 268435456 S-1-5-18", "1/0 2 S-1-5-32-544", "0/2 3 S-1-1-0"));

    PVOID ace = nullptr;
    EXPECT_EQ(RtlGetAce(buffer.acl(), 3, &ace), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(RtlGetAce(buffer.acl(), 1, &ace), STATUS_SUCCESS);
    ASSERT_EQ(RtlCreateAcl(other.acl(), sizeof other.bytes, ACL_REVISION), STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAce(other.acl(), ACL_REVISION, ~0u, ace, 24 + 20), STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAce(other.acl(), ACL_REVISION, 1, buffer.bytes + 8, 20), STATUS_SUCCESS);
    EXPECT_EQ(RtlAddAce(other.acl(), ACL_REVISION, 0, buffer.bytes + 8, 19), STATUS_INVALID_PARAMETER);
    EXPECT_THAT(lines(other.acl()), ElementsAre("1/0 2 S-1-5-32-544", "0/0 268435456 S-1-5-18", "0/2 3 S-1-1-0"));
    EXPECT_EQ(RtlAddAce(buffer.acl(), ACL_REVISION, 0, buffer.bytes + 8, 20), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(RtlDeleteAce(other.acl(), 3), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlDeleteAce(other.acl(), 1), STATUS_SUCCESS);
    EXPECT_THAT(lines(other.acl()), ElementsAre("1/0 2 S-1-5-32-544", "0/2 3 S-1-1-0"));
}

// Each byte of a sound list takes each of a few values.
// Shows: whatever sizes and counts say, nothing outside the list is read and a check always comes to an end (the
// sanitizers look); entries that reach past the list are never visited.
TEST_F(rtl_security, lists_that_lie)
{
    AclBuffer sound;
    ASSERT_EQ(RtlCreateAcl(sound.acl(), 8 + 20 + 24, ACL_REVISION), STATUS_SUCCESS);
    ASSERT_EQ(RtlAddAccessAllowedAce(sound.acl(), ACL_REVISION, 1, of(kSystem)), STATUS_SUCCESS);
    ASSERT_EQ(RtlAddAccessAllowedAce(sound.acl(), ACL_REVISION, 1, of(kAdministrators)), STATUS_SUCCESS);
    size_t const size = sound.acl()->AclSize;
    unsigned refused = 0;
    for (size_t at = 0; at < size; ++at)
        for (uint8_t value : { 0, 1, 3, 4, 5, 8, 15, 16, 17, 127, 255 }) {
            std::vector<uint8_t> exact(sound.bytes, sound.bytes + size); // its end is the heap block's end
            exact[at] = value;
            auto* acl = reinterpret_cast<ACL*>(exact.data());
            refused += !acl_fits(acl, size);
            if (acl->AclSize > size)
                continue; // RtlGetAce believes the list's own size
            PVOID ace = nullptr;
            for (ULONG i = 0; i < 3; ++i)
                if (RtlGetAce(acl, i, &ace) == STATUS_SUCCESS) {
                    EXPECT_LE(static_cast<uint8_t*>(ace) + static_cast<ACE_HEADER*>(ace)->AceSize, exact.data() + size);
                }
        }
    EXPECT_GT(refused, 50u);
}

// An absolute descriptor becomes a self-relative one and comes back.
// Shows: lengths asked and told, the order of the parts, and that a form that cannot be set is refused.
TEST_F(rtl_security, forms)
{
    SECURITY_DESCRIPTOR absolute;
    EXPECT_EQ(RtlCreateSecurityDescriptor(&absolute, 2), STATUS_UNKNOWN_REVISION);
    ASSERT_EQ(RtlCreateSecurityDescriptor(&absolute, SECURITY_DESCRIPTOR_REVISION), STATUS_SUCCESS);
    AclBuffer dacl;
    ASSERT_EQ(RtlCreateAcl(dacl.acl(), 28, ACL_REVISION), STATUS_SUCCESS);
    ASSERT_EQ(RtlAddAccessAllowedAce(dacl.acl(), ACL_REVISION, GENERIC_READ, of(kWorld)), STATUS_SUCCESS);
    EXPECT_EQ(RtlSetOwnerSecurityDescriptor(&absolute, of(kAdministrators), FALSE), STATUS_SUCCESS);
    EXPECT_EQ(RtlSetGroupSecurityDescriptor(&absolute, of(kSystem), TRUE), STATUS_SUCCESS);
    EXPECT_EQ(RtlSetDaclSecurityDescriptor(&absolute, TRUE, dacl.acl(), FALSE), STATUS_SUCCESS);
    EXPECT_EQ(RtlSetSaclSecurityDescriptor(&absolute, FALSE, nullptr, FALSE), STATUS_SUCCESS);
    EXPECT_TRUE(RtlValidSecurityDescriptor(&absolute));
    EXPECT_EQ(RtlLengthSecurityDescriptor(&absolute), 40u + 28 + 16 + 12);

    alignas(8) uint8_t relative[128];
    ULONG bytes = 10;
    EXPECT_EQ(RtlAbsoluteToSelfRelativeSD(&absolute, relative, &bytes), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(bytes, 20u + 28 + 16 + 12);
    ASSERT_EQ(RtlAbsoluteToSelfRelativeSD(&absolute, relative, &bytes), STATUS_SUCCESS);
    auto const& form = *reinterpret_cast<SECURITY_DESCRIPTOR_RELATIVE*>(relative);
    EXPECT_THAT((std::vector<ULONG> { form.Control, form.Sacl, form.Dacl, form.Owner, form.Group }),
                ElementsAre(SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_GROUP_DEFAULTED, 0, 20, 48, 64));
    EXPECT_EQ(RtlAbsoluteToSelfRelativeSD(relative, relative, &bytes), STATUS_BAD_DESCRIPTOR_FORMAT);
    EXPECT_EQ(RtlSetOwnerSecurityDescriptor(relative, nullptr, FALSE), STATUS_INVALID_SECURITY_DESCR);
    EXPECT_TRUE(RtlValidRelativeSecurityDescriptor(relative, bytes, OWNER_SECURITY_INFORMATION));
    EXPECT_FALSE(RtlValidRelativeSecurityDescriptor(relative, bytes, SACL_SECURITY_INFORMATION));
    EXPECT_FALSE(RtlValidRelativeSecurityDescriptor(relative, bytes - 1, 0));

    SECURITY_DESCRIPTOR back {};
    AclBuffer dacl_back;
    SidBuffer owner, group;
    ULONG sizes[5] = { sizeof back, 27, 0, kSidBytesMax, kSidBytesMax };
    EXPECT_EQ(RtlSelfRelativeToAbsoluteSD(relative, &back, &sizes[0], dacl_back.acl(), &sizes[1], nullptr, &sizes[2],
                                          owner, &sizes[3], group, &sizes[4]),
              STATUS_BUFFER_TOO_SMALL);
    EXPECT_THAT(sizes, ElementsAre(sizeof back, 28, 0, 16, 12));
    ASSERT_EQ(RtlSelfRelativeToAbsoluteSD(relative, &back, &sizes[0], dacl_back.acl(), &sizes[1], nullptr, &sizes[2],
                                          owner, &sizes[3], group, &sizes[4]),
              STATUS_SUCCESS);
    EXPECT_EQ(RtlSelfRelativeToAbsoluteSD(&back, &back, &sizes[0], nullptr, &sizes[1], nullptr, &sizes[2], owner,
                                          &sizes[3], group, &sizes[4]),
              STATUS_BAD_DESCRIPTOR_FORMAT);
    BOOLEAN present = FALSE, defaulted = TRUE;
    ACL* got = nullptr;
    EXPECT_EQ(RtlGetDaclSecurityDescriptor(&back, &present, &got, &defaulted), STATUS_SUCCESS);
    EXPECT_TRUE(present && !defaulted && got == dacl_back.acl());
    EXPECT_THAT(lines(got), ElementsAre("0/0 2147483648 S-1-1-0"));
    PSID sid = nullptr;
    EXPECT_EQ(RtlGetGroupSecurityDescriptor(&back, &sid, &defaulted), STATUS_SUCCESS);
    EXPECT_TRUE(defaulted && RtlEqualSid(sid, of(kSystem)));
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    ULONG revision = 0;
    EXPECT_EQ(RtlGetControlSecurityDescriptor(&back, &control, &revision), STATUS_SUCCESS);
    EXPECT_EQ(control, SE_DACL_PRESENT | SE_GROUP_DEFAULTED);
    back.Revision = 9;
    EXPECT_EQ(RtlGetOwnerSecurityDescriptor(&back, &sid, &defaulted), STATUS_UNKNOWN_REVISION);
    EXPECT_FALSE(RtlValidSecurityDescriptor(&back));
}

// A descriptor with padding, an empty system list and an entry twice.
// Shows: its normal form has the parts in order, without them; a normal one is left alone.
TEST_F(rtl_security, normal_form)
{
    alignas(8) uint8_t given[160] {};
    auto& form = *reinterpret_cast<SECURITY_DESCRIPTOR_RELATIVE*>(given);
    ASSERT_EQ(RtlCreateSecurityDescriptorRelative(&form, 1), STATUS_SUCCESS);
    form.Control |= SE_DACL_PRESENT | SE_SACL_PRESENT;
    form.Owner = 24;
    std::memcpy(given + form.Owner, kSystem.bytes, 12);
    form.Dacl = 40;
    auto* dacl = reinterpret_cast<ACL*>(given + form.Dacl);
    ASSERT_EQ(RtlCreateAcl(dacl, 80, ACL_REVISION), STATUS_SUCCESS);
    for (ACCESS_MASK mask : { 1u, 1u, 2u })
        ASSERT_EQ(RtlAddAccessAllowedAce(dacl, ACL_REVISION, mask, of(kWorld)), STATUS_SUCCESS);
    form.Sacl = 120;
    ASSERT_EQ(RtlCreateAcl(reinterpret_cast<ACL*>(given + form.Sacl), 8, ACL_REVISION), STATUS_SUCCESS);

    PSECURITY_DESCRIPTOR descriptor = given, made = nullptr;
    ULONG bytes = 0;
    EXPECT_TRUE(RtlNormalizeSecurityDescriptor(&descriptor, sizeof given, &made, &bytes, TRUE));
    EXPECT_EQ(made, nullptr);
    ASSERT_TRUE(RtlNormalizeSecurityDescriptor(&descriptor, sizeof given, &made, &bytes, FALSE));
    EXPECT_EQ(bytes, 20u + 48 + 12);
    EXPECT_TRUE(RtlValidRelativeSecurityDescriptor(made, bytes, 0));
    EXPECT_THAT(lines(parts_of(made).dacl), ElementsAre("0/0 1 S-1-1-0", "0/0 2 S-1-1-0"));
    EXPECT_EQ(parts_of(made).sacl, nullptr);
    EXPECT_FALSE(RtlNormalizeSecurityDescriptor(&made, bytes, nullptr, nullptr, FALSE));
    EXPECT_FALSE(RtlNormalizeSecurityDescriptor(&descriptor, 30, nullptr, nullptr, FALSE)) << "not valid in 30 bytes";
    g_allocator.free(made);
}

} // namespace ringside::rtl
