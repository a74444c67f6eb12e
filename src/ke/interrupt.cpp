// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=debugger/bug-check-0xf2--hardware-interrupt-storm
#include "ke/interrupt.h"

#include "base/check.h"
#include "ke/dispatcher_objects.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ke/spin_lock.h"
#include "nt/bugcheck.h"

#include <algorithm>
#include <bit>

namespace ringside::ke {

using namespace nt;

namespace {

constexpr CSHORT kInterruptObject = 22; // KOBJECTS of the published symbols
constexpr int8_t kWorkerPriority = 16;

Interrupt& named(PKINTERRUPT pointer)
{
    Interrupt* interrupt = kernel().interrupt_objects().of(pointer);
    if (!interrupt)
        bug_check(REFERENCE_BY_POINTER, 0, reinterpret_cast<uint64_t>(pointer), 0, 0,
                  "an interrupt object's pointer that names none");
    return *interrupt;
}

void lock_passive(Interrupt& interrupt)
{
    KeWaitForSingleObject(&interrupt.guest->Lock, Executive, KernelMode, FALSE, nullptr);
}

} // namespace

// --- Delivery ---

void Kernel::interrupts_due()
{
    Cpu& here = cpu();
    if (here.pending_irql() > DISPATCH_LEVEL)
        take_interrupts();
    if (irql() < DISPATCH_LEVEL && hal::processor().software_interrupt_pending())
        software_interrupts();
    else if (irql() < APC_LEVEL && current().kernel_apc_pending)
        deliver_kernel_apcs();
}

void Kernel::take_interrupts()
{
    for (;;) {
        Cpu& here = cpu();
        uint8_t const old = here.irql();
        if (m_interrupts.take_nmi(here.number())) {
            take_nmi();
            continue;
        }
        if (!here.interrupts_enabled)
            return;
        if (old < IPI_LEVEL && m_interrupts.take_ipi(here.number())) {
            take_ipi();
            continue;
        }
        int const found = m_interrupts.next(here.number(), old);
        if (found < 0)
            return;
        auto const vector = static_cast<uint8_t>(found);
        m_interrupts.accept(vector);
        here.set_irql(m_interrupts.irql(vector));
        log(sim::Event::Interrupt, vector, m_interrupts.irql(vector));
        m_interrupt_objects->serve(*this, vector);
        m_interrupts.complete(vector);
        here.set_irql(old);
    }
}

bool InterruptObjects::call(Kernel& k, Interrupt& interrupt)
{
    InterruptOptions const& o = interrupt.options;
    Thread& borrowed = k.current();
    bool const in_dpc = borrowed.in_dpc;
    uint8_t const old = k.raise_irql(o.synchronize_irql);
    acquire_spin_lock(interrupt.lock());
    borrowed.in_dpc = true; // what a DPC may not do, an ISR may not either
    BOOLEAN claimed;
    {
        BarrierNode node;
        Linked barrier(node, NodeKind::Barrier);
        DoorPassage passage { Door::Isr, nullptr, interrupt.number };
        claimed = o.message_routine
            ? through_door(passage, o.message_routine, interrupt.pointer(), o.context, ULONG { o.message })
            : through_door(passage, o.routine, interrupt.pointer(), o.context);
    }
    borrowed.in_dpc = in_dpc;
    release_spin_lock(interrupt.lock());
    hal::processor().set_irql(old);
    return claimed;
}

void InterruptObjects::serve(Kernel& k, uint8_t vector)
{
    Chain& chain = m_chains[vector];
    chain.serving = true;
    bool const edge = !chain.objects.empty() && chain.objects.front()->options.trigger == hal::Trigger::Edge;
    bool claimed = false;
    // Objects may be added at the end while an ISR runs; none leaves before the vector is served.
    for (uint32_t pass = 0; pass == 0 || (edge && claimed && chain.objects.size() > 1); ++pass) {
        if (pass == kStorm)
            look_for_storm(k, chain, vector);
        claimed = false;
        for (size_t i = 0; i < chain.objects.size(); ++i) {
            Interrupt& interrupt = *chain.objects[i];
            if (!interrupt.active)
                continue;
            if (interrupt.passive()) {
                k.interrupts().mask(vector);
                interrupt.worker->wake.Header.SignalState = 1;
                k.signalled(interrupt.worker->wake.Header, 0);
                chain.serving = false;
                return;
            }
            claimed |= call(k, interrupt);
            if (claimed && !edge)
                break;
        }
    }
    chain.serving = false;
    if (!edge)
        look_for_storm(k, chain, vector);
}

void InterruptObjects::look_for_storm(Kernel& k, Chain& chain, uint8_t vector)
{
    Interrupt const& first = *chain.objects.front();
    bool const edge = first.options.trigger == hal::Trigger::Edge;
    if (!edge && !k.interrupts().is_held(vector)) {
        chain.held_in_a_row = 0;
        return;
    }
    if (!edge && ++chain.held_in_a_row < kStorm)
        return;
    auto const routine = first.options.message_routine ? reinterpret_cast<uint64_t>(first.options.message_routine)
                                                       : reinterpret_cast<uint64_t>(first.options.routine);
    bug_check(HARDWARE_INTERRUPT_STORM, routine, reinterpret_cast<uint64_t>(first.options.context),
              reinterpret_cast<uint64_t>(first.guest), chain.objects.size() > 1 ? 2 : 1,
              edge ? "the ISRs of a shared vector claim its interrupt again and again"
                   : "an interrupt line stays asserted whatever its service routines do");
}

// --- Passive level ---

PassiveWorker* InterruptObjects::take_worker()
{
    if (!m_idle_workers.empty()) {
        PassiveWorker* worker = m_idle_workers.back();
        m_idle_workers.pop_back();
        return worker;
    }
    Kernel& k = kernel();
    auto page = k.memory().allocate(1);
    if (!page)
        return nullptr;
    auto* worker = new (hal::PhysicalMemory::address_of(*page)) PassiveWorker {};
    KeInitializeEvent(&worker->wake, SynchronizationEvent, 0);
    auto const main
        = [](Thread&, void* context) { kernel().interrupt_objects().work(*static_cast<PassiveWorker*>(context)); };
    if (k.create_own_thread(main, worker, kWorkerPriority, KeQueryActiveProcessors()))
        return worker;
    k.memory().free(*page, 1);
    return nullptr;
}

void InterruptObjects::work(PassiveWorker& worker)
{
    for (;;) {
        KeWaitForSingleObject(&worker.wake, Executive, KernelMode, FALSE, nullptr);
        Interrupt* interrupt = worker.interrupt;
        if (!interrupt || !interrupt->active)
            continue; // disconnected meanwhile
        auto const vector = static_cast<uint8_t>(interrupt->options.vector);
        interrupt->running = true;
        lock_passive(*interrupt);
        through_door(DoorPassage { Door::Isr, nullptr, interrupt->number }, interrupt->options.routine,
                     interrupt->pointer(), interrupt->options.context);
        KeSetEvent(&interrupt->guest->Lock, IO_NO_INCREMENT, FALSE);
        interrupt->running = false;
        Chain& chain = m_chains[vector];
        if (chain.objects.empty())
            continue;
        look_for_storm(kernel(), chain, vector);
        unmask(chain, vector);
    }
}

// --- Connection ---

void InterruptObjects::unmask(Chain const& chain, uint8_t vector)
{
    hal::Interrupts& controller = hal::interrupts();
    uint64_t processors = 0;
    bool active = false;
    for (Interrupt const* i : chain.objects) {
        processors |= i->options.processors;
        active |= i->active;
    }
    if (active)
        controller.unmask(vector, hal::Interrupts::irql_of(vector), processors, chain.objects.front()->options.trigger);
    else
        controller.mask(vector);
}

Result<Interrupt*> InterruptObjects::connect(void* guest, InterruptOptions const& options)
{
    bool const passive = options.irql == PASSIVE_LEVEL;
    if (!hal::Interrupts::is_device_vector(options.vector) || !(options.processors & KeQueryActiveProcessors()))
        return Failure { STATUS_INVALID_PARAMETER };
    auto const vector = static_cast<uint8_t>(options.vector);
    uint8_t const irql = hal::Interrupts::irql_of(vector);
    if (passive ? options.synchronize_irql != PASSIVE_LEVEL || options.lock
                : options.irql != irql || options.synchronize_irql < irql
                || options.synchronize_irql > hal::Interrupts::kHighestIrql)
        return Failure { STATUS_INVALID_PARAMETER };
    Chain& chain = m_chains[vector];
    if (!chain.objects.empty()) {
        Interrupt const& first = *chain.objects.front();
        if (!options.share || !first.options.share || first.options.trigger != options.trigger || first.passive()
            || passive)
            return Failure { STATUS_INVALID_PARAMETER };
    }
    PassiveWorker* const worker = passive ? take_worker() : nullptr;
    if (passive && !worker)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    auto made = std::make_unique<Interrupt>();
    made->number = ++m_born;
    auto const free = std::ranges::find_if(m_interrupts, [](auto const& i) { return !i; });
    made->index = static_cast<size_t>(free - m_interrupts.begin());
    if (free == m_interrupts.end())
        m_interrupts.emplace_back();
    made->guest = static_cast<GuestInterrupt*>(guest);
    made->guest->Type = kInterruptObject;
    made->guest->Size = kGuestInterruptBytes;
    made->guest->record_index = made->index;
    KeInitializeEvent(&made->guest->Lock, SynchronizationEvent, 1);
    made->options = options;
    made->options.processors &= KeQueryActiveProcessors();
    made->worker = worker;
    if (worker)
        worker->interrupt = made.get();
    Interrupt* const interrupt = made.get();
    m_interrupts[made->index] = std::move(made);
    ++m_connected;
    chain.objects.push_back(interrupt);
    unmask(chain, vector);
    return interrupt;
}

void InterruptObjects::disconnect(Interrupt& interrupt)
{
    Kernel& k = kernel();
    auto const vector = static_cast<uint8_t>(interrupt.options.vector);
    Chain& chain = m_chains[vector];
    interrupt.active = false;
    while (chain.serving || interrupt.running)
        k.spin();
    std::erase(chain.objects, &interrupt);
    if (chain.objects.empty()) {
        k.interrupts().mask(vector);
        chain.held_in_a_row = 0;
    } else
        unmask(chain, vector);
    if (interrupt.worker) {
        interrupt.worker->interrupt = nullptr;
        m_idle_workers.push_back(interrupt.worker);
    }
    interrupt.guest->Type = 0;
    --m_connected;
    m_interrupts[interrupt.index].reset();
}

void InterruptObjects::set_active(Interrupt& interrupt, bool active)
{
    if (interrupt.active == active)
        return;
    interrupt.active = active;
    unmask(m_chains[interrupt.options.vector], static_cast<uint8_t>(interrupt.options.vector));
}

Interrupt* InterruptObjects::of(PKINTERRUPT pointer)
{
    auto const index = read_guarded<uint64_t>(&reinterpret_cast<GuestInterrupt*>(pointer)->record_index);
    if (!index || *index >= m_interrupts.size() || !m_interrupts[*index] || m_interrupts[*index]->pointer() != pointer)
        return nullptr;
    return m_interrupts[*index].get();
}

// --- Synchronization ---

// Below a lock that an interrupt wants: the IRQL goes up first, else the ISR would wait for it on this processor.
static KIRQL raise_for(Interrupt const& interrupt)
{
    uint8_t const to = interrupt.options.synchronize_irql;
    if (Kernel::irql() > to)
        bug_check(IRQL_NOT_GREATER_OR_EQUAL, Kernel::irql(), to, 0, 0,
                  "an interrupt's lock was asked for above its SynchronizeIrql");
    return kernel().raise_irql(to);
}

BOOLEAN KeSynchronizeExecution(PKINTERRUPT pointer, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    Interrupt& interrupt = named(pointer);
    DoorPassage passage { Door::Synchronize, nullptr, interrupt.number };
    if (interrupt.passive()) {
        if (Kernel::irql() != PASSIVE_LEVEL)
            raise_for(interrupt);
        lock_passive(interrupt);
        BOOLEAN const result = through_door(passage, routine, context);
        KeSetEvent(&interrupt.guest->Lock, IO_NO_INCREMENT, FALSE);
        return result;
    }
    KIRQL const old = raise_for(interrupt);
    acquire_spin_lock(interrupt.lock());
    BOOLEAN const result = through_door(passage, routine, context);
    release_spin_lock(interrupt.lock());
    kernel().lower_irql(old);
    return result;
}

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT pointer)
{
    Interrupt& interrupt = named(pointer);
    if (interrupt.passive())
        bug_check(SPIN_LOCK_INIT_FAILURE, reinterpret_cast<uint64_t>(pointer), 0, 0, 0,
                  "a passive-level interrupt has no spin lock");
    KIRQL const old = raise_for(interrupt);
    acquire_spin_lock(interrupt.lock());
    return old;
}

void KeReleaseInterruptSpinLock(PKINTERRUPT pointer, KIRQL old)
{
    release_spin_lock(named(pointer).lock());
    kernel().lower_irql(old);
}

} // namespace ringside::ke
