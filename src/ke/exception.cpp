// SPDX-License-Identifier: MIT
#include "ke/exception.h"

#include "base/check.h"
#include "ke/guarded.h"
#include "ke/kernel.h"

#include <cstring>
#include <cxxabi.h>
#include <typeinfo>
#include <unwind.h>

#if defined(RINGSIDE_SANITIZE)
#include <sanitizer/asan_interface.h>
#endif

extern "C" {
[[noreturn]] void ringside_restore_context(ringside::nt::CONTEXT const* context);
extern char ringside_gate_landing[];
}

namespace ringside::ke {

using namespace nt;

namespace {

// An unwind (phase 2) under way through host frames: thrown at the driver's caller, caught by the gate's landing.
struct SehUnwind {
    uint64_t target_frame;
    uint64_t target_ip;
    EXCEPTION_RECORD record;
    uint64_t return_value;
};

// What the next throw_unwind throws: set right before a context is restored that "calls" it.
SehUnwind g_unwind_in_flight;

[[noreturn, gnu::noinline]] void throw_unwind() { throw SehUnwind(g_unwind_in_flight); }

// EXCEPTION_RECORD.ExceptionFlags while unwinding.
constexpr ULONG kUnwinding = 0x2;
constexpr ULONG kExitUnwind = 0x4;
constexpr ULONG kTargetUnwind = 0x20;
constexpr ULONG kUnwindFlags = kUnwinding | kExitUnwind;

// The chain node that a walk reaches when it comes to host frames at this stack pointer.
ChainNode* node_above(ChainNode* node, uint64_t rsp)
{
    while (node && reinterpret_cast<uint64_t>(node) < rsp)
        node = node->previous;
    return node;
}

// A jump to where no code is: the call that led there left its return address on the stack. Host code never stands in
// the machine's own ranges.
bool leave_nowhere(CONTEXT& context)
{
    if (!hal::is_user(context.Rip) && !hal::is_kernel(context.Rip))
        return false;
    auto caller = read_guarded<uint64_t>(reinterpret_cast<void*>(context.Rsp));
    if (!caller || !kernel().images().find(*caller))
        return false;
    context.Rip = *caller;
    context.Rsp += 8;
    return true;
}

[[noreturn]] void unhandled(EXCEPTION_RECORD const& record, CONTEXT const& context)
{
    Kernel& k = kernel();
    Thread& self = k.current();
    auto code = static_cast<uint64_t>(static_cast<int64_t>(record.ExceptionCode));
    auto at = reinterpret_cast<uint64_t>(record.ExceptionAddress);
    uint64_t const code32 = static_cast<uint32_t>(record.ExceptionCode);
    (void)code;
    if (self.in_dpc || k.irql() >= DISPATCH_LEVEL)
        k.bug_check(KMODE_EXCEPTION_NOT_HANDLED, code32, at, record.ExceptionInformation[0],
                    record.ExceptionInformation[1], &context, "no handler took an exception raised in a driver");
    if (self.client)
        k.bug_check(SYSTEM_SERVICE_EXCEPTION, code32, at, reinterpret_cast<uint64_t>(&context), 0, &context,
                    "no handler took an exception raised in a client's thread");
    k.bug_check(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, code32, at, reinterpret_cast<uint64_t>(&record),
                reinterpret_cast<uint64_t>(&context), &context, "no handler took an exception raised in a system thread");
}

} // namespace

void raise(NTSTATUS status) { throw Raised { status, 0, {} }; }

void raise_access_violation(uint64_t address, bool write)
{
    throw Raised { STATUS_ACCESS_VIOLATION, 2, { write ? 1u : 0u, address } };
}

namespace {

// Room mm had a status of its own for the page.
[[noreturn]] void page_fault_status()
{
    throw Raised { g_guarded_fault.status, 2, { g_guarded_fault.write ? 1u : 0u, g_guarded_fault.address } };
}

[[noreturn]] void guarded_fault(uint64_t address, bool write)
{
    if (Kernel::irql() >= DISPATCH_LEVEL)
        bug_check(IRQL_NOT_LESS_OR_EQUAL, address, Kernel::irql(), write, 0, "the kernel touched memory that a driver named");
    if (hal::is_kernel(address) || address >= hal::kUserProbeAddress)
        bug_check(PAGE_FAULT_IN_NONPAGED_AREA, address, write ? 2 : 0, 0, 0,
                  "the kernel was given an invalid kernel address by a driver");
    raise_access_violation(address, write);
}

} // namespace

void copy_or_raise(void* to, void const* from, size_t bytes)
{
    size_t left = ringside_copy_guarded(to, from, bytes);
    if (!left)
        return;
    if (g_guarded_fault.status)
        page_fault_status();
    if (g_guarded_fault.known)
        guarded_fault(g_guarded_fault.address, g_guarded_fault.write);
    // Which side faulted is told by probing the byte at which the copy stopped.
    uint64_t const done = bytes - left;
    auto const source = reinterpret_cast<uint64_t>(from) + done;
    uint8_t byte;
    bool const source_faulted = ringside_copy_guarded(&byte, reinterpret_cast<void*>(source), 1);
    guarded_fault(source_faulted ? source : reinterpret_cast<uint64_t>(to) + done, !source_faulted);
}

void fill_or_raise(void* to, int value, size_t bytes)
{
    size_t left = ringside_fill_guarded(to, value, bytes);
    if (left && g_guarded_fault.status)
        page_fault_status();
    if (left)
        guarded_fault(reinterpret_cast<uint64_t>(to) + (bytes - left), true);
}

void restore_context(CONTEXT const& context)
{
    sim::ringside_gate_head = node_above(chain_head(), context.Rsp);
#if defined(RINGSIDE_SANITIZE)
    // Host frames below the new stack pointer never return: their redzones must not outlive them.
    uintptr_t low = sim::Fiber::current().stack_low();
    __asan_unpoison_memory_region(reinterpret_cast<void*>(low), context.Rsp - low);
#endif
    ringside_restore_context(&context);
}

void dispatch_exception(EXCEPTION_RECORD& record, CONTEXT& original)
{
    Kernel& k = kernel();
    if (!record.ExceptionAddress)
        record.ExceptionAddress = reinterpret_cast<void*>(original.Rip);
    k.log(sim::Event::Exception, 0, static_cast<uint32_t>(record.ExceptionCode));
    ContextNode here { {}, &original };
    ChainNode* node = chain_head();
    Linked link(here, NodeKind::Context);
    CONTEXT context = original;
    ULONG scope_index = 0;
    for (unsigned frames = 0; frames < 4096; ++frames) {
        auto const* image = k.images().find(context.Rip);
        if (!image) {
            if (frames == 0 && leave_nowhere(context))
                continue;
            node = node_above(node, context.Rsp);
            if (!node || node->kind == NodeKind::Barrier)
                break;
            if (node->kind == NodeKind::Outlet) {
                auto const& outlet = *reinterpret_cast<OutletNode*>(node);
                outlet.escaped(outlet.owner, record, original);
                break;
            }
            scope_index = 0;
            if (is_gate(*node))
                context_of_gate(*reinterpret_cast<GateFrame*>(node), context);
            else if (node->kind == NodeKind::Context)
                context = *reinterpret_cast<ContextNode*>(node)->context;
            else {
                // The exception was raised by a termination handler: go on from the frame it belongs to, past the
                // handlers of it that have run (a collided unwind).
                auto const& dispatcher = *reinterpret_cast<UnwindNode*>(node)->dispatcher;
                context = *dispatcher.ContextRecord;
                scope_index = dispatcher.ScopeIndex;
            }
            node = node->previous;
            continue;
        }
        DISPATCHER_CONTEXT dispatcher {};
        dispatcher.ControlPc = context.Rip;
        dispatcher.ImageBase = image->base;
        dispatcher.ScopeIndex = scope_index;
        scope_index = 0;
        CONTEXT frame_context = context;
        UnwindStep step;
        if (!virtual_unwind(HandlerType::Exception, *image, context, step))
            break; // the stack could not be read: nobody can handle it
        if (!step.handler)
            continue;
        dispatcher.FunctionEntry = const_cast<RUNTIME_FUNCTION*>(step.function);
        dispatcher.EstablisherFrame = step.establisher;
        dispatcher.ContextRecord = &frame_context;
        dispatcher.LanguageHandler = reinterpret_cast<EXCEPTION_ROUTINE*>(step.handler);
        dispatcher.HandlerData = step.handler_data;
        EXCEPTION_DISPOSITION disposition = dispatcher.LanguageHandler(
            &record, reinterpret_cast<void*>(step.establisher), &original, &dispatcher);
        if (disposition == ExceptionContinueExecution) {
            if (record.ExceptionFlags & EXCEPTION_NONCONTINUABLE) {
                EXCEPTION_RECORD second {};
                second.ExceptionCode = STATUS_NONCONTINUABLE_EXCEPTION;
                second.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
                second.ExceptionRecord = &record;
                second.ExceptionAddress = record.ExceptionAddress;
                unhandled(second, original);
            }
            restore_context(original);
        }
    }
    unhandled(record, original);
}

namespace {

// An unwind went wrong: towards a frame that is not on the stack, as RtlUnwind may be given, or over a stack that was
// overwritten. Frames are gone, so that nobody is left to handle it.
[[noreturn]] void unwind_failed(NTSTATUS status, EXCEPTION_RECORD& cause, CONTEXT const& from)
{
    EXCEPTION_RECORD record {};
    record.ExceptionCode = status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.ExceptionRecord = &cause;
    record.ExceptionAddress = reinterpret_cast<void*>(from.Rip);
    unhandled(record, from);
}

} // namespace

void unwind(uint64_t target_frame, uint64_t target_ip, EXCEPTION_RECORD& record, uint64_t return_value, CONTEXT& from)
{
    Kernel& k = kernel();
    record.ExceptionFlags |= kUnwinding;
    CONTEXT context = from;
    ChainNode* node = chain_head();
    ULONG scope_index = 0;
    for (unsigned frames = 0; frames < 4096; ++frames) {
        auto const* image = k.images().find(context.Rip);
        if (!image) {
            if (frames == 0 && leave_nowhere(context))
                continue;
            node = node_above(node, context.Rsp);
            if (!node || node->kind == NodeKind::Barrier || node->kind == NodeKind::Outlet)
                unwind_failed(STATUS_INVALID_UNWIND_TARGET, record, from);
            if (is_gate(*node)) {
                // Host frames with destructors: let C++ unwind them, as if the host called a function that throws. It
                // does not restore xmm6 to xmm15: behind a light gate they are here, and the landing needs them.
                if (node->kind == NodeKind::LightGate) {
                    auto& gate = *reinterpret_cast<GateFrame*>(node);
                    std::memcpy(gate.xmm6_to_15, xmm_registers(context) + 6, sizeof gate.xmm6_to_15);
                    node->kind = NodeKind::Gate;
                }
                g_unwind_in_flight = { target_frame, target_ip, record, return_value };
                context.Rsp -= 8;
                *reinterpret_cast<uint64_t*>(context.Rsp) = context.Rip;
                context.Rip = reinterpret_cast<uint64_t>(&throw_unwind);
                restore_context(context);
            }
            scope_index = 0;
            if (node->kind == NodeKind::Context)
                context = *reinterpret_cast<ContextNode*>(node)->context;
            else {
                auto const& dispatcher = *reinterpret_cast<UnwindNode*>(node)->dispatcher;
                context = *dispatcher.ContextRecord;
                scope_index = dispatcher.ScopeIndex;
            }
            node = node->previous;
            continue;
        }
        CONTEXT frame_context = context;
        DISPATCHER_CONTEXT dispatcher {};
        dispatcher.ControlPc = context.Rip;
        dispatcher.ImageBase = image->base;
        dispatcher.TargetIp = target_ip;
        dispatcher.ContextRecord = &frame_context;
        dispatcher.ScopeIndex = scope_index;
        scope_index = 0;
        UnwindStep step;
        if (!virtual_unwind(HandlerType::Termination, *image, context, step))
            unwind_failed(STATUS_BAD_STACK, record, from);
        dispatcher.FunctionEntry = const_cast<RUNTIME_FUNCTION*>(step.function);
        dispatcher.EstablisherFrame = step.establisher;
        bool const at_target = step.establisher == target_frame;
        if (at_target)
            record.ExceptionFlags |= kTargetUnwind;
        if (step.handler) {
            dispatcher.LanguageHandler = reinterpret_cast<EXCEPTION_ROUTINE*>(step.handler);
            dispatcher.HandlerData = step.handler_data;
            UnwindNode here { {}, &dispatcher };
            Linked link(here, NodeKind::Unwind);
            dispatcher.LanguageHandler(&record, reinterpret_cast<void*>(step.establisher), &frame_context, &dispatcher);
        }
        if (at_target) {
            frame_context.Rax = return_value;
            frame_context.Rip = target_ip;
            restore_context(frame_context);
        }
    }
    unwind_failed(STATUS_INVALID_UNWIND_TARGET, record, from);
}

namespace {
struct ScopeTable {
    uint32_t count;
    struct Entry {
        uint32_t begin;
        uint32_t end;
        uint32_t handler; // filter or termination handler; 1: EXCEPTION_EXECUTE_HANDLER
        uint32_t target;  // 0: a __finally
    } entries[1];
};

using Filter = int32_t(NTAPI*)(EXCEPTION_POINTERS*, void*);
using Termination = void(NTAPI*)(UCHAR, void*);
} // namespace

// @cite(msvc-docs): page=build/exception-handling-x64 sec="language-specific handler"
EXCEPTION_DISPOSITION c_specific_handler(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                         DISPATCHER_CONTEXT* dispatcher)
{
    auto const pc = static_cast<uint32_t>(dispatcher->ControlPc - dispatcher->ImageBase);
    auto const* table = static_cast<ScopeTable const*>(dispatcher->HandlerData);
    if (!(record->ExceptionFlags & kUnwindFlags)) {
        for (uint32_t i = dispatcher->ScopeIndex; i < table->count; ++i) {
            auto const& scope = table->entries[i];
            if (pc < scope.begin || pc >= scope.end || !scope.target)
                continue;
            int32_t decision = EXCEPTION_EXECUTE_HANDLER;
            if (scope.handler != 1) {
                EXCEPTION_POINTERS pointers { record, context };
                auto filter = reinterpret_cast<Filter>(dispatcher->ImageBase + scope.handler);
                decision = through_door(DoorPassage { Door::ExceptionFilter, nullptr }, filter, &pointers, frame);
            }
            if (decision < 0)
                return ExceptionContinueExecution;
            if (decision > 0) {
                // The walk begins where the exception happened; on Windows RtlUnwindEx begins at itself and passes
                // the same frames.
                CONTEXT from = *context;
                EXCEPTION_RECORD copy = *record;
                unwind(reinterpret_cast<uint64_t>(frame), dispatcher->ImageBase + scope.target, copy,
                       static_cast<uint32_t>(record->ExceptionCode), from);
            }
        }
        return ExceptionContinueSearch;
    }
    auto const target_pc = static_cast<uint32_t>(dispatcher->TargetIp - dispatcher->ImageBase);
    bool const at_target = record->ExceptionFlags & kTargetUnwind;
    for (uint32_t i = dispatcher->ScopeIndex; i < table->count; ++i) {
        auto const& scope = table->entries[i];
        if (pc < scope.begin || pc >= scope.end)
            continue;
        if (at_target) {
            // The handler to be entered, or a __finally around it: neither it nor what encloses it is left.
            if (scope.target ? scope.target == target_pc : target_pc >= scope.begin && target_pc < scope.end)
                break;
        }
        if (!scope.target) {
            dispatcher->ScopeIndex = i + 1;
            auto handler = reinterpret_cast<Termination>(dispatcher->ImageBase + scope.handler);
            through_door(DoorPassage { Door::TerminationHandler, nullptr }, handler, UCHAR { 1 }, frame);
        }
    }
    return ExceptionContinueSearch;
}

} // namespace ringside::ke

