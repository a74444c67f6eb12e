// SPDX-License-Identifier: MIT
// Files and requests in numbers: opening a file among a million handles and among many open files; cancelling 100 000
// pending requests, one by one and as a thread that ends does it. The 100 000 are one thread's in one queue, or those of
// ten threads in ten queues: the same memory, so that the ratio shows what grows with the number and not what the caches
// hold. Ends with one line `ratio NAME VALUE` per figure.
#include "ratios.h"

#include "io/cancel.h"
#include "io/complete.h"
#include "io/csq.h"
#include "io/dispatch.h"
#include "io/manager.h"
#include "io/open.h"
#include "io/request.h"
#include "ke/dispatcher_objects.h"
#include "machine/host_thread.h"
#include "machine/rooms.h"
#include "ob/handle.h"
#include "rtl/list.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <deque>
#include <vector>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr size_t kHandles = 1'000'000;
constexpr size_t kMany = 100'000;
constexpr size_t kGroups = 10;
constexpr size_t kFew = kMany / kGroups;
constexpr uint32_t kTag = 0x68636E42; // "Bnch"

// What the driver holds for a file: reads in a cancel-safe queue, writes without a cancel routine. In kernel memory, for
// its bytes are the driver's.
struct Held {
    IO_CSQ queue;
    LIST_ENTRY reads;
    LIST_ENTRY writes;
    KSPIN_LOCK lock;
};
Held& held_of(IO_CSQ* queue) { return *CONTAINING_RECORD(queue, Held, queue); }
LIST_ENTRY& entry_of(IRP* irp) { return irp->Tail.Overlay.ListEntry; }

