// SPDX-License-Identifier: MIT
// IoTimer routines: one per device, called once a second at DISPATCH_LEVEL while started. One kernel timer serves all
// of them; it runs only while at least one is started, so that an idle machine comes to rest.
// @cite(wdk-docs): page=kernel/introduction-to-timer-objects
#pragma once

#include "nt/nt.h"

#include <list>

namespace ringside::io {

struct DeviceRecord;

struct DeviceTimer {
    DeviceRecord* device = nullptr;
    PIO_TIMER_ROUTINE routine = nullptr;
    void* context = nullptr;
    bool started = false;
};

class IoTimers {
public:
    IoTimers() = default;
    ~IoTimers();
    IoTimers(IoTimers const&) = delete;
    IoTimers& operator=(IoTimers const&) = delete;

    NTSTATUS initialize(DeviceRecord& device, PIO_TIMER_ROUTINE routine, void* context);
    void start(DeviceTimer& timer);
    void stop(DeviceTimer& timer);
    // The device is being deleted.
    void forget(DeviceRecord& device);
    void tick();
    size_t started() const { return m_started; }

private:
    struct Clock { // kernel memory: the dispatcher's objects
        KTIMER timer;
        KDPC dpc;
    };
    std::list<DeviceTimer> m_timers; // in order of initialization, in which they are called
    Clock* m_clock = nullptr;
    size_t m_started = 0;
    bool m_ticking = false;
};

NTSTATUS IoInitializeTimer(DEVICE_OBJECT* device, PIO_TIMER_ROUTINE routine, void* context);
void IoStartTimer(DEVICE_OBJECT* device);
void IoStopTimer(DEVICE_OBJECT* device);

} // namespace ringside::io
