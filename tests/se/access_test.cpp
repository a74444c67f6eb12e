// SPDX-License-Identifier: MIT
// The access check as a table: a descriptor in words, a token, what is asked, what comes of it.
#include "boot.h"
#include "ob/object.h"
#include "se/access_check.h"
#include "se/assign.h"
#include "se/ddi.h"
#include "se/sddl.h"

#include <gmock/gmock.h>

namespace ringside::se {

namespace {

constexpr GENERIC_MAPPING kFile { 0x120089, 0x120116, 0x1200A0, 0x1F01FF };
constexpr ACCESS_MASK kRead = 1, kWrite = 2;

Descriptor words(std::u16string_view sddl)
{
    auto parsed = parse_sddl(sddl);
    EXPECT_TRUE(parsed.ok());
    return parsed.ok() ? *parsed : Descriptor {};
}

Token somebody(bool administrator = false)
{
    Token t;
    t.user = { Sid { 5, { 21, 1, 2, 3, 1000 } }, 0 };
    t.groups = { { sids::world, 7 }, { sids::users, 7 } };
    if (administrator)
        t.groups.push_back({ sids::administrators, 7 | SE_GROUP_OWNER });
    t.owner = t.user.sid;
    t.primary_group = sids::users;
    return t;
}

std::pair<NTSTATUS, ACCESS_MASK> check(Token const& token, std::u16string_view sddl, ACCESS_MASK desired)
{
    Descriptor const d = words(sddl);
    Access const a = check_access(token, d.parts(), desired, 0, kFile, UserMode);
    return { a.status, a.granted };
}

std::pair<NTSTATUS, ACCESS_MASK> granted(ACCESS_MASK mask) { return { STATUS_SUCCESS, mask }; }
std::pair<NTSTATUS, ACCESS_MASK> const kDenied { STATUS_ACCESS_DENIED, 0 };

} // namespace

// No list, a null list, an empty one, and lists in different orders.
// Shows: what is decided first stays decided; nothing named is nothing allowed.
TEST(se_access, lists_in_order)
{
    Token const user = somebody();
    EXPECT_EQ(check(user, u"O:BAG:BA", FILE_ALL_ACCESS), granted(0x1F01FF)) << "no list";
    EXPECT_EQ(check(user, u"D:NO_ACCESS_CONTROL", kWrite), granted(kWrite)) << "a null list";
    EXPECT_EQ(check(user, u"D:", kRead), kDenied) << "an empty list";
    EXPECT_EQ(check(user, u"D:(A;;GR;;;WD)", kRead), granted(kRead));
    EXPECT_EQ(check(user, u"D:(A;;GR;;;WD)", kRead | kWrite), kDenied) << "half of it is not enough";
    EXPECT_EQ(check(user, u"D:(A;;0x1;;;WD)(A;;0x2;;;BU)", 3), granted(3)) << "two entries together";
    EXPECT_EQ(check(user, u"D:(D;;0x2;;;BU)(A;;GA;;;WD)", kWrite), kDenied);
    EXPECT_EQ(check(user, u"D:(A;;GA;;;WD)(D;;0x2;;;BU)", kWrite), granted(kWrite)) << "denied too late";
    EXPECT_EQ(check(user, u"D:(A;;GA;;;BA)", kRead), kDenied);
    EXPECT_EQ(check(somebody(true), u"D:(A;;GA;;;BA)", kRead), granted(kRead));
    EXPECT_EQ(check(user, u"D:(A;IO;GA;;;WD)", kRead), kDenied) << "for inheritance only";
    EXPECT_EQ(check(user, u"D:(OA;;GA;00000000-0000-0000-0000-000000000001;;WD)", kRead), kDenied);
    EXPECT_EQ(check(user, u"D:(A;;GA;;;WD)", 0), kDenied) << "nothing asked";
}

// MAXIMUM_ALLOWED, generic rights.
// Shows: the maximum is what the list gives, beside what is asked by name.
TEST(se_access, maximum_allowed)
{
    Token const user = somebody();
    EXPECT_EQ(check(user, u"D:(D;;0x2;;;BU)(A;;GRGW;;;WD)", MAXIMUM_ALLOWED), granted((0x120089 | 0x120116) & ~2));
    EXPECT_EQ(check(user, u"D:(A;;GR;;;WD)", MAXIMUM_ALLOWED | kWrite), kDenied);
    EXPECT_EQ(check(user, u"D:(A;;GR;;;WD)", GENERIC_READ), granted(0x120089));
    EXPECT_EQ(check(user, u"D:NO_ACCESS_CONTROL", MAXIMUM_ALLOWED), granted(0x1F01FF));
    EXPECT_EQ(check(user, u"D:", MAXIMUM_ALLOWED), kDenied);
}

// The owner of an object, an OWNER RIGHTS entry, privileges that help.
// Shows: READ_CONTROL and WRITE_DAC are the owner's unless the list says otherwise; each privilege gives its own right.
TEST(se_access, owners_and_privileges)
{
    Token user = somebody();
    constexpr char16_t mine[] = u"O:S-1-5-21-1-2-3-1000D:(A;;0x1;;;WD)";
    EXPECT_EQ(check(user, mine, WRITE_DAC | READ_CONTROL), granted(WRITE_DAC | READ_CONTROL));
    EXPECT_EQ(check(user, u"O:BAD:(A;;0x1;;;WD)", WRITE_DAC), kDenied);
    EXPECT_EQ(check(user, u"O:S-1-5-21-1-2-3-1000D:(A;;RC;;;OW)", WRITE_DAC), kDenied);
    EXPECT_EQ(check(user, u"O:S-1-5-21-1-2-3-1000D:(A;;RC;;;OW)", READ_CONTROL), granted(READ_CONTROL));
    EXPECT_EQ(check(user, mine, WRITE_OWNER), kDenied);
    EXPECT_EQ(check(user, mine, ACCESS_SYSTEM_SECURITY).first, STATUS_PRIVILEGE_NOT_HELD);
    user.privileges = { { SE_SECURITY_PRIVILEGE, SE_PRIVILEGE_ENABLED }, { SE_TAKE_OWNERSHIP_PRIVILEGE, 0 } };
    EXPECT_EQ(check(user, mine, ACCESS_SYSTEM_SECURITY), granted(ACCESS_SYSTEM_SECURITY));
    EXPECT_EQ(check(user, mine, WRITE_OWNER), kDenied) << "held, not enabled";
    user.privilege(SE_TAKE_OWNERSHIP_PRIVILEGE)->attributes = SE_PRIVILEGE_ENABLED;
    EXPECT_EQ(check(user, u"D:", WRITE_OWNER), granted(WRITE_OWNER));
}

// Tokens of less worth: SIDs for denying only, restricting SIDs, a low level of impersonation.
// Shows: a deny-only group denies and never allows; a restricted token needs both sets of SIDs.
TEST(se_access, lesser_tokens)
{
    Token filtered = somebody(true);
    filtered.groups.back().attributes = SE_GROUP_USE_FOR_DENY_ONLY;
    EXPECT_EQ(check(filtered, u"D:(A;;GA;;;BA)", kRead), kDenied);
    EXPECT_EQ(check(filtered, u"D:(D;;0x1;;;BA)(A;;GA;;;WD)", kRead), kDenied);
    EXPECT_EQ(check(filtered, u"O:BAD:", READ_CONTROL), kDenied) << "owns nothing by it either";

    Token restricted = somebody();
    restricted.restricted = { { sids::restricted, 7 } };
    EXPECT_EQ(check(restricted, u"D:(A;;GA;;;WD)", kRead), kDenied);
    EXPECT_EQ(check(restricted, u"D:(A;;GA;;;WD)(A;;GR;;;RC)", kRead), granted(kRead));
    EXPECT_EQ(check(restricted, u"D:(A;;GA;;;WD)(A;;GR;;;RC)", kWrite), kDenied);
    EXPECT_EQ(check(restricted, u"D:(A;;GA;;;WD)(A;;GR;;;RC)", MAXIMUM_ALLOWED), granted(0x120089));
    restricted.write_restricted = true;
    EXPECT_EQ(check(restricted, u"D:(A;;GA;;;WD)", kRead), granted(kRead));
    EXPECT_EQ(check(restricted, u"D:(A;;GA;;;WD)", kWrite), kDenied);

    Token seen = somebody();
    seen.type = TokenImpersonation;
    seen.level = SecurityIdentification;
    EXPECT_EQ(check(seen, u"D:NO_ACCESS_CONTROL", kRead).first, STATUS_BAD_IMPERSONATION_LEVEL);
}

// A medium and a low token meet objects with and without a label.
// Shows: no writing up, whatever the list says; what has no label counts as medium; a label may forbid reading, too.
TEST(se_access, integrity_levels)
{
    Token medium = somebody(), low = somebody();
    low.integrity = kLowIntegrity;
    constexpr char16_t open[] = u"D:(A;;GA;;;WD)";
    EXPECT_EQ(check(medium, open, kWrite), granted(kWrite));
    EXPECT_EQ(check(low, open, kWrite), kDenied);
    EXPECT_EQ(check(low, open, kRead), granted(kRead));
    EXPECT_EQ(check(low, u"D:NO_ACCESS_CONTROL", kWrite), kDenied) << "a null list does not help";
    EXPECT_EQ(check(low, u"D:(A;;GA;;;WD)S:(ML;;NW;;;LW)", kWrite), granted(kWrite));
    EXPECT_EQ(check(medium, u"D:(A;;GA;;;WD)S:(ML;;NW;;;HI)", kWrite), kDenied);
    EXPECT_EQ(check(medium, u"D:(A;;GA;;;WD)S:(ML;;NWNR;;;HI)", kRead), kDenied);
    EXPECT_EQ(check(low, open, MAXIMUM_ALLOWED), granted(0x120089 | 0x1200A0));
}

// A container hands entries down to a child that is a container and to one that is not.
// Shows: the inheritance rules, CREATOR OWNER becoming the owner, and what the creator gives going first.
TEST(se_access, inheritance)
{
    Token creator = somebody();
    creator.default_dacl.emplace();
    creator.default_dacl->add(ACCESS_ALLOWED_ACE_TYPE, 0, GENERIC_ALL, creator.user.sid);
    Descriptor const parent = words(u"D:(A;OICI;GR;;;WD)(A;CIIO;GA;;;CO)(A;OINP;0x2;;;BU)(D;;GA;;;AN)");
    auto child = [&](bool container, std::u16string_view given, ULONG automatic) {
        Descriptor const explicitly = words(given);
        auto made = assign_descriptor({ .parent = &parent,
                                        .given = given.empty() ? nullptr : &explicitly,
                                        .container = container,
                                        .auto_inherit = automatic,
                                        .token = &creator,
                                        .mapping = kFile });
        EXPECT_TRUE(made.ok());
        return print_sddl(*made, DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION);
    };
    EXPECT_EQ(child(false, u"", 0), u"O:S-1-5-21-1-2-3-1000D:(A;;FR;;;WD)(A;;DC;;;BU)");
    EXPECT_EQ(child(true, u"", 0),
              u"O:S-1-5-21-1-2-3-1000D:(A;;FR;;;WD)(A;OICIIO;GR;;;WD)(A;;FA;;;S-1-5-21-1-2-3-1000)(A;CIIO;GA;;;CO)");
    EXPECT_EQ(child(false, u"D:(A;;GR;;;SY)", 0), u"O:S-1-5-21-1-2-3-1000D:(A;;FR;;;SY)");
    EXPECT_EQ(child(false, u"D:(A;;GR;;;SY)", SEF_DACL_AUTO_INHERIT),
              u"O:S-1-5-21-1-2-3-1000D:AI(A;;FR;;;SY)(A;ID;FR;;;WD)(A;ID;DC;;;BU)");
    EXPECT_EQ(child(false, u"O:BAD:P(A;;GR;;;SY)", SEF_DACL_AUTO_INHERIT), u"O:BAD:P(A;;FR;;;SY)");
    auto alone = assign_descriptor({ .token = &creator, .mapping = kFile });
    EXPECT_EQ(print_sddl(*alone, DACL_SECURITY_INFORMATION), u"D:(A;;FA;;;S-1-5-21-1-2-3-1000)");
    Descriptor const foreign = words(u"O:SY"), audited = words(u"S:(AU;SA;GA;;;WD)");
    EXPECT_EQ(assign_descriptor({ .given = &foreign, .token = &creator, .mapping = kFile, .mode = UserMode }).status(),
              STATUS_INVALID_OWNER);
    EXPECT_EQ(assign_descriptor({ .given = &audited, .token = &creator, .mapping = kFile, .mode = UserMode }).status(),
              STATUS_PRIVILEGE_NOT_HELD);
}

} // namespace ringside::se
