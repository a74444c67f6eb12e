// SPDX-License-Identifier: MIT
// The dispatcher: N virtual processors on one host thread. A processor runs a thread's fiber; at a schedule point the
// turn may pass to another processor (at any IRQL) or to another thread of the same one (below DISPATCH_LEVEL), as the
// seed says. DPCs run on the stack of whichever thread the processor is in, as an interrupt would.
//
//   host (tests, command line)  --run()-->  processors ...  --quiet, stop or bug check-->  host
//
// Invariants
//   K1  hal::processor() is the processor of the fiber that runs
//   K2  a thread switch on a processor happens only below DISPATCH_LEVEL, or when its thread waits or ends
//   K3  virtual time jumps only when no processor has anything to run
//   K4  after a bug check no fiber of the machine runs again
#pragma once

#include "hal/interrupts.h"
#include "ke/schedule_plan.h"
#include "ke/bugcheck.h"
#include "ke/door.h"
#include "ke/function_table.h"
#include "ke/gate.h"
#include "ke/thread.h"
#include "nt/topology.h"
#include "ke/timer_queue.h"
#include "sim/world.h"

#include <deque>
#include <memory>
#include <vector>

namespace ringside::ke {

// A queued DPC: the KDPC is the driver's; its DpcListEntry holds the sequence, by which it is recognized again.
struct QueuedDpc {
    nt::KDPC* dpc;
    uint64_t sequence;
};

struct Cpu : hal::Processor {
    using hal::Processor::Processor;

    Thread* current = nullptr;
    uint64_t log_where = 0; // sim::Log::where of this processor and `current`
    Thread* idle = nullptr;
    Thread* ready_first[32] {};
    Thread* ready_last[32] {};
    uint32_t ready_mask = 0; // bit p: a thread of priority p is ready here
    bool preempt = false;    // a better thread than `current` became ready

    std::deque<QueuedDpc> dpcs;          // ordinary ones
    std::deque<QueuedDpc> threaded_dpcs; // for dpc_thread
    uint32_t dpc_count = 0;              // of the ordinary ones
    uint64_t dpcs_due_100ns = 0;         // queued but not asked for: the tick at which they are
    uint64_t dpc_running = 0;            // sequence of the ordinary one that runs, 0: none
    uint64_t threaded_dpc_running = 0;
    Thread* dpc_thread = nullptr;        // made when the first threaded DPC is queued here
    nt::KSPIN_LOCK* waits_for = nullptr; // a queued spin lock, while it spins for one
    uint64_t lock_ticket = 0;            // its place in that queue
    bool dpc_active = false;
    uint64_t dpc_started_100ns = 0;
    uint64_t dispatch_since_100ns = 0; // sampled: first schedule point at or above DISPATCH_LEVEL, 0: below

    void take(Thread& thread)
    {
        current = &thread;
        log_where = sim::Log::where(static_cast<uint8_t>(number()), thread.number);
        set_current_thread(thread.guest);
    }
    bool is_idle() const { return current == idle && !dpc_active; }
    bool has_work() const
    {
        // An ISR or an IPI may be in progress on the idle thread's stack.
        return !is_idle() || ready_mask || dpc_count || pending_irql() > nt::DISPATCH_LEVEL
            || irql() > nt::DISPATCH_LEVEL;
    }
};

// For thread profiling, which no client here asks for: kept, and told again.
struct HardwareCounters {
    uint32_t count = 0;
    nt::HARDWARE_COUNTER counters[nt::MAX_HW_COUNTERS] {};
};

struct KernelOptions {
    unsigned processors = 2;
    unsigned groups = 1; // of processors, as even as can be; more than one exists since Windows 7
    Binding binding = Binding::Observed;
    Windows windows = Windows::v11_24H2;
    bool debugger = false;        // attached, and says go at each break-in
    uint32_t mean_steps = 0;      // mean number of schedule points between switches; 0: drawn from the seed
    unsigned alarm_milliseconds = 0; // host time a driver may run without a schedule point before it is looked at; 0: never
    unsigned hang_alarms = 20;       // such alarms in a row after which it counts as hung
};

// Why run() came back.
enum class Stop : uint8_t { Requested, Quiet, TimeLimit, BugCheck };

class InterruptObjects; // ke/interrupt.h

class Kernel {
public:
    Kernel(KernelOptions const& options, hal::PhysicalMemory& memory, hal::KernelStacks& stacks);
    ~Kernel();
    Kernel(Kernel const&) = delete;
    Kernel& operator=(Kernel const&) = delete;

