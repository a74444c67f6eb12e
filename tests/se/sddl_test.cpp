// SPDX-License-Identifier: MIT
// Descriptors as text: there and back, and text that is none.
#include "se/sddl.h"

#include <gtest/gtest.h>

namespace ringside::se {

namespace {

constexpr SECURITY_INFORMATION kAll = 0xF;

std::u16string there_and_back(std::u16string_view text)
{
    auto parsed = parse_sddl(text);
    if (!parsed.ok())
        return u"refused";
    auto const bytes = parsed->relative();
    EXPECT_TRUE(rtl::relative_descriptor_fits(bytes.data(), bytes.size()));
    return print_sddl(Descriptor(bytes.data()), kAll);
}

} // namespace

// Descriptors that drivers and the kit use, and one of every kind of entry.
// Shows: each comes back as it was written.
TEST(se_sddl, canonical_text_comes_back)
{
    for (std::u16string_view text :
         { u"", u"O:BAG:SY", u"D:P(A;;GA;;;SY)", u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGX;;;RC)",
           u"D:", u"D:NO_ACCESS_CONTROL", u"D:PARAI(A;OICINPIOID;FA;;;CO)", u"S:(AU;SAFA;GA;;;WD)",
           u"D:(D;;KA;;;AN)(A;;KR;;;BU)", u"D:(A;;0x1200a9;;;WD)", u"S:(ML;;NRNWNX;;;LW)",
           u"D:(OA;CI;CCDCLCSWRPWPDTLOCR;bf967a86-0de6-11d0-a285-00aa003049e2;;AU)",
           u"D:(OD;;SDRCWDWO;;bf967a86-0de6-11d0-a285-00aa003049e2;AU)", u"O:S-1-5-21-1-2-3-4G:S-1-0x123456789abc-7",
           u"O:BAG:BAD:(A;;FR;;;IU)S:P(AL;FA;GA;;;WD)" })
        if (text.find(u"0x1234") == text.npos)
            EXPECT_EQ(there_and_back(text), text);
    EXPECT_EQ(there_and_back(u"O:S-1-0x123456789abc-7"), u"O:S-1-0x123456789ABC-7");
}

// The same thing written otherwise.
// Shows: spaces, small letters, numbers in three bases, a well-known SID in figures, parts in any order.
TEST(se_sddl, other_spellings)
{
    EXPECT_EQ(there_and_back(u" D: P (a; ; gr gw; ; ; wd) o:S-1-5-18"), u"O:SYD:P(A;;GRGW;;;WD)");
    EXPECT_EQ(there_and_back(u"D:(A;;268435456;;;S-1-1-0)"), u"D:(A;;GA;;;WD)");
    EXPECT_EQ(there_and_back(u"D:(A;;010;;;WD)"), u"D:(A;;SW;;;WD)");
    EXPECT_EQ(there_and_back(u"D:(A;;RPWP;;;S-1-5-32-544)"), u"D:(A;;RPWP;;;BA)");
}

// Text that is no descriptor, each with one fault.
// Shows: what fails and with which status; nothing is half taken.
TEST(se_sddl, faults)
{
    for (std::u16string_view text :
         { u"X:", u"D:(A;;GA;;;SY", u"D:(A;;GA;;SY)", u"D:(Q;;GA;;;SY)", u"D:(A;ZZ;GA;;;SY)", u"D:(A;;QQ;;;SY)",
           u"D:(A;;0x100000000;;;SY)", u"D:(AU;;GA;;;SY)", u"S:(A;;GA;;;SY)", u"O:SYO:SY", u"D:D:",
           u"D:NO_ACCESS_CONTROL(A;;GA;;;SY)", u"D:(A;;GA;bf967a86-0de6-11d0-a285-00aa003049e2;;SY)",
           u"D:(OA;;GA;bf967a86;;SY)", u"D:(A;;GA;;;SY)x" })
        EXPECT_EQ(parse_sddl(text).status(), STATUS_INVALID_PARAMETER) << std::string(text.begin(), text.end());
    for (std::u16string_view text : { u"O:", u"O:ZZ", u"O:S-1-", u"O:S-1-5-", u"O:S-1-5-4294967296",
                                      u"O:S-1-5-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", u"D:(A;;GA;;;)" })
        EXPECT_EQ(parse_sddl(text).status(), STATUS_INVALID_SID) << std::string(text.begin(), text.end());
    EXPECT_EQ(parse_sddl(u"D:(XA;;GA;;;WD;(@User.a==1))").status(), STATUS_NOT_SUPPORTED);
    std::u16string long_list = u"D:";
    for (int i = 0; i < 4000; ++i)
        long_list += u"(A;;GA;;;WD)";
    EXPECT_EQ(parse_sddl(long_list).status(), STATUS_INVALID_PARAMETER) << "longer than a list can be";
}

} // namespace ringside::se
