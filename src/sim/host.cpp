// SPDX-License-Identifier: MIT
#include "sim/host.h"

#include <asm/prctl.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace ringside::sim::host {

namespace {

int protection(Access access)
{
    int bits = 0;
    if (static_cast<int>(access) & 1)
        bits |= PROT_READ;
    if (static_cast<int>(access) & 2)
        bits |= PROT_WRITE;
    if (static_cast<int>(access) & 4)
        bits |= PROT_EXEC;
    return bits;
}

void* pointer(uintptr_t address) { return reinterpret_cast<void*>(address); }

constexpr int kFaultSignals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
struct sigaction g_previous[std::size(kFaultSignals)];
stack_t g_previous_stack;
FaultHandler g_fault_handler = nullptr;
AlarmHandler g_alarm_handler = nullptr;
pid_t g_alarm_thread = 0;
bool g_has_fsgsbase = false;
bool g_asked_fsgsbase = false;

// Large enough for AddressSanitizer's own handler to run on, should ours hand on to it.
constexpr size_t kSignalStackBytes = 256 * 1024;
alignas(4096) char g_signal_stack[kSignalStackBytes];

void on_fault(int signal, siginfo_t* info, void* context) { g_fault_handler(signal, info, context); }
// The timer is the process', and any of its threads may get the signal: it is for the machine's alone.
void on_alarm(int signal, siginfo_t*, void* context)
{
    if (gettid() != g_alarm_thread)
        tgkill(getpid(), g_alarm_thread, signal);
    else if (g_alarm_handler)
        g_alarm_handler(context);
}

} // namespace

int create_memory_file(size_t bytes)
{
    int descriptor = memfd_create("ringside-physical-memory", MFD_CLOEXEC);
    CHECK(descriptor >= 0, "memfd_create failed");
    CHECK(ftruncate(descriptor, static_cast<off_t>(bytes)) == 0, "the memory file could not be sized");
    return descriptor;
}

void close_file(int descriptor) { close(descriptor); }

void reserve(uintptr_t address, size_t bytes)
{
    void* at = mmap(pointer(address), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
                    -1, 0);
    CHECK(at == pointer(address), "an address range that the machine needs is taken by the host");
}

void map_memory_file(uintptr_t address, size_t bytes, int descriptor, uint64_t offset, Access access)
{
    void* at = mmap(pointer(address), bytes, protection(access), MAP_SHARED | MAP_FIXED, descriptor,
                    static_cast<off_t>(offset));
    CHECK(at == pointer(address), "physical memory could not be mapped");
}

void map_private(uintptr_t address, size_t bytes, Access access)
{
    void* at = mmap(pointer(address), bytes, protection(access), MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
                    -1, 0);
    CHECK(at == pointer(address), "memory could not be mapped");
}

bool try_map_private(uintptr_t address, size_t bytes, Access access)
{
    void* at = mmap(pointer(address), bytes, protection(access),
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (at == pointer(address))
        return true;
    if (at != MAP_FAILED)
        munmap(at, bytes);
    return false;
}

void set_access(uintptr_t address, size_t bytes, Access access)
{
    CHECK(mprotect(pointer(address), bytes, protection(access)) == 0, "mprotect failed");
}

void discard(uintptr_t address, size_t bytes)
{
    void* at = mmap(pointer(address), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    CHECK(at == pointer(address), "memory could not be given back");
}

void release(uintptr_t address, size_t bytes) { munmap(pointer(address), bytes); }

void punch(int descriptor, uint64_t offset, size_t bytes)
{
    int result = fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                           static_cast<off_t>(bytes));
    CHECK(result == 0, "physical memory could not be given back");
}

void set_gs_base(uintptr_t base)
{
    if (!g_asked_fsgsbase) {
        constexpr unsigned long kHwcap2Fsgsbase = 1u << 1;
        g_has_fsgsbase = getauxval(AT_HWCAP2) & kHwcap2Fsgsbase;
        g_asked_fsgsbase = true;
    }
    if (g_has_fsgsbase)
        asm volatile("wrgsbase %0" : : "r"(base) : "memory");
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

bool read_file(std::string const& path, std::vector<std::byte>& into, std::string& error)
{
    into.clear();
    int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        error = std::strerror(errno);
        return false;
    }
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        error = S_ISDIR(status.st_mode) ? "it is a folder" : "it is not a regular file";
        close(descriptor);
        return false;
    }
    into.resize(static_cast<size_t>(status.st_size));
    size_t done = 0;
    while (done < into.size()) {
        ssize_t got = read(descriptor, into.data() + done, into.size() - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += static_cast<size_t>(got);
    }
    close(descriptor);
    into.resize(done);
    return true;
}

void print_live(std::string_view text)
{
    // One write per line, unbuffered: what a driver said is not lost when it takes the process down next.
    ssize_t ignored = write(STDERR_FILENO, text.data(), text.size());
    (void)ignored;
}

void arm_alarm(unsigned milliseconds, AlarmHandler handler)
{
    g_alarm_handler = handler;
    g_alarm_thread = gettid();
    struct sigaction action {};
    action.sa_sigaction = on_alarm;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGVTALRM, &action, nullptr);
    itimerval timer {};
    timer.it_interval.tv_sec = milliseconds / 1000;
    timer.it_interval.tv_usec = static_cast<suseconds_t>(milliseconds % 1000) * 1000;
    timer.it_value = timer.it_interval;
    setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

void disarm_alarm()
{
    itimerval none {};
    setitimer(ITIMER_VIRTUAL, &none, nullptr);
    g_alarm_handler = nullptr;
}

void install_fault_handlers(FaultHandler handler)
{
    g_fault_handler = handler;
    stack_t stack {};
    stack.ss_sp = g_signal_stack;
    stack.ss_size = sizeof g_signal_stack;
    sigaltstack(&stack, &g_previous_stack);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    // SA_NODEFER: a fault inside the handler is our bug and must be seen as one, not hang.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < std::size(kFaultSignals); ++i)
        sigaction(kFaultSignals[i], &action, &g_previous[i]);
}

void restore_fault_handlers()
{
    for (size_t i = 0; i < std::size(kFaultSignals); ++i)
        sigaction(kFaultSignals[i], &g_previous[i], nullptr);
    g_previous_stack.ss_flags &= SS_DISABLE;
    sigaltstack(&g_previous_stack, nullptr);
}

} // namespace ringside::sim::host
