// SPDX-License-Identifier: MIT
// Logon sessions, and who is told of their end.
#include "ob/capture.h"
#include "se/ddi.h"

#include <algorithm>

namespace ringside::se {

// @cite(wdk-ddi): page=ntifs/nf-ntifs-semarklogonsessionforterminationnotification
NTSTATUS SeMarkLogonSessionForTerminationNotification(LUID* logon)
{
    LUID const id = ob::get(logon);
    auto& sessions = security().sessions;
    auto it = sessions.find(static_cast<uint64_t>(static_cast<uint32_t>(id.HighPart)) << 32 | id.LowPart);
    if (it == sessions.end())
        return STATUS_NOT_FOUND;
    it->second.marked = true;
    return STATUS_SUCCESS;
}

NTSTATUS SeRegisterLogonSessionTerminatedRoutine(LogonRoutine routine)
{
    if (!routine)
        return STATUS_INVALID_PARAMETER;
    security().logon_routines.push_back(routine);
    return STATUS_SUCCESS;
}

NTSTATUS SeUnregisterLogonSessionTerminatedRoutine(LogonRoutine routine)
{
    if (!routine)
        return STATUS_INVALID_PARAMETER;
    auto& routines = security().logon_routines;
    auto it = std::find(routines.begin(), routines.end(), routine);
    if (it == routines.end())
        return STATUS_NOT_FOUND;
    routines.erase(it);
    return STATUS_SUCCESS;
}

} // namespace ringside::se
