// SPDX-License-Identifier: MIT
// The turn: which processor and which thread runs next.
#include "ke/kernel.h"

#include "base/check.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/topology.h"
#include "ke/interrupt.h"
#include "sim/host.h"

#include <bit>
#include <cstring>

namespace ringside::ke {

using namespace nt;

Kernel* g_kernel = nullptr;
Binding g_binding = Binding::Observed;
void (*g_slice_changed)(Process* to) = nullptr;

namespace {

EventListener g_event_listener = nullptr;

void empty_list(LIST_ENTRY& head) { head.Flink = head.Blink = &head; }

// The mean number of schedule points between switches, drawn once per run: some runs are calm, some cruel.
constexpr uint32_t kMeanSteps[] = { 2, 4, 8, 16, 64, 256 };

} // namespace

Kernel::Kernel(KernelOptions const& options, hal::PhysicalMemory& memory, hal::KernelStacks& stacks)
    : m_options(options)
    , m_memory(memory)
    , m_stacks(stacks)
    , m_interrupt_objects(std::make_unique<InterruptObjects>())
{
    CHECK(!g_kernel, "one machine is live per process at a time");
    CHECK(options.processors >= 1 && options.processors <= hal::kProcessorsMax, "an impossible number of processors");
    CHECK(options.groups >= 1 && options.groups <= options.processors, "an impossible number of processor groups");
    g_kernel = this;
    g_binding = options.binding;
    sim::world().log().settle_each(g_event_listener);
    auto& schedule = sim::world().random(sim::Stream::Schedule);
    uint32_t drawn = kMeanSteps[schedule.below(std::size(kMeanSteps))];
    m_mean_steps = options.mean_steps ? options.mean_steps : drawn;
    std::strcpy(m_idle_process.name, "Idle");
    for (unsigned i = 0; i < options.processors; ++i) {
        uintptr_t region = hal::kProcessorRegions + i * hal::kProcessorRegionBytes;
        auto pages = hal::kProcessorRegionBytes >> hal::kPageShift;
        auto pfn = memory.allocate(pages);
        CHECK(pfn, "physical memory is too small to boot");
        memory.map(region, *pfn, pages, sim::host::Access::ReadWrite);
        auto cpu = std::make_unique<Cpu>(i, reinterpret_cast<uint8_t*>(region));
        auto idle_page = memory.allocate(1);
        CHECK(idle_page, "physical memory is too small to boot");
        m_interrupts.attach(*cpu);
        m_cpus.push_back(std::move(cpu));
        Thread* idle = create_thread(hal::PhysicalMemory::address_of(*idle_page), m_idle_process,
                                     [](Thread&, void* self) { static_cast<Kernel*>(self)->idle_loop(); }, this);
        CHECK(idle, "physical memory is too small to boot");
        Cpu& made = *m_cpus.back();
        idle->priority = idle->base_priority = 0;
        idle->affinity = idle->user_affinity = uint64_t { 1 } << i;
        idle->cpu = &made;
        idle->state = ThreadState::Running;
        idle->saved_irql = DISPATCH_LEVEL;
        made.idle = idle;
        made.take(*idle);
        made.set_idle_thread(idle->guest);
        made.set_irql(DISPATCH_LEVEL);
    }
    sim::Fiber::adopt_host_stack(m_host);
    hal::g_processor = m_cpus.front().get();
    sim::host::set_gs_base(reinterpret_cast<uintptr_t>(m_cpus.front()->region()));
    redraw();
    if (m_options.alarm_milliseconds)
        sim::host::arm_alarm(m_options.alarm_milliseconds, [](void* context) { kernel().on_alarm(context); });
}

Kernel::~Kernel()
{
    if (m_options.alarm_milliseconds)
        sim::host::disarm_alarm();
    sim::host::set_gs_base(0);
    hal::g_processor = nullptr;
    g_kernel = nullptr;
}

// --- The host's side ---------------------------------------------------------------------------------------------

Stop Kernel::run(uint64_t until_100ns)
{
    CHECK(!m_running, "run() was called from inside the machine");
    if (m_crash.happened)
        return Stop::BugCheck;
    m_running = true;
    m_stop_requested = false;
    m_until_100ns = until_100ns;
    m_stop = Stop::Requested;
    use_processor(cpu());
    sim::Fiber::switch_to(cpu().current->fiber);
    m_running = false;
    return m_crash.happened ? Stop::BugCheck : m_stop;
}

void Kernel::yield_to_host()
{
    m_stop = Stop::Requested;
    Thread& self = current();
    self.saved_irql = irql();
    sim::Fiber::switch_to(m_host);
    hal::processor().set_irql(self.saved_irql);
}

// --- Threads -----------------------------------------------------------------------------------------------------

Thread* Kernel::create_thread(void* guest, Process& process, Thread::Main main, void* context)
{
    auto stack = m_stacks.allocate();
    if (!stack.bytes)
        return nullptr;
    auto thread = std::make_unique<Thread>();
    thread->number = m_threads_born++;
    thread->record_index = m_threads.size();
    thread->guest = static_cast<GuestThread*>(guest);
    thread->process = thread->attached = &process;
    thread->id = 4 * (uint64_t { thread->number } + 2);
    thread->stack = stack;
    thread->main = main;
    thread->main_context = context;
    thread->base_priority = thread->priority = process.base_priority;
    // A thread belongs to one group of processors: its process'.
    unsigned const group = process.number % group_count();
    thread->affinity = thread->user_affinity = group_mask(group);
    thread->ideal_processor = static_cast<uint8_t>(group_first(group) + process.next_ideal++ % group_size(group));
    GuestThread& bytes = *thread->guest;
    bytes.Header.Type = ThreadObject;
    bytes.Header.Size = sizeof(GuestThread) / 4;
    empty_list(bytes.Header.WaitListHead);
    bytes.record_index = thread->record_index;
    bytes.WaitTimer.Header.Type = TimerNotificationObject;
    empty_list(bytes.WaitTimer.Header.WaitListHead);
    empty_list(bytes.ApcLists[0]);
    empty_list(bytes.ApcLists[1]);
    empty_list(bytes.Mutants);
    empty_list(bytes.SavedApcLists[0]);
    empty_list(bytes.SavedApcLists[1]);
    thread->fiber.prepare(reinterpret_cast<void*>(stack.low), stack.bytes, &Kernel::thread_start, thread.get());
    Thread* made = thread.get();
    m_threads.push_back(std::move(thread));
    return made;
}

void Kernel::thread_start(void* context)
{
    auto& self = *static_cast<Thread*>(context);
    hal::processor().set_irql(self.cpu->idle == &self ? DISPATCH_LEVEL : PASSIVE_LEVEL);
    self.kernel_apc_disable_at_start = self.kernel_apc_disable;
    self.main(self, self.main_context);
    kernel().exit_current(STATUS_SUCCESS);
}

// @cite(wdk-docs): page=debugger/bug-check-0x94--kernel-stack-locked-at-exit
// @cite(wdk-docs): page=debugger/bug-check-0x4000008a--thread-terminate-held-mutex
void Kernel::exit_current(NTSTATUS status)
{
    Thread& self = current();
    self.exit_status = status;
    LIST_ENTRY& owned = self.guest->Mutants;
    // A mutex of a driver's must not outlive its owner; a mutant becomes abandoned for whoever waits for it next.
    for (LIST_ENTRY* entry = owned.Flink; entry != &owned; entry = entry->Flink)
        if (auto& mutant = *CONTAINING_RECORD(entry, KMUTANT, MutantListEntry); mutant.ApcDisable)
            ke::bug_check(THREAD_TERMINATE_HELD_MUTEX, reinterpret_cast<uint64_t>(self.guest),
                          reinterpret_cast<uint64_t>(&mutant), 0, 0, "a thread ended while it held a mutex");
    if (self.stack_segments)
        ke::bug_check(KERNEL_STACK_LOCKED_AT_EXIT, 0, 0, 0, 0,
                      "a thread ended inside the callout of KeExpandKernelStackAndCallout");
    if (!self.stack_swap)
        ke::bug_check(KERNEL_STACK_LOCKED_AT_EXIT, 0, 0, 0, 0,
                      "a thread ended with its stack locked by KeSetKernelStackSwapEnable");
    run_down_apcs(self);
    log(sim::Event::ThreadEnded, self.number, static_cast<uint32_t>(status));
    raise_irql(DISPATCH_LEVEL);
    while (owned.Flink != &owned) {
        auto* entry = owned.Flink;
        auto& mutant = *CONTAINING_RECORD(entry, KMUTANT, MutantListEntry);
        entry->Blink->Flink = entry->Flink;
        entry->Flink->Blink = entry->Blink;
        mutant.OwnerThread = nullptr;
        mutant.Abandoned = 1;
        mutant.Header.SignalState = 1;
        signalled(mutant.Header, 0);
    }
    if (self.queue)
        leave_queue(self);
    self.guest->Header.SignalState = 1;
    signalled(self.guest->Header, 0);
    self.state = ThreadState::Terminated;
    block();
    CHECK(false, "a terminated thread ran again");
    __builtin_unreachable();
}

void Kernel::forget(Thread& thread)
{
    CHECK(thread.state == ThreadState::Terminated || thread.state == ThreadState::Initialized,
          "only a thread that ended can be forgotten");
    if (thread.stack.bytes)
        m_stacks.free(thread.stack);
    m_threads[thread.record_index].reset();
}

Thread* Kernel::thread_of(PKTHREAD pointer)
{
    auto index = read_guarded<uint64_t>(&reinterpret_cast<GuestThread*>(pointer)->record_index);
    if (!index || *index >= m_threads.size() || !m_threads[*index] || m_threads[*index]->pointer() != pointer)
        return nullptr;
    return m_threads[*index].get();
}

void Kernel::use_process(Process* process)
{
    current().attached = process;
    if (g_slice_changed)
        g_slice_changed(process);
}

// --- Scheduling --------------------------------------------------------------------------------------------------

void Kernel::use_processor(Cpu& cpu)
{
    if (hal::g_processor != &cpu) {
        hal::g_processor = &cpu;
        sim::host::set_gs_base(reinterpret_cast<uintptr_t>(cpu.region()));
    }
}

void Kernel::switch_thread(Cpu& cpu, Thread& next)
{
    Thread& old = *cpu.current;
    if (&old == &next) {
        next.state = ThreadState::Running;
        return;
    }
    old.saved_irql = cpu.irql();
    uint64_t const now = sim::world().now_100ns();
    uint64_t const ran = now - old.since_100ns;
    old.run_100ns += ran;
    old.quantum_100ns += ran;
    old.since_100ns = next.since_100ns = now;
    cpu.take(next);
    cpu.preempt = false;
    next.cpu = &cpu;
    next.state = ThreadState::Running;
    if (&next != cpu.idle)
        log(sim::Event::ThreadSwitch, next.number, 0);
    cpu.set_irql(next.saved_irql);
    if (next.kernel_apc_pending)
        cpu.set_software_interrupt_pending(true);
    if (g_slice_changed && &next != cpu.idle)
        g_slice_changed(next.attached);
    sim::Fiber::switch_to(next.fiber);
    // Chosen again, maybe on another processor; whoever switched to us set the processor and its IRQL.
}

void Kernel::switch_cpu(Cpu& to)
{
    Cpu& from = cpu();
    if (&from == &to)
        return;
    log(sim::Event::ProcessorSwitch, to.number(), 0);
    use_processor(to);
    if (g_slice_changed && to.current != to.idle)
        g_slice_changed(to.current->attached);
    sim::Fiber::switch_to(to.current->fiber);
}

Cpu* Kernel::other_cpu_with_work()
{
    Cpu* candidates[hal::kProcessorsMax];
    size_t count = 0;
    for (auto const& c : m_cpus)
        if (c.get() != &cpu() && c->has_work())
            candidates[count++] = c.get();
    if (!count)
        return nullptr;
    return count == 1 || m_plan ? candidates[0] : candidates[sim::world().random(sim::Stream::Schedule).below(count)];
}

void Kernel::block()
{
    Cpu& here = cpu();
    Thread* next = take_ready(here);
    switch_thread(here, next ? *next : *here.idle);
}

void Kernel::yield()
{
    Cpu& here = cpu();
    Thread& self = *here.current;
    if (&self == here.idle || !here.ready_mask)
        return;
    auto best = 31u - static_cast<unsigned>(std::countl_zero(here.ready_mask));
    if (static_cast<int>(best) < self.priority)
        return;
    uint8_t old = raise_irql(DISPATCH_LEVEL);
    // The seed's turns stand for quanta that end: its boost wears off, and its equals go first.
    end_quantum();
    leave_processor(false);
    lower_irql(old);
}

void Kernel::redraw()
{
    if (m_plan) {
        m_countdown = 1;
        return;
    }
    // Uniform on 1 .. 2 * mean - 1: the mean is right and every distance is possible.
    m_countdown = 1 + sim::world().random(sim::Stream::Schedule).below(2 * uint64_t { m_mean_steps } - 1);
}

void Kernel::look_at_the_clock()
{
    // First the countdown: what a timer sets off has schedule points of its own.
    redraw();
    expire_timers();
    uint64_t const now = sim::world().now_100ns();
    uint64_t const due = m_timers.not_before();
    m_countdown = std::min(m_countdown, due > now ? due - now : 1);
}

// To another processor, or, when none has anything to do, to a thread that waits for this one.
void Kernel::follow_plan()
{
    SchedulePlan& plan = *m_plan;
    uint32_t const point = ++plan.points;
    Cpu* const other = other_cpu_with_work();
    // Else whoever waits for this processor, when its turn could come.
    Cpu const& here = cpu();
    bool const could_yield = irql() < APC_LEVEL && here.current != here.idle && here.ready_mask
        && 31 - std::countl_zero(here.ready_mask) >= here.current->priority;
    if (!other && !could_yield)
        return;
    plan.choices.push_back(point);
    if (plan.followed == plan.preempt_at.size() || plan.preempt_at[plan.followed] != point)
        return;
    ++plan.followed;
    if (!other) {
        yield();
        return;
    }
    switch_cpu(*other);
    if (irql() < hal::processor().pending_irql())
        take_interrupts();
}

void Kernel::schedule_slowly()
{
    look_at_the_clock();
    if (m_stop_requested && irql() < DISPATCH_LEVEL) {
        m_stop_requested = false;
        yield_to_host();
    }
    ask_for_dpcs();
    watchdog();
    if (sim::world().now_100ns() >= m_balance_due_100ns) [[unlikely]]
        balance();
    if (irql() < hal::processor().pending_irql())
        take_interrupts();
    if (irql() < DISPATCH_LEVEL) {
        Thread& self = current();
        // A whole quantum of time has passed: a boost wears off, and its equals have their turn.
        if (self.quantum_100ns + (sim::world().now_100ns() - self.since_100ns) >= kQuantum_100ns && &self != cpu().idle)
            [[unlikely]] {
            end_quantum();
            Cpu& here = cpu();
            if (here.ready_mask && 31 - std::countl_zero(here.ready_mask) >= self.priority) {
                uint8_t const old = raise_irql(DISPATCH_LEVEL);
                leave_processor(false);
                lower_irql(old);
            }
        }
        if (hal::processor().software_interrupt_pending())
            software_interrupts();
    }
    if (m_plan) {
        follow_plan();
        return;
    }
    auto& schedule = sim::world().random(sim::Stream::Schedule);
    uint64_t choice = schedule.below(4);
    if (choice != 0) {
        if (Cpu* other = other_cpu_with_work()) {
            switch_cpu(*other);
            if (irql() < hal::processor().pending_irql())
                take_interrupts();
            return;
        }
    }
    if (irql() < APC_LEVEL || (irql() < DISPATCH_LEVEL && choice == 0))
        yield();
}

void Kernel::spin()
{
    sim::world().advance_100ns(10);
    expire_timers();
    ask_for_dpcs();
    watchdog();
    if (irql() < hal::processor().pending_irql())
        take_interrupts();
    if (irql() < DISPATCH_LEVEL && hal::processor().software_interrupt_pending())
        software_interrupts();
    if (Cpu* other = other_cpu_with_work()) {
        switch_cpu(*other);
        if (irql() < hal::processor().pending_irql())
            take_interrupts();
    } else if (irql() < DISPATCH_LEVEL)
        yield();
    else
        // Alone with a lock nobody will release or a flag only time can set: let time pass quickly enough for the
        // watchdog to see it.
        sim::world().advance_100ns(1000);
}

void Kernel::stall(uint64_t microseconds)
{
    sim::world().advance_100ns(microseconds * 10);
    if (m_options.binding == Binding::Bare) {
        expire_timers();
        return;
    }
    m_countdown = 1;
    schedule_point();
}

void Kernel::software_interrupts()
{
    Cpu* here = &cpu();
    uint8_t old = here->irql();
    here->set_software_interrupt_pending(false);
    here->set_irql(DISPATCH_LEVEL);
    run_dpcs();
    here = &cpu();
    Thread& self = *here->current;
    if (&self != here->idle && !((self.affinity >> here->number()) & 1)) {
        // Its affinity was changed, by itself at DISPATCH_LEVEL or by somebody else.
        leave_processor(true);
    } else if (here->preempt) {
        here->preempt = false;
        auto best = here->ready_mask ? 31 - std::countl_zero(here->ready_mask) : -1;
        if (&self != here->idle && best > self.priority)
            leave_processor(true);
    }
    hal::processor().set_irql(old);
    if (old < APC_LEVEL && current().kernel_apc_pending)
        deliver_kernel_apcs();
}

void Kernel::idle_loop()
{
    for (;;) {
        Cpu& here = cpu();
        here.set_software_interrupt_pending(false);
        here.preempt = false;
        here.dispatch_since_100ns = 0;
        here.interrupts_enabled = true;
        if (here.pending_irql() > DISPATCH_LEVEL) {
            take_interrupts();
            continue;
        }
        if (here.dpc_count) {
            run_dpcs();
            continue;
        }
        if (Thread* next = take_ready(here)) {
            switch_thread(here, *next);
            continue;
        }
        if (m_stop_requested) {
            m_stop_requested = false;
            yield_to_host();
            continue;
        }
        if (Cpu* other = other_cpu_with_work()) {
            switch_cpu(*other);
            continue;
        }
        for (auto const& c : m_cpus)
            c->dispatch_since_100ns = 0;
        uint64_t now = sim::world().now_100ns();
        if (!m_timers.size()) {
            m_stop = Stop::Quiet;
            sim::Fiber::switch_to(m_host);
            continue;
        }
        uint64_t const due = m_timers.first_due(std::max(now, m_until_100ns));
        if (due > m_until_100ns) {
            if (m_until_100ns > now && m_until_100ns != ~uint64_t { 0 })
                sim::world().advance_100ns(m_until_100ns - now);
            m_stop = Stop::TimeLimit;
            sim::Fiber::switch_to(m_host);
            continue;
        }
        if (due > now) {
            sim::world().advance_100ns(due - now);
            log(sim::Event::TimeAdvanced, 0, due - now);
        }
        look_at_the_clock();
    }
}

// A DPC may take 20 s (a single one) and a processor may stay at DISPATCH_LEVEL for 120 s, of virtual time, as the
// documented defaults of Windows 8 and later say; before Windows 8 nothing watches, and the run's own limit applies.
// @cite(wdk-debugger): page=debugger/bug-check-0x133-dpc-watchdog-violation
void Kernel::watchdog()
{
    Cpu& here = cpu();
    if (&*here.current == here.idle && !here.dpc_active) {
        here.dispatch_since_100ns = 0;
        return;
    }
    uint64_t now = sim::world().now_100ns();
    if (here.irql() < DISPATCH_LEVEL) {
        here.dispatch_since_100ns = 0;
        return;
    }
    if (!here.dispatch_since_100ns)
        here.dispatch_since_100ns = now ? now : 1;
    if (m_options.windows < Windows::win8)
        return;
    if (here.dpc_active && now - here.dpc_started_100ns > kDpcLimit_100ns)
        ke::bug_check(DPC_WATCHDOG_VIOLATION, 0, (now - here.dpc_started_100ns) / kTickUnits,
                      kDpcLimit_100ns / kTickUnits, 0, "a DPC ran for more than 20 s of the machine's time");
    if (now - here.dispatch_since_100ns > kDispatchLimit_100ns)
        ke::bug_check(DPC_WATCHDOG_VIOLATION, 1, kDispatchLimit_100ns / kTickUnits, 0, 0,
                      "a processor stayed at DISPATCH_LEVEL or above for more than 120 s of the machine's time");
}

void listen_to_events(EventListener listener)
{
    g_event_listener = listener;
    if (g_kernel)
        sim::world().log().settle_each(listener);
}

void Kernel::settle_log(void const* function, void const* object)
{
    sim::Log& log = sim::world().log();
    if (g_event_listener) {
        sim::Record const record = log.newest();
        log.settle();
        g_event_listener(record, function, object);
    } else
        log.settle();
}

} // namespace ringside::ke
