// SPDX-License-Identifier: MIT
// Processes and threads: the System process with the threads of the kernel and of drivers, and client processes with
// an address slice each. The dispatcher's records (ke::Process, ke::Thread) decide; EPROCESS and KTHREAD are their
// objects.
//
//   create_*_thread        start routine          returns, PsTerminateSystemThread        last reference gone
//  (none) ---------> Started ---------> Running ----------------------------> Terminated -------------> (none)
//                                                 notify, signal the object               stack returned
//
// Invariants
//   P1  a thread holds one reference to its process, and one to itself until it ended
//   P2  process and thread ids come from one counter and are never used again
//   P3  a client's handles are closed and its addresses go when its last thread ends
#pragma once

#include "base/result.h"
#include "base/windows.h"
#include "hal/layout.h"
#include "ke/thread.h"
#include "mm/address_space.h"
#include "nt/nt.h"
#include "ps/notify.h"
#include "se/token.h"

#include <deque>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace ringside::ps {

// This room's part of the data exports.
inline constexpr uintptr_t kInitialSystemProcess = hal::kDataExports + 0x1F000; // PsInitialSystemProcess
inline constexpr uintptr_t kServicePackText = hal::kDataExports + 0x1F100;      // what PsGetVersion points at

inline constexpr nt::UCHAR kNormalPriorityClass = 2; // PROCESS_PRIORITY_CLASS_NORMAL

// Bytes of pool that a process answers for.
struct Quota {
    uint64_t used = 0;
    uint64_t most = 0;
};

struct ProcessRecord {
    ke::Process process;
    size_t index = 0;
    uint64_t parent_id = 0;
    int64_t create_time = 0;
    int64_t exit_time = 0;
    nt::NTSTATUS exit_status = nt::STATUS_PENDING;
    uint32_t live_threads = 0; // of a client
    bool announced = false; // its creation was notified
    bool terminating = false; // exit_status says with what
    bool exited = false;
    bool critical = false; // its end is bug check 0xEF
    uint32_t exit_holds = 0; // PsAcquireProcessExitSynchronization: it does not go while there are some
    nt::UCHAR priority_class = kNormalPriorityClass;
    Quota quota[2]; // non-paged and paged pool
    nt::ULONGLONG disk[5] {}; // bytes read and written; reads, writes and flushes
    std::u16string image_path;
    uintptr_t image_base = 0; // of a client
    void* narrow_peb = nullptr; // of a 32-bit client: a page of its own, zeroed
    bool image_announced = false; // ... was notified, in its context
};

struct ThreadRecord {
    ke::Thread* thread = nullptr;
    ke::Thread::Main main = nullptr;
    void* context = nullptr;
    nt::PKSTART_ROUTINE start_routine = nullptr; // a driver's thread
    nt::PVOID start_context = nullptr;
    int64_t create_time = 0;
    bool announced = false;
    bool terminating = false;
    bool ended = false;
    bool end_asked = false; // it ends with `end_status` before it goes back to user mode
    nt::NTSTATUS end_status = 0;
    bool hidden_from_debugger = false;
    bool critical = false;
    nt::ULONG page_priority = 5; // MEMORY_PRIORITY_NORMAL
    // Told with `context` when the thread is about to run for the last time.
    void (*on_end)(void* context) = nullptr;
};

class ProcessManager {
public:
    explicit ProcessManager(Windows windows);
    ~ProcessManager();
    ProcessManager(ProcessManager const&) = delete;
    ProcessManager& operator=(ProcessManager const&) = delete;

    Windows windows() const { return m_windows; }
    ke::Process& system() { return *m_system; }
    ProcessRecord* record_of(ke::Process const& process) { return m_processes[process.guest->record_index].get(); }
    // The process behind an EPROCESS; null for a pointer that is none.
    ke::Process* process_of(void* eprocess);
    ke::Process* process_by_id(uint64_t id);
    ke::Thread* thread_by_id(uint64_t id);
    ThreadRecord* record_of(ke::Thread const& thread);

    // A client process without threads, unknown to notify routines until its first thread is made. The path's last
    // component names it. STATUS_INSUFFICIENT_RESOURCES.
    Result<ke::Process*> create_client(std::u16string_view image_path, se::Account account = se::Account::Administrator,
                                       mm::Width width = mm::Width::Bits64);
    // Ends a client that has no thread (any more).
    void end_client(ke::Process& process, nt::NTSTATUS status);

