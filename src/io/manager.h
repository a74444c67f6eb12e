// SPDX-License-Identifier: MIT
// The I/O manager's state. The machine makes one Manager after the object manager, processes and registry, and destroys
// it before them; the DDIs and the functions of the other headers work on it.
#pragma once

#include "base/contract.h"
#include "io/boot_driver.h"
#include "io/buffering.h"
#include "io/device.h"
#include "io/driver.h"
#include "io/error_log.h"
#include "io/file.h"
#include "io/hard_error.h"
#include "io/irp.h"
#include "io/keep_alive.h"
#include "io/ksr_memory.h"
#include "io/operation.h"
#include "io/remove_lock.h"
#include "io/timer.h"
#include "io/wmi.h"
#include "io/work_item.h"

#include <list>

namespace ringside::io {

inline constexpr ULONG kAuxiliaryTag = 0x78416F49; // 'IoAx'

struct ManagerOptions {
    // The entry drivers see in MajorFunction until they set their own: a stub that leads through a gate to
    // IopInvalidDeviceRequest. Null: the host's own function, which only host-made drivers may call directly.
    PDRIVER_DISPATCH invalid_device_request = nullptr;
};

class Manager {
public:
    explicit Manager(ManagerOptions const& options = {});
    ~Manager();
    Manager(Manager const&) = delete;
    Manager& operator=(Manager const&) = delete;

    IrpTable& irps() { return m_irps; }
    SystemBuffers& buffers() { return m_buffers; }
    DriverTable& drivers() { return m_drivers; }
    DeviceTable& devices() { return m_devices; }
    FileTable& files() { return m_files; }
    OperationTable& operations() { return m_operations; }
    IoTimers& timers() { return m_timers; }
    WorkItemTable& work_items() { return m_work_items; }
    ErrorLog& error_log() { return m_error_log; }
    HardErrors& hard_errors() { return m_hard_errors; }
    KeepAlive& keep_alive() { return m_keep_alive; }
    BootDrivers& boot_drivers() { return m_boot_drivers; }
    KsrMemory& ksr_memory() { return m_ksr_memory; }

    // The IRP holds the operation, too, until it is released.
    void attach_operation(IrpRecord& record, Operation& operation);
    // Ends an IRP of ours: takes it off its thread's list, gives back all that was held for it, frees it.
    void release(IrpRecord& record);

    // The list of IRPs that a thread issued (I5), oldest first.
    void link_to_thread(IrpRecord& record, ke::Thread& thread);
    void unlink_from_thread(IrpRecord& record);
    IrpRecord* irps_of(ke::Thread const& thread) const
    {
        return thread.record_index < m_thread_irps.size() ? m_thread_irps[thread.record_index].oldest : nullptr;
    }
    // A walk along that list which goes on whatever becomes of the IRPs on it, and sees those that join meanwhile.
    class ThreadWalk;
    // What drivers noted about a thread, until it ends. The reference is good until the next call.
    struct ThreadMarks {
        IRP* top_level = nullptr;               // of its topmost entry into a file system (IoSetTopLevelIrp)
        DEVICE_OBJECT* device_to_verify = nullptr; // IoSetHardErrorOrVerifyDevice
        bool hard_errors_off = false;           // IoSetThreadHardErrorMode
    };
    ThreadMarks& marks_of(ke::Thread const& thread);
    void set_top_level(ke::Thread const& thread, IRP* irp) { marks_of(thread).top_level = irp; }
    IRP* top_level(ke::Thread const& thread) const
    {
        return thread.record_index < m_thread_marks.size() ? m_thread_marks[thread.record_index].top_level : nullptr;
    }
    void forget_thread(ke::Thread const& thread);

    CONFIGURATION_INFORMATION* configuration();
    GENERIC_MAPPING* file_mapping();

    KSPIN_LOCK cancel_lock = 0;
    KSPIN_LOCK vpb_lock = 0;
    bool ending = false; // all has come to rest, and drivers are unloaded
    PDRIVER_DISPATCH invalid_device_request;
    std::vector<DEVICE_OBJECT*> shutdown_order;             // IoRegisterShutdownNotification, first registered first
    std::vector<DEVICE_OBJECT*> last_chance_shutdown_order;
    std::vector<RemovalWait> removal_waits; // threads inside IoReleaseRemoveLockAndWait
    Wmi wmi;

private:
    SystemBuffers m_buffers;
    IrpTable m_irps;
    OperationTable m_operations;
    DriverTable m_drivers;
    DeviceTable m_devices;
    FileTable m_files;
    IoTimers m_timers;
    WorkItemTable m_work_items;
    ErrorLog m_error_log;
    HardErrors m_hard_errors;
    KeepAlive m_keep_alive;
    BootDrivers m_boot_drivers;
    KsrMemory m_ksr_memory;
    struct ThreadIrps {
        IrpRecord* oldest = nullptr;
        IrpRecord* youngest = nullptr;
    };
    struct WalkPlace {
        size_t thread_index;
        IrpRecord* next;
    };
    std::vector<ThreadIrps> m_thread_irps; // by Thread::record_index
    std::list<WalkPlace> m_walks; // in progress; here and not in their frames, which a bug check abandons
    std::vector<ThreadMarks> m_thread_marks; // by Thread::record_index
    struct Globals;
    Globals* m_globals = nullptr;
};

extern Manager* g_manager;
inline Manager& manager() { return *g_manager; }

class Manager::ThreadWalk {
public:
    explicit ThreadWalk(ke::Thread const& thread)
        : m_place(manager().m_walks.insert(manager().m_walks.end(), { thread.record_index, manager().irps_of(thread) }))
    {
    }
    ~ThreadWalk() { manager().m_walks.erase(m_place); }
    ThreadWalk(ThreadWalk const&) = delete;
    ThreadWalk& operator=(ThreadWalk const&) = delete;

    // Null at the end.
    IrpRecord* next()
    {
        IrpRecord* const record = m_place->next;
        if (record)
            m_place->next = record->thread_next;
        return record;
    }

private:
    std::list<WalkPlace>::iterator m_place;
};

} // namespace ringside::io
