// SPDX-License-Identifier: MIT
// Rules about any call into the kernel and any call of a driver's routine: IRQL, critical regions, what is left at unload.
#include "ex/pool.h"
#include "io/driver.h"
#include "io/listener.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

#include <string_view>

namespace ringside::verifier {

using namespace nt;

// 0xC4/0xE5: parameter 2 the IRQL, 3 the lowest and 4 the highest that the function's page allows. Two functions have
// numbers of their own: 0xC9/0x10, parameter 2 the IRQL; 0xC9/0xE, parameter 2 the IRQL, 3 the IRP.
void check_irql(ke::Import const& import, uint64_t const* arguments)
{
    auto const& range = import.ddi->irql;
    uint8_t const irql = ke::Kernel::irql();
    if (irql >= range.lowest && irql <= range.highest)
        return;
    std::string_view const name = import.name;
    if (name == "IofCallDriver" && is_on(Rule::SentAboveDispatch))
        violated(Rule::SentAboveDispatch, irql, 0, 0);
    if (name == "IofCompleteRequest" && is_on(Rule::CompletedAboveDispatch))
        violated(Rule::CompletedAboveDispatch, irql, arguments[0], 0);
    if (is_on(Rule::IrqlAtEntry))
        violated(Rule::IrqlAtEntry, irql, range.lowest, range.highest);
}

namespace {

void entering(ke::DoorPassage& passage)
{
    if (passage.door == ke::Door::Completion)
        entering_completion(passage);
}

// 0xC4/0xFA: parameter 2 the routine, 3 the IRQL before, 4 after. So has 0xC9/0x5 for routines that have no device; those
// that do are dispatch routines, and looked at elsewhere (returning.cpp). 0xC4/0xC5 and 0xFB: parameter 2 the
// routine, 3 the thread's APC disable count now, 4 before.
void routine_returned(ke::DoorPassage& passage, uint64_t)
{
    auto const routine = reinterpret_cast<uint64_t>(passage.function);
    bool const completion = passage.door == ke::Door::Completion;
    Rule const irql_rule = completion ? Rule::IrqlAtCompletionReturn : Rule::IrqlAtReturn;
    uint8_t const irql = ke::Kernel::irql();
    bool const must_return
        = passage.door != ke::Door::Dispatch && ke::kDoors[static_cast<size_t>(passage.door)].irql_must_return;
    if (must_return && irql != passage.irql && is_on(irql_rule))
        violated(irql_rule, routine, passage.irql, irql, passage.function);
    if (!completion && passage.door != ke::Door::Dispatch)
        return;
    int32_t const count = ke::kernel().current().kernel_apc_disable;
    Rule const region_rule = completion ? Rule::CriticalRegionAtCompletionReturn : Rule::CriticalRegionAtReturn;
    if (count != passage.apc_disable && is_on(region_rule))
        violated(region_rule, routine, static_cast<uint16_t>(count), static_cast<uint16_t>(passage.apc_disable),
                 passage.function);
}

struct Leaked {
    uintptr_t base;
    size_t size;
    uint64_t blocks;
};

// 0xC4/0x62: parameter 2 the driver object's name, 4 the number of pool blocks that its code allocated and nobody freed.
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
        violated(Rule::LeakAtUnload, reinterpret_cast<uint64_t>(driver.object->DriverName.Buffer), 0, leaked.blocks,
                 reinterpret_cast<void const*>(driver.object->DriverUnload));
}

} // namespace

void listen_to_routines()
{
    ke::g_door_listener.entering = is_on(Rule::MarkedAndSignalled) ? entering : nullptr;
    bool const returns = is_on(Rule::IrqlAtReturn) || is_on(Rule::IrqlAtCompletionReturn)
        || is_on(Rule::CriticalRegionAtReturn) || is_on(Rule::CriticalRegionAtCompletionReturn);
    ke::g_door_listener.returned = returns ? routine_returned : nullptr;
    io::g_listener.driver_unloaded = is_on(Rule::LeakAtUnload) ? leak_at_unload : nullptr;
}

} // namespace ringside::verifier
