// SPDX-License-Identifier: MIT
// Instructions that trap and are emulated, the few that end the machine by name, and those that fault as on hardware.
#include "snippet.h"

#include "ldr/profile.h"
#include "ldr/trap.h"

#include <gmock/gmock.h>

using namespace ringside;
using namespace ringside::ldr;
using namespace ringside::test;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace {

Code const kReturn { 0xC3 };

// Runs the code once; only the registers that `change` touches may differ.
template <typename Prepare, typename Change>
void expect_run(Code const& code, Prepare prepare, Change change)
{
    Snippet machine(code);
    Registers registers = Registers::distinct();
    prepare(machine, registers);
    Registers expected = registers;
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    change(machine, registers, expected);
    EXPECT_EQ(registers, expected);
}
void nothing(Snippet&, Registers&) {}

// The page's address in rdx: nothing to patch, so every access traps.
void page_in_rdx(Snippet& machine, Registers& registers)
{
    registers.rdx() = hal::kWindowsSharedUserData;
    auto* page = reinterpret_cast<uint8_t*>(hal::kSharedUserData);
    for (int i = 0; i < 64; ++i)
        page[0x300 + i] = uint8_t(0x80 + i); // away from the clocks
    (void)machine;
}
constexpr uint64_t kPattern = 0x8786858483828180;

} // namespace

// mov reg, cr8 in a function that is in no table: nobody patched it.
TEST(ldr_trap, irql_outside_every_table)
{
    Snippet machine({ 0xC3, 0x44, 0x0F, 0x20, 0xC3, 0x44, 0x0F, 0x22, 0xC2, 0x44, 0x0F, 0x20, 0xC6, 0xC3 }, {}, 1);
    EXPECT_TRUE(machine.report().lines.empty());
    Registers registers = Registers::distinct();
    registers.rdx() = 0;
    Registers expected = registers;
    expected.rbx() = 1;
    expected.rsi() = 0;
    ASSERT_EQ(machine.run(registers, 1, 1), ke::Stop::Quiet);
    EXPECT_EQ(registers, expected);
}