    KernelOptions const& options() const { return m_options; }
    FunctionTable& images() { return m_images; }
    hal::KernelStacks& stacks() { return m_stacks; }
    hal::PhysicalMemory& memory() { return m_memory; }
    // The call whose body runs, of a row that fails inside (gate.cpp). A bug check may leave it: it goes with the machine.
    Import const* failing_inside = nullptr;
    HardwareCounters& hardware_counters() { return m_hardware_counters; }
    std::vector<std::unique_ptr<Cpu>> const& cpus() const { return m_cpus; }

    // --- From the host's stack ---

    // Runs the machine until stop() is called, nothing is left to do, or virtual time reaches `until_100ns`.
    Stop run(uint64_t until_100ns);
    // The host wants its turn back: at the next chance (called on a fiber).
    void stop_soon() { m_stop_requested = true; m_countdown = 1; }
    // Gives the turn to the host at once (called on a fiber that has nothing to do until run() again).
    void yield_to_host();

    BugCheckRecord const* crash() const { return m_crash.happened ? &m_crash : nullptr; }
    // False on the host's stack, where nothing can end the machine: a bug check needs a fiber to abandon.
    bool running() const { return m_running; }

    // --- Threads ---

    // Makes a thread of guest memory (kGuestThreadBytes, zeroed) that will run main(self, context) on a stack of its
    // own at PASSIVE_LEVEL. Null when no stack is left.
    Thread* create_thread(void* guest, Process& process, Thread::Main main, void* context);
    void start(Thread& thread) { ready(thread); }
    // Ends the current thread; never returns. Its guest memory is the caller's to free, once `terminated` was told.
    [[noreturn]] void exit_current(nt::NTSTATUS status);
    // Forgets a terminated thread's record.
    void forget(Thread& thread);
    Thread& current() { return *static_cast<Cpu&>(hal::processor()).current; }
    Cpu& cpu() { return static_cast<Cpu&>(hal::processor()); }
    // The record behind a PKTHREAD; null for a pointer that is none.
    Thread* thread_of(nt::PKTHREAD pointer);
    template <typename Visit>
    void for_each_thread(Visit visit)
    {
        for (auto const& thread : m_threads)
            if (thread)
                visit(*thread);
    }
    // Its dynamic priority. Base priorities are their owners' to write.
    void set_priority(Thread& thread, int8_t priority);
    // Where a thread may run, in any state it is in. The mask names an existing processor. When the current thread must
    // leave its processor it has done so on return, or does as soon as the IRQL falls below DISPATCH_LEVEL.
    void set_affinity(Thread& thread, uint64_t affinity);
    // Gives the processor to another thread that is ready for it, if there is one of this priority or a better one.
    bool yield_execution();
    uint64_t runtime_100ns(Thread const& thread) const;
    // The end of a system service that the host made for a client: bug check 0x1 when regions were not left, then
    // user-mode APCs.
    void return_to_user(void const* service);
    // Uses another process' addresses from now on (attach, detach, and a thread's own at a switch).
    void use_process(Process* process);

    // --- Scheduling ---

    // Every kernel call and callback boundary passes here: virtual time moves by one unit, and now and then the turn
    // goes elsewhere. Any IRQL.
    template <typename Way = Plain>
    void schedule_point()
    {
        sim::world().advance_100ns(1);
        if (--m_countdown == 0) [[unlikely]]
            Way::template call<&Kernel::schedule_slowly_on>(this);
    }
    // From now on the turn passes as the plan says, which the caller owns; null: as the seed draws it. No thread but two of
    // different processors should be about.
    void follow(SchedulePlan* plan)
    {
        m_plan = plan;
        m_countdown = 1;
    }
    // A processor that spins (a held lock, a stall): somebody else must get the turn.
    void spin();
    void stall(uint64_t microseconds);

