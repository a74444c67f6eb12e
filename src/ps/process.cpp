// SPDX-License-Identifier: MIT
// Processes: the System process, clients, their end.
#include "ps/process.h"

#include "base/check.h"
#include "ex/executive.h"
#include "ex/pool.h"
#include "ex/quota.h"
#include "ke/dispatcher_objects.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "mm/address_space.h"
#include "ob/handle.h"
#include "ob/object.h"
#include "ps/client_image.h"
#include "ps/memory_rows.h"
#include "rtl/version.h"
#include "se/object_security.h"
#include "se/security.h"

#include <algorithm>
#include <cstring>

namespace ringside::ps {

using namespace nt;

ProcessManager* g_manager = nullptr;

namespace {

constexpr uint32_t kProcessTag = 'corP'; // "Proc"
constexpr uint32_t kEventTag = 'vEsP';   // "PsEv"

// EPROCESS as we lay it out: what PsGetProcessImageFileName points at stands behind the header.
struct ProcessBody {
    ke::GuestProcess guest;
    UCHAR image_file_name[16];
};
static_assert(sizeof(ProcessBody) <= ke::kGuestProcessBytes);

KEVENT* make_event(EVENT_TYPE type)
{
    auto* event
        = static_cast<KEVENT*>(ex::allocate(NonPagedPoolNx, sizeof(KEVENT), kEventTag, ex::Owner::Kernel, true));
    CHECK(event, "physical memory is too small to boot");
    ke::KeInitializeEvent(event, type, FALSE);
    return event;
}

// Documented maxima: 8 routines of a kind before Windows Vista, 64 since; for images 64 only since Windows 8.1.
constexpr size_t kRoutinesOld = 8;
constexpr size_t kRoutinesNew = 64;

} // namespace

UCHAR* image_file_name(ke::Process& process)
{
    return reinterpret_cast<ProcessBody*>(process.guest)->image_file_name;
}

ProcessManager::ProcessManager(Windows windows) : m_windows(windows)
{
    CHECK(!g_manager, "one machine is live per process at a time");
    g_manager = this;
    ob::process_type.deleted = process_deleted;
    ob::thread_type.deleted = thread_deleted;
    size_t const limit = windows < Windows::vista ? kRoutinesOld : kRoutinesNew;
    process_notify.set_limit(limit);
    thread_notify.set_limit(limit);
    image_notify.set_limit(windows < Windows::win8_1 ? kRoutinesOld : kRoutinesNew);
    for (NotifyList* list : { &process_notify, &thread_notify, &image_notify })
        list->set_event(make_event(NotificationEvent));

    auto body = ob::create(ob::process_type, ke::kGuestProcessBytes, kProcessTag);
    CHECK(body.ok(), "physical memory is too small to boot");
    m_system = &make_process(*body, u"System", ob::kSystemProcessId, 0);
    m_system->guest->Header.SignalState = 0;
    record_of(*m_system)->announced = true;
    ob::reference(se::security().system_token());
    se::security().assign_primary(*m_system, se::security().system_token());
    CHECK(se::assign_default(*body, *se::security().token_of(se::security().system_token())).ok(),
          "physical memory is too small to boot");
    std::memcpy(reinterpret_cast<void*>(kInitialSystemProcess), &m_system->guest, sizeof(void*));

    OSVERSIONINFOW version { .dwOSVersionInfoSize = sizeof(OSVERSIONINFOW) };
    rtl::RtlGetVersion(&version);
    std::memcpy(reinterpret_cast<void*>(kServicePackText), version.szCSDVersion, sizeof version.szCSDVersion);

    ex::g_create_system_thread = [](ke::Thread::Main main, void* context) -> ke::Thread* {
        ProcessManager& m = manager();
        auto made = m.make_thread(*m.m_system, main, context);
        return made.ok() ? *made : nullptr;
    };
    ke::g_make_system_thread = [](ke::Thread::Main main, void* context) -> ke::Thread* {
        ProcessManager& m = manager();
        auto made = m.make_thread(*m.m_system, main, context);
        return made.ok() ? *made : nullptr;
    };
    m_reaper_event = make_event(SynchronizationEvent);
    m_exit_released = make_event(NotificationEvent);
    ex::g_quota = { [](ke::Process& process, bool paged, uint64_t bytes) { return manager().charge(process, paged, bytes); },
                    [](ke::Process& process, bool paged, uint64_t bytes) { manager().give_back(process, paged, bytes); } };
    CHECK(create_system_thread(reaper_main, this).ok(), "physical memory is too small to boot");
    make_section_objects();
    ob::set_deferral([] { ke::KeSetEvent(manager().m_reaper_event, IO_NO_INCREMENT, FALSE); });
}

ProcessManager::~ProcessManager()
{
    ob::set_deferral(nullptr);
    ex::g_create_system_thread = nullptr;
    ex::g_quota = {};
    ke::g_make_system_thread = nullptr;
    ob::process_type.deleted = nullptr;
    ob::thread_type.deleted = nullptr;
    ob::section_type.deleted = nullptr;
    for (auto const& record : m_processes)
        if (record && record->process.slice)
            mm::delete_slice(record->process);
    g_manager = nullptr;
}

ke::Process& ProcessManager::make_process(void* body, std::u16string_view image_path, uint64_t id, uint64_t parent)
{
    auto record = std::make_unique<ProcessRecord>();
    record->index = m_processes.size();
    record->parent_id = parent;
    record->create_time = static_cast<int64_t>(ke::kernel().system_time());
    record->image_path = image_path;
    ke::Process& process = record->process;
    process.number = ++m_processes_born;
    process.id = id;
    process.guest = static_cast<ke::GuestProcess*>(body);
    process.guest->record_index = record->index;
    process.guest->Header.Type = ProcessObject;
    process.guest->Header.Size = sizeof(ke::GuestProcess) / sizeof(ULONG);
    process.guest->Header.WaitListHead.Flink = process.guest->Header.WaitListHead.Blink
        = &process.guest->Header.WaitListHead;
    // The last component, as far as 15 characters of it are ASCII: what the member has always held.
    std::u16string_view name = image_path.substr(image_path.find_last_of(u'\\') + 1);
    for (size_t i = 0; i < name.size() && i + 1 < sizeof process.name; ++i)
        process.name[i] = name[i] < 0x80 ? static_cast<char>(name[i]) : '?';
    std::memcpy(image_file_name(process), process.name, sizeof process.name);
    m_processes.push_back(std::move(record));
    m_process_ids.emplace(id, &process);
    return process;
}

Result<ke::Process*> ProcessManager::create_client(std::u16string_view image_path, se::Account account,
                                                   mm::Width width)
{
    void* body = TRY(ob::create(ob::process_type, ke::kGuestProcessBytes, kProcessTag));
    ke::Process& process = make_process(body, image_path, next_id(), m_system->id);
    auto slice = mm::create_slice(process, width);
    if (!slice.ok()) {
        ob::dereference(body);
        return slice.failure();
    }
    auto image = map_client_image(process);
    if (!image.ok()) {
        ob::dereference(body);
        return image.failure();
    }
    record_of(process)->image_base = *image;
    if (width == mm::Width::Bits32) {
        auto peb = mm::allocate_user(process, hal::kPageSize, true);
        if (!peb.ok()) {
            ob::dereference(body);
            return peb.failure();
        }
        record_of(process)->narrow_peb = *peb;
    }
    auto token = se::security().make_primary(account);
    auto secured = token.ok() ? se::assign_default(body, **token) : token.failure();
    if (token.ok())
        se::security().assign_primary(process, (*token)->body);
    if (!secured.ok()) {
        ob::dereference(body);
        return secured.failure();
    }
    return &process;
}

void ProcessManager::end_client(ke::Process& process, NTSTATUS status)
{
    ProcessRecord& record = *record_of(process);
    CHECK(&process != m_system && !record.live_threads && !record.exited, "a process ends once, after its threads");
    leave_process(record, status);
}

void ProcessManager::leave_process(ProcessRecord& record, NTSTATUS status)
{
    ke::Process& process = record.process;
    if (!record.terminating)
        record.exit_status = status;
    record.terminating = true;
    while (record.exit_holds) {
        ke::KeClearEvent(m_exit_released);
        ke::KeWaitForSingleObject(m_exit_released, Executive, KernelMode, FALSE, nullptr);
    }
    record.exit_time = static_cast<int64_t>(ke::kernel().system_time());
    ob::close_all_handles(process);
    if (record.announced)
        notify_process(process, false);
    record.exited = true;
    mm::delete_slice(process);
    uint8_t const old = ke::Kernel::irql();
    ke::kernel().raise_irql(std::max<uint8_t>(old, DISPATCH_LEVEL));
    process.guest->Header.SignalState = 1;
    ke::kernel().signalled(process.guest->Header, 0);
    ke::kernel().lower_irql(old);
    // The reference that kept it while it ran. With the ending thread's own it stays until that is gone, too.
    ob::dereference(process.guest);
}

void ProcessManager::process_deleted(void* body)
{
    ProcessManager& m = manager();
    ke::Process* process = m.process_of(body);
    CHECK(process && process != m.m_system, "the System process does not end");
    ProcessRecord* record = m.record_of(*process);
    if (process->slice)
        mm::delete_slice(*process);
    ex::forget_quota(*process);
    m.m_process_ids.erase(process->id);
    se::security().process_gone(*process);
    m.m_processes[record->index].reset();
}

// The index in the body is the driver's to overwrite: the record it leads to must agree.
ke::Process* ProcessManager::process_of(void* eprocess)
{
    if (ob::type_of(eprocess) != &ob::process_type)
        return nullptr;
    uint64_t const index = static_cast<ke::GuestProcess*>(eprocess)->record_index;
    if (index >= m_processes.size() || !m_processes[index] || m_processes[index]->process.guest != eprocess)
        return nullptr;
    return &m_processes[index]->process;
}

ke::Process* ProcessManager::process_by_id(uint64_t id)
{
    auto it = m_process_ids.find(id);
    return it == m_process_ids.end() ? nullptr : it->second;
}

ke::Process& required_process(void* eprocess)
{
    if (ke::Process* process = manager().process_of(eprocess))
        return *process;
    uint64_t probe;
    ke::copy_or_raise(&probe, eprocess, sizeof probe);
    ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(ob::process_type.guest),
                  reinterpret_cast<uint64_t>(eprocess), 0, 0, "a pointer that is no process was used as one");
}

} // namespace ringside::ps
