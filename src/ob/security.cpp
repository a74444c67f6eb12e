// SPDX-License-Identifier: MIT
#include "ob/security.h"

#include "ob/manager.h"

namespace ringside::ob {

using namespace nt;

SecurityHooks g_security;

void** security_slot(void* body)
{
    Record& record = manager().require(body);
    return record.type->security_slot ? record.type->security_slot(body) : &record.security;
}

Result<ACCESS_MASK> allowed_access(void* body, ACCESS_MASK desired, KPROCESSOR_MODE mode, uint32_t flags)
{
    Type const& type = *manager().require(body).type;
    if ((mode == KernelMode && !(flags & OBJ_FORCE_ACCESS_CHECK)) || !g_security.check)
        return granted_access(type, desired);
    void** slot = security_slot(body);
    if (!slot || !*slot)
        return granted_access(type, desired);
    return g_security.check(type, *slot, desired);
}

Result<void> assign_security(Record& record, void const* parent, void const* given, bool checked)
{
    if (record.security || record.type->security_slot || !g_security.assign)
        return {};
    record.security = TRY(g_security.assign(*record.type, parent, given, checked));
    return {};
}

} // namespace ringside::ob
