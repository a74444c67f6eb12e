// SPDX-License-Identifier: MIT
// An IRP's life without a client: birth, the way down a stack of three, the way up, its ends.
#include "host_driver.h"

#include "ex/pool.h"
#include "io/activity.h"
#include "io/event.h"

using namespace ringside;
using namespace ringside::test;

namespace {

class Irps : public IoTest { };

// The journal's word for each routine: name, location, what it was told.
NTAPI NTSTATUS up(DEVICE_OBJECT* device, IRP* irp, void* context)
{
    note(fmt::format("{} up{} device={}", static_cast<char const*>(context), irp->PendingReturned ? " pending" : "",
                     device ? behaviour_of(device).name : "-"));
    if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
        io::mark_pending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

NTAPI NTSTATUS keep(DEVICE_OBJECT*, IRP*, void* context)
{
    note(fmt::format("{} keeps", static_cast<char const*>(context)));
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS forward_with(DEVICE_OBJECT* device, IRP* irp, PIO_COMPLETION_ROUTINE routine, bool success = true,
                      bool error = true, bool cancel = true)
{
    Behaviour& b = behaviour_of(device);
    note(b.name + " down");
    io::copy_location_to_next(irp);
    io::set_completion_routine(irp, routine, const_cast<char*>(b.name.c_str()), success, error, cancel);
    return io::IofCallDriver(b.lower, irp);
}

} // namespace

// An IRP is allocated, freed, allocated again.
// Shows: what IoAllocateIrp fills in, numbers by birth, the count of live IRPs.
TEST_F(Irps, AllocateAndFree)
{
    on_system([&] {
        size_t const before = io().irps().live();
        IRP* irp = io::IoAllocateIrp(3, FALSE);
        ASSERT_TRUE(irp);
        EXPECT_EQ(irp->Type, static_cast<CSHORT>(IO_TYPE_IRP));
        EXPECT_EQ(irp->Size, sizeof(IRP) + 3 * sizeof(IO_STACK_LOCATION));
        EXPECT_EQ(irp->StackCount, 3);
        EXPECT_EQ(irp->CurrentLocation, 4);
        EXPECT_EQ(io::next_location(irp), reinterpret_cast<IO_STACK_LOCATION*>(irp + 1) + 2);
        io::IrpRecord* record = io::record_of(irp);
        ASSERT_TRUE(record);
        uint32_t const number = record->number;
        EXPECT_EQ(record->state, io::IrpState::Owned);
        EXPECT_EQ(io().irps().live(), before + 1);
        io::IoFreeIrp(irp);
        EXPECT_EQ(record->state, io::IrpState::Freed);
        EXPECT_EQ(io().irps().live(), before);
        IRP* again = io::IoAllocateIrp(3, FALSE);
        EXPECT_EQ(io::record_of(again)->number, number + 1);
        EXPECT_NE(again, irp) << "a freed IRP rests before it is used again";
        io::IoFreeIrp(again);
        EXPECT_EQ(io::IoAllocateIrp(-1, FALSE), nullptr);
    });
}

// An IRP gets an activity ID and is freed; its memory becomes another IRP.
// Shows: the ID ends with its IRP.
TEST_F(Irps, AnActivityIdEndsWithItsIrp)
{
    on_system([&] {
        GUID const id { 1, 2, 3, { 4 } };
        IRP* const first = io::IoAllocateIrp(1, FALSE);
        EXPECT_EQ(io::IoSetActivityIdIrp(first, &id), STATUS_SUCCESS);
        io::IoFreeIrp(first);
        bool used_again = false;
        for (int i = 0; i < 100'000 && !used_again; ++i) {
            IRP* irp = io::IoAllocateIrp(1, FALSE);
            GUID found {};
            EXPECT_EQ(io::IoGetActivityIdIrp(irp, &found), STATUS_NOT_FOUND);
            used_again = irp == first;
            io::IoFreeIrp(irp);
        }
        EXPECT_TRUE(used_again);
    });
}

// A thread that has an activity ID sends an IRP of its own; the driver asks for the thread's ID to be the IRP's.
// Shows: without a thread's ID there is none to take; with one, the IRP gets it.
TEST_F(Irps, AnIrpTakesTheActivityIdOfItsThread)
{
    Behaviour one { "one" };
    DEVICE_OBJECT* device = this->device(driver(u"one"), one);
    NTSTATUS set = STATUS_SUCCESS;
    GUID found {};
    one.dispatch[IRP_MJ_DEVICE_CONTROL] = [&](DEVICE_OBJECT*, IRP* irp) {
        set = io::IoSetActivityIdIrp(irp, nullptr);
        (void)io::IoGetActivityIdIrp(irp, &found);
        return complete(irp, STATUS_SUCCESS);
    };
    auto send = [&] {
        KEVENT event;
        io::initialize_event(event, NotificationEvent, false);
        IO_STATUS_BLOCK status {};
        IRP* irp = io::IoBuildDeviceIoControlRequest(0x80002000, device, nullptr, 0, nullptr, 0, FALSE, &event, &status);
        EXPECT_EQ(io::IofCallDriver(device, irp), STATUS_SUCCESS);
    };
    on_system([&] {
        send();
        EXPECT_EQ(set, STATUS_NOT_SUPPORTED);
        GUID const id { 5, 6, 7, { 8 } };
        EXPECT_EQ(io::IoSetActivityIdThread(&id), nullptr);
        send();
        EXPECT_EQ(set, STATUS_SUCCESS);
        EXPECT_EQ(found.Data1, 5u);
        io::IoClearActivityIdThread(nullptr);
    });
}

// A driver's IRP goes down three devices; the lowest pends it, a thread completes it.
// Shows: routines run from below, each told the device above; pending is handed up; the maker's routine ends it.
TEST_F(Irps, DownAndUpAStackOfThree)
{
    Behaviour low { "low" }, middle { "middle" }, high { "high" };
    IRP* held = nullptr;
    DRIVER_OBJECT* driver = this->driver(u"three");
    DEVICE_OBJECT* l = device(driver, low);
    DEVICE_OBJECT* m = device(driver, middle, {}, l);
    DEVICE_OBJECT* h = device(driver, high, {}, m);
    EXPECT_EQ(h->StackSize, 3);
    EXPECT_EQ(io::describe_stack(l),
              "device 3 (three)  stack 3  NEITHER\n"
              "device 2 (three)  stack 2  NEITHER\n"
              "device 1 (three)  stack 1  NEITHER\n");
    low.dispatch[IRP_MJ_READ] = [&](DEVICE_OBJECT*, IRP* irp) {
        note("low pends");
        io::mark_pending(irp);
        held = irp;
        return STATUS_PENDING;
    };
    middle.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT* d, IRP* irp) { return forward_with(d, irp, &up); };
    high.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT* d, IRP* irp) { return forward_with(d, irp, &up); };
    on_system([&] {
        IRP* irp = io::IoAllocateIrp(h->StackSize, FALSE);
        io::next_location(irp)->MajorFunction = IRP_MJ_READ;
        io::set_completion_routine(irp, &keep, const_cast<char*>("maker"), true, true, true);
        EXPECT_EQ(io::IofCallDriver(h, irp), STATUS_PENDING);
        EXPECT_EQ(io::record_of(irp)->state, io::IrpState::Pending);
        EXPECT_EQ(io::describe_irp(*io::record_of(irp)).substr(0, 6), "IRP 1 ");
        complete(held, STATUS_SUCCESS, 7);
        EXPECT_EQ(io::record_of(irp)->state, io::IrpState::Owned);
        EXPECT_EQ(irp->IoStatus.Information, 7u);
        io::IoFreeIrp(irp);
    });
    EXPECT_EQ(journal(),
              "high down\nmiddle down\nlow pends\n"
              "middle up pending device=middle\nhigh up pending device=high\nmaker keeps\n");
}

