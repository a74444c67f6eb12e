// SPDX-License-Identifier: MIT
// Rules about remove locks. Windows' Verifier puts a lock of its own, which knows who holds it, in the place of the
// driver's; here it notes beside it who does, and the driver's lock stays in use.
//
// A note belongs to the memory that the lock stands in: a lock at the same address in another block of pool, or in an
// image that was loaded later, is another lock. One on a stack is new whenever it is initialized.
#include "ex/pool.h"
#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "io/remove_lock.h"
#include "ke/kernel.h"
#include "sim/world.h"
#include "verifier/violation.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace ringside::verifier {

using namespace nt;

namespace {

struct Acquisition {
    io::RemoveLockHolder holder;
    uint64_t since_100ns;
    io::DriverRecord const* driver; // who called
};

struct Note {
    uint64_t memory; // what it stands in; 0: memory that nobody can tell
    uint64_t longest_100ns;
    uint64_t most;
    std::vector<Acquisition> held; // oldest first
};

std::unordered_map<IO_REMOVE_LOCK const*, Note> g_notes; // never walked
// The locks that are held with a tag, as often as they are, oldest first. Never walked.
std::unordered_map<void const*, std::vector<IO_REMOVE_LOCK const*>> g_held_with;

void forget_holder(IO_REMOVE_LOCK const* lock, void const* tag)
{
    auto const locks = g_held_with.find(tag);
    if (locks == g_held_with.end())
        return;
    auto const held = std::ranges::find(locks->second, lock);
    if (held != locks->second.end())
        locks->second.erase(held);
    if (locks->second.empty())
        g_held_with.erase(locks);
}

// A block of pool by its birth (odd), an image by its loading (even); 0 for other memory.
uint64_t memory_of(IO_REMOVE_LOCK const* lock)
{
    if (auto const block = ex::block_around(lock))
        return uint64_t { block->number } * 2 + 1;
    auto const& images = ke::kernel().images();
    ke::ImageRange const* image = images.find(reinterpret_cast<uintptr_t>(lock));
    return image ? (static_cast<uint64_t>(image - images.ranges().data()) + 1) * 2 : 0;
}

Note* note_of(IO_REMOVE_LOCK const* lock)
{
    auto const found = g_notes.find(lock);
    return found == g_notes.end() ? nullptr : &found->second;
}

// 0xC4/0xD7: parameters 2 and 3 the lock.
void initializing(IO_REMOVE_LOCK* lock, ULONG locked_minutes_max, ULONG high_watermark)
{
    uint64_t const memory = memory_of(lock);
    Note const* const known = note_of(lock);
    auto const address = reinterpret_cast<uint64_t>(lock);
    if (known && memory && known->memory == memory && is_on(Rule::RemoveLockInitializedAgain))
        violated(Rule::RemoveLockInitializedAgain, address, address, 0);
    if (known)
        for (auto const& acquisition : known->held)
            forget_holder(lock, acquisition.holder.tag);
    g_notes[lock] = { memory, uint64_t { locked_minutes_max } * 60 * 10'000'000, high_watermark, {} };
}

// Parameter 2 the lock, 3 how often it is held, 4 how often it may be.
void acquired(IO_REMOVE_LOCK* lock, io::RemoveLockHolder const& holder)
{
    Note* const note = note_of(lock);
    if (!note)
        return;
    note->held.push_back({ holder, sim::world().now_100ns(), io::manager().drivers().calling() });
    g_held_with[holder.tag].push_back(lock);
    if (note->most && note->held.size() > note->most && is_on(Rule::RemoveLockHeldTooOften))
        violated(Rule::RemoveLockHeldTooOften, reinterpret_cast<uint64_t>(lock), note->held.size(), note->most);
}

// Parameter 2 the lock, 3 the tag, 4 for how long in 100 ns.
void check_time(IO_REMOVE_LOCK const* lock, Note const& note, Acquisition const& acquisition)
{
    uint64_t const held_100ns = sim::world().now_100ns() - acquisition.since_100ns;
    if (note.longest_100ns && held_100ns > note.longest_100ns && is_on(Rule::RemoveLockHeldTooLong))
        violated(Rule::RemoveLockHeldTooLong, reinterpret_cast<uint64_t>(lock),
                 reinterpret_cast<uint64_t>(acquisition.holder.tag), held_100ns);
}

// 0xC4/0xD5 and 0xD6: parameter 2 the lock, 3 the tag; 0xD6: 4 a tag that the lock is held with.
void no_such_holder(IO_REMOVE_LOCK const* lock, Note const& note, void* tag, bool waits)
{
    Rule const rule = waits ? Rule::RemoveLockWaitedByOtherTag : Rule::RemoveLockReleasedByOtherTag;
    void* const other = waits && !note.held.empty() ? note.held.back().holder.tag : nullptr;
    if (is_on(rule))
        violated(rule, reinterpret_cast<uint64_t>(lock), reinterpret_cast<uint64_t>(tag),
                 reinterpret_cast<uint64_t>(other));
}

// Of several acquisitions with one tag the oldest is given back, so that none seems older than it is.
void releasing(IO_REMOVE_LOCK* lock, void* tag, bool waits)
{
    Note* const note = note_of(lock);
    if (!note)
        return;
    auto const own = std::ranges::find(note->held, tag, [](Acquisition const& a) { return a.holder.tag; });
    if (own == note->held.end()) {
        no_such_holder(lock, *note, tag, waits);
    } else {
        check_time(lock, *note, *own);
        note->held.erase(own);
        forget_holder(lock, tag);
    }
    if (waits)
        for (auto const& acquisition : note->held)
            check_time(lock, *note, acquisition);
}

void holders(IO_REMOVE_LOCK* lock, void (*visit)(void* context, io::RemoveLockHolder const& holder), void* context)
{
    if (Note const* const note = note_of(lock))
        for (auto const& acquisition : note->held)
            visit(context, acquisition.holder);
}

// The same driver's dispatch routine that is still in progress, for a device above this one, gives it back later.
bool is_in_progress_above(io::DispatchFrame const& frame, io::DriverRecord const& driver)
{
    for (auto const* outer = frame.outer; outer; outer = outer->outer) {
        auto const* device = io::manager().devices().find(outer->device);
        if (device && device->driver == &driver)
            return true;
    }
    return false;
}

} // namespace

