// SPDX-License-Identifier: MIT
// Who completes an IRP, or starts the next, holds no spin lock: the routines that are called may want the same one. Which
// locks a processor holds is noted as they are acquired; a level below DISPATCH_LEVEL says that it holds none, whatever the
// note says.
#include "io/manager.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

#include <algorithm>
#include <vector>

namespace ringside::verifier {

using namespace nt;

namespace {

std::vector<std::vector<void const*>> g_held; // by processor, oldest first

std::vector<void const*>& held_here()
{
    size_t const processor = ke::kernel().cpu().number();
    if (processor >= g_held.size())
        g_held.resize(processor + 1);
    return g_held[processor];
}

// A lock, or a queued one's handle, or the cancel spin lock; null: none is held.
void const* lock_in_the_way()
{
    auto& held = held_here();
    if (ke::Kernel::irql() < DISPATCH_LEVEL) {
        held.clear();
        return nullptr;
    }
    KSPIN_LOCK const& cancel = io::manager().cancel_lock;
    if (cancel == ke::kernel().cpu().number() + 1)
        return &cancel;
    return held.empty() ? nullptr : held.back();
}

} // namespace

void acquired_spin_lock(void const* lock) { held_here().push_back(lock); }

void releasing_spin_lock(void const* lock)
{
    auto& held = held_here();
    auto const found = std::ranges::find(held, lock);
    if (found != held.end())
        held.erase(found);
}

// Parameter 2 the lock, 3 the IRP.
void completing_by_call(IRP* irp)
{
    if (!is_on(Rule::CompletedHoldingLock))
        return;
    if (void const* const lock = lock_in_the_way())
        violated(Rule::CompletedHoldingLock, reinterpret_cast<uint64_t>(lock), reinterpret_cast<uint64_t>(irp), 0);
}

// Parameter 2 the lock, 3 the device object.
void check_start_next(DEVICE_OBJECT* device)
{
    if (!is_on(Rule::StartedNextHoldingLock))
        return;
    if (void const* const lock = lock_in_the_way())
        violated(Rule::StartedNextHoldingLock, reinterpret_cast<uint64_t>(lock), reinterpret_cast<uint64_t>(device), 0);
}

void forget_spin_locks() { g_held.clear(); }

} // namespace ringside::verifier