NTSTATUS complete(IRP* irp, NTSTATUS status)
{
    irp->IoStatus = { { status }, 0 };
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTAPI void insert_irp(IO_CSQ* queue, IRP* irp) { rtl::insert_tail(held_of(queue).reads, entry_of(irp)); }
NTAPI void remove_irp(IO_CSQ*, IRP* irp) { rtl::remove(entry_of(irp)); }
NTAPI IRP* peek_irp(IO_CSQ*, IRP*, void*) { return nullptr; }
NTAPI void lock_queue(IO_CSQ* queue, KIRQL* irql) { *irql = ke::KeAcquireSpinLockRaiseToDpc(&held_of(queue).lock); }
NTAPI void unlock_queue(IO_CSQ* queue, KIRQL irql) { ke::KeReleaseSpinLock(&held_of(queue).lock, irql); }
NTAPI void complete_cancelled(IO_CSQ*, IRP* irp) { complete(irp, STATUS_CANCELLED); }

NTSTATUS create(FILE_OBJECT* file)
{
    auto* held = static_cast<Held*>(ex::allocate(NonPagedPoolNx, sizeof(Held), kTag, ex::Owner::Kernel, true));
    if (!held)
        return STATUS_INSUFFICIENT_RESOURCES;
    rtl::initialize(held->reads);
    rtl::initialize(held->writes);
    file->FsContext = held;
    return io::IoCsqInitialize(&held->queue, insert_irp, remove_irp, peek_irp, lock_queue, unlock_queue,
                               complete_cancelled);
}

NTAPI NTSTATUS dispatch(DEVICE_OBJECT*, IRP* irp)
{
    FILE_OBJECT* const file = io::current_location(irp)->FileObject;
    auto* const held = static_cast<Held*>(file->FsContext);
    switch (io::current_location(irp)->MajorFunction) {
    case IRP_MJ_CREATE:
        return complete(irp, create(file));
    case IRP_MJ_READ:
        io::IoCsqInsertIrp(&held->queue, irp, nullptr);
        return STATUS_PENDING;
    case IRP_MJ_WRITE:
        io::mark_pending(irp);
        rtl::insert_tail(held->writes, entry_of(irp));
        return STATUS_PENDING;
    case IRP_MJ_CLOSE:
        ex::free(held, kTag);
        return complete(irp, STATUS_SUCCESS);
    default:
        return complete(irp, STATUS_SUCCESS);
    }
}

NTAPI NTSTATUS enter_driver(DRIVER_OBJECT* driver, UNICODE_STRING*)
{
    for (auto& function : driver->MajorFunction)
        function = &dispatch;
    char16_t text[] = u"\\Device\\Crowd";
    UNICODE_STRING name { sizeof text - 2, sizeof text, text };
    DEVICE_OBJECT* device = nullptr;
    NTSTATUS const status = io::IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    return status;
}

machine::RoomOptions bare()
{
    machine::RoomOptions options;
    options.kernel.binding = ke::Binding::Bare;
    options.memory_bytes = size_t { 2 } << 30;
    return options;
}

HANDLE open()
{
    io::OpenRequest request;
    request.path = u"\\Device\\Crowd";
    request.access = GENERIC_READ | GENERIC_WRITE;
    auto opened = io::open(request);
    return opened.ok() ? opened->handle : nullptr;
}

// A bare machine with the driver.
struct Crowd {
    Crowd()
        : rooms(bare())
        , thread(nullptr)
    {
        thread.execute([] {
            (void)io::create_driver({ .name = u"crowd", .entry = &enter_driver, .registry_path = u"\\Registry" });
        });
    }
    machine::Rooms rooms;
    machine::HostThread thread;
};

// A thread with requests of its own on a file of its own.
struct Group {
    explicit Group(size_t count)
        : thread(nullptr)
        , operations(count)
    {
        thread.execute([this] { file = open(); });
    }
    void send(UCHAR major)
    {
        for (auto& operation : operations)
            if (io::start({ .handle = file, .major = major, .offset = 0, .mode = KernelMode }, operation)
                != STATUS_PENDING)
                operation = nullptr;
    }
    // Ends what the driver kept. Whether each request has come back cancelled.
    bool finish()
    {
        auto target = ob::resolve_handle(ob::current_process(), file, KernelMode);
        LIST_ENTRY& writes = static_cast<Held*>(static_cast<FILE_OBJECT*>(target->body)->FsContext)->writes;
        while (!rtl::empty(writes)) {
            IRP* irp = CONTAINING_RECORD(writes.Flink, IRP, Tail.Overlay.ListEntry);
            rtl::remove(entry_of(irp));
            complete(irp, irp->Cancel ? STATUS_CANCELLED : STATUS_UNSUCCESSFUL);
        }
        bool cancelled = true;
        for (auto* operation : operations) {
            cancelled &= operation && io::is_done(*operation) && io::reply_of(*operation).status == STATUS_CANCELLED;
            if (operation)
                io::release_operation(*operation);
        }
        return cancelled;
    }
    machine::HostThread thread;
    HANDLE file = nullptr;
    std::vector<io::Operation*> operations;
};

void open_a_file(benchmark::State& state, bool of_files)
{
    Crowd crowd;
    crowd.thread.execute([&] {
        auto& process = ob::current_process();
        void* const event = *ob::create(ob::event_type, sizeof(KEVENT), kTag);
        for (int64_t i = 0; i < state.range(0); ++i)
            if (of_files)
                open();
            else
                (void)ob::open_handle(process, event, { .access = SYNCHRONIZE });
        for (auto _ : state)
            if (HANDLE const handle = open(); !handle || !ob::close_handle(process, handle, KernelMode).ok()) {
                state.SkipWithError("a file was not opened");
                break;
            }
    });
    state.SetItemsProcessed(state.iterations());
}

enum class Cancel { OneByOne, ThreadEnds, ThreadKeeps };

void cancel_of(Group& group, Cancel how)
{
    switch (how) {
    case Cancel::OneByOne: // in another order than they came in, and the same for one group as for ten
        for (size_t i = 0; i < group.operations.size(); ++i)
            if (io::Operation* operation = group.operations[i - i % kFew + i * 7919 % kFew])
                io::cancel(*operation);
        break;
    case Cancel::ThreadEnds:
        io::end_thread_io(ke::kernel().current());
        break;
    case Cancel::ThreadKeeps:
        io::cancel_thread_irps(ke::kernel().current(), nullptr);
        break;
    }
}

void cancel(benchmark::State& state, Cancel how)
{
    Crowd crowd;
    std::deque<Group> groups;
    for (int64_t i = 0; i < state.range(0); ++i)
        groups.emplace_back(kMany / static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        state.PauseTiming();
        for (Group& group : groups)
            group.thread.execute([&] { group.send(how == Cancel::ThreadKeeps ? IRP_MJ_WRITE : IRP_MJ_READ); });
        state.ResumeTiming();
        for (Group& group : groups)
            group.thread.execute([&] { cancel_of(group, how); });
        state.PauseTiming();
        bool cancelled = true;
        for (Group& group : groups)
            group.thread.execute([&] { cancelled &= group.finish(); });
        if (!cancelled)
            state.SkipWithError("a request was not cancelled");
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kMany));
}

} // namespace

int main(int argc, char** argv)
{
    using benchmark::RegisterBenchmark;
    benchmark::Initialize(&argc, argv);
    RegisterBenchmark("open/among_handles", open_a_file, false)->Arg(1)->Arg(kHandles);
    RegisterBenchmark("open/among_files", open_a_file, true)->Arg(1)->Arg(kMany);
    RegisterBenchmark("cancel/one_by_one", cancel, Cancel::OneByOne)->Arg(1)->Arg(kGroups);
    RegisterBenchmark("cancel/thread_ends", cancel, Cancel::ThreadEnds)->Arg(1)->Arg(kGroups);
    RegisterBenchmark("cancel/thread_keeps", cancel, Cancel::ThreadKeeps)->Arg(1)->Arg(kGroups);
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("open_among_1000000_handles_to_1", "open/among_handles/1000000", "open/among_handles/1");
    ratios.ratio("open_among_100000_files_to_1", "open/among_files/100000", "open/among_files/1");
    ratios.ratio("cancel_100000_to_10_times_10000", "cancel/one_by_one/1", "cancel/one_by_one/10");
    ratios.ratio("thread_ends_with_100000_to_10_with_10000", "cancel/thread_ends/1", "cancel/thread_ends/10");
    ratios.ratio("thread_cancels_100000_kept_to_10_times_10000", "cancel/thread_keeps/1", "cancel/thread_keeps/10");
    return 0;
}
