// SPDX-License-Identifier: MIT
// The security descriptor definition language: O:BAG:SYD:P(A;;GA;;;SY)(A;;GRGW;;;WD)S:(ML;;NW;;;LW) and back.
//
//   descriptor  = [O:sid] [G:sid] [D:flags entries] [S:flags entries], in any order, each once
//   flags       = { P | AR | AI | NO_ACCESS_CONTROL }
//   entry       = ( type ; entry flags ; rights ; object guid ; inherited object guid ; sid )
//   rights      = { two letters } | number     sid = two letters | S-1-...
#pragma once

#include "se/values.h"

#include <string>
#include <string_view>

namespace ringside::se {

// STATUS_INVALID_PARAMETER for text that is none; STATUS_INVALID_SID for a SID that is none; STATUS_NOT_SUPPORTED for
// conditional and attribute entries, whose expressions are not understood.
Result<Descriptor> parse_sddl(std::u16string_view text);
std::u16string print_sddl(Descriptor const& descriptor, SECURITY_INFORMATION parts);

struct SidCode {
    char16_t const* code;
    Sid sid;
};
std::vector<SidCode> const& sid_codes();
struct RightCode {
    char16_t const* code;
    ACCESS_MASK mask;
};
// Single bits first (generic, standard, object), then the sets (files, keys); label rights are separate.
inline constexpr RightCode kBitRights[] = {
    { u"GA", GENERIC_ALL }, { u"GR", GENERIC_READ }, { u"GW", GENERIC_WRITE }, { u"GX", GENERIC_EXECUTE },
    { u"CC", 0x1 }, { u"DC", 0x2 }, { u"LC", 0x4 }, { u"SW", 0x8 }, { u"RP", 0x10 }, { u"WP", 0x20 }, { u"DT", 0x40 },
    { u"LO", 0x80 }, { u"CR", 0x100 }, { u"SD", DELETE }, { u"RC", READ_CONTROL }, { u"WD", WRITE_DAC },
    { u"WO", WRITE_OWNER },
};
inline constexpr RightCode kSetRights[] = {
    { u"FA", 0x1F01FF }, { u"FR", 0x120089 }, { u"FW", 0x120116 }, { u"FX", 0x1200A0 },
    { u"KA", 0xF003F }, { u"KR", 0x20019 }, { u"KW", 0x20006 }, { u"KX", 0x20019 },
};
inline constexpr RightCode kLabelRights[] = { { u"NR", 2 }, { u"NW", 1 }, { u"NX", 4 } };
inline constexpr RightCode kEntryFlags[] = {
    { u"OI", OBJECT_INHERIT_ACE }, { u"CI", CONTAINER_INHERIT_ACE }, { u"NP", NO_PROPAGATE_INHERIT_ACE },
    { u"IO", INHERIT_ONLY_ACE }, { u"ID", INHERITED_ACE }, { u"SA", SUCCESSFUL_ACCESS_ACE_FLAG },
    { u"FA", FAILED_ACCESS_ACE_FLAG },
};
inline constexpr RightCode kEntryTypes[] = {
    { u"A", ACCESS_ALLOWED_ACE_TYPE }, { u"D", ACCESS_DENIED_ACE_TYPE }, { u"OA", ACCESS_ALLOWED_OBJECT_ACE_TYPE },
    { u"OD", ACCESS_DENIED_OBJECT_ACE_TYPE }, { u"AU", SYSTEM_AUDIT_ACE_TYPE }, { u"AL", SYSTEM_ALARM_ACE_TYPE },
    { u"OU", SYSTEM_AUDIT_OBJECT_ACE_TYPE }, { u"OL", SYSTEM_ALARM_OBJECT_ACE_TYPE },
    { u"ML", SYSTEM_MANDATORY_LABEL_ACE_TYPE }, { u"SP", 0x13 }, { u"TL", 0x14 },
};
inline bool is_object_entry(ULONG type)
{
    return type >= ACCESS_ALLOWED_OBJECT_ACE_TYPE && type <= SYSTEM_ALARM_OBJECT_ACE_TYPE;
}

} // namespace ringside::se
