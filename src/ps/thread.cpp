// SPDX-License-Identifier: MIT
// Threads: birth, start, end, and the thread that buries them.
#include "ps/process.h"

#include "base/check.h"
#include "ke/dispatcher_objects.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "ob/object.h"
#include "ps/client_image.h"
#include "se/object_security.h"
#include "se/security.h"

#include <utility>

namespace ringside::ps {

using namespace nt;

namespace {

constexpr uint32_t kThreadTag = 'erhT'; // "Thre"
constexpr int8_t kReaperPriority = 15;

void run_driver_routine(ke::Thread& self, void* context)
{
    auto const& record = *static_cast<ThreadRecord*>(context);
    ke::through_door(ke::DoorPassage { ke::Door::ThreadStart, nullptr, self.number }, record.start_routine,
                     record.start_context);
}

} // namespace

ThreadRecord* ProcessManager::record_of(ke::Thread const& thread)
{
    auto it = m_threads.find(thread.number);
    return it == m_threads.end() ? nullptr : &it->second;
}

ke::Thread* ProcessManager::thread_by_id(uint64_t id)
{
    auto it = m_thread_ids.find(id);
    return it == m_thread_ids.end() ? nullptr : it->second;
}

Result<ke::Thread*> ProcessManager::make_thread(ke::Process& process, ke::Thread::Main main, void* context)
{
    if (record_of(process)->exited || record_of(process)->terminating)
        return Failure { STATUS_PROCESS_IS_TERMINATING };
    void* body = TRY(ob::create(ob::thread_type, ke::kGuestThreadBytes, kThreadTag));
    se::Token const& token = *se::security().token_of(se::security().primary(process));
    if (auto secured = se::assign_default(body, token); !secured.ok()) {
        ob::dereference(body);
        return secured.failure();
    }
    ke::Thread* thread = ke::kernel().create_thread(body, process, thread_main, nullptr);
    if (!thread) {
        ob::dereference(body);
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    }
    ob::reference(process.guest);
    thread->id = next_id();
    ThreadRecord& record = m_threads[thread->number];
    record.thread = thread;
    record.main = main;
    record.context = context;
    record.create_time = static_cast<int64_t>(ke::kernel().system_time());
    thread->main_context = &record;
    m_thread_ids.emplace(thread->id, thread);
    return thread;
}

Result<ke::Thread*> ProcessManager::create_system_thread(ke::Thread::Main main, void* context)
{
    ke::Thread* thread = TRY(make_thread(*m_system, main, context));
    start(*thread);
    return thread;
}

Result<ke::Thread*> ProcessManager::create_client_thread(ke::Process& process, ke::Thread::Main main, void* context)
{
    ke::Thread* thread = TRY(make_thread(process, main, context));
    thread->client = true;
    if (NTSTATUS status = start(*thread); status) {
        ob::dereference(thread->guest);
        return Failure { status };
    }
    return thread;
}

Result<ke::Thread*> ProcessManager::create_driver_thread(ke::Process& process, PKSTART_ROUTINE routine, PVOID context)
{
    ke::Thread* thread = TRY(make_thread(process, run_driver_routine, nullptr));
    ThreadRecord& record = *record_of(*thread);
    record.context = &record;
    record.start_routine = routine;
    record.start_context = context;
    thread->kernel_apc_disable = -1;
    return thread;
}

NTSTATUS ProcessManager::start(ke::Thread& thread)
{
    ProcessRecord& process = *record_of(*thread.process);
    ThreadRecord& record = *record_of(thread);
    if (!process.announced) {
        process.announced = true;
        if (NTSTATUS refused = notify_process(process.process, true); refused)
            return refused;
    }
    ++process.live_threads;
    record.announced = true;
    notify_thread(thread, ThreadMoment::Made);
    ke::kernel().log(sim::Event::ThreadStarted, thread.number, process.process.number);
    ke::kernel().start(thread);
    return STATUS_SUCCESS;
}

void ProcessManager::thread_main(ke::Thread& self, void* context)
{
    auto& record = *static_cast<ThreadRecord*>(context);
    if (self.client) {
        notify_thread(self, ThreadMoment::Begins);
        manager().announce_image(*self.process);
    }
    record.main(self, record.context);
    manager().exit_thread(STATUS_SUCCESS);
}

// In the context of the new process, as its first thread begins.
void ProcessManager::announce_image(ke::Process& process)
{
    ProcessRecord& record = *record_of(process);
    if (std::exchange(record.image_announced, true))
        return;
    notify_image_load(device_path_of_image(record), process.id, reinterpret_cast<void*>(record.image_base),
                      kClientImageBytes, false);
}

void ProcessManager::exit_thread(NTSTATUS status)
{
    ke::Thread& self = ke::kernel().current();
    ThreadRecord& record = *record_of(self);
    CHECK(!record.terminating, "a thread ends once");
    record.terminating = true;
    // Attached elsewhere it would end with the wrong process' addresses open.
    if (self.attached != self.process)
        ke::bug_check(INVALID_PROCESS_ATTACH_ATTEMPT, reinterpret_cast<uint64_t>(self.process->guest),
                      reinterpret_cast<uint64_t>(self.attached->guest), 1, 0,
                      "a thread ended while it was attached to another process");
    if (record.critical)
        ke::bug_check(CRITICAL_PROCESS_DIED, reinterpret_cast<uint64_t>(self.guest), 1, 0, 0,
                      "a thread ended that had been set to break on termination");
    if (thread_ending)
        thread_ending(self);
    notify_thread(self, ThreadMoment::Ends);
    ProcessRecord& process = *record_of(*self.process);
    if (self.process != m_system && --process.live_threads == 0)
        leave_process(process, status);
    // It is still running: the reaper waits until it is not, and then drops its own reference.
    record.ended = true;
    if (record.on_end)
        record.on_end(record.context);
    m_ended.push_back(&self);
    ke::KeSetEvent(m_reaper_event, IO_NO_INCREMENT, FALSE);
    ke::kernel().exit_current(status);
}

void ProcessManager::reaper_main(ke::Thread& self, void* context)
{
    auto& m = *static_cast<ProcessManager*>(context);
    ke::kernel().set_priority(self, kReaperPriority);
    self.base_priority = kReaperPriority;
    for (;;) {
        ke::KeWaitForSingleObject(m.m_reaper_event, Executive, KernelMode, FALSE, nullptr);
        while (!m.m_ended.empty()) {
            ke::Thread* thread = m.m_ended.front();
            m.m_ended.pop_front();
            ke::KeWaitForSingleObject(thread->guest, Executive, KernelMode, FALSE, nullptr);
            ob::dereference(thread->guest);
        }
        ob::delete_deferred();
    }
}

void ProcessManager::thread_deleted(void* body)
{
    ProcessManager& m = manager();
    ke::Thread* thread = ke::kernel().thread_of(static_cast<PKTHREAD>(body));
    if (!thread)
        return; // no stack was left for it
    ke::Process& process = *thread->process;
    m.m_thread_ids.erase(thread->id);
    se::security().thread_gone(*thread);
    m.m_threads.erase(thread->number);
    ke::kernel().forget(*thread);
    ob::dereference(process.guest);
}

size_t ProcessManager::driver_threads() const
{
    size_t count = 0;
    for (auto const& [number, record] : m_threads)
        count += record.start_routine && record.announced && !record.ended;
    return count;
}

void ProcessManager::for_each_driver_thread(void (*visit)(void* context, ke::Thread const& thread,
                                                          void const* start_routine),
                                            void* context) const
{
    for (auto const& [number, record] : m_threads)
        if (record.start_routine && record.announced && !record.ended)
            visit(context, *record.thread, reinterpret_cast<void const*>(record.start_routine));
}

ke::Thread& required_thread(void* ethread)
{
    ke::Thread* thread
        = ob::type_of(ethread) == &ob::thread_type ? ke::kernel().thread_of(static_cast<PKTHREAD>(ethread)) : nullptr;
    if (thread)
        return *thread;
    uint64_t probe;
    ke::copy_or_raise(&probe, ethread, sizeof probe);
    ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(ob::thread_type.guest),
                  reinterpret_cast<uint64_t>(ethread), 0, 0, "a pointer that is no thread was used as one");
}

} // namespace ringside::ps
