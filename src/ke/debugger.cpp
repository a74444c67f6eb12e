// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-kddisabledebugger
// @cite(wdk-ddi): page=wdm/nf-wdm-kdchangeoption
#include "ke/debugger.h"

#include "ke/data_exports.h"
#include "nt/status.h"

namespace ringside::ke {

using namespace nt;

namespace {
constexpr BOOLEAN kBlockedForEver = 0x80;

struct Debugger {
    bool attached = false;
    bool enabled = false;
    BOOLEAN block = FALSE;
};
Debugger g_debugger {};
} // namespace

void attach_debugger(bool attached)
{
    g_debugger = { attached, attached, FALSE };
    write_debugger_variables(attached, attached);
}

bool debugger_attached() { return g_debugger.attached; }
bool debugger_enabled() { return g_debugger.enabled; }
bool debugger_takes_break() { return g_debugger.enabled; }

NTSTATUS enable_debugger(bool enable)
{
    if (!g_debugger.attached)
        return STATUS_DEBUGGER_INACTIVE;
    if (g_debugger.block)
        return STATUS_ACCESS_DENIED;
    g_debugger.enabled = enable;
    write_debugger_variables(enable, true);
    return STATUS_SUCCESS;
}

NTSTATUS block_debugger(BOOLEAN block)
{
    if (!g_debugger.attached)
        return STATUS_DEBUGGER_INACTIVE;
    if (g_debugger.block & kBlockedForEver)
        return STATUS_ACCESS_DENIED;
    g_debugger.block = block;
    return STATUS_SUCCESS;
}

} // namespace ringside::ke