// Completion routines that ask for success only, error only, cancellation only.
// Shows: SL_INVOKE_ON_*; a location without a call hands pending on by itself.
TEST_F(Irps, InvokeOn)
{
    struct Case {
        bool success, error, cancel;
        NTSTATUS status;
        bool cancelled;
        bool called;
    };
    constexpr Case cases[] = {
        { true, false, false, STATUS_SUCCESS, false, true },
        { true, false, false, STATUS_UNSUCCESSFUL, false, false },
        { false, true, false, STATUS_SUCCESS, false, false },
        { false, true, false, STATUS_UNSUCCESSFUL, false, true },
        { false, false, true, STATUS_CANCELLED, true, true },
        { false, false, true, STATUS_CANCELLED, false, false },
        { true, false, false, STATUS_BUFFER_OVERFLOW, false, false },
        { false, true, false, STATUS_BUFFER_OVERFLOW, false, true },
    };
    Behaviour low { "low" }, high { "high" };
    DRIVER_OBJECT* driver = this->driver(u"two");
    DEVICE_OBJECT* l = device(driver, low);
    DEVICE_OBJECT* h = device(driver, high, {}, l);
    for (Case const& c : cases) {
        low.dispatch[IRP_MJ_READ] = [&](DEVICE_OBJECT*, IRP* irp) {
            io::mark_pending(irp);
            irp->Cancel = c.cancelled;
            complete(irp, c.status);
            return STATUS_PENDING;
        };
        high.dispatch[IRP_MJ_READ]
            = [&](DEVICE_OBJECT* d, IRP* irp) { return forward_with(d, irp, &up, c.success, c.error, c.cancel); };
        on_system([&] {
            IRP* irp = io::IoAllocateIrp(h->StackSize, FALSE);
            io::next_location(irp)->MajorFunction = IRP_MJ_READ;
            io::set_completion_routine(irp, &keep, const_cast<char*>("maker"), true, true, true);
            EXPECT_EQ(io::IofCallDriver(h, irp), STATUS_PENDING);
            EXPECT_TRUE(irp->PendingReturned) << "whether or not the routine between was called";
            io::IoFreeIrp(irp);
        });
        EXPECT_EQ(journal(),
                  c.called ? "high down\nhigh up pending device=high\nmaker keeps\n" : "high down\nmaker keeps\n");
    }
}

