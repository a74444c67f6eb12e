// SPDX-License-Identifier: MIT
#include "rtl/acl.h"

#include "nt/basic.h"
#include "rtl/sid.h"

#include <algorithm>
#include <cstring>

namespace ringside::rtl {

namespace {

constexpr size_t kObjectFlagsAt = 8;

enum class Layout : uint8_t { Simple, Object, Unknown };

Layout layout_of(UCHAR type)
{
    switch (type) {
    case ACCESS_ALLOWED_ACE_TYPE:
    case ACCESS_DENIED_ACE_TYPE:
    case SYSTEM_AUDIT_ACE_TYPE:
    case SYSTEM_ALARM_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_ACE_TYPE:
    case ACCESS_DENIED_CALLBACK_ACE_TYPE:
    case SYSTEM_AUDIT_CALLBACK_ACE_TYPE:
    case SYSTEM_ALARM_CALLBACK_ACE_TYPE:
    case SYSTEM_MANDATORY_LABEL_ACE_TYPE:
    case 0x12: // resource attribute
    case 0x13: // scoped policy
    case 0x14: // process trust label
        return Layout::Simple;
    case ACCESS_ALLOWED_OBJECT_ACE_TYPE:
    case ACCESS_DENIED_OBJECT_ACE_TYPE:
    case SYSTEM_AUDIT_OBJECT_ACE_TYPE:
    case SYSTEM_ALARM_OBJECT_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE:
    case ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE:
    case SYSTEM_AUDIT_CALLBACK_OBJECT_ACE_TYPE:
    case SYSTEM_ALARM_CALLBACK_OBJECT_ACE_TYPE:
        return Layout::Object;
    default:
        return Layout::Unknown;
    }
}

bool revision_known(ULONG revision) { return revision >= MIN_ACL_REVISION && revision <= MAX_ACL_REVISION; }

uint8_t* bytes_of(ACL* acl) { return reinterpret_cast<uint8_t*>(acl); }

NTSTATUS add_simple(ACL* acl, ULONG revision, UCHAR type, ULONG flags, ACCESS_MASK mask, PSID sid)
{
    if (!RtlValidSid(sid))
        return STATUS_INVALID_SID;
    if (acl->AclRevision > MAX_ACL_REVISION || !revision_known(revision))
        return STATUS_REVISION_MISMATCH;
    if (flags & ~ULONG { kInheritFlags })
        return STATUS_INVALID_PARAMETER;
    void* place = nullptr;
    if (!acl_valid(acl) || !first_free(acl, place))
        return STATUS_INVALID_ACL;
    size_t const size = sizeof(ACE_HEADER) + sizeof(ACCESS_MASK) + sid_bytes(sid);
    if (!place || static_cast<uint8_t*>(place) + size > bytes_of(acl) + acl->AclSize)
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    ACE_HEADER const header { type, static_cast<UCHAR>(flags), static_cast<USHORT>(size) };
    auto* at = static_cast<uint8_t*>(place);
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + sizeof header, &mask, sizeof mask);
    std::memcpy(at + sizeof header + sizeof mask, sid, sid_bytes(sid));
    ++acl->AceCount;
    acl->AclRevision = std::max(acl->AclRevision, static_cast<UCHAR>(revision));
    return STATUS_SUCCESS;
}

} // namespace