// Loads of many shapes through a register: each is copied once and run with another address.
TEST(ldr_trap, shared_user_data_in_all_shapes)
{
    // mov rax, [rdx+300h]
    expect_run(Code { 0x48, 0x8B, 0x82, 0x00, 0x03, 0x00, 0x00 } + kReturn, page_in_rdx,
               [](auto&, auto&, auto& expected) { expected.rax() = kPattern; });
    // movzx ecx, byte [rdx+301h]
    expect_run(Code { 0x0F, 0xB6, 0x8A, 0x01, 0x03, 0x00, 0x00 } + kReturn, page_in_rdx,
               [](auto&, auto&, auto& expected) { expected.rcx() = 0x81; });
    // movsx rbx, word [rdx+300h]
    expect_run(Code { 0x48, 0x0F, 0xBF, 0x9A, 0x00, 0x03, 0x00, 0x00 } + kReturn, page_in_rdx,
               [](auto&, auto&, auto& expected) { expected.rbx() = 0xFFFF'FFFF'FFFF'8180; });
    // movups xmm3, [rdx+300h]
    expect_run(Code { 0x0F, 0x10, 0x9A, 0x00, 0x03, 0x00, 0x00 } + kReturn, page_in_rdx,
               [](auto&, auto&, auto& expected) { expected.xmm[3] = { kPattern, 0x8F8E8D8C8B8A8988 }; });
    // xor rdi, rdi; mov ecx, 300h; cmp dword [rdx+rcx], 83828180h; setne dil
    expect_run(Code { 0x48, 0x31, 0xFF, 0xB9, 0x00, 0x03, 0x00, 0x00, 0x81, 0x3C, 0x0A, 0x80, 0x81, 0x82, 0x83, 0x40,
                      0x0F, 0x95, 0xC7 }
                   + kReturn,
               page_in_rdx, [](auto&, Registers& registers, auto& expected) {
                   expected.rcx() = 0x300;
                   expected.rdi() = 0;
                   expected.flags = registers.flags;
                   EXPECT_TRUE(registers.flags & 0x40) << "equal";
               });
    // lea rsi, [rdx+300h]; lea rdi, [rsp-40h]; mov ecx, 8; cld; rep movsb; mov rax, [rsp-40h]
    expect_run(Code { 0x48, 0x8D, 0xB2, 0x00, 0x03, 0x00, 0x00, 0x48, 0x8D, 0x7C, 0x24, 0xC0, 0xB9, 0x08, 0x00, 0x00,
                      0x00, 0xFC, 0x48, 0x81, 0xEC, 0x80, 0x00, 0x00, 0x00, 0xF3, 0xA4, 0x48, 0x8B, 0x44, 0x24, 0x40,
                      0x48, 0x81, 0xC4, 0x80, 0x00, 0x00, 0x00 }
                   + kReturn,
               page_in_rdx, [](auto&, Registers& registers, auto& expected) {
                   expected.rax() = kPattern;
                   expected.rcx() = 0;
                   expected.rsi() = hal::kWindowsSharedUserData + 0x308;
                   expected.rdi() = registers.rdi();
                   expected.flags = registers.flags;
               });
}

// The same load a hundred times, waiting for time to pass: time passes, one copy is made.
TEST(ldr_trap, shared_user_data_moves_time)
{
    // mov rcx, [rdx+8]; loop: mov rax, [rdx+8]; cmp rax, rcx; je loop; ret
    Snippet machine({ 0x48, 0x8B, 0x4A, 0x08, 0x48, 0x8B, 0x42, 0x08, 0x48, 0x39, 0xC8, 0x74, 0xF7, 0xC3 });
    for (int i = 0; i < 3; ++i) {
        Registers registers = Registers::distinct();
        registers.rdx() = hal::kWindowsSharedUserData;
        ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
        EXPECT_GT(registers.rax(), registers.rcx());
        EXPECT_EQ(registers.rdx(), hal::kWindowsSharedUserData);
    }
    EXPECT_TRUE(g_patcher->site_at(reinterpret_cast<uintptr_t>(machine.at())));
}

// Ports without a device, of every width, by number and by dx; string forms.
TEST(ldr_trap, ports)
{
    // in al, 60h
    expect_run(Code { 0xE4, 0x60 } + kReturn, nothing, [](auto&, auto&, auto& expected) { expected.rax() |= 0xFF; });
    // in ax, dx
    expect_run(Code { 0x66, 0xED } + kReturn, nothing, [](auto&, auto&, auto& expected) { expected.rax() |= 0xFFFF; });
    // in eax, dx
    expect_run(Code { 0xED } + kReturn, nothing, [](auto&, auto&, auto& expected) { expected.rax() = 0xFFFF'FFFF; });
    // out dx, al; out 80h, eax
    expect_run(Code { 0xEE, 0xE7, 0x80 } + kReturn, nothing, [](auto&, auto&, auto&) {});

    static std::vector<uint32_t> written;
    written.clear();
    // rep insd; ret; rep outsw; ret
    Snippet machine(Code { 0xFC, 0xF3, 0x6D } + kReturn + Code { 0xFC, 0xF3, 0x66, 0x6F } + kReturn);
    g_port_door.read = [](uint16_t port, unsigned bits) -> uint32_t { return uint32_t(port) << 16 | bits; };
    g_port_door.write = [](uint16_t port, unsigned bits, uint32_t value) {
        written.push_back(uint32_t(port) << 24 | bits << 16 | value);
    };
    auto& words = machine.core.object<std::array<uint32_t, 4>>();
    Registers registers = Registers::distinct();
    registers.rcx() = 3;
    registers.rdx() = 0x70;
    registers.rdi() = reinterpret_cast<uint64_t>(&words);
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(words, (std::array<uint32_t, 4> { 0x700020, 0x700020, 0x700020, 0 }));
    EXPECT_EQ(registers.rcx(), 0u);
    EXPECT_EQ(registers.rdi(), reinterpret_cast<uint64_t>(&words) + 12);
    registers.rcx() = 2;
    registers.rsi() = reinterpret_cast<uint64_t>(&words);
    ASSERT_EQ(machine.run(registers, 0, 4), ke::Stop::Quiet);
    EXPECT_EQ(written, (std::vector<uint32_t> { 0x70100020, 0x70100070 }));
}

// Model-specific, control, debug and table registers as the profile has them.
TEST(ldr_trap, system_registers)
{
    auto msr = [](uint32_t number) { return [number](Snippet&, Registers& r) { r.rcx() = number; }; };
    // rdmsr of the page attribute table, and writing it back: rdmsr; wrmsr
    expect_run(Code { 0x0F, 0x32, 0x0F, 0x30 } + kReturn, msr(0x277), [](auto&, auto&, auto& expected) {
        expected.rax() = 0x00070106;
        expected.rdx() = 0x00070106;
    });
    // rdmsr of the GS base: the control region
    expect_run(Code { 0x0F, 0x32 } + kReturn, msr(0xC0000101), [](auto&, Registers& registers, auto& expected) {
        EXPECT_EQ(registers.rdx() << 32 | registers.rax(), hal::kProcessorRegions);
        expected.rax() = registers.rax();
        expected.rdx() = registers.rdx();
    });
    // mov rax, cr0; mov rbx, cr4; mov rsi, cr3; mov cr0, rax; mov rdi, dr7; wbinvd; invlpg [rax]
    expect_run(Code { 0x0F, 0x20, 0xC0, 0x0F, 0x20, 0xE3, 0x0F, 0x20, 0xDE, 0x0F, 0x22, 0xC0, 0x0F, 0x21, 0xFF, 0x0F,
                      0x09, 0x0F, 0x01, 0x38 }
                   + kReturn,
               nothing, [](auto&, auto&, auto& expected) {
                   expected.rax() = *read_control(0);
                   expected.rbx() = *read_control(4);
                   expected.rsi() = *read_control(3);
                   expected.rdi() = 0x400;
               });
    // sub rsp, 16; sidt [rsp]; mov rax, [rsp+2]; sgdt [rsp]; mov rbx, [rsp+2]; add rsp, 16; str esi; sldt di; smsw ecx
    expect_run(Code { 0x48, 0x83, 0xEC, 0x10, 0x0F, 0x01, 0x0C, 0x24, 0x48, 0x8B, 0x44, 0x24, 0x02, 0x0F, 0x01, 0x04,
                      0x24, 0x48, 0x8B, 0x5C, 0x24, 0x02, 0x48, 0x83, 0xC4, 0x10, 0x0F, 0x00, 0xCE, 0x66, 0x0F, 0x00,
                      0xC7, 0x0F, 0x01, 0xE1 }
                   + kReturn,
               nothing, [](auto&, Registers& registers, auto& expected) {
                   expected.rax() = descriptor_table(true, 0).base;
                   expected.rbx() = descriptor_table(false, 0).base;
                   expected.rsi() = 0x40;
                   expected.rdi() &= ~0xFFFFull;
                   expected.rcx() = 0x80050033;
                   expected.flags = registers.flags;
               });
    // sti; cli; hlt; sti
    expect_run(Code { 0xFB, 0xFA, 0xF4, 0xFB } + kReturn, nothing, [](auto&, auto&, auto&) {});
}

// A register that the processor lacks: a general-protection fault, which NT makes an access violation on address -1.
TEST(ldr_trap, unknown_registers_fault)
{
    for (Code const& code : { Code { 0x0F, 0x32 }, Code { 0x0F, 0x30 }, Code { 0x0F, 0x33 } }) { // rdmsr, wrmsr, rdpmc
        Snippet machine(code + kReturn);
        Registers registers = Registers::distinct();
        registers.rcx() = 0x12345;
        ASSERT_EQ(machine.run(registers), ke::Stop::BugCheck);
        auto const& crash = *machine.core.kernel.crash();
        EXPECT_EQ(crash.kind, ke::EndKind::BugCheck);
        EXPECT_EQ(crash.code, 0x7Eu);
        EXPECT_EQ(crash.parameters[0], 0xC0000005u);
        EXPECT_EQ(crash.parameters[1], reinterpret_cast<uint64_t>(machine.at()));
    }
}

// What would have to change this machine's own behaviour ends it, named with its place.
TEST(ldr_trap, unsupported_instructions_are_named)
{
    struct {
        Code code;
        char const* words;
    } const cases[] = {
        { { 0x0F, 0x01, 0x10 }, "instruction!lgdt (snippet.sys+0x1040)" },
        { { 0x0F, 0x01, 0xF8 }, "instruction!swapgs (snippet.sys+0x1040)" },
        { { 0x0F, 0x22, 0xC0 }, "instruction!mov cr0 (snippet.sys+0x1040)" },
        { { 0x0F, 0x23, 0xC0 }, "instruction!mov dr0 (snippet.sys+0x1040)" },
        { { 0x0F, 0x30 }, "instruction!wrmsr 0xc0000082 (snippet.sys+0x1040)" },
    };
    for (auto const& one : cases) {
        Snippet machine(one.code + kReturn);
        Registers registers = Registers::distinct();
        registers.rcx() = 0xC0000082;
        ASSERT_EQ(machine.run(registers), ke::Stop::BugCheck);
        auto const& crash = *machine.core.kernel.crash();
        EXPECT_EQ(crash.kind, ke::EndKind::MissingService);
        EXPECT_EQ(crash.service, one.words);
    }
}

// A data export that Ringside lacks is read.
TEST(ldr_trap, missing_data_is_named_when_it_is_touched)
{
    Snippet machine(Code { 0x48, 0x8B, 0x01 } + kReturn); // mov rax, [rcx]
    Registers registers = Registers::distinct();
    registers.rcx() = machine.exports.bind("ntoskrnl.exe", "MmHighestUserAddress");
    ASSERT_EQ(machine.run(registers), ke::Stop::BugCheck);
    EXPECT_EQ(machine.core.kernel.crash()->kind, ke::EndKind::MissingService);
    EXPECT_EQ(machine.core.kernel.crash()->service, "ntoskrnl.exe!MmHighestUserAddress");
}

// Ordinary faults are none of our business.
TEST(ldr_trap, ordinary_faults_pass)
{
    struct {
        Code code;
        uint64_t rcx;
        uint32_t bug_check;
    } const cases[] = {
        { { 0x48, 0x8B, 0x01 }, 0x10, 0x7E },                       // null
        { { 0x48, 0x8B, 0x01 }, 0x8000'0000'0000'0000, 0x7E },      // non-canonical
        { { 0x48, 0x8B, 0x01 }, hal::kKernelHigh - 0x1000, 0x50 },  // kernel
        { { 0x48, 0x8B, 0x01 }, 0xFFFF'F780'0000'1000, 0x50 },      // behind the shared page
        { { 0xCD, 0x29 }, 3, 0x139 },                               // int 29h
    };
    for (auto const& one : cases) {
        Snippet machine(one.code + kReturn);
        Registers registers = Registers::distinct();
        registers.rcx() = one.rcx;
        ASSERT_EQ(machine.run(registers), ke::Stop::BugCheck);
        EXPECT_EQ(machine.core.kernel.crash()->code, one.bug_check);
    }
}