// Ends of a driver that breaks a rule: each is Windows' own bug check with the IRP's address.
class BrokenIrps : public IoTest {
protected:
    void expect_bug_check(uint32_t code, IRP** irp)
    {
        ke::BugCheckRecord const* crash = boot.crash();
        ASSERT_TRUE(crash);
        EXPECT_EQ(crash->code, code);
        if (irp)
            EXPECT_EQ(crash->parameters[0], reinterpret_cast<uint64_t>(*irp));
    }
};

TEST_F(BrokenIrps, FreedTwice)
{
    static IRP* irp;
    EXPECT_FALSE(boot.run_on_thread([] {
        irp = io::IoAllocateIrp(1, FALSE);
        io::IoFreeIrp(irp);
        io::IoFreeIrp(irp);
    }));
    expect_bug_check(MULTIPLE_IRP_COMPLETE_REQUESTS, &irp);
}

TEST_F(BrokenIrps, CompletedAfterItWasFreed)
{
    static IRP* irp;
    EXPECT_FALSE(boot.run_on_thread([] {
        irp = io::IoAllocateIrp(1, FALSE);
        io::IoFreeIrp(irp);
        io::IofCompleteRequest(irp, 0);
    }));
    expect_bug_check(MULTIPLE_IRP_COMPLETE_REQUESTS, &irp);
}

TEST_F(BrokenIrps, SentToMoreDriversThanItHasLocations)
{
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_READ] = [&](DEVICE_OBJECT* d, IRP* i) { return io::IofCallDriver(d, i); };
    static IRP* irp;
    EXPECT_FALSE(boot.run_on_thread([l] {
        irp = io::IoAllocateIrp(1, FALSE);
        io::next_location(irp)->MajorFunction = IRP_MJ_READ;
        io::IofCallDriver(l, irp);
    }));
    expect_bug_check(NO_MORE_IRP_STACK_LOCATIONS, &irp);
}

TEST_F(BrokenIrps, NobodyTakesItBack)
{
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* i) { return complete(i, STATUS_SUCCESS); };
    EXPECT_FALSE(boot.run_on_thread([l] {
        IRP* irp = io::IoAllocateIrp(1, FALSE);
        io::next_location(irp)->MajorFunction = IRP_MJ_READ;
        io::IofCallDriver(l, irp);
    }));
    expect_bug_check(IRQL_NOT_LESS_OR_EQUAL, nullptr);
}

// IoInitializeIrp on a driver's own memory, sent down and taken back, twice.
// Shows: foreign IRPs get numbers when they are seen, and a new one with each initialization.
TEST_F(Irps, ForeignMemory)
{
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* i) { return complete(i, STATUS_SUCCESS, 5); };
    on_system([&] {
        USHORT const bytes = io::size_of_irp(1);
        auto* irp = static_cast<IRP*>(ex::allocate(NonPagedPoolNx, bytes, 0x74736554, ex::Owner::Driver, false));
        uint32_t numbers[2];
        for (uint32_t& number : numbers) {
            io::IoInitializeIrp(irp, bytes, 1);
            ASSERT_TRUE(io::record_of(irp));
            number = io::record_of(irp)->number;
            EXPECT_EQ(io::record_of(irp)->origin, io::IrpOrigin::Foreign);
            io::next_location(irp)->MajorFunction = IRP_MJ_READ;
            io::set_completion_routine(irp, &keep, const_cast<char*>("maker"), true, true, true);
            EXPECT_EQ(io::IofCallDriver(l, irp), STATUS_SUCCESS);
            EXPECT_EQ(irp->IoStatus.Information, 5u);
        }
        EXPECT_EQ(numbers[1], numbers[0] + 1);
        ex::free(irp, 0x74736554);
    });
}

