// SPDX-License-Identifier: MIT
#include "io/timer.h"

#include "ex/pool.h"
#include "io/manager.h"
#include "ke/door.h"
#include "ke/kernel.h"

namespace ringside::io {

namespace {

constexpr ULONG kTimerTag = 0x6D546F49; // 'IoTm'
constexpr uint32_t kPeriodMs = 1000;

NTAPI void tick_dpc(KDPC*, void*, void*, void*) { manager().timers().tick(); }

DeviceTimer* timer_of(DEVICE_OBJECT* device)
{
    DeviceRecord* record = manager().devices().find(device);
    return record ? record->timer : nullptr;
}

} // namespace

IoTimers::~IoTimers()
{
    if (!m_clock)
        return;
    ke::kernel().cancel_timer(m_clock->timer);
    ke::kernel().remove_dpc(m_clock->dpc);
    ex::free(m_clock, kTimerTag);
}

NTSTATUS IoTimers::initialize(DeviceRecord& device, PIO_TIMER_ROUTINE routine, void* context)
{
    if (!m_clock) {
        m_clock = static_cast<Clock*>(ex::allocate(NonPagedPoolNx, sizeof(Clock), kTimerTag, ex::Owner::Kernel, true));
        if (!m_clock)
            return STATUS_INSUFFICIENT_RESOURCES;
        DISPATCHER_HEADER& header = m_clock->timer.Header;
        header.Type = TimerNotificationObject;
        header.WaitListHead.Flink = header.WaitListHead.Blink = &header.WaitListHead;
        m_clock->dpc.Type = DpcObject;
        m_clock->dpc.DeferredRoutine = &tick_dpc;
    }
    if (!device.timer) {
        device.timer = &m_timers.emplace_back();
        device.timer->device = &device;
        // Opaque to drivers; tells them only that there is one.
        device.device->Timer = reinterpret_cast<IO_TIMER*>(m_clock);
    }
    device.timer->routine = routine;
    device.timer->context = context;
    return STATUS_SUCCESS;
}

void IoTimers::start(DeviceTimer& timer)
{
    if (timer.started)
        return;
    timer.started = true;
    if (m_started++ == 0)
        ke::kernel().set_timer(m_clock->timer, LARGE_INTEGER { .QuadPart = -int64_t { kPeriodMs } * 10'000 }, kPeriodMs,
                               &m_clock->dpc);
}

void IoTimers::stop(DeviceTimer& timer)
{
    if (!timer.started)
        return;
    timer.started = false;
    if (--m_started == 0)
        ke::kernel().cancel_timer(m_clock->timer);
}

void IoTimers::forget(DeviceRecord& device)
{
    DeviceTimer* timer = device.timer;
    if (!timer)
        return;
    stop(*timer);
    device.timer = nullptr;
    timer->device = nullptr; // taken out by the next tick, which may be in progress now
    device.device->Timer = nullptr;
}

void IoTimers::tick()
{
    // A routine that takes longer than a second meets the next tick on another processor: it is skipped.
    if (m_ticking)
        return;
    m_ticking = true;
    for (DeviceTimer& timer : m_timers)
        if (timer.started)
            ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, timer.device->number, 0, 0,
                                               timer.device->device },
                             timer.routine, timer.device->device, timer.context);
    std::erase_if(m_timers, [](DeviceTimer const& timer) { return !timer.device; });
    m_ticking = false;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioinitializetimer
NTSTATUS IoInitializeTimer(DEVICE_OBJECT* device, PIO_TIMER_ROUTINE routine, void* context)
{
    DeviceRecord* record = manager().devices().find(device);
    return record ? manager().timers().initialize(*record, routine, context) : STATUS_INVALID_PARAMETER;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iostarttimer
void IoStartTimer(DEVICE_OBJECT* device)
{
    if (DeviceTimer* timer = timer_of(device))
        manager().timers().start(*timer);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iostoptimer
void IoStopTimer(DEVICE_OBJECT* device)
{
    if (DeviceTimer* timer = timer_of(device))
        manager().timers().stop(*timer);
}

} // namespace ringside::io
