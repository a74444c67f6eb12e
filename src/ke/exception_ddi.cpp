// SPDX-License-Identifier: MIT
// Raising and unwinding as drivers import them, the guarded memory functions, and the bug checks.
#include "ke/bugcheck_callbacks.h"
#include "ke/ddi.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"

#include <cstring>

extern "C" void ringside_chkstk();

namespace ringside::ke {

using namespace nt;

namespace {

// The driver context that a noreturn body's own gate stands for.
CONTEXT caller()
{
    CONTEXT context {};
    if (chain_head() && is_gate(*chain_head()))
        context_of_gate(*reinterpret_cast<GateFrame*>(chain_head()), context);
    return context;
}

} // namespace

EXCEPTION_DISPOSITION CSpecificHandler(EXCEPTION_RECORD* record, PVOID frame, CONTEXT* context,
                                       DISPATCHER_CONTEXT* dispatcher)
{
    return c_specific_handler(record, frame, context, dispatcher);
}

void ExRaiseStatus(NTSTATUS status) { raise(status); }
void ExRaiseAccessViolation() { raise(STATUS_ACCESS_VIOLATION); }
void ExRaiseDatatypeMisalignment() { raise(STATUS_DATATYPE_MISALIGNMENT); }

// Continuable, unlike the raises above: a filter may say EXCEPTION_CONTINUE_EXECUTION and the call returns.
void RtlRaiseException(EXCEPTION_RECORD* record)
{
    CONTEXT context = caller();
    EXCEPTION_RECORD copy {};
    copy_or_raise(&copy, record, sizeof copy);
    copy.ExceptionAddress = reinterpret_cast<void*>(context.Rip);
    dispatch_exception(copy, context);
}

void RtlUnwindEx(PVOID frame, PVOID target_ip, EXCEPTION_RECORD* record, PVOID return_value, CONTEXT* original, PVOID)
{
    EXCEPTION_RECORD copy {};
    copy.ExceptionCode = STATUS_UNWIND;
    if (record)
        copy_or_raise(&copy, record, sizeof copy);
    (void)original;
    CONTEXT context = caller();
    if (!frame)
        copy.ExceptionFlags |= 0x4; // EXCEPTION_EXIT_UNWIND
    unwind(reinterpret_cast<uint64_t>(frame), reinterpret_cast<uint64_t>(target_ip), copy,
           reinterpret_cast<uint64_t>(return_value), context);
}

void RtlUnwind(PVOID frame, PVOID target_ip, EXCEPTION_RECORD* record, PVOID return_value)
{
    RtlUnwindEx(frame, target_ip, record, return_value, nullptr, nullptr);
}

RUNTIME_FUNCTION* RtlLookupFunctionEntry(ULONG64 pc, ULONG64* image_base, PVOID)
{
    auto const* image = kernel().images().find(pc);
    *image_base = image ? image->base : 0;
    return image ? const_cast<RUNTIME_FUNCTION*>(FunctionTable::lookup(*image, pc)) : nullptr;
}

PVOID RtlPcToFileHeader(PVOID pc, PVOID* image_base)
{
    auto const* image = kernel().images().find(reinterpret_cast<uintptr_t>(pc));
    *image_base = image ? reinterpret_cast<void*>(image->base) : nullptr;
    return *image_base;
}

// Of the volatile registers the gate keeps the four that carry parameters; into = rcx is one of them.
uint64_t RtlCaptureContext(uint64_t* slots)
{
    CONTEXT context = caller();
    context.ContextFlags = 0x10000F;
    context.Rcx = slots[0];
    context.Rdx = slots[1];
    context.R8 = slots[2];
    context.R9 = slots[3];
    copy_or_raise(reinterpret_cast<CONTEXT*>(slots[0]), &context, sizeof context);
    return 0;
}

// The documented routine is RtlCaptureStackBackTrace; this one has frames of kernel code alone, too. The flag that asks
// for a user stack finds none.
ULONG RtlWalkFrameChain(PVOID* into, ULONG count, ULONG flags)
{
    constexpr ULONG kUserStack = 1;
    if (flags & kUserStack)
        return 0;
    BackTrace const trace = back_trace(caller());
    size_t const skip = flags >> 8; // frames to leave out
    ULONG stored = 0;
    for (size_t i = skip; i < trace.count && stored < count && trace.addresses[i]; ++i) {
        PVOID const address = reinterpret_cast<PVOID>(trace.addresses[i]);
        copy_or_raise(&into[stored++], &address, sizeof address);
    }
    return stored;
}

// Driver return addresses only: host frames have none that a driver could use.
USHORT RtlCaptureStackBackTrace(ULONG skip, ULONG count, PVOID* into, ULONG* hash)
{
    BackTrace trace = back_trace(caller());
    USHORT stored = 0;
    uint64_t sum = 0;
    for (size_t i = skip; i < trace.count && stored < count && trace.addresses[i]; ++i) {
        into[stored++] = reinterpret_cast<void*>(trace.addresses[i]);
        sum += trace.addresses[i];
    }
    if (hash)
        *hash = static_cast<ULONG>(sum);
    return stored;
}

// --- Memory: pointers from a driver, which may point anywhere ---

PVOID CopyMemory(PVOID to, PVOID from, SIZE_T bytes)
{
    auto t = reinterpret_cast<uintptr_t>(to);
    auto f = reinterpret_cast<uintptr_t>(from);
    if (t > f && t - f < bytes) {
        // Overlapping upwards: copied in pieces from the end, each no longer than the distance.
        size_t step = t - f;
        size_t left = bytes;
        while (left) {
            size_t piece = std::min(step, left);
            left -= piece;
            copy_or_raise(static_cast<char*>(to) + left, static_cast<char*>(from) + left, piece);
        }
    } else
        copy_or_raise(to, from, bytes);
    return to;
}

PVOID FillMemory(PVOID to, int value, SIZE_T bytes)
{
    fill_or_raise(to, value, bytes);
    return to;
}

void RtlFillMemory(PVOID to, SIZE_T bytes, UCHAR value) { fill_or_raise(to, value, bytes); }
void RtlZeroMemory(PVOID to, SIZE_T bytes) { fill_or_raise(to, 0, bytes); }

// --- Bug checks ---

void KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    bug_check(code, p1, p2, p3, p4, "the driver called KeBugCheckEx");
}