// An IRP that ended within the call leaves no later moment to give its lock back. Parameter 2 the lock, 3 the IRP, which
// is the tag.
void check_remove_lock_kept(io::DispatchFrame const& frame)
{
    auto const locks = g_held_with.find(frame.irp);
    if (locks == g_held_with.end())
        return;
    auto const* device = io::manager().devices().find(frame.device);
    if (!device || !device->driver || is_in_progress_above(frame, *device->driver))
        return;
    for (IO_REMOVE_LOCK const* lock : locks->second)
        for (auto const& acquisition : note_of(lock)->held)
            if (acquisition.holder.tag == frame.irp && acquisition.driver == device->driver)
                violated(Rule::RemoveLockKept, reinterpret_cast<uint64_t>(lock), reinterpret_cast<uint64_t>(frame.irp),
                         0, reinterpret_cast<void const*>(frame.routine));
}

void listen_to_remove_locks()
{
    bool any = false;
    for (auto rule = Rule::RemoveLockReleasedByOtherTag; rule <= Rule::RemoveLockHeldTooLong;
         rule = static_cast<Rule>(static_cast<uint8_t>(rule) + 1))
        any |= is_on(rule);
    any |= is_on(Rule::RemoveLockKept);
    io::g_listener.remove_lock_initializing = any ? initializing : nullptr;
    io::g_listener.remove_lock_acquired = any ? acquired : nullptr;
    io::g_listener.remove_lock_releasing = any ? releasing : nullptr;
    io::g_listener.remove_lock_holders = any ? holders : nullptr;
}

void forget_remove_locks()
{
    g_notes.clear();
    g_held_with.clear();
}

} // namespace ringside::verifier
