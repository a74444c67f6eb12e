// SPDX-License-Identifier: MIT
#include "ke/gate.h"

#include "ke/door.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "ke/observed_door.h"
#include "ke/stack.h"

#include <utility>

namespace ringside::ke {

using namespace nt;

GateListener g_gate_listener;
void (*g_at_dispatch)() = nullptr;
DoorListener g_door_listener;

DoorRow const kDoors[static_cast<size_t>(Door::Count)] = {
    { "DriverEntry", true },
    { "DriverUnload", true },
    { "AddDevice", true },
    { "dispatch routine", true, sim::Event::DispatchEnter, sim::Event::DispatchReturn },
    { "completion routine", true, sim::Event::CompletionEnter, sim::Event::CompletionReturn },
    { "cancel routine", false }, // entered holding the cancel spin lock, which it releases
    { "StartIo", true },
    { "DPC", true, sim::Event::DpcEnter, sim::Event::DpcReturn },
    { "ISR", true },
    { "SynchCritSection", true },
    { "APC", true },
    { "system thread", false },
    { "work item", true },
    { "queue's lock routine", false }, // one call takes a spin lock, another gives it back
    { "bug-check callback", true },
    { "exception filter", true },
    { "termination handler", true },
    { "QueryWmiRegInfo", true },
    { "QueryWmiDataBlock", true },
    { "SetWmiDataBlock", true },
    { "SetWmiDataItem", true },
    { "ExecuteWmiMethod", true },
    { "WmiFunctionControl", true },
    { "WMI entry routine", true },
    { "WMI notification", true },
    { "callback", true },
};

namespace {

uint64_t bare_entry(uint64_t* arguments, Import const* import) { return import->ddi->body.invoke(arguments); }

void record_call(Import const& import, LogCapture const& capture, uint64_t result)
{
    uint64_t const detail = import.ddi->body.returns_status ? static_cast<uint32_t>(result) : capture.detail;
    kernel().log_always(static_cast<sim::Event>(static_cast<uint16_t>(sim::Event::FirstDdi) + import.number),
                        capture.subject, detail);
}

// What the fault door hands back in place of the body's result.
uint64_t failed_result(Import const& import, uint64_t const* arguments)
{
    Ddi const& ddi = *import.ddi;
    kernel().log_always(sim::Event::FaultInjected, import.number, sim::world().faults().asked());
    switch (ddi.fail_form(arguments)) {
    case Fail::Status:
        return static_cast<uint64_t>(static_cast<int64_t>(ddi.fail_status));
    case Fail::Raise:
        raise(ddi.fail_status);
    default:
        return 0;
    }
}

// Around a body whose row fails inside. Such bodies neither block nor call drivers back.
struct Inside {
    explicit Inside(Import const* import) { kernel().failing_inside = import; }
    ~Inside() { kernel().failing_inside = nullptr; }
    Inside(Inside const&) = delete;
    Inside& operator=(Inside const&) = delete;
};

uint64_t fallible_result(uint64_t* arguments, Import const* import)
{
    if (import->ddi->fail == Fail::Inside) {
        Inside const inside(import);
        return import->ddi->body.invoke(arguments);
    }
    return sim::world().faults().should_fail(import->number) ? failed_result(*import, arguments)
                                                             : import->ddi->body.invoke(arguments);
}

// Observed and verified calls are alike but for the listener: the same schedule point, fault draw and log line.
template <bool Verified>
uint64_t logged_entry(uint64_t* arguments, Import const* import)
{
    Kernel& k = kernel();
    k.schedule_point();
    Ddi const& ddi = *import->ddi;
    if constexpr (Verified) {
        StackUse const& use = k.current().stack_use;
        if (stack_used(use, reinterpret_cast<uintptr_t>(arguments)) > int64_t { use.limit }) [[unlikely]]
            if (!chain_head() || called_by_driver(use, *chain_head()))
                stack_overflow(reinterpret_cast<uintptr_t>(arguments));
    }
    if constexpr (Verified)
        if (g_gate_listener.before)
            g_gate_listener.before(import, arguments);
    LogCapture capture;
    if (ddi.capture)
        ddi.capture(arguments, capture);
    uint64_t result;
    if (ddi.fail != Fail::Never && sim::world().faults().armed()) [[unlikely]]
        result = fallible_result(arguments, import);
    else
        result = ddi.body.invoke(arguments);
    if (!ddi.says_itself)
        record_call(*import, capture, result);
    if constexpr (Verified)
        if (g_gate_listener.after)
            g_gate_listener.after(import, arguments, result);
    check_at_dispatch();
    return result;
}

} // namespace

bool fails_inside()
{
    Import const* const inside = kernel().failing_inside;
    if (!inside || !sim::world().faults().armed() || !sim::world().faults().should_fail(inside->number))
        return false;
    kernel().log_always(sim::Event::FaultInjected, inside->number, sim::world().faults().asked());
    return true;
}

ImportEntry entry_for(Binding binding)
{
    switch (binding) {
    case Binding::Bare:
        return bare_entry;
    case Binding::Observed:
        return logged_entry<false>;
    case Binding::Verified:
        return logged_entry<true>;
    }
    return nullptr;
}

void* light_entry_for(Ddi const& row, Binding binding)
{
    if (!kLightGates || binding == Binding::Verified)
        return nullptr;
    return binding == Binding::Bare ? row.body.light_bare : row.body.light_observed;
}

uint64_t missing_service(uint64_t*, Import const* import) { kernel().stop_for_missing_service(*import); }

void door_enter(DoorPassage& passage, uintptr_t stack_pointer)
{
    Kernel& k = kernel();
    passage.irql = Kernel::irql();
    Thread& self = k.current();
    passage.apc_disable = self.kernel_apc_disable;
    passage.outer = enter_driver(self, passage.door, stack_pointer);
    passage.outside = std::exchange(self.passage, &passage);
    sim::Event const event = kDoors[static_cast<size_t>(passage.door)].enter;
    k.log_always(event, passage.subject,
                 event == sim::Event::CallbackEnter ? static_cast<uint64_t>(passage.door) : passage.detail,
                 passage.function, passage.context);
    if (g_binding == Binding::Verified && g_door_listener.entering)
        g_door_listener.entering(passage);
    check_at_dispatch();
    if (passage.door != Door::ExceptionFilter && passage.door != Door::TerminationHandler)
        k.schedule_point();
}

void Visit::left_by_exception() noexcept { kernel().current().stack_use = m_outer; }

void door_unwound(DoorPassage& passage)
{
    Thread& self = kernel().current();
    self.stack_use = passage.outer;
    self.passage = passage.outside;
}

void door_return(DoorPassage& passage, uint64_t result)
{
    Kernel& k = kernel();
    leave_driver(k.current(), passage.outer);
    k.current().passage = passage.outside;
    sim::Event const event = kDoors[static_cast<size_t>(passage.door)].leave;
    k.log_always(event, passage.subject,
                 event == sim::Event::DispatchReturn || event == sim::Event::CompletionReturn
                     ? static_cast<uint32_t>(result)
                     : static_cast<uint64_t>(passage.door),
                 passage.function, passage.context);
    if (g_binding == Binding::Verified && g_door_listener.returned)
        g_door_listener.returned(passage, result);
}

} // namespace ringside::ke
