// SPDX-License-Identifier: MIT
#include "ldr/trap_operation.h"

#include "base/check.h"

#include <algorithm>
#include <array>

namespace ringside::ldr {

namespace {

struct OperationRow {
    char const* name;
    bool privileged;
};
constexpr OperationRow kOperations[] = {
    { "none", false },
    { "mov reg, cr8", true },
    { "mov cr8, reg", true },
    { "pause", false },
    { "rdtsc", false },
    { "rdtscp", false },
    { "rdpid", false },
    { "rdpmc", true },
    { "rdrand", false },
    { "rdseed", false },
    { "cpuid", false },
    { "sgdt/sidt", false },
    { "sldt/str/smsw", false },
    { "pushf", false },
    { "popf", false },
    { "shared user data", false },
    { "locked", false },
    { "hlt", true },
    { "sti", true },
    { "cli", true },
    { "in", true },
    { "out", true },
    { "ins", true },
    { "outs", true },
    { "rdmsr", true },
    { "wrmsr", true },
    { "mov reg, cr", true },
    { "mov cr, reg", true },
    { "mov reg, dr", true },
    { "mov dr, reg", true },
    { "invalidate", true },
    { "unsupported", true },
    { "missing data", false },
};
static_assert(std::size(kOperations) == static_cast<size_t>(Operation::Count));

ZydisDecoder make_decoder()
{
    ZydisDecoder made;
    CHECK(ZYAN_SUCCESS(ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)));
    return made;
}
ZydisDecoder const g_decoder = make_decoder();

Operation plain_operation(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_PAUSE: return Operation::Pause;
    case ZYDIS_MNEMONIC_RDTSC: return Operation::ReadTsc;
    case ZYDIS_MNEMONIC_RDTSCP: return Operation::ReadTscp;
    case ZYDIS_MNEMONIC_RDPID: return Operation::ReadPid;
    case ZYDIS_MNEMONIC_RDPMC: return Operation::ReadPmc;
    case ZYDIS_MNEMONIC_RDRAND: return Operation::Random;
    case ZYDIS_MNEMONIC_RDSEED: return Operation::Seed;
    case ZYDIS_MNEMONIC_CPUID: return Operation::Identify;
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT: return Operation::StoreTable;
    case ZYDIS_MNEMONIC_SLDT:
    case ZYDIS_MNEMONIC_STR:
    case ZYDIS_MNEMONIC_SMSW: return Operation::StoreWord;
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFQ: return Operation::PushFlags;
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFQ: return Operation::PopFlags;
    case ZYDIS_MNEMONIC_HLT: return Operation::Halt;
    case ZYDIS_MNEMONIC_STI: return Operation::EnableInterrupts;
    case ZYDIS_MNEMONIC_CLI: return Operation::DisableInterrupts;
    case ZYDIS_MNEMONIC_IN: return Operation::PortIn;
    case ZYDIS_MNEMONIC_OUT: return Operation::PortOut;
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD: return Operation::PortInString;
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD: return Operation::PortOutString;
    case ZYDIS_MNEMONIC_RDMSR: return Operation::ReadMsr;
    case ZYDIS_MNEMONIC_WRMSR: return Operation::WriteMsr;
    case ZYDIS_MNEMONIC_INVLPG:
    case ZYDIS_MNEMONIC_INVPCID:
    case ZYDIS_MNEMONIC_WBINVD: return Operation::Invalidate;
    case ZYDIS_MNEMONIC_LGDT:
    case ZYDIS_MNEMONIC_LIDT:
    case ZYDIS_MNEMONIC_LLDT:
    case ZYDIS_MNEMONIC_LTR:
    case ZYDIS_MNEMONIC_LMSW:
    case ZYDIS_MNEMONIC_CLTS:
    case ZYDIS_MNEMONIC_INVD:
    case ZYDIS_MNEMONIC_SWAPGS:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_XSETBV: return Operation::Unsupported;
    default: return Operation::None;
    }
}

bool is_control(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_CR0 && reg <= ZYDIS_REGISTER_CR15; }
bool is_debug(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_DR0 && reg <= ZYDIS_REGISTER_DR15; }

