// SPDX-License-Identifier: MIT
#include "ex/executive.h"

#include "base/check.h"
#include "ex/quota.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "mm/contiguous.h"
#include "mm/memory.h"

namespace ringside::ex {

Executive* g_executive = nullptr;
void* (*g_stub)(char const* export_name) = nullptr;
ke::Thread* (*g_create_system_thread)(ke::Thread::Main main, void* context) = nullptr;

Executive::Executive(hal::PhysicalMemory& physical, Windows windows_version)
    : windows(windows_version), pool(physical), timer_resolution(ke::Kernel::kTickUnits)
{
    CHECK(!g_executive, "one machine is live per process at a time");
    g_executive = this;
    mm::g_pool.allocate = [](size_t bytes, uint32_t tag) {
        return allocate(nt::NonPagedPoolNx, bytes, tag, Owner::Driver, false);
    };
    mm::g_pool.free = [](void* block) { free(block, 0); };
    ke::g_let_execute
        = [](uintptr_t address) { return executive().pool.let_execute(address) || mm::let_execute(address); };
}

Executive::~Executive()
{
    mm::g_pool = {};
    ke::g_let_execute = nullptr;
    g_quota = {};
    g_stub = nullptr;
    g_create_system_thread = nullptr;
    g_executive = nullptr;
}

Residue Executive::residue() const
{
    return {
        .pool_blocks = pool.driver_blocks(),
        .pool_bytes = pool.driver_bytes(),
        .lookaside_lists = lookasides.records.size(),
        .resources = resources.live(),
        .work_items = work.pending(),
        .timers = timers.live(),
        .trace_providers = tracing.providers.size(),
        .heaps = heaps.heaps.size(),
    };
}

} // namespace ringside::ex
