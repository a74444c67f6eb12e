// SPDX-License-Identifier: MIT
// What the rules hear of a driver's calls into the kernel. A few services are watched, by name; what the innermost routine
// of the driver did is noted in its passage until it returns.
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ringside::verifier {

using namespace nt;

namespace {

struct Watch {
    char const* name;
    void (*before)(uint64_t const* arguments);
    void (*after)(uint64_t const* arguments, uint64_t result);
};

template <typename T>
T* pointer(uint64_t argument)
{
    return reinterpret_cast<T*>(argument);
}

// The routine in progress may have queued its IRP by this entry.
void queues(uint64_t const* a) { queuing(pointer<void>(a[1])); }

void queues_dpc(uint64_t const* a)
{
    queuing(pointer<void>(a[1]));
    queuing(pointer<void>(a[2]));
}

void acquired_first(uint64_t const* a, uint64_t) { acquired_spin_lock(pointer<void>(a[0])); }
void acquired_second(uint64_t const* a, uint64_t) { acquired_spin_lock(pointer<void>(a[1])); } // a queued lock's handle
void acquired_if(uint64_t const* a, uint64_t result)
{
    if (result & 0xFF)
        acquired_spin_lock(pointer<void>(a[0]));
}

void releases(uint64_t const* a)
{
    leaving_spin_lock();
    releasing_spin_lock(pointer<void>(a[0]));
}

void starts_next(uint64_t const* a)
{
    auto* const device = pointer<DEVICE_OBJECT>(a[0]);
    check_start_next(device);
    starting_next(device);
}

constexpr Watch kWatches[] = {
    { "IofCompleteRequest", [](uint64_t const* a) { completing_by_call(pointer<IRP>(a[0])); }, nullptr },
    { "KeAcquireSpinLockRaiseToDpc", nullptr, acquired_first },
    { "KeAcquireSpinLockAtDpcLevel", nullptr, acquired_first },
    { "KeAcquireSpinLockForDpc", nullptr, acquired_first },
    { "KeTryToAcquireSpinLockAtDpcLevel", nullptr, acquired_if },
    { "KeAcquireInStackQueuedSpinLock", nullptr, acquired_second },
    { "KeAcquireInStackQueuedSpinLockAtDpcLevel", nullptr, acquired_second },
    { "KeAcquireInStackQueuedSpinLockForDpc", nullptr, acquired_second },
    { "KeReleaseSpinLock", releases, nullptr },
    { "KeReleaseSpinLockFromDpcLevel", releases, nullptr },
    { "KefReleaseSpinLockFromDpcLevel", releases, nullptr },
    { "KeReleaseSpinLockForDpc", releases, nullptr },
    { "KeReleaseInStackQueuedSpinLock", releases, nullptr },
    { "KeReleaseInStackQueuedSpinLockFromDpcLevel", releases, nullptr },
    { "KeReleaseInStackQueuedSpinLockForDpc", releases, nullptr },
    { "KeSetEvent", [](uint64_t const* a) { setting_event(pointer<KEVENT>(a[0])); }, nullptr },
    { "IoStartNextPacket", starts_next, nullptr },
    { "IoStartNextPacketByKey", starts_next, nullptr },
    { "IoSetStartIoAttributes", [](uint64_t const* a) { setting_start_io(!(a[2] & 0xFF)); }, nullptr },
    { "KeInsertDeviceQueue", queues, nullptr },
    { "KeInsertByKeyDeviceQueue", queues, nullptr },
    { "ExInterlockedInsertHeadList", queues, nullptr },
    { "ExInterlockedInsertTailList", queues, nullptr },
    { "ExInterlockedPushEntryList", queues, nullptr },
    { "IoStartPacket", queues, nullptr },
    { "KeInsertQueueDpc", queues_dpc, nullptr },
    { "IoSetCompletionRoutineEx",
      [](uint64_t const* a) { setting_routine_ex(pointer<DEVICE_OBJECT>(a[0]), pointer<IRP>(a[1])); }, nullptr },
    { "WmiSystemControl", nullptr,
      [](uint64_t const* a, uint64_t) { asked_wmilib(pointer<IRP>(a[2]), *pointer<SYSCTL_IRP_DISPOSITION>(a[3])); } },
};
constexpr uint8_t kNotLookedUp = 0, kNotWatched = 1, kFirst = 2;

// By the import's number; found by name once in a machine.
std::vector<uint8_t> g_watched;

Watch const* watch_of(ke::Import const& import)
{
    if (import.number >= g_watched.size())
        g_watched.resize(import.number + 1);
    uint8_t& known = g_watched[import.number];
    if (known == kNotLookedUp) {
        auto const* found = std::ranges::find(kWatches, std::string_view(import.name), &Watch::name);
        known = found == std::end(kWatches) ? kNotWatched : static_cast<uint8_t>(found - kWatches + kFirst);
    }
    return known == kNotWatched ? nullptr : &kWatches[known - kFirst];
}

bool g_irql_is_checked = false;

void before(ke::Import const* import, uint64_t* arguments)
{
    if (g_irql_is_checked)
        check_irql(*import, arguments);
    Watch const* const watch = watch_of(*import);
    if (watch && watch->before)
        watch->before(arguments);
}

void after(ke::Import const* import, uint64_t* arguments, uint64_t result)
{
    Watch const* const watch = watch_of(*import);
    if (watch && watch->after)
        watch->after(arguments, result);
}

} // namespace

ke::DoorPassage* routine_in_progress()
{
    ke::DoorPassage* const passage = ke::kernel().current().passage;
    // A routine of IoSetCompletionRoutineEx is called by one that the I/O manager set.
    ke::DoorPassage* const outside = passage && passage->door == ke::Door::Other ? routine_outside(*passage) : nullptr;
    bool const extended = outside && outside->door == ke::Door::Completion && outside->context == passage->context;
    return extended ? outside : passage;
}

ke::DoorPassage* routine_outside(ke::DoorPassage const& passage)
{
    return passage.outside;
}

void listen_to_gates()
{
    g_watched.clear();
    g_irql_is_checked
        = is_on(Rule::IrqlAtEntry) || is_on(Rule::SentAboveDispatch) || is_on(Rule::CompletedAboveDispatch);
    RuleSet watched;
    for (Rule rule : { Rule::RoutineExOfOtherDevice, Rule::MarkedAfterQueuing, Rule::StartNextInStartIo,
                       Rule::CancelableBeforeRoutine, Rule::MarkedAndSignalled, Rule::EventOfIrpSet,
                       Rule::EventNeverSet, Rule::CompletedHoldingLock, Rule::StartedNextHoldingLock })
        watched.set(static_cast<size_t>(rule));
    ke::g_gate_listener.before = g_irql_is_checked || (g_on & watched).any() ? before : nullptr;
    bool const afterwards
        = is_on(Rule::WmiNotForwarded) || is_on(Rule::CompletedHoldingLock) || is_on(Rule::StartedNextHoldingLock);
    ke::g_gate_listener.after = afterwards ? after : nullptr;
}

} // namespace ringside::verifier
