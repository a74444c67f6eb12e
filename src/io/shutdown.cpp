// SPDX-License-Identifier: MIT
#include "io/shutdown.h"

#include "io/build.h"
#include "io/event.h"
#include "io/manager.h"
#include "ob/object.h"

namespace ringside::io {

namespace {

void add(std::vector<DEVICE_OBJECT*>& list, DEVICE_OBJECT* device)
{
    ob::reference(device);
    list.push_back(device);
    device->Flags |= DO_SHUTDOWN_REGISTERED;
}

// The references go with the entries.
void remove(std::vector<DEVICE_OBJECT*>& list, DEVICE_OBJECT* device)
{
    size_t const before = list.size();
    std::erase(list, device);
    for (size_t i = list.size(); i < before; ++i)
        ob::dereference(device);
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-ioregistershutdownnotification
NTSTATUS IoRegisterShutdownNotification(DEVICE_OBJECT* device)
{
    add(manager().shutdown_order, device);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioregisterlastchanceshutdownnotification
NTSTATUS IoRegisterLastChanceShutdownNotification(DEVICE_OBJECT* device)
{
    add(manager().last_chance_shutdown_order, device);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-iounregistershutdownnotification
void IoUnregisterShutdownNotification(DEVICE_OBJECT* device)
{
    forget_shutdown(device);
    device->Flags &= ~DO_SHUTDOWN_REGISTERED;
}

void forget_shutdown(DEVICE_OBJECT* device)
{
    remove(manager().shutdown_order, device);
    remove(manager().last_chance_shutdown_order, device);
}

void notify_shutdown(bool last_chance)
{
    auto& list = last_chance ? manager().last_chance_shutdown_order : manager().shutdown_order;
    while (!list.empty()) {
        DEVICE_OBJECT* device = list.back();
        list.pop_back();
        DEVICE_OBJECT* top = top_of(device);
        KEVENT event;
        IO_STATUS_BLOCK status {};
        initialize_event(event, NotificationEvent, false);
        if (IRP* irp = make_synchronous_irp(top, &event, &status)) {
            next_location(irp)->MajorFunction = IRP_MJ_SHUTDOWN;
            (void)send_and_wait(top, irp, event, status);
        }
        ob::dereference(device);
    }
}

} // namespace ringside::io