    // --- IRQL ---
    static uint8_t irql() { return hal::processor().irql(); }
    uint8_t raise_irql(uint8_t to)
    {
        uint8_t old = irql();
        hal::processor().set_irql(to);
        return old;
    }
    // Lowers, and does what thereby becomes due.
    void lower_irql(uint8_t to)
    {
        hal::processor().set_irql(to);
        if (to < hal::processor().pending_irql()) [[unlikely]]
            interrupts_due();
        else if (to < nt::APC_LEVEL && current().kernel_apc_pending) [[unlikely]]
            deliver_kernel_apcs();
    }
    // What waits for this IRQL to be as low as it is: interrupts of devices, then those of software.
    void interrupts_due();
    // Runs due DPCs, then a better thread if there is one, then due APCs. Below DISPATCH_LEVEL.
    void software_interrupts();
    void deliver_kernel_apcs();
    // Whatever is due and may be: after a region was left, after a detach.
    void check_kernel_apcs()
    {
        Thread& self = current();
        if (self.kernel_apc_pending && irql() < nt::APC_LEVEL && !self.special_apc_disable)
            deliver_kernel_apcs();
    }

    // --- Waits ---
    nt::NTSTATUS wait(uint32_t count, void** objects, nt::WAIT_TYPE type, nt::KWAIT_REASON reason,
                      nt::KPROCESSOR_MODE mode, bool alertable, nt::LARGE_INTEGER const* timeout,
                      nt::KWAIT_BLOCK* blocks);
    nt::NTSTATUS delay(nt::KPROCESSOR_MODE mode, bool alertable, nt::LARGE_INTEGER const& interval);
    // The object's SignalState rose: satisfies whatever waits can now be satisfied.
    void signalled(nt::DISPATCHER_HEADER& object, int32_t increment);
    // Ends a thread's wait with this status.
    void end_wait(Thread& thread, nt::NTSTATUS status, int32_t increment);
    // Whether the current thread's wait must end at once for an alert or a user-mode APC; if so, with which status.
    bool wait_is_interrupted(nt::KPROCESSOR_MODE mode, bool alertable, nt::NTSTATUS& status);
    // Returns whether it was alerted already.
    bool alert(Thread& thread, nt::KPROCESSOR_MODE mode);
    bool test_alert(nt::KPROCESSOR_MODE mode);
    // A signalling service's end: lowers again, or leaves that to the wait that was promised to follow.
    void lower_or_wait_next(uint8_t old, bool wait)
    {
        if (wait) [[unlikely]] {
            current().wait_next = true;
            current().wait_next_irql = old;
        } else
            lower_irql(old);
    }

    // --- Kernel queues (ke/kernel_queue.cpp) ---
    int32_t insert_queue(nt::KQUEUE& queue, nt::LIST_ENTRY& entry, bool head);
    nt::LIST_ENTRY* remove_queue(nt::KQUEUE& queue, nt::KPROCESSOR_MODE mode, nt::LARGE_INTEGER const* timeout);
    nt::LIST_ENTRY* rundown_queue(nt::KQUEUE& queue);

    // --- DPCs and timers ---
    bool insert_dpc(nt::KDPC& dpc, void* argument1, void* argument2);
    bool remove_dpc(nt::KDPC& dpc);
    void run_dpcs();
    // Returns when every DPC that is queued or running now, on any processor, has run. PASSIVE_LEVEL.
    void flush_dpcs();
    // due_time: negative is relative, else absolute system time (100 ns since 1601). Returns whether it was set before.
    bool set_timer(nt::KTIMER& timer, nt::LARGE_INTEGER due_time, uint32_t period_ms, nt::KDPC* dpc);
    bool cancel_timer(nt::KTIMER& timer);
    size_t timers_pending() const { return m_timers.size(); }
    size_t dpcs_pending() const;
    TimerQueue const& timers() const { return m_timers; }