// IoReuseIrp keeps the IRP, its record and its number, and clears the rest.
TEST_F(Irps, Reuse)
{
    on_system([&] {
        IRP* irp = io::IoAllocateIrp(2, FALSE);
        uint32_t const number = io::record_of(irp)->number;
        irp->CurrentLocation = 1;
        irp->Flags = ~0u;
        io::IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
        EXPECT_EQ(irp->CurrentLocation, 3);
        EXPECT_EQ(irp->Flags, 0u);
        EXPECT_EQ(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
        EXPECT_EQ(io::record_of(irp)->number, number);
        io::IoFreeIrp(irp);
    });
}

// IoForwardIrpSynchronously to a driver that pends; another thread completes.
// Shows: it waits, and the IRP is the caller's again afterwards.
TEST_F(Irps, ForwardAndWait)
{
    Behaviour low { "low" }, high { "high" };
    DRIVER_OBJECT* driver = this->driver(u"two");
    DEVICE_OBJECT* l = device(driver, low);
    DEVICE_OBJECT* h = device(driver, high, {}, l);
    low.dispatch[IRP_MJ_PNP] = [&](DEVICE_OBJECT*, IRP* irp) {
        io::mark_pending(irp);
        EXPECT_TRUE(ps::manager()
                        .create_system_thread(
                            [](ke::Thread&, void* held) { complete(static_cast<IRP*>(held), STATUS_DEVICE_BUSY); }, irp)
                        .ok());
        return STATUS_PENDING;
    };
    high.dispatch[IRP_MJ_PNP] = [&](DEVICE_OBJECT* d, IRP* irp) {
        EXPECT_TRUE(io::IoForwardIrpSynchronously(behaviour_of(d).lower, irp));
        note(fmt::format("back with {:x}", static_cast<uint32_t>(irp->IoStatus.Status)));
        return complete(irp, STATUS_SUCCESS);
    };
    on_client([&] {
        KEVENT event;
        IO_STATUS_BLOCK status {};
        io::initialize_event(event, NotificationEvent, false);
        IRP* irp = io::make_synchronous_irp(h, &event, &status);
        io::next_location(irp)->MajorFunction = IRP_MJ_PNP;
        EXPECT_EQ(io::send_and_wait(h, irp, event, status), STATUS_SUCCESS);
    });
    EXPECT_EQ(journal(), "back with 80000011\n");
}

// A driver's thread ends while the request it built is pending; the lower driver completes later.
// Shows: the IRP is on no list of a thread that is gone, nothing is written, nothing is left.
TEST_F(Irps, IssuerEndedBeforeItsIrp)
{
    constexpr ULONG code = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS);
    static IRP* held;
    held = nullptr;
    static DEVICE_OBJECT* target;
    static uint8_t bytes[8];
    static IO_STATUS_BLOCK status;
    status = {};
    Behaviour low { "low" };
    target = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_DEVICE_CONTROL] = [](DEVICE_OBJECT*, IRP* irp) {
        io::mark_pending(irp);
        held = irp;
        return STATUS_PENDING;
    };
    on_system([] {
        (void)ps::manager().create_system_thread(
            [](ke::Thread&, void*) {
                IRP* irp = io::IoBuildDeviceIoControlRequest(code, target, bytes, 8, bytes, 8, FALSE, nullptr, &status);
                EXPECT_EQ(io::IofCallDriver(target, irp), STATUS_PENDING);
            },
            nullptr);
    });
    // The ending thread waits five minutes for what it issued, then disowns it.
    for (int minutes = 0; minutes < 6; ++minutes)
        boot.settle();
    ASSERT_TRUE(held);
    EXPECT_EQ(io::issuer_of(*io::record_of(held)), nullptr);
    on_system([] { complete(held, STATUS_SUCCESS, 8); });
    EXPECT_EQ(status.Information, 0u);
    EXPECT_EQ(io().irps().live(), 0u);
}

