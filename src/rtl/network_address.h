// SPDX-License-Identifier: MIT
// Addresses of IPv4, IPv6 and Ethernet as text, in bytes (A) and in UTF-16 (W). Addresses and ports are in network order;
// numbers that count characters count the terminator, too.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

namespace ringside::rtl {

struct IN_ADDR {
    UCHAR bytes[4];
};
struct IN6_ADDR {
    UCHAR bytes[16];
};
struct DL_EUI48 {
    UCHAR bytes[6];
};

// Return where the terminator stands.
template <typename C>
C* ipv4_to_string(IN_ADDR const* address, C* text);
template <typename C>
C* ipv6_to_string(IN6_ADDR const* address, C* text);
template <typename C>
C* ethernet_to_string(DL_EUI48 const* address, C* text);
// With port (0: none) and scope (0: none). Too small a buffer is STATUS_INVALID_PARAMETER, and the length what it takes.
template <typename C>
NTSTATUS ipv4_to_string_ex(IN_ADDR const* address, USHORT port, C* text, ULONG* length);
template <typename C>
NTSTATUS ipv6_to_string_ex(IN6_ADDR const* address, ULONG scope, USHORT port, C* text, ULONG* length);
// The terminator is the first character that is no part of the address.
template <typename C>
NTSTATUS ipv4_from_string(C const* text, BOOLEAN strict, C const** terminator, IN_ADDR* address);
template <typename C>
NTSTATUS ipv6_from_string(C const* text, C const** terminator, IN6_ADDR* address);
template <typename C>
NTSTATUS ethernet_from_string(C const* text, C const** terminator, DL_EUI48* address);
// The whole text must be an address, with or without port and scope.
template <typename C>
NTSTATUS ipv4_from_string_ex(C const* text, BOOLEAN strict, IN_ADDR* address, USHORT* port);
template <typename C>
NTSTATUS ipv6_from_string_ex(C const* text, IN6_ADDR* address, ULONG* scope, USHORT* port);

} // namespace ringside::rtl
