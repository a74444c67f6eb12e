// SPDX-License-Identifier: MIT
// Rows: addresses of networks as text. The pages of these functions are user mode's; kernels export the same ones.
#include "rtl/ddi_row.h"

#include "rtl/network_address.h"

namespace ringside::rtl {

std::span<Ddi const> network_rows()
{
    static Ddi const rows[] {
        { .name = "RtlIpv4AddressToStringA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_to_string<char>>() },
        { .name = "RtlIpv4AddressToStringW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_to_string<char16_t>>() },
        { .name = "RtlIpv6AddressToStringA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_to_string<char>>() },
        { .name = "RtlIpv6AddressToStringW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_to_string<char16_t>>() },
        { .name = "RtlEthernetAddressToStringA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ethernet_to_string<char>>() },
        { .name = "RtlEthernetAddressToStringW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ethernet_to_string<char16_t>>() },
        { .name = "RtlIpv4AddressToStringExA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_to_string_ex<char>>() },
        { .name = "RtlIpv4AddressToStringExW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_to_string_ex<char16_t>>() },
        { .name = "RtlIpv6AddressToStringExA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_to_string_ex<char>>() },
        { .name = "RtlIpv6AddressToStringExW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_to_string_ex<char16_t>>() },
        { .name = "RtlIpv4StringToAddressA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_from_string<char>>() },
        { .name = "RtlIpv4StringToAddressW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_from_string<char16_t>>() },
        { .name = "RtlIpv6StringToAddressA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_from_string<char>>() },
        { .name = "RtlIpv6StringToAddressW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_from_string<char16_t>>() },
        { .name = "RtlEthernetStringToAddressA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ethernet_from_string<char>>() },
        { .name = "RtlEthernetStringToAddressW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ethernet_from_string<char16_t>>() },
        { .name = "RtlIpv4StringToAddressExA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_from_string_ex<char>>() },
        { .name = "RtlIpv4StringToAddressExW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv4_from_string_ex<char16_t>>() },
        { .name = "RtlIpv6StringToAddressExA", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_from_string_ex<char>>() },
        { .name = "RtlIpv6StringToAddressExW", .irql = kAnyIrql, .because = kNoPage,
          .body = body<&ipv6_from_string_ex<char16_t>>() },
    };
    return rows;
}

} // namespace ringside::rtl
