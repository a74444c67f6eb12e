// SPDX-License-Identifier: MIT
// The access check: may whoever holds this token do that with an object that carries this descriptor? In this order:
//
//   1  kernel mode is not asked                       6  owner: READ_CONTROL and WRITE_DAC, unless the list has an
//   2  a level below SecurityImpersonation: no           OWNER RIGHTS entry
//   3  ACCESS_SYSTEM_SECURITY: SeSecurityPrivilege    7  no list, or a null one: everything
//   4  WRITE_OWNER: SeTakeOwnershipPrivilege, else 6  8  the entries in order: what is denied first stays denied, what
//   5  a lower integrity level: no writing up            is allowed first stays allowed
//                                                     9  a restricted token passes 6 to 8 twice, by both sets of SIDs
#pragma once

#include "se/token.h"

namespace ringside::se {

struct Access {
    NTSTATUS status = STATUS_ACCESS_DENIED;
    ACCESS_MASK granted = 0;
    ULONG privileges[2] {}; // those that made a difference
    size_t privilege_count = 0;
};

// Generic rights of `desired` are mapped; `previously` is granted whatever the descriptor says.
Access check_access(Token const& token, rtl::Parts const& descriptor, ACCESS_MASK desired, ACCESS_MASK previously,
                    GENERIC_MAPPING const& mapping, KPROCESSOR_MODE mode);

// Rights that reading and writing parts of a descriptor need.
ACCESS_MASK access_to_query(SECURITY_INFORMATION information);
ACCESS_MASK access_to_set(SECURITY_INFORMATION information);

} // namespace ringside::se
