// SPDX-License-Identifier: MIT
// Processes that end while others use them: attached threads, shared sections, locked pages, handles and notifications.
#include "film.h"

#include "ke/guarded.h"
#include "ob/manager.h"
#include "ps/process.h"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

HANDLE const kCurrent = reinterpret_cast<HANDLE>(~uint64_t { 0 });

bool put(PVOID at, uint32_t value) { return ke::write_guarded(static_cast<uint32_t*>(at), value); }
uint32_t get(PVOID at) { return ke::read_guarded<uint32_t>(static_cast<uint32_t*>(at)).value_or(0xFFFF'FFFF); }

PVOID view_of(Film& film, HANDLE section)
{
    PVOID base = nullptr;
    SIZE_T size = 0;
    film.ok("ZwMapViewOfSection", section, kCurrent, &base, 0ull, 0ull, nullptr, &size, ViewUnmap, 0u,
            ULONG { PAGE_READWRITE });
    return base;
}

} // namespace

// Two clients map one section. A thread attached to the first counts up in it, one attached to the second reads; then
// the first unmaps its view and ends, and the second reads on.
// Shows: both see the same bytes at each moment; they outlive the one that wrote them; a view that is gone is gone.
FILM(two_processes_share_a_section, "read while written", "read afterwards")
{
    LARGE_INTEGER size { .QuadPart = 0x2000 };
    HANDLE section = nullptr;
    film.ok("ZwCreateSection", &section, ULONG { SECTION_ALL_ACCESS }, &film.attributes(), &size, ULONG { PAGE_READWRITE },
            ULONG { SEC_COMMIT }, nullptr);
    PEPROCESS const writer = film.client();
    PEPROCESS const reader = film.client();
    uint32_t written = 0;
    film.thread([&] {
        {
            Attached attached(film, writer);
            PVOID const view = view_of(film, section);
            for (uint32_t i = 1; i <= 5; ++i) {
                film.linger(film.draw(5));
                EXPECT_TRUE(put(view, i));
                written = i;
            }
            film.ok("ZwUnmapViewOfSection", kCurrent, view);
            EXPECT_EQ(get(view), 0xFFFF'FFFFu);
        }
        film.end(writer);
    });
    film.thread([&] {
        Attached attached(film, reader);
        PVOID const view = view_of(film, section);
        for (uint32_t last = 0, i = 0; i < 4; ++i) {
            film.linger(film.draw(12));
            uint32_t const now = get(view);
            EXPECT_EQ(now, written);
            EXPECT_GE(now, last);
            last = now;
            film.went(now < 5 ? "read while written" : "read afterwards");
        }
        film.ok("ZwUnmapViewOfSection", kCurrent, view);
    });
    film.join();
    film.end(reader);
    film.ok("ZwClose", section);
}

// A thread attached to a client locks pages of its memory in an MDL and writes through a system mapping, while another
// frees that memory.
// Shows: locking raises or succeeds; locked pages stay readable through the mapping after the memory is gone, and go with
// MmUnlockPages.
FILM(memory_is_freed_while_its_pages_are_locked, "locked in time", "freed before")
{
    PEPROCESS const client = film.client();
    PVOID base = nullptr;
    SIZE_T size = 0x3000;
    {
        Attached attached(film, client);
        film.ok("ZwAllocateVirtualMemory", kCurrent, &base, 0ull, &size, ULONG { MEM_RESERVE | MEM_COMMIT },
                ULONG { PAGE_READWRITE });
        EXPECT_TRUE(put(base, 42));
    }
    film.thread([&] {
        film.linger(film.draw(25));
        Attached attached(film, client);
        PVOID at = base;
        SIZE_T none = 0;
        film.ok("ZwFreeVirtualMemory", kCurrent, &at, &none, ULONG { MEM_RELEASE });
    });
    film.thread([&] {
        film.linger(film.draw(10));
        Attached attached(film, client);
        auto* mdl = reinterpret_cast<MDL*>(
            film.call("IoAllocateMdl", base, 0x3000u, BOOLEAN { FALSE }, BOOLEAN { FALSE }, nullptr));
        bool locked = true;
        try {
            film.call("MmProbeAndLockPages", mdl, KPROCESSOR_MODE { UserMode }, IoWriteAccess);
        } catch (ke::Raised const& raised) {
            EXPECT_EQ(raised.status, STATUS_ACCESS_VIOLATION);
            locked = false;
        }
        film.went(locked ? "locked in time" : "freed before");
        if (locked) {
            film.linger(film.draw(20));
            auto* mapped = reinterpret_cast<PVOID>(film.call("MmMapLockedPagesSpecifyCache", mdl,
                                                             KPROCESSOR_MODE { KernelMode }, MmCached, nullptr, 0u,
                                                             ULONG { NormalPagePriority }));
            EXPECT_EQ(get(mapped), 42u);
            film.linger(film.draw(20));
            EXPECT_EQ(get(mapped), 42u);
            film.call("MmUnlockPages", mdl);
        }
        film.call("IoFreeMdl", mdl);
    });
    film.join();
    film.end(client);
}

// A handle is duplicated from one client into another while the first closes it, and then both end.
// Shows: the duplicate is there or was refused; it outlives the original; the ends of the processes close what is left.
FILM(a_handle_is_duplicated_while_it_is_closed, "duplicated", "closed before")
{
    PEPROCESS const from = film.client();
    PEPROCESS const to = film.client();
    auto handle_of = [&](PEPROCESS process) {
        HANDLE handle = nullptr;
        film.ok("ObOpenObjectByPointer", process, ULONG { OBJ_KERNEL_HANDLE }, nullptr, ULONG { PROCESS_ALL_ACCESS },
                nullptr, KPROCESSOR_MODE { KernelMode }, &handle);
        return handle;
    };
    HANDLE const from_handle = handle_of(from), to_handle = handle_of(to);
    HANDLE event = nullptr;
    {
        Attached attached(film, from);
        auto& plain = film.attributes();
        plain.Attributes = 0;
        film.ok("ZwCreateEvent", &event, ULONG { EVENT_ALL_ACCESS }, &plain, NotificationEvent, BOOLEAN { FALSE });
    }
    film.thread([&] {
        film.linger(film.draw(10));
        Attached attached(film, from);
        film.ok("ZwClose", event);
    });
    film.thread([&] {
        film.linger(film.draw(10));
        HANDLE copy = nullptr;
        NTSTATUS const status = film.status("ZwDuplicateObject", from_handle, event, to_handle, &copy, 0u, 0u,
                                            ULONG { DUPLICATE_SAME_ACCESS });
        film.went(status == STATUS_SUCCESS ? "duplicated" : "closed before");
        if (status != STATUS_SUCCESS) {
            EXPECT_EQ(status, STATUS_INVALID_HANDLE);
            return;
        }
        film.linger(film.draw(10));
        Attached attached(film, to);
        film.ok("ZwSetEvent", copy, nullptr);
    });
    film.join();
    film.end(from);
    film.end(to);
    film.ok("ZwClose", from_handle);
    film.ok("ZwClose", to_handle);
}

namespace {

struct Told {
    LONG began, ended;
    bool registered;
    Film* film;
};
Told* g_told;

// A client's own thread: in user mode, until its process ends.
void in_user_mode(ke::Thread&, void* event)
{
    ke::KeWaitForSingleObject(event, UserRequest, UserMode, FALSE, nullptr);
    ps::manager().return_to_user_mode(*ps::manager().record_of(ke::kernel().current()));
}

NTAPI void process_routine(PEPROCESS, HANDLE, PS_CREATE_NOTIFY_INFO* info)
{
    EXPECT_TRUE(g_told->registered);
    ++(info ? g_told->began : g_told->ended);
    g_told->film->linger(4);
    EXPECT_TRUE(g_told->registered);
}

} // namespace

// Clients come and go while a process notify routine is registered and removed.
// Shows: the routine runs only while it is registered; removal waits for the call that is under way; an end is told for
// each beginning within.
FILM(a_notify_routine_goes_while_processes_come, "told of none", "told of some", "told of all")
{
    auto& told = film.object<Told>();
    told.film = &film;
    g_told = &told;
    auto& never = film.object<KEVENT>();
    film.call("KeInitializeEvent", &never, NotificationEvent, BOOLEAN { FALSE });
    film.thread([&] {
        for (int i = 0; i < 2; ++i) {
            film.linger(film.draw(10));
            PEPROCESS const client = film.client();
            ke::Process& record = *film.rooms().processes.process_of(client);
            ASSERT_TRUE(film.rooms().processes.create_client_thread(record, in_user_mode, &never).ok());
            film.linger(film.draw(10));
            film.end(client);
        }
    });
    film.thread([&] {
        film.linger(film.draw(30));
        told.registered = true;
        film.ok("PsSetCreateProcessNotifyRoutineEx", &process_routine, BOOLEAN { FALSE });
        film.linger(film.draw(200));
        film.ok("PsSetCreateProcessNotifyRoutineEx", &process_routine, BOOLEAN { TRUE });
        told.registered = false;
        LONG const all = told.began + told.ended;
        film.went(all == 0 ? "told of none" : all == 4 ? "told of all" : "told of some");
    });
    film.join();
    EXPECT_LE(told.began + told.ended, 4);
    EXPECT_LE(std::abs(told.began - told.ended), 1);
}

// A client ends while threads of the System process are attached to it, hold references and ask it questions.
// Shows: questions are answered or refused; an attached thread leaves as it came; the object goes with the last reference.
FILM(a_process_ends_while_threads_are_attached, "alive", "had ended")
{
    PEPROCESS const client = film.client();
    for (int t = 0; t < 2; ++t) {
        film.call("ObfReferenceObject", client);
        film.thread([&] {
            film.linger(film.draw(30));
            {
                Attached attached(film, client);
                film.linger(film.draw(10));
                PVOID base = nullptr;
                SIZE_T size = 0x1000;
                NTSTATUS const status = film.status("ZwAllocateVirtualMemory", kCurrent, &base, 0ull, &size,
                                                    ULONG { MEM_RESERVE | MEM_COMMIT }, ULONG { PAGE_READWRITE });
                film.went(status == STATUS_SUCCESS ? "alive" : "had ended");
                if (status == STATUS_SUCCESS)
                    put(base, 1); // it may be gone by now
                else
                    EXPECT_EQ(status, STATUS_PROCESS_IS_TERMINATING);
            }
            film.call("ObfDereferenceObject", client);
        });
    }
    film.thread([&] {
        film.linger(film.draw(30));
        film.end(client);
    });
    film.join();
}

namespace {

struct ThreadsTold {
    Film* film;
    LONG began, ended;
    bool registered;
};
ThreadsTold* g_threads_told;

NTAPI void thread_routine(HANDLE, HANDLE, BOOLEAN create)
{
    EXPECT_TRUE(g_threads_told->registered);
    __atomic_add_fetch(create ? &g_threads_told->began : &g_threads_told->ended, 1, __ATOMIC_SEQ_CST);
    g_threads_told->film->linger(3);
    EXPECT_TRUE(g_threads_told->registered);
}

} // namespace

// Threads begin and end while a thread notify routine is registered and removed.
// Shows: the routine runs only while it is registered; removal waits for the calls that are under way.
FILM(a_thread_notify_routine_goes_while_threads_come, "told of none", "told of some", "told of all")
{
    auto& told = film.object<ThreadsTold>();
    told.film = &film;
    g_threads_told = &told;
    auto& go = film.object<KEVENT>();
    film.call("KeInitializeEvent", &go, NotificationEvent, BOOLEAN { FALSE });
    size_t const keeper = film.thread([&] {
        film.linger(film.draw(20));
        told.registered = true;
        film.ok("PsSetCreateThreadNotifyRoutine", &thread_routine);
        film.call("KeSetEvent", &go, 0, BOOLEAN { FALSE });
        film.linger(film.draw(150));
        film.ok("PsRemoveCreateThreadNotifyRoutine", &thread_routine);
        told.registered = false;
    });
    if (film.draw(3) == 0)
        film.wait(&go);
    for (int t = 0; t < 2; ++t) {
        film.linger(film.draw(20));
        film.thread([&] { film.linger(film.draw(10)); });
    }
    film.wait(film.thread_object(keeper));
    LONG const all = told.began + told.ended; // the keeper's own end is not told any more
    film.join();
    EXPECT_EQ(told.began + told.ended, all);
    EXPECT_LE(all, 4);
    film.went(all == 0 ? "told of none" : all == 4 ? "told of all" : "told of some");
}
