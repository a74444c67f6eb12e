// SPDX-License-Identifier: MIT
// DbgPrint, DbgPrintEx and friends; break-ins. Without a debugger (ke/debugger.h) a break-in is an exception that the
// driver's handlers may take, and else the end of the machine, as on a Windows that boots without one.
#include "ke/data_exports.h"
#include "ke/ddi.h"
#include "ke/debug.h"
#include "ke/debugger.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "rtl/c_string.h"
#include "rtl/format.h"
#include "sim/host.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ringside::ke {

using namespace nt;

namespace {
constexpr ULONG kDefaultComponent = static_cast<ULONG>(DPFLTR_DEFAULT_ID);
constexpr ULONG kWin2000Mask = 1 << DPFLTR_ERROR_LEVEL; // combined with each component's
constexpr size_t kMessageBytes = 512; // what Windows transmits of one message

std::array<ULONG, 256> g_masks {};

void print_formatted(std::string_view prefix, char const* format, uint64_t const* arguments)
{
    char buffer[kMessageBytes];
    size_t used = std::min(prefix.size(), sizeof buffer);
    std::copy_n(prefix.data(), used, buffer);
    int64_t wanted = rtl::format(buffer + used, sizeof buffer - used, format, arguments);
    if (wanted > 0)
        used += std::min<size_t>(static_cast<size_t>(wanted), sizeof buffer - used);
    debug_print({ buffer, used });
}

} // namespace

void reset_debug_filters()
{
    g_masks.fill(0);
    g_masks[kDefaultComponent] = ~ULONG { 0 };
}

void set_debug_filter(ULONG component, ULONG mask)
{
    if (component < g_masks.size())
        g_masks[component] = mask;
}

bool debug_filter_passes(ULONG component, ULONG level)
{
    ULONG const bits = level < 32 ? 1u << level : level;
    ULONG const mask = component < g_masks.size() ? g_masks[component] : g_masks[kDefaultComponent];
    return ((mask | kWin2000Mask) & bits) != 0;
}

void debug_print(std::string_view text)
{
    auto& world = sim::world();
    kernel().log_always(sim::Event::DebugPrint, 0, world.log().add_text(text));
    if (world.live_output()) {
        sim::host::print_live(text);
        if (text.empty() || text.back() != '\n')
            sim::host::print_live("\n");
    }
}

// --- Bodies: arguments are read from the slots, for they are variadic ---

// NTSTATUS DbgPrint(PCSTR format, ...): of the DEFAULT component, and of any before Vista.
uint64_t DbgPrint(uint64_t* slots)
{
    if (kernel().options().windows < Windows::vista || debug_filter_passes(kDefaultComponent, DPFLTR_INFO_LEVEL))
        print_formatted("", reinterpret_cast<char const*>(slots[0]), slots + 1);
    return STATUS_SUCCESS;
}

// NTSTATUS DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
uint64_t DbgPrintEx(uint64_t* slots)
{
    if (debug_filter_passes(static_cast<ULONG>(slots[0]), static_cast<ULONG>(slots[1])))
        print_formatted("", reinterpret_cast<char const*>(slots[2]), slots + 3);
    return STATUS_SUCCESS;
}

NTSTATUS vDbgPrintEx(ULONG component, ULONG level, PCSTR format, PVOID arguments)
{
    if (debug_filter_passes(component, level))
        print_formatted("", format, static_cast<uint64_t const*>(arguments));
    return STATUS_SUCCESS;
}

NTSTATUS vDbgPrintExWithPrefix(PCSTR prefix, ULONG component, ULONG level, PCSTR format, PVOID arguments)
{
    if (debug_filter_passes(component, level))
        print_formatted({ prefix, rtl::strlen(prefix) }, format, static_cast<uint64_t const*>(arguments));
    return STATUS_SUCCESS;
}

// Nobody sits at a debugger: the prompt is shown, and no line comes back.
ULONG DbgPrompt(char const* prompt, PCHAR, ULONG)
{
    uint64_t const argument = reinterpret_cast<uint64_t>(prompt);
    print_formatted("", "%s", &argument);
    return 0;
}

NTSTATUS DbgQueryDebugFilterState(ULONG component, ULONG level) { return debug_filter_passes(component, level); }

NTSTATUS DbgSetDebugFilterState(ULONG component, ULONG level, BOOLEAN state)
{
    if (component >= g_masks.size())
        return STATUS_INVALID_PARAMETER_1;
    ULONG const bits = level < 32 ? 1u << level : level;
    g_masks[component] = state ? g_masks[component] | bits : g_masks[component] & ~bits;
    return STATUS_SUCCESS;
}

namespace {
// The status is for the debugger: it stands in the log.
void break_in(ULONG status)
{
    kernel().log(sim::Event::BreakIn, status, 3);
    if (!debugger_takes_break())
        raise(STATUS_BREAKPOINT);
}
} // namespace

void DbgBreakPoint() { break_in(0); }
void DbgBreakPointWithStatus(ULONG status) { break_in(status); }

namespace {
void break_in_for_assertion()
{
    kernel().log(sim::Event::BreakIn, 0, 0x2C);
    if (!debugger_takes_break())
        raise(STATUS_ASSERTION_FAILURE);
}
} // namespace