    // --- Interrupts (ke/interrupt.cpp, ke/broadcast.cpp) ---
    hal::Interrupts& interrupts() { return m_interrupts; }
    InterruptObjects& interrupt_objects() { return *m_interrupt_objects; }
    // Runs a routine on all processors at once, at IPI_LEVEL; what it returned on this one.
    uint64_t broadcast(nt::PKIPI_BROADCAST_WORKER routine, uint64_t context);
    // Runs a DPC routine on all processors, each at DISPATCH_LEVEL, and returns when each has signalled its end.
    void broadcast_dpc(nt::PKDEFERRED_ROUTINE routine, void* context);
    // A thread of the kernel's own, made and started; it never ends. Null when no stack or memory is left.
    Thread* create_own_thread(Thread::Main main, void* context, int8_t priority, uint64_t affinity);

    // --- Time ---
    // 100 ns since 1601: what KeQuerySystemTime tells. The boot date is part of the profile, not of the host.
    uint64_t system_time() const { return kBootSystemTime + sim::world().now_100ns(); }
    // Writes the shared user data page's clocks.
    void update_shared_clocks();
    static constexpr uint64_t kBootSystemTime = 133'800'000'000'000'000; // 2024-12-30
    static constexpr uint32_t kTickUnits = 156'250; // 15.625 ms
    static constexpr uint64_t kQuantum_100ns = 2 * kTickUnits; // of a client edition of Windows
    static constexpr uint64_t kBalancePeriod_100ns = 10'000'000; // the balance set manager looks once a second
    static constexpr uint64_t kStarved_100ns = 4 * kBalancePeriod_100ns; // ready so long without a turn
    static constexpr uint64_t kDpcLimit_100ns = 200'000'000;             // of a single DPC: 20 s
    static constexpr uint64_t kDispatchLimit_100ns = 1'200'000'000;      // at DISPATCH_LEVEL in a row: 120 s

    // --- The end ---
    [[noreturn]] void bug_check(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4,
                                nt::CONTEXT const* at = nullptr, char const* words = nullptr);
    // A service that is missing (failure kind d): ends the machine without a bug check.
    [[noreturn]] void stop_for_missing_service(Import const& import);

    // `function` (a driver's routine that is entered) and `object` (the IRP) are for the event listener alone: the log
    // holds no addresses.
    template <typename Way = Plain>
    void log(sim::Event what, uint32_t subject, uint64_t detail, void const* object = nullptr)
    {
        if (m_options.binding == Binding::Bare)
            return;
        log_always<Way>(what, subject, detail, nullptr, object);
    }
    template <typename Way = Plain>
    void log_always(sim::Event what, uint32_t subject, uint64_t detail, void const* function = nullptr,
                    void const* object = nullptr)
    {
        Cpu const& here = cpu();
        sim::World& world = sim::world();
        if (world.log().add(world.now_100ns(), sim::Log::origin_of(what, here.log_where, here.irql()), subject, detail))
            [[unlikely]]
            Way::template call<&Kernel::settle_log>(function, object);
    }

