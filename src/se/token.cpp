// SPDX-License-Identifier: MIT
#include "se/token.h"

#include <algorithm>

namespace ringside::se {

LUID privilege_luid(ULONG number) { return { number, 0 }; }

Privilege* Token::privilege(ULONG number)
{
    auto it = std::find_if(privileges.begin(), privileges.end(), [&](Privilege& p) { return p.number == number; });
    return it == privileges.end() ? nullptr : &*it;
}

bool Token::contains(void const* sid, bool for_deny) const
{
    if (user.sid.equals(sid))
        return for_deny || !(user.attributes & SE_GROUP_USE_FOR_DENY_ONLY);
    for (Group const& group : groups)
        if (group.sid.equals(sid))
            return (group.attributes & SE_GROUP_ENABLED)
                || (for_deny && (group.attributes & SE_GROUP_USE_FOR_DENY_ONLY));
    return false;
}

bool Token::restricted_contains(void const* sid) const
{
    return std::any_of(restricted.begin(), restricted.end(), [&](Group const& group) { return group.sid.equals(sid); });
}

bool Token::may_own(Sid const& sid) const
{
    if (user.sid == sid)
        return !(user.attributes & SE_GROUP_USE_FOR_DENY_ONLY);
    return std::any_of(groups.begin(), groups.end(), [&](Group const& group) {
        return group.sid == sid && (group.attributes & SE_GROUP_OWNER)
            && !(group.attributes & SE_GROUP_USE_FOR_DENY_ONLY);
    });
}

} // namespace ringside::se
