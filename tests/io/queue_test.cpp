// SPDX-License-Identifier: MIT
// How a driver holds IRPs and runs code later: cancel-safe queues, StartIo, remove locks, work items, timers.
#include "host_driver.h"

#include "io/csq.h"
#include "io/event.h"
#include "io/remove_lock.h"
#include "io/start_io.h"
#include "ke/dispatcher_objects.h"

#include <algorithm>
#include <set>

using namespace ringside;
using namespace ringside::test;

namespace {

class Queues : public IoTest {
protected:
    using IoTest::IoTest;
    Queues()
        : IoTest()
    {
    }
    IRP* send_read(DEVICE_OBJECT* to)
    {
        IRP* irp = io::IoAllocateIrp(to->StackSize, FALSE);
        io::next_location(irp)->MajorFunction = IRP_MJ_READ;
        io::set_completion_routine(irp, &came_back, nullptr, true, true, true);
        io::IofCallDriver(to, irp);
        return irp;
    }
    static NTAPI NTSTATUS came_back(DEVICE_OBJECT*, IRP* irp, void*)
    {
        note(fmt::format("irp {} {:x}", io::record_of(irp)->number, static_cast<uint32_t>(irp->IoStatus.Status)));
        io::IoFreeIrp(irp);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
};

// A queue of the test's: a list and a spin lock.
struct Queue {
    IO_CSQ csq;
    std::vector<IRP*> list;
    KSPIN_LOCK lock = 0;
};
Queue& queue_of(IO_CSQ* csq) { return *CONTAINING_RECORD(csq, Queue, csq); }
NTAPI void insert(IO_CSQ* csq, IRP* irp) { queue_of(csq).list.push_back(irp); }
NTAPI NTSTATUS insert_two_at_most(IO_CSQ* csq, IRP* irp, void* context)
{
    if (queue_of(csq).list.size() == 2)
        return STATUS_DEVICE_BUSY;
    note(static_cast<char const*>(context));
    insert(csq, irp);
    return STATUS_SUCCESS;
}
NTAPI void remove_irp(IO_CSQ* csq, IRP* irp) { std::erase(queue_of(csq).list, irp); }
NTAPI IRP* peek(IO_CSQ* csq, IRP* after, void*)
{
    auto& list = queue_of(csq).list;
    auto it = after ? std::ranges::find(list, after) + 1 : list.begin();
    return it == list.end() ? nullptr : *it;
}
NTAPI void acquire(IO_CSQ* csq, KIRQL* irql) { *irql = ke::KeAcquireSpinLockRaiseToDpc(&queue_of(csq).lock); }
NTAPI void release(IO_CSQ* csq, KIRQL irql) { ke::KeReleaseSpinLock(&queue_of(csq).lock, irql); }
NTAPI void complete_cancelled(IO_CSQ*, IRP* irp) { complete(irp, STATUS_CANCELLED); }

} // namespace

// Three IRPs in a cancel-safe queue: one cancelled, one taken by its context, one taken as the next.
TEST_F(Queues, CancelSafeQueue)
{
    static Queue queue;
    queue.list.clear();
    static IO_CSQ_IRP_CONTEXT contexts[3];
    static int sent;
    sent = 0;
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* irp) {
        io::IoCsqInsertIrp(&queue.csq, irp, sent == 1 ? nullptr : &contexts[sent]);
        ++sent;
        return STATUS_PENDING;
    };
    on_system([&] {
        io::IoCsqInitialize(&queue.csq, &insert, &remove_irp, &peek, &acquire, &release, &complete_cancelled);
        IRP* first = send_read(l);
        IRP* second = send_read(l);
        IRP* third = send_read(l);
        EXPECT_EQ(queue.list.size(), 3u);
        EXPECT_TRUE(io::IoCancelIrp(first));
        EXPECT_EQ(contexts[0].Irp, nullptr);
        EXPECT_EQ(io::IoCsqRemoveIrp(&queue.csq, &contexts[0]), nullptr);
        EXPECT_EQ(io::IoCsqRemoveIrp(&queue.csq, &contexts[2]), third);
        EXPECT_EQ(io::IoCsqRemoveIrp(&queue.csq, &contexts[2]), nullptr);
        EXPECT_EQ(io::IoCsqRemoveNextIrp(&queue.csq, nullptr), second);
        EXPECT_EQ(io::IoCsqRemoveNextIrp(&queue.csq, nullptr), nullptr);
        complete(second, STATUS_SUCCESS);
        complete(third, STATUS_SUCCESS);
        EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
    });
    EXPECT_EQ(journal(), "irp 1 c0000120\nirp 2 0\nirp 3 0\n");
}

