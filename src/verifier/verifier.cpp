// SPDX-License-Identifier: MIT
#include "verifier/verifier.h"

#include "ex/pool.h"
#include "io/driver.h"
#include "io/frame.h"
#include "io/listener.h"
#include "ke/kernel.h"

namespace ringside::verifier {

using namespace nt;

namespace {

bool is_on(RuleSet const& set, Rule rule) { return set[static_cast<size_t>(rule)]; }

[[noreturn]] void violated(Rule rule, uint64_t p2, uint64_t p3, uint64_t p4)
{
    RuleRow const& r = row(rule);
    ke::violation(r.name, r.code, r.subcode, p2, p3, p4, r.words);
}

// 0xC4/0xE5: parameter 2 the IRQL, 3 the lowest and 4 the highest that the function's page allows.
void irql_at_entry(ke::Import const* import, uint64_t*)
{
    auto const& range = import->ddi->irql;
    uint8_t const irql = ke::Kernel::irql();
    if (irql < range.lowest || irql > range.highest)
        violated(Rule::IrqlAtEntry, irql, range.lowest, range.highest);
}

// 0xC9/0x5: parameter 2 the routine, 3 the IRQL before, 4 after.
void irql_at_return(ke::DoorPassage& passage, uint64_t)
{
    uint8_t const irql = ke::Kernel::irql();
    if (ke::kDoors[static_cast<size_t>(passage.door)].irql_must_return && irql != passage.irql)
        violated(Rule::IrqlAtReturn, reinterpret_cast<uint64_t>(passage.function), passage.irql, irql);
}

// 0x44: parameter 1 the IRP.
void double_completion(IRP* irp, io::IrpRecord* record)
{
    if (!record || (record->state != io::IrpState::Freed && record->state != io::IrpState::Completed))
        return;
    RuleRow const& r = row(Rule::DoubleCompletion);
    ke::violation(r.name, r.code, reinterpret_cast<uint64_t>(irp), 0, 0, 0, r.words);
}

// 0xC9/0x226: parameter 2 the device, 3 the IRP, 4 the status that the routine returned.
void forgotten_completion(io::DispatchFrame const& frame, NTSTATUS status)
{
    if (status == STATUS_PENDING || frame.completed || frame.forwarded || frame.freed || !frame.record)
        return;
    auto const* locations = reinterpret_cast<IO_STACK_LOCATION const*>(frame.irp + 1);
    if (locations[frame.location - 1].Control & SL_PENDING_RETURNED)
        return;
    violated(Rule::ForgottenCompletion, reinterpret_cast<uint64_t>(frame.device), reinterpret_cast<uint64_t>(frame.irp),
             static_cast<uint32_t>(status));
}

struct Leaked {
    uintptr_t base;
    size_t size;
    uint64_t blocks;
};

// 0xC4/0x62: parameter 2 the driver object, 4 the number of pool blocks that its code allocated and nobody freed.
void leak_at_unload(io::DriverRecord& driver)
{
    Leaked leaked { driver.image_base, driver.image_bytes, 0 };
    ex::for_each_block(
        [](void* context, ex::Block const& block) {
            auto& l = *static_cast<Leaked*>(context);
            if (block.owner == ex::Owner::Driver && block.caller - l.base < l.size)
                ++l.blocks;
        },
        &leaked);
    if (leaked.blocks)
        violated(Rule::LeakAtUnload, reinterpret_cast<uint64_t>(driver.object), 0, leaked.blocks);
}

} // namespace

Verifier::Verifier(RuleSet on)
{
    ke::g_gate_listener.before = is_on(on, Rule::IrqlAtEntry) ? irql_at_entry : nullptr;
    ke::g_door_listener.returned = is_on(on, Rule::IrqlAtReturn) ? irql_at_return : nullptr;
    io::g_listener.irp_completing = is_on(on, Rule::DoubleCompletion) ? double_completion : nullptr;
    io::g_listener.dispatch_returned = is_on(on, Rule::ForgottenCompletion) ? forgotten_completion : nullptr;
    io::g_listener.driver_unloaded = is_on(on, Rule::LeakAtUnload) ? leak_at_unload : nullptr;
}

Verifier::~Verifier()
{
    ke::g_gate_listener = {};
    ke::g_door_listener = {};
    io::g_listener = {};
}

} // namespace ringside::verifier