    // A thread of the kernel's own; runs main(self, context) and ends when that returns. It has started on return.
    Result<ke::Thread*> create_system_thread(ke::Thread::Main main, void* context);
    // The same in a client, whose unhandled exceptions are then bug check 0x3B.
    Result<ke::Thread*> create_client_thread(ke::Process& process, ke::Thread::Main main, void* context);
    // A driver's thread, inside a critical region. Not started; its only reference is the one it has while it runs.
    Result<ke::Thread*> create_driver_thread(ke::Process& process, nt::PKSTART_ROUTINE routine, nt::PVOID context);
    // Tells notify routines and lets it run. At PASSIVE_LEVEL or APC_LEVEL, on a thread of the machine when there are
    // routines. A process notify routine may refuse: the thread then never runs.
    nt::NTSTATUS start(ke::Thread& thread);
    // Ends a client: its threads end when they wait in user mode or come back to it; the current one, if it is among
    // them, at once, and then this does not return. STATUS_PROCESS_IS_TERMINATING; STATUS_ACCESS_DENIED for the System
    // process. Bug check 0xEF for a process that said it is critical.
    nt::NTSTATUS terminate(ke::Process& process, nt::NTSTATUS status, bool sparing_current = false);
    // A client's thread, the current one, is where it could be in user mode: ends it when that was asked for.
    void return_to_user_mode(ThreadRecord const& current);
    // PsAcquireProcessExitSynchronization and its undoing.
    nt::NTSTATUS hold_exit(ke::Process& process);
    void release_exit(ke::Process& process);
    // Pool quota: false when the process has not that much left. Returning more than was charged is bug check 0x21.
    bool charge(ke::Process& process, bool paged, uint64_t bytes);
    void give_back(ke::Process& process, bool paged, uint64_t bytes);

    // In order of birth.
    template <typename Visit>
    void for_each_process(Visit visit)
    {
        for (auto const& record : m_processes)
            if (record)
                visit(*record);
    }
    template <typename Visit>
    void for_each_thread(Visit visit)
    {
        for (auto& [number, record] : m_threads)
            if (!record.ended)
                visit(record);
    }

    // Ends the current thread.
    [[noreturn]] void exit_thread(nt::NTSTATUS status);

    // Driver-made threads that have not ended, in order of birth; for the leak check.
    size_t driver_threads() const;
    void for_each_driver_thread(void (*visit)(void* context, ke::Thread const& thread, void const* start_routine),
                                void* context) const;

    uint64_t next_id() { return m_next_id += 4; }

    size_t notify_routines() const { return process_notify.count() + thread_notify.count() + image_notify.count(); }

    NotifyList process_notify;
    NotifyList thread_notify;
    NotifyList image_notify;
    // A thread is about to end, on itself at PASSIVE_LEVEL: room io cancels what it issued. Null: nobody listens.
    void (*thread_ending)(ke::Thread& thread) = nullptr;
    // Whether the image around a function has IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY; null: taken for granted.
    bool (*has_forced_integrity)(void const* function) = nullptr;

private:
    ke::Process& make_process(void* body, std::u16string_view image_path, uint64_t id, uint64_t parent);
    Result<ke::Thread*> make_thread(ke::Process& process, ke::Thread::Main main, void* context);
    void announce_image(ke::Process& process);
    void leave_process(ProcessRecord& record, nt::NTSTATUS status);
    void ask_to_end(ThreadRecord& record, nt::NTSTATUS status);
    static void thread_main(ke::Thread& self, void* record);
    static void reaper_main(ke::Thread& self, void* manager);
    static void thread_deleted(void* body);
    static void process_deleted(void* body);

    Windows m_windows;
    ke::Process* m_system = nullptr;
    std::vector<std::unique_ptr<ProcessRecord>> m_processes; // by birth; null: gone
    std::map<uint32_t, ThreadRecord> m_threads; // by thread number
    std::map<uint64_t, ke::Process*> m_process_ids;
    std::map<uint64_t, ke::Thread*> m_thread_ids;
    nt::KEVENT* m_exit_released = nullptr; // set whenever a process has no more exit holds
    uint32_t m_processes_born = 0;
    uint64_t m_next_id = 4;
    nt::KEVENT* m_reaper_event = nullptr;
    std::deque<ke::Thread*> m_ended; // their own reference is still to be dropped
};

extern ProcessManager* g_manager;
inline ProcessManager& manager() { return *g_manager; }

// The name of a process' image by its volume's device, "\Device\HarddiskVolume1\client.exe", where the drive letter has
// one; else as it was given.
std::u16string device_path_of_image(ProcessRecord const& record);

// The process behind an EPROCESS that a driver gave: bug check 0x18 when it is none. The same for threads.
ke::Process& required_process(void* eprocess);
ke::Thread& required_thread(void* ethread);
// The 16 bytes that PsGetProcessImageFileName points at.
nt::UCHAR* image_file_name(ke::Process& process);

} // namespace ringside::ps