    // Only for the alarm's handler and ringside_preempt.
    void on_alarm(void* ucontext);
    void preempted(nt::CONTEXT const* at);

private:
    friend struct BugCheckAccess;
    void ready(Thread& thread);
    Thread* take_ready(Cpu& cpu);
    void queue_ready(Cpu& at, Thread& thread, bool first);
    void unqueue_ready(Thread& thread);
    // The current thread gives the processor up but stays ready: here if it may, else elsewhere.
    void leave_processor(bool first);
    void end_quantum();
    void boost(Thread& thread, int32_t increment);
    void balance();
    void leave_queue(Thread& thread);
    void queue_thread_blocks(Thread& thread);
    void run_down_apcs(Thread& self);
    // The current thread, at DISPATCH_LEVEL, waits for an entry; `old` is its IRQL before. How the wait ended.
    nt::NTSTATUS wait_for_entry(nt::KQUEUE& queue, nt::KPROCESSOR_MODE mode, bool timed, int64_t deadline, uint8_t old);
    void start_time_out(Thread& self, int64_t deadline);
    void switch_thread(Cpu& cpu, Thread& next);
    void switch_cpu(Cpu& to);
    Cpu* other_cpu_with_work();
    // The current thread cannot go on: the best ready thread, or idle, runs. Returns when it is chosen again.
    void block();
    void yield();
    void schedule_slowly();
    static void schedule_slowly_on(Kernel* kernel) { kernel->schedule_slowly(); }
    static void settle_log(void const* function, void const* object);
    // How many schedule points it is to the next switch.
    void redraw();
    // Expires what is due, and draws anew: the countdown never passes over a timer.
    void look_at_the_clock();
    void start_timer(nt::KTIMER& timer, uint64_t due_100ns);
    void expire_timers();
    void watchdog();
    void ask_for_dpcs();
    bool run_one_dpc(std::deque<QueuedDpc>& queue, uint64_t& running);
    void dpc_thread_main();
    void take_interrupts();
    void take_ipi();
    void take_nmi();
    [[noreturn]] void idle_loop();
    static void thread_start(void* thread);
    void use_processor(Cpu& cpu);

    bool object_is_signalled(nt::DISPATCHER_HEADER const& object, Thread const& by) const;
    void consume(nt::DISPATCHER_HEADER& object, Thread& by);
    bool deliver_one_kernel_apc(Thread& thread);

    KernelOptions m_options;
    hal::PhysicalMemory& m_memory;
    hal::KernelStacks& m_stacks;
    FunctionTable m_images;
    std::vector<std::unique_ptr<Cpu>> m_cpus;
    std::vector<std::unique_ptr<Thread>> m_threads;
    uint32_t m_threads_born = 0;
    sim::Fiber m_host;
    bool m_stop_requested = false;
    bool m_running = false;
    Stop m_stop = Stop::Quiet;
    uint64_t m_until_100ns = 0;
    void follow_plan();
    SchedulePlan* m_plan = nullptr;
    uint64_t m_countdown = 1;
    uint32_t m_mean_steps = 64;
    uint64_t m_balance_due_100ns = kBalancePeriod_100ns;
    TimerQueue m_timers;
    uint64_t m_dpc_sequence = 0;
    hal::Interrupts m_interrupts;
    std::unique_ptr<InterruptObjects> m_interrupt_objects;
    struct Broadcast { // the one in progress
        nt::PKIPI_BROADCAST_WORKER routine = nullptr;
        uint64_t context = 0;
        uint32_t from = 0;
        uint64_t number = 0;
        uint32_t arrived = 0;
        uint32_t done = 0;
        bool busy = false;
    } m_broadcast;
    bool m_call_dpc_busy = false;
    BugCheckRecord m_crash;
    Process m_idle_process;
    HardwareCounters m_hardware_counters;

    // What the alarm compares: schedule points passed since its last call.
    uint64_t m_alarm_seen = 0;
    unsigned m_alarms_in_a_row = 0;
};

extern Kernel* g_kernel;
inline Kernel& kernel() { return *g_kernel; }

// Makes a thread of the System process, not yet started, for create_own_thread; room ps sets it.
extern Thread* (*g_make_system_thread)(Thread::Main main, void* context);
// Called when a thread of (or attached to) `to` is about to run: room mm opens its slice and closes the one before.
extern void (*g_slice_changed)(Process* to);
// Hears every record of the event log as it is made, for pictures of a run (machine/trace.h); null: nobody. It changes
// nothing. `function`: the driver's routine that is entered or left; `object`: the IRP, for dispatch,
// completion and cancel routines, IrpAllocated and IrpCompleted; null where there is none.
using EventListener = void (*)(sim::Record const& record, void const* function, void const* object);
void listen_to_events(EventListener listener);

} // namespace ringside::ke
