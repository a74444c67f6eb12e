// SPDX-License-Identifier: MIT
// Patched instructions: each does what the instruction would, and nothing else. The code is written out in bytes.
#include "snippet.h"

#include "ke/schedule_plan.h"
#include "ldr/profile.h"
#include "ldr/trap.h"

using namespace ringside;
using namespace ringside::ldr;
using namespace ringside::test;

namespace {

Code const kReturn { 0xC3 };

Code move_from_irql(unsigned reg) { return { uint8_t(0x44 | (reg >> 3)), 0x0F, 0x20, uint8_t(0xC0 | (reg & 7)) }; }
Code move_to_irql(unsigned reg) { return { uint8_t(0x44 | (reg >> 3)), 0x0F, 0x22, uint8_t(0xC0 | (reg & 7)) }; }
Code const kPause { 0xF3, 0x90 };
Code const kTimeStamp { 0x0F, 0x31 };

// Only the named sites may differ from what the file says.
void expect_neighbours_unchanged(Snippet const& machine, Code const& code)
{
    auto const* memory = static_cast<uint8_t const*>(machine.at());
    std::vector<bool> site(code.size());
    for (auto const& line : machine.report().lines) {
        Site const* found = g_patcher->site_at(machine.module->base() + line.rva);
        if (found && line.rva >= kSnippetRva && line.rva < kSnippetRva + code.size())
            for (size_t i = 0; i < found->instruction.length; ++i)
                site[line.rva - kSnippetRva + i] = true;
    }
    for (size_t i = 0; i < code.size(); ++i)
        if (!site[i])
            EXPECT_EQ(memory[i], code[i]) << "byte " << i;
}

} // namespace

// mov reg, cr8 with every register, before instructions with different first bytes: each dictates another window.
TEST(ldr_patch, read_irql)
{
    Code const followers[] = {
        {},                         // ret: a window 976 MiB below
        { 0x90 },                   // nop: far below
        { 0xFF, 0xF0, 0x58 },       // push rax; pop rax: the 16 MiB right below the image
        { 0x48, 0x8D, 0x24, 0x24 }, // lea rsp, [rsp]: above
        { 0x00, 0xC0 },             // add al, al: the 16 MiB from the image on; changes flags and al
    };
    for (unsigned reg = 0; reg < 16; ++reg) {
        if (reg == 4)
            continue;
        for (Code const& follower : followers) {
            Code const code = move_from_irql(reg) + follower + kReturn;
            Snippet machine(code);
            Registers registers = Registers::distinct();
            Registers expected = registers;
            expected.general[reg] = 2;
            ASSERT_EQ(machine.run(registers, nt::DISPATCH_LEVEL), ke::Stop::Quiet);
            if (!follower.empty() && follower[0] == 0x00) {
                expected.rax() = (expected.rax() & ~0xFFull) | uint8_t(2 * expected.rax());
                expected.flags = registers.flags;
            }
            EXPECT_EQ(registers, expected) << "register " << reg;
            EXPECT_EQ(machine.report().count(Operation::ReadIrql, Entry::Jump), 1u);
            expect_neighbours_unchanged(machine, code);
        }
    }
}

// mov cr8, reg with every register: flags and all registers stay, also when work is due.
TEST(ldr_patch, write_irql)
{
    for (unsigned reg = 0; reg < 16; ++reg) {
        if (reg == 4)
            continue;
        Code const code = move_to_irql(reg) + move_from_irql(0) + kReturn;
        Snippet machine(code);
        Registers registers = Registers::distinct();
        registers.general[reg] = 5;
        Registers expected = registers;
        expected.rax() = 5;
        ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
        EXPECT_EQ(registers, expected) << "register " << reg;
        EXPECT_EQ(machine.report().count(Operation::WriteIrql, Entry::Jump), 1u);
        expect_neighbours_unchanged(machine, code);
    }
}

// A DPC is queued at DISPATCH_LEVEL; the driver lowers by mov cr8.
// Shows: it runs at that instruction, and no register or flag changes.
TEST(ldr_patch, lowering_irql_runs_dpcs)
{
    Snippet machine(move_to_irql(2) + kReturn);
    static int ran;
    ran = 0;
    auto& dpc = machine.core.object<nt::KDPC>();
    dpc.Type = 0x13;
    dpc.Importance = 1;
    dpc.DeferredRoutine = [](nt::KDPC*, void*, void*, void*) __attribute__((ms_abi)) { ++ran; };
    Registers registers = Registers::distinct();
    registers.rdx() = 0;
    Registers const expected = registers;
    int before = -1, after = -1;
    machine.core.thread([&] {
        ke::kernel().raise_irql(nt::DISPATCH_LEVEL);
        ke::kernel().insert_dpc(dpc, nullptr, nullptr);
        before = ran;
        ringside_test_run(&registers, machine.at());
        after = ran;
    });
    ASSERT_EQ(machine.core.run(), ke::Stop::Quiet);
    EXPECT_EQ(before, 0);
    EXPECT_EQ(after, 1);
    EXPECT_EQ(registers, expected);
}

