// SPDX-License-Identifier: MIT
// Copies between address spaces without attaching: by the frames behind the addresses.
#pragma once

#include "ke/thread.h"
#include "nt/nt.h"

namespace ringside::mm {

struct Place {
    ke::Process* process; // whose user addresses are meant
    uintptr_t address; // kernel addresses are everybody's
};

struct Copied {
    size_t bytes;
    nt::NTSTATUS status; // STATUS_SUCCESS when all were copied, else what the first that was not met
};

// Protections hold, guard pages fire and pages are copied on write as if the processes did it themselves. Kernel
// addresses are followed as a driver would follow them.
Copied copy_between(Place const& to, Place const& from, size_t bytes);

} // namespace ringside::mm