void assertion_failed(std::string_view what)
{
    char text[kMessageBytes];
    int const used = std::snprintf(text, sizeof text, "*** Assertion failed: %.*s\n", static_cast<int>(what.size()),
                                   what.data());
    debug_print({ text, std::min<size_t>(static_cast<size_t>(used), sizeof text - 1) });
    break_in_for_assertion();
}

// A failed assertion of a checked build: says so and breaks in.
void RtlAssert(PVOID expression, PVOID file, ULONG line, PCHAR message)
{
    uint64_t arguments[] = { reinterpret_cast<uint64_t>(message ? message : ""), reinterpret_cast<uint64_t>(expression),
                             reinterpret_cast<uint64_t>(file), line };
    print_formatted("", "*** Assertion failed: %s%s\n***   Source File: %s, line %u\n", arguments);
    break_in_for_assertion();
}

// KdDebuggerNotPresent, which drivers may have changed, tells the truth again.
BOOLEAN KdRefreshDebuggerNotPresent()
{
    write_debugger_variables(debugger_enabled(), debugger_attached());
    return !debugger_attached();
}

NTSTATUS KdDisableDebugger() { return enable_debugger(false); }
NTSTATUS KdEnableDebugger() { return enable_debugger(true); }

// Without debugging, what it is asked for is not looked at.
NTSTATUS KdChangeOption(int32_t option, ULONG in_bytes, PVOID in, ULONG out_bytes, PVOID out, ULONG* out_needed)
{
    if (!debugger_attached())
        return STATUS_DEBUGGER_INACTIVE;
    if (option != KD_OPTION_SET_BLOCK_ENABLE)
        return STATUS_INVALID_INFO_CLASS;
    if (in_bytes != sizeof(BOOLEAN) || out_bytes || out)
        return STATUS_INVALID_PARAMETER;
    if (out_needed)
        *out_needed = 0;
    return block_debugger(*static_cast<BOOLEAN*>(in));
}

std::span<Ddi const> debug_rows()
{
    constexpr char const* silent = "the page gives no IRQL";
    constexpr char const* undocumented = "not documented as an export";
    constexpr char const* kNoDump = "no crash dump is written: the report tells of a bug check";
    static Ddi const rows[] = {
        { .name = "DbgPrint", .irql = { 0, 12 }, .page = "wdm/nf-wdm-dbgprint", .body = raw_body(&DbgPrint) },
        { .name = "DbgPrintEx", .irql = { 0, 12 }, .page = "wdm/nf-wdm-dbgprintex", .body = raw_body(&DbgPrintEx) },
        { .name = "vDbgPrintEx", .irql = { 0, 12 }, .page = "wdm/nf-wdm-vdbgprintex", .body = body<&vDbgPrintEx>() },
        { .name = "vDbgPrintExWithPrefix", .irql = { 0, 12 }, .page = "wdm/nf-wdm-vdbgprintexwithprefix",
          .body = body<&vDbgPrintExWithPrefix>() },
        { .name = "DbgPrompt", .irql = { 0, 12 }, .page = "ntddk/nf-ntddk-dbgprompt", .body = body<&DbgPrompt>() },
        { .name = "DbgQueryDebugFilterState", .irql = { 0, 15 }, .because = undocumented,
          .body = body<&DbgQueryDebugFilterState>() },
        { .name = "DbgSetDebugFilterState", .irql = { 0, 15 }, .because = undocumented,
          .body = body<&DbgSetDebugFilterState>() },
        { .name = "DbgBreakPoint", .irql = { 0, 15 }, .page = "wdm/nf-wdm-dbgbreakpoint", .because = silent,
          .body = body<&DbgBreakPoint>() },
        { .name = "DbgBreakPointWithStatus", .irql = { 0, 15 }, .page = "wdm/nf-wdm-dbgbreakpointwithstatus",
          .body = body<&DbgBreakPointWithStatus>() },
        { .name = "RtlAssert", .irql = { 0, 15 }, .because = undocumented, .body = body<&RtlAssert>() },
        { .name = "KdRefreshDebuggerNotPresent", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kdrefreshdebuggernotpresent",
          .body = body<&KdRefreshDebuggerNotPresent>() },
        { .name = "KdDisableDebugger", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kddisabledebugger",
          .body = body<&KdDisableDebugger>() },
        { .name = "KdEnableDebugger", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kdenabledebugger",
          .body = body<&KdEnableDebugger>() },
        { .name = "KdChangeOption", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kdchangeoption",
          .body = body<&KdChangeOption>() },
        { .name = "KdSystemDebugControl", .because = undocumented,
          .declined = "no debugger has a hold of the machine" },
        { .name = "KeInitializeCrashDumpHeader", .irql = { 0, 15 },
          .page = "ntddk/nf-ntddk-keinitializecrashdumpheader", .declined = kNoDump },
        { .name = "KeCapturePersistentThreadState", .because = undocumented, .declined = kNoDump },
        { .name = "KeTryToAcquireQueuedSpinLock", .because = "data/ddi.csv leaves it out: its page names no DLL",
          .declined = "the page reserves it, and names neither the locks nor the result" },
    };
    return rows;
}

} // namespace ringside::ke
