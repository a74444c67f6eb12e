// SPDX-License-Identifier: MIT
#include "verifier/verifier.h"

#include "io/frame.h"
#include "io/listener.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "verifier/violation.h"

namespace ringside::verifier {

RuleSet g_on;

void violated(Rule rule, uint64_t p2, uint64_t p3, uint64_t p4, void const* routine)
{
    RuleRow const& r = row(rule);
    ke::violation(r.name, r.code, r.subcode, p2, p3, p4, r.words, routine);
}

void violated(Rule rule, nt::IRP const* irp, nt::DEVICE_OBJECT const* device, void const* routine)
{
    violated_with(rule, irp, reinterpret_cast<uint64_t>(device), routine);
}

void violated_with(Rule rule, nt::IRP const* irp, uint64_t p4, void const* routine)
{
    auto address = reinterpret_cast<uint64_t>(routine);
    ke::ChainNode const* node = ke::chain_head();
    if (!address && node && ke::is_gate(*node))
        address = reinterpret_cast<ke::GateFrame const*>(node)->return_address;
    if (!routine)
        routine = sender_of(const_cast<nt::IRP*>(irp));
    if (!ke::kernel().images().find(address))
        address = reinterpret_cast<uint64_t>(routine); // it jumped into the kernel, and will not come back
    violated(rule, address, reinterpret_cast<uint64_t>(irp), p4, routine);
}

void const* sender_of(nt::IRP* irp)
{
    io::IrpRecord const* record = io::manager().irps().find(irp);
    return record && record->frames ? reinterpret_cast<void const*>(record->frames->routine) : nullptr;
}

Verifier::Verifier(RuleSet on)
{
    g_on = on;
    listen_to_gates();
    listen_to_starting();
    listen_to_signalling();
    listen_to_routines();
    listen_to_making();
    listen_to_sending();
    listen_to_returning();
    listen_to_completing();
    listen_to_remove_locks();
}

Verifier::~Verifier()
{
    ke::g_gate_listener = {};
    ke::g_door_listener = {};
    io::g_listener = {};
    forget_remove_locks();
    forget_spin_locks();
    g_on.reset();
}

} // namespace ringside::verifier
