// SPDX-License-Identifier: MIT
// Pool by kind: quota, priority, executable pool, extended parameters, and the IRQL that paged pool asks for.
#include "../mm/memory_machine.h"
#include "ex/pool.h"
#include "ex/pool_ddi.h"
#include "ex/quota.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;
using test::raised;

namespace {

constexpr ULONG kTag = 'dniK';

// An account of 1000 bytes each of paged and nonpaged pool.
struct Account {
    static inline uint64_t charged[2];
    static inline ke::Process* last;
    Account()
    {
        charged[0] = charged[1] = 0;
        last = nullptr;
        ex::g_quota = {
            [](ke::Process& process, bool paged, uint64_t bytes) {
                last = &process;
                if (charged[paged] + bytes > 1000)
                    return false;
                charged[paged] += bytes;
                return true;
            },
            [](ke::Process& process, bool paged, uint64_t bytes) {
                last = &process;
                charged[paged] -= bytes;
            },
        };
    }
};

POOL_TYPE kind(int type) { return static_cast<POOL_TYPE>(type); }

} // namespace

// A driver charges blocks to the process it runs in, up to the limit and beyond.
// Shows: the charge and its return at the free, by kind of pool; over the limit a raise of STATUS_QUOTA_EXCEEDED, or NULL
// where the caller asked for that; nothing stays charged or allocated by a refused call.
TEST(ex_pool_quota, is_charged_and_given_back)
{
    MemoryMachine machine;
    Account account;
    ke::Process process;
    machine.run_client(process, [&] {
        void* nonpaged = ex::ExAllocatePoolWithQuotaTag(NonPagedPoolNx, 600, kTag);
        void* pageable = ex::ExAllocatePoolWithQuota(PagedPool, 700);
        void* flagged = ex::ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_USE_QUOTA, 100, kTag);
        EXPECT_TRUE(nonpaged && pageable && flagged);
        EXPECT_EQ(Account::charged[0], 700u);
        EXPECT_EQ(Account::charged[1], 700u);
        EXPECT_EQ(Account::last, &process);
        EXPECT_EQ(raised([] { ex::ExAllocatePoolWithQuotaTag(NonPagedPoolNx, 301, kTag); }), STATUS_QUOTA_EXCEEDED);
        EXPECT_EQ(raised([] { ex::ExAllocatePoolWithQuota(PagedPool, 301); }), STATUS_QUOTA_EXCEEDED);
        EXPECT_EQ(ex::ExAllocatePoolWithQuotaTag(kind(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), 301, kTag),
                  nullptr);
        EXPECT_EQ(ex::ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_USE_QUOTA, 301, kTag), nullptr);
        EXPECT_EQ(raised([] {
                      ex::ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_USE_QUOTA | POOL_FLAG_RAISE_ON_FAILURE, 301,
                                          kTag);
                  }),
                  STATUS_QUOTA_EXCEEDED);
        EXPECT_EQ(ex::driver_blocks(), 3u) << "refused blocks are gone";
        for (void* block : { nonpaged, pageable, flagged })
            ex::ExFreePoolWithTag(block, 0);
        EXPECT_EQ(Account::charged[0], 0u);
        EXPECT_EQ(Account::charged[1], 0u);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(ex::driver_blocks(), 0u);
}