// The gate takes every C++ exception: it is the border of the host's frames.
extern "C" _Unwind_Reason_Code ringside_gate_personality(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                                         _Unwind_Exception* exception, _Unwind_Context* context)
{
    if (actions & _UA_SEARCH_PHASE)
        return _URC_HANDLER_FOUND;
    if (!(actions & _UA_HANDLER_FRAME))
        return _URC_CONTINUE_UNWIND;
    _Unwind_SetGR(context, 0, reinterpret_cast<_Unwind_Word>(exception));
    _Unwind_SetIP(context, reinterpret_cast<_Unwind_Ptr>(ringside_gate_landing));
    return _URC_INSTALL_CONTEXT;
}

extern "C" [[noreturn]] void ringside_gate_landed(_Unwind_Exception* exception, ringside::ke::GateFrame* gate)
{
    using namespace ringside;
    using namespace ringside::ke;
    // The thrown object follows its header; its type is asked of the runtime while it counts as caught.
    abi::__cxa_begin_catch(exception);
    std::type_info const* type = abi::__cxa_current_exception_type();
    void* object = exception + 1;
    CHECK(gate->node.kind == NodeKind::Gate, "a service behind a light gate raised an exception itself");
    nt::CONTEXT context {};
    context_of_gate(*gate, context);
    sim::ringside_gate_head = gate->node.previous;
    if (type && *type == typeid(SehUnwind)) {
        SehUnwind in_flight = *static_cast<SehUnwind*>(object);
        abi::__cxa_end_catch();
        ke::unwind(in_flight.target_frame, in_flight.target_ip, in_flight.record, in_flight.return_value, context);
    }
    CHECK(type && *type == typeid(Raised), "an exception of the host's own reached a driver");
    Raised raised = *static_cast<Raised*>(object);
    abi::__cxa_end_catch();
    nt::EXCEPTION_RECORD record {};
    record.ExceptionCode = raised.status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.NumberParameters = raised.parameters;
    record.ExceptionInformation[0] = raised.information[0];
    record.ExceptionInformation[1] = raised.information[1];
    record.ExceptionAddress = reinterpret_cast<void*>(context.Rip);
    dispatch_exception(record, context);
}
