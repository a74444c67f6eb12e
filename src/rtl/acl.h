// SPDX-License-Identifier: MIT
// Access control lists: a header, then entries (ACEs) one after another, each saying its own size. The sizes come from
// drivers and lie now and then: every walk stays inside AclSize, and an entry that reaches past it ends the walk.
#pragma once

#include "nt/se.h"
#include "nt/status.h"

namespace ringside::rtl {

using namespace nt;

inline constexpr UCHAR kInheritFlags
    = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE | NO_PROPAGATE_INHERIT_ACE | INHERIT_ONLY_ACE | INHERITED_ACE;

// An entry as far as it is whole: a sound size, and for the types that name somebody a whole SID in it.
struct Ace {
    ACE_HEADER* header = nullptr;
    ACCESS_MASK mask = 0;
    void* sid = nullptr;          // null: a type without one, or an unknown type
    GUID const* object = nullptr; // of object entries; null: any
    GUID const* inherited_object = nullptr;
    void const* extra = nullptr;  // what follows the SID: conditions, attributes
    size_t extra_bytes = 0;
};

// Whether the entry at `at` is whole within `room` bytes, and its parts.
bool read_ace(void* at, size_t room, Ace& into);
// Whether a whole list stands in these bytes.
bool acl_fits(void const* acl, size_t room);
inline bool acl_valid(ACL const* acl) { return acl_fits(acl, 0xFFFF); }
// Bytes of the header and the entries; of a valid list.
size_t acl_bytes_used(ACL const* acl);
// The place behind the last entry, null when it would stand beyond the list; false for a malformed list.
bool first_free(ACL* acl, void*& place);

// Calls visit(ace) for each entry, in order, as long as it returns true; of a valid list.
template <typename Visit>
void for_each_ace(ACL const* acl, Visit visit)
{
    if (!acl)
        return;
    auto* at = const_cast<uint8_t*>(reinterpret_cast<uint8_t const*>(acl)) + sizeof(ACL);
    auto* const end = at - sizeof(ACL) + acl->AclSize;
    for (USHORT i = 0; i < acl->AceCount; ++i) {
        Ace ace;
        if (!read_ace(at, static_cast<size_t>(end - at), ace) || !visit(ace))
            return;
        at += ace.header->AceSize;
    }
}

NTSTATUS RtlCreateAcl(ACL* acl, ULONG bytes, ULONG revision);
NTSTATUS RtlAddAccessAllowedAce(ACL* acl, ULONG revision, ACCESS_MASK mask, PSID sid);
NTSTATUS RtlAddAccessAllowedAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask, PSID sid);
NTSTATUS RtlAddAccessDeniedAce(ACL* acl, ULONG revision, ACCESS_MASK mask, PSID sid);
NTSTATUS RtlAddAccessDeniedAceEx(ACL* acl, ULONG revision, ULONG flags, ACCESS_MASK mask, PSID sid);
NTSTATUS RtlAddAce(ACL* acl, ULONG revision, ULONG index, PVOID list, ULONG bytes);
NTSTATUS RtlGetAce(ACL* acl, ULONG index, PVOID* ace);
NTSTATUS RtlDeleteAce(ACL* acl, ULONG index);
void RtlMapGenericMask(ACCESS_MASK* mask, GENERIC_MAPPING const* mapping);

} // namespace ringside::rtl
