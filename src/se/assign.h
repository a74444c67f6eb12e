// SPDX-License-Identifier: MIT
// The descriptor of a new object: what its creator gives goes first, then what the container hands down, then what the
// creator's token holds for the purpose.
#pragma once

#include "se/token.h"

namespace ringside::se {

struct Assignment {
    Descriptor const* parent = nullptr;
    Descriptor const* given = nullptr;
    bool container = false;
    ULONG auto_inherit = 0; // SEF_*
    Token const* token = nullptr;
    GENERIC_MAPPING mapping {};
    KPROCESSOR_MODE mode = KernelMode; // of whoever gave `given`
};
// STATUS_INVALID_OWNER, STATUS_INVALID_PRIMARY_GROUP, STATUS_PRIVILEGE_NOT_HELD, STATUS_INVALID_ACL (too long).
Result<Descriptor> assign_descriptor(Assignment const& assignment);

// The entries that a container's list hands down; CREATOR OWNER and CREATOR GROUP become those of the new object.
Result<Acl> inherit(Acl const& from, bool container, Sid const& owner, Sid const& group, GENERIC_MAPPING const& mapping,
                    bool mark_inherited);

// Takes over the parts of `from` that `information` names. STATUS_INVALID_OWNER.
Result<void> modify_descriptor(Descriptor& object, Descriptor const& from, SECURITY_INFORMATION information,
                               GENERIC_MAPPING const& mapping, Token const* owner_must_suit);
// The parts of a descriptor that `information` names.
Descriptor select_parts(Descriptor const& from, SECURITY_INFORMATION information);

} // namespace ringside::se