bool read_ace(void* at, size_t room, Ace& into)
{
    into = {};
    auto* bytes = static_cast<uint8_t*>(at);
    if (room < sizeof(ACE_HEADER))
        return false;
    into.header = static_cast<ACE_HEADER*>(at);
    size_t const size = into.header->AceSize;
    if (size < sizeof(ACE_HEADER) || size % sizeof(ULONG) || size > room)
        return false;
    Layout const layout = layout_of(into.header->AceType);
    if (layout == Layout::Unknown)
        return true;
    size_t sid_at = sizeof(ACE_HEADER) + sizeof(ACCESS_MASK);
    if (size < sid_at)
        return false;
    std::memcpy(&into.mask, bytes + sizeof(ACE_HEADER), sizeof into.mask);
    if (layout == Layout::Object) {
        ULONG flags = 0;
        if (size < kObjectFlagsAt + sizeof flags)
            return false;
        std::memcpy(&flags, bytes + kObjectFlagsAt, sizeof flags);
        sid_at = kObjectFlagsAt + sizeof flags;
        if (flags & 1) {
            into.object = reinterpret_cast<GUID const*>(bytes + sid_at);
            sid_at += sizeof(GUID);
        }
        if (flags & 2) {
            into.inherited_object = reinterpret_cast<GUID const*>(bytes + sid_at);
            sid_at += sizeof(GUID);
        }
    }
    if (sid_at > size || !sid_fits(bytes + sid_at, size - sid_at))
        return false;
    into.sid = bytes + sid_at;
    sid_at += sid_bytes(into.sid);
    into.extra = bytes + sid_at;
    into.extra_bytes = size - sid_at;
    return true;
}

bool acl_fits(void const* acl, size_t room)
{
    auto const* header = static_cast<ACL const*>(acl);
    if (room < sizeof(ACL) || !revision_known(header->AclRevision) || header->AclSize < sizeof(ACL)
        || header->AclSize % sizeof(ULONG) || header->AclSize > room)
        return false;
    auto* at = const_cast<uint8_t*>(static_cast<uint8_t const*>(acl)) + sizeof(ACL);
    size_t left = header->AclSize - sizeof(ACL);
    for (USHORT i = 0; i < header->AceCount; ++i) {
        Ace ace;
        if (!read_ace(at, left, ace))
            return false;
        at += ace.header->AceSize;
        left -= ace.header->AceSize;
    }
    return true;
}

size_t acl_bytes_used(ACL const* acl)
{
    size_t used = sizeof(ACL);
    for_each_ace(acl, [&](Ace const& ace) {
        used += ace.header->AceSize;
        return true;
    });
    return used;
}

