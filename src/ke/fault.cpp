// SPDX-License-Identifier: MIT
// Synchronous faults: what the host's signals mean in NT's terms. The handler runs on its own stack and only rewrites
// the interrupted context; dispatch then runs on the faulting stack, below the driver's frame.
//
//   where it faulted    what                                       becomes
//   guarded accessor    anything                                   the accessor's error return
//   driver              privileged instruction, shared user data   emulated (room ldr)
//   driver              int 29h / int 3 / int 2ch                  0x139 / STATUS_BREAKPOINT / STATUS_ASSERTION_FAILURE
//   anywhere            a stack's guard page                       0x7F, double fault
//   driver              an address, at DISPATCH_LEVEL or above     0xD1
//   driver              an invalid kernel address                  0x50; in an unloaded image 0xCE
//   nowhere             pool that is not executable                0xFC; executable pool: the page becomes so
//   driver              a user, null or non-canonical address      STATUS_ACCESS_VIOLATION, to its handlers
//   nowhere             a jump to nothing                          as the driver that jumped
//   host, in a call     a driver's pointer                         0x50 / 0xA / the unhandled-exception codes
//   host                anything else                              our bug: exit code 3
#include "ke/exception.h"

#include "base/check.h"
#include "ke/debugger.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "sim/host.h"

#include <csignal>
#include <cstring>
#include <ucontext.h>

extern "C" {
extern char ringside_copy_guarded_fault[], ringside_copy_guarded_end[];
extern char ringside_fill_guarded_fault[], ringside_fill_guarded_end[];
void ringside_preempt();
void ringside_preempted(uint64_t const* registers);
}

