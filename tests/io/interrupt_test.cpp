// SPDX-License-Identifier: MIT
// An interrupt's way through the rooms: ISR, DPC, work item, a waiting thread.
#include "boot.h"
#include "ex/work_queue.h"
#include "io/interrupt.h"
#include "ke/dispatcher_objects.h"
#include "ke/interrupt.h"

using namespace ringside;
using namespace ringside::nt;
using test::BootedKernel;

namespace {

constexpr uint8_t kVector = 0x61;

struct Device {
    KDPC dpc {};
    WORK_QUEUE_ITEM item {};
    KEVENT done {};
    std::string film;
    uint32_t isr_on = ~0u;

    void note(char const* what, KIRQL irql)
    {
        EXPECT_EQ(ke::Kernel::irql(), irql) << what;
        film += what;
    }
};

BOOLEAN NTAPI isr(KINTERRUPT*, PVOID context)
{
    auto& device = *static_cast<Device*>(context);
    device.note("isr ", kVector >> 4);
    device.isr_on = hal::processor().number();
    return ke::KeInsertQueueDpc(&device.dpc, nullptr, nullptr);
}

void NTAPI dpc(KDPC*, PVOID context, PVOID, PVOID)
{
    auto& device = *static_cast<Device*>(context);
    device.note("dpc ", DISPATCH_LEVEL);
    ex::ExQueueWorkItem(&device.item, DelayedWorkQueue);
}

void NTAPI work(PVOID context)
{
    auto& device = *static_cast<Device*>(context);
    device.note("work ", PASSIVE_LEVEL);
    ke::KeSetEvent(&device.done, IO_NO_INCREMENT, FALSE);
}

} // namespace

// A message interrupts processor 1 while a thread waits for what will come of it; then the interrupt is disconnected.
// Shows: ISR at DIRQL where it was sent, DPC, worker and waiter in turn under every seed; twice the same log; nothing
// is left connected.
TEST(io_interrupt, from_the_line_to_a_waiter)
{
    auto run = [](uint64_t seed) {
        BootedKernel boot({ .seed = seed });
        Device device;
        ke::KeInitializeDpc(&device.dpc, dpc, &device);
        ke::KeInitializeEvent(&device.done, SynchronizationEvent, FALSE);
        device.item.WorkerRoutine = work;
        device.item.Parameter = &device;
        EXPECT_TRUE(boot.run_on_thread([&] {
            KINTERRUPT* interrupt = nullptr;
            EXPECT_EQ(io::IoConnectInterrupt(&interrupt, isr, &device, nullptr, kVector, kVector >> 4, kVector >> 4,
                                             Latched, FALSE, 2, FALSE),
                      STATUS_SUCCESS);
            hal::interrupts().pulse(kVector);
            ke::KeWaitForSingleObject(&device.done, Executive, KernelMode, FALSE, nullptr);
            device.note("waiter", PASSIVE_LEVEL);
            io::IoDisconnectInterrupt(interrupt);
        }));
        EXPECT_EQ(device.film, "isr dpc work waiter") << seed;
        EXPECT_EQ(device.isr_on, 1u);
        EXPECT_EQ(boot.rooms.kernel.interrupt_objects().connected(), 0u);
        return boot.rooms.world.log().hash();
    };
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        uint64_t const hash = run(seed);
        EXPECT_EQ(run(seed), hash) << seed;
    }
}
