// SPDX-License-Identifier: MIT
// An IRP's path behind the light gate (ke/gate.h). This file is compiled without vector registers, so that xmm6 to xmm15
// stay as the driver left them; so nothing here may call a host function but through ke::Light. A test looks at the
// machine code (tools/light_path.py).
#include "io/complete.h"
#include "io/irp_path.h"

namespace ringside::io {

NTAPI NTSTATUS call_driver_bare(DEVICE_OBJECT* device, IRP* irp)
{
    return call_driver<ke::Binding::Bare, ke::Light>(device, irp);
}

NTAPI NTSTATUS call_driver_observed(DEVICE_OBJECT* device, IRP* irp)
{
    ke::light_before();
    NTSTATUS const status = call_driver<ke::Binding::Observed, ke::Light>(device, irp);
    ke::light_after();
    return status;
}

NTAPI void complete_request_bare(IRP* irp, CCHAR priority_boost)
{
    complete_request<ke::Binding::Bare, ke::Light>(irp, priority_boost);
}

NTAPI void complete_request_observed(IRP* irp, CCHAR priority_boost)
{
    ke::light_before();
    complete_request<ke::Binding::Observed, ke::Light>(irp, priority_boost);
    ke::light_after();
}

namespace {

// An IRP of ours for which nothing is held but its memory goes at once.
[[gnu::always_inline]] inline void free_irp_lightly(IRP* irp)
{
    IrpTable& irps = manager().irps();
    IrpRecord* record = irps.find_ours(irp);
    if (record && irp->Type == IO_TYPE_IRP && !record->holds_anything()) [[likely]]
        irps.free_by<ke::Light>(*record);
    else
        ke::Light::call<&IoFreeIrp>(irp);
}

} // namespace

NTAPI void free_irp_bare(IRP* irp) { free_irp_lightly(irp); }

NTAPI void free_irp_observed(IRP* irp)
{
    ke::light_before();
    free_irp_lightly(irp);
    ke::light_after();
}

} // namespace ringside::io
