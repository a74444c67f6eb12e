// SPDX-License-Identifier: MIT
#include "io/manager.h"

#include "base/check.h"
#include "ex/pool.h"
#include "io/buffering.h"
#include "io/event.h"
#include "io/completion_port.h"
#include "io/listener.h"
#include "io/security.h"
#include "ob/object.h"
#include "ob/security.h"
#include "ob/wmi_guid.h"

namespace ringside::io {

Manager* g_manager = nullptr;

namespace {

constexpr ULONG kGlobalsTag = 0x6C476F49; // 'IoGl'

void device_deleted(void* body) { manager().devices().object_deleted(static_cast<DEVICE_OBJECT*>(body)); }
void driver_deleted(void* body) { manager().drivers().object_deleted(static_cast<DRIVER_OBJECT*>(body)); }

} // namespace

// What drivers get pointers to for good.
struct Manager::Globals {
    KEVENT wmi_idle;
    CONFIGURATION_INFORMATION configuration;
    GENERIC_MAPPING file_mapping;
};

Manager::Manager(ManagerOptions const& options) : invalid_device_request(options.invalid_device_request)
{
    CHECK(!g_manager, "one machine is live per process at a time");
    g_manager = this;
    g_listener = {};
    ob::device_type.deleted = &device_deleted;
    ob::driver_type.deleted = &driver_deleted;
    ob::file_type.closed = &file_closed;
    ob::file_type.deleted = &file_deleted;
    ob::file_type.full_name = &file_name;
    connect_ports();
    connect_security();
    ob::file_type.security_slot = [](void* body) -> void** {
        FileRecord* record = manager().files().find(static_cast<FILE_OBJECT*>(body));
        return record && record->device ? ob::security_slot(record->device->device) : nullptr;
    };
    ob::wmi_guid_type.deleted = &wmi_guid_deleted;
    m_globals = static_cast<Globals*>(
        ex::allocate(NonPagedPoolNx, sizeof(Globals), kGlobalsTag, ex::Owner::Kernel, true));
    CHECK(m_globals, "pool is too small to boot");
    initialize_event(m_globals->wmi_idle, NotificationEvent, true);
    wmi.idle = &m_globals->wmi_idle;
    m_globals->configuration.Version = sizeof(CONFIGURATION_INFORMATION);
    m_globals->file_mapping = ob::file_type.mapping;
}

Manager::~Manager()
{
    ob::device_type.deleted = nullptr;
    ob::driver_type.deleted = nullptr;
    ob::file_type.closed = nullptr;
    ob::file_type.deleted = nullptr;
    ob::file_type.full_name = nullptr;
    ob::wmi_guid_type.deleted = nullptr;
    ex::free(m_globals, kGlobalsTag);
    g_listener = {};
    g_manager = nullptr;
}

CONFIGURATION_INFORMATION* Manager::configuration() { return &m_globals->configuration; }
GENERIC_MAPPING* Manager::file_mapping() { return &m_globals->file_mapping; }

void Manager::attach_operation(IrpRecord& record, Operation& operation)
{
    record.operation = &operation;
    operation.irp = record.irp;
    operation.irp_number = record.number;
    operation.irp_holds = true;
}

void Manager::release(IrpRecord& record)
{
    unlink_from_thread(record);
    if (record.system_buffer)
        free_system_buffer(record);
    FILE_OBJECT* file = record.file;
    KEVENT* event = record.event;
    if (record.auxiliary) [[unlikely]]
        ex::free(std::exchange(record.auxiliary, nullptr), kAuxiliaryTag);
    Operation* operation = record.operation;
    record.file = nullptr;
    record.event = nullptr;
    record.operation = nullptr;
    record.output_bytes = 0;
    m_irps.free(record);
    if (operation)
        m_operations.irp_gone(*operation);
    if (event)
        ob::dereference(event);
    // Last: it may be the file object's last reference, and its close runs a driver.
    if (file)
        ob::dereference(file);
}

void Manager::link_to_thread(IrpRecord& record, ke::Thread& thread)
{
    if (thread.record_index >= m_thread_irps.size()) [[unlikely]]
        m_thread_irps.resize(thread.record_index + 1);
    ThreadIrps& list = m_thread_irps[thread.record_index];
    record.thread = &thread;
    record.thread_object = thread.pointer();
    record.thread_number = thread.number;
    record.thread_index = thread.record_index;
    record.thread_next = nullptr;
    record.thread_previous = list.youngest;
    (list.youngest ? list.youngest->thread_next : list.oldest) = &record;
    list.youngest = &record;
    for (WalkPlace& walk : m_walks)
        if (walk.thread_index == record.thread_index && !walk.next)
            walk.next = &record;
}

void Manager::unlink_from_thread(IrpRecord& record)
{
    if (!record.thread)
        return;
    for (WalkPlace& walk : m_walks)
        if (walk.next == &record)
            walk.next = record.thread_next;
    ThreadIrps& list = m_thread_irps[record.thread_index];
    (record.thread_previous ? record.thread_previous->thread_next : list.oldest) = record.thread_next;
    (record.thread_next ? record.thread_next->thread_previous : list.youngest) = record.thread_previous;
    record.thread = nullptr;
    record.thread_next = record.thread_previous = nullptr;
}

Manager::ThreadMarks& Manager::marks_of(ke::Thread const& thread)
{
    if (thread.record_index >= m_thread_marks.size())
        m_thread_marks.resize(thread.record_index + 1);
    return m_thread_marks[thread.record_index];
}

void Manager::forget_thread(ke::Thread const& thread)
{
    if (thread.record_index < m_thread_marks.size())
        m_thread_marks[thread.record_index] = {};
}

} // namespace ringside::io
