// SPDX-License-Identifier: MIT
#include "ke/unwind.h"

#include "ke/gate.h"
#include "ke/guarded.h"
#include "ke/kernel.h"

#include <cstring>

namespace ringside::ke {

using namespace nt;

namespace {

// The loader has validated that unwind information lies inside the image and that chains end, so it is read plainly.
struct UnwindInfo {
    uint8_t version_flags;
    uint8_t prolog_size;
    uint8_t code_count;
    uint8_t frame;
    uint16_t codes[1];

    unsigned version() const { return version_flags & 7; }
    unsigned flags() const { return version_flags >> 3; }
    unsigned frame_register() const { return frame & 15; }
    unsigned frame_offset() const { return (frame >> 4) * 16u; }
    uint16_t const* tail() const { return codes + ((code_count + 1) & ~1); }
};

constexpr unsigned kFlagExceptionHandler = 1;
constexpr unsigned kFlagTerminationHandler = 2;
constexpr unsigned kFlagChained = 4;

enum Operation : unsigned {
    PushNonvolatile = 0,
    AllocateLarge = 1,
    AllocateSmall = 2,
    SetFrame = 3,
    SaveNonvolatile = 4,
    SaveNonvolatileFar = 5,
    Epilog = 6,
    Spare = 7,
    SaveXmm = 8,
    SaveXmmFar = 9,
    PushMachineFrame = 10,
};

uint32_t far_operand(uint16_t const* code) { return code[1] | static_cast<uint32_t>(code[2]) << 16; }

bool pop(CONTEXT& context, uint64_t& into)
{
    auto word = read_guarded<uint64_t>(reinterpret_cast<void*>(context.Rsp));
    if (!word)
        return false;
    into = *word;
    context.Rsp += 8;
    return true;
}

// An epilogue is recognised by its instructions: [add rsp, n | lea rsp, [frame + n]], pops, then a return or a jump out
// of the function. If rip stands in one, the rest of it is what remains to be undone.
// Returns 1 done, 0 not an epilogue, -1 the stack could not be read.
int unwind_epilogue(ImageRange const& image, RUNTIME_FUNCTION const& function, UnwindInfo const& info, CONTEXT& context)
{
    auto const* code = reinterpret_cast<uint8_t const*>(context.Rip);
    auto const* end = reinterpret_cast<uint8_t const*>(image.base + function.EndAddress);
    auto left = [&](uint8_t const* at) { return static_cast<size_t>(end - at); };
    auto const* at = code;
    int64_t add = 0;
    int from_register = -1;
    if (left(at) >= 4 && at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xC4) {
        add = static_cast<int8_t>(at[3]);
        at += 4;
    } else if (left(at) >= 7 && at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xC4) {
        int32_t n;
        std::memcpy(&n, at + 3, 4);
        add = n;
        at += 7;
    } else if (left(at) >= 4 && (at[0] & 0xFE) == 0x48 && at[1] == 0x8D && (at[2] & 0x38) == 0x20
               && ((at[2] >> 6) == 1 || (at[2] >> 6) == 2)) {
        from_register = (at[2] & 7) | ((at[0] & 1) << 3);
        if (info.frame_register() == 0 || from_register != static_cast<int>(info.frame_register()))
            return 0;
        if ((at[2] >> 6) == 1) {
            add = static_cast<int8_t>(at[3]);
            at += 4;
        } else {
            if (left(at) < 7)
                return 0;
            int32_t n;
            std::memcpy(&n, at + 3, 4);
            add = n;
            at += 7;
        }
    }
    unsigned pops[16];
    unsigned pop_count = 0;
    while (at < end && pop_count < 16) {
        if ((at[0] & 0xF8) == 0x58) {
            pops[pop_count++] = at[0] & 7;
            at += 1;
        } else if (left(at) >= 2 && (at[0] & 0xF0) == 0x40 && (at[1] & 0xF8) == 0x58) {
            pops[pop_count++] = (at[1] & 7) | ((at[0] & 1) << 3);
            at += 2;
        } else
            break;
    }
    if (at >= end)
        return 0;
    bool ends = false;
    if (at[0] == 0xC3 || at[0] == 0xC2 || (left(at) >= 2 && at[0] == 0xF3 && at[1] == 0xC3))
        ends = true;
    else if (left(at) >= 5 && at[0] == 0xE9) {
        int32_t n;
        std::memcpy(&n, at + 1, 4);
        auto target = reinterpret_cast<uintptr_t>(at + 5) + n - image.base;
        ends = target < function.BeginAddress || target >= function.EndAddress;
    } else if (left(at) >= 3 && at[0] == 0x48 && at[1] == 0xFF && (at[2] & 0x38) == 0x20)
        ends = true; // jmp through memory or register with the REX.W that marks a tail call
    if (!ends)
        return 0;
    uint64_t* registers = integer_registers(context);
    context.Rsp = static_cast<uint64_t>((from_register >= 0 ? registers[from_register] : context.Rsp) + add);
    for (unsigned i = 0; i < pop_count; ++i)
        if (!pop(context, registers[pops[i]]))
            return -1;
    return pop(context, context.Rip) ? 1 : -1;
}

unsigned slots_of(UnwindInfo const& info, unsigned operation, unsigned operand)
{
    switch (operation) {
    case AllocateLarge:
        return operand ? 3 : 2;
    case SaveNonvolatile:
    case SaveXmm:
        return 2;
    case SaveNonvolatileFar:
    case SaveXmmFar:
        return 3;
    case Epilog:
        return info.version() == 2 ? 1 : 2;
    case Spare:
        return 3;
    default:
        return 1;
    }
}

} // namespace

bool virtual_unwind(HandlerType wanted, ImageRange const& image, CONTEXT& context, UnwindStep& step)
{
    uint64_t* registers = integer_registers(context);
    auto const* function = FunctionTable::lookup(image, context.Rip);
    step = {};
    step.function = function;
    if (!function) {
        step.establisher = context.Rsp;
        return pop(context, context.Rip);
    }
    auto info_of = [&](RUNTIME_FUNCTION const* f) {
        return reinterpret_cast<UnwindInfo const*>(image.base + (f->UnwindData & ~3u));
    };
    auto const* info = info_of(function);
    auto offset = static_cast<uint32_t>(context.Rip - (image.base + function->BeginAddress));
    bool const in_prologue = offset < info->prolog_size;

    uint64_t frame = context.Rsp;
    if (info->frame_register()) {
        bool established = !in_prologue || (info->flags() & kFlagChained);
        for (unsigned i = 0; i < info->code_count && !established;) {
            unsigned operation = (info->codes[i] >> 8) & 15;
            if (operation == SetFrame && offset >= (info->codes[i] & 0xFFu))
                established = true;
            i += slots_of(*info, operation, info->codes[i] >> 12);
        }
        if (established)
            frame = registers[info->frame_register()] - info->frame_offset();
    }
    step.establisher = frame;

    if (!in_prologue) {
        int epilogue = unwind_epilogue(image, *function, *info, context);
        if (epilogue != 0)
            return epilogue > 0;
    }

    auto const* current = function;
    for (;;) {
        for (unsigned i = 0; i < info->code_count;) {
            uint16_t const* code = info->codes + i;
            unsigned const operation = (*code >> 8) & 15;
            unsigned const operand = *code >> 12;
            bool const executed = offset >= (*code & 0xFFu);
            i += slots_of(*info, operation, operand);
            if (!executed)
                continue;
            switch (operation) {
            case PushNonvolatile:
                if (!pop(context, registers[operand]))
                    return false;
                break;
            case AllocateLarge:
                context.Rsp += operand ? far_operand(code) : code[1] * 8u;
                break;
            case AllocateSmall:
                context.Rsp += operand * 8 + 8;
                break;
            case SetFrame:
                context.Rsp = registers[info->frame_register()] - info->frame_offset();
                break;
            case SaveNonvolatile:
            case SaveNonvolatileFar: {
                uint64_t at = frame + (operation == SaveNonvolatile ? code[1] * 8u : far_operand(code));
                auto word = read_guarded<uint64_t>(reinterpret_cast<void*>(at));
                if (!word)
                    return false;
                registers[operand] = *word;
                break;
            }
            case SaveXmm:
            case SaveXmmFar: {
                uint64_t at = frame + (operation == SaveXmm ? code[1] * 16u : far_operand(code));
                if (!copy_guarded(&xmm_registers(context)[operand], reinterpret_cast<void*>(at), sizeof(M128A)))
                    return false;
                break;
            }
            case PushMachineFrame: {
                // rip, cs, rflags, rsp, ss; below them an error code when the operand says so.
                uint64_t at = context.Rsp + (operand ? 8 : 0);
                auto rip = read_guarded<uint64_t>(reinterpret_cast<void*>(at));
                auto rsp = read_guarded<uint64_t>(reinterpret_cast<void*>(at + 24));
                if (!rip || !rsp)
                    return false;
                context.Rip = *rip;
                context.Rsp = *rsp;
                return true;
            }
            default:
                break;
            }
        }
        if (!(info->flags() & kFlagChained))
            break;
        current = reinterpret_cast<RUNTIME_FUNCTION const*>(info->tail());
        info = info_of(current);
        offset = ~0u; // the chained parent's prologue has run in full
        (void)current;
    }
    if (!pop(context, context.Rip))
        return false;
    unsigned const mask = wanted == HandlerType::Exception ? kFlagExceptionHandler
        : wanted == HandlerType::Termination               ? kFlagTerminationHandler
                                                           : 0;
    if ((info->flags() & mask) && !in_prologue) {
        uint32_t handler_rva;
        std::memcpy(&handler_rva, info->tail(), 4);
        step.handler = image.base + handler_rva;
        step.handler_data = const_cast<uint16_t*>(info->tail() + 2);
    }
    return true;
}

void context_of_gate(GateFrame const& gate, CONTEXT& context)
{
    M128A vectors[10];
    std::memcpy(vectors, gate.node.kind == NodeKind::LightGate ? xmm_registers(context) + 6 : gate.xmm6_to_15, sizeof vectors);
    context = {};
    context.MxCsr = 0x1F80;
    context.EFlags = 0x202;
    context.Rbx = gate.rbx;
    context.Rbp = gate.rbp;
    context.Rsi = gate.rsi;
    context.Rdi = gate.rdi;
    context.R12 = gate.r12;
    context.R13 = gate.r13;
    context.R14 = gate.r14;
    context.R15 = gate.r15;
    context.Rip = gate.return_address;
    context.Rsp = reinterpret_cast<uint64_t>(&gate.return_address + 1);
    std::memcpy(xmm_registers(context) + 6, vectors, sizeof vectors);
}

BackTrace back_trace(CONTEXT const& from)
{
    BackTrace trace;
    CONTEXT context = from;
    ChainNode* node = chain_head();
    auto const& images = kernel().images();
    for (unsigned hops = 0; hops < 256 && trace.count < trace.addresses.size(); ++hops) {
        auto const* image = images.find(context.Rip);
        if (image) {
            trace.addresses[trace.count++] = context.Rip;
            UnwindStep step;
            if (!virtual_unwind(HandlerType::None, *image, context, step))
                break;
            continue;
        }
        if (hops == 0) {
            // A wild jump: the address itself is the first line, and the word on top of the stack says who called it.
            trace.addresses[trace.count++] = context.Rip;
            auto caller = read_guarded<uint64_t>(reinterpret_cast<void*>(context.Rsp));
            if (caller && images.find(*caller)) {
                context.Rip = *caller;
                context.Rsp += 8;
                continue;
            }
        }
        while (node && reinterpret_cast<uint64_t>(node) < context.Rsp)
            node = node->previous;
        if (!node)
            break;
        if (is_gate(*node))
            context_of_gate(*reinterpret_cast<GateFrame*>(node), context);
        else if (node->kind == NodeKind::Context)
            context = *reinterpret_cast<ContextNode*>(node)->context;
        else if (node->kind == NodeKind::Unwind)
            context = *reinterpret_cast<UnwindNode*>(node)->dispatcher->ContextRecord;
        else
            context.Rsp = reinterpret_cast<uint64_t>(node) + 1; // past the barrier: whoever was interrupted
        node = node->previous;
    }
    return trace;
}

} // namespace ringside::ke
