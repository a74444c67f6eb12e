// SPDX-License-Identifier: MIT
// Logon sessions, and who is told of their end; the event of an attempt on a mended weakness.
#include "ex/trace.h"
#include "ob/capture.h"
#include "rtl/multi_byte.h"
#include "se/ddi.h"

#include <algorithm>
#include <fmt/format.h>

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

// The page names ERROR_INVALID_PARAMETER, of a function that returns an NTSTATUS.
// @cite(wdk-ddi): page=wdm/nf-wdm-seetwwritekmcveevent
NTSTATUS SeEtwWriteKMCveEvent(UNICODE_STRING* cve, UNICODE_STRING* details)
{
    constexpr GUID kAuditCve { 0x85A62A0D, 0x7E17, 0x485F, { 0x9D, 0x4F, 0x74, 0x9A, 0x28, 0x71, 0x93, 0xA6 } };
    if (!cve)
        return STATUS_INVALID_PARAMETER;
    size_t const characters = details ? ob::get(details).Length / sizeof(char16_t) : 0;
    auto const id = ob::read_string(cve);
    if (!id.ok())
        return STATUS_INVALID_PARAMETER;
    ex::log_trace_event(kAuditCve, fmt::format("{}: {} characters of details", rtl::utf8(id.value()), characters));
    return STATUS_SUCCESS;
}

} // namespace ringside::se