// A queue of the extended kind refuses an IRP; one comes that was cancelled on the way.
TEST_F(Queues, CancelSafeQueueEx)
{
    static Queue queue;
    queue.list.clear();
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* irp) {
        NTSTATUS const status = io::IoCsqInsertIrpEx(&queue.csq, irp, nullptr, const_cast<char*>("in"));
        return NT_SUCCESS(status) ? STATUS_PENDING : complete(irp, status);
    };
    on_system([&] {
        io::IoCsqInitializeEx(&queue.csq, reinterpret_cast<void*>(&insert_two_at_most), &remove_irp, &peek, &acquire,
                              &release, &complete_cancelled);
        IRP* first = send_read(l);
        send_read(l);
        send_read(l); // refused
        EXPECT_TRUE(io::IoCancelIrp(first));
        IRP* late = io::IoAllocateIrp(1, FALSE);
        late->Cancel = TRUE;
        io::next_location(late)->MajorFunction = IRP_MJ_READ;
        io::set_completion_routine(late, &came_back, nullptr, true, true, true);
        EXPECT_EQ(io::IofCallDriver(l, late), STATUS_PENDING);
        EXPECT_EQ(queue.list.size(), 1u);
    });
    EXPECT_EQ(journal(), "in\nin\nirp 3 80000011\nirp 1 c0000120\nin\nirp 4 c0000120\n");
}

// A thread cancels what another takes from the queue, under many schedules.
// Shows: each IRP is completed once, by one of them, whoever was first.
TEST(QueuesOverSeeds, CancelRacesWithRemove)
{
    class Film : public Queues {
    public:
        void TestBody() override
        {
            static Queue queue;
            queue.list.clear();
            queue.lock = 0;
            static std::vector<IRP*> sent;
            sent.clear();
            Behaviour low { "low" };
            DEVICE_OBJECT* l = device(driver(u"low"), low);
            low.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* irp) {
                io::IoCsqInsertIrp(&queue.csq, irp, nullptr);
                return STATUS_PENDING;
            };
            on_system([&] {
                io::IoCsqInitialize(&queue.csq, &insert, &remove_irp, &peek, &acquire, &release, &complete_cancelled);
                for (int i = 0; i < 8; ++i)
                    sent.push_back(send_read(l));
                (void)ps::manager().create_system_thread(
                    [](ke::Thread&, void*) {
                        while (IRP* irp = io::IoCsqRemoveNextIrp(&queue.csq, nullptr)) {
                            ke::kernel().schedule_point();
                            complete(irp, STATUS_SUCCESS);
                        }
                    },
                    nullptr);
                for (IRP* irp : sent) {
                    ke::kernel().schedule_point();
                    // Our IRPs rest before they are used again, so a completed one is still readable here.
                    if (io::record_of(irp)->state == io::IrpState::Pending)
                        io::IoCancelIrp(irp);
                }
            });
            boot.settle();
            EXPECT_FALSE(boot.crash());
            EXPECT_EQ(g_journal.size(), 8u) << journal();
            for (auto const& line : g_journal)
                cancelled += line.ends_with("c0000120");
            EXPECT_EQ(io().irps().live(), 0u);
        }
        explicit Film(uint64_t seed)
            : Queues(BootOptions { .seed = seed })
        {
        }
        size_t cancelled = 0;
    };
    std::set<size_t> outcomes;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        Film film(seed);
        film.TestBody();
        outcomes.insert(film.cancelled);
    }
    EXPECT_GT(outcomes.size(), 2u) << "the schedules are all alike";
}

// A StartIo driver: three packets by key, the second cancelled in the queue.
TEST_F(Queues, StartIo)
{
    static IRP* current;
    current = nullptr;
    Behaviour low { "low" };
    DRIVER_OBJECT* driver = this->driver(u"low");
    DEVICE_OBJECT* l = device(driver, low);
    driver->DriverStartIo = [](DEVICE_OBJECT*, IRP* irp) __attribute__((ms_abi)) {
        EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
        note(fmt::format("start {}", io::record_of(irp)->number));
        current = irp;
    };
    static PDRIVER_CANCEL const cancel = [](DEVICE_OBJECT* d, IRP* irp) __attribute__((ms_abi)) {
        // Out of the device queue, as KeRemoveEntryDeviceQueue does.
        KDEVICE_QUEUE_ENTRY& entry = irp->Tail.Overlay.DeviceQueueEntry;
        EXPECT_TRUE(entry.Inserted && d->DeviceQueue.Busy);
        io::unlink(entry.DeviceListEntry);
        entry.Inserted = FALSE;
        io::IoReleaseCancelSpinLock(irp->CancelIrql);
        complete(irp, STATUS_CANCELLED);
    };
    low.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT* d, IRP* irp) {
        io::mark_pending(irp);
        ULONG key = 100 - io::record_of(irp)->number;
        io::IoStartPacket(d, irp, &key, cancel);
        return STATUS_PENDING;
    };
    on_system([&] {
        send_read(l);
        IRP* second = send_read(l);
        send_read(l);
        send_read(l);
        EXPECT_EQ(l->CurrentIrp, current);
        EXPECT_TRUE(io::IoCancelIrp(second));
        for (int i = 0; i < 3; ++i) {
            uint8_t const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
            IRP* done = current;
            io::set_cancel_routine(done, nullptr);
            io::IoStartNextPacket(l, TRUE);
            complete(done, STATUS_SUCCESS);
            ke::kernel().lower_irql(old);
        }
        EXPECT_EQ(l->CurrentIrp, nullptr);
        EXPECT_FALSE(l->DeviceQueue.Busy);
    });
    EXPECT_EQ(journal(), "start 1\nirp 2 c0000120\nstart 4\nirp 1 0\nstart 3\nirp 4 0\nirp 3 0\n");
}

