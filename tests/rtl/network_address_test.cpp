// SPDX-License-Identifier: MIT
// Addresses of networks as text.
#include "rtl/network_address.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::rtl;

namespace {

std::string round_trip(char const* text)
{
    IN6_ADDR address;
    char const* end = nullptr;
    if (ipv6_from_string(text, &end, &address) != STATUS_SUCCESS)
        return "bad";
    char made[64];
    ipv6_to_string(&address, made);
    return made + (*end ? std::string(" then ") + end : std::string());
}

std::string ipv4(char const* text, bool strict)
{
    IN_ADDR address;
    char const* end = nullptr;
    if (ipv4_from_string(text, strict, &end, &address) != STATUS_SUCCESS)
        return "bad";
    char made[16];
    ipv4_to_string(&address, made);
    return made + (*end ? std::string(" then ") + end : std::string());
}

} // namespace

// Texts of IPv4 addresses, strict and as the C library takes them.
// Shows: four decimal parts when strict; else fewer parts, octal and hexadecimal; where the address ends.
TEST(rtl_network_address, ipv4)
{
    EXPECT_EQ(ipv4("192.168.0.1", true), "192.168.0.1");
    EXPECT_EQ(ipv4("255.255.255.255:80", true), "255.255.255.255 then :80");
    for (char const* bad : { "", "1.2.3", "1.2.3.256", "1.2.3.", "a.b.c.d", "01.2.3.4", "0x1.2.3.4", "1..2.3" })
        EXPECT_EQ(ipv4(bad, true), "bad") << bad;
    EXPECT_EQ(ipv4("10.1", false), "10.0.0.1");
    EXPECT_EQ(ipv4("10.1.258", false), "10.1.1.2");
    EXPECT_EQ(ipv4("0x7f000001", false), "127.0.0.1");
    EXPECT_EQ(ipv4("0177.0.0.1", false), "127.0.0.1");
    for (char const* bad : { "4294967296", "1.16777216", "256.1", "1.2.3.4294967296" })
        EXPECT_EQ(ipv4(bad, false), "bad") << bad;
}

// Texts of IPv6 addresses.
// Shows: the longest row of zeros is left out; addresses that hold one of IPv4 show it; what is no address is refused.
TEST(rtl_network_address, ipv6)
{
    for (char const* same : { "::", "::1", "1::", "2001:db8::1", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
                              "::1.2.3.4", "::ffff:0:1.2.3.4", "fe80::5efe:10.0.0.1", "1:0:2::3" })
        EXPECT_EQ(round_trip(same), same);
    EXPECT_EQ(round_trip("2001:0DB8:0:0:0:0:0:1"), "2001:db8::1");
    EXPECT_EQ(round_trip("1:0:0:2:0:0:0:3"), "1:0:0:2::3");
    EXPECT_EQ(round_trip("1:2:3:4:5:6:1.2.3.4"), "1:2:3:4:5:6:102:304");
    EXPECT_EQ(round_trip("1:0:3:4:5:6:7:8"), "1:0:3:4:5:6:7:8") << "one zero is no row";
    EXPECT_EQ(round_trip("fe80::1%5"), "fe80::1 then %5");
    EXPECT_EQ(round_trip("::1]:80"), "::1 then ]:80");
    EXPECT_EQ(round_trip("1:2:3:4:5:6:7:8::"), "1:2:3:4:5:6:7:8 then ::");
    EXPECT_EQ(round_trip("1::2::3"), "1::2 then ::3");
    for (char const* bad : { "", ":", "1", "1:2:3:4:5:6:7", ":1::2", "12345::", "g::", "::1.2.3", "::1.2.3.256" })
        EXPECT_EQ(round_trip(bad), "bad") << bad;
}

// The Ex forms and Ethernet, in UTF-16.
// Shows: ports and scopes both ways, in network order; sizes of buffers; the whole text counts.
TEST(rtl_network_address, ports_scopes_and_sizes)
{
    char16_t text[64];
    ULONG length = 64;
    IN6_ADDR six {};
    six.bytes[0] = 0xFE;
    six.bytes[1] = 0x80;
    six.bytes[15] = 1;
    EXPECT_EQ(ipv6_to_string_ex(&six, 7, USHORT { 0x5000 }, text, &length), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(text), u"[fe80::1%7]:80");
    EXPECT_EQ(length, 15u);
    length = 14;
    EXPECT_EQ(ipv6_to_string_ex(&six, 7, USHORT { 0x5000 }, text, &length), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(length, 15u);
    IN6_ADDR read {};
    ULONG scope = 0;
    USHORT port = 0;
    EXPECT_EQ(ipv6_from_string_ex(u"[fe80::1%7]:80", &read, &scope, &port), STATUS_SUCCESS);
    EXPECT_EQ(std::memcmp(&read, &six, sizeof six), 0);
    EXPECT_EQ(scope, 7u);
    EXPECT_EQ(port, 0x5000);
    for (auto bad : { u"[::1", u"::1x", u"[::1]80", u"::1%", u"[::1]:65536" })
        EXPECT_EQ(ipv6_from_string_ex(bad, &read, &scope, &port), STATUS_INVALID_PARAMETER);
    IN_ADDR four { { 10, 0, 0, 1 } };
    length = 64;
    EXPECT_EQ(ipv4_to_string_ex(&four, USHORT { 0x5000 }, text, &length), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(text), u"10.0.0.1:80");
    EXPECT_EQ(ipv4_from_string_ex(u"10.0.0.2:8080", TRUE, &four, &port), STATUS_SUCCESS);
    EXPECT_EQ(four.bytes[3], 2);
    EXPECT_EQ(port, 0x901F);
    EXPECT_EQ(ipv4_from_string_ex(u"10.0.0.2:", TRUE, &four, &port), STATUS_INVALID_PARAMETER);
    DL_EUI48 mac {};
    char16_t const* end = nullptr;
    EXPECT_EQ(ethernet_from_string(u"00-1a-2B-3C-4d-5E!", &end, &mac), STATUS_SUCCESS);
    EXPECT_EQ(*end, u'!');
    ethernet_to_string(&mac, text);
    EXPECT_EQ(std::u16string(text), u"00-1A-2B-3C-4D-5E");
    for (auto bad : { u"", u"00-1a-2B-3C-4d", u"0-1-2-3-4-5", u"001a2b3c4d5e", u"00-1a-2B-3C-4d-100" })
        EXPECT_EQ(ethernet_from_string(bad, &end, &mac), STATUS_INVALID_PARAMETER);
}
