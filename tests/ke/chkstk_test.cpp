// SPDX-License-Identifier: MIT
// __chkstk, which compilers call before a frame above one page.
#include "core.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

struct Registers {
    uint64_t rax;
    uint64_t rcx;
    uint64_t moved; // of the stack pointer
};

// Calls it as a function's first instructions do.
Registers check_stack(uint64_t bytes)
{
    Registers after {};
    asm volatile("sub $128, %%rsp\n\t" // this function's red zone
                 "mov %%rsp, %%r12\n\t"
                 "mov %3, %%rax\n\t"
                 "mov $0x1234, %%ecx\n\t"
                 "call ringside_chkstk\n\t"
                 "sub %%rsp, %%r12\n\t"
                 "add $128, %%rsp\n\t"
                 "mov %%rax, %0\n\t"
                 "mov %%rcx, %1\n\t"
                 "mov %%r12, %2"
                 : "=m"(after.rax), "=m"(after.rcx), "=m"(after.moved)
                 : "r"(bytes)
                 : "rax", "rcx", "r10", "r11", "r12", "memory", "cc");
    return after;
}

} // namespace

// Frames that fit and one that does not.
// Shows: registers and stack pointer are kept; a frame above what is left of the stack ends at its guard page.
TEST(ke_chkstk, touches_the_new_pages)
{
    test::Core core;
    core.thread([] {
        for (uint64_t bytes : { 0u, 1u, 4096u, 10'000u, 200'000u }) {
            Registers const after = check_stack(bytes);
            EXPECT_EQ(after.rax, bytes);
            EXPECT_EQ(after.rcx, 0x1234u);
            EXPECT_EQ(after.moved, 0u);
        }
        check_stack(300'000);
    });
    core.run();
    ASSERT_TRUE(core.kernel.crash());
    EXPECT_EQ(core.kernel.crash()->code, UNEXPECTED_KERNEL_MODE_TRAP);
}