void KeBugCheck(ULONG code) { bug_check(code, 0, 0, 0, 0, "the driver called KeBugCheck"); }

std::span<Ddi const> exception_rows()
{
    constexpr char const* silent = "the page gives no IRQL";
    constexpr char const* internal = "not documented: called by compiler-made code";
    static Ddi const rows[] = {
        { .name = "__C_specific_handler", .irql = { 0, 15 }, .because = internal, .body = body<&CSpecificHandler>() },
        { .name = "__chkstk", .irql = { 0, 15 }, .needs = Needs::Nothing, .because = internal,
          .body = { nullptr, reinterpret_cast<void*>(&ringside_chkstk), 0, false } },
        { .name = "_purecall", .irql = { 0, 15 }, .because = internal,
          .declined = "the driver called a virtual function that has no body" },
        { .name = "ExRaiseStatus", .irql = { 0, 1 }, .page = "wdm/nf-wdm-exraisestatus",
          .body = body<&ExRaiseStatus>() },
        { .name = "RtlRaiseStatus", .irql = { 0, 2 }, .because = internal, .body = body<&ExRaiseStatus>() },
        { .name = "ExRaiseAccessViolation", .irql = { 0, 0 }, .page = "ntddk/nf-ntddk-exraiseaccessviolation",
          .body = body<&ExRaiseAccessViolation>() },
        { .name = "ExRaiseDatatypeMisalignment", .irql = { 0, 0 }, .page = "ntddk/nf-ntddk-exraisedatatypemisalignment",
          .body = body<&ExRaiseDatatypeMisalignment>() },
        { .name = "RtlRaiseException", .irql = { 0, 15 }, .because = internal, .body = body<&RtlRaiseException>() },
        { .name = "RtlUnwind", .irql = { 0, 15 }, .because = internal, .body = body<&RtlUnwind>() },
        { .name = "RtlUnwindEx", .irql = { 0, 15 }, .because = internal, .body = body<&RtlUnwindEx>() },
        { .name = "RtlLookupFunctionEntry", .irql = { 0, 15 }, .because = internal,
          .body = body<&RtlLookupFunctionEntry>() },
        { .name = "RtlPcToFileHeader", .irql = { 0, 15 }, .because = internal, .body = body<&RtlPcToFileHeader>() },
        { .name = "RtlCaptureContext", .irql = { 0, 2 }, .page = "ntifs/nf-ntifs-rtlcapturecontext",
          .partial = "rax, r10, r11 and xmm0 to xmm5 read as zero", .body = raw_body(&RtlCaptureContext) },
        { .name = "RtlWalkFrameChain", .irql = { 0, 15 }, .page = "ntddk/nf-ntddk-rtlwalkframechain", .because = silent,
          .body = body<&RtlWalkFrameChain>() },
        { .name = "RtlCaptureStackBackTrace", .irql = { 0, 15 }, .page = "ntifs/nf-ntifs-rtlcapturestackbacktrace",
          .because = silent, .body = body<&RtlCaptureStackBackTrace>() },
        { .name = "memcpy", .irql = { 0, 15 }, .because = "a C function", .body = body<&CopyMemory>() },
        { .name = "memmove", .irql = { 0, 15 }, .because = "a C function", .body = body<&CopyMemory>() },
        { .name = "memset", .irql = { 0, 15 }, .because = "a C function", .body = body<&FillMemory>() },
        { .name = "RtlCopyMemory", .irql = { 0, 15 }, .page = "wdm/nf-wdm-rtlcopymemory", .body = body<&CopyMemory>() },
        { .name = "RtlMoveMemory", .irql = { 0, 15 }, .page = "wdm/nf-wdm-rtlmovememory", .body = body<&CopyMemory>() },
        { .name = "RtlCopyMemoryNonTemporal", .irql = { 0, 15 }, .page = "wdm/nf-wdm-rtlcopymemorynontemporal",
          .body = body<&CopyMemory>() },
        { .name = "RtlFillMemory", .irql = { 0, 15 }, .page = "wdm/nf-wdm-rtlfillmemory",
          .body = body<&RtlFillMemory>() },
        { .name = "RtlZeroMemory", .irql = { 0, 15 }, .page = "wdm/nf-wdm-rtlzeromemory",
          .body = body<&RtlZeroMemory>() },
        { .name = "KeBugCheckEx", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kebugcheckex", .body = body<&KeBugCheckEx>() },
        { .name = "KeBugCheck", .irql = { 0, 15 }, .page = "ntddk/nf-ntddk-kebugcheck", .body = body<&KeBugCheck>() },
        { .name = "KeRegisterBugCheckCallback", .irql = { 0, 15 }, .page = "wdm/nf-wdm-keregisterbugcheckcallback",
          .body = body<&KeRegisterBugCheckCallback>() },
        { .name = "KeDeregisterBugCheckCallback", .irql = { 0, 15 }, .page = "wdm/nf-wdm-kederegisterbugcheckcallback",
          .body = body<&KeDeregisterBugCheckCallback>() },
        { .name = "KeRegisterBugCheckReasonCallback", .irql = { 0, 15 },
          .page = "wdm/nf-wdm-keregisterbugcheckreasoncallback",
          .partial = "no crash dump is written: KbCallbackDumpIo hears of its end only, what the others give is dropped",
          .body = body<&KeRegisterBugCheckReasonCallback>() },
        { .name = "KeDeregisterBugCheckReasonCallback", .irql = { 0, 15 },
          .page = "wdm/nf-wdm-kederegisterbugcheckreasoncallback",
          .body = body<&KeDeregisterBugCheckReasonCallback>() },
    };
    return rows;
}

} // namespace ringside::ke
