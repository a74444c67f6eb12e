// SPDX-License-Identifier: MIT
// The signal's side of a trapped instruction: what it was, and where the driver's fiber goes on to have it done.
#include "ldr/trap.h"

#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ldr/exports.h"
#include "ldr/profile.h"

#include <cstddef>
#include <ucontext.h>

ringside::ldr::Site const* ringside_trapped_site = nullptr;

namespace ringside::ldr {

namespace {

// Of the last instruction that trapped where nothing was patched. Read at once by execute().
Site g_unpatched;

constexpr int kRegisterOrder[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

bool in_shared_page(uintptr_t address) { return address - hal::kWindowsSharedUserData < hal::kPageSize; }

// P3: the instruction itself faulted, or its trampoline ran into the stack's guard. The report names the driver's code.
void back_to_the_instruction(greg_t* registers, Site const& site)
{
    auto const rip = static_cast<uintptr_t>(registers[REG_RIP]);
    if (site.scratch >= 0 && rip == site.trampoline) {
        auto const rsp = static_cast<uintptr_t>(registers[REG_RSP]);
        registers[kRegisterOrder[site.scratch]] = *reinterpret_cast<greg_t const*>(rsp);
        registers[REG_RSP] += 8;
    }
    registers[REG_RIP] = static_cast<greg_t>(site.address);
}

bool go_on_in_kernel(greg_t* registers, Site const& site)
{
    ringside_trapped_site = &site;
    registers[REG_RIP] = reinterpret_cast<greg_t>(&ringside_trapped);
    return true;
}

// Reads the instruction without faulting again: it may be the last one before a page that is not there.
size_t fetch(uintptr_t rip, uint8_t* into)
{
    size_t left = ke::ringside_copy_guarded(into, reinterpret_cast<void const*>(rip), ZYDIS_MAX_INSTRUCTION_LENGTH);
    return ZYDIS_MAX_INSTRUCTION_LENGTH - left;
}

// Whether hardware of this profile would fault on it: then it is a fault, not an emulation.
bool declined(Instruction const& instruction, greg_t const* registers)
{
    switch (instruction.operation) {
    case Operation::ReadMsr:
    case Operation::WriteMsr:
        return !read_msr(static_cast<uint32_t>(registers[REG_RCX]));
    case Operation::ReadControl:
    case Operation::WriteControl:
        return !read_control(instruction.special);
    case Operation::ReadDebug:
    case Operation::WriteDebug:
        return !read_debug(instruction.special);
    case Operation::ReadPmc:
        return true; // cpuid promises no performance counters
    case Operation::WriteIrql:
        return static_cast<uint64_t>(registers[kRegisterOrder[instruction.reg]]) > nt::HIGH_LEVEL;
    default:
        return false;
    }
}

} // namespace

bool emulate(void* context, uintptr_t fault_address)
{
    greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    auto const rip = static_cast<uintptr_t>(registers[REG_RIP]);
    if (!g_patcher)
        return false;
    if (Site const* site = g_patcher->site_of_trampoline(rip)) {
        back_to_the_instruction(registers, *site);
        return false;
    }
    constexpr greg_t kGeneralProtection = 13;
    bool const protection = registers[REG_TRAPNO] == kGeneralProtection;
    Site* const site = g_patcher->site_at(rip);
    if (site && site->trampoline && site->scratch < 0 && protection) {
        if (site->entry == Entry::Native && declined(site->instruction, registers))
            return false;
        registers[REG_RIP] = static_cast<greg_t>(site->trampoline);
        return true;
    }
    if (site && site->scratch >= 0 && in_shared_page(fault_address))
        return go_on_in_kernel(registers, *site);

    g_unpatched = {};
    g_unpatched.address = rip;
    if (g_exports && g_exports->missing_data_at(fault_address)) {
        g_unpatched.instruction.operation = Operation::MissingData;
        g_unpatched.trampoline = fault_address; // what execute() needs to name it
        return go_on_in_kernel(registers, g_unpatched);
    }
    uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    Decoded decoded;
    size_t const size = fetch(rip, bytes);
    if (!decode({ bytes, size }, decoded))
        return false;
    g_unpatched.instruction = classify(decoded, { bytes, size });
    Instruction& instruction = g_unpatched.instruction;
    constexpr greg_t kPageFault = 14;
    if (in_shared_page(fault_address))
        instruction.operation = Operation::SharedData;
    else if (instruction.operation == Operation::None || registers[REG_TRAPNO] == kPageFault)
        return false; // an instruction like any other, or one whose operand is not there
    if (declined(instruction, registers))
        return false;
    return go_on_in_kernel(registers, g_unpatched);
}

} // namespace ringside::ldr