namespace ringside::ke {

using namespace nt;

TrapEmulator g_trap_emulator = nullptr;
bool (*g_let_execute)(uintptr_t address) = nullptr;
PageFault (*g_page_fault)(uintptr_t address, bool write, uint8_t irql) = nullptr;
GuardedFault g_guarded_fault;

namespace {

// A fault taken off the signal's stack, handed to the fiber.
struct Pending {
    EXCEPTION_RECORD record;
    CONTEXT context;
    uint32_t bug_check; // 0: dispatch the exception
    uint64_t parameters[4];
    char const* words;
};
Pending g_pending;

// Where a fiber whose own stack is used up says its last words.
constexpr size_t kEmergencyStackBytes = 256 * 1024;
alignas(4096) char g_emergency_stack[kEmergencyStackBytes];

int g_depth = 0;

constexpr int kRegisterOrder[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

void fill_context(CONTEXT& context, ucontext_t const& from)
{
    context = {};
    auto* registers = integer_registers(context);
    for (int i = 0; i < 16; ++i)
        registers[i] = static_cast<uint64_t>(from.uc_mcontext.gregs[kRegisterOrder[i]]);
    context.Rip = static_cast<uint64_t>(from.uc_mcontext.gregs[REG_RIP]);
    // Neither the trap flag nor a set direction flag may go on with us.
    context.EFlags = static_cast<ULONG>(from.uc_mcontext.gregs[REG_EFL]) & ~0x500u;
    context.ContextFlags = 0x10000F;
    context.SegCs = 0x10;
    context.SegSs = 0x18;
    if (from.uc_mcontext.fpregs) {
        context.MxCsr = from.uc_mcontext.fpregs->mxcsr;
        std::memcpy(xmm_registers(context), from.uc_mcontext.fpregs->_xmm, 256);
    }
}

[[noreturn]] void fault_entry()
{
    // Copied at once: the next fault overwrites it.
    Pending pending = g_pending;
    g_depth = 0;
    if (pending.bug_check)
        kernel().bug_check(pending.bug_check, pending.parameters[0], pending.parameters[1], pending.parameters[2],
                           pending.parameters[3], &pending.context, pending.words);
    dispatch_exception(pending.record, pending.context);
}

// Continues the interrupted fiber at fault_entry: on its own stack, or on the emergency stack.
void divert(ucontext_t& context, bool own_stack)
{
    auto rsp = own_stack ? (static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RSP]) - 128) & ~uint64_t { 63 }
                         : reinterpret_cast<uint64_t>(g_emergency_stack + kEmergencyStackBytes - 64) & ~uint64_t { 63 };
    rsp -= 8; // as after a call
    context.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(rsp);
    context.uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(&fault_entry);
    context.uc_mcontext.gregs[REG_EFL] &= ~0x500;
}

void set_bug_check(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, char const* words)
{
    g_pending.bug_check = code;
    g_pending.parameters[0] = p1;
    g_pending.parameters[1] = p2;
    g_pending.parameters[2] = p3;
    g_pending.parameters[3] = p4;
    g_pending.words = words;
}

void set_exception(NTSTATUS code, uint32_t parameters = 0, uint64_t first = 0, uint64_t second = 0)
{
    g_pending.bug_check = 0;
    g_pending.record = {};
    g_pending.record.ExceptionCode = code;
    g_pending.record.ExceptionAddress = reinterpret_cast<void*>(g_pending.context.Rip);
    g_pending.record.NumberParameters = parameters;
    g_pending.record.ExceptionInformation[0] = first;
    g_pending.record.ExceptionInformation[1] = second;
}

[[noreturn]] void our_bug(int signal, uint64_t rip, uint64_t address)
{
    char words[200];
    std::snprintf(words, sizeof words, "signal %d in host code at %#llx, address %#llx", signal,
                  static_cast<unsigned long long>(rip), static_cast<unsigned long long>(address));
    check_failed("no fault in host code", words, __FILE__, __LINE__);
}

bool fix_up(greg_t* registers)
{
    auto rip = static_cast<uint64_t>(registers[REG_RIP]);
    auto in = [&](void const* from, void const* to) {
        return rip >= reinterpret_cast<uint64_t>(from) && rip < reinterpret_cast<uint64_t>(to);
    };
    if (in(reinterpret_cast<void*>(&ringside_copy_guarded), ringside_copy_guarded_end)) {
        registers[REG_RIP] = reinterpret_cast<greg_t>(ringside_copy_guarded_fault);
        return true;
    }
    if (in(reinterpret_cast<void*>(&ringside_fill_guarded), ringside_fill_guarded_end)) {
        registers[REG_RIP] = reinterpret_cast<greg_t>(ringside_fill_guarded_fault);
        return true;
    }
    return false;
}

void on_fault(int signal, void* info_pointer, void* context_pointer)
{
    auto& info = *static_cast<siginfo_t*>(info_pointer);
    auto& context = *static_cast<ucontext_t*>(context_pointer);
    greg_t* registers = context.uc_mcontext.gregs;
    auto rip = static_cast<uint64_t>(registers[REG_RIP]);
    constexpr uint64_t kPageFault = 14;
    constexpr uint64_t kGeneralProtection = 13;
    constexpr uint64_t kStackFault = 12;
    constexpr greg_t kIntBytes = 2; // int n
    // An address that is not canonical is a stack fault when the instruction goes through rbp or rsp; compilers keep any
    // pointer in rbp.
    if (signal == SIGBUS && registers[REG_TRAPNO] == kStackFault) {
        signal = SIGSEGV;
        registers[REG_TRAPNO] = kGeneralProtection;
    }
    auto const trap = static_cast<uint64_t>(registers[REG_TRAPNO]);
    auto const error = static_cast<uint64_t>(registers[REG_ERR]);
    uint64_t const address = trap == kPageFault ? static_cast<uint64_t>(registers[REG_CR2])
                                                : reinterpret_cast<uint64_t>(info.si_addr);
    NTSTATUS page_status = 0;
    if (signal == SIGSEGV && trap == kPageFault && g_page_fault && g_kernel) {
        PageFault const answer = g_page_fault(address, error & 2, Kernel::irql());
        if (answer.resolved)
            return;
        page_status = answer.status;
    }
    g_guarded_fault = { page_status, address, (error & 2) != 0, trap == kPageFault };
    if (fix_up(registers))
        return;
    if (!g_kernel || ++g_depth > 8)
        our_bug(signal, rip, address);
    Kernel& k = kernel();
    if (&sim::Fiber::current() != &k.current().fiber)
        our_bug(signal, rip, address);

    bool const fetch = trap == kPageFault && (error & 16);
    bool const write = error & 2;
    auto in_pool = [](uint64_t at) { return at >= hal::kDirectMap && at < hal::kDirectMapHigh; };
    if (fetch && in_pool(address) && g_let_execute && g_let_execute(address)) {
        g_depth = 0;
        return;
    }
    auto in_trampoline = [&] { return rip >= hal::kTrampolinesLow && rip < hal::kTrampolinesHigh; };
    if (g_trap_emulator && (in_trampoline() || (!fetch && k.images().find(rip)))) {
        if (g_trap_emulator(&context, address)) {
            g_depth = 0;
            return;
        }
        // A fault in a trampoline was put back to the instruction that the trampoline stands for.
        rip = static_cast<uint64_t>(registers[REG_RIP]);
    }
    auto const* image = k.images().find(rip);
    bool const nowhere
        = !image && !in_trampoline() && (fetch || hal::is_kernel(rip) || hal::is_user(rip)) && address == rip;
    bool const driver = image || in_trampoline() || in_pool(rip); // a driver may run code from executable pool
    fill_context(g_pending.context, context);
    uint8_t const irql = Kernel::irql();

    // A stack overflow touches the guard below the stack. What is left of the stack is of no use.
    if (trap == kPageFault && hal::KernelStacks::is_guard(address)
        && address >= k.current().stack.low - (hal::kStackSlotBytes - hal::kStackBytes)
        && address < k.current().stack.low) {
        set_bug_check(UNEXPECTED_KERNEL_MODE_TRAP, 8, address, registers[REG_RSP], rip,
                      "kernel stack overflow: the guard page below the stack was touched");
        divert(context, false);
        return;
    }
    auto const rsp = static_cast<uint64_t>(registers[REG_RSP]);
    bool const stack_usable = rsp > k.current().stack.low + 16384 && rsp <= k.current().stack.low + k.current().stack.bytes;

    if (!driver && !nowhere) {
        // Host code. A pointer that a driver gave is the driver's bug; anything else is ours.
        bool const in_call = chain_head() != nullptr;
        // The host's own memory lies above the machine's ranges: what is below, garbage of a driver's too, is not ours.
        bool const drivers_address = trap == kGeneralProtection || address < hal::kKernelHigh
            || !hal::is_canonical(address) || static_cast<int64_t>(address) < 0;
        if (signal != SIGSEGV || !in_call || !drivers_address)
            our_bug(signal, rip, address);
        // The report names the driver's code that called, not the host's.
        CONTEXT const faulted = g_pending.context;
        for (ChainNode* node = chain_head(); node; node = node->previous)
            if (is_gate(*node)) {
                context_of_gate(*reinterpret_cast<GateFrame*>(node), g_pending.context);
                break;
            }
        (void)faulted;
        if (irql >= DISPATCH_LEVEL)
            set_bug_check(IRQL_NOT_LESS_OR_EQUAL, address, irql, write, g_pending.context.Rip,
                          "the kernel was given a pointer that cannot be followed at this IRQL");
        else if (trap == kPageFault && address >= hal::kUserProbeAddress && hal::is_canonical(address))
            set_bug_check(PAGE_FAULT_IN_NONPAGED_AREA, address, write ? 2 : 0, g_pending.context.Rip, 0,
                          "the kernel was given an invalid kernel address by a driver");
        else
            set_bug_check(k.current().client ? SYSTEM_SERVICE_EXCEPTION
                              : k.current().in_dpc ? KMODE_EXCEPTION_NOT_HANDLED
                                                   : SYSTEM_THREAD_EXCEPTION_NOT_HANDLED,
                          static_cast<uint32_t>(STATUS_ACCESS_VIOLATION), g_pending.context.Rip, address, 0,
                          "the kernel was given a pointer by a driver that points nowhere");
        divert(context, stack_usable);
        return;
    }

    switch (signal) {
    case SIGTRAP:
        // The instruction pointer stands behind the int 3; NT reports the instruction itself.
        if (driver) {
            g_pending.context.Rip -= 1;
            k.log(sim::Event::BreakIn, 0, 3);
            if (debugger_takes_break()) {
                g_depth = 0;
                return;
            }
        }
        set_exception(STATUS_BREAKPOINT, 1, 0);
        break;
    case SIGFPE:
        set_exception(info.si_code == FPE_INTOVF ? STATUS_INTEGER_OVERFLOW : STATUS_INTEGER_DIVIDE_BY_ZERO);
        break;
    case SIGILL:
        set_exception(STATUS_ILLEGAL_INSTRUCTION);
        break;
    case SIGBUS:
        set_exception(STATUS_IN_PAGE_ERROR, 2, write, address);
        break;
    default: {
        // int n with n >= 32 needs a gate that Linux does not give: #GP with the vector in the error code.
        uint64_t const vector = trap == kGeneralProtection && (error & 7) == 2 ? error >> 3 : 0;
        if (vector == 0x29) {
            set_bug_check(KERNEL_SECURITY_CHECK_FAILURE, g_pending.context.Rcx, rsp, 0, 0,
                          "the driver found a corrupted structure of its own and asked to stop (int 29h)");
            break;
        }
        if (vector == 0x2C) {
            k.log(sim::Event::BreakIn, 0, vector);
            if (debugger_takes_break()) {
                registers[REG_RIP] += kIntBytes;
                g_depth = 0;
                return;
            }
            set_exception(STATUS_ASSERTION_FAILURE);
            break;
        }
        if (vector == 0x2D) {
            // The debug service. No debugger: a breakpoint exception, which the stub's caller expects. Else it is done,
            // and the byte behind the instruction, an int 3, skipped.
            k.log(sim::Event::BreakIn, 0, vector);
            if (debugger_takes_break()) {
                registers[REG_RIP] += kIntBytes + 1;
                g_depth = 0;
                return;
            }
            set_exception(STATUS_BREAKPOINT, 1, g_pending.context.Rax);
            break;
        }
        if (trap != kPageFault) {
            // Non-canonical, or a privileged instruction that nobody emulates.
            set_exception(STATUS_ACCESS_VIOLATION, 2, 0, ~uint64_t { 0 });
            break;
        }
        auto const* unloaded = k.images().find_unloaded(nowhere ? rip : address);
        if (unloaded) {
            set_bug_check(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, address, fetch ? 8 : write ? 1 : 0, rip,
                          0, "memory of a driver that is no longer loaded was used");
            break;
        }
        if (fetch && in_pool(address) && address < hal::kDirectMap + k.memory().bytes()) {
            // The second is the page's table entry: no-execute, dirty, accessed, writable, valid.
            set_bug_check(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, address,
                          (hal::page_of(address) - hal::kDirectMap) | 0x8000'0000'0000'0063, rsp, 2,
                          "code was run from memory that is not executable");
            break;
        }
        if (irql >= DISPATCH_LEVEL) {
            set_bug_check(DRIVER_IRQL_NOT_LESS_OR_EQUAL, address, irql, fetch ? 8 : write ? 1 : 0, rip,
                          "the driver touched memory that is not there at DISPATCH_LEVEL or above");
            break;
        }
        if (address >= hal::kUserProbeAddress) {
            set_bug_check(PAGE_FAULT_IN_NONPAGED_AREA, address, fetch ? 0x10 : write ? 2 : 0, rip, 0,
                          "an invalid kernel address was used; Windows gives no handler a chance");
            break;
        }
        set_exception(page_status ? page_status : STATUS_ACCESS_VIOLATION, 2, fetch ? 8 : write ? 1 : 0, address);
        break;
    }
    }
    divert(context, stack_usable);
}

} // namespace

