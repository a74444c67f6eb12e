// SPDX-License-Identifier: MIT
// Symbolic links that drivers make for their devices. Which driver made one is remembered, for a link that outlives its
// driver leads nowhere.
#pragma once

#include "nt/nt.h"

namespace ringside::io {

NTSTATUS IoCreateSymbolicLink(UNICODE_STRING* link, UNICODE_STRING* target);
NTSTATUS IoCreateUnprotectedSymbolicLink(UNICODE_STRING* link, UNICODE_STRING* target);
NTSTATUS IoDeleteSymbolicLink(UNICODE_STRING* link);

} // namespace ringside::io
