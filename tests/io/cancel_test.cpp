// SPDX-License-Identifier: MIT
// A thread's requests cancelled all together: in which order, and what the drivers' routines may do meanwhile.
#include "host_driver.h"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

std::vector<IRP*> g_held;
HANDLE g_file = nullptr;
io::Operation* g_late = nullptr;

void take(IRP* irp, NTSTATUS status)
{
    std::erase(g_held, irp);
    note(fmt::format("irp {} {:x}", io::record_of(irp)->number, static_cast<uint32_t>(status)));
    complete(irp, status);
}

NTAPI void cancelled(DEVICE_OBJECT*, IRP* irp)
{
    io::IoReleaseCancelSpinLock(irp->CancelIrql);
    take(irp, STATUS_CANCELLED);
}
// Takes the one that would be next with it.
NTAPI void cancelled_with_next(DEVICE_OBJECT*, IRP* irp)
{
    io::IoReleaseCancelSpinLock(irp->CancelIrql);
    auto const at = std::ranges::find(g_held, irp);
    IRP* const next = at + 1 == g_held.end() ? nullptr : at[1];
    if (next)
        take(next, STATUS_SUCCESS);
    take(irp, STATUS_CANCELLED);
}
// The first time, the thread sends another one from here.
NTAPI void cancelled_and_sends(DEVICE_OBJECT*, IRP* irp)
{
    io::IoReleaseCancelSpinLock(irp->CancelIrql);
    take(irp, STATUS_CANCELLED);
    if (!g_late)
        EXPECT_EQ(io::start({ .handle = g_file, .major = IRP_MJ_READ, .offset = 0, .mode = KernelMode }, g_late),
                  STATUS_PENDING);
}

class ThreadCancel : public IoTest {
protected:
    ThreadCancel()
    {
        g_held.clear();
        g_late = nullptr;
        low.dispatch[IRP_MJ_READ] = [this](DEVICE_OBJECT*, IRP* irp) {
            io::mark_pending(irp);
            io::set_cancel_routine(irp, routine);
            g_held.push_back(irp);
            return STATUS_PENDING;
        };
        device(driver(u"low"), low, u"\\Device\\Low");
    }
    HANDLE opened()
    {
        io::OpenRequest request;
        request.path = u"\\Device\\Low";
        request.access = GENERIC_READ;
        return io::open(request)->handle;
    }
    // Sends `count` reads on the system thread, has them cancelled and says what happened.
    std::string film(size_t count, FILE_OBJECT* only = nullptr)
    {
        on_system([&] {
            g_file = opened();
            first = io().irps().born() + 1;
            operations.resize(count);
            for (auto& operation : operations)
                EXPECT_EQ(
                    io::start({ .handle = g_file, .major = IRP_MJ_READ, .offset = 0, .mode = KernelMode }, operation),
                    STATUS_PENDING);
            io::cancel_thread_irps(ke::kernel().current(), only);
        });
        return journal();
    }
    // Ends what is left.
    void finish()
    {
        journal();
        on_system([&] {
            while (!g_held.empty())
                take(g_held.front(), STATUS_SUCCESS);
            EXPECT_EQ(io::end_thread_io(ke::kernel().current()), 0u);
            if (g_late)
                operations.push_back(g_late);
            for (auto* operation : operations)
                io::release_operation(*operation);
            EXPECT_TRUE(ob::close_handle(ob::current_process(), g_file, KernelMode).ok());
        });
        EXPECT_EQ(io().irps().live(), 0u);
    }
    // The journal's line for the n-th read.
    std::string line(uint32_t n, char const* status) const { return fmt::format("irp {} {}\n", first + n, status); }

    Behaviour low { "low" };
    PDRIVER_CANCEL routine = &cancelled;
    std::vector<io::Operation*> operations;
    uint32_t first = 0;
};

} // namespace

// Four reads pend.
// Shows: all are cancelled, the oldest first.
TEST_F(ThreadCancel, OldestFirst)
{
    std::string const seen = film(4);
    EXPECT_EQ(seen, line(0, "c0000120") + line(1, "c0000120") + line(2, "c0000120") + line(3, "c0000120"));
    finish();
}

// Each cancel routine completes its IRP and the one that was to be cancelled next.
// Shows: the walk goes on behind both.
TEST_F(ThreadCancel, TheNextOneGoesMeanwhile)
{
    routine = &cancelled_with_next;
    std::string const seen = film(5);
    EXPECT_EQ(seen, line(1, "0") + line(0, "c0000120") + line(3, "0") + line(2, "c0000120") + line(4, "c0000120"));
    finish();
}

// The only read's cancel routine sends another one.
// Shows: that one is cancelled, too.
TEST_F(ThreadCancel, OneJoinsMeanwhile)
{
    routine = &cancelled_and_sends;
    std::string const seen = film(1);
    EXPECT_EQ(seen, line(0, "c0000120") + line(1, "c0000120"));
    finish();
}

// Reads whose driver set no cancel routine, and a file object that is not theirs.
// Shows: those stay, with Cancel set; of another file's nothing is touched.
TEST_F(ThreadCancel, WhatADriverKeeps)
{
    routine = nullptr;
    EXPECT_EQ(film(3), "");
    EXPECT_EQ(g_held.size(), 3u);
    EXPECT_TRUE(std::ranges::all_of(g_held, [](IRP* irp) { return irp->Cancel == TRUE; }));
    finish();
    FILE_OBJECT other {};
    operations.clear();
    film(2, &other);
    EXPECT_TRUE(std::ranges::none_of(g_held, [](IRP* irp) { return irp->Cancel == TRUE; }));
    finish();
}
