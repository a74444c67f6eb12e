// SPDX-License-Identifier: MIT
// An image in a process' user addresses: what MEM_IMAGE says of a region.
#pragma once

#include "base/result.h"
#include "ke/thread.h"

#include <cstdint>
#include <span>

namespace ringside::mm {

// Maps the bytes, read only and padded with zeroes to whole pages, below what was mapped from the top before. The pages
// are the process' own and go with its slice. STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT.
Result<uintptr_t> map_user_image(ke::Process& process, std::span<uint8_t const> bytes);

} // namespace ringside::mm
