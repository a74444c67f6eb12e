// SPDX-License-Identifier: MIT
// Small facts that user mode keeps in the process or the shared page and drivers ask for by Rtl names.
#pragma once

#include "nt/nt.h"

#include <map>

namespace ringside::ex {

// How placeholder files of cloud file systems look to a process.
inline constexpr nt::CHAR PHCM_APPLICATION_DEFAULT = 0;
inline constexpr nt::CHAR PHCM_MAX = 2;
inline constexpr nt::CHAR PHCM_ERROR_INVALID_PARAMETER = -1;

struct PlaceholderModes {
    std::map<uint32_t, nt::CHAR> of_process; // by number; a process that set none has the default
};

nt::CHAR RtlQueryProcessPlaceholderCompatibilityMode();
nt::CHAR RtlSetProcessPlaceholderCompatibilityMode(nt::CHAR mode);

} // namespace ringside::ex
