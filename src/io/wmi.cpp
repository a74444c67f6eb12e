// SPDX-License-Identifier: MIT
#include "io/wmi.h"

#include "io/manager.h"

#include <algorithm>

namespace ringside::io {

namespace {

// IoWMIRegistrationControl's actions.
constexpr ULONG kRegister = 1, kDeregister = 2, kReregister = 3, kUpdateGuids = 4;

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiregistrationcontrol
NTSTATUS IoWMIRegistrationControl(DEVICE_OBJECT* device, ULONG action)
{
    auto& registered = manager().wmi_devices;
    auto const it = std::ranges::find(registered, device);
    // The flags in the upper half (a callback, an internal provider) change nothing for a registration.
    switch (action & 0xFFFF) {
    case kRegister:
        if (it == registered.end())
            registered.push_back(device);
        return STATUS_SUCCESS;
    case kDeregister:
        if (it == registered.end())
            return STATUS_INVALID_PARAMETER;
        registered.erase(it);
        return STATUS_SUCCESS;
    case kReregister:
    case kUpdateGuids:
        return it == registered.end() ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

size_t wmi_registrations() { return manager().wmi_devices.size(); }

} // namespace ringside::io
