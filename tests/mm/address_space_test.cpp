// SPDX-License-Identifier: MIT
// User slices: each client sees its own memory only, and drivers' probes of it tell the truth.
#include "ke/dispatcher_objects.h"
#include "ke/guarded.h"
#include "memory_machine.h"
#include "mm/mdl.h"
#include "mm/probe.h"

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;
using test::raised;

namespace {
char* user_memory(ke::Process& process, size_t bytes, bool writable = true)
{
    auto memory = mm::allocate_user(process, bytes, writable);
    EXPECT_TRUE(memory.ok());
    return static_cast<char*>(*memory);
}
}

// Two clients take turns at every wait.
// Shows: a thread can reach its own slice and never the other's; a system thread can reach none.
TEST(mm_address_space, each_process_sees_its_own_slice)
{
    MemoryMachine machine;
    ke::Process first, second;
    ASSERT_TRUE(mm::create_slice(first));
    ASSERT_TRUE(mm::create_slice(second));
    EXPECT_EQ(first.slice, hal::kUserLow);
    EXPECT_EQ(second.slice, hal::kUserLow + hal::kUserSliceBytes);
    char* a = user_memory(first, 10);
    char* b = user_memory(second, 10);
    int turns = 0;
    auto body = [&](char* mine, char* other) {
        for (int i = 0; i < 20; ++i) {
            EXPECT_TRUE(ke::write_guarded(mine, char(i)));
            LARGE_INTEGER pause { .QuadPart = -10 };
            ke::KeDelayExecutionThread(KernelMode, FALSE, &pause);
            EXPECT_EQ(ke::read_guarded<char>(mine), char(i));
            EXPECT_FALSE(ke::read_guarded<char>(other));
            EXPECT_TRUE(mm::is_accessible(mine, 10, true));
            EXPECT_FALSE(mm::is_accessible(other, 1, false));
            ++turns;
        }
    };
    machine.client_thread(first, [&] { body(a, b); });
    machine.client_thread(second, [&] { body(b, a); });
    machine.thread([&] {
        for (int i = 0; i < 20; ++i) {
            EXPECT_FALSE(ke::read_guarded<char>(a));
            EXPECT_FALSE(ke::read_guarded<char>(b));
            LARGE_INTEGER pause { .QuadPart = -15 };
            ke::KeDelayExecutionThread(KernelMode, FALSE, &pause);
        }
    });
    EXPECT_EQ(machine.run(), ke::Stop::Quiet);
    EXPECT_EQ(turns, 40);

    char seen = 0;
    EXPECT_TRUE(mm::read_process(first, &seen, a, 1));
    EXPECT_EQ(seen, 19);
    EXPECT_FALSE(mm::read_process(first, &seen, b, 1));
    mm::delete_slice(first);
    mm::delete_slice(second);
}

// Memory is allocated, narrowed in the middle, freed.
// Shows: access is per page; frames come back; freed addresses fault.
TEST(mm_address_space, protection_and_free)
{
    MemoryMachine machine;
    ke::Process process;
    ASSERT_TRUE(mm::create_slice(process));
    size_t const free_before = machine.memory.free_pages() - hal::kStackBytes / hal::kPageSize - 1; // the thread's
    char* memory = user_memory(process, 4 * hal::kPageSize);
    machine.run_client(process, [&] {
        EXPECT_TRUE(mm::protect_user(process, memory + 4096, 4096, true, false));
        EXPECT_TRUE(mm::protect_user(process, memory + 8192, 4096, false, false));
        EXPECT_TRUE(ke::write_guarded(memory, 'x'));
        EXPECT_FALSE(ke::write_guarded(memory + 4096, 'x'));
        EXPECT_TRUE(ke::read_guarded<char>(memory + 4096));
        EXPECT_FALSE(ke::read_guarded<char>(memory + 8192));
        EXPECT_TRUE(ke::write_guarded(memory + 12288, 'x'));
        EXPECT_TRUE(mm::is_accessible(memory, 8192, false));
        EXPECT_FALSE(mm::is_accessible(memory, 8192, true));
        EXPECT_FALSE(mm::is_accessible(memory, 8193, false));
        EXPECT_EQ(mm::protect_user(process, memory + 12288, 8192, true, true).status(), STATUS_CONFLICTING_ADDRESSES);
        EXPECT_EQ(mm::free_user(process, memory + 4096).status(), STATUS_MEMORY_NOT_ALLOCATED);
        EXPECT_TRUE(mm::free_user(process, memory));
        EXPECT_FALSE(ke::read_guarded<char>(memory));
    });
    EXPECT_EQ(machine.memory.free_pages(), free_before);
    mm::delete_slice(process);
}