// A remove lock is held by another thread when removal begins.
TEST_F(Queues, RemoveLock)
{
    static IO_REMOVE_LOCK lock;
    on_system([] {
        io::IoInitializeRemoveLockEx(&lock, 0x6B634C52, 0, 0, sizeof lock);
        EXPECT_EQ(io::IoAcquireRemoveLockEx(&lock, nullptr, "", 1, sizeof lock), STATUS_SUCCESS);
        EXPECT_EQ(io::IoAcquireRemoveLockEx(&lock, nullptr, "", 1, sizeof lock), STATUS_SUCCESS);
        (void)ps::manager().create_system_thread(
            [](ke::Thread&, void*) {
                ke::kernel().delay(KernelMode, false, LARGE_INTEGER { .QuadPart = -10'000'000 });
                EXPECT_EQ(io::IoAcquireRemoveLockEx(&lock, nullptr, "", 1, sizeof lock), STATUS_DELETE_PENDING);
                note("released");
                io::IoReleaseRemoveLockEx(&lock, nullptr, sizeof lock);
            },
            nullptr);
        io::IoReleaseRemoveLockAndWaitEx(&lock, nullptr, sizeof lock);
        note("removed");
    });
    EXPECT_EQ(journal(), "released\nremoved\n");
}

// Work items: queued, queued again from the routine, freed there.
TEST_F(Queues, WorkItems)
{
    Behaviour low { "low" };
    DRIVER_OBJECT* owner = driver(u"low");
    DEVICE_OBJECT* l = device(owner, low);
    static IO_WORKITEM* item;
    static int runs;
    runs = 0;
    static PIO_WORKITEM_ROUTINE const routine = [](DEVICE_OBJECT* d, void* context) __attribute__((ms_abi)) {
        EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
        note(fmt::format("{} run {}", behaviour_of(d).name, ++runs));
        if (runs == 1)
            io::IoQueueWorkItem(item, *static_cast<PIO_WORKITEM_ROUTINE*>(context), DelayedWorkQueue, context);
        else
            io::IoFreeWorkItem(item);
    };
    uint32_t const references = ob::references(l);
    on_system([&] {
        item = io::IoAllocateWorkItem(l);
        EXPECT_EQ(io().work_items().live(), 1u);
        io::IoQueueWorkItem(item, routine, DelayedWorkQueue, const_cast<PIO_WORKITEM_ROUTINE*>(&routine));
    });
    boot.settle();
    EXPECT_EQ(journal(), "low run 1\nlow run 2\n");
    EXPECT_EQ(io().work_items().live(), 0u);
    EXPECT_EQ(ob::references(l), references);
    static PIO_WORKITEM_ROUTINE_EX const routine_ex = [](void* object, void*, IO_WORKITEM* it) __attribute__((ms_abi)) {
        note(ob::type_of(object)->name);
        io::IoUninitializeWorkItem(it);
    };
    static uint8_t memory[64 * 4];
    ASSERT_GE(sizeof memory, io::IoSizeofWorkItem());
    on_system([&] {
        auto* own = reinterpret_cast<IO_WORKITEM*>(memory);
        io::IoInitializeWorkItem(owner, own);
        io::IoQueueWorkItemEx(own, routine_ex, DelayedWorkQueue, nullptr);
    });
    boot.settle();
    EXPECT_EQ(journal(), "Driver\n");
}

TEST_F(Queues, WorkItemFreedWhileQueued)
{
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    EXPECT_FALSE(boot.run_on_thread([l] {
        ke::kernel().raise_irql(DISPATCH_LEVEL);
        IO_WORKITEM* item = io::IoAllocateWorkItem(l);
        io::IoQueueWorkItem(item, nullptr, DelayedWorkQueue, nullptr);
        io::IoFreeWorkItem(item);
    }));
    ASSERT_TRUE(boot.crash());
    EXPECT_EQ(boot.crash()->code, WORKER_INVALID);
    EXPECT_EQ(boot.crash()->parameters[0], 2u);
}

// An IoTimer runs once a second of virtual time until it is stopped from its own routine.
TEST_F(Queues, Timer)
{
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    static int ticks;
    ticks = 0;
    static uint64_t started;
    on_system([&] {
        EXPECT_EQ(io::IoInitializeTimer(
                      l,
                      [](DEVICE_OBJECT* d, void*) __attribute__((ms_abi)) {
                          EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
                          uint64_t const seconds = (sim::world().now_100ns() - started) / 10'000'000;
                          EXPECT_EQ(seconds, static_cast<uint64_t>(++ticks));
                          if (ticks == 3)
                              io::IoStopTimer(d);
                      },
                      nullptr),
                  STATUS_SUCCESS);
        started = sim::world().now_100ns();
        io::IoStartTimer(l);
    });
    boot.settle();
    EXPECT_EQ(ticks, 3);
    EXPECT_EQ(io().timers().started(), 0u);
}