// mov to and from control and debug registers.
void classify_move(Decoded const& decoded, Instruction& out)
{
    auto const& to = decoded.operands[0];
    auto const& from = decoded.operands[1];
    if (to.type != ZYDIS_OPERAND_TYPE_REGISTER || from.type != ZYDIS_OPERAND_TYPE_REGISTER)
        return;
    bool const read = is_control(from.reg.value) || is_debug(from.reg.value);
    ZydisRegister const special = read ? from.reg.value : to.reg.value;
    if (is_control(special)) {
        out.special = static_cast<uint8_t>(special - ZYDIS_REGISTER_CR0);
        out.operation = out.special == 8 ? (read ? Operation::ReadIrql : Operation::WriteIrql)
                                         : (read ? Operation::ReadControl : Operation::WriteControl);
    } else if (is_debug(special)) {
        out.special = static_cast<uint8_t>(special - ZYDIS_REGISTER_DR0);
        out.operation = read ? Operation::ReadDebug : Operation::WriteDebug;
    } else
        return;
    out.reg = static_cast<uint8_t>(register_number(read ? to.reg.value : from.reg.value));
    out.width = 64;
}

} // namespace

char const* operation_name(Operation operation) { return kOperations[static_cast<size_t>(operation)].name; }
bool is_privileged(Operation operation) { return kOperations[static_cast<size_t>(operation)].privileged; }

ZydisDecoder const& decoder() { return g_decoder; }

bool decode(std::span<uint8_t const> bytes, Decoded& decoded)
{
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&g_decoder, bytes.data(), bytes.size(), &decoded.instruction,
                                               decoded.operands));
}

ZydisDecodedOperand const* Decoded::memory() const
{
    for (auto const& operand : visible())
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY)
            return &operand;
    return nullptr;
}

int register_number(ZydisRegister reg)
{
    auto const whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15 ? whole - ZYDIS_REGISTER_RAX : -1;
}

bool may_need_care(ZydisDecodedInstruction const& instruction)
{
    if (instruction.mnemonic == ZYDIS_MNEMONIC_MOV)
        return instruction.opcode_map == ZYDIS_OPCODE_MAP_0F; // control and debug registers only
    return plain_operation(instruction.mnemonic) != Operation::None;
}

Instruction classify(Decoded const& decoded, std::span<uint8_t const> bytes)
{
    Instruction out;
    out.length = decoded.instruction.length;
    std::memcpy(out.bytes, bytes.data(), std::min<size_t>(out.length, sizeof out.bytes));
    out.has_memory = decoded.memory() != nullptr;
    if (decoded.instruction.mnemonic == ZYDIS_MNEMONIC_MOV) {
        classify_move(decoded, out);
        return out;
    }
    out.operation = plain_operation(decoded.instruction.mnemonic);
    auto const& first = decoded.operands[0];
    switch (out.operation) {
    case Operation::ReadPid:
    case Operation::Random:
    case Operation::Seed:
        out.reg = static_cast<uint8_t>(register_number(first.reg.value));
        out.width = static_cast<uint8_t>(first.size);
        break;
    case Operation::StoreWord:
        if (!out.has_memory)
            out.reg = static_cast<uint8_t>(register_number(first.reg.value));
        out.width = out.has_memory ? 16 : static_cast<uint8_t>(first.size);
        out.special = decoded.instruction.mnemonic == ZYDIS_MNEMONIC_SLDT ? 0
            : decoded.instruction.mnemonic == ZYDIS_MNEMONIC_STR          ? 1
                                                                          : 2;
        break;
    case Operation::StoreTable:
        out.special = decoded.instruction.mnemonic == ZYDIS_MNEMONIC_SIDT;
        break;
    case Operation::PushFlags:
    case Operation::PopFlags:
        out.width = static_cast<uint8_t>(decoded.instruction.operand_width);
        break;
    case Operation::PortIn:
    case Operation::PortOut: {
        bool const in = out.operation == Operation::PortIn;
        auto const& port = decoded.operands[in ? 1 : 0];
        bool const named = port.type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
        out.width = static_cast<uint8_t>(decoded.operands[in ? 0 : 1].size);
        out.reg = named ? kPortInInstruction : 2;
        out.special = named ? static_cast<uint8_t>(port.imm.value.u) : 0;
        break;
    }
    case Operation::PortInString:
    case Operation::PortOutString:
        out.width = decoded.instruction.opcode & 1 ? (decoded.instruction.operand_width == 16 ? 16 : 32) : 8;
        break;
    default:
        break;
    }
    return out;
}

} // namespace ringside::ldr
