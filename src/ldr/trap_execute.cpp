// SPDX-License-Identifier: MIT
// Executes one driver instruction on its context, on the driver's own fiber. A structured exception or a bug check from
// here is the instruction's: the chain holds its context.
#include "ldr/trap.h"

#include "base/check.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ldr/exports.h"
#include "ldr/profile.h"

#include <cstdio>
#include <cstring>

namespace ringside::ldr {

using namespace nt;

namespace {

constexpr uint32_t kCarry = 0x001;
constexpr uint32_t kArithmeticFlags = 0x8D5; // OF SF ZF AF PF CF
constexpr uint32_t kDirection = 0x400;
constexpr uint32_t kInterrupt = 0x200;
constexpr uint32_t kPoppedFlags = 0x240CD5; // what popf takes over: ID AC OF DF SF ZF AF PF CF

uint64_t get(CONTEXT& context, unsigned reg) { return ke::integer_registers(context)[reg]; }

// As a result of that width would be written: 32 bits clear the upper half, fewer keep the rest.
void set(CONTEXT& context, unsigned reg, unsigned width, uint64_t value)
{
    uint64_t& to = ke::integer_registers(context)[reg];
    switch (width) {
    case 64: to = value; break;
    case 32: to = static_cast<uint32_t>(value); break;
    case 16: to = (to & ~0xFFFFull) | (value & 0xFFFF); break;
    default: to = (to & ~0xFFull) | (value & 0xFF); break;
    }
}

// What Windows could do and Ringside cannot.
[[noreturn]] void unsupported(Site const& site, char const* words)
{
    char name[160];
    auto const* image = ke::kernel().images().find(site.address);
    std::snprintf(name, sizeof name, "%s (%s+%#llx)", words, image ? image->name.c_str() : "?",
                  static_cast<unsigned long long>(image ? site.address - image->base : site.address));
    ke::kernel().stop_for_missing_service({ .dll = "instruction", .name = name });
}

// The instruction's access to memory fails, in NT's classes (docs/design.md D8).
[[noreturn]] void fault(CONTEXT& context, uint64_t address, bool write)
{
    if (ke::Kernel::irql() >= DISPATCH_LEVEL)
        ke::bug_check(DRIVER_IRQL_NOT_LESS_OR_EQUAL, address, ke::Kernel::irql(), write, context.Rip,
                      "the driver touched memory that is not there at DISPATCH_LEVEL or above");
    if (hal::is_canonical(address) && address >= hal::kUserProbeAddress)
        ke::bug_check(PAGE_FAULT_IN_NONPAGED_AREA, address, write ? 2 : 0, context.Rip, 0,
                      "an invalid kernel address was used; Windows gives no handler a chance");
    EXCEPTION_RECORD record {};
    record.ExceptionCode = STATUS_ACCESS_VIOLATION;
    record.ExceptionAddress = reinterpret_cast<void*>(context.Rip);
    record.NumberParameters = 2;
    record.ExceptionInformation[0] = write;
    record.ExceptionInformation[1] = hal::is_canonical(address) ? address : ~uint64_t { 0 };
    ke::dispatch_exception(record, context);
}

void store(CONTEXT& context, uint64_t address, void const* from, size_t bytes)
{
    if (size_t left = ke::ringside_copy_guarded(reinterpret_cast<void*>(address), from, bytes))
        fault(context, address + (bytes - left), true);
}

void load(CONTEXT& context, void* into, uint64_t address, size_t bytes)
{
    if (size_t left = ke::ringside_copy_guarded(into, reinterpret_cast<void const*>(address), bytes))
        fault(context, address + (bytes - left), false);
}

uint64_t address_of(CONTEXT& context, Decoded const& decoded)
{
    auto const& memory = decoded.memory()->mem;
    uint64_t address = memory.disp.has_displacement ? static_cast<uint64_t>(memory.disp.value) : 0;
    if (memory.base == ZYDIS_REGISTER_RIP)
        address += context.Rip + decoded.instruction.length;
    else if (int const base = register_number(memory.base); base >= 0)
        address += get(context, static_cast<unsigned>(base));
    if (int const index = register_number(memory.index); index >= 0)
        address += get(context, static_cast<unsigned>(index)) * memory.scale;
    if (decoded.instruction.address_width == 32)
        address = static_cast<uint32_t>(address);
    if (memory.segment == ZYDIS_REGISTER_GS)
        address += reinterpret_cast<uint64_t>(hal::processor().region());
    return address;
}

Decoded decode_again(Instruction const& instruction)
{
    Decoded decoded;
    CHECK(decode({ instruction.bytes, instruction.length }, decoded), "an instruction cannot be decoded a second time");
    return decoded;
}

void write_irql(uint8_t to)
{
    if (to < DISPATCH_LEVEL || to < hal::processor().pending_irql())
        ke::kernel().lower_irql(to);
    else
        hal::processor().set_irql(to);
}

void enable_interrupts(bool enabled)
{
    hal::processor().interrupts_enabled = enabled;
    if (enabled && ke::Kernel::irql() < hal::processor().pending_irql())
        ke::kernel().interrupts_due();
}

void store_system_register(CONTEXT& context, Instruction const& instruction)
{
    if (instruction.operation == Operation::StoreWord) {
        uint64_t const value = system_word(instruction.special);
        if (!instruction.has_memory)
            return set(context, instruction.reg, instruction.width, value);
        return store(context, address_of(context, decode_again(instruction)), &value, 2);
    }
    auto const table = descriptor_table(instruction.special, hal::processor().number());
    uint8_t bytes[10];
    std::memcpy(bytes, &table.limit, 2);
    std::memcpy(bytes + 2, &table.base, 8);
    store(context, address_of(context, decode_again(instruction)), bytes, sizeof bytes);
}

void port_access(CONTEXT& context, Instruction const& instruction)
{
    auto const port = static_cast<uint16_t>(instruction.reg == kPortInInstruction ? instruction.special : context.Rdx);
    if (instruction.operation == Operation::PortIn)
        set(context, 0, instruction.width, read_port(port, instruction.width));
    else
        write_port(port, instruction.width, static_cast<uint32_t>(context.Rax & (~0ull >> (64 - instruction.width))));
}

// rep ins, rep outs: one element at a time, registers as they stand, so that a fault finds them as hardware would.
void port_string(CONTEXT& context, Instruction const& instruction)
{
    bool const in = instruction.operation == Operation::PortInString;
    bool const repeat = decode_again(instruction).instruction.attributes & ZYDIS_ATTRIB_HAS_REP;
    size_t const bytes = instruction.width / 8;
    uint64_t& pointer = in ? context.Rdi : context.Rsi;
    uint64_t const step = context.EFlags & kDirection ? 0 - bytes : bytes;
    auto const port = static_cast<uint16_t>(context.Rdx);
    while (!repeat || context.Rcx) {
        uint32_t value = 0;
        if (in) {
            value = read_port(port, instruction.width);
            store(context, pointer, &value, bytes);
        } else {
            load(context, &value, pointer, bytes);
            write_port(port, instruction.width, value);
        }
        pointer += step;
        if (!repeat)
            return;
        --context.Rcx;
    }
}

// Writing what a register holds already changes nothing; anything else would have to change this machine's behaviour.
void write_system_register(CONTEXT& context, Site const& site)
{
    Instruction const& instruction = site.instruction;
    char words[64];
    uint64_t old = 0, value = 0;
    switch (instruction.operation) {
    case Operation::WriteMsr: {
        auto const number = static_cast<uint32_t>(context.Rcx);
        value = context.Rdx << 32 | static_cast<uint32_t>(context.Rax);
        old = *read_msr(number);
        std::snprintf(words, sizeof words, "wrmsr %#x", number);
        break;
    }
    case Operation::WriteControl:
        value = get(context, instruction.reg);
        old = *read_control(instruction.special);
        std::snprintf(words, sizeof words, "mov cr%u", instruction.special);
        break;
    default:
        value = get(context, instruction.reg);
        old = *read_debug(instruction.special);
        std::snprintf(words, sizeof words, "mov dr%u", instruction.special);
        break;
    }
    if (value != old)
        unsupported(site, words);
}

// Time is about to be read: let it pass, and let whoever is waited for have the turn.
void time_is_read()
{
    ke::kernel().schedule_point();
    ke::kernel().update_shared_clocks();
}

// rep movs from the page. Anything else that has no form with another address is not emulated.
bool copy_shared_data(CONTEXT& context, Decoded const& decoded)
{
    size_t bytes;
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_MOVSB: bytes = 1; break;
    case ZYDIS_MNEMONIC_MOVSW: bytes = 2; break;
    case ZYDIS_MNEMONIC_MOVSD: bytes = 4; break;
    case ZYDIS_MNEMONIC_MOVSQ: bytes = 8; break;
    default: return false;
    }
    if (decoded.instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || decoded.instruction.opcode < 0xA4
        || decoded.instruction.opcode > 0xA5 || decoded.instruction.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
        return false; // the other movsd
    bool const repeat = decoded.instruction.attributes & ZYDIS_ATTRIB_HAS_REP;
    uint64_t const step = context.EFlags & kDirection ? 0 - bytes : bytes;
    while (!repeat || context.Rcx) {
        uint64_t const offset = context.Rsi - hal::kWindowsSharedUserData;
        if (offset > hal::kPageSize - bytes)
            return true; // leaves the page: the instruction goes on from here by itself
        uint64_t value;
        std::memcpy(&value, reinterpret_cast<void const*>(hal::kSharedUserData + offset), bytes);
        store(context, context.Rdi, &value, bytes);
        context.Rsi += step;
        context.Rdi += step;
        if (repeat)
            --context.Rcx;
        if (!repeat)
            break;
    }
    context.Rip += decoded.instruction.length;
    return true;
}

void read_shared_data(CONTEXT& context, Site const& site)
{
    time_is_read();
    if (site.resume && site.scratch < 0) {
        context.Rip = site.resume;
        return;
    }
    Decoded const decoded = decode_again(site.instruction);
    if (copy_shared_data(context, decoded))
        return;
    std::span const bytes(site.instruction.bytes, site.instruction.length);
    Site const* copy = site.resume ? &site : g_patcher->add_shared_data_site(site.address, decoded, bytes);
    if (!copy) {
        char words[64];
        std::snprintf(words, sizeof words, "%s on shared user data",
                      ZydisMnemonicGetString(decoded.instruction.mnemonic));
        unsupported(site, words);
    }
    uint64_t const offset = address_of(context, decoded) - hal::kWindowsSharedUserData;
    if (offset >= hal::kPageSize)
        fault(context, address_of(context, decoded), false);
    auto const scratch = static_cast<unsigned>(copy->scratch);
    uint64_t const old = get(context, scratch);
    context.Rsp -= sizeof old;
    store(context, context.Rsp, &old, sizeof old);
    set(context, scratch, 64, hal::kSharedUserData + offset);
    context.Rip = copy->resume;
}

} // namespace

void execute(CONTEXT& context, Site const& site)
{
    Instruction const& instruction = site.instruction;
    ke::Kernel& k = ke::kernel();
    switch (instruction.operation) {
    case Operation::SharedData:
        return read_shared_data(context, site); // sets Rip itself
    case Operation::Locked:
        k.schedule_point();
        context.Rip = site.resume;
        return;
    case Operation::ReadIrql:
        set(context, instruction.reg, 64, ke::Kernel::irql());
        break;
    case Operation::WriteIrql:
        write_irql(static_cast<uint8_t>(get(context, instruction.reg)));
        break;
    case Operation::Pause:
    case Operation::Halt:
        k.spin();
        break;
    case Operation::ReadTsc:
    case Operation::ReadTscp: {
        k.schedule_point();
        uint64_t const now = time_stamp();
        context.Rax = static_cast<uint32_t>(now);
        context.Rdx = now >> 32;
        if (instruction.operation == Operation::ReadTscp)
            context.Rcx = hal::processor().number();
        break;
    }
    case Operation::ReadPid:
        set(context, instruction.reg, 64, hal::processor().number());
        break;
    case Operation::Random:
    case Operation::Seed:
        set(context, instruction.reg, instruction.width, sim::world().random(sim::Stream::Profile).next());
        context.EFlags = (context.EFlags & ~kArithmeticFlags) | kCarry; // there is always a number
        break;
    case Operation::Identify: {
        auto const is = identify(static_cast<uint32_t>(context.Rax), static_cast<uint32_t>(context.Rcx),
                                 hal::processor().number(), static_cast<uint32_t>(k.cpus().size()));
        context.Rax = is.eax;
        context.Rbx = is.ebx;
        context.Rcx = is.ecx;
        context.Rdx = is.edx;
        break;
    }
    case Operation::StoreTable:
    case Operation::StoreWord:
        store_system_register(context, instruction);
        break;
    case Operation::PushFlags: {
        uint64_t const flags = (context.EFlags & ~kInterrupt) | (hal::processor().interrupts_enabled ? kInterrupt : 0);
        size_t const bytes = instruction.width / 8;
        store(context, context.Rsp - bytes, &flags, bytes);
        context.Rsp -= bytes;
        break;
    }
    case Operation::PopFlags: {
        uint64_t flags = 0;
        size_t const bytes = instruction.width / 8;
        load(context, &flags, context.Rsp, bytes);
        context.Rsp += bytes;
        uint32_t const taken = kPoppedFlags & (bytes == 2 ? 0xFFFFu : ~0u);
        context.EFlags = (context.EFlags & ~taken) | (static_cast<uint32_t>(flags) & taken);
        enable_interrupts(flags & kInterrupt);
        break;
    }
    case Operation::EnableInterrupts:
        enable_interrupts(true);
        break;
    case Operation::DisableInterrupts:
        enable_interrupts(false);
        break;
    case Operation::PortIn:
    case Operation::PortOut:
        port_access(context, instruction);
        break;
    case Operation::PortInString:
    case Operation::PortOutString:
        port_string(context, instruction);
        break;
    case Operation::ReadMsr: {
        uint64_t const value = *read_msr(static_cast<uint32_t>(context.Rcx));
        context.Rax = static_cast<uint32_t>(value);
        context.Rdx = value >> 32;
        break;
    }
    case Operation::ReadControl:
        set(context, instruction.reg, 64, *read_control(instruction.special));
        break;
    case Operation::ReadDebug:
        set(context, instruction.reg, 64, *read_debug(instruction.special));
        break;
    case Operation::WriteMsr:
    case Operation::WriteControl:
    case Operation::WriteDebug:
        write_system_register(context, site);
        break;
    case Operation::Invalidate:
        break;
    case Operation::MissingData:
        k.stop_for_missing_service(*g_exports->missing_data_at(site.trampoline));
    case Operation::Unsupported:
        unsupported(site, ZydisMnemonicGetString(decode_again(instruction).instruction.mnemonic));
    case Operation::ReadPmc:
    case Operation::None:
    case Operation::Count:
        CHECK(false, "an instruction that nobody emulates was to be executed");
    }
    context.Rip += instruction.length;
}

} // namespace ringside::ldr

void ringside_execute_site(ringside::nt::CONTEXT* context, ringside::ldr::Site const* pointer)
{
    using namespace ringside;
    ldr::Site const site = *pointer; // the next trap overwrites it
    context->Rip = site.address;
    context->ContextFlags = 0x10000F; // control, integer, segments, floating point of an x64 context
    context->SegCs = 0x10;
    context->SegSs = 0x18;
    context->Dr0 = context->Dr1 = context->Dr2 = context->Dr3 = context->Dr6 = context->Dr7 = 0;
    ke::ContextNode here { {}, context };
    ke::Linked link(here, ke::NodeKind::Context);
    ldr::execute(*context, site);
}