// Probes of user and other addresses.
// Shows: alignment is judged before the range; length 0 is never judged; ProbeForWrite touches every page.
TEST(mm_probe, statuses)
{
    MemoryMachine machine;
    ke::Process process;
    ASSERT_TRUE(mm::create_slice(process));
    char* memory = user_memory(process, 3 * hal::kPageSize);
    char* read_only = user_memory(process, hal::kPageSize, false);
    auto* kernel = reinterpret_cast<char*>(hal::kDirectMap + 0x1000);
    machine.run_client(process, [&] {
        EXPECT_EQ(raised([&] { mm::ProbeForRead(memory, 8192, 8); }), STATUS_SUCCESS);
        EXPECT_EQ(raised([&] { mm::ProbeForRead(memory + 1, 4, 4); }), STATUS_DATATYPE_MISALIGNMENT);
        EXPECT_EQ(raised([&] { mm::ProbeForRead(kernel + 1, 4, 4); }), STATUS_DATATYPE_MISALIGNMENT);
        EXPECT_EQ(raised([&] { mm::ProbeForRead(kernel, 4, 4); }), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(raised([&] { mm::ProbeForRead(kernel + 1, 0, 4); }), STATUS_SUCCESS);
        EXPECT_EQ(raised([&] { mm::ProbeForRead(memory, ~size_t { 0 }, 1); }), STATUS_ACCESS_VIOLATION);
        // The range only: nothing is touched.
        EXPECT_EQ(raised([&] { mm::ProbeForRead(reinterpret_cast<char*>(hal::kUserProbeAddress - 16), 16, 1); }),
                  STATUS_SUCCESS);
        EXPECT_EQ(raised([&] { mm::ProbeForRead(reinterpret_cast<char*>(hal::kUserProbeAddress - 16), 17, 1); }),
                  STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(raised([&] { mm::ProbeForWrite(memory, 3 * 4096, 1); }), STATUS_SUCCESS);
        EXPECT_EQ(raised([&] { mm::ProbeForWrite(memory, 3 * 4096 + 1, 1); }), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(raised([&] { mm::ProbeForWrite(read_only, 1, 1); }), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(raised([&] { mm::ProbeForWrite(nullptr, 1, 1); }), STATUS_ACCESS_VIOLATION);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    mm::delete_slice(process);
}

// A driver secures a client's buffer.
// Shows: the client can neither free it nor take access away until the driver lets go.
TEST(mm_probe, secured_memory_stays)
{
    MemoryMachine machine;
    ke::Process process;
    ASSERT_TRUE(mm::create_slice(process));
    char* memory = user_memory(process, 2 * hal::kPageSize);
    machine.run_client(process, [&] {
        HANDLE handle = mm::MmSecureVirtualMemory(memory, 100, PAGE_READWRITE);
        ASSERT_TRUE(handle);
        EXPECT_EQ(machine.rooms_memory.residue().secured_ranges, 1u);
        EXPECT_EQ(mm::free_user(process, memory).status(), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(mm::protect_user(process, memory, 1, true, false).status(), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_TRUE(mm::protect_user(process, memory + 4096, 1, true, false));
        EXPECT_FALSE(mm::MmSecureVirtualMemory(memory, 2 * 4096, PAGE_READWRITE));
        mm::MmUnsecureVirtualMemory(handle);
        EXPECT_TRUE(mm::free_user(process, memory));
    });
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
    mm::delete_slice(process);
}

// A process ends while a driver holds a page of it locked.
TEST(mm_address_space, process_with_locked_pages)
{
    MemoryMachine machine;
    ke::Process process;
    ASSERT_TRUE(mm::create_slice(process));
    char* memory = user_memory(process, 100);
    EXPECT_TRUE(machine.bug_checks(PROCESS_HAS_LOCKED_PAGES, 0, [&] {
        MDL* mdl = mm::IoAllocateMdl(memory, 100, FALSE, FALSE, nullptr);
        mm::use_slice(&process);
        mm::MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
        mm::delete_slice(process);
    }));
    EXPECT_EQ(machine.kernel.crash()->parameters[2], 1u);
}