// The process that paid ends before its block is freed.
// Shows: the later free gives nothing back to a process that is gone.
TEST(ex_pool_quota, outlives_its_process)
{
    MemoryMachine machine;
    Account account;
    ke::Process process;
    machine.run_client(process, [&] {
        void* block = ex::ExAllocatePoolWithQuotaTag(NonPagedPoolNx, 600, kTag);
        ex::forget_quota(process);
        ex::ExFreePool(block);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(Account::charged[0], 600u);
}

// Memory runs low, then very low, then out.
// Shows: low priority is refused first, then normal, high only when nothing is left; special pool variants count as
// their priority; ExAllocatePool3's parameter and the raise flag follow the same rule.
TEST(ex_pool_priority, decides_near_exhaustion)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto can = [](EX_POOL_PRIORITY priority) {
            void* block = ex::ExAllocatePoolWithTagPriority(NonPagedPoolNx, 4096, kTag, priority);
            if (block)
                ex::ExFreePool(block);
            return block != nullptr;
        };
        auto can3 = [](EX_POOL_PRIORITY priority) {
            ex::POOL_EXTENDED_PARAMETER parameter {};
            parameter.Type = PoolExtendedParameterPriority;
            parameter.Priority = priority;
            void* block = ex::ExAllocatePool3(POOL_FLAG_NON_PAGED, 4096, kTag, &parameter, 1);
            if (block)
                ex::ExFreePool(block);
            return block != nullptr;
        };
        auto states = [&] {
            std::string text;
            for (auto priority :
                 { LowPoolPriority, LowPoolPrioritySpecialPoolOverrun, NormalPoolPriority,
                   NormalPoolPrioritySpecialPoolUnderrun, HighPoolPriority, HighPoolPrioritySpecialPoolOverrun })
                text += can(priority) && can3(priority) ? '+' : !can(priority) && !can3(priority) ? '-' : '?';
            return text;
        };
        EXPECT_EQ(states(), "++++++");
        std::vector<void*> blocks;
        size_t const pages = machine.memory.bytes() / 4096;
        auto eat = [&](size_t until) {
            while (machine.memory.free_pages() > until)
                blocks.push_back(ex::ExAllocatePoolWithTag(NonPagedPoolNx, 17 * 4096, kTag));
        };
        eat(pages / 32 - 2);
        EXPECT_EQ(states(), "--++++");
        EXPECT_EQ(raised([] {
                      ex::ExAllocatePoolWithTagPriority(kind(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE), 4096,
                                                        kTag, LowPoolPriority);
                  }),
                  STATUS_INSUFFICIENT_RESOURCES);
        eat(pages / 128 - 2);
        EXPECT_EQ(states(), "----++");
        while (void* block = ex::ExAllocatePoolWithTag(NonPagedPoolNx, 4096, kTag))
            blocks.push_back(block);
        EXPECT_EQ(states(), "------");
        for (void* block : blocks)
            ex::ExFreePool(block);
        EXPECT_EQ(states(), "++++++");
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

// Code is copied into pool and called, at DISPATCH_LEVEL, too.
// Shows: executable pool runs it, in small blocks and large ones, and still when the page was pool for data before.
TEST(ex_pool_executable, runs_code)
{
    static uint8_t const kAnswer[] = { 0xB8, 0x2A, 0, 0, 0, 0xC3 }; // mov eax, 42; ret
    MemoryMachine machine;
    machine.run_system([&] {
        auto answer = [](void* block) {
            std::memcpy(block, kAnswer, sizeof kAnswer);
            return reinterpret_cast<int (*)()>(block)();
        };
        void* small = ex::ExAllocatePoolWithTag(NonPagedPool, sizeof kAnswer, kTag);
        void* large = ex::ExAllocatePoolWithTag(NonPagedPoolCacheAligned, 3 * 4096, kTag);
        void* flagged = ex::ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE, 64, kTag);
        EXPECT_EQ(answer(small), 42);
        EXPECT_EQ(answer(static_cast<char*>(large) + 2 * 4096 + 100), 42);
        uint8_t const old = machine.kernel.raise_irql(DISPATCH_LEVEL);
        EXPECT_EQ(answer(flagged), 42);
        machine.kernel.lower_irql(old);
        for (void* block : { small, large, flagged })
            ex::ExFreePool(block);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

// Code in pool follows an address that is not canonical, through rax and through rbp, where the processor calls it a
// stack fault.
// Shows: an access violation either way.
TEST(ex_pool_executable, an_address_that_is_not_canonical_through_any_register)
{
    static uint8_t const kThroughRax[] = { 0x55, 0x48, 0x89, 0xC8, 0x48, 0x8B, 0x40, 8, 0x5D, 0xC3 };
    static uint8_t const kThroughRbp[] = { 0x55, 0x48, 0x89, 0xCD, 0x48, 0x8B, 0x45, 8, 0x5D, 0xC3 };
    for (uint8_t const* code : { kThroughRax, kThroughRbp }) {
        MemoryMachine machine;
        machine.run_system([&] {
            void* block = ex::ExAllocatePoolWithTag(NonPagedPool, sizeof kThroughRax, kTag);
            std::memcpy(block, code, sizeof kThroughRax);
            reinterpret_cast<uint64_t(NTAPI*)(uint64_t)>(block)(0x8000'0000'0000'1000);
        });
        auto const* crash = machine.kernel.crash();
        ASSERT_TRUE(crash);
        EXPECT_EQ(static_cast<uint32_t>(crash->parameters[0]), static_cast<uint32_t>(STATUS_ACCESS_VIOLATION))
            << crash->words;
    }
}

// One wrong use each.
struct PoolMisuse {
    char const* name;
    uint32_t code;
    uint64_t parameters[4];
    uint8_t checked; // bit n: parameter n
    void (*use)();
};
class ex_pool_wrong_kind : public ::testing::TestWithParam<PoolMisuse> { };

TEST_P(ex_pool_wrong_kind, ends_with_windows_parameters)
{
    MemoryMachine machine;
    PoolMisuse const& misuse = GetParam();
    machine.run_system(misuse.use);
    auto const* crash = machine.kernel.crash();
    ASSERT_TRUE(crash);
    EXPECT_EQ(crash->code, misuse.code) << crash->words;
    for (int i = 0; i < 4; ++i)
        if (misuse.checked & (1 << i)) {
            EXPECT_EQ(crash->parameters[i], misuse.parameters[i]) << "parameter " << i + 1;
        }
}

namespace {
void run_from(POOL_TYPE type, bool high)
{
    auto* block = static_cast<uint8_t*>(ex::ExAllocatePoolWithTag(type, 64, kTag));
    block[0] = 0xC3;
    if (high)
        ke::kernel().raise_irql(DISPATCH_LEVEL);
    reinterpret_cast<void (*)()>(block)();
}
} // namespace

INSTANTIATE_TEST_SUITE_P(
    , ex_pool_wrong_kind,
    ::testing::Values(
        PoolMisuse { "PagedAtDispatch",
                     BAD_POOL_CALLER,
                     { 8, 2, PagedPool, 100 },
                     15,
                     [] {
                         ke::kernel().raise_irql(DISPATCH_LEVEL);
                         ex::ExAllocatePoolWithTag(PagedPool, 100, kTag);
                     } },
        PoolMisuse { "Paged2AtDispatch",
                     BAD_POOL_CALLER,
                     { 8, 2, PagedPool, 100 },
                     15,
                     [] {
                         ke::kernel().raise_irql(DISPATCH_LEVEL);
                         ex::ExAllocatePool2(POOL_FLAG_PAGED, 100, kTag);
                     } },
        PoolMisuse { "PagedFreedAtDispatch",
                     BAD_POOL_CALLER,
                     { 9, 2, PagedPool, 0 },
                     7,
                     [] {
                         void* block = ex::ExAllocatePoolWithTag(PagedPool, 100, kTag);
                         ke::kernel().raise_irql(DISPATCH_LEVEL);
                         ex::ExFreePoolWithTag(block, kTag);
                     } },
        PoolMisuse { "MustSucceed",
                     BAD_POOL_CALLER,
                     { 0x9A, NonPagedPoolMustSucceed, 100, kTag },
                     15,
                     [] { ex::ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 100, kTag); } },
        PoolMisuse { "NxRuns", ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, {}, 0, [] { run_from(NonPagedPoolNx, false); } },
        PoolMisuse {
            "NxRunsAtDispatch", ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, {}, 0, [] { run_from(NonPagedPoolNx, true); } },
        PoolMisuse { "PagedRuns", ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, {}, 0, [] { run_from(PagedPool, false); } },
        PoolMisuse { "RunsAfterFree",
                     ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY,
                     {},
                     0,
                     [] {
                         auto* block = static_cast<uint8_t*>(ex::ExAllocatePoolWithTag(NonPagedPool, 4096, kTag));
                         block[0] = 0xC3;
                         reinterpret_cast<void (*)()>(block)();
                         ex::ExFreePool(block);
                         reinterpret_cast<void (*)()>(block)();
                     } }),
    [](auto const& info) { return info.param.name; });

// ExAllocatePool3's array of parameters, one wrong thing each.
// Shows: unknown and unsupported parameters are refused unless optional; an invalid type always is.
TEST(ex_pool_extended, parameters_are_judged)
{
    MemoryMachine machine;
    machine.run_system([&] {
        auto with = [](uint64_t type, bool optional, uint64_t value, uint64_t reserved = 0) {
            ex::POOL_EXTENDED_PARAMETER parameter {};
            parameter.Type = type;
            parameter.Optional = optional;
            parameter.Reserved = reserved;
            parameter.Reserved2 = value;
            void* block = ex::ExAllocatePool3(POOL_FLAG_PAGED, 8, kTag, &parameter, 1);
            if (block)
                ex::ExFreePool2(block, kTag, nullptr, 0);
            return block != nullptr;
        };
        EXPECT_TRUE(with(PoolExtendedParameterPriority, false, NormalPoolPriority));
        EXPECT_TRUE(with(PoolExtendedParameterNumaNode, false, 0));
        EXPECT_FALSE(with(PoolExtendedParameterNumaNode, false, 1)) << "there is no such node";
        EXPECT_TRUE(with(PoolExtendedParameterNumaNode, true, 1));
        EXPECT_FALSE(with(PoolExtendedParameterSecurePool, false, 0));
        EXPECT_TRUE(with(PoolExtendedParameterSecurePool, true, 0));
        EXPECT_FALSE(with(99, false, 0));
        EXPECT_TRUE(with(99, true, 0));
        EXPECT_FALSE(with(PoolExtendedParameterInvalidType, true, 0));
        EXPECT_FALSE(with(PoolExtendedParameterPriority, false, HighPoolPriority, 1)) << "a reserved bit";
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}