// A two-byte instruction whose jump would have to land inside the image itself.
// Shows: it becomes a trap; the bytes behind it stay; it does the same.
TEST(ldr_patch, falls_back_to_a_trap_where_no_jump_fits)
{
    Code const code = kPause + Code { 0x00, 0x00, 0x00, 0x00 } + kReturn; // pause; add [rax], al; add [rax], al
    Snippet machine(code);
    EXPECT_EQ(machine.report().count(Operation::Pause, Entry::Trap), 1u);
    EXPECT_EQ(*static_cast<uint8_t*>(machine.at()), 0xF4);
    expect_neighbours_unchanged(machine, code);
    uint8_t cell[1] = { 1 };
    Registers registers = Registers::distinct();
    registers.rax() = reinterpret_cast<uint64_t>(cell);
    uint8_t const low = uint8_t(registers.rax());
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(cell[0], uint8_t(1 + 2 * low));
}

// Two patched instructions side by side: the first one's jump depends on the bytes of the second one's.
TEST(ldr_patch, neighbours_are_patched_from_high_to_low)
{
    Code const code = kPause + kPause + move_from_irql(0) + kPause + kReturn;
    Snippet machine(code);
    EXPECT_EQ(machine.report().lines.size(), 4u);
    EXPECT_EQ(machine.report().count(Operation::Pause, Entry::Left), 0u);
    Registers registers = Registers::distinct();
    Registers expected = registers;
    expected.rax() = 0;
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(registers, expected);
}

// One thread spins on a flag that another one sets.
// Shows: a pause gives the turn away, on one processor too.
TEST(ldr_patch, pause_is_a_schedule_point)
{
    for (unsigned processors : { 1u, 2u }) {
        // loop: pause; cmp dword [rcx], 0; je loop; ret
        Snippet machine({ 0xF3, 0x90, 0x83, 0x39, 0x00, 0x74, 0xF9, 0xC3 }, {}, ~size_t { 0 },
                        { .processors = processors });
        auto& flag = machine.core.object<uint32_t>();
        Registers registers = Registers::distinct();
        registers.rcx() = reinterpret_cast<uint64_t>(&flag);
        machine.core.thread([&] { ringside_test_run(&registers, machine.at()); });
        machine.core.thread([&] { flag = 1; });
        EXPECT_EQ(machine.core.run(), ke::Stop::Quiet);
        EXPECT_EQ(flag, 1u);
    }
}

// rdtsc twice, rdtscp: virtual time, moving.
TEST(ldr_patch, time_stamps)
{
    // rdtsc; mov rsi, rax; rdtsc; mov rbx, rax; rdtscp; ret
    Snippet machine(kTimeStamp + Code { 0x48, 0x89, 0xC6 } + kTimeStamp + Code { 0x48, 0x89, 0xC3 }
                    + Code { 0x0F, 0x01, 0xF9 } + kReturn);
    Registers registers = Registers::distinct();
    Registers expected = registers;
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(registers.rsi() % kTscPer100ns, 0u);
    EXPECT_GT(registers.rbx(), registers.rsi());
    EXPECT_GT(registers.rax(), registers.rbx());
    EXPECT_LT(registers.rax(), 100'000'000u);
    EXPECT_EQ(registers.rdx(), 0u);
    EXPECT_LT(registers.rcx(), 2u);
    EXPECT_EQ(registers.flags, expected.flags);
    EXPECT_EQ(registers.xmm, expected.xmm);
}

// rdrand and rdseed at every width: from the seed, carry set, the other arithmetic flags clear.
TEST(ldr_patch, random_numbers_come_from_the_seed)
{
    // rdrand rax; rdseed ecx; rdrand dx; ret
    Code const code { 0x48, 0x0F, 0xC7, 0xF0, 0x0F, 0xC7, 0xF9, 0x66, 0x0F, 0xC7, 0xF2, 0xC3 };
    std::vector<Registers> runs;
    for (int i = 0; i < 2; ++i) {
        Snippet machine(code);
        EXPECT_EQ(machine.report().count(Operation::Random, Entry::Jump), 2u);
        Registers registers = Registers::distinct();
        ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
        EXPECT_EQ(registers.flags & 0x8D5, 1u);
        EXPECT_EQ(registers.rcx() >> 32, 0u);
        EXPECT_EQ(registers.rdx() >> 16, Registers::distinct().rdx() >> 16);
        runs.push_back(registers);
    }
    EXPECT_EQ(runs[0], runs[1]);
}

