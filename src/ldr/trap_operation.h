// SPDX-License-Identifier: MIT
// The driver instructions that do not mean in user mode what they mean in the kernel, told apart by what they do. The
// sweep that patches an image and the handler of trapped instructions decide by this one table.
#pragma once

#include <Zydis/Zydis.h>

#include <cstdint>
#include <cstring>
#include <span>

namespace ringside::ldr {

enum class Operation : uint8_t {
    None,         // an instruction like any other
    ReadIrql,     // mov reg, cr8
    WriteIrql,    // mov cr8, reg
    Pause,
    ReadTsc,      // rdtsc
    ReadTscp,     // rdtscp
    ReadPid,      // rdpid
    ReadPmc,      // rdpmc
    Random,       // rdrand
    Seed,         // rdseed
    Identify,     // cpuid
    StoreTable,   // sgdt, sidt: ten bytes
    StoreWord,    // sldt, str, smsw
    PushFlags,    // pushf: the interrupt flag is in them
    PopFlags,     // popf
    SharedData,   // a load from the shared user data page, or of its address
    Locked,       // a locked instruction or an exchange with memory: in explore mode a schedule point on both sides
    Halt,
    EnableInterrupts,  // sti
    DisableInterrupts, // cli
    PortIn,
    PortOut,
    PortInString,
    PortOutString,
    ReadMsr,
    WriteMsr,
    ReadControl,  // mov reg, cr0 cr2 cr3 cr4
    WriteControl,
    ReadDebug,
    WriteDebug,
    Invalidate,   // invlpg, invpcid, wbinvd: nothing is cached here that could be stale
    Unsupported,  // lgdt, swapgs and the like: a named stop
    MissingData,  // touched a data export that Ringside lacks
    Count,
};

char const* operation_name(Operation operation);
// Faults by itself in user mode, wherever it stands; the others must be found and patched.
bool is_privileged(Operation operation);

// One instruction as far as emulating it needs: what it does, and with which general-purpose register, by its number in
// machine code (rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15).
inline constexpr uint8_t kPortInInstruction = 0xFF; // as `reg` of PortIn and PortOut: the port is `special`, not dx
struct Instruction {
    Operation operation = Operation::None;
    uint8_t length = 0;
    uint8_t reg = 0;     // source or destination
    uint8_t width = 0;   // in bits, of the register or of a port access
    uint8_t special = 0; // which control or debug register, which table; see classify()
    uint8_t bytes[15] {};
    bool has_memory = false; // an explicit memory operand: decode it again for its address
};

// A decoded instruction with all operands, as Zydis sees it.
struct Decoded {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    std::span<ZydisDecodedOperand const> visible() const { return { operands, instruction.operand_count_visible }; }
    std::span<ZydisDecodedOperand const> all() const { return { operands, instruction.operand_count }; }
    // The explicit memory operand; null if there is none.
    ZydisDecodedOperand const* memory() const;
};

// The decoder for 64-bit code; made at build-up, never allocates.
ZydisDecoder const& decoder();
bool decode(std::span<uint8_t const> bytes, Decoded& decoded);

// The machine-code number of a general-purpose register of any width; -1 for any other register.
int register_number(ZydisRegister reg);

// What the instruction does, if it is one that needs care. Neither SharedData nor Locked nor MissingData: these depend
// on more than the instruction.
Instruction classify(Decoded const& decoded, std::span<uint8_t const> bytes);

// A quick look, without operands: whether classify() could say anything but None.
bool may_need_care(ZydisDecodedInstruction const& instruction);

} // namespace ringside::ldr
