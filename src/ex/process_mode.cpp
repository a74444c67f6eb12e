// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlsetprocessplaceholdercompatibilitymode
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlgetenabledextendedfeatures
#include "ex/process_mode.h"

#include "ex/executive.h"
#include "hal/layout.h"
#include "ke/kernel.h"
#include "nt/shared_data.h"

namespace ringside::ex {

using namespace nt;

namespace {
CHAR& mode_of_current() { return executive().placeholders.of_process[ke::kernel().current().attached->number]; }
} // namespace

CHAR RtlQueryProcessPlaceholderCompatibilityMode() { return mode_of_current(); }

CHAR RtlSetProcessPlaceholderCompatibilityMode(CHAR mode)
{
    if (mode < PHCM_APPLICATION_DEFAULT || mode > PHCM_MAX)
        return PHCM_ERROR_INVALID_PARAMETER;
    return std::exchange(mode_of_current(), mode);
}

} // namespace ringside::ex