void install_fault_handling()
{
    g_depth = 0;
    sim::host::install_fault_handlers(on_fault);
}

void remove_fault_handling() { sim::host::restore_fault_handlers(); }

// --- A driver that does not come back ----------------------------------------------------------------------------

void Kernel::on_alarm(void* context_pointer)
{
    uint64_t const seen = sim::world().now_100ns();
    if (!m_running || seen != m_alarm_seen) {
        m_alarm_seen = seen;
        m_alarms_in_a_row = 0;
        return;
    }
    auto& context = *static_cast<ucontext_t*>(context_pointer);
    greg_t* registers = context.uc_mcontext.gregs;
    auto const rip = static_cast<uint64_t>(registers[REG_RIP]);
    if (!m_images.find(rip) && !(rip >= hal::kTrampolinesLow && rip < hal::kTrampolinesHigh))
        return; // inside the host: it gets on by itself
    if (++m_alarms_in_a_row >= m_options.hang_alarms) {
        fill_context(g_pending.context, context);
        if (cpu().dpc_active)
            set_bug_check(DPC_WATCHDOG_VIOLATION, 0, m_alarms_in_a_row, m_options.hang_alarms, 0,
                          "a DPC spins and calls nothing");
        else if (irql() >= DISPATCH_LEVEL && irql() < CLOCK_LEVEL && m_options.windows >= Windows::win8)
            set_bug_check(DPC_WATCHDOG_VIOLATION, 1, m_alarms_in_a_row, m_options.hang_alarms, 0,
                          "the driver spins at DISPATCH_LEVEL and calls nothing");
        else
            set_bug_check(CLOCK_WATCHDOG_TIMEOUT, m_alarms_in_a_row, 0, reinterpret_cast<uint64_t>(cpu().region()),
                          cpu().number(), "the driver spins and calls nothing");
        sim::world().not_replayable();
        divert(context, true);
        return;
    }
    // Somebody else may be able to set what it waits for. The Microsoft convention has no red zone, so the stub can
    // use the stack as a call would.
    auto rsp = static_cast<uint64_t>(registers[REG_RSP]) - 8;
    if (rsp <= current().stack.low + 16384)
        return;
    *reinterpret_cast<uint64_t*>(rsp) = rip;
    registers[REG_RSP] = static_cast<greg_t>(rsp);
    registers[REG_RIP] = reinterpret_cast<greg_t>(&ringside_preempt);
}

