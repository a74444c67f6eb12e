// SPDX-License-Identifier: MIT
// A thread: what the driver sees (an opaque, waitable KTHREAD) and what the kernel knows of it (Thread, never in the
// driver's memory). KTHREAD's bytes hold the dispatcher header, so that a driver can wait for the thread, and the wait
// blocks, which the objects it waits for link; the record beside them holds all that decides.
//
//            ready()                pick                 wait            signal, time-out, APC
//   Initialized -----> Ready ---------------> Running ----------> Waiting ----------------------> Ready
//                        ^                     |   |
//                        +---- pre-empted -----+   +--- exit ---> Terminated
#pragma once

#include "hal/stacks.h"
#include "nt/nt.h"
#include "sim/fiber.h"

#include <cstdint>

namespace ringside::ke {

class Kernel;
struct Cpu;
struct Process;

enum class ThreadState : uint8_t { Initialized, Ready, Running, Waiting, Terminated };

// The bytes behind a PKTHREAD.
struct GuestThread {
    nt::DISPATCHER_HEADER Header;
    uint64_t record_index; // checked against the record's own pointer: never trusted
    nt::KTIMER WaitTimer;
    nt::KWAIT_BLOCK WaitBlocks[4]; // three objects and the time-out
    nt::LIST_ENTRY ApcLists[2];    // by KPROCESSOR_MODE: of the environment it is in
    nt::LIST_ENTRY Mutants;
    nt::LIST_ENTRY SavedApcLists[2]; // of the other environment (ke/apc.h)
    nt::LIST_ENTRY QueueListEntry;   // in KQUEUE.ThreadListHead while it belongs to a queue
};
inline constexpr size_t kGuestThreadBytes = 0x400;
static_assert(sizeof(GuestThread) <= kGuestThreadBytes);

// The bytes behind a PEPROCESS.
struct GuestProcess {
    nt::DISPATCHER_HEADER Header;
    uint64_t record_index;
};
inline constexpr size_t kGuestProcessBytes = 0x100;

// A process as the dispatcher sees it; room ps owns its making and the rest of it.
struct Process {
    uint32_t number = 0;
    GuestProcess* guest = nullptr;
    uint64_t id = 0;
    uintptr_t slice = 0;      // first byte of its user addresses; 0: the System process, which has none
    bool slice_open = false;  // accessible now
    int8_t base_priority = 8; // what KeSetBasePriorityThread counts from; 16 and more: the real-time class
    uint8_t next_ideal = 0;   // among its group's processors: the next thread's ideal processor
    char name[16] {};
};

struct DoorPassage;

// Windows gives a thread 24 KiB of kernel stack. Ours are larger and hold host frames as well, so drivers' bytes are
// counted: where a driver was entered, and how much drivers had used by then.
struct StackUse {
    uintptr_t entered = 0; // the host's stack pointer when it called the driver
    uint32_t used = 0;     // by drivers above it
    uint32_t limit = 0x6000; // KERNEL_STACK_SIZE
};

struct Thread {
    uint32_t number = 0;
    size_t record_index = 0;
    GuestThread* guest = nullptr;
    Process* process = nullptr;   // whose thread it is
    Process* attached = nullptr;  // whose addresses it uses now
    uint64_t id = 0;
    bool client = false;          // belongs to a client process: unhandled exceptions are 0x3B

    ThreadState state = ThreadState::Initialized;
    int8_t priority = 8;
    int8_t base_priority = 8;
    bool starved = false;         // raised by the balance set manager: all of it wears off at the quantum's end
    // Processors by index, over all groups: the ones it may run on now, and those that reverting goes back to.
    uint64_t affinity = ~uint64_t { 0 };
    uint64_t user_affinity = ~uint64_t { 0 };
    bool system_affinity = false; // set by KeSetSystemAffinityThread and its kin
    uint8_t ideal_processor = 0;  // an index
    bool ideal_chosen = false;    // by KeSetIdealProcessorThread: it is then tried first
    uint64_t run_100ns = 0;       // before `since_100ns`
    uint64_t since_100ns = 0;     // when it last began to run, or became ready
    uint64_t quantum_100ns = 0;   // used of the quantum before `since_100ns`
    Cpu* cpu = nullptr; // the one it runs on, or ran on last
    Thread* ready_next = nullptr;
    sim::Fiber fiber;
    hal::KernelStacks::Stack stack {};

    // The wait in progress.
    nt::KWAIT_BLOCK* wait_blocks = nullptr;
    uint32_t wait_count = 0;      // without the time-out's block
    nt::WAIT_TYPE wait_type {};
    nt::NTSTATUS wait_status = 0;
    nt::KPROCESSOR_MODE wait_mode {};
    nt::KWAIT_REASON wait_reason {};
    bool wait_alertable = false;
    uint8_t wait_irql = 0;        // as it was when the wait began
    bool wait_next = false;       // KeSetEvent(Wait = TRUE) and kin: a wait follows, which restores wait_next_irql
    uint8_t wait_next_irql = 0;
    bool alerted[2] {};

    // The kernel queue it takes entries from; while it runs it counts in KQUEUE.CurrentCount.
    nt::KQUEUE* queue = nullptr;
    nt::LIST_ENTRY* queue_entry = nullptr; // what ended its wait for an entry

    // Asynchronous procedure calls.
    int32_t kernel_apc_disable = 0;  // KeEnterCriticalRegion: negative while inside
    int32_t special_apc_disable = 0; // guarded regions: negative while inside
    int32_t kernel_apc_disable_at_start = 0; // what it must be again at the end
    bool kernel_apc_in_progress = false;
    bool kernel_apc_pending = false;
    bool user_apc_pending = false;   // to be delivered at the return to user mode
    bool apc_queueable = true;       // until it ends
    bool ending = false;             // asked to end at its return to user mode: no wait in user mode holds it up
    uint8_t apc_environment = 0;     // 0 its own process', 1 while attached to another
    // Of the other environment.
    bool saved_kernel_apc_in_progress = false;
    bool saved_user_apc_pending = false;

    uint8_t saved_irql = 0; // of the thread while it does not run
    nt::NTSTATUS exit_status = 0;
    bool in_dpc = false;    // a DPC is running on this thread's stack
    bool stack_swap = true; // KeSetKernelStackSwapEnable

    // What drivers use of the kernel stack (ke/stack.h).
    StackUse stack_use;
    DoorPassage* passage = nullptr; // the driver's routine in progress that was entered last (not in bare and observed mode)
    uint8_t stack_segments = 0; // expansions in progress

    using Main = void (*)(Thread& self, void* context);
    Main main = nullptr; // a host function; driver threads are started through one
    void* main_context = nullptr;
    // Told once, on another stack, after the thread will never run again.
    void (*terminated)(Thread& self) = nullptr;

    nt::PKTHREAD pointer() const { return reinterpret_cast<nt::PKTHREAD>(guest); }
};

} // namespace ringside::ke
