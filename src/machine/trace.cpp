// SPDX-License-Identifier: MIT
#include "machine/trace.h"

#include "base/check.h"
#include "io/device.h"
#include "io/driver.h"
#include "io/irp.h"
#include "io/manager.h"
#include "ke/gate.h"
#include "ke/kernel.h"
#include "ldr/exports.h"
#include "machine/state.h"
#include "rtl/multi_byte.h"

#include <cstring>

namespace ringside::machine {

using namespace nt;
using sim::Event;

namespace {

struct Told {
    TraceListener* listener = nullptr;
    uint64_t events = 0;
    uint32_t images = 0;
    std::vector<uint32_t> image_numbers; // by index in the kernel's table; 0: not told
    std::vector<bool> threads;           // by number
    std::vector<bool> devices;           // by number
    std::vector<uint32_t> below;         // by device number, as it was told
};
Told* g_told = nullptr;

TracePlace place_of(uint64_t address)
{
    if (!address)
        return {};
    auto const ranges = ke::kernel().images().ranges();
    for (size_t i = ranges.size(); i-- > 0;) {
        ke::ImageRange const& range = ranges[i];
        if (!range.contains(address))
            continue;
        auto& numbers = g_told->image_numbers;
        if (numbers.size() <= i)
            numbers.resize(i + 1);
        if (!numbers[i]) {
            numbers[i] = ++g_told->images;
            g_told->listener->image({ numbers[i], range.name, range.path });
        }
        return { numbers[i], address - range.base };
    }
    return {};
}

// The driver's call into the kernel that is in progress on this stack.
TracePlace calling_place()
{
    ke::ChainNode const* node = ke::chain_head();
    if (!node || !ke::is_gate(*node))
        return {};
    return place_of(reinterpret_cast<ke::GateFrame const*>(node)->return_address);
}

void tell_thread()
{
    ke::Thread const& thread = ke::kernel().current();
    auto& told = g_told->threads;
    if (told.size() <= thread.number)
        told.resize(thread.number + 1);
    if (told[thread.number])
        return;
    told[thread.number] = true;
    bool const idle = thread.number < ke::kernel().cpus().size();
    TraceThread line { thread.number, 0, "", thread.client, idle };
    if (thread.process) {
        line.process = thread.process->number;
        line.process_name.assign(thread.process->name, strnlen(thread.process->name, sizeof thread.process->name));
    }
    g_told->listener->thread(line);
}

bool changes_stacks(sim::Record const& record)
{
    if (record.what == Event::DeviceCreated)
        return true;
    if (record.what < Event::FirstDdi)
        return false;
    std::string_view const name
        = ldr::g_exports->row(static_cast<uint16_t>(record.what) - static_cast<uint16_t>(Event::FirstDdi)).name;
    return name.starts_with("IoAttach") || name.starts_with("IoDetach");
}

void add_devices(std::vector<TraceDevice>& into)
{
    io::manager().devices().for_each(
        [](void* context, io::DeviceRecord const& record) {
            auto& told = *g_told;
            if (!record.device || (record.driver && record.driver->internal))
                return;
            if (told.devices.size() <= record.number) {
                told.devices.resize(record.number + 1);
                told.below.resize(record.number + 1);
            }
            uint32_t const below = record.attached_to ? record.attached_to->number : 0;
            if (told.devices[record.number] && told.below[record.number] == below)
                return;
            told.devices[record.number] = true;
            told.below[record.number] = below;
            static_cast<std::vector<TraceDevice>*>(context)->push_back({ record.number, rtl::utf8(record.name),
                                                                         record.driver ? record.driver->label : "",
                                                                         record.device->DeviceType, below });
        },
        &into);
}

uint32_t device_number(DEVICE_OBJECT const* device)
{
    io::DeviceRecord const* record = device ? io::manager().devices().find_safely(device) : nullptr;
    return record ? record->number : 0;
}

// The IRP is whole in these moments: a driver is about to get it, or has just given it back.
void look_at_irp(TraceEvent& event, IRP* irp)
{
    bool const inside = irp->CurrentLocation >= 1 && irp->CurrentLocation <= irp->StackCount;
    event.location = irp->CurrentLocation;
    event.information = irp->IoStatus.Information;
    event.status = irp->IoStatus.Status;
    if (!inside)
        return;
    IO_STACK_LOCATION const& location = *io::current_location(irp);
    event.device = device_number(location.DeviceObject);
    event.pending = location.Control & SL_PENDING_RETURNED;
    if (event.record.what == Event::DispatchEnter
        && (location.MajorFunction == IRP_MJ_DEVICE_CONTROL
            || location.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL))
        event.code = location.Parameters.DeviceIoControl.IoControlCode;
}

void heard(sim::Record const& record, void const* function, void const* object)
{
    tell_thread();
    TraceEvent event { .number = g_told->events++, .record = record };
    event.words = event_words(record);
    event.call = calling_place();
    event.function = place_of(reinterpret_cast<uint64_t>(function));
    auto* irp = static_cast<IRP*>(const_cast<void*>(object));
    switch (record.what) {
    case Event::DispatchEnter:
    case Event::IrpCompleted:
        look_at_irp(event, irp);
        break;
    case Event::CompletionEnter:
        look_at_irp(event, irp);
        event.pending = irp->PendingReturned;
        break;
    default:
        if (ldr::g_exports && changes_stacks(record))
            add_devices(event.devices);
        break;
    }
    g_told->listener->event(event);
}

} // namespace

Trace::Trace(TraceListener& listener)
{
    CHECK(!g_told, "two traces of one machine");
    g_told = new Told { .listener = &listener };
    ke::listen_to_events(heard);
}

Trace::~Trace()
{
    ke::listen_to_events(nullptr);
    delete g_told;
    g_told = nullptr;
}

} // namespace ringside::machine
