// SPDX-License-Identifier: MIT
// Pool quota: whose account a block of ExAllocatePoolWithQuotaTag or POOL_FLAG_USE_QUOTA stands in. Accounts belong to
// processes, which live in a higher room: room ps sets this pair. While it is not set nothing is charged.
#pragma once

#include "ke/thread.h"

#include <cstdint>

namespace ringside::ex {

struct QuotaHook {
    bool (*charge)(ke::Process&, bool paged, uint64_t bytes); // false: over the process' limit, nothing was charged
    void (*give_back)(ke::Process&, bool paged, uint64_t bytes);
};
extern QuotaHook g_quota;

// The process is going: blocks that are still charged to it are charged to nobody.
void forget_quota(ke::Process const& process);

} // namespace ringside::ex
