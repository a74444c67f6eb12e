// SPDX-License-Identifier: MIT
#include "rtl/sid.h"

#include "rtl/allocator.h"

#include <cstring>

namespace ringside::rtl {

namespace {

SID const& as_sid(void const* sid) { return *static_cast<SID const*>(sid); }

void append_number(std::u16string& text, uint64_t value, unsigned base)
{
    char16_t digits[24];
    size_t at = sizeof digits / sizeof *digits;
    do {
        digits[--at] = u"0123456789ABCDEF"[value % base];
        value /= base;
    } while (value);
    text.append(digits + at, sizeof digits / sizeof *digits - at);
}

} // namespace

size_t sid_bytes(void const* sid) { return kSidHeaderBytes + 4 * size_t { as_sid(sid).SubAuthorityCount }; }

bool sid_fits(void const* sid, size_t room)
{
    return room >= kSidHeaderBytes && (as_sid(sid).Revision & 0xF) == SID_REVISION
        && as_sid(sid).SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES && sid_bytes(sid) <= room;
}

std::u16string sid_text(void const* sid)
{
    uint64_t authority = 0;
    for (UCHAR byte : as_sid(sid).IdentifierAuthority.Value)
        authority = authority << 8 | byte;
    std::u16string text = u"S-1-";
    if (authority >> 32) {
        text += u"0x";
        append_number(text, authority, 16);
    } else
        append_number(text, authority, 10);
    for (size_t i = 0; i < as_sid(sid).SubAuthorityCount; ++i) {
        ULONG sub;
        std::memcpy(&sub, static_cast<uint8_t const*>(sid) + kSidHeaderBytes + 4 * i, sizeof sub);
        text += u'-';
        append_number(text, sub, 10);
    }
    return text;
}

ULONG RtlLengthRequiredSid(ULONG sub_authorities) { return kSidHeaderBytes + 4 * sub_authorities; }

ULONG RtlLengthSid(PSID sid) { return static_cast<ULONG>(sid_bytes(sid)); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlinitializesid
NTSTATUS RtlInitializeSid(PSID sid, SID_IDENTIFIER_AUTHORITY* authority, UCHAR sub_authorities)
{
    if (sub_authorities > SID_MAX_SUB_AUTHORITIES)
        return STATUS_INVALID_PARAMETER;
    auto& header = *static_cast<SID*>(sid);
    header.Revision = SID_REVISION;
    header.SubAuthorityCount = sub_authorities;
    header.IdentifierAuthority = *authority;
    return STATUS_SUCCESS;
}

NTSTATUS initialize_sid(PSID sid, SID_IDENTIFIER_AUTHORITY const* authority, UCHAR count, ULONG const* sub_authorities)
{
    SID_IDENTIFIER_AUTHORITY copy = *authority;
    if (NTSTATUS status = RtlInitializeSid(sid, &copy, count); status)
        return status;
    if (count)
        std::memcpy(static_cast<uint8_t*>(sid) + kSidHeaderBytes, sub_authorities, 4 * size_t { count });
    return STATUS_SUCCESS;
}

ULONG* RtlSubAuthoritySid(PSID sid, ULONG index)
{
    return reinterpret_cast<ULONG*>(static_cast<uint8_t*>(sid) + kSidHeaderBytes) + index;
}

UCHAR* RtlSubAuthorityCountSid(PSID sid) { return &static_cast<SID*>(sid)->SubAuthorityCount; }

SID_IDENTIFIER_AUTHORITY* RtlIdentifierAuthoritySid(PSID sid) { return &static_cast<SID*>(sid)->IdentifierAuthority; }

BOOLEAN RtlValidSid(PSID sid) { return sid && sid_fits(sid, kSidBytesMax); }

BOOLEAN RtlEqualSid(PSID a, PSID b)
{
    return as_sid(a).Revision == as_sid(b).Revision && as_sid(a).SubAuthorityCount == as_sid(b).SubAuthorityCount
        && !std::memcmp(a, b, sid_bytes(a));
}

// Equal but for the last sub-authority: two accounts of one domain.
BOOLEAN RtlEqualPrefixSid(PSID a, PSID b)
{
    UCHAR const count = as_sid(a).SubAuthorityCount;
    return as_sid(a).Revision == as_sid(b).Revision && count == as_sid(b).SubAuthorityCount
        && !std::memcmp(a, b, kSidHeaderBytes + (count ? 4 * (size_t { count } - 1) : 0));
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlcopysid
NTSTATUS RtlCopySid(ULONG bytes, PSID to, PSID from)
{
    size_t const needed = sid_bytes(from);
    if (needed > bytes)
        return STATUS_BUFFER_TOO_SMALL;
    std::memmove(to, from, needed);
    return STATUS_SUCCESS;
}

// The string is terminated where there is room for it; its length does not count the zero.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlconvertsidtounicodestring
NTSTATUS RtlConvertSidToUnicodeString(UNICODE_STRING* text, PSID sid, BOOLEAN allocate)
{
    if (!RtlValidSid(sid))
        return STATUS_INVALID_SID;
    std::u16string const made = sid_text(sid);
    size_t const bytes = made.size() * sizeof(char16_t);
    if (allocate) {
        void* buffer = g_allocator.allocate ? g_allocator.allocate(bytes + sizeof(char16_t)) : nullptr;
        if (!buffer)
            return STATUS_NO_MEMORY;
        text->Buffer = static_cast<PWSTR>(buffer);
        text->MaximumLength = static_cast<USHORT>(bytes + sizeof(char16_t));
    } else if (text->MaximumLength < bytes)
        return STATUS_BUFFER_OVERFLOW;
    std::memcpy(text->Buffer, made.c_str(), std::min<size_t>(bytes + sizeof(char16_t), text->MaximumLength));
    text->Length = static_cast<USHORT>(bytes);
    return STATUS_SUCCESS;
}

void RtlCopyLuid(LUID* to, LUID* from) { *to = *from; }

BOOLEAN RtlEqualLuid(LUID* a, LUID* b) { return a->LowPart == b->LowPart && a->HighPart == b->HighPart; }

} // namespace ringside::rtl
