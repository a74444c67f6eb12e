// SPDX-License-Identifier: MIT
// The providers' end of WMI. Registrations are kept, for a driver that forgets to deregister leaves one behind; there
// is no WMI service behind them that would ask for data.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoWMIRegistrationControl(DEVICE_OBJECT* device, ULONG action);

// Devices that registered and did not deregister.
size_t wmi_registrations();

} // namespace ringside::io
