// SPDX-License-Identifier: MIT
// Security identifiers: S-1-authority-sub-sub-... A SID's own count says how long it is, and a count above 15 is no
// SID's: nothing here reads past what a valid count allows.
#pragma once

#include "nt/se.h"
#include "nt/status.h"

#include <string>

namespace ringside::rtl {

using namespace nt;

inline constexpr size_t kSidHeaderBytes = 8;
inline constexpr size_t kSidBytesMax = kSidHeaderBytes + 4 * SID_MAX_SUB_AUTHORITIES;

// Whether a whole, valid SID stands in these bytes.
bool sid_fits(void const* sid, size_t room);
size_t sid_bytes(void const* sid);
// "S-1-5-18"; of a valid SID.
std::u16string sid_text(void const* sid);

ULONG RtlLengthRequiredSid(ULONG sub_authorities);
ULONG RtlLengthSid(PSID sid);
NTSTATUS RtlInitializeSid(PSID sid, SID_IDENTIFIER_AUTHORITY* authority, UCHAR sub_authorities);
NTSTATUS initialize_sid(PSID sid, SID_IDENTIFIER_AUTHORITY const* authority, UCHAR count, ULONG const* sub_authorities);
ULONG* RtlSubAuthoritySid(PSID sid, ULONG index);
UCHAR* RtlSubAuthorityCountSid(PSID sid);
SID_IDENTIFIER_AUTHORITY* RtlIdentifierAuthoritySid(PSID sid);
BOOLEAN RtlValidSid(PSID sid);
BOOLEAN RtlEqualSid(PSID a, PSID b);
BOOLEAN RtlEqualPrefixSid(PSID a, PSID b);
NTSTATUS RtlCopySid(ULONG bytes, PSID to, PSID from);
NTSTATUS RtlConvertSidToUnicodeString(UNICODE_STRING* text, PSID sid, BOOLEAN allocate);
void RtlCopyLuid(LUID* to, LUID* from);
BOOLEAN RtlEqualLuid(LUID* a, LUID* b);

} // namespace ringside::rtl
