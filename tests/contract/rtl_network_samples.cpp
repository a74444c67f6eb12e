// SPDX-License-Identifier: MIT
// Addresses of networks as text.
#include "contract.h"

#include "rtl/network_address.h"

#include <cstring>
#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

// The same text in both widths, in memory that lives as long as the sample's machine.
template <typename C>
C* wide(At& at, char const* text)
{
    size_t const count = std::strlen(text) + 1;
    auto* made = static_cast<C*>(at.bytes(count * sizeof(C)));
    for (size_t i = 0; i < count; ++i)
        made[i] = static_cast<C>(text[i]);
    return made;
}

template <typename C>
std::string narrow(C const* text)
{
    std::string made;
    while (*text)
        made.push_back(static_cast<char>(*text++));
    return made;
}

template <typename Address>
Address& counted_up(At& at)
{
    auto& address = at.object<Address>();
    for (size_t i = 0; i < sizeof address; ++i)
        address.bytes[i] = static_cast<UCHAR>(i + 1);
    return address;
}

template <typename Address>
bool is_counted_up(Address const& address)
{
    for (size_t i = 0; i < sizeof address; ++i)
        if (address.bytes[i] != i + 1)
            return false;
    return true;
}

constexpr char kFour[] = "1.2.3.4";
constexpr char kSix[] = "102:304:506:708:90a:b0c:d0e:f10";
constexpr char kMac[] = "01-02-03-04-05-06";

template <typename C, typename Address>
void prints(At& at, char const* expected)
{
    auto* text = static_cast<C*>(at.bytes(128));
    auto& address = counted_up<Address>(at);
    at.returns(PVOID(text + std::strlen(expected)), &address, text);
    EXPECT_EQ(narrow(text), expected);
}

template <typename C, typename Address, typename... A>
void prints_ex(At& at, char const* expected, A... numbers)
{
    auto* text = static_cast<C*>(at.bytes(128));
    auto& length = at.object<ULONG>();
    auto& address = counted_up<Address>(at);
    length = 64;
    at.status(STATUS_SUCCESS, &address, numbers..., text, &length);
    EXPECT_EQ(narrow(text), expected);
    length = 3;
    at.status(STATUS_INVALID_PARAMETER, &address, numbers..., text, &length);
    EXPECT_EQ(length, std::strlen(expected) + 1);
}

template <typename C, typename Address, typename... A>
void reads(At& at, char const* text, A... strict)
{
    auto& end = at.object<C const*>();
    auto& address = at.object<Address>();
    C* const good = wide<C>(at, text);
    at.status(STATUS_SUCCESS, good, strict..., &end, &address);
    EXPECT_TRUE(is_counted_up(address));
    EXPECT_EQ(end, good + std::strlen(text));
    at.status(STATUS_INVALID_PARAMETER, wide<C>(at, "no address"), strict..., &end, &address);
}
} // namespace

SAMPLE(RtlIpv4AddressToStringA) { prints<char, IN_ADDR>(at, kFour); }
SAMPLE(RtlIpv6AddressToStringA) { prints<char, IN6_ADDR>(at, kSix); }
SAMPLE(RtlEthernetAddressToStringA) { prints<char, DL_EUI48>(at, kMac); }
SAMPLE(RtlIpv4AddressToStringExA) { prints_ex<char, IN_ADDR>(at, "1.2.3.4:80", USHORT { 0x5000 }); }
SAMPLE(RtlIpv6AddressToStringExA)
{
    prints_ex<char, IN6_ADDR>(at, "[102:304:506:708:90a:b0c:d0e:f10%5]:80", ULONG { 5 }, USHORT { 0x5000 });
}
SAMPLE(RtlIpv4StringToAddressA) { reads<char, IN_ADDR>(at, kFour, TRUE); }
SAMPLE(RtlIpv6StringToAddressA) { reads<char, IN6_ADDR>(at, kSix); }
SAMPLE(RtlEthernetStringToAddressA) { reads<char, DL_EUI48>(at, kMac); }

