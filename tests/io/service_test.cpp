// SPDX-License-Identifier: MIT
// What the I/O manager does for drivers beside IRPs: queues that can be cancelled, StartIo, remove locks, work items,
// timers, share access, names, drivers' own memory, shutdown.
#include "host_driver.h"

#include "io/csq.h"
#include "io/ddi.h"
#include "io/error_log.h"
#include "io/event.h"
#include "io/remove_lock.h"
#include "io/share_access.h"
#include "io/shutdown.h"
#include "io/start_io.h"
#include "io/symbolic_link.h"
#include "io/thread_ddi.h"
#include "io/wmi.h"
#include "ke/dispatcher_objects.h"

#include <algorithm>
#include <cstring>
#include <set>

using namespace ringside;
using namespace ringside::test;

namespace {

class Services : public IoTest {
protected:
    using IoTest::IoTest;
    Services() : IoTest() {}
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
TEST_F(Services, CancelSafeQueue)
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
TEST_F(Services, CancelSafeQueueEx)
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
TEST(ServicesOverSeeds, CancelRacesWithRemove)
{
    class Film : public Services {
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
        explicit Film(uint64_t seed) : Services(BootOptions { .seed = seed }) {}
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
TEST_F(Services, StartIo)
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
TEST_F(Services, RemoveLock)
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
TEST_F(Services, WorkItems)
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

TEST_F(Services, WorkItemFreedWhileQueued)
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
TEST_F(Services, Timer)
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

// Opens of one file by what they do and what they let others do.
TEST_F(Services, ShareAccess)
{
    struct Case {
        ACCESS_MASK first;
        ULONG first_share;
        ACCESS_MASK second;
        ULONG second_share;
        bool fits;
    };
    constexpr ULONG all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    constexpr Case cases[] = {
        { FILE_READ_DATA, FILE_SHARE_READ, FILE_READ_DATA, FILE_SHARE_READ, true },
        { FILE_READ_DATA, 0, FILE_READ_DATA, FILE_SHARE_READ, false },
        { FILE_READ_DATA, FILE_SHARE_READ, FILE_READ_DATA, 0, false },
        { FILE_READ_DATA, FILE_SHARE_READ, FILE_WRITE_DATA, all, false },
        { FILE_WRITE_DATA, all, FILE_READ_DATA, FILE_SHARE_READ, false },
        { FILE_WRITE_DATA, all, FILE_READ_DATA, all, true },
        { DELETE, all, FILE_READ_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, false },
        { FILE_READ_ATTRIBUTES, 0, FILE_WRITE_DATA, 0, true },
        { FILE_WRITE_DATA, 0, FILE_READ_ATTRIBUTES, 0, true },
    };
    on_system([&] {
        for (Case const& c : cases) {
            FILE_OBJECT first {}, second {};
            SHARE_ACCESS access {};
            io::IoSetShareAccess(c.first, c.first_share, &first, &access);
            NTSTATUS const status = io::IoCheckShareAccess(c.second, c.second_share, &second, &access, TRUE);
            EXPECT_EQ(status, c.fits ? STATUS_SUCCESS : STATUS_SHARING_VIOLATION) << &c - cases;
            if (c.fits)
                io::IoRemoveShareAccess(&second, &access);
            io::IoRemoveShareAccess(&first, &access);
            EXPECT_EQ(std::memcmp(&access, std::vector<uint8_t>(sizeof access).data(), sizeof access), 0);
        }
    });
}

// A driver's own memory, its reinitialization routine, its error log entry, its devices' names.
TEST_F(Services, DriverObjects)
{
    static int id, other_id;
    DRIVER_OBJECT* made = nullptr;
    on_system([&] {
        g_entry = [](DRIVER_OBJECT* driver) {
            void* memory = nullptr;
            void* again = nullptr;
            EXPECT_EQ(io::IoAllocateDriverObjectExtension(driver, &id, 32, &memory), STATUS_SUCCESS);
            EXPECT_EQ(io::IoAllocateDriverObjectExtension(driver, &id, 32, &again), STATUS_OBJECT_NAME_COLLISION);
            EXPECT_EQ(io::IoGetDriverObjectExtension(driver, &id), memory);
            EXPECT_EQ(io::IoGetDriverObjectExtension(driver, &other_id), nullptr);
            io::IoRegisterDriverReinitialization(
                driver,
                [](DRIVER_OBJECT* d, void*, ULONG count) __attribute__((ms_abi)) {
                    note(fmt::format("reinitialize {} initialized={}", count, (d->Flags & DRVO_INITIALIZED) != 0));
                },
                nullptr);
            for (int i = 0; i < 2; ++i) {
                DEVICE_OBJECT* device = nullptr;
                EXPECT_EQ(io::IoCreateDevice(driver, 8, nullptr, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME,
                                             FALSE, &device),
                          STATUS_SUCCESS);
                EXPECT_TRUE(device->Flags & DO_DEVICE_INITIALIZING);
                static Behaviour nothing { "nothing" };
                *static_cast<Behaviour**>(device->DeviceExtension) = &nothing;
            }
            auto* entry = static_cast<IO_ERROR_LOG_PACKET*>(
                io::IoAllocateErrorLogEntry(driver->DeviceObject, sizeof(IO_ERROR_LOG_PACKET) + 8));
            entry->ErrorCode = STATUS_DEVICE_NOT_READY;
            entry->NumberOfStrings = 1;
            entry->StringOffset = sizeof(IO_ERROR_LOG_PACKET);
            std::memcpy(entry + 1, u"abc", 8);
            io::IoWriteErrorLogEntry(entry);
            EXPECT_EQ(io::IoAllocateErrorLogEntry(driver, 8), nullptr);
            driver->DriverUnload = &unload_and_delete;
            return STATUS_SUCCESS;
        };
        auto created = io::create_driver({ .name = u"full", .entry = &entry, .registry_path = u"\\Registry" });
        ASSERT_TRUE(created.ok());
        made = (*created)->object;
    });
    EXPECT_EQ(io::describe_devices(), "\\Device\\00000001 (full)  stack 1  NEITHER\n"
                                      "\\Device\\00000002 (full)  stack 1  NEITHER\n");
    ASSERT_EQ(io().error_log().written().size(), 1u);
    EXPECT_EQ(io().error_log().written()[0].error_code, STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(io().error_log().written()[0].strings, std::vector<std::u16string> { u"abc" });
    EXPECT_EQ(io().error_log().allocated(), 0u);
    on_system([&] { EXPECT_EQ(io::unload_driver(made), STATUS_SUCCESS); });
    EXPECT_EQ(journal(), "reinitialize 1 initialized=true\nunload\n");
    EXPECT_EQ(io().devices().live(), 0u);
    EXPECT_EQ(io().drivers().by_number(1)->object, nullptr);
}

// DriverEntry fails and leaves a device behind.
// Shows: the status, the leftover in the record, that the object stays for the device's sake.
TEST_F(Services, DriverEntryFails)
{
    on_system([&] {
        g_entry = [](DRIVER_OBJECT* driver) {
            DEVICE_OBJECT* device = nullptr;
            EXPECT_EQ(io::IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
            return STATUS_DEVICE_CONFIGURATION_ERROR;
        };
        auto created = io::create_driver({ .name = u"bad", .entry = &entry, .registry_path = u"\\Registry" });
        EXPECT_EQ(created.status(), STATUS_DEVICE_CONFIGURATION_ERROR);
        io::DriverRecord& record = *io().drivers().by_number(1);
        EXPECT_EQ(record.state, io::DriverState::Failed);
        EXPECT_EQ(record.leftovers.devices, 1u);
        ASSERT_TRUE(record.object);
        EXPECT_EQ(io::unload_driver(record.object), STATUS_INVALID_DEVICE_REQUEST);
        io::IoDeleteDevice(record.object->DeviceObject);
        EXPECT_EQ(record.object, nullptr);
    });
}

// A device is detached from under a filter, deleted while attached to.
TEST_F(Services, DetachAndDelete)
{
    Behaviour low { "low" }, high { "high" };
    DRIVER_OBJECT* d = driver(u"stack");
    DEVICE_OBJECT* l = device(d, low, u"\\Device\\Low");
    DEVICE_OBJECT* h = device(d, high, {}, l);
    on_system([&] {
        EXPECT_EQ(io::IoGetLowerDeviceObject(h), l);
        EXPECT_EQ(io::IoGetDeviceAttachmentBaseRef(h), l);
        EXPECT_EQ(io::IoGetAttachedDeviceReference(l), h);
        for (void* referenced : { l, l, h })
            ob::dereference(referenced);
        io::IoDeleteDevice(l);
        EXPECT_EQ(io().devices().live(), 2u) << "attached to: it waits for the detach";
        io::IoDetachDevice(l);
        EXPECT_EQ(io().devices().live(), 1u);
        EXPECT_EQ(io::IoGetLowerDeviceObject(h), nullptr);
        io::IoDeleteDevice(h);
        EXPECT_EQ(io().devices().live(), 0u);
    });
}

// One driver uses another's device by name: pointer, attach by name, Zw services with an event.
TEST_F(Services, DriverAsClient)
{
    constexpr ULONG code = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS);
    Behaviour low { "low" }, high { "high" };
    DRIVER_OBJECT* d = driver(u"low");
    DEVICE_OBJECT* l = device(d, low, u"\\Device\\Low", nullptr, DO_BUFFERED_IO);
    DEVICE_OBJECT* h = device(d, high);
    for (UCHAR major : { IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE })
        low.dispatch[major] = [major](DEVICE_OBJECT*, IRP* irp) {
            note(io::major_name(major));
            return complete(irp, STATUS_SUCCESS);
        };
    std::u16string const path = u"\\Device\\Low";
    on_system([&] {
        UNICODE_STRING name = counted(path);
        FILE_OBJECT* file = nullptr;
        DEVICE_OBJECT* pointer = nullptr;
        EXPECT_EQ(io::IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &pointer), STATUS_SUCCESS);
        EXPECT_EQ(pointer, l);
        EXPECT_EQ(journal(), "CREATE\nCLEANUP\n");
        ob::dereference(file);
        EXPECT_EQ(journal(), "CLOSE\n");
        EXPECT_EQ(io::IoAttachDevice(h, &name, &high.lower), STATUS_SUCCESS);
        EXPECT_EQ(high.lower, l);
        EXPECT_EQ(h->StackSize, 2);
        EXPECT_EQ(journal(), "CREATE\nCLEANUP\nCLOSE\n");
    });
    // The rows are how drivers call: arguments as slots.
    auto call = [](char const* name, auto... arguments) {
        uint64_t slots[16] = { reinterpret_cast<uint64_t>(reinterpret_cast<void*>(arguments))... };
        for (Ddi const& row : io::ddi_rows())
            if (std::string_view(row.name) == name)
                return static_cast<NTSTATUS>(row.body.invoke(slots));
        ADD_FAILURE() << name;
        return STATUS_NOT_IMPLEMENTED;
    };
    low.dispatch[IRP_MJ_DEVICE_CONTROL] = [](DEVICE_OBJECT*, IRP* irp) {
        *static_cast<uint32_t*>(irp->AssociatedIrp.SystemBuffer) += 1;
        return complete(irp, STATUS_SUCCESS, 4);
    };
    low.dispatch[IRP_MJ_QUERY_INFORMATION] = [](DEVICE_OBJECT*, IRP* irp) {
        EXPECT_EQ(io::current_location(irp)->Parameters.QueryFile.FileInformationClass, FileStandardInformation);
        auto* answer = static_cast<FILE_STANDARD_INFORMATION*>(irp->AssociatedIrp.SystemBuffer);
        *answer = {};
        answer->EndOfFile.QuadPart = 77;
        return complete(irp, STATUS_SUCCESS, sizeof *answer);
    };
    on_system([&] {
        UNICODE_STRING name = counted(path);
        OBJECT_ATTRIBUTES attributes { sizeof attributes, nullptr, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE };
        HANDLE handle = nullptr;
        IO_STATUS_BLOCK status {};
        EXPECT_EQ(call("ZwOpenFile", &handle, uint64_t { GENERIC_READ | SYNCHRONIZE }, &attributes, &status, uint64_t { 0 },
                       uint64_t { FILE_SYNCHRONOUS_IO_NONALERT }),
                  STATUS_SUCCESS);
        uint32_t value = 41;
        EXPECT_EQ(call("ZwDeviceIoControlFile", handle, uint64_t { 0 }, uint64_t { 0 }, uint64_t { 0 }, &status,
                       uint64_t { code }, &value, uint64_t { 4 }, &value, uint64_t { 4 }),
                  STATUS_SUCCESS);
        EXPECT_EQ(value, 42u);
        EXPECT_EQ(status.Information, 4u);
        FILE_STANDARD_INFORMATION standard {};
        EXPECT_EQ(call("ZwQueryInformationFile", handle, &status, &standard, uint64_t { sizeof standard },
                       uint64_t { FileStandardInformation }),
                  STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 77);
        FILE_POSITION_INFORMATION position { .CurrentByteOffset = { .QuadPart = 9 } };
        EXPECT_EQ(call("ZwSetInformationFile", handle, &status, &position, uint64_t { sizeof position },
                       uint64_t { FilePositionInformation }),
                  STATUS_SUCCESS);
        position = {};
        EXPECT_EQ(call("ZwQueryInformationFile", handle, &status, &position, uint64_t { sizeof position },
                       uint64_t { FilePositionInformation }),
                  STATUS_SUCCESS);
        EXPECT_EQ(position.CurrentByteOffset.QuadPart, 9);
        EXPECT_EQ(call("ZwReadFile", handle, uint64_t { 0 }, uint64_t { 0 }, uint64_t { 0 }, &status, &value, uint64_t { 4 },
                       uint64_t { 0 }, uint64_t { 0 }),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_TRUE(ob::close_handle(ob::current_process(), handle, KernelMode).ok());
        io::IoDetachDevice(l);
        high.lower = nullptr;
    });
    EXPECT_EQ(io().irps().live(), 0u);
    EXPECT_EQ(io().files().live(), 0u);
}

// Who registered hears of the shutdown, last first, once.
TEST_F(Services, Shutdown)
{
    Behaviour a { "a" }, b { "b" };
    DRIVER_OBJECT* d = driver(u"two");
    for (Behaviour* each : { &a, &b }) {
        each->dispatch[IRP_MJ_SHUTDOWN] = [](DEVICE_OBJECT* device, IRP* irp) {
            note("shutdown " + behaviour_of(device).name);
            return complete(irp, STATUS_SUCCESS);
        };
        DEVICE_OBJECT* made = device(d, *each);
        on_system([&] { EXPECT_EQ(io::IoRegisterShutdownNotification(made), STATUS_SUCCESS); });
    }
    on_system([] {
        io::notify_shutdown(false);
        io::notify_shutdown(false);
    });
    EXPECT_EQ(journal(), "shutdown b\nshutdown a\n");
    EXPECT_EQ(io().irps().live(), 0u);
}

// Small answers.
TEST_F(Services, SmallAnswers)
{
    on_system([&] {
        ULONG_PTR low = 0, high = 0;
        io::IoGetStackLimits(&low, &high);
        int local = 0;
        auto const here = reinterpret_cast<uintptr_t>(&local);
        EXPECT_TRUE(low < here && here < high);
        EXPECT_EQ(io::IoGetInitialStack(), reinterpret_cast<void*>(high));
        EXPECT_TRUE(io::IoWithinStackLimits(here, sizeof local));
        EXPECT_FALSE(io::IoWithinStackLimits(high - 1, 2));
        EXPECT_LT(io::IoGetRemainingStackSize(), high - low);
        EXPECT_EQ(io::IoGetTopLevelIrp(), nullptr);
        io::IoSetTopLevelIrp(reinterpret_cast<IRP*>(uintptr_t { 2 }));
        EXPECT_EQ(io::IoGetTopLevelIrp(), reinterpret_cast<IRP*>(uintptr_t { 2 }));
        io::IoSetTopLevelIrp(nullptr);
        EXPECT_TRUE(io::IoIsWdmVersionAvailable(1, 0x30));
        EXPECT_TRUE(io::IoIsWdmVersionAvailable(6, 0));
        EXPECT_FALSE(io::IoIsWdmVersionAvailable(7, 0));
        EXPECT_EQ(io::IoGetFileObjectGenericMapping()->GenericRead, FILE_GENERIC_READ);
    });
}

// Each export has one row, and every row a page or a reason.
TEST(IoRows, AreWhole)
{
    std::set<std::string_view> names;
    for (Ddi const& row : io::ddi_rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_TRUE(row.page || row.because) << row.name;
        EXPECT_TRUE(row.body.invoke) << row.name;
        EXPECT_LE(row.irql.lowest, row.irql.highest) << row.name;
    }
}