// A master IRP split in two associated ones.
// Shows: the last of them to complete completes the master.
TEST_F(Irps, Associated)
{
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    low.dispatch[IRP_MJ_WRITE] = [](DEVICE_OBJECT*, IRP* i) { return complete(i, STATUS_SUCCESS); };
    low.dispatch[IRP_MJ_READ] = [&](DEVICE_OBJECT* d, IRP* master) {
        io::mark_pending(master);
        master->IoStatus.Status = STATUS_SUCCESS;
        master->IoStatus.Information = 2;
        master->AssociatedIrp.IrpCount = 2;
        for (int i = 0; i < 2; ++i) {
            IRP* part = io::IoMakeAssociatedIrp(master, 1);
            io::next_location(part)->MajorFunction = IRP_MJ_WRITE;
            io::IofCallDriver(d, part);
            note("part done");
        }
        return STATUS_PENDING;
    };
    on_system([&] {
        size_t const before = io().irps().live();
        IRP* irp = io::IoAllocateIrp(1, FALSE);
        io::next_location(irp)->MajorFunction = IRP_MJ_READ;
        io::set_completion_routine(irp, &keep, const_cast<char*>("maker"), true, true, true);
        EXPECT_EQ(io::IofCallDriver(l, irp), STATUS_PENDING);
        EXPECT_EQ(irp->IoStatus.Information, 2u);
        io::IoFreeIrp(irp);
        EXPECT_EQ(io().irps().live(), before);
    });
    EXPECT_EQ(journal(), "part done\nmaker keeps\npart done\n");
}

// IoBuildDeviceIoControlRequest by a driver: buffered, at once and pended.
// Shows: data goes both ways, the status block and event are written through the issuing thread, the IRP is gone.
TEST_F(Irps, BuiltDeviceControl)
{
    constexpr ULONG code = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS);
    Behaviour low { "low" };
    DEVICE_OBJECT* l = device(driver(u"low"), low);
    static IRP* held;
    held = nullptr;
    auto answer = [](IRP* irp) {
        auto* bytes = static_cast<uint8_t*>(irp->AssociatedIrp.SystemBuffer);
        for (int i = 0; i < 4; ++i)
            bytes[i] ^= 0xFF;
        return complete(irp, STATUS_SUCCESS, 4);
    };
    for (bool pend : { false, true }) {
        low.dispatch[IRP_MJ_DEVICE_CONTROL] = [&](DEVICE_OBJECT*, IRP* irp) {
            auto const& parameters = io::current_location(irp)->Parameters.DeviceIoControl;
            EXPECT_EQ(parameters.IoControlCode, code);
            EXPECT_EQ(parameters.InputBufferLength, 4u);
            EXPECT_EQ(parameters.OutputBufferLength, 8u);
            EXPECT_EQ(irp->RequestorMode, KernelMode);
            if (!pend)
                return answer(irp);
            io::mark_pending(irp);
            held = irp;
            return STATUS_PENDING;
        };
        on_system([&] {
            size_t const before = io().irps().live();
            uint8_t in[4] = { 1, 2, 3, 4 };
            uint8_t out[8] = {};
            KEVENT event;
            IO_STATUS_BLOCK status {};
            io::initialize_event(event, NotificationEvent, false);
            IRP* irp = io::IoBuildDeviceIoControlRequest(code, l, in, 4, out, 8, FALSE, &event, &status);
            ASSERT_TRUE(irp);
            EXPECT_EQ(io().irps_of(ke::kernel().current()), io::record_of(irp));
            NTSTATUS returned = io::IofCallDriver(l, irp);
            EXPECT_EQ(returned, pend ? STATUS_PENDING : STATUS_SUCCESS);
            if (pend) {
                // At DISPATCH_LEVEL the APC has to wait until the thread is interruptible again.
                uint8_t const old = ke::kernel().raise_irql(DISPATCH_LEVEL);
                answer(held);
                EXPECT_EQ(event.Header.SignalState, 0);
                ke::kernel().lower_irql(old);
            }
            EXPECT_EQ(event.Header.SignalState, 1);
            EXPECT_EQ(status.Status, STATUS_SUCCESS);
            EXPECT_EQ(status.Information, 4u);
            EXPECT_EQ(out[0], 0xFE);
            EXPECT_EQ(out[4], 0);
            EXPECT_EQ(io().irps().live(), before);
            EXPECT_EQ(io().irps_of(ke::kernel().current()), nullptr);
        });
    }
}