TEST(ldr_patch, cpuid_tells_the_profile)
{
    Snippet machine(Code { 0x0F, 0xA2, 0xC3 });
    Registers registers = Registers::distinct();
    registers.rax() = 0;
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(registers.rbx(), 0x756E6547u); // "Genu"
    registers.rax() = 1;
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_TRUE(registers.rcx() >> 31 & 1) << "a hypervisor";
    EXPECT_FALSE(registers.rcx() >> 28 & 1) << "no AVX";
    EXPECT_EQ(registers.flags, Registers::distinct().flags);
}

// The shared user data page: by moffs, by immediate and register, and through a register in a loop.
TEST(ldr_patch, shared_user_data)
{
    constexpr uint64_t kSystemTime = hal::kWindowsSharedUserData + 0x14;
    {
        Code const code = Code { 0x48, 0xA1 } + bytes_of(kSystemTime) + kReturn;
        Snippet machine(code);
        EXPECT_EQ(machine.report().count(Operation::SharedData, Entry::Jump), 1u);
        Registers registers = Registers::distinct();
        Registers expected = registers;
        ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
        EXPECT_GT(registers.rax(), ke::Kernel::kBootSystemTime);
        EXPECT_LT(registers.rax(), ke::Kernel::kBootSystemTime + 10'000'000);
        expected.rax() = registers.rax();
        EXPECT_EQ(registers, expected);
    }
    // mov rax, page; mov rcx, [rax+8]; loop: mov rdx, [rax+8]; cmp rdx, rcx; je loop; ret
    Snippet machine(Code { 0x48, 0xB8 } + bytes_of(hal::kWindowsSharedUserData)
                    + Code { 0x48, 0x8B, 0x48, 0x08, 0x48, 0x8B, 0x50, 0x08, 0x48, 0x39, 0xCA, 0x74, 0xF7 } + kReturn);
    EXPECT_EQ(machine.report().lines.size(), 3u);
    Registers registers = Registers::distinct();
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(registers.rax(), hal::kSharedUserData);
    EXPECT_GT(registers.rdx(), registers.rcx());
}

// Explore mode: a locked addition, and an exchange with memory named relative to the instruction.
// Shows: they do what they did, with a schedule point before each and one behind it.
TEST(ldr_patch, explore_mode)
{
    // lock xadd [rcx], rax; xchg [rip+disp], rdx; ret
    uint32_t const data = 0x2000 + 16; // .data, behind the cookie and an address
    Code code { 0xF0, 0x48, 0x0F, 0xC1, 0x01, 0x48, 0x87, 0x15 };
    code = code + bytes_of(uint32_t(data - (kSnippetRva + 12))) + kReturn;
    uint32_t points[2] = {};
    for (bool explore : { false, true }) {
        Snippet machine(code, { .explore = explore });
        ke::SchedulePlan plan;
        machine.core.kernel.follow(&plan);
        EXPECT_EQ(machine.report().count(Operation::Locked, Entry::Jump), explore ? 2u : 0u);
        auto& cell = machine.core.object<uint64_t>();
        cell = 40;
        Registers registers = Registers::distinct();
        registers.rcx() = reinterpret_cast<uint64_t>(&cell);
        registers.rax() = 2;
        registers.rdx() = 77;
        Registers expected = registers;
        expected.rax() = 40;
        expected.rdx() = 0;
        auto& word = *reinterpret_cast<uint64_t*>(machine.module->base() + data);
        ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
        points[explore] = plan.points;
        EXPECT_EQ(cell, 42u);
        EXPECT_EQ(word, 77u);
        expected.flags = registers.flags; // the addition's own
        EXPECT_EQ(registers, expected);
    }
    EXPECT_EQ(points[1], points[0] + 4);
}

// A branch that skips a lock prefix, as single-processor code did.
// Shows: no jump is written over a branch's target; both ways do the same as before.
TEST(ldr_patch, branches_into_an_instruction_keep_their_target)
{
    // test edx, edx; je +1; lock; inc dword [rcx]; ret
    Code const code { 0x85, 0xD2, 0x74, 0x01, 0xF0, 0xFF, 0x01, 0xC3 };
    Snippet machine(code, { .explore = true });
    EXPECT_EQ(machine.report().count(Operation::Locked, Entry::Trap), 1u);
    auto& cell = machine.core.object<uint32_t>();
    for (uint64_t way : { 0, 1 }) {
        Registers registers = Registers::distinct();
        registers.rcx() = reinterpret_cast<uint64_t>(&cell);
        registers.rdx() = way;
        ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    }
    EXPECT_EQ(cell, 2u);
}