SAMPLE(RtlIpv4StringToAddressExA)
{
    auto& address = at.object<IN_ADDR>();
    auto& port = at.object<USHORT>();
    at.status(STATUS_SUCCESS, wide<char>(at, "1.2.3.4:80"), TRUE, &address, &port);
    EXPECT_TRUE(is_counted_up(address));
    EXPECT_EQ(port, 0x5000);
    at.status(STATUS_INVALID_PARAMETER, wide<char>(at, "1.2.3.4x"), TRUE, &address, &port);
    at.status(STATUS_INVALID_PARAMETER, nullptr, TRUE, &address, &port);
}

SAMPLE(RtlIpv6StringToAddressExA)
{
    auto& address = at.object<IN6_ADDR>();
    auto& scope = at.object<ULONG>();
    auto& port = at.object<USHORT>();
    at.status(STATUS_SUCCESS, wide<char>(at, "[102:304:506:708:90a:b0c:d0e:f10%5]:80"), &address, &scope, &port);
    EXPECT_TRUE(is_counted_up(address));
    EXPECT_EQ(scope, 5u);
    EXPECT_EQ(port, 0x5000);
    at.status(STATUS_INVALID_PARAMETER, wide<char>(at, "[::1"), &address, &scope, &port);
    at.status(STATUS_INVALID_PARAMETER, nullptr, &address, &scope, &port);
}

SAMPLE(RtlIpv4AddressToStringW) { prints<char16_t, IN_ADDR>(at, kFour); }
SAMPLE(RtlIpv6AddressToStringW) { prints<char16_t, IN6_ADDR>(at, kSix); }
SAMPLE(RtlEthernetAddressToStringW) { prints<char16_t, DL_EUI48>(at, kMac); }
SAMPLE(RtlIpv4AddressToStringExW) { prints_ex<char16_t, IN_ADDR>(at, "1.2.3.4:80", USHORT { 0x5000 }); }
SAMPLE(RtlIpv6AddressToStringExW)
{
    prints_ex<char16_t, IN6_ADDR>(at, "[102:304:506:708:90a:b0c:d0e:f10%5]:80", ULONG { 5 }, USHORT { 0x5000 });
}
SAMPLE(RtlIpv4StringToAddressW) { reads<char16_t, IN_ADDR>(at, kFour, TRUE); }
SAMPLE(RtlIpv6StringToAddressW) { reads<char16_t, IN6_ADDR>(at, kSix); }
SAMPLE(RtlEthernetStringToAddressW) { reads<char16_t, DL_EUI48>(at, kMac); }

SAMPLE(RtlIpv4StringToAddressExW)
{
    auto& address = at.object<IN_ADDR>();
    auto& port = at.object<USHORT>();
    at.status(STATUS_SUCCESS, wide<char16_t>(at, "1.2.3.4:80"), TRUE, &address, &port);
    EXPECT_TRUE(is_counted_up(address));
    EXPECT_EQ(port, 0x5000);
    at.status(STATUS_INVALID_PARAMETER, wide<char16_t>(at, "1.2.3.4x"), TRUE, &address, &port);
    at.status(STATUS_INVALID_PARAMETER, nullptr, TRUE, &address, &port);
}

SAMPLE(RtlIpv6StringToAddressExW)
{
    auto& address = at.object<IN6_ADDR>();
    auto& scope = at.object<ULONG>();
    auto& port = at.object<USHORT>();
    at.status(STATUS_SUCCESS, wide<char16_t>(at, "[102:304:506:708:90a:b0c:d0e:f10%5]:80"), &address, &scope, &port);
    EXPECT_TRUE(is_counted_up(address));
    EXPECT_EQ(scope, 5u);
    EXPECT_EQ(port, 0x5000);
    at.status(STATUS_INVALID_PARAMETER, wide<char16_t>(at, "[::1"), &address, &scope, &port);
    at.status(STATUS_INVALID_PARAMETER, nullptr, &address, &scope, &port);
}
