// SPDX-License-Identifier: MIT
// File information that the I/O manager knows without asking the driver: position, mode, alignment, access.
#pragma once

#include "nt/nt.h"

#include <optional>

namespace ringside::io {

// The outcome, when the class is one of these; nothing when the driver must be asked.
std::optional<IO_STATUS_BLOCK> answer_query(HANDLE handle, void* buffer, ULONG bytes,
                                            FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode);
std::optional<IO_STATUS_BLOCK> answer_set(HANDLE handle, void const* buffer, ULONG bytes,
                                          FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode);

// FILE_MODE_INFORMATION of a file object.
ULONG mode_of(FILE_OBJECT const& file);

} // namespace ringside::io