// A locked instruction on address zero, patched.
// Shows: the fault is reported at the driver's instruction, not at the trampoline.
TEST(ldr_patch, faults_in_a_trampoline_are_the_instructions_own)
{
    Snippet machine({ 0x90, 0xF0, 0x48, 0xFF, 0x01, 0xC3 }, { .explore = true }); // nop; lock inc qword [rcx]
    ASSERT_EQ(machine.report().count(Operation::Locked, Entry::Jump), 1u);
    Registers registers = Registers::distinct();
    registers.rcx() = 0;
    ASSERT_EQ(machine.run(registers), ke::Stop::BugCheck);
    auto const& crash = *machine.core.kernel.crash();
    EXPECT_EQ(crash.code, 0x7Eu);
    EXPECT_EQ(crash.parameters[0], 0xC0000005u);
    EXPECT_EQ(crash.parameters[1], reinterpret_cast<uint64_t>(machine.at(1)));
}

// Data behind a function's jump table looks like rdtsc; a leaf function without .pdata is found by the call to it.
TEST(ldr_patch, sweeps_only_what_is_code)
{
    // call leaf; mov eax, [rdx+rcx*4+table]; jmp rax; table: rdtsc as data; leaf (not in .pdata): mov rax, cr8; ret
    Code code { 0xE8, 0, 0, 0, 0, 0x8B, 0x84, 0x8A, 0, 0, 0, 0, 0xFF, 0xE0 };
    uint32_t const table = uint32_t(code.size());
    code = code + Code { 0x0F, 0x31, 0x01, 0x00 };
    uint32_t const leaf = uint32_t(code.size());
    code = code + move_from_irql(0) + kReturn + kTimeStamp;
    std::memcpy(code.data() + 1, bytes_of(leaf - 5).data(), 4);
    std::memcpy(code.data() + 8, bytes_of(kSnippetRva + table).data(), 4);
    Snippet machine(code, {}, leaf);
    ASSERT_EQ(machine.report().lines.size(), 1u);
    EXPECT_EQ(machine.report().lines[0].rva, kSnippetRva + leaf);
    EXPECT_EQ(machine.report().text(), "mov reg, cr8: 1 patched, 0 trapped\n");
    expect_neighbours_unchanged(machine, code);
}

// Flags with the interrupt bit, where the driver masks interrupts.
TEST(ldr_patch, interrupt_flag)
{
    // pushfq; pop rsi; cli; pushfq; pop rdi; push rsi; popfq; pushfq; pop rbx; ret
    Snippet machine({ 0x9C, 0x5E, 0xFA, 0x9C, 0x5F, 0x56, 0x9D, 0x9C, 0x5B, 0xC3 });
    EXPECT_EQ(machine.report().count(Operation::PushFlags, Entry::Trap), 3u);
    Registers registers = Registers::distinct();
    ASSERT_EQ(machine.run(registers), ke::Stop::Quiet);
    EXPECT_EQ(registers.rsi() & 0xAD5, 0xAD5u);
    EXPECT_EQ(registers.rdi() & 0x200, 0u);
    EXPECT_EQ(registers.rbx(), registers.rsi());
    EXPECT_TRUE(machine.core.kernel.cpus()[0]->interrupts_enabled);
}

// Load and unload until many trampolines are gone.
// Shows: images keep clear of trampolines, which are never used again.
TEST(ldr_patch, unloading_takes_the_trampolines)
{
    Snippet machine(kPause + Code { 0x00, 0x00, 0x01, 0x00 } + kReturn); // a window 64 KiB behind the image
    uintptr_t last = machine.module->base();
    for (int i = 0; i < 8; ++i) {
        std::string const name = "again" + std::to_string(i) + ".sys";
        auto result = machine.loader.load(name, "", machine.image.bytes);
        ASSERT_TRUE(result) << result.bad().reason;
        EXPECT_GT(result.module().base(), last);
        last = result.module().base();
        Registers registers = Registers::distinct();
        uint8_t cell[2] {};
        registers.rax() = reinterpret_cast<uint64_t>(cell);
        machine.core.thread(
            [&, code = reinterpret_cast<void*>(last + kSnippetRva)] { ringside_test_run(&registers, code); });
        ASSERT_EQ(machine.core.run(), ke::Stop::Quiet);
        if (i % 2)
            machine.loader.unload(result.module());
    }
}
