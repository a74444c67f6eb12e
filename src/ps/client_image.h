// SPDX-License-Identifier: MIT
// A client's main image. Its code runs on the host, so what stands in its addresses is the headers of a PE file and no
// section: enough for a driver that looks at what was loaded.
#pragma once

#include "base/result.h"
#include "ke/thread.h"

#include <cstddef>
#include <cstdint>

namespace ringside::ps {

inline constexpr size_t kClientImageBytes = 0x1000; // its SizeOfImage

// Maps one into a process that has its slice. Returns its base; mm::map_user_image's errors.
Result<uintptr_t> map_client_image(ke::Process& process);

} // namespace ringside::ps