void Kernel::preempted(CONTEXT const* at)
{
    sim::world().not_replayable();
    ContextNode here { {}, const_cast<CONTEXT*>(at) };
    Linked link(here, NodeKind::Context);
    sim::world().advance_100ns(m_options.alarm_milliseconds * 10'000ull);
    uint64_t const before = sim::world().now_100ns();
    expire_timers();
    if (irql() < hal::processor().pending_irql())
        interrupts_due();
    if (Cpu* other = other_cpu_with_work())
        switch_cpu(*other);
    else if (irql() < DISPATCH_LEVEL)
        yield();
    // Only our own step of time since: the spin goes on, and so does the count of alarms.
    if (sim::world().now_100ns() == before)
        m_alarm_seen = before;
}

} // namespace ringside::ke

// registers: as ringside_preempt pushed them, r15 lowest, flags and the interrupted rip on top.
void ringside_preempted(uint64_t const* pushed)
{
    using namespace ringside;
    nt::CONTEXT context {};
    context.R15 = pushed[0];
    context.R14 = pushed[1];
    context.R13 = pushed[2];
    context.R12 = pushed[3];
    context.R11 = pushed[4];
    context.R10 = pushed[5];
    context.R9 = pushed[6];
    context.R8 = pushed[7];
    context.Rdi = pushed[8];
    context.Rsi = pushed[9];
    context.Rbp = pushed[10];
    context.Rbx = pushed[11];
    context.Rdx = pushed[12];
    context.Rcx = pushed[13];
    context.Rax = pushed[14];
    context.EFlags = static_cast<nt::ULONG>(pushed[15]);
    context.Rip = pushed[16];
    context.Rsp = reinterpret_cast<uint64_t>(pushed + 17);
    ke::kernel().preempted(&context);
}