bool first_free(ACL* acl, void*& place)
{
    auto* at = bytes_of(acl) + sizeof(ACL);
    auto* const end = bytes_of(acl) + acl->AclSize;
    for (USHORT i = 0; i < acl->AceCount; ++i) {
        Ace ace;
        if (at >= end || !read_ace(at, static_cast<size_t>(end - at), ace))
            return false;
        at += ace.header->AceSize;
    }
    place = at <= end ? at : nullptr;
    return true;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlcreateacl
NTSTATUS RtlCreateAcl(ACL* acl, ULONG bytes, ULONG revision)
{
    if (bytes < sizeof(ACL))
        return STATUS_BUFFER_TOO_SMALL;
    if (!revision_known(revision) || bytes > 0xFFFF)
        return STATUS_INVALID_PARAMETER;
    *acl = { static_cast<UCHAR>(revision), 0, static_cast<USHORT>(bytes & ~ULONG { 3 }), 0, 0 };
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtladdaccessallowedace
NTSTATUS RtlAddAccessAllowedAce(ACL* acl, ULONG revision, ACCESS_MASK mask, PSID sid)
{
    return add_simple(acl, revision, ACCESS_ALLOWED_ACE_TYPE, 0, mask, sid);
}

NTSTATUS RtlAddAccessAllowedAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask, PSID sid)
{
    return add_simple(acl, revision, ACCESS_ALLOWED_ACE_TYPE, flags, mask, sid);
}

NTSTATUS RtlAddAccessDeniedAce(ACL* acl, ULONG revision, ACCESS_MASK mask, PSID sid)
{
    return add_simple(acl, revision, ACCESS_DENIED_ACE_TYPE, 0, mask, sid);
}

NTSTATUS RtlAddAccessDeniedAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask, PSID sid)
{
    return add_simple(acl, revision, ACCESS_DENIED_ACE_TYPE, flags, mask, sid);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtladdace
NTSTATUS RtlAddAce(ACL* acl, ULONG revision, ULONG index, PVOID list, ULONG bytes)
{
    void* end = nullptr;
    if (!acl_valid(acl) || !first_free(acl, end) || !revision_known(revision))
        return STATUS_INVALID_PARAMETER;
    USHORT added = 0;
    for (ULONG at = 0; at < bytes; ++added) {
        Ace ace;
        if (!read_ace(static_cast<uint8_t*>(list) + at, bytes - at, ace))
            return STATUS_INVALID_PARAMETER;
        // Entries of a later revision than the list is asked to be.
        if (ace.header->AceType >= ACCESS_ALLOWED_OBJECT_ACE_TYPE
            && ace.header->AceType <= ACCESS_MAX_MS_OBJECT_ACE_TYPE && revision < ACL_REVISION4)
            return STATUS_INVALID_PARAMETER;
        at += ace.header->AceSize;
    }
    auto* const limit = bytes_of(acl) + acl->AclSize;
    if (!end || bytes > static_cast<size_t>(limit - static_cast<uint8_t*>(end)) || acl->AceCount + added > 0xFFFF)
        return STATUS_BUFFER_TOO_SMALL;
    auto* at = bytes_of(acl) + sizeof(ACL);
    for (ULONG i = 0; i < std::min<ULONG>(index, acl->AceCount); ++i)
        at += reinterpret_cast<ACE_HEADER*>(at)->AceSize;
    std::memmove(at + bytes, at, static_cast<size_t>(static_cast<uint8_t*>(end) - at));
    std::memcpy(at, list, bytes);
    acl->AceCount = static_cast<USHORT>(acl->AceCount + added);
    acl->AclRevision = std::max(acl->AclRevision, static_cast<UCHAR>(revision));
    return STATUS_SUCCESS;
}

NTSTATUS RtlGetAce(ACL* acl, ULONG index, PVOID* result)
{
    if (!revision_known(acl->AclRevision) || index >= acl->AceCount)
        return STATUS_INVALID_PARAMETER;
    auto* at = bytes_of(acl) + sizeof(ACL);
    auto* const end = bytes_of(acl) + acl->AclSize;
    for (ULONG i = 0;; ++i) {
        Ace ace;
        if (at >= end || !read_ace(at, static_cast<size_t>(end - at), ace))
            return STATUS_INVALID_PARAMETER;
        if (i == index)
            break;
        at += ace.header->AceSize;
    }
    *result = at;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtldeleteace
NTSTATUS RtlDeleteAce(ACL* acl, ULONG index)
{
    void* end = nullptr;
    if (!acl_valid(acl) || index >= acl->AceCount || !first_free(acl, end) || !end)
        return STATUS_INVALID_PARAMETER;
    PVOID found = nullptr;
    if (NTSTATUS status = RtlGetAce(acl, index, &found); status)
        return status;
    auto* at = static_cast<uint8_t*>(found);
    size_t const size = static_cast<ACE_HEADER*>(found)->AceSize;
    size_t const behind = static_cast<size_t>(static_cast<uint8_t*>(end) - at) - size;
    std::memmove(at, at + size, behind);
    std::memset(at + behind, 0, size);
    --acl->AceCount;
    return STATUS_SUCCESS;
}

void RtlMapGenericMask(ACCESS_MASK* mask, GENERIC_MAPPING const* mapping)
{
    ACCESS_MASK mapped = *mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
    if (*mask & GENERIC_READ)
        mapped |= mapping->GenericRead;
    if (*mask & GENERIC_WRITE)
        mapped |= mapping->GenericWrite;
    if (*mask & GENERIC_EXECUTE)
        mapped |= mapping->GenericExecute;
    if (*mask & GENERIC_ALL)
        mapped |= mapping->GenericAll;
    *mask = mapped;
}

} // namespace ringside::rtl
